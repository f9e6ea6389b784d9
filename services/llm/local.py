# ruff: noqa: RUF001 - other scripts are what the table is about
"""The language model that is none: it answers with the visitor's own knowledge base, verbatim.

A fresh machine has no key for any provider and must still have a working chatbot. `local`
quotes the best passages sentence by sentence and marks each with the number of its passage; it
adds not one word of its own, so it cannot be wrong about more than relevance. Without a passage
it says that it does not know, in the visitor's language.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator

from services.llm.model import ContextPassage, ModelEvent, ModelFinished, ModelRequest, TextChunk
from services.llm.sentences import cut_sentences

MAX_PASSAGES = 3
"""Passages quoted in one answer; more would be a list of search results, not an answer."""

WORTH_QUOTING = 0.8
"""A further passage must hold this share of what the best one holds of the question."""

LED_ON_CHARACTERS = 400
"""The best passage is quoted on from its best sentence up to this length: an answer has context."""

MAX_SENTENCES = 8
"""Sentences quoted in one answer, over all passages."""

NOTHING_KNOWN = {
    "ar": "عذرًا، لم أجد شيئًا عن هذا في المعلومات المتوفرة لدي. هل يمكنك صياغة سؤالك بطريقة أخرى؟",
    "de": "Dazu habe ich in meinen Informationen leider nichts gefunden. "
    "Können Sie es anders formulieren?",
    "en": "I'm sorry, I found nothing about this in the information I have. "
    "Could you put it another way?",
    "es": "Lo siento, no he encontrado nada sobre esto en la información que tengo. "
    "¿Podría preguntarlo de otra manera?",
    "fr": "Désolé, je n'ai rien trouvé à ce sujet dans les informations dont je dispose. "
    "Pourriez-vous reformuler votre question ?",
    "hi": "माफ़ कीजिए, मेरे पास मौजूद जानकारी में इसके बारे में कुछ नहीं मिला। क्या आप इसे दूसरे शब्दों में पूछ सकते हैं?",
    "id": "Maaf, saya tidak menemukan apa pun tentang hal ini dalam informasi yang saya miliki. "
    "Bisakah Anda menanyakannya dengan cara lain?",
    "it": "Mi dispiace, non ho trovato nulla su questo argomento nelle informazioni che ho. "
    "Può chiederlo in un altro modo?",
    "ja": "申し訳ありませんが、手元の情報にはこれに関する内容が見つかりませんでした。"
    "別の言い方でお尋ねいただけますか？",
    "nl": "Het spijt me, ik heb hierover niets gevonden in de informatie die ik heb. "
    "Kunt u het anders formuleren?",
    "pl": "Przepraszam, w dostępnych mi informacjach nie ma nic na ten temat. "
    "Czy można zapytać inaczej?",
    "pt": "Desculpe, não encontrei nada sobre isso nas informações que tenho. "
    "Pode perguntar de outra forma?",
    "th": "ขออภัย ไม่พบข้อมูลเกี่ยวกับเรื่องนี้ในข้อมูลที่มีอยู่ กรุณาลองถามด้วยคำอื่น",
    "tr": "Üzgünüm, elimdeki bilgilerde bununla ilgili bir şey bulamadım. "
    "Başka bir şekilde sorabilir misiniz?",
    "vi": "Xin lỗi, tôi không tìm thấy gì về điều này trong thông tin mà tôi có. "
    "Bạn có thể hỏi theo cách khác không?",
    "zh": "抱歉，我在现有的信息中没有找到相关内容。您可以换一种问法吗？",
}
"""What `local` says when retrieval found nothing, by primary language subtag."""


class LocalModel:
    """Extractive `LanguageModel`: free, offline, one `TextChunk` per sentence."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Quote the passages, or say that there is nothing to quote.

        Yields:
            A chunk per sentence, then `ModelFinished` with no tokens used.
        """
        for text in _answer(request):
            yield TextChunk(text)
            # Without it a long answer would be one turn of the loop and could not be stopped.
            await asyncio.sleep(0)
        yield ModelFinished("stop", input_tokens=0, output_tokens=0)


def _answer(request: ModelRequest) -> Iterator[str]:
    quoted = False
    for text in _quotations(request.passages):
        if not quoted and request.quoted_opening:
            yield f"{request.quoted_opening}\n\n"
        quoted = True
        yield text
    if not quoted:
        yield from cut_sentences(request.nothing_known or nothing_known(request.language))


def _quotations(passages: tuple[ContextPassage, ...]) -> Iterator[str]:
    said: set[str] = set()
    left = MAX_SENTENCES
    for index, passage in enumerate(_worth_quoting(passages)):
        quoted = passage.quote if index else _led_on(passage)
        fresh = [cut for cut in cut_sentences(quoted) if cut.strip() not in said][:left]
        if not fresh:
            continue
        yield from _marked(fresh, passage.number, leading="\n\n" if said else "")
        said.update(cut.strip() for cut in fresh)
        left -= len(fresh)


def _worth_quoting(passages: tuple[ContextPassage, ...]) -> list[ContextPassage]:
    best = max((passage.evidence for passage in passages), default=0.0)
    worth = [passage for passage in passages if passage.evidence >= WORTH_QUOTING * best]
    return sorted(worth, key=lambda passage: -passage.evidence)[:MAX_PASSAGES]


def _led_on(passage: ContextPassage) -> str:
    """The quote with the whole sentences after it in its paragraph, as far as there is room."""
    at = passage.text.find(passage.quote)
    if at < 0:
        return passage.quote
    paragraph = passage.text[at:].partition("\n\n")[0]
    room = max(LED_ON_CHARACTERS, len(passage.quote))
    if len(paragraph) <= room:
        return paragraph
    led_on = ""
    for sentence in cut_sentences(paragraph):
        if len(led_on) + len(sentence) > room:
            break
        led_on += sentence
    return led_on if len(led_on) > len(passage.quote) else passage.quote


def _marked(sentences: list[str], number: int, *, leading: str) -> Iterator[str]:
    *others, last = sentences
    last = f"{last.strip()} [{number}]"
    for sentence in (*others, last):
        yield leading + sentence
        leading = ""


def nothing_known(language: str) -> str:
    """The sentence for an empty search, in a BCP 47 language or else in English."""
    primary = language.replace("_", "-").split("-", 1)[0].casefold()
    return NOTHING_KNOWN.get(primary, NOTHING_KNOWN["en"])
