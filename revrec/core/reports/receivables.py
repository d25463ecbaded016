"""R7, what customers owe: by bundle and payer, by age, and beside it what was delivered and what was paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from revrec.core.bundle import Bundle
from revrec.core.journal import Role
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records
from revrec.core.reports.open_items import CLAIMS, Debt, Item, owed

NOT_PAID = "not paid"  # delivered, and the money has not come
_AGES = ((30, "days_0_30", "0 to 30 days"), (60, "days_31_60", "31 to 60"), (90, "days_61_90", "61 to 90"))
COLUMNS = (
    Column("bundle", "Bundle", Kind.TEXT),
    Column("payer", "Payer", Kind.TEXT),
    Column("since", "Since", Kind.DATE),
    Column("flag", "Flag", Kind.TEXT, sparse=True),
    Column("units_delivered", "Units delivered", Kind.UNITS),
    Column("units_paid", "Units paid", Kind.UNITS),
    Column("receivable", "Receivable"),
    Column("contract_asset", "Contract asset"),
    *(Column(key, title) for _, key, title in _AGES),
    Column("over_90", "over 90"),
)
_Who = tuple[str | None, str | None]  # bundle, payer
_Items = dict[Role, list[Item]]


def report(records: Records, asked: Question) -> Table:
    """The report at the end of a day; a contract asset is what was delivered and may not be billed yet (IFRS 15.105-108)."""
    on = asked.last
    open_ = _by_contract(owed(records, on, asked.branch))
    named = {bundle for bundle, _ in open_}
    states = {b.id: records.bundle_on(b, on) for b in records.bundles() if b.id in named}
    rows = tuple(_row(who, items, states, on) for who, items in sorted(open_.items(), key=lambda each: _order(each[0])))
    total = tuple(sum(cell for row in rows if isinstance(cell := row[i], int)) for i in range(6, 12))
    cells: tuple[Cell, ...] = ("Total", *(None,) * 5, *total)
    ledger = records.balance(CLAIMS, on, asked.branch)
    tie = Tie("Open claims", sum(total[:2]), "ledger balance of receivable and contract-asset", ledger)
    flagged = [row for row in rows if row[3] == NOT_PAID]
    notes = (f"{len(flagged)} of {len(rows)} are delivered and not paid.",) if rows else ()
    return Table("receivables", f"What customers owe at the end of {on}", records.currency, COLUMNS, rows, cells, (tie,), notes)


def _by_contract(debts: Mapping[Debt, list[Item]]) -> dict[_Who, _Items]:
    found: dict[_Who, _Items] = {}
    for debt, items in debts.items():
        found.setdefault((debt.bundle, debt.payer), {})[debt.role] = items
    return found


def _order(who: _Who) -> tuple[str, str]:
    return who[0] or "", who[1] or ""


def _row(who: _Who, items: _Items, states: Mapping[str, Bundle], on: date) -> tuple[Cell, ...]:
    bundle, payer = who
    state = states.get(bundle or "")
    every = [item for role in CLAIMS for item in items.get(role, ())]
    amounts = (sum(item.amount for item in items.get(role, ())) for role in CLAIMS)
    delivered, paid = (state.used, _paid_for(state)) if state else (None, None)
    unpaid = state is None or state.value(state.used) > state.position.paid
    since = min(item.since for item in every)
    flag = NOT_PAID if unpaid and any(item.amount > 0 for item in every) else ""
    return (bundle or "visits", payer or UNNAMED, since, flag, delivered, paid, *amounts, *_aged(every, on))


def _paid_for(bundle: Bundle) -> int:
    """The units that the money paid covers, in quanta, rounded down."""
    return min(bundle.units * bundle.position.paid // bundle.price, bundle.units) if bundle.price else bundle.units


def _aged(items: Sequence[Item], on: date) -> Iterator[int]:
    """The open amounts by days since they are owed."""
    edges = [-1, *(days for days, *_ in _AGES), (on - date.min).days]
    for after, until in pairwise(edges):
        yield sum(item.amount for item in items if after < max((on - item.since).days, 0) <= until)
