"""`str.format` without its walk through attributes: "{0.__class__}" is the oldest escape of all."""

import string
from collections.abc import Mapping, Sequence
from typing import Any


class PlainFormatter(string.Formatter):
    """Fills in `{}`, `{0}` and `{name}`, and nothing that reaches into a value."""

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, int | str]:
        """The value of a field.

        Raises:
            ValueError: the field asks for an attribute or an item.
        """
        if "." in field_name or "[" in field_name:
            raise ValueError(
                f"the field {{{field_name}}} reaches into a value; take it out before, such as"
                ' "{name}".format(name=order["name"])'
            )
        key: int | str = int(field_name) if field_name.isdecimal() else field_name
        return self.get_value(key, args, kwargs), key


_FORMATTER = PlainFormatter()


def format_of(template: str) -> Any:
    """What `template.format` is in a hook."""

    def filled(*values: Any, **named: Any) -> str:
        return _FORMATTER.vformat(template, values, named)

    return filled


def format_map_of(template: str) -> Any:
    """What `template.format_map` is in a hook."""

    def filled(named: dict[str, Any]) -> str:
        if type(named) is not dict:
            raise TypeError("format_map takes a dict")
        return _FORMATTER.vformat(template, (), named)

    return filled
