"""Entries added up by month: what pages over years of books read instead of the entries, with the answers of the entries.

Two sums: the contract liability by bundle and flow, from which a roll-forward (accounting.md 3, R1) follows exactly, and
income and expenses (R13). Months are `2026-01`; amounts are minor units; '' stands for none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from revrec.core.journal import JournalEntry, Role
from revrec.core.rollforward import Flow, Line, lines_of, source_of

RESULT = frozenset(
    {
        Role.REVENUE_PACKAGE,
        Role.REVENUE_SINGLE,
        Role.REVENUE_NO_SHOW,
        Role.BREAKAGE,
        Role.COMMISSION_INCOME,
        Role.FEE_INCOME,
        Role.REFUND_CONTRA,
        Role.PROVIDER_COST,
        Role.SESSION_COST,
        Role.PSP_FEES,
        Role.BAD_DEBT,
        Role.IMPAIRMENT_LOSS,
        Role.FX_GAIN,
        Role.FX_LOSS,
        Role.ROUNDING,
    }
)
"""The roles of income and expense accounts."""

# Revenue that was taken back under its own rule: it uses up no opening balance, so that it is kept apart from revenue.
RETURNED = "revenue_returned"


class Owed(NamedTuple):
    """What a sum of the contract liability is of; `flow` is a `Flow`, or `RETURNED`. More owed is positive."""

    bundle: str
    month: str
    branch: str
    service: str
    policy: str
    flow: str


class Earned(NamedTuple):
    """What a sum of income or expense is of; debit positive.

    `branch` is that of the leg, else of its entry; `package` that of the leg's bundle, else of its entry's.
    """

    month: str
    package: str
    provider: str
    branch: str
    service: str
    role: str


class Tally:
    """The sums of some entries."""

    def __init__(self) -> None:
        self.liability: dict[Owed, int] = defaultdict(int)
        self.results: dict[Earned, int] = defaultdict(int)

    def take(self, entry: JournalEntry, packages: Mapping[str, str], provider: str) -> None:
        """Add an entry; `packages` names those of the bundles, `provider` is who gave the care that it is about."""
        month = entry.date.isoformat()[:7]
        for line in lines_of(source_of(entry)):
            self.liability[owed(line, month)] += line.amount
        for role, amount, bundle, branch, _, _ in entry.postings:
            if role in RESULT:
                package = packages.get(bundle or entry.bundle or "", "")
                place = branch or entry.branch or ""
                self.results[Earned(month, package, provider, place, entry.service or "", role)] += amount


def owed(line: Line, month: str) -> Owed:
    """The sum that a movement of the contract liability belongs to."""
    flow = RETURNED if line.flow is Flow.REVENUE_ADDED and line.amount > 0 else line.flow.value
    return Owed(line.bundle or "", month, line.branch or "", line.service or "", line.policy or "", flow)


def line_of(key: Owed, amount: int) -> Line:
    """A sum as one movement on the first day of its month."""
    flow = Flow.REVENUE_ADDED if key.flow == RETURNED else Flow(key.flow)
    day = date.fromisoformat(f"{key.month}-01")
    return Line(day, flow, amount, key.bundle or None, key.branch or None, key.service or None, key.policy or None)


def lines(sums: Iterable[tuple[Owed, int]]) -> Iterator[Line]:
    """The movements that sums stand for, in the order given."""
    return (line_of(key, amount) for key, amount in sums)
