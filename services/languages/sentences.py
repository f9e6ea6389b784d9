"""Where sentences begin and end, for answers that stream by sentence and quotes that stay whole.

A rule per script, no model: western full stops need a look at what follows (an abbreviation, an
initial or a decimal is no end), Chinese, Japanese and Hindi stops end a sentence by themselves,
and Thai, which writes no stop at all, is cut at the spaces its writers put between clauses.
Offsets count code points, as citations do.
"""

# ruff: noqa: RUF001 -- the look-alike characters are the marks of other scripts
from collections.abc import Iterator
from typing import NamedTuple

import regex  # type: ignore[import-untyped]

THAI_CLAUSE_CODE_POINTS = 40
"""A Thai space ends a sentence from this length on; before, it only separates phrases."""

_CLOSERS = r"""["'”’»›）)\]】」』〉》＂*_`]*+"""
# Every repetition is possessive or starts at one place only: hostile text costs linear time.
_STOP = regex.compile(
    rf"""
    (?P<full>[。！？｡]++{_CLOSERS})
    | (?P<danda>[।॥۔]++{_CLOSERS})
    | (?P<mark>[!?؟…‼⁇⁈⁉]++[.!?؟…]*+{_CLOSERS}[\p{{M}}\u200d]*+)
    | (?P<dot>\.++{_CLOSERS})
    | (?P<line>\n(?:[^\S\n]*+\n)++)
    | (?P<item>\n(?=[^\S\n]*+(?:[-*+•·–—|>]|\#{{1,6}}|\d{{1,3}}[.)])[^\S\n]))
    | (?P<thai>(?<=[\u0e00-\u0e7f])[^\S\n]++(?=[\u0e00-\u0e7f]))
    | (?P<unspaced_line>(?<=[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}\u0e00-\u0e7f])\n)
    """,
    regex.VERBOSE,
)
_ALWAYS_ENDS = frozenset(("danda", "line", "item", "unspaced_line"))
_SPACE_OR_END = regex.compile(r"\s|\Z")
_ONLY_SPACE_LEFT = regex.compile(r"\s*+\Z")
_NEXT_VISIBLE = regex.compile(r"\s*+[\p{Ps}\p{Pi}\"'*_`¿¡]*+(?P<letter>.)", regex.DOTALL)
_WORD_BEFORE = regex.compile(r"(?P<word>[\p{L}\p{M}\p{N}.]++)\Z")
_QUOTE_GOES_ON = regex.compile(r"[\p{Hiragana}、，,]")
_THAI_ENDING = regex.compile(r"(?:ครับ|ค่ะ|คะ|ๆ)\Z")
_EDGES = regex.compile(r"\S(?:.*\S)?", regex.DOTALL)

_ABBREVIATIONS: dict[str, str] = {
    "en": "mr mrs ms dr prof st jr sr vs etc e.g i.e approx no vol fig inc ltd co corp dept est"
    " p pp al ca cf jan feb mar apr jun jul aug sep sept oct nov dec",
    "fr": "m mm mme mlle dr pr etc p.ex ex env art av bd n no p pp vol st ste cf tél chap éd",
    "es": "sr sra srta dr dra ud uds etc p.ej ej núm pág págs av avda art cf tel vol aprox",
    "de": "hr fr dr prof dipl ing z.b d.h u.a bzw usw etc ca ggf inkl exkl evtl vgl nr str tel"
    " abs art bspw sog u.u z.t o.ä max min mio mrd st jan feb aug sept okt nov dez",
    "it": "sig sigg dott prof ing avv ecc es p.es art pag pagg n tel ca cfr vol s.p.a s.r.l",
    "pt": "sr sra srs dr dra prof etc p.ex ex art pág págs n nº tel av vol aprox ltda cia",
    "nl": "dhr mevr mw dr prof ir ing enz bijv bv d.w.z o.a m.b.t i.p.v a.u.b nr blz tel ca art"
    " evt incl excl max min jl",
    "pl": "p dr prof mgr inż np itd itp tzn tj m.in ul al nr tel str ok godz min r w art ust pkt"
    " zł gr św ww wg św. tys mln mld",
    "id": "dr drs ir prof jl no tel dll dsb dst dkk a.n u.p s.d hlm rp ttd",
    "tr": "dr prof doç av sn vb vs bkz örn no tel cad sok mah apt yy alb st şti ltd",
    "vi": "tp ts ths pgs gs bs ks tr v.v vd đc sđt",
    "ar": "د أ م ص ت ق.م",
    "hi": "डॉ श्री प्रो रु कि.मी",
}
_ANY_ABBREVIATION = frozenset(("mr", "mrs", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "tel"))
_KNOWN = {code: _ANY_ABBREVIATION | set(words.split()) for code, words in _ABBREVIATIONS.items()}
_ORDINALS_TAKE_A_STOP = frozenset(("de", "pl", "tr"))
_LONGEST_ORDINAL = 2
_LONGEST_LOOK_BACK = 24


class Span(NamedTuple):
    """A half-open range of code points: `text[start:end]`."""

    start: int
    end: int


def sentences(text: str, language: str | None = None) -> list[Span]:
    """Split a text into sentences, leaving out the white space between them.

    Args:
        text: Any text, Markdown included; list items and headings stand by themselves.
        language: One of the sixteen codes; without it only international rules apply.

    Returns:
        Spans in order, not overlapping, none empty; together they hold every visible character.
    """
    spans = []
    start = 0
    for end in _ends(text, language):
        if visible := _EDGES.search(text, start, end):
            spans.append(Span(*visible.span()))
        start = end
    return spans


def _ends(text: str, language: str | None) -> Iterator[int]:
    start = 0
    for match in _STOP.finditer(text):
        if _is_end(text, match, start, language):
            start = match.end()
            yield start
    yield len(text)


def _is_end(text: str, match: regex.Match[str], start: int, language: str | None) -> bool:
    kind = match.lastgroup
    if kind in _ALWAYS_ENDS:
        return True
    if kind == "full":
        return not _quote_goes_on(text, match)
    if kind == "thai":
        return _thai_space_ends(text, match.start(), start)
    if not _SPACE_OR_END.match(text, match.end()) or _next_is_lowercase(text, match.end()):
        return False
    return kind == "mark" or not _dot_is_inside(text, match, start, language)


def _quote_goes_on(text: str, match: regex.Match[str]) -> bool:
    closed = match.group()[-1] in "」』）)】”"
    return closed and _QUOTE_GOES_ON.match(text, match.end()) is not None


def _thai_space_ends(text: str, at: int, start: int) -> bool:
    if at - start >= THAI_CLAUSE_CODE_POINTS:
        return True
    return _THAI_ENDING.search(text[max(start, at - 4) : at]) is not None


def _next_is_lowercase(text: str, at: int) -> bool:
    following = _NEXT_VISIBLE.match(text, at)
    return following is not None and following.group("letter").islower()


def _dot_is_inside(text: str, match: regex.Match[str], start: int, language: str | None) -> bool:
    if len(match.group()) > 1 or _ONLY_SPACE_LEFT.match(text, match.end()):
        return False
    stop = match.start()
    before = _WORD_BEFORE.search(text[max(start, stop - _LONGEST_LOOK_BACK) : stop])
    if before is None:
        return False
    word = before.group("word")
    if word.isdecimal():
        opens_an_item = _ONLY_SPACE_LEFT.match(text, start, stop - len(word)) is not None
        is_ordinal = language in _ORDINALS_TAKE_A_STOP and len(word) <= _LONGEST_ORDINAL
        return opens_an_item or is_ordinal
    is_initial = len(word) == 1 and (word.isupper() or word.islower())
    return is_initial or word.casefold() in _KNOWN.get(language or "", _ANY_ABBREVIATION)
