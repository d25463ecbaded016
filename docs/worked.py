"""Worked examples: small stories told to the real engine, and the entries that it makes of them."""  # noqa: INP001  docs is no package

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from revrec.core import money
from revrec.core.book import Book, Changes
from revrec.core.journal import JournalEntry, Posting
from revrec.core.post import record
from revrec.wire.context import Context
from revrec.wire.envelope import parse
from revrec.wire.policies import PolicyFile, loads

CURRENCY = "EUR"
POLICY = {
    "recognition": "per_session",
    "breakage": "at_expiry",
    "obligation": "cancellable",
    "invoicing": "at_purchase",
    "refund": "pro_rata",
    "refund_basis": "contract",
    "refund_expected": "0.00",
    "refund_fee": "0.00",
    "expiry_months": 6,
    "expiry_from": "sale",
    "expiry_kind": "hard",
    "late_cancellation_hours": 24,
    "late_cancellation": "deduct",
    "late_cancellation_fee": "0.00",
    "no_show": "deduct",
    "transfer": "any",
    "sharing": "none",
    "owner": "centre",
    "principal": True,
    "modalities": ["in_person"],
    "modification": "auto",
    "bonus": "equal",
    "overage": "charge",
    "unpaid_use": "allow",
    "rounding_minutes": 1,
    "fee_tax": "es-21",
}
PACKAGE = {"units": 10, "bonus_units": 0, "unit": "session", "price": "500.00", "list_price": "60.00", "service": "care"}
TAXES = {
    "es-health": {"category": "E", "rate": "0", "exemption": "VATEX-EU-132-1C"},
    "es-21": {"category": "S", "rate": "21"},
    "es-21-multi": {"category": "S", "rate": "21", "voucher": "multi"},
}
BRANCH = "in"  # stands in the data of a fact of another branch; it is a member of the envelope
Fact = tuple[str, str, dict[str, Any]]  # (day of 2026 as month-day, type, data)


@dataclass(frozen=True, slots=True)
class Example:
    """One story: `policy` and `package` say what differs from the standard ones, `tax` is the package's."""

    kind: str
    title: str
    facts: tuple[Fact, ...]
    policy: Mapping[str, Any] = field(default_factory=dict)
    package: Mapping[str, Any] = field(default_factory=dict)
    tax: str = "es-health"


@dataclass(frozen=True, slots=True)
class Told:
    """An example with what the engine made of each fact."""

    example: Example
    steps: tuple[tuple[Fact, tuple[JournalEntry, ...]], ...]

    @property
    def rules(self) -> set[str]:
        """The rules that made its entries."""
        return {entry.rule for _, entries in self.steps for entry in entries}


def tell(example: Example) -> Told:
    """Tell a story to the engine."""
    catalogue, context = _catalogue(example), Context("ES-B64717838", CURRENCY, "Europe/Madrid")
    book = Book(catalogue, CURRENCY)
    steps = []
    for number, fact in enumerate(example.facts, 1):
        parsed = parse(_event(number, *fact), context, internal=True)
        steps.append((fact, tuple(_entries(record(book, parsed.event)))))
    return Told(example, tuple(steps))


def _entries(done: list[Changes]) -> Iterator[JournalEntry]:
    return (entry for changes in done for entry in changes.entries)


def _event(number: int, day: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    envelope = {"specversion": "1.0", "id": f"ev-{number}", "source": "desk", "type": kind, "branch": data.get(BRANCH, "bcn")}
    told = {name: value for name, value in data.items() if name != BRANCH}
    return envelope | {"time": f"{_date(day)}T12:00:00+01:00", "data": told}


def _date(day: str) -> date:
    return date.fromisoformat(day if len(day) == len("2026-01-05") else f"2026-{day}")


def _catalogue(example: Example) -> PolicyFile:
    """The standard policy and package with what the example changes; PSY-20 is twice the package."""
    package = {**PACKAGE, **example.package}
    twice = {**package, "units": 20, "price": "900.00"}
    tables = [
        _table("policy", "standard", why="Worked example", **{**POLICY, **example.policy}),
        *(_table("tax", name, **values) for name, values in TAXES.items()),
        *(
            _table("package", name, policy="standard", tax=example.tax, **it)
            for name, it in (("PSY-10", package), ("PSY-20", twice))
        ),
    ]
    return loads("\n".join(tables), CURRENCY)


def _table(kind: str, name: str, **values: Any) -> str:
    lines = [f"[[{kind}]]", f'id = "{name}"', "since = 2025-01-01"]
    if kind == "package":
        lines.append(f'name = {{ en = "{name}" }}')
    return "\n".join([*lines, *(f"{key} = {_toml(value)}" for key, value in values.items())])


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case int():
            return str(value)
        case _:
            return f'"{value}"'


# on the page


def page_part(told: Told) -> Iterator[str]:
    """The Markdown of an example: its rules in words, its facts and their entries."""
    example = told.example
    differs = {**example.policy, **example.package}
    clauses = [f"`{key} = {_toml(value)}`" for key, value in differs.items()]
    if example.tax != "es-health":
        clauses.append(f"`tax = {_toml(example.tax)}`")
    yield ""
    yield f"**{example.title}**" + (f" ({', '.join(clauses)})" if clauses else "")
    yield ""
    yield "```text"
    for fact, entries in told.steps:
        yield _fact_line(*fact)
        yield from (_entry_line(entry, _date(fact[0])) for entry in entries)
    yield "```"


def _fact_line(day: str, kind: str, data: dict[str, Any]) -> str:
    words = ", ".join(f"{name} {_word(value)}" for name, value in data.items() if name not in _PLAIN)
    return f"{_date(day)}  {kind}  {words}".rstrip()


_PLAIN = ("reason", "approver", "evidence", "proof", "claim_proof")  # they decide nothing


def _word(value: Any) -> str:
    match value:
        case list():
            return f"[{'; '.join(map(_word, value))}]"
        case dict():
            return " ".join(_word(each) for each in value.values())
        case _:
            return str(value)


def _entry_line(entry: JournalEntry, told_on: date) -> str:
    dated = f"{entry.date}: " if entry.date != told_on else ""
    debits, credits_ = (", ".join(_leg(leg) for leg in entry.postings if sign * leg.amount > 0) for sign in (1, -1))
    return f"    {dated}{entry.rule}: Dr {debits}; Cr {credits_}"


def _leg(leg: Posting) -> str:
    extra = "".join(f" {value}" for value in (leg.bundle, leg.branch, leg.customer) if value)
    return f"{leg.role}{f' ({extra.strip()})' if extra else ''} {money.text(abs(leg.amount), CURRENCY)}"
