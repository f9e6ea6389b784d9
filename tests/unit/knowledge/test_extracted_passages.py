"""What was read out of a page is cut with its anchors and pages, and stays cut the same way."""

from services.knowledge.chunking import MOST_CHARACTERS, Passage, extracted_passages
from services.knowledge.extraction.building import TextUnderConstruction
from services.knowledge.extraction.extracted import ExtractedText

PARAGRAPH = "Paragraph {} tells of tea number {} in two sentences. It is about {} letters long."


def extracted(built: TextUnderConstruction) -> ExtractedText:
    return ExtractedText(
        title=None,
        text=built.text,
        headings=tuple(built.headings),
        page_starts=tuple(built.page_starts),
    )


def texts(whole: ExtractedText, cut: list[Passage]) -> list[str]:
    return [whole.text[one.start : one.end] for one in cut]


def numbered(count: int) -> list[str]:
    return [PARAGRAPH.format(number, number * 7919, number * 104729) for number in range(count)]


def test_a_passage_has_the_anchor_of_the_nearest_heading_that_has_one() -> None:
    built = TextUnderConstruction()
    built.add("Before all headings.")
    built.add_heading(1, "Guide", "guide")
    built.add("Under the guide.")
    built.add_heading(2, "No anchor here")
    built.add("Under none of its own.")
    built.add_heading(2, "Costs", "costs")
    built.add("Five euros.")
    whole = extracted(built)
    cut = extracted_passages(whole, "en")
    assert [(one.heading_path, one.anchor) for one in cut] == [
        ((), None),
        (("Guide",), "guide"),
        (("Guide", "No anchor here"), "guide"),
        (("Guide", "Costs"), "costs"),
    ]
    assert texts(whole, cut) == [
        "Before all headings.", "Under the guide.", "Under none of its own.", "Five euros.",
    ]  # fmt: skip


def test_lines_that_look_like_markdown_are_no_headings() -> None:
    built = TextUnderConstruction()
    built.add("# a comment in a program\nrun it")
    assert [one.heading_path for one in extracted_passages(extracted(built))] == [()]


def test_passages_end_with_their_page() -> None:
    built = TextUnderConstruction()
    built.add_page(1, ["The first page."])
    built.add_page(2, [])
    built.add_page(3, ["The third page.", "Goes on."])
    whole = extracted(built)
    cut = extracted_passages(whole)
    assert [one.page for one in cut] == [1, 3]
    assert texts(whole, cut) == ["The first page.", "The third page.\n\nGoes on."]


def test_a_section_over_three_pages_names_each() -> None:
    built = TextUnderConstruction()
    built.add_page(1, ["Preface."])
    built.add_heading(1, "Chapter")
    for page in (2, 3):
        built.add_page(page, [f"On page {page}."])
    cut = extracted_passages(extracted(built))
    assert [(one.heading_path, one.page) for one in cut] == [
        ((), 1), (("Chapter",), 2), (("Chapter",), 3),
    ]  # fmt: skip


def test_a_paragraph_put_in_front_changes_few_passages() -> None:
    before, after = TextUnderConstruction(), TextUnderConstruction()
    after.add("Something new stands at the very beginning. " * 12)
    for paragraph in numbered(200):
        before.add(paragraph)
        after.add(paragraph)
    old = texts(extracted(before), extracted_passages(extracted(before), "en"))
    new = texts(extracted(after), extracted_passages(extracted(after), "en"))
    assert len(old) > 15
    assert len(set(old) - set(new)) <= 4
    assert max(map(len, new)) <= MOST_CHARACTERS


def test_a_change_in_one_section_leaves_the_others_alone() -> None:
    def page(costs: str) -> ExtractedText:
        built = TextUnderConstruction()
        for heading, text in (("Start", "Welcome."), ("Costs", costs), ("End", "Goodbye.")):
            built.add_heading(2, heading, heading.lower())
            built.add(text)
        return extracted(built)

    old, new = page("Five euros."), page("Six euros. " * 300)
    unchanged = set(texts(old, extracted_passages(old))) & set(texts(new, extracted_passages(new)))
    assert unchanged == {"Welcome.", "Goodbye."}
