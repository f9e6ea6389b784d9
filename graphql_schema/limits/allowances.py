"""How large an operation may be.

The numbers are chosen so that the largest document that passes costs the event loop less than a
quarter of a second in all steps together. Real documents of dashboards stay under a third of each.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """Limits of one operation; a value equal to its limit passes.

    Attributes:
        characters: Length of the document.
        tokens: Lexical tokens of the document, comments not counted.
        nesting: Brackets of any kind inside each other, what the parser descends into.
        depth: Fields inside each other; `__schema` and `__type` do not count.
        introspection_depth: Fields inside each other from `__schema` or `__type` on. The
            introspection query that tools send is 15 deep.
        aliases: Fields under another name, each use of a fragment counted.
        directives: Directives, each use of a fragment counted.
        fields: Fields, each use of a fragment counted.
        rows: Objects that the operation may ask for: page sizes multiply.
    """

    characters: int = 15_000
    tokens: int = 1_000
    nesting: int = 40
    depth: int = 10
    introspection_depth: int = 20
    aliases: int = 15
    directives: int = 20
    fields: int = 500
    rows: int = 20_000


PEOPLE = Allowance()
"""For signed-in users and servers. Nobody gets more, so this is what protects the process."""

VISITORS = Allowance(
    characters=8_000, tokens=500, depth=8, aliases=10, directives=10, fields=200, rows=5_000
)
"""For visitors and for callers without a token: twice what the largest document of a widget needs.

`nesting` is that of people, since it is checked before anybody looks who asks.
"""
