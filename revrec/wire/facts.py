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
    Currency,
    CustomerId,
    Day,
    Id,
    Instant,
    InvoiceNumber,
    Month,
    OneLine,
    PaymentId,
    Plain,
    Quantity,
    Rate,
    Share,
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


class Base(TypedDict):
    """Members that every event may carry."""

    effective_date: NotRequired[Annotated[Day, Field(description="Accounting date where it is not the date of `time`.")]]
    note: NotRequired[Annotated[Text, Field(description="For administration; stored encrypted, in no book or document.")]]
    metadata: NotRequired[Metadata]
    correction: NotRequired[
        Annotated[
            Literal["prior_period"],
            Field(description="What a late event changes goes to prior-period errors (NRV 22); needs `approver`."),
        ]
    ]


class Common(Base):
    """An event that needs nobody's approval, unless it carries `correction`."""

    approver: NotRequired[Annotated[Plain, Field(description="Beside `correction`: who approved it.")]]


class Approved(Base):
    """An event that somebody approves."""

    approver: Plain


class Priced(TypedDict):
    """Members of every event that carries amounts: the amounts are converted half up, those of a list add up exactly."""

    currency: NotRequired[Annotated[Currency, Field(description="Of all its amounts; only where it is not the taxpayer's.")]]
    rate: NotRequired[Annotated[Rate, Field(description="With `currency`: the taxpayer's currency for one unit of it.")]]


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


class CustomerErased(Common):
    """A person's data is destroyed, or blocked until the statutory date; books, chains and proofs stay valid."""

    customer: CustomerId
    reason: Text


class Instalment(TypedDict):
    """A part of the price and the day on which it falls due."""

    due_on: Day
    amount: Amount


class Payer(TypedDict):
    """Who is bound to pay a part of the price: an insurer, an employer, a parent."""

    customer: CustomerId
    amount: Amount


class BundleSold(Common, Priced):
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
    instalments: NotRequired[
        Annotated[list[Instalment], Field(min_length=1, max_length=120, description="In order of their days, each later.")]
    ]
    discount: NotRequired[Discount]
    payers: NotRequired[
        Annotated[list[Payer], Field(min_length=1, max_length=20, description="Default: the customer owes it all.")]
    ]
    policy_accepted_at: NotRequired[Annotated[Instant, Field(description="When the customer accepted the rules.")]]


class OriginalInvoice(TypedDict):
    """An invoice issued before."""

    number: Annotated[str, Field(pattern=REFERENCE, max_length=60)]
    issued_on: Day


class BundleOpened(Common, Priced):
    """A bundle that was sold before these books began comes in with what is left of it, against `opening`."""

    bundle: Id
    package: Id
    customer: CustomerId
    beneficiary: NotRequired[CustomerId]
    units_left: Quantity
    deferred: Annotated[Amount, Field(description="What is paid and not yet delivered, net of VAT.")]
    tax_paid: NotRequired[Annotated[Amount, Field(description="The VAT on it.")]]
    sold_on: Day
    expires_on: NotRequired[Day]
    original_invoice: NotRequired[OriginalInvoice]
    proof: Annotated[Text, Field(description="Where the old system says so; sealed.")]


class DepositReceived(Common, Priced):
    """Money that is fully returnable until it is applied or forfeited: no revenue, no VAT."""

    deposit: Id
    customer: CustomerId
    amount: Amount
    method: MethodName


class DepositApplied(Common):
    """A deposit pays for exactly one of `bundle` and `session` (a one-off visit)."""

    deposit: Id
    bundle: NotRequired[Id]
    session: NotRequired[Id]


class DepositReturned(Common):
    """A deposit is paid back."""

    deposit: Id
    method: MethodName


class DepositForfeited(Common):
    """A deposit is kept: fee income, taxed by `fee_tax`."""

    deposit: Id
    reason: Text


class BundleVoided(Approved):
    """A sale made by mistake: only unused and with no money on it."""

    bundle: Id
    reason: Text


class PaymentReceived(Common, Priced):
    """Money for exactly one of `bundle`, `session` (a one-off visit), `customer` (kept as credit) and `invoice`."""

    payment: PaymentId
    amount: Amount
    method: MethodName
    bundle: NotRequired[Id]
    session: NotRequired[Id]
    customer: NotRequired[CustomerId]
    invoice: NotRequired[InvoiceNumber]
    payer: NotRequired[CustomerId]
    reference: NotRequired[
        Annotated[str, Field(pattern=REFERENCE, max_length=140, description="Of bank or terminal, never a card number.")]
    ]
    withheld: NotRequired[
        Annotated[Amount, Field(description="Income tax (IRPF) that the payer kept back; counts as paid, on top of `amount`.")]
    ]
    tip: NotRequired[Annotated[Amount, Field(description="The part of `amount` that is the staff's: no revenue, no VAT.")]]


class PaymentReversed(Approved, Priced):
    """A payment recorded by mistake, or money that the bank took back: the claim is open again."""

    payment: Id
    reason: Literal["mistake", "returned"]
    fee: NotRequired[Amount]


class PaymentFailed(Common, Priced):
    """A payment that did not go through; nothing is posted."""

    payment: Id
    amount: Amount
    method: MethodName
    bundle: NotRequired[Id]
    code: Code


class ChargebackOpened(Common, Priced):
    """The payer's bank disputes a payment and takes the money back for the time being."""

    payment: Id
    amount: Amount
    fee: NotRequired[Amount]


class ChargebackWon(Common):
    """The disputed money comes back."""

    payment: Id


class ChargebackLost(Common):
    """The disputed money is gone; the rights that are left are frozen."""

    payment: Id


class PayoutSettled(Common, Priced):
    """A payment service provider pays out `gross` less `fee` to the bank."""

    method: MethodName
    gross: Amount
    fee: Amount
    reference: NotRequired[Annotated[str, Field(pattern=REFERENCE, max_length=140, description="Of the payout.")]]


class Surcharge(TypedDict):
    """What one session costs on top of the bundle, tax included."""

    amount: Amount
    tax: Id


class SessionCompleted(Common, Priced):
    """A session took place: on a `bundle`, drawn from the `customer`'s bundles, or (with `price`) a one-off visit."""

    session: Id
    bundle: NotRequired[Id]
    customer: NotRequired[CustomerId]
    service: NotRequired[Annotated[Id, Field(description="Of a visit; beside `bundle` only for a multi-purpose voucher.")]]
    price: NotRequired[Amount]
    tax: NotRequired[Annotated[Id, Field(description="Of a visit; beside `bundle` only for a multi-purpose voucher.")]]
    quantity: NotRequired[Annotated[Quantity, Field(description="Units; default 1.")]]
    started_at: NotRequired[Instant]
    ended_at: NotRequired[Instant]
    beneficiary: NotRequired[CustomerId]
    provider: NotRequired[Id]
    modality: NotRequired[Id]
    cost: NotRequired[Annotated[Amount, Field(description="What `provider` is owed for it.")]]
    surcharge: NotRequired[Surcharge]


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


class SessionWaived(Approved):
    """A late cancellation or a no-show is forgiven afterwards."""

    session: Id
    reason: Text


class BundleToppedUp(Common, Priced):
    """More units for more money."""

    bundle: Id
    units: Quantity
    price: Amount
    list_price: NotRequired[Amount]
    modification: NotRequired[
        Annotated[Literal["auto", "separate", "prospective"], Field(description="Default: what the policy says.")]
    ]


class BundleUpgraded(Common, Priced):
    """Another package (`to_package`) or more of the same (`units` and `price`); `mode` says into which bundle."""

    bundle: Id
    mode: Annotated[
        Literal["new_pack", "in_place"],
        Field(description="new_pack: the unused value counts as paid on `to_bundle`; in_place: the same bundle goes on."),
    ]
    to_package: NotRequired[Id]
    units: NotRequired[Quantity]
    price: NotRequired[Amount]
    to_bundle: NotRequired[Id]


class BundlePriceReduced(Common, Priced):
    """A price concession on what is still to be delivered."""

    bundle: Id
    amount: Amount
    reason: Text


class BundleCancelledForDefault(Common):
    """Unpaid: the unearned part is cancelled, the earned part written off."""

    bundle: Id
    reason: Text


class BundleTransferred(Common, Priced):
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


class BundleExtended(Approved, Priced):
    """A new last day of use; what had expired lives again."""

    bundle: Id
    expires_on: Day
    reason: Literal["goodwill", "clinical", "other"]
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


class RefundRequested(Common):
    """The customer asks for a refund: fixes the quote of that day, nothing is posted."""

    refund: Id
    bundle: Id
    reason: NotRequired[Text]


class RefundRejected(Approved):
    """A refund that was asked for is refused."""

    refund: Id
    reason: Text


class RefundIssued(Common, Priced):
    """A refund: by default the quote of that day; with `method` paid at once, without it payable."""

    refund: Id
    bundle: Id
    amount: NotRequired[Amount]
    method: NotRequired[MethodName]
    units: NotRequired[Annotated[Quantity, Field(description="Only these; the bundle goes on.")]]
    accepted: NotRequired[Accepted]
    original_invoice: NotRequired[Annotated[OriginalInvoice, Field(description="The invoice that the refund corrects.")]]
    exception: NotRequired[Exceptional]


class RefundSettled(Common):
    """A payable refund is paid."""

    refund: Id
    method: MethodName


class RefundReversed(Approved):
    """A refund is taken back, before it was settled or when the money came back."""

    refund: Id
    reason: Text


class ReceivableWrittenOff(Common, Priced):
    """A claim on exactly one of `bundle`, `customer` (one-off visits) and `invoice` is lost."""

    bundle: NotRequired[Id]
    customer: NotRequired[CustomerId]
    invoice: NotRequired[InvoiceNumber]
    amount: Amount
    reason: NotRequired[Text]


class ReceivableRecovered(Common, Priced):
    """A claim that was written off comes back; the money follows as a payment."""

    bundle: NotRequired[Id]
    customer: NotRequired[CustomerId]
    invoice: NotRequired[InvoiceNumber]
    amount: Amount
    reason: NotRequired[Text]


class ReceivableVatRecovered(Common, Priced):
    """The VAT of a claim that was written off is taken back, after the statutory wait."""

    bundle: NotRequired[Id]
    customer: NotRequired[CustomerId]
    invoice: NotRequired[InvoiceNumber]
    amount: Annotated[Amount, Field(description="The VAT itself.")]
    claim_proof: Annotated[Text, Field(description="How the debt was claimed, by court or notary; sealed.")]
    notified_on: Annotated[Day, Field(description="Day of the notification that the law asks for.")]
    reason: NotRequired[Text]


class CreditGranted(Common, Priced):
    """A concession that the customer may spend later."""

    customer: CustomerId
    amount: Amount
    reason: Text


class CreditApplied(Common, Priced):
    """Credit of the customer pays for a bundle, named itself or by its invoice."""

    customer: CustomerId
    amount: Amount
    bundle: NotRequired[Id]
    invoice: NotRequired[InvoiceNumber]


class BreakageEstimated(Approved):
    """How much of all rights sold under a policy will be used, from now on; the difference is caught up at once."""

    policy: Id
    expected_used: Share
    evidence: Annotated[Text, Field(description="The data behind it; sealed.")]


class BreakageDeemedRemote(Approved):
    """The customer is not expected to come back."""

    bundle: Id
    evidence: Annotated[Text, Field(description="Why; sealed.")]


class BranchSettled(Common, Priced):
    """One branch pays another what it owes for sessions delivered there."""

    from_branch: Id
    to_branch: Id
    amount: Amount


class ProviderInvoiced(Common, Priced):
    """A provider's invoice: `amount` net of VAT, `tax_amount` the VAT on it, `withholding` kept back from it."""

    provider: Id
    session: NotRequired[Id]
    amount: Amount
    tax_amount: NotRequired[Amount]
    withholding: NotRequired[Amount]


class ProviderPaid(Common, Priced):
    """A provider is paid."""

    provider: Id
    amount: Amount
    method: MethodName


class CurrencyRevalued(Common):
    """Money and claims in a currency are valued at a rate; the contract liability keeps the rates of its payments."""

    currency: Annotated[Currency, Field(description="Not the taxpayer's.")]
    rate: Annotated[Rate, Field(description="The taxpayer's currency for one unit of it.")]


class PeriodClosed(Approved):
    """A month is closed."""

    period: Month


class PeriodReopened(Approved):
    """A month, and every later one, is open again."""

    period: Month
    reason: Text


class Adjustment(TypedDict):
    """One leg: debit positive, credit negative."""

    role: RoleName
    amount: SignedAmount
    bundle: NotRequired[Id]
    branch: NotRequired[Id]


class AdjustmentPosted(Approved, Priced):
    """An entry by hand; its legs add up to 0."""

    postings: Annotated[list[Adjustment], Field(min_length=2, max_length=200)]
    reason: Text


class CalendarAdvanced(TypedDict):
    """The calendar moved; made by `advance`, refused from outside."""

    to: Day


DATA: dict[str, type] = {
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

# Those that somebody approves anyway; any other event has an approver only beside `correction`.
APPROVED = frozenset(kind for kind, form in DATA.items() if Approved in getattr(form, "__orig_bases__", ()))

# What is stored encrypted: `*` all members but those named.
CLEAR_OF_CUSTOMER = frozenset(
    {"customer", "household", "country", "person", "business", "withholds", "effective_date", "metadata"},
)
SEALED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "customer.erased",
            "deposit.forfeited",
            "bundle.voided",
            "session.cancelled",
            "session.reversed",
            "session.waived",
            "bundle.terminated",
            "bundle.price_reduced",
            "bundle.cancelled_for_default",
            "refund.requested",
            "refund.rejected",
            "refund.reversed",
            "receivable.written_off",
            "receivable.recovered",
            "credit.granted",
            "period.reopened",
            "adjustment.posted",
        ),
        ("reason",),
    ),
    "bundle.transferred": ("relation",),
    "bundle.opened": ("proof",),
    "receivable.vat_recovered": ("claim_proof", "reason"),
    "breakage.estimated": ("evidence",),
    "breakage.deemed_remote": ("evidence",),
}
