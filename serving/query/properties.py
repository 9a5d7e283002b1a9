"""Properties of events: what stands under a name in the JSON object that is `properties`.

A text is itself; a number is written plainly, 10 for 10, 10.0 and 1e1; true and false are words.
Null, lists and objects are no value, nor is what stands in something that is no JSON object.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from schemas.goals import Property
from serving.query.files import compose
from serving.query.sql import Sql, bracketed, joined, sql

_VALUE: Final = "element_at(try(CAST(json_parse(properties) AS map(varchar, json))), ?)"
_IS_NUMBER: Final = "(strpos('-0123456789', substr(json_format({value}), 1, 1)) > 0)"


def text_of(name: str) -> Sql:
    """Return the text of a property, null where an event has none; the name is a parameter."""
    is_number = sql(_IS_NUMBER.format(value="value"))
    return compose("property", {"value": sql(_VALUE, name), "is_number": is_number})


def is_one_of(name: str, texts: Sequence[str]) -> Sql:
    """Return whether a property is one of these texts, never null.

    A text that reads as a number is met by that number however it was written: "10.0" by 10.
    """
    test = _is_in(name, texts)
    numbers = sorted({number for text in texts if (number := _plain(text)) and number != text})
    if not numbers:
        return test
    is_number = sql(f"coalesce({_IS_NUMBER.format(value=_VALUE)}, false) AND", name)
    return bracketed(test + sql("OR") + bracketed(is_number + _is_in(name, numbers)))


def _plain(text: str) -> str | None:
    """Return a number as property.sql writes it, None for what does not read as one."""
    if Property("", text).number is None:
        return None
    return format((Decimal(text) + 0).normalize(), "f")  # no -0, and no zeros at the end


def _is_in(name: str, texts: Sequence[str]) -> Sql:
    if not texts:
        return sql("false")
    marks = bracketed(joined((sql("?", text) for text in texts), ", "))
    return bracketed(text_of(name) + sql("IN") + marks + sql(", false"), before="coalesce")
