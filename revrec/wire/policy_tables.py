"""The three tables of `policy.toml`, key by key, and the check of one entry (events.md 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, ValidationError
from pydantic_core import SchemaValidator
from typing_extensions import TypedDict

from revrec.wire.context import Amounts, Quantities
from revrec.wire.errors import Problem, nearest
from revrec.wire.explain import path, words
from revrec.wire.kinds import Amount, Checked, Code, Id, OneLine, Quantity, Share, compiled, quantity, refuse

RULE = "events.md 2"


def percentage(value: Any) -> str:
    """A tax rate in per cent."""
    text = quantity(value)
    if float(text) > 100:  # per cent
        raise refuse("rate", f"{text} is above 100", 'a rate in per cent is written "21"')
    return text


_RATE = {"anyOf": [{"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})?$"}, {"type": "integer", "minimum": 0}]}
Rate = Annotated[str, Checked(percentage, _RATE)]
Months = Annotated[int, Field(ge=0, le=1200)]
NumberOfDays = Annotated[int, Field(ge=0, le=36_500)]
Texts = Annotated[dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], OneLine], Field(min_length=1)]
Names = Annotated[list[Id], Field(min_length=1, max_length=100)]


class PolicyTable(TypedDict):
    """`[[policy]]`: a dated choice among named methods. A key that is missing is asked for by the first sale."""

    id: Id
    since: Annotated[date, Field(description="First day; found by the newest not after the day of sale.")]
    why: NotRequired[Annotated[OneLine, Field(description="Who decided and when.")]]
    recognition: NotRequired[Literal["per_session", "at_purchase", "straight_line"]]
    breakage: NotRequired[Literal["at_expiry", "proportional", "remote"]]
    expected_used: NotRequired[Annotated[Share, Field(description="Proportional breakage only.")]]
    obligation: NotRequired[Literal["cancellable", "noncancellable"]]
    invoicing: NotRequired[Literal["at_purchase", "per_payment", "per_session", "none"]]
    refund: NotRequired[Literal["pro_rata", "window", "none"]]
    refund_basis: NotRequired[Literal["contract", "list"]]
    refund_window_days: NotRequired[Annotated[NumberOfDays, Field(description="Refund `window` only.")]]
    refund_expected: NotRequired[Annotated[Share, Field(description="Share of sales expected to be refunded in the window.")]]
    refund_fee: NotRequired[Amount]
    expiry_months: NotRequired[Annotated[Months, Field(description="0: never.")]]
    expiry_from: NotRequired[Literal["sale", "first_use", "payment"]]
    latest_start_months: NotRequired[Annotated[Months, Field(description="Expiry from `first_use` only; 0: never.")]]
    expiry_kind: NotRequired[Literal["hard", "soft"]]
    grace_days: NotRequired[Annotated[NumberOfDays, Field(description="Expiry `soft` only.")]]
    late_cancellation_hours: NotRequired[Quantity]
    late_cancellation: NotRequired[Literal["deduct", "waive", "fee"]]
    late_cancellation_fee: NotRequired[Amount]
    no_show: NotRequired[Literal["deduct", "waive", "fee"]]
    no_show_fee: NotRequired[Annotated[Amount, Field(description="Optional: without it late_cancellation_fee serves.")]]
    fee_tax: NotRequired[Annotated[Id, Field(description="Needed when a fee is above 0: a tax id, or `outside`.")]]
    fee_tax_why: NotRequired[Annotated[OneLine, Field(description="Needed with `outside`.")]]
    transfer: NotRequired[Literal["none", "family", "any"]]
    sharing: NotRequired[Literal["none", "household"]]
    owner: NotRequired[Literal["centre", "provider"]]
    principal: NotRequired[bool]
    commission_rate: NotRequired[Annotated[Share, Field(description="Agent only.")]]
    commission_tax: NotRequired[Annotated[Id, Field(description="Agent only.")]]
    modalities: NotRequired[Names]
    modification: NotRequired[Literal["auto", "separate", "prospective"]]
    bonus: NotRequired[Literal["equal", "last"]]
    overage: NotRequired[Literal["charge", "absorb", "reject"]]
    unpaid_use: NotRequired[Literal["allow", "reject"]]
    rounding_minutes: NotRequired[Annotated[int, Field(ge=1, le=1440)]]


class TaxTable(TypedDict):
    """`[[tax]]`: a VAT category with its rate."""

    id: Id
    since: NotRequired[date]
    category: Annotated[Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M"], Field(description="EN 16931 VAT category.")]
    rate: Rate
    exemption: NotRequired[Annotated[Code, Field(description="Reason code (VATEX).")]]
    voucher: NotRequired[Literal["single", "multi"]]
    invoice_duty: NotRequired[bool]
    simplified_limit: NotRequired[Amount]


class PackageTable(TypedDict):
    """`[[package]]`: what is on sale; prices include tax."""

    id: Id
    since: date
    name: Texts
    policy: Id
    tax: Id
    units: Quantity
    bonus_units: NotRequired[Quantity]
    unit: Literal["session", "hour", "minute", "money"]
    price: Amount
    list_price: Annotated[Amount, Field(description="Stand-alone price of one unit.")]
    service: Annotated[Id, Field(description="Analytic dimension.")]
    document_text: NotRequired[Texts]
    expiry_months: NotRequired[Annotated[Months, Field(description="Overrides the policy's.")]]
    branches: NotRequired[Annotated[Names, Field(description="Where it may be used; without it everywhere.")]]


TABLES: dict[str, Any] = {"policy": PolicyTable, "tax": TaxTable, "package": PackageTable}
AMOUNTS = ("refund_fee", "late_cancellation_fee", "no_show_fee", "price", "list_price", "simplified_limit")
COUNTS = ("expected_used", "refund_expected", "commission_rate", "late_cancellation_hours", "units", "bonus_units", "rate")
_VALIDATORS: dict[str, SchemaValidator] = {}
for _table in TABLES.values():
    _table.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Table:
    """One entry of the file: `values` are its keys with numbers written canonically, `lines` where they stand."""

    kind: str
    id: str
    since: date
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """`standard@2026-01-01`."""
        return f"{self.id}@{self.since}"


_HEADER = re.compile(r"""\s*\[\[?\s*["']?([\w-]+)""")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*[=.]""")


def lines_of(text: str) -> dict[str, list[dict[str, int]]]:
    """For each kind of table the lines of its entries, in order: of every key, and of the header under ``""``."""
    found: dict[str, list[dict[str, int]]] = {}
    current: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            current = {"": number}
            found.setdefault(header[1], []).append(current)
        elif key := _KEY.match(line):
            current.setdefault(key[1], number)
    return found


def check_table(
    kind: str, number: int, entry: dict[str, Any], amounts: Amounts, problems: list[Problem], lines: Mapping[str, int]
) -> Table | None:
    """The entry with canonical numbers, or None and what is wrong with it added to `problems`."""
    where = f"[[{kind}]] {entry.get('id', f'number {number}')}"

    def wrong(key: str, message: str, hint: str) -> Problem:
        return Problem(f"{where}, {key}", RULE, message, hint, line_of(lines, key))

    validator = _VALIDATORS.get(kind) or _VALIDATORS.setdefault(kind, compiled(TABLES[kind]))
    try:
        values = validator.validate_python(entry)
    except ValidationError as error:
        problems += [wrong(*_problem(found, kind)) for found in error.errors(include_url=False)]
        return None
    for key in AMOUNTS:
        if key in values:
            try:
                values[key] = amounts[values[key]][1]
            except ValueError as error:
                problems.append(wrong(key, str(error), "amounts are refused, never rounded"))
    counts = Quantities()
    for key in COUNTS:
        if key in values:
            values[key] = counts[values[key]][1]
    if kind == "package":
        values.setdefault("bonus_units", "0")
        problems += [wrong(*found) for found in _units(values)]
    return Table(kind, values.pop("id"), values.pop("since", date.min), values, lines)


def line_of(lines: Mapping[str, int], key: str) -> int:
    """The line of a key such as `modalities[0]`, else that of its table; 0 if neither is known."""
    return lines.get(re.split(r"[.\[]", key)[0]) or lines.get("", 0)


def _units(values: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = []
    if values["unit"] in ("session", "minute"):
        whole = [key for key in ("units", "bonus_units") if "." in values[key]]
        found += [(key, f"{values[key]} {values['unit']}s", "a whole number") for key in whole]
    if values["units"] == "0":
        found.append(("units", "a package without units", "above 0"))
    return found


def _problem(found: Any, kind: str) -> tuple[str, str, str]:
    """Key, message and hint."""
    loc = tuple(part for part in found["loc"] if part != "[key]")
    key = path(loc)
    if found["type"] == "missing":
        return key, "missing", f"every [[{kind}]] needs it"
    if found["type"] == "extra_forbidden":
        known = list(TABLES[kind].__annotations__)
        return key, f"[[{kind}]] has no such key", nearest(str(loc[-1]), known) or f"known: {', '.join(known)}"
    return key, *words(found)
