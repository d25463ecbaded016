"""The members of `data`, type by type (events.md 4): the one description from which checks and JSON Schemas are made."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from revrec.core.journal import Role
from revrec.wire.errors import nearest
from revrec.wire.kinds import (
    COUNTRY,
    EMAIL,
    META_KEY,
    META_VALUE,
    REFERENCE,
    Amount,
    Checked,
    Code,
    CustomerId,
    Day,
    Id,
    Instant,
    Month,
    OneLine,
    PaymentId,
    Plain,
    Quantity,
    SignedAmount,
    Text,
    refuse,
    shown,
)

MethodName = Literal["cash", "card", "transfer", "direct_debit", "bizum", "paypal", "other"]
ROLES = [str(role) for role in Role]


def role(value: Any) -> str:
    """A role of the chart."""
    if value in ROLES:
        return str(value)
    raise refuse("role", f"{shown(value)} is no role", nearest(str(value), ROLES) or "accounting roles are listed in docs")


RoleName = Annotated[str, Checked(role, {"type": "string", "enum": ROLES})]
CLOSED: dict[str, Any] = {"additionalProperties": False}
Metadata = Annotated[
    dict[Annotated[str, Field(pattern=META_KEY, max_length=64)], Annotated[str, Field(pattern=META_VALUE, max_length=64)]],
    Field(max_length=32, description="Codes of your own, copied to the entries; never text.", json_schema_extra=CLOSED),
]


class Common(TypedDict):
    """Members that every event may carry."""

    effective_date: NotRequired[Annotated[Day, Field(description="Accounting date where it is not the date of `time`.")]]
    note: NotRequired[Annotated[Text, Field(description="For administration; stored encrypted, in no book or document.")]]
    metadata: NotRequired[Metadata]


class Dir3(TypedDict):
    """The three codes of a Spanish public office (FACe)."""

    accounting_office: Code
    managing_body: Code
    processing_unit: Code


class CustomerRegistered(Common):
    """A customer and the details that documents need; again for the same customer: the details from then on."""

    customer: CustomerId
    name: Annotated[OneLine, Field(description="First name or company; sealed.")]
    first_surname: NotRequired[OneLine]
    second_surname: NotRequired[OneLine]
    person: Literal["natural", "legal"]
    tax_id: NotRequired[Annotated[str, Field(pattern=r"^[A-Za-z0-9 ./-]+$", max_length=32, description="Sealed.")]]
    country: Annotated[str, Field(pattern=COUNTRY, description="ISO 3166, two letters.")]
    address: NotRequired[OneLine]
    post_code: NotRequired[OneLine]
    town: NotRequired[OneLine]
    province: NotRequired[OneLine]
    email: NotRequired[Annotated[str, Field(pattern=EMAIL, max_length=254)]]
    business: NotRequired[Annotated[bool, Field(description="Buys for a business.")]]
    withholds: NotRequired[Annotated[bool, Field(description="Keeps back IRPF.")]]
    dir3: NotRequired[Dir3]
    household: NotRequired[Annotated[Id, Field(description="Family transfers and sharing go within one household.")]]


class Discount(TypedDict):
    """A coupon: its amount is taken off the price."""

    code: Code
    amount: Amount


class BundleSold(Common):
    """A bundle is sold; what is left out comes from the catalogue version in force that day."""

    bundle: Id
    package: Id
    customer: CustomerId
    beneficiary: NotRequired[CustomerId]
    provider: NotRequired[Id]
    units: NotRequired[Quantity]
    bonus_units: NotRequired[Quantity]
    price: NotRequired[Amount]
    list_price: NotRequired[Amount]
    expires_on: NotRequired[Day]
    discount: NotRequired[Discount]
    policy_accepted_at: NotRequired[Annotated[Instant, Field(description="When the customer accepted the rules.")]]


class BundleVoided(Common):
    """A sale made by mistake: only unused and with no money on it."""

    bundle: Id
    reason: Text
    approver: Plain


class PaymentReceived(Common):
    """Money that came in for exactly one of `bundle`, `session` (a one-off visit) and `customer` (kept as credit)."""

    payment: PaymentId
    amount: Amount
    method: MethodName
    bundle: NotRequired[Id]
    session: NotRequired[Id]
    customer: NotRequired[CustomerId]
    payer: NotRequired[CustomerId]
    reference: NotRequired[
        Annotated[str, Field(pattern=REFERENCE, max_length=140, description="Of bank or terminal, never a card number.")]
    ]


class PaymentReversed(Common):
    """A payment recorded by mistake, or money that the bank took back: the claim is open again."""

    payment: Id
    reason: Literal["mistake", "returned"]
    approver: Plain
    fee: NotRequired[Amount]


class PaymentFailed(Common):
    """A payment that did not go through; nothing is posted."""

    payment: Id
    amount: Amount
    method: MethodName
    bundle: NotRequired[Id]
    code: Code


class SessionCompleted(Common):
    """A session took place: on a `bundle`, drawn from the `customer`'s bundles, or (with `price`) a one-off visit."""

    session: Id
    bundle: NotRequired[Id]
    customer: NotRequired[CustomerId]
    service: NotRequired[Id]
    price: NotRequired[Amount]
    tax: NotRequired[Id]
    quantity: NotRequired[Annotated[Quantity, Field(description="Units; default 1.")]]
    started_at: NotRequired[Instant]
    ended_at: NotRequired[Instant]
    beneficiary: NotRequired[CustomerId]
    provider: NotRequired[Id]
    modality: NotRequired[Id]


class SessionCancelled(Common):
    """A session was cancelled; whether that costs a unit or a fee is for the policy to say."""

    session: Id
    bundle: Id
    notice_hours: Annotated[Quantity, Field(description="Hours between the cancellation and the session.")]
    reason: NotRequired[Text]


class SessionNoShow(Common):
    """The customer did not come."""

    session: Id
    bundle: Id


class SessionReversed(Common):
    """Whatever that session posted is rolled back."""

    session: Id
    reason: Text


class SessionWaived(Common):
    """A late cancellation or a no-show is forgiven afterwards."""

    session: Id
    reason: Text
    approver: Plain


class BundleTransferred(Common):
    """A bundle goes to another customer, whole or (`units` and `to_bundle`) in part."""

    bundle: Id
    to_customer: CustomerId
    relation: NotRequired[Annotated[Text, Field(description="Why both are family, where they share no household; sealed.")]]
    fee: NotRequired[Amount]
    units: NotRequired[Quantity]
    to_bundle: NotRequired[Id]


class BundleShared(Common):
    """Another person may use the bundle too."""

    bundle: Id
    beneficiary: CustomerId


class BundleUnshared(Common):
    """That person may no longer use it."""

    bundle: Id
    beneficiary: CustomerId


class BundleProviderChanged(Common):
    """Another provider delivers from now on."""

    bundle: Id
    provider: Id


class BundleExtended(Common):
    """A new last day of use; what had expired lives again."""

    bundle: Id
    expires_on: Day
    reason: Literal["goodwill", "clinical", "other"]
    approver: Plain
    fee: NotRequired[Amount]


class BundleExpired(Common):
    """The bundle's last day has passed; the clock says so without being told."""

    bundle: Id


class BundleTerminated(Common):
    """The customer gives up the remaining rights; nothing is refunded."""

    bundle: Id
    reason: Text


class Accepted(TypedDict):
    """The customer agrees to less than the quote."""

    reason: Annotated[Text, Field(description="Sealed.")]
    accepted_at: Instant


class Exceptional(TypedDict):
    """Why more than the quote is refunded."""

    reason: Literal["clinical", "administrative", "goodwill"]
    approver: Plain


class OriginalInvoice(TypedDict):
    """The invoice that the refund corrects."""

    number: Code
    issued_on: Day


class RefundIssued(Common):
    """A refund: by default the quote of that day; with `method` paid at once, without it payable."""

    refund: Id
    bundle: Id
    amount: NotRequired[Amount]
    method: NotRequired[MethodName]
    units: NotRequired[Annotated[Quantity, Field(description="Only these; the bundle goes on.")]]
    accepted: NotRequired[Accepted]
    original_invoice: NotRequired[OriginalInvoice]
    exception: NotRequired[Exceptional]


class RefundSettled(Common):
    """A payable refund is paid."""

    refund: Id
    method: MethodName


class RefundReversed(Common):
    """A refund is taken back, before it was settled or when the money came back."""

    refund: Id
    reason: Text
    approver: Plain


class PeriodClosed(Common):
    """A month is closed."""

    period: Month
    approver: Plain


class PeriodReopened(Common):
    """A month, and every later one, is open again."""

    period: Month
    reason: Text
    approver: Plain


class Adjustment(TypedDict):
    """One leg: debit positive, credit negative."""

    role: RoleName
    amount: SignedAmount
    bundle: NotRequired[Id]
    branch: NotRequired[Id]


class AdjustmentPosted(Common):
    """An entry by hand; its legs add up to 0."""

    postings: Annotated[list[Adjustment], Field(min_length=2, max_length=200)]
    reason: Text
    approver: Plain


class CalendarAdvanced(TypedDict):
    """The calendar moved; made by `advance`, refused from outside."""

    to: Day


DATA: dict[str, type] = {
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

# Types of the contract that this release knows by name only.
LATER = frozenset(
    """
    customer.erased bundle.opened bundle.topped_up bundle.upgraded bundle.price_reduced bundle.cancelled_for_default
    deposit.received deposit.applied deposit.returned deposit.forfeited chargeback.opened chargeback.won chargeback.lost
    payout.settled refund.requested refund.rejected receivable.written_off receivable.recovered receivable.vat_recovered
    credit.granted credit.applied breakage.estimated breakage.deemed_remote branch.settled provider.invoiced provider.paid
    currency.revalued
    """.split(),
)

# Members of the contract that this release knows by name only: for any type, and type by type.
LATER_ANY = frozenset({"currency", "rate", "correction"})
LATER_MEMBERS: dict[str, frozenset[str]] = {
    "bundle.sold": frozenset({"instalments", "payers"}),
    "payment.received": frozenset({"invoice", "withheld", "tip"}),
    "session.completed": frozenset({"cost", "surcharge"}),
}

# What is stored encrypted: `*` all members but those named.
CLEAR_OF_CUSTOMER = frozenset(
    {"customer", "household", "country", "person", "business", "withholds", "effective_date", "metadata"},
)
SEALED: dict[str, tuple[str, ...]] = {
    "bundle.voided": ("reason",),
    "session.cancelled": ("reason",),
    "session.reversed": ("reason",),
    "session.waived": ("reason",),
    "bundle.transferred": ("relation",),
    "bundle.terminated": ("reason",),
    "refund.reversed": ("reason",),
    "period.reopened": ("reason",),
    "adjustment.posted": ("reason",),
}
