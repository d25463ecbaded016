"""The facts, one frozen dataclass a type (events.md 3 and 4).

Amounts are minor units of the taxpayer's currency, units are quanta (`core/units.py`),
dates are the taxpayer's accounting dates, instants are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from revrec.core.words import Word


class Method(Word):
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
class CustomerErased:
    """`customer.erased`: the key of the person is destroyed, or the person is blocked until the statutory date."""

    customer: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """Money of another currency: `amount` in its minor units, `rate` in billionths of the taxpayer's for one unit."""

    currency: str
    rate: int
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of the price and the day on which it falls due."""

    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Payer:
    """Who is bound to pay a part of the price: an insurer, an employer, a parent."""

    customer: str
    amount: int


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
    instalments: tuple[Instalment, ...] = ()
    payers: tuple[Payer, ...] = ()
    foreign: Foreign | None = None


@dataclass(frozen=True, slots=True)
class OriginalInvoice:
    """The invoice of a bundle sold before these books began."""

    number: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class BundleOpened:
    """`bundle.opened`: a bundle sold before these books began; `deferred` is net of VAT, `tax_paid` the VAT on it."""

    bundle: str
    package: str
    customer: str
    units_left: int
    deferred: int
    sold_on: date
    beneficiary: str | None = None
    tax_paid: int = 0
    expires_on: date | None = None
    original_invoice: OriginalInvoice | None = None


@dataclass(frozen=True, slots=True)
class DepositReceived:
    """`deposit.received`: money that is fully returnable until it is applied or forfeited."""

    deposit: str
    customer: str
    amount: int
    method: Method


@dataclass(frozen=True, slots=True)
class DepositApplied:
    """`deposit.applied` to exactly one of `bundle` and `session` (a one-off visit)."""

    deposit: str
    bundle: str | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class DepositReturned:
    """`deposit.returned`."""

    deposit: str
    method: Method


@dataclass(frozen=True, slots=True)
class DepositForfeited:
    """`deposit.forfeited`: fee income by `fee_tax`."""

    deposit: str


@dataclass(frozen=True, slots=True)
class BundleVoided:
    """`bundle.voided`: only unused and with no money on it."""

    bundle: str
    approver: str


@dataclass(frozen=True, slots=True)
class PaymentReceived:
    """`payment.received` for exactly one of `bundle`, `session` (a one-off visit), `customer` and `invoice`.

    `amount` is the money that arrived, `tip` the part of it that is the staff's; `withheld` is the income tax that the
    payer kept back and counts as paid on top.
    """

    payment: str
    amount: int
    method: Method
    bundle: str | None = None
    session: str | None = None
    customer: str | None = None
    payer: str | None = None
    reference: str | None = None
    withheld: int = 0
    tip: int = 0
    foreign: Foreign | None = None
    invoice: str | None = None


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
class ChargebackOpened:
    """`chargeback.opened`: the payer's bank disputes a payment."""

    payment: str
    amount: int
    fee: int = 0


@dataclass(frozen=True, slots=True)
class ChargebackWon:
    """`chargeback.won`: the money comes back."""

    payment: str


@dataclass(frozen=True, slots=True)
class ChargebackLost:
    """`chargeback.lost`: the money is gone, the rights are frozen."""

    payment: str


@dataclass(frozen=True, slots=True)
class PayoutSettled:
    """`payout.settled`: the payment service provider pays `gross` less `fee` to the bank."""

    method: Method
    gross: int
    fee: int
    reference: str | None = None
    foreign: Foreign | None = None


@dataclass(frozen=True, slots=True)
class Surcharge:
    """What one session costs on top of the bundle, tax included."""

    amount: int
    tax: str


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
    cost: int = 0
    surcharge: Surcharge | None = None


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
class BundleToppedUp:
    """`bundle.topped_up`: more units for more money; `modification` overrides the policy's."""

    bundle: str
    units: int
    price: int
    list_price: int | None = None
    modification: str | None = None


@dataclass(frozen=True, slots=True)
class BundleUpgraded:
    """`bundle.upgraded` to a package, or by `units` and `price`; `mode` is `new_pack` (into `to_bundle`) or `in_place`."""

    bundle: str
    mode: str
    to_package: str | None = None
    units: int | None = None
    price: int | None = None
    to_bundle: str | None = None


@dataclass(frozen=True, slots=True)
class BundlePriceReduced:
    """`bundle.price_reduced`: a price concession."""

    bundle: str
    amount: int


@dataclass(frozen=True, slots=True)
class BundleCancelledForDefault:
    """`bundle.cancelled_for_default`: unpaid; the unearned part is cancelled, the earned part written off."""

    bundle: str


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
class RefundRequested:
    """`refund.requested`: fixes the quote of that day."""

    refund: str
    bundle: str


@dataclass(frozen=True, slots=True)
class RefundRejected:
    """`refund.rejected`."""

    refund: str
    approver: str


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
class ReceivableWrittenOff:
    """`receivable.written_off` of exactly one of `bundle` and `customer` (visits)."""

    amount: int
    bundle: str | None = None
    customer: str | None = None
    invoice: str | None = None


@dataclass(frozen=True, slots=True)
class ReceivableRecovered:
    """`receivable.recovered`: the claim comes back; the money follows as a payment."""

    amount: int
    bundle: str | None = None
    customer: str | None = None
    invoice: str | None = None


@dataclass(frozen=True, slots=True)
class ReceivableVatRecovered:
    """`receivable.vat_recovered`: `amount` is the VAT of a claim written off, taken back after the statutory wait."""

    amount: int
    notified_on: date
    bundle: str | None = None
    customer: str | None = None
    invoice: str | None = None


@dataclass(frozen=True, slots=True)
class CreditGranted:
    """`credit.granted`: a concession."""

    customer: str
    amount: int


@dataclass(frozen=True, slots=True)
class CreditApplied:
    """`credit.applied` to a bundle."""

    customer: str
    amount: int
    bundle: str | None = None
    invoice: str | None = None


@dataclass(frozen=True, slots=True)
class BreakageEstimated:
    """`breakage.estimated`: the share of rights that will be used, in millionths, for all bundles of a policy."""

    policy: str
    expected_used: int
    approver: str


@dataclass(frozen=True, slots=True)
class BreakageDeemedRemote:
    """`breakage.deemed_remote`: the customer is not expected to return."""

    bundle: str
    approver: str


@dataclass(frozen=True, slots=True)
class BranchSettled:
    """`branch.settled`: one branch pays what it owes another."""

    from_branch: str
    to_branch: str
    amount: int


@dataclass(frozen=True, slots=True)
class ProviderInvoiced:
    """`provider.invoiced`: `amount` net of VAT, `tax_amount` the VAT on it, `withholding` kept back."""

    provider: str
    amount: int
    session: str | None = None
    tax_amount: int = 0
    withholding: int = 0


@dataclass(frozen=True, slots=True)
class ProviderPaid:
    """`provider.paid`."""

    provider: str
    amount: int
    method: Method


@dataclass(frozen=True, slots=True)
class CurrencyRevalued:
    """`currency.revalued`: `rate` in billionths of the taxpayer's currency for one unit; monetary items only."""

    currency: str
    rate: int


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
    | CustomerErased
    | BundleOpened
    | DepositReceived
    | DepositApplied
    | DepositReturned
    | DepositForfeited
    | ChargebackOpened
    | ChargebackWon
    | ChargebackLost
    | PayoutSettled
    | BundleToppedUp
    | BundleUpgraded
    | BundlePriceReduced
    | BundleCancelledForDefault
    | RefundRequested
    | RefundRejected
    | ReceivableWrittenOff
    | ReceivableRecovered
    | ReceivableVatRecovered
    | CreditGranted
    | CreditApplied
    | BreakageEstimated
    | BreakageDeemedRemote
    | BranchSettled
    | ProviderInvoiced
    | ProviderPaid
    | CurrencyRevalued
    | CalendarAdvanced
)

TYPES: dict[str, type] = {
    "customer.registered": CustomerRegistered,
    "customer.erased": CustomerErased,
    "bundle.sold": BundleSold,
    "bundle.opened": BundleOpened,
    "deposit.received": DepositReceived,
    "deposit.applied": DepositApplied,
    "deposit.returned": DepositReturned,
    "deposit.forfeited": DepositForfeited,
    "payment.received": PaymentReceived,
    "payment.reversed": PaymentReversed,
    "bundle.voided": BundleVoided,
    "refund.reversed": RefundReversed,
    "payment.failed": PaymentFailed,
    "chargeback.opened": ChargebackOpened,
    "chargeback.won": ChargebackWon,
    "chargeback.lost": ChargebackLost,
    "payout.settled": PayoutSettled,
    "session.completed": SessionCompleted,
    "session.cancelled": SessionCancelled,
    "session.no_show": SessionNoShow,
    "session.reversed": SessionReversed,
    "session.waived": SessionWaived,
    "bundle.topped_up": BundleToppedUp,
    "bundle.upgraded": BundleUpgraded,
    "bundle.transferred": BundleTransferred,
    "bundle.shared": BundleShared,
    "bundle.unshared": BundleUnshared,
    "bundle.provider_changed": BundleProviderChanged,
    "bundle.extended": BundleExtended,
    "bundle.expired": BundleExpired,
    "bundle.terminated": BundleTerminated,
    "bundle.price_reduced": BundlePriceReduced,
    "bundle.cancelled_for_default": BundleCancelledForDefault,
    "refund.issued": RefundIssued,
    "refund.requested": RefundRequested,
    "refund.rejected": RefundRejected,
    "refund.settled": RefundSettled,
    "receivable.written_off": ReceivableWrittenOff,
    "receivable.recovered": ReceivableRecovered,
    "receivable.vat_recovered": ReceivableVatRecovered,
    "credit.granted": CreditGranted,
    "credit.applied": CreditApplied,
    "breakage.estimated": BreakageEstimated,
    "breakage.deemed_remote": BreakageDeemedRemote,
    "branch.settled": BranchSettled,
    "provider.invoiced": ProviderInvoiced,
    "provider.paid": ProviderPaid,
    "currency.revalued": CurrencyRevalued,
    "adjustment.posted": AdjustmentPosted,
    "period.closed": PeriodClosed,
    "period.reopened": PeriodReopened,
    "calendar.advanced": CalendarAdvanced,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One fact in its envelope (CloudEvents 1.0 with revrec's extension attributes).

    `date` is the accounting date: `effective_date` if given, else the date of `time` in the taxpayer's zone.
    `prior_period` sends what a late event does to a closed year's income to prior-period errors (`correction`).
    """

    id: str
    source: str
    type: str
    date: date
    data: Fact
    branch: str | None = None
    actor: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    prior_period: bool = False
