"""One event of outside -> a validated, normalised event and its fact (events.md 3): strict, and fast.

The fast way is one parse (orjson), one check (pydantic-core) and one canonical dump; words are looked for only
when something is wrong.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple, NoReturn, NotRequired

import orjson
from pydantic import ConfigDict, Field, ValidationError
from pydantic_core import SchemaValidator
from typing_extensions import TypedDict

from revrec.core.events import TYPES, Event
from revrec.wire.build import BUILDERS, quick
from revrec.wire.context import Context
from revrec.wire.errors import Problem, Unreadable, nearest
from revrec.wire.explain import explain
from revrec.wire.facts import DATA
from revrec.wire.files import MAX_BYTES, size_problem
from revrec.wire.kinds import EVENT_ID, URI, Id, Instant, OneLine, Plain, compiled, shown
from revrec.wire.rules import normalise, plan
from revrec.wire.stored import split

RULE = "events.md 3"
INTERNAL = frozenset({"calendar.advanced"})  # made by revrec, refused from outside


class Parsed(NamedTuple):
    """An event that keeps the contract.

    `canonical` is the RFC 8785 JSON of the whole normalised event; `public` is what may be stored in the clear and
    `private` what must be sealed (None: nothing, then `canonical` is the JSON of `public`). `time` is when it
    happened, with the offset that was given.
    """

    event: Event
    public: dict[str, Any]
    private: dict[str, Any] | None
    canonical: bytes
    time: datetime


def _envelope(kind: str) -> type:
    members = {
        "specversion": Literal["1.0"],
        "id": Annotated[str, Field(pattern=EVENT_ID, max_length=255, description="With `source` the idempotency key.")],
        "source": Annotated[str, Field(pattern=URI, max_length=255, description="Who says so: a URI reference.")],
        "type": Literal[kind],
        "time": Annotated[Instant, Field(description="When it happened, with offset.")],
        "subject": NotRequired[OneLine],
        "taxpayer": NotRequired[Plain],
        "branch": NotRequired[Id],
        "actor": NotRequired[Annotated[Plain, Field(description="Who did it.")]],
        "datacontenttype": NotRequired[Literal["application/json"]],
        "data": DATA[kind],
    }
    envelope = TypedDict(f"{DATA[kind].__name__}Event", members)  # type: ignore[misc]
    envelope.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[attr-defined]
    return envelope


ENVELOPES: dict[str, type] = {kind: _envelope(kind) for kind in TYPES}
EVENT = quick(Event)
NEVER = datetime.max.replace(tzinfo=UTC)
_VALIDATORS: dict[str, SchemaValidator] = {}


def _validator(kind: str) -> SchemaValidator:
    """The compiled check of a type, made when its first event comes."""
    found = _VALIDATORS.get(kind)
    return _VALIDATORS.setdefault(kind, compiled(ENVELOPES[kind])) if found is None else found


def parse(line: bytes | dict[str, Any], context: Context, *, internal: bool = False) -> Parsed:
    """One JSON line, or the object that a CSV row makes; raises Unreadable with every problem found.

    `internal` lets the events through that revrec makes itself (`calendar.advanced`).
    """
    raw = line if isinstance(line, dict) else _read(line)
    kind = raw.get("type")
    if type(kind) is not str or kind not in BUILDERS or (kind in INTERNAL and not internal):
        _refuse_type(raw)
    try:
        event = _validator(kind).validate_python(raw)
    except ValidationError as error:
        raise Unreadable(explain(error, kind), event_id(raw)) from None
    if type(line) is bytes and (line.count(b'"') != orjson.dumps(raw).count(b'"') or b"\\" in line):
        _refuse_duplicates(line, raw)
    return _finish(event, kind, context)


def _finish(event: dict[str, Any], kind: str, context: Context) -> Parsed:
    """A checked event -> normalised, dated, split into what stands in the clear and what is sealed."""
    data = event["data"]
    todo = plan(kind, tuple(data))
    problems = normalise(todo, data, context) if todo.work else []
    text = event["time"] = event["time"].upper()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        problems.append(Problem("time", RULE, f'"{text}" is not in the calendar', "look at day and month"))
        instant = NEVER
    if event.setdefault("taxpayer", context.taxpayer) != context.taxpayer:
        what = f'"{event["taxpayer"]}" is another taxpayer: these are the books of {context.taxpayer}'
        problems.append(Problem("taxpayer", RULE, what, "record it in that taxpayer's workspace"))
    if problems:
        raise Unreadable(problems, event["id"])
    event.pop("datacontenttype", None)
    canonical = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    public, private = split(event, kind) if todo.sealed or "subject" in event else (event, None)
    day = context.days[data["effective_date"]] if "effective_date" in data else context.local_date(text, instant)
    return Parsed(fact(event, kind, day, context), public, private, canonical, instant)


def fact(event: dict[str, Any], kind: str, day: Any, context: Context) -> Event:
    """The core's event of a normalised one."""
    data = event["data"]
    metadata = data.get("metadata")
    if "currency" in data:
        context = context.abroad(data["currency"], data["rate"])
    return EVENT(
        event["id"],
        event["source"],
        kind,
        day,
        BUILDERS[kind](data, context),
        event.get("branch"),
        event.get("actor"),
        tuple(sorted(metadata.items())) if metadata else (),
        "correction" in data,
    )


def event_id(raw: Any) -> str | None:
    """The id of an event that may be anything, for messages."""
    found = raw.get("id") if isinstance(raw, dict) else None
    return found[:255] if isinstance(found, str) else None


def _read(line: bytes) -> dict[str, Any]:
    """The JSON object of a line."""
    if len(line) > MAX_BYTES:
        raise Unreadable((size_problem(),))
    try:
        raw = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Unreadable((_broken(line, error),)) from None
    if not isinstance(raw, dict):
        raise Unreadable((Problem("event", RULE, f"{shown(raw)} is not an event", "an event is a JSON object: {…}"),))
    return raw


def _broken(line: bytes, error: orjson.JSONDecodeError) -> Problem:
    try:
        line.decode()
    except UnicodeDecodeError as wrong:
        what = f"byte {line[wrong.start]:#04x} at position {wrong.start + 1} is not UTF-8"
        return Problem("line", RULE, what, "save the file as UTF-8")
    return Problem("line", RULE, f"not JSON at column {error.colno}: {error.msg}", "one JSON object a line; no NaN, no comments")


def _refuse_type(raw: dict[str, Any]) -> NoReturn:
    kind = raw.get("type")
    if type(kind) is not str:
        what = "missing" if kind is None else f"{shown(kind)} is not a type"
        problem = Problem("type", RULE, what, "such as `session.completed`")
    elif kind in INTERNAL:
        problem = Problem("type", RULE, f"{kind} is made by revrec and refused from outside", "use the command `advance`")
    else:
        hint = nearest(kind, BUILDERS.keys() - INTERNAL)
        problem = Problem("type", "events.md 4", f"{shown(kind)} is no type of event", hint or "events.md 4 lists them")
    raise Unreadable((problem,), event_id(raw))


def _refuse_duplicates(line: bytes, raw: dict[str, Any]) -> None:
    """Refuse an object that names a member twice; only lines that look so come here."""
    found: list[str] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in members:
            if name in made:
                found.append(name)
            made[name] = value
        return made

    json.loads(line, object_pairs_hook=pairs)
    if found:
        problems = [Problem(name, RULE, "stands twice in one object", "keep one") for name in found]
        raise Unreadable(problems, event_id(raw))
