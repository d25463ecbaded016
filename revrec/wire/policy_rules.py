"""What holds between the keys of a policy file, and which keys a sale asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from revrec.core.errors import Refused
from revrec.core.policy import OUTSIDE
from revrec.wire.errors import Problem, nearest
from revrec.wire.policy_tables import RULE, TABLES, Table, line_of

Values = Mapping[str, Any]
NOT_RULES = frozenset({"why", "name"})
WITHOUT_TAX = frozenset({"Z", "E", "AE", "K", "G", "O"})  # EN 16931: nothing is charged

# Every key of the sample that is not marked `only` or `optional` (events.md 4a, Required keys).
REQUIRED = (
    "why",
    "recognition",
    "breakage",
    "obligation",
    "invoicing",
    "refund",
    "refund_basis",
    "refund_expected",
    "refund_fee",
    "expiry_months",
    "expiry_from",
    "expiry_kind",
    "late_cancellation_hours",
    "late_cancellation",
    "late_cancellation_fee",
    "no_show",
    "transfer",
    "sharing",
    "owner",
    "principal",
    "modalities",
    "modification",
    "bonus",
    "overage",
    "unpaid_use",
    "rounding_minutes",
)

# Keys that hold only under a condition; elsewhere they are no rule and are not pinned.
CONDITIONS: dict[str, Callable[[Values], bool]] = {
    "expected_used": lambda v: v.get("breakage") == "proportional",
    "refund_window_days": lambda v: v.get("refund") == "window",
    "latest_start_months": lambda v: v.get("expiry_from") == "first_use",
    "grace_days": lambda v: v.get("expiry_kind") == "soft",
    "fee_tax_why": lambda v: v.get("fee_tax") == OUTSIDE,
    "commission_rate": lambda v: v.get("principal") is False,
    "commission_tax": lambda v: v.get("principal") is False,
}
DEFAULTS = {"latest_start_months": 0}


def applies(table: Table, key: str) -> bool:
    """Whether a key of a table is a rule, its condition given."""
    condition = CONDITIONS.get(key) if table.kind == "policy" else None
    return condition is None or condition(table.values)


def lacking(table: Table) -> list[str]:
    """The keys that a policy must say before a package is sold under it."""
    values = table.values
    missing = [key for key in REQUIRED if key not in values]
    missing += [key for key, holds in CONDITIONS.items() if key not in values and key not in DEFAULTS and holds(values)]
    fees = [key for key in ("refund_fee", "late_cancellation_fee", "no_show_fee") if values.get(key, "0").strip("0.")]
    if fees and "fee_tax" not in values:
        missing.append("fee_tax")
    return missing


def complete(table: Table, sold: str) -> None:
    """Refuse a sale under a policy that lacks a key, naming both."""
    if missing := lacking(table):
        keys = ", ".join(missing)
        message = f"{sold}policy {table.version} lacks {keys}; add the missing choice to the policy file, then record the sale"
        raise Refused(message, rule="events.md 2, required keys", field="package")


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` or nothing."""
    found = nearest(name, known)
    return f"; {found}" if found else ""


def unknown_tables(document: Mapping[str, Any], lines: Mapping[str, list[dict[str, int]]]) -> Iterator[Problem]:
    """Tables that events.md 2 does not know."""
    for name in document:
        if name not in TABLES:
            hint = nearest(name, TABLES) or f"known: {', '.join(TABLES)}"
            yield Problem(name, RULE, "no such table", hint, next((line_of(found, "") for found in lines.get(name, ())), 0))


def twice(tables: Mapping[str, tuple[Table, ...]]) -> Iterator[Problem]:
    """Two versions that begin on the same day."""
    for kind, entries in tables.items():
        seen = set()
        for table in entries:
            if table.version in seen:
                since = f" since {table.since}" if table.since > date.min else ""
                what = f"two versions{since}"
                yield Problem(
                    f"[[{kind}]] {table.id}", RULE, what, "give the change a new `since`", line_of(table.lines, "since")
                )
            seen.add(table.version)


def references(tables: Mapping[str, tuple[Table, ...]]) -> Iterator[Problem]:
    """Names that no table has, and choices that exclude each other."""
    names = {kind: {table.id for table in entries} for kind, entries in tables.items()}
    for table in tables["package"]:
        for kind in ("policy", "tax"):
            yield from _known(table, kind, names[kind])
    for table in tables["policy"]:
        yield from _known(table, "fee_tax", names["tax"] | {OUTSIDE})
        yield from _known(table, "commission_tax", names["tax"])
        yield from _early_breakage(table)
        if table.values.get("refund_expected", "0") != "0" and table.values.get("refund", "window") != "window":
            what = f'refund_expected = "{table.values["refund_expected"]}" while refund = "{table.values["refund"]}"'
            yield _wrong(table, "refund_expected", what, 'above 0 only with refund = "window"')
    for table in tables["tax"]:
        yield from _rate(table)


def _early_breakage(table: Table) -> Iterator[Problem]:
    """Breakage before the expiry is for a principal, and for what cannot be refunded (IFRS 15.B45, RICAC 28.3)."""
    method = table.values.get("breakage")
    if method not in ("proportional", "remote"):
        return
    if table.values.get("refund") == "pro_rata":
        what = f'breakage = "{method}" while what is unused is refunded pro rata'
        yield _wrong(table, "breakage", what, 'only with refund = "none" or "window"')
    if table.values.get("principal") is False:
        what = f'breakage = "{method}" while principal = false: refused for agents'
        yield _wrong(table, "breakage", what, 'the unused part is the client\'s money: breakage = "at_expiry"')
    if method == "proportional" and table.values.get("expected_used") == "0":
        yield _wrong(table, "expected_used", "nothing is expected to be used", "above 0")


def _rate(table: Table) -> Iterator[Problem]:
    """The rate that a category of EN 16931 allows (BR-S-05, BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05, BR-G-05; O: none)."""
    category, rate = table.values["category"], table.values["rate"]
    if category == "S" and rate == "0":
        yield _wrong(table, "rate", "category S has a rate above 0", 'a rate of 0 is category "Z"; exempt is "E"')
    if category in WITHOUT_TAX and rate != "0":
        yield _wrong(table, "rate", f"category {category} has no rate", 'rate = "0", or another category')
    if len(rate.partition(".")[2]) > 2:
        yield _wrong(table, "rate", f"{rate} has more than two decimals", "in per cent, at most two decimals")


def _wrong(table: Table, key: str, what: str, hint: str) -> Problem:
    return Problem(f"[[{table.kind}]] {table.id}, {key}", RULE, what, hint, line_of(table.lines, key))


def _known(table: Table, key: str, names: set[str]) -> Iterator[Problem]:
    value = table.values.get(key)
    if value is not None and value not in names:
        kind = "policy" if key == "policy" else "tax"
        hint = nearest(value, names) or f"add [[{kind}]] with this id"
        what = f'there is no {kind} "{value}"'
        yield _wrong(table, key, what, hint)
