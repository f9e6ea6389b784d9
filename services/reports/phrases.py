# ruff: noqa: RUF001 - other languages have other signs
"""The words of reports and of the mails that bring them, by language."""

from collections.abc import Mapping
from typing import Final

from services.languages.codes import DEFAULT_LANGUAGE, negotiate_language

Phrases = Mapping[str, str]


def phrases_in(language: str | None) -> tuple[str, Phrases]:
    """The words in a language, English if it is none of these, and which language they are."""
    spoken = negotiate_language(language, tuple(_PHRASES), DEFAULT_LANGUAGE)
    return spoken, _PHRASES[spoken]


_NAMES: Final = (
    "title", "about", "empty", "requests", "successes", "failures", "fallbacks", "conversations",
    "visitors", "satisfaction", "cost", "tokens", "unanswered", "first_token", "answer", "half",
    "most", "before", "by_day", "by_chatbot", "by_llm", "day", "name", "questions",
    "unanswered_questions", "count", "deleted", "others", "made", "subject", "greeting",
    "attached", "no_change", "chart_about",
)  # fmt: skip

_TABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "Chatbot report", "{since} to {until}", "Nothing was asked in this period.", "Questions",
        "Answered", "Without an answer", "Answered by the fallback model", "Conversations",
        "Visitors", "Satisfaction", "Cost", "Tokens", "Nothing found in the knowledge",
        "Time to the first word", "Time to the whole answer", "half of them", "95 % of them",
        "Before", "Questions by day", "By chatbot", "By language model", "Day", "Name",
        "Most asked questions", "Questions that nothing answered", "Times asked", "(deleted)",
        "and {count} more", "Made on {day}", "Report for {client}: {since} to {until}",
        "This is how the chatbots of {client} did from {since} to {until}.",
        "The whole report is attached.", "as before",
        "Questions by day; the table below has the same numbers.",
    ),
    "de": (
        "Chatbot-Bericht", "{since} bis {until}", "In diesem Zeitraum wurde nichts gefragt.",
        "Fragen", "Beantwortet", "Ohne Antwort", "Vom Ersatzmodell beantwortet", "Gespräche",
        "Besucher", "Zufriedenheit", "Kosten", "Token", "Nichts im Wissen gefunden",
        "Zeit bis zum ersten Wort", "Zeit bis zur ganzen Antwort", "die Hälfte", "95 %",
        "Davor", "Fragen nach Tagen", "Nach Chatbot", "Nach Sprachmodell", "Tag", "Name",
        "Meistgestellte Fragen", "Fragen ohne Antwort im Wissen", "Anzahl", "(gelöscht)",
        "und {count} weitere", "Erstellt am {day}", "Bericht für {client}: {since} bis {until}",
        "So waren die Chatbots von {client} vom {since} bis zum {until}.",
        "Der ganze Bericht hängt an.", "wie davor",
        "Fragen nach Tagen; die Tabelle darunter enthält dieselben Zahlen.",
    ),
    "fr": (
        "Rapport des chatbots", "du {since} au {until}",
        "Aucune question n’a été posée pendant cette période.", "Questions", "Avec réponse",
        "Sans réponse", "Répondues par le modèle de secours", "Conversations", "Visiteurs",
        "Satisfaction", "Coût", "Jetons", "Rien trouvé dans les connaissances",
        "Délai du premier mot", "Délai de la réponse entière", "la moitié", "95 %", "Avant",
        "Questions par jour", "Par chatbot", "Par modèle de langage", "Jour", "Nom",
        "Questions les plus posées", "Questions sans réponse dans les connaissances", "Nombre",
        "(supprimé)", "et {count} autres", "Établi le {day}",
        "Rapport pour {client} : du {since} au {until}",
        "Voici le bilan des chatbots de {client} du {since} au {until}.",
        "Le rapport complet est en pièce jointe.", "comme avant",
        "Questions par jour ; le tableau ci-dessous contient les mêmes chiffres.",
    ),
    "es": (
        "Informe de chatbots", "del {since} al {until}",
        "No se preguntó nada en este período.", "Preguntas", "Respondidas", "Sin respuesta",
        "Respondidas por el modelo de reserva", "Conversaciones", "Visitantes", "Satisfacción",
        "Coste", "Tokens", "Nada encontrado en el conocimiento",
        "Tiempo hasta la primera palabra", "Tiempo hasta la respuesta completa", "la mitad",
        "el 95 %", "Antes", "Preguntas por día", "Por chatbot", "Por modelo de lenguaje", "Día",
        "Nombre", "Preguntas más frecuentes", "Preguntas sin respuesta en el conocimiento",
        "Veces", "(eliminado)", "y {count} más", "Elaborado el {day}",
        "Informe para {client}: del {since} al {until}",
        "Así les fue a los chatbots de {client} del {since} al {until}.",
        "El informe completo va adjunto.", "como antes",
        "Preguntas por día; la tabla de abajo contiene los mismos números.",
    ),
}  # fmt: skip

_PHRASES: Final[Mapping[str, Phrases]] = {
    language: dict(zip(_NAMES, said, strict=True)) for language, said in _TABLE.items()
}
