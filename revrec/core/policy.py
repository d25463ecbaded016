"""Dated choices among named methods: policies, taxes, packages, and the version in force on a date (events.md 2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

from revrec.core.units import Unit
from revrec.core.words import Word


class Recognition(Word):
    """When the price becomes revenue."""

    PER_SESSION = "per_session"
    AT_PURCHASE = "at_purchase"
    STRAIGHT_LINE = "straight_line"


class Invoicing(Word):
    """When an invoice is born (events.md 4a)."""

    AT_PURCHASE = "at_purchase"
    PER_PAYMENT = "per_payment"
    PER_SESSION = "per_session"
    NONE = "none"


class Refund(Word):
    """Which model of refund the practice sells."""

    PRO_RATA = "pro_rata"
    WINDOW = "window"
    NONE = "none"


class RefundBasis(Word):
    """At which price used units are counted in a refund."""

    CONTRACT = "contract"
    LIST = "list"


class ExpiryFrom(Word):
    """What starts the validity."""

    SALE = "sale"
    FIRST_USE = "first_use"
    PAYMENT = "payment"


class ExpiryKind(Word):
    """Hard: the last day is the last; soft: `grace_days` follow."""

    HARD = "hard"
    SOFT = "soft"


class Charge(Word):
    """What a late cancellation or a no-show costs."""

    DEDUCT = "deduct"
    WAIVE = "waive"
    FEE = "fee"


class Transfer(Word):
    """To whom a bundle may be transferred."""

    NONE = "none"
    FAMILY = "family"
    ANY = "any"


class Sharing(Word):
    """With whom a bundle may be shared."""

    NONE = "none"
    HOUSEHOLD = "household"


class Owner(Word):
    """Whose bundle it is: the centre's, or one provider's, who alone may deliver."""

    CENTRE = "centre"
    PROVIDER = "provider"


class Overage(Word):
    """What happens to units beyond the bundle."""

    CHARGE = "charge"
    ABSORB = "absorb"
    REJECT = "reject"


class UnpaidUse(Word):
    """Whether units may be used before they are paid."""

    ALLOW = "allow"
    REJECT = "reject"


class Breakage(Word):
    """When the value of rights that will not be used becomes revenue (IFRS 15.B44-B47)."""

    AT_EXPIRY = "at_expiry"
    PROPORTIONAL = "proportional"
    REMOTE = "remote"


class Obligation(Word):
    """Whether the customer may walk away from what is not yet delivered (IFRS 15.105-108)."""

    CANCELLABLE = "cancellable"
    NONCANCELLABLE = "noncancellable"


class Modification(Word):
    """How a top-up changes the price of what is left (IFRS 15.20-21)."""

    AUTO = "auto"
    SEPARATE = "separate"
    PROSPECTIVE = "prospective"


class Bonus(Word):
    """What free units earn: their equal share, or nothing (`last` is not IFRS 15)."""

    EQUAL = "equal"
    LAST = "last"


class Voucher(Word):
    """Single-purpose: VAT at collection or delivery; multi-purpose: VAT at redemption (Directive 2006/112, art. 30a-30b)."""

    SINGLE = "single"
    MULTI = "multi"


WHOLE = 1_000_000  # shares are in millionths

OUTSIDE = "outside"  # `fee_tax`: the fee is compensation, outside the scope of VAT


@dataclass(frozen=True, slots=True)
class Policy:
    """One complete version of a policy: every key of events.md 2.

    Fees are minor units, shares (`expected_used`, `refund_expected`, `commission_rate`) millionths.
    Keys that only hold under a condition carry their neutral value otherwise.
    """

    id: str
    since: date
    recognition: Recognition
    invoicing: Invoicing
    refund: Refund
    refund_basis: RefundBasis
    refund_window_days: int
    refund_fee: int
    expiry_months: int
    expiry_from: ExpiryFrom
    latest_start_months: int
    expiry_kind: ExpiryKind
    grace_days: int
    late_cancellation_minutes: int
    late_cancellation: Charge
    late_cancellation_fee: int
    no_show: Charge
    no_show_fee: int
    fee_tax: str | None
    transfer: Transfer
    sharing: Sharing
    owner: Owner
    modalities: tuple[str, ...]
    overage: Overage
    unpaid_use: UnpaidUse
    rounding_minutes: int
    breakage: Breakage = Breakage.AT_EXPIRY
    expected_used: int = WHOLE
    obligation: Obligation = Obligation.CANCELLABLE
    refund_expected: int = 0
    principal: bool = True
    commission_rate: int = 0
    commission_tax: str | None = None
    modification: Modification = Modification.AUTO
    bonus: Bonus = Bonus.EQUAL

    @property
    def version(self) -> str:
        """`standard@2026-01-01`: how entries name this version."""
        return f"{self.id}@{self.since}"


@dataclass(frozen=True)  # no slots: the rate is read once and kept
class Tax:
    """One version of a tax: EN 16931 category, rate in percent and, where nothing is charged, the reason code.

    `invoice_duty` is false where the law asks no invoice; `simplified_limit` is in minor units (None: the general one).
    """

    id: str
    since: date
    category: str
    rate: str
    exemption: str | None = None
    voucher: Voucher = Voucher.SINGLE
    invoice_duty: bool = True
    simplified_limit: int | None = None

    @cached_property
    def percent(self) -> int:
        """The rate in hundredths of a percent: 2100 for 21 %."""
        return int(Decimal(self.rate) * 100)


class Regime(NamedTuple):
    """What of the taxpayer's VAT regime decides postings.

    `vat_cash`: the cash scheme (LIVA 163 decies); `deductible`: dated shares of input VAT in millionths, oldest first
    (LIVA 102).
    """

    vat_cash: bool = False
    deductible: tuple[tuple[date, int], ...] = ()

    def share(self, day: date) -> int:
        """The share of input VAT that is deductible on a day, in millionths; 0 before the first."""
        return next((share for since, share in reversed(self.deductible) if since <= day), 0)


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a catalogue entry; units in quanta, prices in minor units, tax included."""

    id: str
    since: date
    policy: str
    tax: str
    units: int
    bonus_units: int
    unit: Unit
    price: int
    list_price: int
    service: str
    expiry_months: int | None = None
    branches: tuple[str, ...] | None = None


@dataclass(frozen=True)  # no slots: two names are made once and kept
class Terms:
    """What a sale pins: the versions of package, policy and tax in force on its day."""

    package: Package
    policy: Policy
    tax: Tax

    @cached_property
    def version(self) -> str:
        """How entries name the policy version: `standard@2026-01-01`."""
        return self.policy.version

    @cached_property
    def key(self) -> str:
        """Names the three versions: `PSY-10@2026-01-01/standard@2026-01-01/es-health@0001-01-01`."""
        return "/".join(f"{v.id}@{v.since}" for v in (self.package, self.policy, self.tax))


class Dated(Protocol):
    """Anything with a first day."""

    @property
    def since(self) -> date:
        """The first day."""
        ...


V = TypeVar("V", bound=Dated)


def in_force(versions: Iterable[V], day: date) -> V | None:
    """The newest version whose `since` is not after `day`, or None."""
    return max((v for v in versions if v.since <= day), key=lambda v: v.since, default=None)
