"""Entries added up by month: what pages over years of books read instead of the entries, with the answers of the entries.

Two sums: the contract liability by bundle and flow, from which a roll-forward (accounting.md 3, R1) follows exactly, and
income and expenses (R13). Months are `2026-01`; amounts are minor units; '' stands for none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from revrec.core.journal import INCOME_ROLES, Role
from revrec.core.rollforward import Flow, Line, Source, lines_of

RESULT = INCOME_ROLES | frozenset(
    {
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

_NAMES = {flow: flow.value for flow in Flow}  # asked for once an entry


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

    def take(self, source: Source, packages: Mapping[str, str], provider: str) -> None:
        """Add an entry; `packages` names those of the bundles, `provider` is who gave the care that it is about."""
        month, results = source.date.isoformat()[:7], self.results
        for line in lines_of(source):
            self.liability[owed(line, month)] += line.amount
        for role, amount, bundle, branch in source.legs:
            if role in RESULT:
                package = packages.get(bundle or source.bundle or "", "")
                results[Earned(month, package, provider, branch or source.branch or "", source.service or "", role)] += amount


def owed(line: Line, month: str) -> Owed:
    """The sum that a movement of the contract liability belongs to."""
    _, flow, amount, bundle, branch, service, policy = line
    name = RETURNED if flow is Flow.REVENUE_ADDED and amount > 0 else _NAMES[flow]
    return Owed(bundle or "", month, branch or "", service or "", policy or "", name)


def line_of(key: Owed, amount: int) -> Line:
    """A sum as one movement on the first day of its month."""
    flow = Flow.REVENUE_ADDED if key.flow == RETURNED else Flow(key.flow)
    day = date.fromisoformat(f"{key.month}-01")
    return Line(day, flow, amount, key.bundle or None, key.branch or None, key.service or None, key.policy or None)
