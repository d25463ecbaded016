"""The facts, one frozen dataclass a type (events.md 3 and 4).

Amounts are minor units of the taxpayer's currency, units are quanta (`core/units.py`),
dates are the taxpayer's accounting dates, instants are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Method(StrEnum):
    """How money moved (`payment.received`, `refund.issued`)."""

    CASH = "cash"
    CARD = "card"
    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct_debit"
    BIZUM = "bizum"
    PAYPAL = "paypal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CustomerRegistered:
    """`customer.registered`: the members that rules need; the rest stays sealed in the store."""

    customer: str
    country: str
    person: str
    household: str | None = None
    business: bool = False
    withholds: bool = False


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon: lowers the price of one sale."""

    code: str
    amount: int


@dataclass(frozen=True, slots=True)
class BundleSold:
    """`bundle.sold`; what is None comes from the catalogue."""

    bundle: str
    package: str
    customer: str
    beneficiary: str | None = None
    provider: str | None = None
    units: int | None = None
    bonus_units: int | None = None
    price: int | None = None
    list_price: int | None = None
    expires_on: date | None = None
    discount: Discount | None = None
    policy_accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BundleVoided:
    """`bundle.voided`: only unused and with no money on it."""

    bundle: str
    approver: str


@dataclass(frozen=True, slots=True)
class PaymentReceived:
    """`payment.received` for exactly one of `bundle`, `session` (a one-off visit) and `customer`."""

    payment: str
    amount: int
    method: Method
    bundle: str | None = None
    session: str | None = None
    customer: str | None = None
    payer: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentReversed:
    """`payment.reversed`: a mistake, or money that the bank took back."""

    payment: str
    reason: str
    approver: str
    fee: int = 0


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """`payment.failed`: no posting."""

    payment: str
    amount: int
    method: Method
    code: str
    bundle: str | None = None


@dataclass(frozen=True, slots=True)
class SessionCompleted:
    """`session.completed` on a bundle, drawn from the customer's bundles, or a one-off visit (`price` given).

    `quantity` is in quanta; for a bundle counted in time it may be None with `started_at` and `ended_at` given.
    """

    session: str
    bundle: str | None = None
    customer: str | None = None
    service: str | None = None
    price: int | None = None
    tax: str | None = None
    quantity: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    beneficiary: str | None = None
    provider: str | None = None
    modality: str | None = None


@dataclass(frozen=True, slots=True)
class SessionCancelled:
    """`session.cancelled`; `notice_minutes` is the notice in whole minutes, rounded down (23.99 h is late for 24)."""

    session: str
    bundle: str
    notice_minutes: int


@dataclass(frozen=True, slots=True)
class SessionNoShow:
    """`session.no_show`."""

    session: str
    bundle: str


@dataclass(frozen=True, slots=True)
class SessionReversed:
    """`session.reversed`: rollback of whatever that session posted."""

    session: str


@dataclass(frozen=True, slots=True)
class SessionWaived:
    """`session.waived`: a late cancellation or no-show forgiven afterwards."""

    session: str
    approver: str


@dataclass(frozen=True, slots=True)
class BundleTransferred:
    """`bundle.transferred`, whole or (`units` and `to_bundle`) in part; `related` when a relation was named."""

    bundle: str
    to_customer: str
    related: bool = False
    fee: int = 0
    units: int | None = None
    to_bundle: str | None = None


@dataclass(frozen=True, slots=True)
class BundleShared:
    """`bundle.shared`."""

    bundle: str
    beneficiary: str


@dataclass(frozen=True, slots=True)
class BundleUnshared:
    """`bundle.unshared`."""

    bundle: str
    beneficiary: str


@dataclass(frozen=True, slots=True)
class BundleProviderChanged:
    """`bundle.provider_changed`."""

    bundle: str
    provider: str


@dataclass(frozen=True, slots=True)
class BundleExtended:
    """`bundle.extended`: a new last day of use; reinstates what expired."""

    bundle: str
    expires_on: date
    reason: str
    approver: str
    fee: int = 0


@dataclass(frozen=True, slots=True)
class BundleExpired:
    """`bundle.expired`: said from outside; the clock makes expiries without it."""

    bundle: str


@dataclass(frozen=True, slots=True)
class BundleTerminated:
    """`bundle.terminated`: the customer gives up the remaining rights."""

    bundle: str


@dataclass(frozen=True, slots=True)
class RefundException:
    """Why a refund may exceed its quote, and who approved it."""

    reason: str
    approver: str


@dataclass(frozen=True, slots=True)
class RefundIssued:
    """`refund.issued`; without `amount` the quote of the day, without `method` payable later."""

    refund: str
    bundle: str
    amount: int | None = None
    method: Method | None = None
    units: int | None = None
    accepted: bool = False
    exception: RefundException | None = None


@dataclass(frozen=True, slots=True)
class RefundSettled:
    """`refund.settled`: a payable refund is paid."""

    refund: str
    method: Method


@dataclass(frozen=True, slots=True)
class RefundReversed:
    """`refund.reversed`: before it was settled, or when the money came back."""

    refund: str
    approver: str


@dataclass(frozen=True, slots=True)
class PeriodClosed:
    """`period.closed`; `period` is the first day of the month."""

    period: date
    approver: str


@dataclass(frozen=True, slots=True)
class PeriodReopened:
    """`period.reopened`; opens every later period too."""

    period: date
    approver: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One leg of a manual entry: debit positive."""

    role: str
    amount: int
    bundle: str | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class AdjustmentPosted:
    """`adjustment.posted`: legs that add up to zero."""

    postings: tuple[Adjustment, ...]
    approver: str


@dataclass(frozen=True, slots=True)
class CalendarAdvanced:
    """`calendar.advanced`: made by `advance`, refused from outside."""

    to: date


Fact = (
    CustomerRegistered
    | BundleSold
    | BundleVoided
    | PaymentReceived
    | PaymentReversed
    | PaymentFailed
    | SessionCompleted
    | SessionCancelled
    | SessionNoShow
    | SessionReversed
    | SessionWaived
    | BundleTransferred
    | BundleShared
    | BundleUnshared
    | BundleProviderChanged
    | BundleExtended
    | BundleExpired
    | BundleTerminated
    | RefundIssued
    | RefundSettled
    | RefundReversed
    | PeriodClosed
    | PeriodReopened
    | AdjustmentPosted
    | CalendarAdvanced
)

TYPES: dict[str, type] = {
    "customer.registered": CustomerRegistered,
    "bundle.sold": BundleSold,
    "bundle.voided": BundleVoided,
    "payment.received": PaymentReceived,
    "payment.reversed": PaymentReversed,
    "payment.failed": PaymentFailed,
    "session.completed": SessionCompleted,
    "session.cancelled": SessionCancelled,
    "session.no_show": SessionNoShow,
    "session.reversed": SessionReversed,
    "session.waived": SessionWaived,
    "bundle.transferred": BundleTransferred,
    "bundle.shared": BundleShared,
    "bundle.unshared": BundleUnshared,
    "bundle.provider_changed": BundleProviderChanged,
    "bundle.extended": BundleExtended,
    "bundle.expired": BundleExpired,
    "bundle.terminated": BundleTerminated,
    "refund.issued": RefundIssued,
    "refund.settled": RefundSettled,
    "refund.reversed": RefundReversed,
    "period.closed": PeriodClosed,
    "period.reopened": PeriodReopened,
    "adjustment.posted": AdjustmentPosted,
    "calendar.advanced": CalendarAdvanced,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One fact in its envelope (CloudEvents 1.0 with revrec's extension attributes).

    `date` is the accounting date: `effective_date` if given, else the date of `time` in the taxpayer's zone.
    """

    id: str
    source: str
    type: str
    date: date
    data: Fact
    branch: str | None = None
    actor: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()
