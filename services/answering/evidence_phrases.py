# ruff: noqa: RUF001 - other scripts are what the table is about
"""What stands in an answer about its own evidence, in the visitor's language.

Said by the product and not by a model: a model may forget to say that it speaks from general
knowledge, or say it where it does not.
"""

from typing import NamedTuple

from documents.chatbots import ChatbotSettings
from services.languages.codes import DEFAULT_LANGUAGE, negotiate_language
from services.llm.local import nothing_known


class EvidencePhrases(NamedTuple):
    """The phrases of a language.

    Attributes:
        closest: Before passages that may not answer the question.
        general: Before an answer that rests on no source.
        contact: Before the addresses of people who can help.
    """

    closest: str
    general: str
    contact: str


PHRASES = {
    "en": EvidencePhrases(
        "I am not sure that this answers your question. The closest I found:",
        "This is general knowledge, not from our own information:",
        "You can also contact us:",
    ),
    "fr": EvidencePhrases(
        "Je ne suis pas sûr que cela réponde à votre question. Ce que j'ai trouvé de plus proche :",
        "Ceci relève de connaissances générales et non de nos propres informations :",
        "Vous pouvez aussi nous contacter :",
    ),
    "es": EvidencePhrases(
        "No estoy seguro de que esto responda a su pregunta. Lo más cercano que he encontrado:",
        "Esto es conocimiento general, no procede de nuestra propia información:",
        "También puede ponerse en contacto con nosotros:",
    ),
    "de": EvidencePhrases(
        "Ich bin nicht sicher, ob das Ihre Frage beantwortet. Am nächsten kommt:",
        "Das ist Allgemeinwissen und stammt nicht aus unseren eigenen Informationen:",
        "Sie können uns auch direkt erreichen:",
    ),
    "it": EvidencePhrases(
        "Non sono sicuro che questo risponda alla sua domanda. Ciò che più si avvicina:",
        "Si tratta di conoscenze generali, non delle nostre informazioni:",
        "Può anche contattarci:",
    ),
    "pt": EvidencePhrases(
        "Não tenho certeza de que isto responda à sua pergunta. O mais próximo que encontrei:",
        "Isto é conhecimento geral, não vem das nossas próprias informações:",
        "Também pode entrar em contato conosco:",
    ),
    "nl": EvidencePhrases(
        "Ik weet niet zeker of dit uw vraag beantwoordt. Het dichtst in de buurt komt:",
        "Dit is algemene kennis en komt niet uit onze eigen informatie:",
        "U kunt ook contact met ons opnemen:",
    ),
    "pl": EvidencePhrases(
        "Nie mam pewności, czy to odpowiada na pytanie. Najbliższe, co udało się znaleźć:",
        "To wiedza ogólna, a nie nasze własne informacje:",
        "Można też skontaktować się z nami:",
    ),
    "ja": EvidencePhrases(
        "ご質問への答えになっているか確かではありませんが、最も近い情報は次のとおりです。",
        "これは一般的な知識であり、当方の情報に基づくものではありません。",
        "お問い合わせ先はこちらです。",
    ),
    "zh": EvidencePhrases(
        "我不确定这是否回答了您的问题。最接近的内容如下：",
        "以下是一般性知识，并非来自我们自己的资料：",
        "您也可以联系我们：",
    ),
    "ar": EvidencePhrases(
        "لست متأكدًا من أن هذا يجيب عن سؤالك. أقرب ما وجدته:",
        "هذه معلومات عامة وليست من معلوماتنا الخاصة:",
        "يمكنك أيضًا التواصل معنا:",
    ),
    "hi": EvidencePhrases(
        "मुझे पक्का नहीं पता कि इससे आपके सवाल का जवाब मिलता है। सबसे नज़दीकी जानकारी यह है:",
        "यह सामान्य जानकारी है, हमारी अपनी जानकारी से नहीं:",
        "आप हमसे संपर्क भी कर सकते हैं:",
    ),
    "id": EvidencePhrases(
        "Saya tidak yakin ini menjawab pertanyaan Anda. Yang paling mendekati:",
        "Ini pengetahuan umum, bukan dari informasi kami sendiri:",
        "Anda juga dapat menghubungi kami:",
    ),
    "th": EvidencePhrases(
        "ไม่แน่ใจว่าข้อมูลนี้ตอบคำถามของคุณหรือไม่ ข้อมูลที่ใกล้เคียงที่สุดคือ:",
        "นี่เป็นความรู้ทั่วไป ไม่ได้มาจากข้อมูลของเรา:",
        "คุณสามารถติดต่อเราได้เช่นกัน:",
    ),
    "tr": EvidencePhrases(
        "Bunun sorunuzu yanıtladığından emin değilim. En yakın bulduğum bilgi:",
        "Bu genel bir bilgidir, kendi bilgilerimizden alınmamıştır:",
        "Bize doğrudan da ulaşabilirsiniz:",
    ),
    "vi": EvidencePhrases(
        "Tôi không chắc điều này trả lời đúng câu hỏi của bạn. Nội dung gần nhất tôi tìm thấy:",
        "Đây là kiến thức chung, không phải từ thông tin của chúng tôi:",
        "Bạn cũng có thể liên hệ với chúng tôi:",
    ),
}


def evidence_phrases(language: str) -> EvidencePhrases:
    """The phrases of a BCP 47 language, or else the English ones."""
    return PHRASES[negotiate_language(language, tuple(PHRASES), DEFAULT_LANGUAGE)]


def refusal(settings: ChatbotSettings, language: str) -> str:
    """That nothing is known about a question, and whom to ask instead, if the chatbot says."""
    said = nothing_known(language)
    places = [one for one in (settings.contact_url, settings.contact_email) if one]
    if not places:
        return said
    lines = "\n".join(f"- {place}" for place in places)
    return f"{said}\n\n{evidence_phrases(language).contact}\n\n{lines}"
