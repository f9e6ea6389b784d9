"""What was added is found, cited to the word, and by nobody else."""
# ruff: noqa: RUF001 -- sentences in sixteen languages

import random

import pytest
from beanie import PydanticObjectId

from services.knowledge.search import KnowledgeSearch
from services.knowledge.sources import KnowledgeSources
from tests.unit.knowledge.conftest import Tenant, new_tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so")

FACTS = {
    "en": (
        "You can return any product within 30 days of delivery.",
        "Our shop in Main Street opens at nine in the morning.",
        "How long do I have to return something I bought?",
    ),
    "fr": (
        "Vous pouvez retourner chaque article dans les 30 jours suivant la livraison.",
        "Notre boutique ouvre à neuf heures du matin.",
        "Combien de jours ai-je pour retourner un article ?",
    ),
    "es": (
        "Puede devolver cualquier producto en los 30 días posteriores a la entrega.",
        "Nuestra tienda abre a las nueve de la mañana.",
        "¿Cómo puedo devolver un producto?",
    ),
    "de": (
        "Sie können jedes Produkt innerhalb von 30 Tagen nach der Lieferung zurückgeben.",
        "Unser Laden in der Hauptstraße öffnet um neun Uhr.",
        "Wann öffnet euer Laden?",
    ),
    "it": (
        "Potete restituire ogni prodotto entro 30 giorni dalla consegna.",
        "Il nostro negozio apre alle nove del mattino.",
        "A che ora apre il negozio?",
    ),
    "pt": (
        "Você pode devolver qualquer produto em até 30 dias após a entrega.",
        "A nossa loja abre às nove horas da manhã.",
        "Como faço para devolver produtos?",
    ),
    "nl": (
        "U kunt elk product binnen 30 dagen na levering retourneren.",
        "Onze winkel gaat om negen uur open.",
        "Hoe laat gaat de winkel open?",
    ),
    "pl": (
        "Każdy produkt można zwrócić w ciągu 30 dni od dostawy.",
        "Nasz sklep przy ulicy Głównej otwiera się o dziewiątej rano.",
        "O której otwiera się wasz sklep?",
    ),
    "ja": (
        "商品はお届けから30日以内に返品できます。",
        "当店の営業時間は午前九時からです。",
        "返品はできますか？",
    ),
    "zh": (
        "您可以在收到商品后30天内退货。",
        "我们的商店早上九点开门。",
        "你们的商店几点开门？",
    ),
    "ar": (
        "يمكنكم إرجاع أي منتج خلال ثلاثين يوما من التسليم.",
        "يفتح متجرنا في الساعة التاسعة صباحا.",
        "متى يفتح المتجر؟",
    ),
    "hi": (
        "आप डिलीवरी के 30 दिनों के भीतर कोई भी उत्पाद वापस कर सकते हैं।",
        "हमारी दुकान सुबह नौ बजे खुलती है।",
        "दुकान कितने बजे खुलती है?",
    ),
    "id": (
        "Anda dapat mengembalikan produk apa pun dalam 30 hari setelah pengiriman.",
        "Toko kami buka pada pukul sembilan pagi.",
        "Pukul berapa toko buka?",
    ),
    "th": (
        "คุณสามารถคืนสินค้าได้ภายใน 30 วันหลังจากได้รับสินค้า",
        "ร้านของเราเปิดเวลาเก้าโมงเช้า",
        "ร้านเปิดกี่โมงคะ",
    ),
    "tr": (
        "Ürünleri teslimattan sonraki 30 gün içinde iade edebilirsiniz.",
        "Mağazamız sabah saat dokuzda açılıyor.",
        "Mağaza saat kaçta açılıyor?",
    ),
    "vi": (
        "Bạn có thể trả lại sản phẩm trong vòng 30 ngày kể từ khi nhận hàng.",
        "Cửa hàng của chúng tôi mở cửa lúc chín giờ sáng.",
        "Cửa hàng mở cửa lúc mấy giờ?",
    ),
}
ASKS_FOR_SECOND = frozenset(FACTS) - {"en", "fr", "es", "pt", "ja"}


def invented_word(dice: random.Random) -> str:
    return "".join(dice.choices(SYLLABLES, k=4))


async def test_a_random_sentence_is_found_and_quoted_to_the_word(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    dice = random.Random()
    thing, place = invented_word(dice), invented_word(dice)
    sentence = f"The {thing} is kept in the {place} room."
    text = f"We sell tea.\n\n{sentence} It is open on Mondays.\n"
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Where things are", text
    )

    found = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, f"Where do you keep the {thing}?"
    )

    [passage] = found.passages
    assert passage.quote == sentence
    assert text[passage.start_offset : passage.end_offset] == sentence
    assert (passage.source_id, passage.source_title) == (source.id, "Where things are")
    assert found.evidence >= 0.3


async def test_nothing_is_found_by_another_chatbot_or_client(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    stranger = await new_tenant()
    await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Codes", "The door code is zanzibar."
    )
    await knowledge_sources.add_text(
        stranger.client_id, [stranger.chatbot_id], "Codes", "There is no door here."
    )

    for client_id, chatbot_id in (
        (tenant.client_id, tenant.other_chatbot_id),
        (stranger.client_id, stranger.chatbot_id),
        (stranger.client_id, tenant.chatbot_id),
        (tenant.client_id, stranger.chatbot_id),
        (tenant.client_id, PydanticObjectId()),
    ):
        found = await knowledge_search.search(client_id, chatbot_id, "zanzibar code")
        assert all("zanzibar" not in passage.text for passage in found.passages)
        assert found.evidence < 1


@pytest.mark.parametrize("language", FACTS)
async def test_a_question_finds_its_sentence_in_each_language(
    knowledge_sources: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
    language: str,
) -> None:
    *facts, question = FACTS[language]
    for number, fact in enumerate(facts):
        await knowledge_sources.add_text(
            tenant.client_id, [tenant.chatbot_id], f"Info {number}", fact
        )

    found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, question)

    assert found.passages, found
    assert found.passages[0].quote == facts[language in ASKS_FOR_SECOND], found.words


async def test_all_languages_in_one_chatbot_do_not_hide_each_other(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    everything = "\n\n".join(f"# {code}\n\n{a}\n\n{b}" for code, (a, b, _) in FACTS.items())
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "All", everything)

    for language, (first, second, question) in FACTS.items():
        found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, question)
        wanted = second if language in ASKS_FOR_SECOND else first
        assert found.passages, (language, found)
        best = found.passages[0]
        assert wanted in best.text, (language, found.words)
        assert everything[best.start_offset : best.end_offset] == best.quote


@pytest.mark.parametrize("question", ["", "   ", "😀🎉", "?!", "—", "\u200b\u200d", "\n\n"])
async def test_a_question_without_words_finds_nothing(
    knowledge_sources: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
    question: str,
) -> None:
    await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Smile", "😀🎉 means joy?!"
    )
    found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, question)
    assert found.passages == ()
    assert found.evidence == 0


async def test_an_unrelated_question_finds_nothing(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    for number, fact in enumerate(FACTS["en"][:2]):
        await knowledge_sources.add_text(
            tenant.client_id, [tenant.chatbot_id], f"Info {number}", fact
        )
    found = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, "Who was the first emperor of Rome?"
    )
    assert found.passages == ()
    assert found.evidence < 0.3


async def test_a_question_of_eight_thousand_characters_is_bounded(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling is a tea from India."
    )
    dice = random.Random(8)
    question = " ".join(invented_word(dice) for _ in range(900))
    found = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, f"darjeeling {question} "
    )
    assert len(found.words) == 64
    assert found.passages == ()


@pytest.mark.parametrize(
    "question",
    [
        "-darjeeling tea",
        '"tea darjeeling"',
        '-"darjeeling" tea -tea',
        "$where darjeeling $ne tea {$gt: ''}",
        "darjeeling.*(tea|[a-z]+)\\",
        "DARJEELING\x00tea",
        "darjeeling'); db.dropDatabase(); tea",
        "＂darjeeling＂ －tea",
    ],
)
async def test_operators_in_a_question_are_only_words(
    knowledge_sources: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
    question: str,
) -> None:
    text = "Darjeeling is a tea from India."
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Leaves", text)
    found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, question)
    assert [passage.quote for passage in found.passages] == [text]


async def test_hostile_text_is_stored_found_and_quoted_as_it_stands(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    text = '$gt: {"a": -1} ".*" <script>alert("x")</script> \x00 \ud800 darjeeling\r\n\r\n-tea "x'
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], '$title "-x"', text
    )
    found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "darjeeling script")
    [passage] = found.passages
    assert source.text is not None
    assert source.text[passage.start_offset : passage.end_offset] == passage.quote
    assert "darjeeling" in passage.quote


async def test_right_to_left_text_keeps_its_offsets(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    text = (
        "مرحبا بكم 🎉 في iPhone متجر.\n\n# الشحن\n\n"
        "يستغرق الشحن إلى دبي ثلاثة أيام. \u202eالسعر\u202c 20 درهما."
    )
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "المتجر", text)
    found = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, "كم يستغرق الشحن إلى دبي؟"
    )
    best = found.passages[0]
    assert best.quote == "يستغرق الشحن إلى دبي ثلاثة أيام."
    assert text[best.start_offset : best.end_offset] == best.quote
    assert best.heading_path == ("الشحن",)


async def test_equal_passages_keep_their_order(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    for _ in range(6):
        await knowledge_sources.add_text(
            tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling is a tea."
        )
    searches = [
        await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "darjeeling")
        for _ in range(3)
    ]
    orders = {tuple(passage.chunk_id for passage in found.passages) for found in searches}
    assert len(orders) == 1
    [order] = orders
    assert list(order) == sorted(order)


async def test_a_heading_leads_to_its_passage(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    text = "# Delivery\n\nIt takes 3 days.\n\n# Warranty\n\nIt takes 2 years.\n"
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Terms", text)
    found = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, "How long is the warranty?"
    )
    assert found.passages[0].heading_path == ("Warranty",)
    assert found.passages[0].quote == "It takes 2 years."
