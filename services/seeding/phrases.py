# ruff: noqa: RUF001 - other scripts are what the table is about
"""What visitors of shops, hotels and offices ask, and what they are told, in several languages.

`{order}`, `{day}` and `{name}` are filled in, so that no two conversations are quite the same.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Exchange(NamedTuple):
    """A question and its answer."""

    asked: str
    told: str


EXCHANGES: Final[Mapping[str, tuple[Exchange, ...]]] = {
    "en": (
        Exchange(
            "Where is my order {order}?",
            "Order {order} left our warehouse on the {day}th. You will get the tracking link by"
            " e-mail as soon as the carrier has it.",
        ),
        Exchange(
            "Can I send back the {name} jacket? It is too small.",
            "Yes. You have 30 days. Print the return label from your account, put the {name} into"
            " its box and leave it at any parcel shop.",
        ),
        Exchange(
            "What are your opening hours on Saturday?",
            "On Saturdays we are open from 9 to 16. On the {day}th we close at noon.",
        ),
        Exchange(
            "Do you deliver to Norway, and what does it cost?",
            "We do. Parcels up to 5 kg cost 12 euros and take four to six working days.",
        ),
    ),
    "de": (
        Exchange(
            "Wo bleibt meine Bestellung {order}?",
            "Die Bestellung {order} hat unser Lager am {day}. verlassen. Den Link zur"
            " Sendungsverfolgung bekommen Sie per E-Mail.",
        ),
        Exchange(
            "Kann ich die Jacke {name} umtauschen? Sie ist zu klein.",
            "Ja, innerhalb von 30 Tagen. Drucken Sie das Rücksendeetikett in Ihrem Konto aus und"
            " legen Sie die {name} in den Originalkarton.",
        ),
        Exchange(
            "Gibt es am {day}. noch ein Zimmer mit Frühstück?",
            "Für den {day}. haben wir noch zwei Doppelzimmer. Das Frühstück ist im Preis"
            " enthalten.",
        ),
    ),
    "fr": (
        Exchange(
            "Où en est ma commande {order} ?",
            "Votre commande {order} a quitté notre entrepôt le {day}. Vous recevrez le lien de"
            " suivi par courriel.",
        ),
        Exchange(
            "Est-ce que le modèle {name} existe en bleu ?",
            "Oui, le modèle {name} existe en bleu marine et en bleu ciel, du 36 au 46.",
        ),
        Exchange(
            "Comment puis-je annuler mon rendez-vous du {day} ?",
            "Répondez simplement au message de confirmation, ou appelez-nous avant midi la veille.",
        ),
    ),
    "es": (
        Exchange(
            "¿Dónde está mi pedido {order}?",
            "El pedido {order} salió de nuestro almacén el día {day}. Le enviaremos el enlace de"
            " seguimiento por correo.",
        ),
        Exchange(
            "¿Cuánto tarda el envío a Canarias?",
            "Entre cinco y ocho días laborables. El envío cuesta 9 euros.",
        ),
    ),
    "it": (
        Exchange(
            "Dov'è il mio ordine {order}?",
            "L'ordine {order} è partito il giorno {day}. Riceverà il link per seguirlo via e-mail.",
        ),
        Exchange(
            "Il modello {name} è disponibile in pelle?",
            "Sì, il modello {name} è disponibile in pelle nera e marrone.",
        ),
    ),
    "pl": (
        Exchange(
            "Gdzie jest moje zamówienie {order}?",
            "Zamówienie {order} opuściło nasz magazyn {day}. dnia miesiąca. Link do śledzenia"
            " wyślemy e-mailem.",
        ),
        Exchange(
            "Czy mogę zwrócić buty {name}?",
            "Tak, w ciągu 30 dni. Etykietę zwrotną znajdzie Pani lub Pan na swoim koncie.",
        ),
    ),
    "ja": (
        Exchange(
            "注文番号{order}はいつ届きますか？",
            "ご注文{order}は{day}日に発送いたしました。追跡用のリンクをメールでお送りします。",
        ),
        Exchange(
            "{name}のサイズ交換はできますか？",
            "はい、30日以内でしたら交換できます。マイページから返品ラベルを印刷してください。",
        ),
    ),
    "ar": (
        Exchange(
            "أين طلبي رقم {order}؟",
            "غادر الطلب {order} مستودعنا يوم {day}. سنرسل لك رابط التتبع عبر البريد الإلكتروني.",
        ),
        Exchange(
            "هل يمكنني إرجاع {name}؟",
            "نعم، خلال ثلاثين يوماً. اطبع ملصق الإرجاع من حسابك.",
        ),
    ),
}

NAMES: Final = ("Alba", "Borealis", "Corvo", "Duna", "Ember", "Fjord", "Garnet", "Harbour")
TRADES: Final = ("Books", "Garden", "Hotel", "Cycles", "Kitchen", "Clinic", "Travel", "Outdoor")
