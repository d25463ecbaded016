"""The reminder feed: who owes what since when; sending the reminders is somebody else's work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from revrec.core.bundle import Bundle, Status
from revrec.core.journal import Role
from revrec.core.payer import spread
from revrec.core.policy import Obligation
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records
from revrec.core.reports.open_items import CLAIMS, owed

REMINDER = "instalment"  # agreed, not owed yet: the customer may still walk away
_WORDS = {Role.RECEIVABLE: "receivable", Role.CONTRACT_ASSET: "delivered, not billed"}
COLUMNS = (
    Column("payer", "Payer", Kind.TEXT),
    Column("bundle", "Bundle", Kind.TEXT),
    Column("session", "Session", Kind.TEXT, sparse=True),
    Column("what", "What", Kind.TEXT),
    Column("since", "Since", Kind.DATE),
    Column("days", "Days", Kind.COUNT),
    Column("amount", "Amount"),
)


class Due(NamedTuple):
    """One thing to be reminded of."""

    payer: str
    since: date
    bundle: str
    session: str
    what: str
    amount: int

    def cells(self, on: date) -> tuple[Cell, ...]:
        """The row on a day."""
        return (self.payer, self.bundle, self.session, self.what, self.since, (on - self.since).days, self.amount)


def report(records: Records, asked: Question) -> Table:
    """What is owed at the end of a day, and the instalments of cancellable bundles that should have come; empty: all is paid."""
    on = asked.last
    claimed = list(_claimed(records, asked))
    agreed = [due for bundle in records.bundles() if bundle.sold_on <= on for due in _agreed(records, bundle, asked)]
    rows = tuple(due.cells(on) for due in sorted((*claimed, *agreed)))
    total = ("Total", None, None, None, None, None, sum(due.amount for due in (*claimed, *agreed)))
    ledger = records.balance(CLAIMS, on, asked.branch)
    tie = Tie("Owed", sum(due.amount for due in claimed), "ledger balance of receivable and contract-asset", ledger)
    note = "Instalments of bundles that may be cancelled are reminders: nothing is owed before money or use (IFRS 15.105)."
    title = f"What is due at the end of {on}"
    return Table("due", title, records.currency, COLUMNS, rows, total, (tie,), (note,) if agreed else ())


def _claimed(records: Records, asked: Question) -> Iterator[Due]:
    for debt, items in owed(records, asked.last, asked.branch).items():
        for item in items:
            who = debt.payer or UNNAMED
            yield Due(who, item.since, debt.bundle or "", item.session or "", _WORDS[debt.role], item.amount)


def _agreed(records: Records, sold: Bundle, asked: Question) -> Iterator[Due]:
    """The instalments of a cancellable bundle up to the day that neither money nor a claim covers, oldest first."""
    if sold.terms.policy.obligation is not Obligation.CANCELLABLE or not sold.instalments:
        return
    if asked.branch not in (None, sold.branch):
        return
    bundle = records.bundle_on(sold, asked.last)
    if bundle.status is not Status.OPEN or bundle.expired(asked.last):
        return
    for place, share in enumerate(bundle.shares):
        covered = bundle.billed_to(share)
        before = 0
        for due_on, upto in _schedule(bundle, place):
            short = upto - max(before, covered)
            before = upto
            if short > 0 and due_on <= asked.last:
                yield Due(share.customer, due_on, bundle.id, "", REMINDER, short)


def _schedule(bundle: Bundle, place: int) -> Iterator[tuple[date, int]]:
    """What one payer is to have paid up to the day of each instalment, which all pay in proportion."""
    agreed = [share.agreed for share in bundle.shares]
    upto = 0
    for part in sorted(bundle.instalments, key=attrgetter("due_on")):
        upto += part.amount
        yield part.due_on, spread(upto, agreed)[place]
