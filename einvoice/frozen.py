"""The frozen content of an invoice: canonical JSON (RFC 8785), so that equal content is equal bytes that can be hashed and kept.

`{"format":"einvoice/1","invoice":{…}}`: members are named as in `einvoice/model.py`; amounts are decimal strings without an
exponent, dates ISO 8601, enums their values. A member that has its default is left out: a member that joins the model with a
default changes no byte of earlier documents, and a default never changes without another format name.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import orjson

from einvoice.errors import EinvoiceError
from einvoice.model import Invoice

FORMAT = "einvoice/1"


class NotFreezable(EinvoiceError):
    """A value that JSON cannot hold: a number that is none, half a character."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the invoice cannot be frozen: {why}. Check it first: `einvoice.check` names what is wrong")


class UnknownFormat(EinvoiceError):
    """Frozen by a release that knows more than this one."""

    def __init__(self, name: object) -> None:
        super().__init__(
            f"frozen as {name!r}, this release reads {FORMAT!r}. Read it with the release that wrote it, or a later one"
        )


class NotThawable(EinvoiceError):
    """Bytes that are no frozen invoice: damaged, or never one."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}. The stored bytes are damaged: restore them from a backup")


def freeze(invoice: Invoice) -> bytes:
    """The invoice as canonical bytes; `thaw` gives back an equal one. Raises `NotFreezable`."""
    try:
        return orjson.dumps({"format": FORMAT, "invoice": _plain(invoice)}, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise NotFreezable(str(error)) from None


def thaw(data: bytes) -> Invoice:
    """The invoice of frozen bytes; raises `UnknownFormat` or `NotThawable`, which names the member."""
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise NotThawable("the invoice", f"no JSON ({error})") from None
    name = told.get("format") if isinstance(told, dict) else None
    if name != FORMAT:
        raise UnknownFormat(name)
    invoice: Invoice = _reader(Invoice)(told.get("invoice"), "invoice")
    return invoice


Writer = Callable[[Any], Any]


def _plain(value: Any) -> Any:
    """The value in the types of JSON."""
    kind: Any = type(value)
    return _writer(kind)(value)


@cache
def _writer(kind: Any) -> Writer:
    """What writes a value of a type of the model; enums are texts."""
    if issubclass(kind, str | bool | types.NoneType):
        return lambda value: value
    if issubclass(kind, Decimal):
        return _digits
    if issubclass(kind, date):
        return date.isoformat
    if issubclass(kind, tuple):
        return lambda value: [_plain(each) for each in value]
    return _object_writer(kind)


def _object_writer(kind: Any) -> Writer:
    """A document has some sixty members, most of them texts or their defaults: those take no call of their own."""
    names = tuple(each.name for each in fields(kind))
    defaults = tuple(each.default for each in fields(kind))
    equal = tuple(default is not MISSING and default is not None for default in defaults)  # those two equal but themselves
    values = attrgetter(*names)

    def write(value: Any) -> dict[str, Any]:
        told = {}
        for name, default, other, each in zip(names, defaults, equal, values(value), strict=True):
            if each is default or (other and _same(each, default)):
                continue
            member: Any = type(each)
            told[name] = each if member is str else _writer(member)(each)
        return told

    return write


def _same(value: Any, default: Any) -> bool:
    """Whether a member may be left out: an amount only if its digits are those of the default."""
    return bool(value == default) and (not isinstance(value, Decimal) or _digits(value) == _digits(default))


def _digits(value: Decimal) -> str:
    if not value.is_finite():
        raise NotFreezable(f"{value} is no amount")
    return f"{value:f}"


Reader = Callable[[Any, str], Any]


class _Member(NamedTuple):
    """How one member is read, and whether it may be absent."""

    read: Reader
    optional: bool


@cache
def _reader(kind: Any) -> Reader:
    """What reads a value of a type of the model."""
    if get_origin(kind) is tuple:
        return _list_reader(_reader(get_args(kind)[0]))
    if get_origin(kind) in {Union, types.UnionType}:
        return _optional_reader(_reader(next(each for each in get_args(kind) if each is not types.NoneType)))
    if is_dataclass(kind):
        return _object_reader(kind)
    return _value_reader(kind)


def _value_reader(kind: Any) -> Reader:
    """The reader of a bool, a text, or what is written as a text."""

    def read(value: Any, where: str) -> Any:
        if kind is bool or not isinstance(value, str):
            if type(value) is kind:
                return value
            raise NotThawable(where, f"{value!r} is no {kind.__name__}")
        try:
            return date.fromisoformat(value) if kind is date else kind(value)
        except (ValueError, ArithmeticError):
            raise NotThawable(where, f"{value!r} is no {kind.__name__}") from None

    return read


def _list_reader(item: Reader) -> Reader:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, list):
            raise NotThawable(where, "is no list")
        return tuple(item(each, f"{where}[{index}]") for index, each in enumerate(value))

    return read


def _optional_reader(some: Reader) -> Reader:
    def read(value: Any, where: str) -> Any:
        return None if value is None else some(value, where)

    return read


def _object_reader(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    members = {each.name: _Member(_reader(hints[each.name]), each.default is not MISSING) for each in fields(kind)}

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise NotThawable(where, "is no object")
        _look_at_names(value, members, where)
        return kind(**{name: members[name].read(told, f"{where}.{name}") for name, told in value.items()})

    return read


def _look_at_names(value: Mapping[str, Any], members: Mapping[str, _Member], where: str) -> None:
    if unknown := value.keys() - members.keys():
        raise NotThawable(where, f"unknown members {', '.join(sorted(unknown))}")
    needed = {name for name, member in members.items() if not member.optional}
    if absent := needed - value.keys():
        raise NotThawable(where, f"lacks {', '.join(sorted(absent))}")
