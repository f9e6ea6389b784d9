# ruff: noqa: RUF001 - other scripts are what the table is about
"""What the product itself says to a visitor in the chat, in the visitor's language.

Step labels while an answer is on its way, and refusals instead of one. A refusal stands in the
chat bubble in place of an answer: it is polite, says what the visitor can do next, and uses no
word that only people who run chatbots know.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal, get_args

from services.languages.codes import DEFAULT_LANGUAGE, negotiate_language
from services.languages.dates import long_date

PhraseKey = Literal[
    "retrieving",
    "thinking",
    "hook",
    "handoff",
    "provider_failed",
    "interrupted",
    "blocked",
    "chatbot_inactive",
    "idempotency_conflict",
    "invalid_input",
    "not_found",
    "conversation_closed",
    "rate_limited",
    "answers_running",
    "busy",
    "limit_reached",
    "maintenance",
    "origin_not_allowed",
    "unknown_embed_key",
]

PHRASE_KEYS: Final[tuple[PhraseKey, ...]] = get_args(PhraseKey)


def phrase(key: PhraseKey, language: str | None, day: date | None = None) -> str:
    """Say something in a visitor's language.

    Args:
        key: What to say.
        language: A BCP 47 tag ("pt-BR") or an Accept-Language value; English when there is none
            or it is a language that Parlance does not speak.
        day: The date that the sentence names, if it names one.

    Returns:
        One or two short sentences, or a label that ends in an ellipsis.
    """
    spoken = negotiate_language(language, tuple(_PHRASES), DEFAULT_LANGUAGE)
    said = _PHRASES[spoken][key]
    return said if day is None else said.replace("{date}", long_date(day, spoken))


_ENGLISH: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Searching the knowledge base…",
    "thinking": "Writing the answer…",
    "hook": "Looking things up…",
    "handoff": "Someone from our team has been asked to help you.",
    "provider_failed": "The assistant cannot answer right now. Please try again in a moment.",
    "interrupted": "The answer was interrupted. Please ask your question again.",
    "blocked": "The assistant cannot answer this question. Please ask about something else.",
    "chatbot_inactive": "This assistant is not available at the moment.",
    "idempotency_conflict": "Your question could not be sent. Please ask it once more.",
    "invalid_input": "Your question is empty or too long. Please change it and send it again.",
    "not_found": "This conversation no longer exists. Please start a new one.",
    "conversation_closed": "This conversation has ended. Please start a new one.",
    "rate_limited": "That was a lot of questions in a short time. Please wait a moment.",
    "answers_running": "Your other questions are still being answered. Please wait a moment.",
    "busy": "The assistant is very busy at the moment. Please try again in a few seconds.",
    "limit_reached": "The assistant has answered all it may this month. It will be back on {date}.",
    "maintenance": "The assistant is being updated. Please come back a little later.",
    "origin_not_allowed": "This assistant is not available on this website.",
    "unknown_embed_key": "There is no assistant here. Please check the link.",
}
_FRENCH: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Recherche dans la base de connaissances…",
    "thinking": "Rédaction de la réponse…",
    "hook": "Consultation des informations…",
    "handoff": "Un membre de notre équipe a été prié de vous aider.",
    "provider_failed": "L'assistant ne peut pas répondre pour le moment. "
    "Veuillez réessayer dans un instant.",
    "interrupted": "La réponse a été interrompue. Veuillez reposer votre question.",
    "blocked": "L'assistant ne peut pas répondre à cette question. Veuillez en poser une autre.",
    "chatbot_inactive": "Cet assistant n'est pas disponible pour le moment.",
    "idempotency_conflict": "Votre question n'a pas pu être envoyée. Veuillez la reposer.",
    "invalid_input": "Votre question est vide ou trop longue. "
    "Veuillez la modifier et l'envoyer de nouveau.",
    "not_found": "Cette conversation n'existe plus. Veuillez en commencer une nouvelle.",
    "conversation_closed": "Cette conversation est terminée. Veuillez en commencer une nouvelle.",
    "rate_limited": "Vous avez posé beaucoup de questions en peu de temps. "
    "Veuillez patienter un instant.",
    "answers_running": "La réponse à vos autres questions est en cours. "
    "Veuillez patienter un instant.",
    "busy": "L'assistant est très sollicité. Veuillez réessayer dans quelques secondes.",
    "limit_reached": "L'assistant a atteint sa limite pour ce mois. Il sera de retour le {date}.",
    "maintenance": "L'assistant est en cours de mise à jour. Veuillez revenir un peu plus tard.",
    "origin_not_allowed": "Cet assistant n'est pas disponible sur ce site.",
    "unknown_embed_key": "Il n'y a pas d'assistant ici. Veuillez vérifier le lien.",
}
_SPANISH: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Buscando en la base de conocimientos…",
    "thinking": "Escribiendo la respuesta…",
    "hook": "Consultando información…",
    "handoff": "Hemos pedido a una persona de nuestro equipo que le ayude.",
    "provider_failed": "El asistente no puede responder ahora mismo. "
    "Vuelva a intentarlo dentro de un momento.",
    "interrupted": "La respuesta se ha interrumpido. Vuelva a hacer su pregunta, por favor.",
    "blocked": "El asistente no puede responder a esta pregunta. Haga otra, por favor.",
    "chatbot_inactive": "Este asistente no está disponible en este momento.",
    "idempotency_conflict": "No se ha podido enviar su pregunta. Hágala de nuevo, por favor.",
    "invalid_input": "Su pregunta está vacía o es demasiado larga. "
    "Modifíquela y envíela de nuevo, por favor.",
    "not_found": "Esta conversación ya no existe. Empiece una nueva, por favor.",
    "conversation_closed": "Esta conversación ha terminado. Empiece una nueva, por favor.",
    "rate_limited": "Ha hecho muchas preguntas en poco tiempo. Espere un momento, por favor.",
    "answers_running": "Todavía se están respondiendo sus otras preguntas. "
    "Espere un momento, por favor.",
    "busy": "El asistente está muy ocupado. "
    "Vuelva a intentarlo dentro de unos segundos, por favor.",
    "limit_reached": "El asistente ha alcanzado su límite de este mes. Volverá el {date}.",
    "maintenance": "Estamos actualizando el asistente. Vuelva un poco más tarde, por favor.",
    "origin_not_allowed": "Este asistente no está disponible en este sitio web.",
    "unknown_embed_key": "Aquí no hay ningún asistente. Compruebe el enlace, por favor.",
}
_GERMAN: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Die Wissensbasis wird durchsucht…",
    "thinking": "Die Antwort wird geschrieben…",
    "hook": "Informationen werden nachgeschlagen…",
    "handoff": "Jemand aus unserem Team wurde gebeten, Ihnen zu helfen.",
    "provider_failed": "Der Assistent kann gerade nicht antworten. "
    "Bitte versuchen Sie es gleich noch einmal.",
    "interrupted": "Die Antwort wurde unterbrochen. Bitte stellen Sie Ihre Frage noch einmal.",
    "blocked": "Der Assistent kann diese Frage nicht beantworten. Bitte stellen Sie eine andere.",
    "chatbot_inactive": "Dieser Assistent ist zurzeit nicht verfügbar.",
    "idempotency_conflict": "Ihre Frage konnte nicht gesendet werden. "
    "Bitte stellen Sie sie noch einmal.",
    "invalid_input": "Ihre Frage ist leer oder zu lang. "
    "Bitte ändern Sie sie und senden Sie sie noch einmal.",
    "not_found": "Diese Unterhaltung gibt es nicht mehr. Bitte beginnen Sie eine neue.",
    "conversation_closed": "Diese Unterhaltung ist beendet. Bitte beginnen Sie eine neue.",
    "rate_limited": "Das waren viele Fragen in kurzer Zeit. Bitte warten Sie einen Moment.",
    "answers_running": "Ihre anderen Fragen werden noch beantwortet. "
    "Bitte warten Sie einen Moment.",
    "busy": "Der Assistent hat gerade sehr viel zu tun. "
    "Bitte versuchen Sie es in einigen Sekunden noch einmal.",
    "limit_reached": "Der Assistent hat sein Limit für diesen Monat erreicht. "
    "Er ist ab dem {date} wieder da.",
    "maintenance": "Der Assistent wird gerade überarbeitet. Bitte kommen Sie etwas später wieder.",
    "origin_not_allowed": "Dieser Assistent ist auf dieser Website nicht verfügbar.",
    "unknown_embed_key": "Hier gibt es keinen Assistenten. Bitte prüfen Sie den Link.",
}
_ITALIAN: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Ricerca nella base di conoscenza…",
    "thinking": "Scrittura della risposta…",
    "hook": "Consultazione delle informazioni…",
    "handoff": "Abbiamo chiesto a una persona del nostro team di aiutarLa.",
    "provider_failed": "L'assistente non può rispondere in questo momento. "
    "La preghiamo di riprovare tra poco.",
    "interrupted": "La risposta è stata interrotta. La preghiamo di ripetere la domanda.",
    "blocked": "L'assistente non può rispondere a questa domanda. La preghiamo di farne un'altra.",
    "chatbot_inactive": "Questo assistente non è disponibile in questo momento.",
    "idempotency_conflict": "Non è stato possibile inviare la domanda. La preghiamo di ripeterla.",
    "invalid_input": "La domanda è vuota o troppo lunga. "
    "La preghiamo di modificarla e inviarla di nuovo.",
    "not_found": "Questa conversazione non esiste più. La preghiamo di iniziarne una nuova.",
    "conversation_closed": "Questa conversazione è terminata. La preghiamo di iniziarne una nuova.",
    "rate_limited": "Ha fatto molte domande in poco tempo. La preghiamo di attendere un momento.",
    "answers_running": "Le sue altre domande sono ancora in elaborazione. "
    "La preghiamo di attendere un momento.",
    "busy": "L'assistente è molto occupato. La preghiamo di riprovare tra qualche secondo.",
    "limit_reached": "L'assistente ha raggiunto il limite di questo mese. Tornerà il {date}.",
    "maintenance": "L'assistente è in aggiornamento. La preghiamo di tornare un po' più tardi.",
    "origin_not_allowed": "Questo assistente non è disponibile su questo sito.",
    "unknown_embed_key": "Qui non c'è nessun assistente. La preghiamo di controllare il link.",
}
_PORTUGUESE: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Pesquisando na base de conhecimento…",
    "thinking": "Escrevendo a resposta…",
    "hook": "Consultando informações…",
    "handoff": "Pedimos a uma pessoa da nossa equipe que ajude você.",
    "provider_failed": "O assistente não pode responder agora. "
    "Por favor, tente novamente em instantes.",
    "interrupted": "A resposta foi interrompida. Por favor, faça a pergunta novamente.",
    "blocked": "O assistente não pode responder a esta pergunta. Por favor, faça outra.",
    "chatbot_inactive": "Este assistente não está disponível no momento.",
    "idempotency_conflict": "Não foi possível enviar a sua pergunta. Por favor, faça-a novamente.",
    "invalid_input": "A sua pergunta está vazia ou é longa demais. "
    "Por favor, altere-a e envie novamente.",
    "not_found": "Esta conversa já não existe. Por favor, comece uma nova.",
    "conversation_closed": "Esta conversa foi encerrada. Por favor, comece uma nova.",
    "rate_limited": "Foram muitas perguntas em pouco tempo. Por favor, aguarde um momento.",
    "answers_running": "As suas outras perguntas ainda estão sendo respondidas. "
    "Por favor, aguarde um momento.",
    "busy": "O assistente está muito ocupado. Por favor, tente novamente em alguns segundos.",
    "limit_reached": "O assistente atingiu o limite deste mês. Volta no dia {date}.",
    "maintenance": "O assistente está sendo atualizado. Por favor, volte um pouco mais tarde.",
    "origin_not_allowed": "Este assistente não está disponível neste site.",
    "unknown_embed_key": "Não há nenhum assistente aqui. Por favor, verifique o link.",
}
_DUTCH: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "De kennisbank wordt doorzocht…",
    "thinking": "Het antwoord wordt geschreven…",
    "hook": "Gegevens worden opgezocht…",
    "handoff": "We hebben iemand van ons team gevraagd u te helpen.",
    "provider_failed": "De assistent kan nu niet antwoorden. Probeer het zo dadelijk opnieuw.",
    "interrupted": "Het antwoord is onderbroken. Stelt u uw vraag alstublieft opnieuw.",
    "blocked": "De assistent kan deze vraag niet beantwoorden. Stelt u een andere vraag.",
    "chatbot_inactive": "Deze assistent is op dit moment niet beschikbaar.",
    "idempotency_conflict": "Uw vraag kon niet worden verzonden. Stelt u deze alstublieft opnieuw.",
    "invalid_input": "Uw vraag is leeg of te lang. Pas deze aan en verstuur deze opnieuw.",
    "not_found": "Dit gesprek bestaat niet meer. Begin alstublieft een nieuw gesprek.",
    "conversation_closed": "Dit gesprek is afgesloten. Begin alstublieft een nieuw gesprek.",
    "rate_limited": "Dat waren veel vragen in korte tijd. Wacht alstublieft even.",
    "answers_running": "Uw andere vragen worden nog beantwoord. Wacht alstublieft even.",
    "busy": "De assistent heeft het erg druk. Probeer het over enkele seconden opnieuw.",
    "limit_reached": "De assistent heeft zijn limiet voor deze maand bereikt. "
    "Vanaf {date} is hij er weer.",
    "maintenance": "De assistent wordt bijgewerkt. Komt u alstublieft wat later terug.",
    "origin_not_allowed": "Deze assistent is niet beschikbaar op deze website.",
    "unknown_embed_key": "Hier is geen assistent. Controleer alstublieft de link.",
}
_POLISH: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Przeszukuję bazę wiedzy…",
    "thinking": "Piszę odpowiedź…",
    "hook": "Sprawdzanie informacji…",
    "handoff": "Poprosiliśmy osobę z naszego zespołu o pomoc.",
    "provider_failed": "Asystent nie może teraz odpowiedzieć. Proszę spróbować za chwilę.",
    "interrupted": "Odpowiedź została przerwana. Proszę zadać pytanie ponownie.",
    "blocked": "Asystent nie może odpowiedzieć na to pytanie. Proszę zadać inne.",
    "chatbot_inactive": "Ten asystent jest obecnie niedostępny.",
    "idempotency_conflict": "Nie udało się wysłać pytania. Proszę zadać je jeszcze raz.",
    "invalid_input": "Pytanie jest puste lub zbyt długie. Proszę je zmienić i wysłać ponownie.",
    "not_found": "Ta rozmowa już nie istnieje. Proszę rozpocząć nową.",
    "conversation_closed": "Ta rozmowa została zakończona. Proszę rozpocząć nową.",
    "rate_limited": "To było wiele pytań w krótkim czasie. Proszę chwilę poczekać.",
    "answers_running": "Trwa odpowiadanie na inne pytania. Proszę chwilę poczekać.",
    "busy": "Asystent jest teraz bardzo zajęty. Proszę spróbować ponownie za kilka sekund.",
    "limit_reached": "Asystent wyczerpał limit na ten miesiąc. Wróci {date}.",
    "maintenance": "Trwa aktualizacja asystenta. Proszę wrócić nieco później.",
    "origin_not_allowed": "Ten asystent nie jest dostępny na tej stronie.",
    "unknown_embed_key": "Nie ma tu żadnego asystenta. Proszę sprawdzić link.",
}
_JAPANESE: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "ナレッジベースを検索しています…",
    "thinking": "回答を作成しています…",
    "hook": "情報を確認しています…",
    "handoff": "担当者に対応を依頼しました。",
    "provider_failed": "ただいま回答できません。しばらくしてからもう一度お試しください。",
    "interrupted": "回答が途中で中断されました。もう一度ご質問ください。",
    "blocked": "このご質問にはお答えできません。別のご質問をお試しください。",
    "chatbot_inactive": "このアシスタントは現在ご利用いただけません。",
    "idempotency_conflict": "ご質問を送信できませんでした。もう一度ご質問ください。",
    "invalid_input": "ご質問が空か、長すぎます。修正してもう一度送信してください。",
    "not_found": "この会話は存在しません。新しい会話を始めてください。",
    "conversation_closed": "この会話は終了しました。新しい会話を始めてください。",
    "rate_limited": "短い時間に多くのご質問をいただきました。少々お待ちください。",
    "answers_running": "ほかのご質問に回答しているところです。少々お待ちください。",
    "busy": "ただいま大変混み合っています。数秒後にもう一度お試しください。",
    "limit_reached": "今月の回答数の上限に達しました。{date}から再びご利用いただけます。",
    "maintenance": "アシスタントを更新しています。しばらくしてからお越しください。",
    "origin_not_allowed": "このアシスタントはこのサイトではご利用いただけません。",
    "unknown_embed_key": "アシスタントが見つかりません。リンクをご確認ください。",
}
_CHINESE: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "正在搜索知识库…",
    "thinking": "正在撰写回答…",
    "hook": "正在查询信息…",
    "handoff": "已请我们的工作人员为您提供帮助。",
    "provider_failed": "助手暂时无法回答，请稍后再试。",
    "interrupted": "回答已中断，请您重新提问。",
    "blocked": "助手无法回答这个问题，请您换一个问题。",
    "chatbot_inactive": "该助手目前不可用。",
    "idempotency_conflict": "您的问题未能发送，请再问一次。",
    "invalid_input": "您的问题为空或过长，请修改后重新发送。",
    "not_found": "该对话已不存在，请开始新的对话。",
    "conversation_closed": "该对话已结束，请开始新的对话。",
    "rate_limited": "您在短时间内提问较多，请稍等片刻。",
    "answers_running": "您的其他问题正在回答中，请稍等片刻。",
    "busy": "助手现在非常繁忙，请过几秒钟再试。",
    "limit_reached": "助手本月的回答次数已用完，将于{date}恢复。",
    "maintenance": "助手正在更新，请您稍后再来。",
    "origin_not_allowed": "该助手在此网站上不可用。",
    "unknown_embed_key": "此处没有助手，请检查链接。",
}
_ARABIC: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "جارٍ البحث في قاعدة المعرفة…",
    "thinking": "جارٍ كتابة الإجابة…",
    "hook": "جارٍ الاطلاع على المعلومات…",
    "handoff": "طلبنا من أحد أعضاء فريقنا مساعدتك.",
    "provider_failed": "لا يستطيع المساعد الإجابة الآن. يُرجى المحاولة مرة أخرى بعد قليل.",
    "interrupted": "انقطعت الإجابة. يُرجى طرح سؤالك مرة أخرى.",
    "blocked": "لا يستطيع المساعد الإجابة عن هذا السؤال. يُرجى طرح سؤال آخر.",
    "chatbot_inactive": "هذا المساعد غير متاح في الوقت الحالي.",
    "idempotency_conflict": "تعذّر إرسال سؤالك. يُرجى طرحه مرة أخرى.",
    "invalid_input": "سؤالك فارغ أو طويل جدًا. يُرجى تعديله وإرساله مرة أخرى.",
    "not_found": "لم تعد هذه المحادثة موجودة. يُرجى بدء محادثة جديدة.",
    "conversation_closed": "انتهت هذه المحادثة. يُرجى بدء محادثة جديدة.",
    "rate_limited": "طرحتَ أسئلة كثيرة في وقت قصير. يُرجى الانتظار قليلًا.",
    "answers_running": "ما زالت أسئلتك الأخرى قيد الإجابة. يُرجى الانتظار قليلًا.",
    "busy": "المساعد مشغول جدًا الآن. يُرجى المحاولة مرة أخرى بعد ثوانٍ.",
    "limit_reached": "بلغ المساعد حدّه لهذا الشهر. سيعود في {date}.",
    "maintenance": "يجري تحديث المساعد الآن. يُرجى العودة بعد قليل.",
    "origin_not_allowed": "هذا المساعد غير متاح على هذا الموقع.",
    "unknown_embed_key": "لا يوجد مساعد هنا. يُرجى التحقق من الرابط.",
}
_HINDI: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "जानकारी खोजी जा रही है…",
    "thinking": "उत्तर लिखा जा रहा है…",
    "hook": "जानकारी देखी जा रही है…",
    "handoff": "हमारी टीम के एक सदस्य से आपकी सहायता करने का अनुरोध किया गया है।",
    "provider_failed": "सहायक अभी उत्तर नहीं दे पा रहा है। कृपया थोड़ी देर में फिर कोशिश करें।",
    "interrupted": "उत्तर बीच में रुक गया। कृपया अपना प्रश्न फिर से पूछें।",
    "blocked": "सहायक इस प्रश्न का उत्तर नहीं दे सकता। कृपया कोई दूसरा प्रश्न पूछें।",
    "chatbot_inactive": "यह सहायक इस समय उपलब्ध नहीं है।",
    "idempotency_conflict": "आपका प्रश्न भेजा नहीं जा सका। कृपया उसे एक बार फिर पूछें।",
    "invalid_input": "आपका प्रश्न खाली है या बहुत लंबा है। कृपया उसे बदलकर फिर से भेजें।",
    "not_found": "यह बातचीत अब मौजूद नहीं है। कृपया नई बातचीत शुरू करें।",
    "conversation_closed": "यह बातचीत समाप्त हो चुकी है। कृपया नई बातचीत शुरू करें।",
    "rate_limited": "आपने कम समय में बहुत से प्रश्न पूछे हैं। कृपया थोड़ी प्रतीक्षा करें।",
    "answers_running": "आपके दूसरे प्रश्नों के उत्तर अभी दिए जा रहे हैं। कृपया थोड़ी प्रतीक्षा करें।",
    "busy": "सहायक अभी बहुत व्यस्त है। कृपया कुछ सेकंड बाद फिर कोशिश करें।",
    "limit_reached": "सहायक इस महीने की सीमा तक पहुँच गया है। वह {date} को फिर उपलब्ध होगा।",
    "maintenance": "सहायक को अपडेट किया जा रहा है। कृपया थोड़ी देर बाद फिर आएँ।",
    "origin_not_allowed": "यह सहायक इस वेबसाइट पर उपलब्ध नहीं है।",
    "unknown_embed_key": "यहाँ कोई सहायक नहीं है। कृपया लिंक जाँच लें।",
}
_INDONESIAN: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Mencari di basis pengetahuan…",
    "thinking": "Menulis jawaban…",
    "hook": "Memeriksa informasi…",
    "handoff": "Seseorang dari tim kami telah diminta untuk membantu Anda.",
    "provider_failed": "Asisten sedang tidak dapat menjawab. Silakan coba lagi sebentar lagi.",
    "interrupted": "Jawaban terputus. Silakan ajukan pertanyaan Anda lagi.",
    "blocked": "Asisten tidak dapat menjawab pertanyaan ini. Silakan ajukan pertanyaan lain.",
    "chatbot_inactive": "Asisten ini sedang tidak tersedia.",
    "idempotency_conflict": "Pertanyaan Anda tidak dapat dikirim. Silakan ajukan sekali lagi.",
    "invalid_input": "Pertanyaan Anda kosong atau terlalu panjang. "
    "Silakan ubah lalu kirim kembali.",
    "not_found": "Percakapan ini sudah tidak ada. Silakan mulai percakapan baru.",
    "conversation_closed": "Percakapan ini sudah berakhir. Silakan mulai percakapan baru.",
    "rate_limited": "Anda mengajukan banyak pertanyaan dalam waktu singkat. Mohon tunggu sebentar.",
    "answers_running": "Pertanyaan Anda yang lain masih dijawab. Mohon tunggu sebentar.",
    "busy": "Asisten sedang sangat sibuk. Silakan coba lagi dalam beberapa detik.",
    "limit_reached": "Asisten sudah mencapai batas bulan ini. Asisten kembali pada {date}.",
    "maintenance": "Asisten sedang diperbarui. Silakan kembali beberapa saat lagi.",
    "origin_not_allowed": "Asisten ini tidak tersedia di situs web ini.",
    "unknown_embed_key": "Tidak ada asisten di sini. Silakan periksa tautannya.",
}
_THAI: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "กำลังค้นหาในคลังความรู้…",
    "thinking": "กำลังเขียนคำตอบ…",
    "hook": "กำลังตรวจสอบข้อมูล…",
    "handoff": "เราได้ขอให้เจ้าหน้าที่ของเราช่วยเหลือคุณแล้ว",
    "provider_failed": "ขณะนี้ผู้ช่วยไม่สามารถตอบได้ กรุณาลองใหม่อีกครั้งในอีกสักครู่",
    "interrupted": "คำตอบถูกขัดจังหวะ กรุณาถามคำถามของคุณอีกครั้ง",
    "blocked": "ผู้ช่วยไม่สามารถตอบคำถามนี้ได้ กรุณาถามคำถามอื่น",
    "chatbot_inactive": "ผู้ช่วยนี้ยังไม่พร้อมให้บริการในขณะนี้",
    "idempotency_conflict": "ไม่สามารถส่งคำถามของคุณได้ กรุณาถามอีกครั้ง",
    "invalid_input": "คำถามของคุณว่างเปล่าหรือยาวเกินไป กรุณาแก้ไขแล้วส่งอีกครั้ง",
    "not_found": "ไม่มีการสนทนานี้แล้ว กรุณาเริ่มการสนทนาใหม่",
    "conversation_closed": "การสนทนานี้สิ้นสุดแล้ว กรุณาเริ่มการสนทนาใหม่",
    "rate_limited": "คุณถามหลายคำถามในเวลาสั้น ๆ กรุณารอสักครู่",
    "answers_running": "กำลังตอบคำถามอื่นของคุณอยู่ กรุณารอสักครู่",
    "busy": "ขณะนี้มีผู้ใช้งานจำนวนมาก กรุณาลองใหม่ในอีกไม่กี่วินาที",
    "limit_reached": "ผู้ช่วยตอบครบตามจำนวนของเดือนนี้แล้ว จะกลับมาในวันที่ {date}",
    "maintenance": "กำลังปรับปรุงผู้ช่วย กรุณากลับมาใหม่ภายหลัง",
    "origin_not_allowed": "ผู้ช่วยนี้ไม่พร้อมให้บริการบนเว็บไซต์นี้",
    "unknown_embed_key": "ไม่พบผู้ช่วยที่นี่ กรุณาตรวจสอบลิงก์",
}
_TURKISH: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Bilgi bankasında aranıyor…",
    "thinking": "Yanıt yazılıyor…",
    "hook": "Bilgilere bakılıyor…",
    "handoff": "Ekibimizden birinden size yardımcı olması istendi.",
    "provider_failed": "Asistan şu anda yanıt veremiyor. Lütfen biraz sonra tekrar deneyin.",
    "interrupted": "Yanıt yarıda kesildi. Lütfen sorunuzu tekrar sorun.",
    "blocked": "Asistan bu soruya yanıt veremiyor. Lütfen başka bir soru sorun.",
    "chatbot_inactive": "Bu asistan şu anda hizmet vermiyor.",
    "idempotency_conflict": "Sorunuz gönderilemedi. Lütfen bir kez daha sorun.",
    "invalid_input": "Sorunuz boş ya da çok uzun. Lütfen değiştirip tekrar gönderin.",
    "not_found": "Bu görüşme artık mevcut değil. Lütfen yeni bir görüşme başlatın.",
    "conversation_closed": "Bu görüşme sona erdi. Lütfen yeni bir görüşme başlatın.",
    "rate_limited": "Kısa sürede çok sayıda soru sordunuz. Lütfen biraz bekleyin.",
    "answers_running": "Diğer sorularınız hâlâ yanıtlanıyor. Lütfen biraz bekleyin.",
    "busy": "Asistan şu anda çok yoğun. Lütfen birkaç saniye sonra tekrar deneyin.",
    "limit_reached": "Asistan bu ayki sınırına ulaştı. {date} tarihinde yeniden hizmette olacak.",
    "maintenance": "Asistan güncelleniyor. Lütfen biraz sonra tekrar gelin.",
    "origin_not_allowed": "Bu asistan bu web sitesinde kullanılamıyor.",
    "unknown_embed_key": "Burada bir asistan yok. Lütfen bağlantıyı kontrol edin.",
}
_VIETNAMESE: Final[Mapping[PhraseKey, str]] = {
    "retrieving": "Đang tìm trong kho kiến thức…",
    "thinking": "Đang viết câu trả lời…",
    "hook": "Đang tra cứu thông tin…",
    "handoff": "Chúng tôi đã nhờ nhân viên hỗ trợ bạn.",
    "provider_failed": "Trợ lý hiện chưa thể trả lời. Xin vui lòng thử lại sau giây lát.",
    "interrupted": "Câu trả lời bị gián đoạn. Xin vui lòng đặt lại câu hỏi.",
    "blocked": "Trợ lý không thể trả lời câu hỏi này. Xin vui lòng hỏi câu khác.",
    "chatbot_inactive": "Trợ lý này hiện không hoạt động.",
    "idempotency_conflict": "Không gửi được câu hỏi của bạn. Xin vui lòng hỏi lại một lần nữa.",
    "invalid_input": "Câu hỏi của bạn bị trống hoặc quá dài. Xin vui lòng sửa rồi gửi lại.",
    "not_found": "Cuộc trò chuyện này không còn nữa. Xin vui lòng bắt đầu cuộc trò chuyện mới.",
    "conversation_closed": "Cuộc trò chuyện này đã kết thúc. "
    "Xin vui lòng bắt đầu cuộc trò chuyện mới.",
    "rate_limited": "Bạn đã hỏi nhiều câu trong thời gian ngắn. Xin vui lòng chờ một chút.",
    "answers_running": "Các câu hỏi khác của bạn vẫn đang được trả lời. Xin vui lòng chờ một chút.",
    "busy": "Trợ lý đang rất bận. Xin vui lòng thử lại sau vài giây.",
    "limit_reached": "Trợ lý đã đạt giới hạn của tháng này. Trợ lý sẽ trở lại vào ngày {date}.",
    "maintenance": "Trợ lý đang được cập nhật. Xin vui lòng quay lại sau ít phút.",
    "origin_not_allowed": "Trợ lý này không dùng được trên trang web này.",
    "unknown_embed_key": "Không có trợ lý nào ở đây. Xin vui lòng kiểm tra lại liên kết.",
}
_PHRASES: Final[Mapping[str, Mapping[PhraseKey, str]]] = {
    "en": _ENGLISH,
    "fr": _FRENCH,
    "es": _SPANISH,
    "de": _GERMAN,
    "it": _ITALIAN,
    "pt": _PORTUGUESE,
    "nl": _DUTCH,
    "pl": _POLISH,
    "ja": _JAPANESE,
    "zh": _CHINESE,
    "ar": _ARABIC,
    "hi": _HINDI,
    "id": _INDONESIAN,
    "th": _THAI,
    "tr": _TURKISH,
    "vi": _VIETNAMESE,
}
