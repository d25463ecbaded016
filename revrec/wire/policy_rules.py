"""What holds between the keys of a policy file, and which choices a sale may not be made under yet."""

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

# Choices of the contract that this release knows and does not build.
NOT_BUILT: dict[str, Callable[[Any], bool]] = {
    "recognition": lambda value: value == "straight_line",
    "breakage": lambda value: value in ("proportional", "remote"),
    "obligation": lambda value: value == "noncancellable",
    "refund_expected": lambda value: value != "0",
    "principal": lambda value: value is False,
    "bonus": lambda value: value == "last",
}


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


def built(table: Table, sold: str) -> None:
    """Refuse a sale under a choice that this release does not build, naming it."""
    for key, unbuilt in NOT_BUILT.items():
        if unbuilt(table.values[key]):
            choice = f"{key} = {_toml(table.values[key])}"
            message = f"{sold}policy {table.version} chooses {choice}: known, not built in this release"
            raise Refused(message, rule=f"policy {key}", field="package")


def taxed(table: Table, sold: str) -> None:
    """Refuse a tax category other than E (exempt), the only one of this release."""
    if table.values["category"] != "E":
        category = table.values["category"]
        message = f"{sold}tax {table.id} has category {category}: known, not built in this release (only E, exempt)"
        raise Refused(message, rule="tax category", field="tax")


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


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
    """Names that no table has, and methods that exclude each other."""
    names = {kind: {table.id for table in entries} for kind, entries in tables.items()}
    for table in tables["package"]:
        for kind in ("policy", "tax"):
            yield from _known(table, kind, names[kind])
    for table in tables["policy"]:
        yield from _known(table, "fee_tax", names["tax"] | {OUTSIDE})
        yield from _known(table, "commission_tax", names["tax"])
        if table.values.get("breakage") in ("proportional", "remote") and table.values.get("refund") == "pro_rata":
            what = f'breakage = "{table.values["breakage"]}" while what is unused is refunded pro rata'
            hint = 'only with refund = "none" or "window"'
            yield Problem(f"[[policy]] {table.id}, breakage", RULE, what, hint, line_of(table.lines, "breakage"))


def _known(table: Table, key: str, names: set[str]) -> Iterator[Problem]:
    value = table.values.get(key)
    if value is not None and value not in names:
        kind = "policy" if key == "policy" else "tax"
        hint = nearest(value, names) or f"add [[{kind}]] with this id"
        what = f'there is no {kind} "{value}"'
        yield Problem(f"[[{table.kind}]] {table.id}, {key}", RULE, what, hint, line_of(table.lines, key))
