"""`policy.toml`: every key of events.md 2 understood and checked, and the versions on offer on a day.

A file with a mistake is refused whole. A version that lacks a key is loaded, and refused when a sale asks for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import orjson

from revrec.core import policy as core
from revrec.core.errors import Refused
from revrec.core.units import Unit, quanta
from revrec.wire import policy_rules as rules
from revrec.wire.context import Amounts, millionths
from revrec.wire.errors import PolicyUnreadable, Problem
from revrec.wire.policy_tables import TABLES, Table, check_table, lines_of

V = TypeVar("V", bound=core.Policy | core.Tax | core.Package)
Version = core.Policy | core.Tax | core.Package


@dataclass(slots=True)
class PolicyFile:
    """The dated policies, taxes and packages of a workspace; a `Catalogue` of the core."""

    name: str
    currency: str
    tables: dict[str, tuple[Table, ...]]
    _terms: dict[tuple[str, date], core.Terms] = field(default_factory=dict)
    _built: dict[tuple[str, str, date], Version] = field(default_factory=dict)

    def terms(self, package: str, day: date) -> core.Terms:
        """What a sale of a package on a day would pin; raises Refused when it may not be sold, saying why."""
        key = (package, day)
        if key not in self._terms:
            self._terms[key] = self._find_terms(package, day)
        return self._terms[key]

    def _find_terms(self, package: str, day: date) -> core.Terms:
        table = self._in_force("package", package, day, "package")
        policy = self._in_force("policy", table.values["policy"], day, "package")
        tax = self._in_force("tax", table.values["tax"], day, "package")
        sold = f"package {package}: "
        rules.complete(policy, sold)
        for key in ("fee_tax", "commission_tax"):
            other = policy.values.get(key, core.OUTSIDE)
            if other != core.OUTSIDE and rules.applies(policy, key):
                self._in_force("tax", other, day, key)
        return core.Terms(
            self._version("package", table, core.Package),
            self._version("policy", policy, core.Policy),
            self._version("tax", tax, core.Tax),
        )

    def tax(self, tax: str, day: date) -> core.Tax:
        """The version of a tax in force on a day; raises Refused for one that is unknown."""
        return self._version("tax", self._in_force("tax", tax, day, "tax"), core.Tax)

    def sellable(self, tax: str, day: date) -> str:
        """The category of the tax of a one-off visit on a day; raises Refused like `tax`."""
        return self.tax(tax, day).category

    def fee_policy(self, day: date) -> core.Policy | None:
        """A policy in force on a day that names the tax of fees, on which all that name one agree; Refused if they differ."""
        known = dict.fromkeys(table.id for table in self.tables["policy"])
        versions = (core.in_force([t for t in self.tables["policy"] if t.id == policy], day) for policy in known)
        named = [t for t in versions if t is not None and "fee_tax" in t.values and not rules.lacking(t)]
        if len({t.values["fee_tax"] for t in named}) > 1:
            said = ", ".join(f"{t.version} {t.values['fee_tax']}" for t in named)
            raise Refused(
                f"the policies in force on {day} name different taxes for a fee ({said}), and this fee is under none of them. "
                "Let them agree, or record the fee as adjustment.posted",
                rule="events.md 2, fee_tax",
                field="deposit",
            )
        return self._version("policy", named[0], core.Policy) if named else None

    def fee_tax(self, day: date) -> str | None:
        """The tax of a fee that is under no policy; Refused like `fee_policy`."""
        policy = self.fee_policy(day)
        return policy.fee_tax if policy else None

    def canonical(self, kind: str, version: str) -> bytes:
        """The rules of a version (`standard@2026-01-01`) as RFC 8785 JSON, without `why` and `name`; KeyError if unknown."""
        for table in self.tables[kind]:
            if table.version == version:
                return canonical(table)
        raise KeyError(version)

    def packages(self) -> list[str]:
        """The ids of all packages, in order of the file."""
        return list(dict.fromkeys(table.id for table in self.tables["package"]))

    def policies(self, policy: str) -> list[Table]:
        """Every version of a policy as written, oldest first."""
        return sorted((t for t in self.tables["policy"] if t.id == policy), key=lambda t: t.since)

    def _version(self, kind: str, table: Table, _type: type[V]) -> V:
        key = (kind, table.id, table.since)
        if key not in self._built:
            self._built[key] = restored(kind, canonical(table), self.currency)
        return self._built[key]  # type: ignore[return-value]

    def _in_force(self, kind: str, name: str, day: date, asked: str) -> Table:
        versions = [table for table in self.tables[kind] if table.id == name]
        found = core.in_force(versions, day)
        if found is not None:
            return found
        if versions:
            first = min(table.since for table in versions)
            raise Refused(f"{kind} {name} begins on {first}; on {day} none is in force", rule="events.md 2, since", field=asked)
        hint = rules.suggestion(name, (table.id for table in self.tables[kind]))
        raise Refused(f"{self.name} has no {kind} {name}{hint}", rule="events.md 2", field=asked)


def load(path: Path, currency: str) -> PolicyFile:
    """A policy file; PolicyUnreadable names every mistake, with its table and key."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise PolicyUnreadable(path.name, [Problem("file", "events.md 1", str(error.strerror or error))]) from error
    except UnicodeDecodeError as error:
        raise PolicyUnreadable(path.name, [Problem("file", "events.md 2", f"not UTF-8: {error.reason}")]) from error
    return loads(text, currency, path.name)


def loads(text: str, currency: str, name: str = "policy.toml") -> PolicyFile:
    """The text of a policy file; PolicyUnreadable like `load`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyUnreadable(name, [Problem("file", "TOML", str(error), "look at that line")]) from None
    problems: list[Problem] = []
    lines = lines_of(text)
    tables = {kind: tuple(_tables(document, kind, currency, problems, lines.get(kind, []))) for kind in TABLES}
    problems += rules.unknown_tables(document, lines)
    if not problems:
        problems += rules.twice(tables)
        problems += rules.references(tables)
    if problems:
        raise PolicyUnreadable(name, problems)
    return PolicyFile(name, currency, tables)


def _tables(
    document: dict[str, Any], kind: str, currency: str, problems: list[Problem], lines: list[dict[str, int]]
) -> Iterator[Table]:
    found = document.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        problems.append(Problem(kind, "events.md 2", "not a list of tables", f"write [[{kind}]] with two brackets"))
        return
    known = lines if len(lines) == len(found) else [{}] * len(found)  # written in a way that hides its lines
    for number, entry in enumerate(found, 1):
        table = check_table(kind, number, entry, Amounts(currency), problems, known[number - 1])
        if table is not None:
            yield table


def canonical(table: Table) -> bytes:
    """The rules of a version as RFC 8785 JSON: `why` and `name` left out, and keys whose condition does not hold."""
    values = {key: value for key, value in table.values.items() if key not in rules.NOT_RULES and rules.applies(table, key)}
    if table.kind == "policy":
        values |= {key: value for key, value in rules.DEFAULTS.items() if key not in values and rules.applies(table, key)}
    return orjson.dumps(values | {"id": table.id, "since": table.since.isoformat()}, option=orjson.OPT_SORT_KEYS)


def restored(kind: str, pinned: bytes, currency: str) -> Any:
    """The Policy, Tax or Package of pinned rules (`canonical`); what is pinned was complete when it was sold."""
    values = orjson.loads(pinned)
    make = {"policy": _policy, "tax": _tax, "package": _package}[kind]
    return make(values, Amounts(currency))


def _policy(values: dict[str, Any], amounts: Amounts) -> core.Policy:
    def fee(key: str) -> int:
        return amounts[values.get(key, "0")][0]

    get = values.get
    return core.Policy(
        id=values["id"],
        since=date.fromisoformat(values["since"]),
        recognition=core.Recognition(values["recognition"]),
        invoicing=core.Invoicing(values["invoicing"]),
        refund=core.Refund(values["refund"]),
        refund_basis=core.RefundBasis(values["refund_basis"]),
        refund_window_days=get("refund_window_days", 0),
        refund_fee=fee("refund_fee"),
        expiry_months=values["expiry_months"],
        expiry_from=core.ExpiryFrom(values["expiry_from"]),
        latest_start_months=get("latest_start_months", 0),
        expiry_kind=core.ExpiryKind(values["expiry_kind"]),
        grace_days=get("grace_days", 0),
        late_cancellation_minutes=quanta(values["late_cancellation_hours"]) // (quanta(1) // 60),
        late_cancellation=core.Charge(values["late_cancellation"]),
        late_cancellation_fee=fee("late_cancellation_fee"),
        no_show=core.Charge(values["no_show"]),
        no_show_fee=fee("no_show_fee" if "no_show_fee" in values else "late_cancellation_fee"),
        fee_tax=get("fee_tax"),
        transfer=core.Transfer(values["transfer"]),
        sharing=core.Sharing(values["sharing"]),
        owner=core.Owner(values["owner"]),
        modalities=tuple(values["modalities"]),
        overage=core.Overage(values["overage"]),
        unpaid_use=core.UnpaidUse(values["unpaid_use"]),
        rounding_minutes=values["rounding_minutes"],
        breakage=core.Breakage(values["breakage"]),
        expected_used=millionths(get("expected_used", "1")),
        obligation=core.Obligation(values["obligation"]),
        refund_expected=millionths(values["refund_expected"]),
        principal=values["principal"],
        commission_rate=millionths(get("commission_rate", "0")),
        commission_tax=get("commission_tax"),
        modification=core.Modification(values["modification"]),
        bonus=core.Bonus(values["bonus"]),
    )


def _tax(values: dict[str, Any], amounts: Amounts) -> core.Tax:
    return core.Tax(
        values["id"],
        date.fromisoformat(values["since"]),
        values["category"],
        values["rate"],
        values.get("exemption"),
        core.Voucher(values.get("voucher", core.Voucher.SINGLE)),
        values.get("invoice_duty", True),
        amounts[values["simplified_limit"]][0] if "simplified_limit" in values else None,
    )


def _package(values: dict[str, Any], amounts: Amounts) -> core.Package:
    branches = values.get("branches")
    return core.Package(
        id=values["id"],
        since=date.fromisoformat(values["since"]),
        policy=values["policy"],
        tax=values["tax"],
        units=quanta(values["units"]),
        bonus_units=quanta(values["bonus_units"]),
        unit=Unit(values["unit"]),
        price=amounts[values["price"]][0],
        list_price=amounts[values["list_price"]][0],
        service=values["service"],
        expiry_months=values.get("expiry_months"),
        branches=tuple(branches) if branches is not None else None,
    )
