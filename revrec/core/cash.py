"""How much may be paid in cash: limits by the day of payment, with their source; amounts are cents of euro.

Whoever acts as a business takes no cash for an operation at or above the limit, in one or in several payments
(Ley 7/2012 art. 7.Uno). The payment is booked all the same: it happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

COUNTRY = "ES"
CURRENCY = "EUR"


class CashLimit(NamedTuple):
    """From `since` on: cash is for operations below `amount`; below `foreign` for a natural person who lives abroad."""

    since: date
    amount: int
    foreign: int
    source: str


LIMITS = (
    CashLimit(date(2012, 11, 19), 250_000, 1_500_000, "Ley 7/2012 art. 7.Uno"),
    CashLimit(date(2021, 7, 11), 100_000, 1_000_000, "Ley 7/2012 art. 7.Uno, as amended by Ley 11/2021"),
)


class CashPaid(NamedTuple):
    """Cash of an operation (bundle, visit or deposit): what it is worth in all; `abroad`: a private payer who lives abroad."""

    payment: str
    day: date
    operation: int
    abroad: bool = False


def limit_on(day: date) -> CashLimit | None:
    """The limit in force on a day; None before there was one."""
    return max((limit for limit in LIMITS if limit.since <= day), default=None)


def beyond(payments: Iterable[CashPaid]) -> list[str]:
    """The ids of the payments that should not have been taken in cash."""
    return [paid.payment for paid in payments if _beyond(paid)]


def _beyond(paid: CashPaid) -> bool:
    limit = limit_on(paid.day)
    return limit is not None and paid.operation >= (limit.foreign if paid.abroad else limit.amount)
