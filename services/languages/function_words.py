"""Words that ask rather than say: left out of a question, never out of the index.

A rare word weighs much, and in a small knowledge base "could", "please" and "comment" are rare:
they would drown the word that the question is about and make answerable questions look unknown.
A list per language mends what word statistics cannot see in fifty passages. Chinese, Japanese and
Thai have phrases instead, cut out of the run of characters before it is paired.
"""

# ruff: noqa: RUF001 -- the look-alike characters are letters of other scripts
from functools import cache

import regex  # type: ignore[import-untyped]

from services.languages.tokens import normalised, surface_words

_WORDS = {
    "en": "a about again all also am an and any anyone anything are as at be been being but by can"
    " could d did do does doing don for from get got had has have having hello help hi how i"
    " if in into is isn it its know ll let like long m many may me might mine much must my need no"
    " not of on one or our ours out own please re s shall she he should so some someone"
    " something t tell than thank thanks that the their them then there these they this those"
    " to too us ve very want was we were what when where which who whom whose why will with"
    " would wouldn you your yours yes explain find give show",
    "fr": "a à ai ainsi as au aucun aussi aux avec avez avoir avons bien bonjour c ça ce ceci cela"
    " ces cet cette chez combien comme comment d dans de des dire dites dois doit donc dont du"
    " elle elles en est et êtes être eu eux fait faire faut il ils j je l la le les leur leurs"
    " lui m ma mais me merci mes moi mon n ne nos notre nous on ont ou où par pas peu peut"
    " peuvent peux plaît pour pourquoi pouvez puis qu quand que quel quelle quelles quels qui"
    " quoi s sa sans se sera ses si sont son sous suis sur t ta te tes toi ton tous tout toute"
    " toutes tu un une veux vos votre vous voudrais y",
    "es": "a al algo alguien algún alguna algunas algunos ante aquí así aún bien buenas buenos cada"
    " como cómo con cual cuál cuales cuáles cualquier cuando cuándo cuanto cuánto cuánta"
    " cuántas cuántos de debe debo decir del desde días dime donde dónde e el él ella ellas"
    " ellos en entre era eres es esa ese eso esta está están estas este esto estos favor fue"
    " ha hace hacer hacia han has hasta hay he hola la las le les lo los más me mi mis muy"
    " necesito ni no nos nosotros o os otra otro para pero poder por porque puede pueden puedo"
    " que qué quien quién quiero quisiera se sea ser si sí sin sobre son soy su sus también te"
    " tengo ti tiene tienen todo todos tu tus un una uno unos usted ustedes y ya yo gracias",
    "de": "ab aber alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist"
    " bitte da damit danke dann das dass dein deine dem den denn der des die dies diese diesem"
    " diesen dieser dieses dir doch du durch ein eine einem einen einer eines er erfahren es"
    " etwas euch euer eure für gerne gibt guten hab habe haben habt hallo hat hatte hätte her"
    " ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jeden jeder jedes"
    " kann kannst kein keine können lange könnt könnte könnten machen man mehr mein meine meinem"
    " meinen meiner mich mir mit möchte möchten muss müssen nach nein nicht noch nun nur ob"
    " oder ohne sagen sehr sein seine sich sie sind so soll sollte tag über um und uns unser"
    " unsere unter viel viele vom von vor wann war warum was welche welchem welchen welcher"
    " welches wem wen wenn wer werde werden wie wieviel will wir wird wissen wo wofür woher"
    " wohin wurde würde zu zum zur",
    "it": "a abbiamo ad agli ai al alla alle allo anche avere avete c che chi ci ciao cioè come con"
    " cosa cui d da dagli dai dal dalla dalle dei del della delle dello deve devo di dire"
    " dirmi dove e è ed era essere fa fare favore gli grazie ha hai hanno ho i il in io l la"
    " le lei li lo loro lui ma me mi mia mie miei mio ne nei nel nella nelle nessuno noi non"
    " nostra nostro o ogni per perché piacere più può possiamo posso possono potete potrei"
    " qual quale quali qualcosa quando quanta quante quanti quanto quella quello questa queste"
    " questi questo qui s sapere se sei si sì sia siamo siete sono sta su sua sue sui sul"
    " sulla suo suoi te ti tra tu tua tuo tutti tutto un una uno vi voglio voi vorrei vostra"
    " vostri vostro buongiorno",
    "pt": "a à ao aos aquela aquele as às até bem bom boa com como cada da das de dela dele deles"
    " deve dia dizer do dos e é ela elas ele eles em entre era essa esse esta está estão este"
    " eu faz favor fazer foi há isso isto já lhe mais mas me mesmo meu meus minha minhas muito"
    " na não nas nem no nos nós nossa nosso num numa o obrigada obrigado olá onde os ou para"
    " pela pelas pelo pelos pode podem poderia podia por porque posso preciso qual quais"
    " qualquer quando quanta quantas quanto quantos que quê quem quero queria saber se sem ser"
    " seu seus são só sobre sou sua suas também te tem têm tenho ter teu toda todo todos tu"
    " tua um uma umas uns vai você vocês",
    "nl": "aan al alle alles als alstublieft ben bent bij daar dan dank dat de deze die dit doe"
    " doen doet door dus een en er ga gaan geen graag haar had hallo heb hebben hebt heeft hem"
    " het hier hij hoe hoeveel hun ik in is ja je jij jou jouw jullie kan krijg krijgen kun"
    " kunnen kunt lang maar mag me meer men met mij mijn moet moeten na naar niet nog nu of om"
    " omdat ons onze ook op over te tegen toch tot u uit uw van veel voor waar waarom wanneer"
    " want waren was wat we weet wel welk welke werd weten wie wij wil willen word worden"
    " wordt zal ze zeggen zich zij zijn zo zou",
    "pl": "a aby albo ale ani bardzo bez będzie był była było być chcę chciałbym chciałabym ci co"
    " coś czy czyj dla dlaczego do dobry dzień dzięki dziękuję gdy gdzie go i ich ile im in"
    " inne ja jak jaka jaki jakie jakich jako jednak jego jej jest jestem jeśli już każdy"
    " kiedy kto którą która które którego której który którzy ma mam mamy mają mi mnie moja"
    " moje może można możecie mogę mój mu musi muszę my na nam nas nasz nasza nie nic nich o"
    " od on ona oni oraz państwo państwa po pod podać powiedzieć proszę przed przez przy się"
    " są skąd sobie ta tak także tam te tego tej ten to tu twój ty tych tylko u w wam was wasz"
    " wasza wasze we wiedzieć witam wszystko wy z za ze że żeby cześć",
    "ar": "أن أنا أنت أنتم أو أي أين إلى إن إذا التي الذي الذين السلام الى ان انا او اي اين إنه بعد"
    " بكم تكون تم ثم حتى حول ذلك سوف شكرا عليكم على عن عند عندما عندكم غير فضلك في فيها فيه"
    " قبل قد كان كانت كل كم كما كيف لا لان لدي لديكم لدينا لذلك لقد لكن لكم لم لماذا لن له لها"
    " لي ليس ما ماذا ماهي ماهو متى مثل مرحبا مع من منذ منكم نحن نعم هذا هذه هل هم هنا هناك هو"
    " هي و يا يتم يرجى يكون يمكن يمكنكم يمكنني أريد اريد أستطيع معرفة",
    "hi": "अगर अपना अपनी अपने अब आ आप आपका आपकी आपके आपको इस इसका इसके इसे उस उसका उसके उसे एक ऐसा"
    " और कब कर करता करती करते करना करने करें कहाँ कहां का कितना कितनी कितने कि किस किसी की कुछ"
    " के को कोई कौन कौनसा क्या क्यों कृपया कैसे कैसा गया गई गए चाहता चाहती चाहिए जब जा जाए"
    " जाता जाती जाते जाना जैसे जो तक तब तो था थी थे दें दे धन्यवाद नमस्ते नहीं ने पर पास बताइए"
    " बताएं बताओ भी में मुझे मेरा मेरी मेरे मैं यदि यह यहाँ या ये रहा रही रहे लिए वह वे सकता"
    " सकती सकते से हम हमारा हमारी हमारे हाँ है हैं हो होगा होगी होता होती होते हूँ हूं",
    "id": "ada adalah agar akan aku anda apa apakah atas atau bagaimana bahwa banyak bantu beberapa"
    " belum berapa bila bisa bisakah boleh bolehkah buat dalam dan dapat dapatkah dari dengan"
    " di dia dong halo harus hal ini itu jadi jika juga kah kalau kalian kami kamu kan kapan"
    " karena kasih ke kenapa kepada kita kok lah lagi lebih maka mana mau mengapa mereka milik"
    " mohon nya oleh pada para per pernah saat saja sana sangat saya sebuah sedang selamat"
    " seperti siapa sini sudah tahu tanya telah tentang terima tersebut tidak tolong untuk"
    " yang ya",
    "tr": "acaba adet alabilir ama ancak bana bazı ben beni benim bilgi bilmek bir biri biz bize"
    " bizim bu buna bunu bunun bunlar böyle burada çok da daha de değil diye dolayı edebilir"
    " ederim en evet eder ediyor gibi göre hangi hangisi hayır hem hep hepsi her hiç için ile"
    " ise istiyorum işte kaç kadar ki kim kimin lütfen mi mı mu mü misiniz mısınız musunuz"
    " miyim mıyım merhaba mıdır midir nasıl ne neden nedir neler nerede nereden nereye nerde"
    " niçin niye o olan olarak oldu olduğu olur olabilir on ona onlar onu onun orada öyle sana"
    " sen senin siz size sizin sizde sonra söyler şey şu şunu tarafından tüm var varmı ve veya"
    " ya yani yok yapabilir yapılır yapmak zaman teşekkürler",
    "vi": "à ạ ai anh ấy bạn bao bằng bị biết các cách cái cảm cần chị chỉ chào cho chúng chưa có"
    " của cùng cũng đã đang để đến đi điều do đó đâu được em gì giúp gồm hay hãy hỏi họ khi"
    " không là lại làm lắm lúc mà mấy mình mọi một muốn này nào nên nếu nhé như nhiêu những nó"
    " nơi nữa ở ơn ra rất rồi sao sẽ sự tại thế thì theo thể tôi trên trong từ tới và vào vậy"
    " về vẫn vì với vui lòng xin ta qua quý",
}  # fmt: skip
_PHRASES = {
    "ja": "どのくらい どれくらい どのぐらい どれぐらい くらい ぐらい ありますか ございますか"
    " でしょうか ませんか ましたか ますか ですか のですか んですか してください して下さい"
    " ください 下さい 教えて 知りたい お願いします について とは何 とは どのように どうやって"
    " どうすれば どうしたら いつまで いつから どこで どこに どこから どの どれ どんな どう"
    " なぜ いつ どこ だれ 誰が 何ですか 何です いくらですか いくら こんにちは すみません"
    " ありがとう 私たち わたし 私は あなた できますか できる ました ません ます です している"
    " されて される する した こと もの いくつ 何が 何を 何の 何か あなたの 御社",
    "zh": "请问 請問 请告诉我 告诉我 告訴我 想知道 想问 想問 我想 我要 需要 什么时候 甚麼時候"
    " 什麼時候 什么 什麼 甚么 怎么样 怎么 怎麼 怎样 如何 为什么 為什麼 为何 多少 哪里 哪裡"
    " 哪儿 哪些 哪个 哪個 几点 是否 是不是 有没有 有沒有 能不能 可不可以 可以 能否 我们 我們"
    " 你们 你們 您们 他们 我的 你的 您的 一下 谢谢 謝謝 你好 您好 多久 关于 關於 吗 嗎 呢 吧"
    " 啊 的话 是谁 谁是 是什",
    "th": "หรือไม่ หรือเปล่า ได้ไหม ได้มั้ย ไหม มั้ย อะไรบ้าง อะไร อย่างไร ยังไง เท่าไหร่ เท่าไร"
    " เมื่อไหร่ เมื่อไร ที่ไหน ไหน ทำไม ใคร กี่โมง ครับ ค่ะ คะ นะคะ นะ ขอบคุณ สวัสดี ช่วยบอก"
    " อยากทราบ อยากรู้ อยากได้ ต้องการ ผม ดิฉัน ฉัน คุณ ของคุณ ของเรา เรา ไหมคะ ไหมครับ"
    " ได้ที่ไหน เป็น หรือ และ ที่ จะ ต้อง สามารถ มีอะไร เกี่ยวกับ บ้าง กี่",
}  # fmt: skip
_LONE_PARTICLE = regex.compile(r"(?<!\p{Hiragana})[はがをにのでともへや](?!\p{Hiragana})")
_UNSPACED_CHARACTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]")

FUNCTION_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(surface_words(words, code)) for code, words in _WORDS.items()
}
"""By language, as `surface_words` gives them. Chinese, Japanese and Thai have phrases instead."""


def content_words(question: str, language: str | None) -> list[str]:
    """The surface words that a question is about, each once, in order.

    Args:
        question: What somebody typed.
        language: Whose function words are left out; with None, nobody's.

    Returns:
        Surface words, to be stemmed for the language of the text they are looked for in. Where
        nothing but function words was asked, all of them.
    """
    plain = normalised(question, language)
    every_word = dict.fromkeys(surface_words(plain))
    function_words = FUNCTION_WORDS.get(language or "", frozenset())
    telling = dict.fromkeys(surface_words(_without_phrases(plain, language)))
    telling_words = [word for word in telling if word not in function_words]
    return _without_lone_characters(telling_words) or telling_words or list(every_word)


def _without_lone_characters(words: list[str]) -> list[str]:
    """A character that lost its neighbour to a phrase is in no index: only pairs are."""
    return [word for word in words if len(word) > 1 or not _UNSPACED_CHARACTER.match(word)]


def _without_phrases(plain: str, language: str | None) -> str:
    phrases = _phrases(language)
    return plain if phrases is None else _LONE_PARTICLE.sub(" ", phrases.sub(" ", plain))


@cache
def _phrases(language: str | None) -> regex.Pattern[str] | None:
    if language not in _PHRASES:
        return None
    phrases = {normalised(phrase) for phrase in _PHRASES[language].split()}
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return regex.compile("|".join(map(regex.escape, longest_first)))
