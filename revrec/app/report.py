"""The reports of the books: read from the store, tied to its balances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from revrec.app.bundles import state_on
from revrec.core import aging as core_aging
from revrec.core import rollforward as core_rollforward
from revrec.core.book import Kind
from revrec.core.bundle import Bundle
from revrec.core.dates import DAY
from revrec.core.errors import RevrecError
from revrec.core.journal import Role
from revrec.core.policy import Recognition
from revrec.core.report import Table, Tie

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

BY = ("branch", "service", "policy")


class UnknownGrouping(RevrecError):
    """`--by` names something that the roll-forward cannot be grouped by."""

    def __init__(self, by: str) -> None:
        super().__init__(f"--by {by}: give `month`, or any of {', '.join(core_rollforward.DIMENSIONS)} with commas between")


def rollforward(ws: Workspace, date_from: date, date_to: date, by: str | None = None) -> Table:
    """R1: how the contract liability moved from one day to another, both counted, tied to the ledger and to the bundles."""
    keys = _keys(by)
    with ws.store.snapshot():
        return _rollforward(ws, date_from, date_to, keys)


def _rollforward(ws: Workspace, date_from: date, date_to: date, keys: tuple[str, ...]) -> Table:
    bundles, currency = list(ws.store.bundles()), ws.settings.currency
    rolled = core_rollforward.rollforward(_lines(ws, date_to), date_from, date_to, keys)
    closing = rolled.total.closing
    ties = [Tie("Ledger balance", ledger(ws, date_to), "roll-forward closing", closing)]
    if _latest(ws) <= date_to:
        ties.append(Tie("Sum of the bundles", sum(b.position.liability for b in bundles), "roll-forward closing", closing))
    report = core_rollforward.table(rolled, currency, tuple(ties), {b.id: b.valid_until for b in bundles})
    return replace(report, notes=(*report.notes, *_notes(ws, bundles)))


def aging(ws: Workspace, on: date) -> Table:
    """R6: what is unused at the end of a day, by time since purchase and by days left, tied to the ledger."""
    with ws.store.snapshot():
        return _aging(ws, on)


def _aging(ws: Workspace, on: date) -> Table:
    values: dict[str | None, int] = defaultdict(int)
    for line in _lines(ws, on):
        values[line.bundle] += line.amount
    bundles = [state_on(ws, bundle.id, on) for bundle in ws.store.bundles() if bundle.sold_on <= on]
    rights = [held for b in bundles if (held := _right(ws, b, on, values[b.id]))]
    report = core_aging.table(rights, on, ws.settings.currency, ledger=ledger(ws, on))
    return replace(report, notes=(*report.notes, *_notes(ws, bundles)))


def ledger(ws: Workspace, day: date) -> int:
    """The balance of the contract liability at the end of a day, in minor units: whole months as the store keeps them."""
    first = day.replace(day=1)
    months = -sum(row.amount for row in ws.store.balances(first - DAY) if row.role == Role.CONTRACT_LIABILITY)
    legs = (leg for entry in ws.store.entries(first, day) for leg in entry.postings)
    return months - sum(leg.amount for leg in legs if leg.role is Role.CONTRACT_LIABILITY)


def _lines(ws: Workspace, until: date) -> Iterator[core_rollforward.Line]:
    return (
        line for entry in ws.store.entries(date_to=until) for line in core_rollforward.lines_of(core_rollforward.source_of(entry))
    )


def _right(ws: Workspace, bundle: Bundle, on: date, value: int) -> core_aging.Right | None:
    """What is unused of the bundle, with the day of its last use that stands."""
    held = core_aging.right(bundle, on, value, None)
    if held is None:
        return None
    movements = [m for m in ws.store.movements(bundle.id) if m.date <= on]
    undone = {m.ref for m in movements if m.kind is Kind.SESSION_UNDONE}
    uses = (m.date for m in movements if m.kind is Kind.SESSION and m.units and m.ref not in undone)
    return held._replace(last_use=max(uses, default=None))


def _latest(ws: Workspace) -> date:
    """The last day with entries."""
    return max((day.date for day in ws.store.days() if day.entries), default=date.min)


def _keys(by: str | None) -> tuple[str, ...]:
    """The dimensions that were asked for; UnknownGrouping."""
    if by is None:
        return BY
    keys = tuple(part.strip() for part in by.split(","))
    if keys != (core_rollforward.MONTH,) and not set(keys) <= set(core_rollforward.DIMENSIONS):
        raise UnknownGrouping(by)
    return keys


def _notes(ws: Workspace, bundles: Iterable[Bundle]) -> Iterator[str]:
    """Which rules and which facts the report stands on."""
    policies = {bundle.terms.policy.version: bundle.terms.policy for bundle in bundles}
    head = ws.store.head()
    yield f"{head.seq} events, chain head {head.digest.hex()}; policies {', '.join(sorted(policies)) or 'none'}."
    early = sorted(version for version, policy in policies.items() if policy.recognition is Recognition.AT_PURCHASE)
    if early and ws.settings.book == "statutory" and ws.settings.person == "legal":
        yield f"Revenue at purchase under {', '.join(early)}: not PGC NRV 14 / IFRS 15."
