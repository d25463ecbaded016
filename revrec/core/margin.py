"""What a package, a provider or a branch leaves: income less cost, from the balances of its roles (R13; amounts minor units)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from revrec.core.journal import Role
from revrec.core.money import share
from revrec.core.words import Word

_HUNDRED_PERCENT = 10_000  # hundredths of a percent


class Part(Word):
    """The columns that a margin is made of."""

    __hash__ = str.__hash__

    REVENUE = "revenue"
    FEES = "fees"
    REFUNDS = "refunds"
    PROVIDERS = "providers"
    SESSIONS = "session costs"
    PAYMENTS = "payment fees"
    LOSSES = "lost claims"
    OTHER = "other"
    BREAKAGE = "breakage"


PART_OF = {
    Role.REVENUE_PACKAGE: Part.REVENUE,
    Role.REVENUE_SINGLE: Part.REVENUE,
    Role.REVENUE_NO_SHOW: Part.REVENUE,
    Role.COMMISSION_INCOME: Part.REVENUE,
    Role.FEE_INCOME: Part.FEES,
    Role.REFUND_CONTRA: Part.REFUNDS,
    Role.PROVIDER_COST: Part.PROVIDERS,
    Role.SESSION_COST: Part.SESSIONS,
    Role.PSP_FEES: Part.PAYMENTS,
    Role.BAD_DEBT: Part.LOSSES,
    Role.IMPAIRMENT_LOSS: Part.LOSSES,
    Role.FX_GAIN: Part.OTHER,
    Role.FX_LOSS: Part.OTHER,
    Role.ROUNDING: Part.OTHER,
    Role.BREAKAGE: Part.BREAKAGE,
}
"""The part of each role of income and expense: every one, so that the parts add up to the result of the ledger."""

_INCOME = (Part.REVENUE, Part.FEES, Part.REFUNDS)


class Margin(NamedTuple):
    """The parts of one group, in the order of `Part`: income positive, cost negative."""

    amounts: tuple[int, ...]

    def of(self, part: Part) -> int:
        """One part."""
        return self.amounts[_PLACE[part]]

    @property
    def income(self) -> int:
        """Revenue and fees less what was paid back, breakage apart."""
        return sum(self.of(part) for part in _INCOME)

    @property
    def margin(self) -> int:
        """What is left before breakage."""
        return sum(self.amounts) - self.of(Part.BREAKAGE)

    @property
    def share(self) -> int | None:
        """The margin of the income, in hundredths of a percent; None where there is no income."""
        if self.income <= 0:
            return None
        part = share(abs(self.margin), _HUNDRED_PERCENT, self.income)
        return part if self.margin >= 0 else -part

    @property
    def result(self) -> int:
        """The margin with breakage: what the ledger shows as result of these accounts."""
        return sum(self.amounts)


_PLACE = {part: place for place, part in enumerate(Part)}


def margin_of(balances: Mapping[Role, int]) -> Margin:
    """The margin of a group of which each role's balance is known, debit positive."""
    amounts = [0] * len(_PLACE)
    for role, balance in balances.items():
        amounts[_PLACE[PART_OF[role]]] -= balance
    return Margin(tuple(amounts))


def total(margins: Iterable[Margin]) -> Margin:
    """All groups together."""
    added = [0] * len(_PLACE)
    for margin in margins:
        added = [one + more for one, more in zip(added, margin.amounts, strict=True)]
    return Margin(tuple(added))


def roles_of(part: Part) -> frozenset[Role]:
    """The roles that a part adds up."""
    return frozenset(role for role, of in PART_OF.items() if of is part)
