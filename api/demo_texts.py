# ruff: noqa: RUF001 - other scripts are what the table is about
"""What the demo's chatbot says first, in each of the languages: `/demo?lang=` shows them.

Its starter questions are in English alone, as its knowledge is.
"""

from collections.abc import Mapping
from typing import Final

from documents.chatbots import ChatbotTexts

_ENGLISH: Final = ChatbotTexts(
    language="en",
    welcome_message="Hello! I am the demo assistant, an AI. Ask me something about Parlance.",
    starter_questions=[
        "What is Parlance?",
        "How do I add my own knowledge?",
        "What happens when the connection drops?",
    ],
    placeholder="Ask about Parlance…",
)

_OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "fr": (
        "Bonjour ! Je suis l’assistant de démonstration, une IA. Interrogez-moi sur Parlance.",
        "Une question sur Parlance…",
    ),
    "es": (
        "¡Hola! Soy el asistente de demostración, una IA. Pregúnteme algo sobre Parlance.",
        "Pregunte sobre Parlance…",
    ),
    "de": (
        "Guten Tag! Ich bin der Demo-Assistent, eine KI. Fragen Sie mich etwas über Parlance.",
        "Fragen Sie etwas über Parlance…",
    ),
    "it": (
        "Buongiorno! Sono l’assistente dimostrativo, un’IA. Mi chieda qualcosa su Parlance.",
        "Chieda di Parlance…",
    ),
    "pt": (
        "Olá! Sou o assistente de demonstração, uma IA. Pergunte-me algo sobre o Parlance.",
        "Pergunte sobre o Parlance…",
    ),
    "nl": (
        "Hallo! Ik ben de demo-assistent, een AI. Vraag me iets over Parlance.",
        "Vraag iets over Parlance…",
    ),
    "pl": (
        "Dzień dobry! Jestem asystentem pokazowym, AI. Zapytaj mnie o Parlance.",
        "Zapytaj o Parlance…",
    ),
    "ja": (
        "こんにちは。デモ用のAIアシスタントです。Parlanceについて何でもお尋ねください。",
        "Parlanceについて質問…",
    ),
    "zh": (
        "您好！我是演示助手，一个 AI。请问我关于 Parlance 的问题。",
        "询问有关 Parlance 的问题…",
    ),
    "ar": ("مرحبًا! أنا المساعد التجريبي، ذكاء اصطناعي. اسألني عن Parlance.", "اسأل عن Parlance…"),
    "hi": (
        "नमस्ते! मैं डेमो सहायक हूँ, एक एआई। मुझसे Parlance के बारे में कुछ पूछें।",
        "Parlance के बारे में पूछें…",
    ),
    "id": (
        "Halo! Saya asisten demo, sebuah AI. Tanyakan sesuatu tentang Parlance.",
        "Tanyakan tentang Parlance…",
    ),
    "th": ("สวัสดี ฉันเป็นผู้ช่วยสาธิตซึ่งเป็น AI ถามฉันเกี่ยวกับ Parlance ได้เลย", "ถามเกี่ยวกับ Parlance…"),
    "tr": (
        "Merhaba! Ben tanıtım asistanıyım, bir yapay zekâ. Bana Parlance hakkında bir şey sorun.",
        "Parlance hakkında sorun…",
    ),
    "vi": (
        "Xin chào! Tôi là trợ lý thử nghiệm, một AI. Hãy hỏi tôi về Parlance.",
        "Hỏi về Parlance…",
    ),
}

DEMO_LANGUAGES: Final = ["en", *_OTHERS]
DEMO_TEXTS: Final = [
    _ENGLISH,
    *(
        ChatbotTexts(language=language, welcome_message=welcome, placeholder=placeholder)
        for language, (welcome, placeholder) in _OTHERS.items()
    ),
]
