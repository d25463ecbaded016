"""pydantic's errors in words that name field, rule and remedy."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from revrec.wire import facts
from revrec.wire.errors import Problem, nearest
from revrec.wire.facts import DATA
from revrec.wire.kinds import WORDS, shown

ENVELOPE = ("specversion", "id", "source", "type", "time", "subject", "taxpayer", "branch", "actor", "datacontenttype", "data")
NESTED: dict[str, type] = {
    "discount": facts.Discount,
    "dir3": facts.Dir3,
    "accepted": facts.Accepted,
    "exception": facts.Exceptional,
    "original_invoice": facts.OriginalInvoice,
    "postings": facts.Adjustment,
    "instalments": facts.Instalment,
    "payers": facts.Payer,
    "surcharge": facts.Surcharge,
}


def explain(error: ValidationError, kind: str) -> list[Problem]:
    """Every mistake of an event of a known type."""
    return [_problem(found, kind) for found in error.errors(include_url=False)]


def _problem(found: Any, kind: str) -> Problem:
    loc = tuple(part for part in found["loc"] if part != "[key]")
    field, rule = path(loc), "events.md 4" if loc[:1] == ("data",) else "events.md 3"
    if found["type"] == "extra_forbidden":
        return _unknown(loc, kind)
    if found["type"] == "missing":
        return Problem(field, rule, "missing", _needed(loc, kind))
    message, hint = words(found)
    return Problem(field, rule, message, hint)


def words(found: Any) -> tuple[str, str]:
    """What is wrong with a value, and what to write."""
    context, value = found.get("ctx", {}), found["input"]
    if "message" in context:
        return context["message"], context["hint"]
    if "pattern" in context:
        what, hint = WORDS.get(context["pattern"], ("is not well formed", context["pattern"]))
        return f"{shown(value)} {what}", hint
    if found["type"] == "literal_error":
        return f"{shown(value)} is not one of the choices", f"one of {context['expected']}"
    if found["type"] in _LIMITS:
        what, limit, hint = _LIMITS[found["type"]]
        return what if isinstance(value, list) else f"{shown(value)} {what}", hint.format(context[limit])
    expected = _TYPES.get(found["type"])
    if expected:
        return f"{shown(value)} is not {expected}", f"write {expected}"
    return found["msg"], ""


_LIMITS = {  # type -> what is wrong, the name of the limit, what to write
    "too_short": ("the list is too short", "min_length", "at least {}"),
    "too_long": ("the list is too long", "max_length", "at most {}"),
    "string_too_long": ("is too long", "max_length", "at most {} characters"),
    "string_too_short": ("is too short", "min_length", "at least {} characters"),
    "greater_than_equal": ("is too small", "ge", "at least {}"),
    "less_than_equal": ("is too large", "le", "at most {}"),
}
_TYPES = {
    "string_type": 'a text ("…")',
    "bool_type": "true or false",
    "dict_type": "an object {…}",
    "list_type": "a list […]",
    "int_type": "a whole number",
    "date_type": "a date without quotation marks",
}


def path(loc: tuple[Any, ...]) -> str:
    """`data.postings[0].amount`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def members(loc: tuple[Any, ...], kind: str) -> list[str]:
    """The names that may stand where `loc` stands."""
    if len(loc) == 1:
        return list(ENVELOPE)
    owner = DATA[kind] if len(loc) == 2 else NESTED.get(str(loc[1]), DATA[kind])  # data.NAME
    return list(owner.__annotations__)


def _needed(loc: tuple[Any, ...], kind: str) -> str:
    if len(loc) == 1:
        return f"an event needs {loc[-1]}"
    return f"{kind if len(loc) == 2 else f'each of {loc[1]}' if len(loc) > 3 else loc[1]} needs {loc[-1]}"


def _unknown(loc: tuple[Any, ...], kind: str) -> Problem:
    name = str(loc[-1])
    known = members(loc, kind)
    where = kind if loc[:1] == ("data",) else "an event"
    hint = nearest(name, known) or f"known: {', '.join(known)}"
    return Problem(path(loc), "events.md 4" if loc[:1] == ("data",) else "events.md 3", f"{where} has no such member", hint)
