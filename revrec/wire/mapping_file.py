"""A mapping file: how the columns of somebody else's spreadsheet become events. What it means stands in docs/mapping.md."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from revrec.wire.envelope import ENVELOPES, INTERNAL
from revrec.wire.errors import MappingUnreadable, Problem, nearest
from revrec.wire.explain import path, words
from revrec.wire.facts import DATA, MethodName
from revrec.wire.kinds import ID, URI, Id

RULE = "docs/mapping.md"
ENVELOPE_FIELDS = ("id", "subject", "branch", "actor")
BUNDLE_EVENTS = frozenset({"session.completed", "session.cancelled", "session.no_show"})  # what [sell] finds a bundle for


class Cell(TypedDict):
    """A value from a column: put behind `prefix`, looked up in `map`, made an id with `slug`, or multiplied by `times`."""

    column: str
    prefix: NotRequired[str]
    slug: NotRequired[bool]
    map: NotRequired[dict[str, str]]
    times: NotRequired[Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]]
    times_column: NotRequired[str]


Fields = dict[str, str | Cell]


class Clock(TypedDict):
    """When: one column or several (joined by a blank), their format (strptime) and their time zone."""

    columns: Annotated[list[str], Field(min_length=1, max_length=3)]
    format: str
    zone: NotRequired[str]


class Join(TypedDict):
    """Another CSV, beside the first: the row whose `key` equals our `column`; its columns are called `NAME.column`."""

    file: str
    key: str
    column: str


class Rule(TypedDict):
    """What becomes of rows: the first rule whose `when` fits decides."""

    when: NotRequired[dict[str, str | list[str]]]
    event: NotRequired[str]
    skip: NotRequired[Annotated[str, Field(min_length=1, max_length=100, description="Why; rows are counted by it.")]]
    fields: NotRequired[Fields]
    paid: NotRequired[MethodName]


class Sell(TypedDict):
    """A bundle is sold, and paid, on the day of first need whenever the customer has no unit left or it expired."""

    package: Id
    method: MethodName
    prefix: NotRequired[Id]


class MappingFile(TypedDict):
    """The whole file."""

    name: Annotated[str, Field(pattern=ID, max_length=32)]
    source: NotRequired[Annotated[str, Field(pattern=URI, max_length=255)]]
    delimiter: NotRequired[Literal[",", ";", "\t", "|"]]
    encoding: NotRequired[Literal["utf-8", "windows-1252", "iso-8859-15"]]
    time: Clock
    join: NotRequired[dict[Id, Join]]
    fields: NotRequired[Fields]
    row: Annotated[list[Rule], Field(min_length=1)]
    sell: NotRequired[Sell]


_MODELS: tuple[Any, ...] = (Cell, Clock, Join, Rule, Sell, MappingFile)
for _model in _MODELS:
    _model.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
NESTED = {"time": Clock, "join": Join, "fields": Cell, "row": Rule, "sell": Sell}


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule made ready: the values that `when` asks for, and the cells that make each field of the event."""

    when: tuple[tuple[str, frozenset[str]], ...]
    event: str | None
    skip: str | None
    fields: Mapping[str, str | Cell]
    paid: str | None

    @property
    def draws(self) -> bool:
        """Whether such an event needs a bundle that [sell] may have to sell."""
        return self.event in BUNDLE_EVENTS and not {"bundle", "price"} & self.fields.keys()

    def fits(self, row: Mapping[str, str]) -> bool:
        """Whether a row has the values that `when` asks for."""
        return all(row[column] in values for column, values in self.when)


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """A mapping file, read and checked."""

    name: str
    source: str
    delimiter: str | None
    encoding: str
    time: Clock
    zone: ZoneInfo | None
    joins: Mapping[str, Join]
    rules: tuple[RowRule, ...]
    sell: Sell | None

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is used -> where the mapping says so; joined ones as `NAME.column`."""
        used = dict.fromkeys(self.time["columns"], "[time]")
        used |= {join["column"]: f"[join.{name}]" for name, join in self.joins.items()}
        for number, rule in enumerate(self.rules, 1):
            used |= dict.fromkeys((column for column, _ in rule.when), f"[[row]] {number}, when")
            used |= {column: f"[[row]] {number}, {field}" for field, cell in rule.fields.items() for column in cell_columns(cell)}
        return used


def cell_columns(cell: str | Cell) -> Iterator[str]:
    """The columns that a value is made of."""
    if not isinstance(cell, str):
        yield cell["column"]
        if "times_column" in cell:
            yield cell["times_column"]


def load(path: Path) -> FieldMapping:
    """A mapping file; MappingUnreadable names every mistake."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise MappingUnreadable(path.name, [Problem("file", RULE, str(error.strerror or error))]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingUnreadable(path.name, [Problem("file", "TOML", str(error), "look at that line")]) from None
    return loads(document, path.name)


def loads(document: Mapping[str, Any], name: str) -> FieldMapping:
    """The content of a mapping file; MappingUnreadable names every mistake."""
    try:
        values = TypeAdapter(MappingFile).validate_python(document)
    except ValidationError as error:
        raise MappingUnreadable(name, [_problem(found) for found in error.errors(include_url=False)]) from None
    common = values.get("fields", {})
    rules = tuple(_rule(rule, common, "sell" in values) for rule in values["row"])
    problems = [*_wrong_rules(values, rules), *_wrong_zone(values)]
    if problems:
        raise MappingUnreadable(name, problems)
    zone = values["time"].get("zone")
    return FieldMapping(
        values["name"],
        values.get("source", values["name"]),
        values.get("delimiter"),
        {"utf-8": "utf-8-sig"}.get(values.get("encoding", "utf-8"), values.get("encoding", "utf-8")),
        values["time"],
        ZoneInfo(zone) if zone else None,
        values.get("join", {}),
        rules,
        values.get("sell"),
    )


def _rule(rule: Rule, common: Fields, selling: bool) -> RowRule:
    """The rule with the common fields that its event type has; what the rule says itself wins."""
    event = rule.get("event")
    known = _members(event) if event else set()
    if selling and event in BUNDLE_EVENTS:
        known |= {"customer"}  # who needs the bundle, also where the event does not say it
    own = rule.get("fields", {})
    fields = {field: cell for field, cell in common.items() if field in known} | own
    asked = ((column, [wanted] if isinstance(wanted, str) else wanted) for column, wanted in rule.get("when", {}).items())
    when = tuple((column, frozenset(wanted)) for column, wanted in asked)
    return RowRule(when, event, rule.get("skip"), fields, rule.get("paid"))


def _members(event: str) -> set[str]:
    data = DATA.get(event)
    return {*ENVELOPE_FIELDS, *(data.__annotations__ if data else ())}


def _wrong_rules(values: MappingFile, rules: tuple[RowRule, ...]) -> Iterator[Problem]:
    known = ENVELOPES.keys() - INTERNAL
    for number, (rule, raw) in enumerate(zip(rules, values["row"], strict=True), 1):
        where = f"[[row]] {number}"
        if (rule.event is None) == (rule.skip is None):
            yield Problem(where, RULE, "needs `event` or `skip`, one of them", 'skip = "why"')
        elif rule.event is not None and rule.event not in known:
            yield Problem(f"{where}, event", RULE, f'"{rule.event}" is no type of event', nearest(rule.event, known))
        elif rule.event is not None:
            yield from _wrong_fields(where, rule, raw, selling="sell" in values)


def _wrong_fields(where: str, rule: RowRule, raw: Rule, *, selling: bool) -> Iterator[Problem]:
    event = rule.event or ""
    members = _members(event) | ({"customer"} if selling and rule.draws else set())
    for field in raw.get("fields", {}):
        if field.partition(".")[0] not in members:
            yield Problem(f"{where}, fields.{field}", RULE, f"{event} has no such member", nearest(field, members))
    if "id" not in rule.fields and "session" not in rule.fields:
        yield Problem(f"{where}, fields", RULE, "no `id`", "name the column that tells the rows apart")
    if selling and rule.draws and "customer" not in rule.fields:
        yield Problem(f"{where}, fields", RULE, "no `customer`", "[sell] must know who needs a bundle")
    if rule.paid and not {"price", "session"} <= rule.fields.keys():
        yield Problem(f"{where}, paid", RULE, "only for a one-off visit", "with `session` and `price`")


def _wrong_zone(values: MappingFile) -> Iterator[Problem]:
    zone = values["time"].get("zone")
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        yield Problem("[time], zone", RULE, f'"{zone}" is no time zone', "such as `Europe/Madrid`")


def _problem(found: Any) -> Problem:
    # Branches of a union are part of pydantic's path: leave out what is no key of ours.
    loc = tuple(part for part in found["loc"] if part not in ("[key]", "str", "Cell", "list[str]"))
    if found["type"] == "missing":
        return Problem(path(loc), RULE, "missing", f"{loc[-2] if len(loc) > 1 else 'a mapping'} needs it")
    if found["type"] == "extra_forbidden":
        known = list((MappingFile if len(loc) == 1 else NESTED.get(str(loc[0]), Cell)).__annotations__)
        return Problem(path(loc), RULE, "no such key", nearest(str(loc[-1]), known) or f"known: {', '.join(known)}")
    message, hint = words(found)
    return Problem(path(loc), RULE, message, hint)
