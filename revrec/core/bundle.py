"""The state of one contract: what is left, who may use it, until when, and where its money stands."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from revrec.core.dates import add_months
from revrec.core.journal import Role
from revrec.core.money import share
from revrec.core.policy import ExpiryFrom, ExpiryKind, Invoicing, Terms


class Status(StrEnum):
    """How a bundle ended, if a fact ended it; expiry is a matter of dates (`Bundle.valid_until`)."""

    OPEN = "open"
    VOIDED = "voided"
    REFUNDED = "refunded"
    TERMINATED = "terminated"


class ClaimKind(StrEnum):
    """What an open claim is for: units of the bundle, units beyond it, or a fee."""

    PACKAGE = "package"
    SINGLE = "single"
    FEE = "fee"


class Claim(NamedTuple):
    """An amount that the customer owes on this bundle; `ref` is the session or event that it stems from."""

    ref: str
    kind: ClaimKind
    amount: int


class Lapse(NamedTuple):
    """A movement of the clock: `amount` left the contract liability for breakage (negative: came back) on `date`."""

    date: date
    amount: int
    entry: int


class Position(NamedTuple):
    """The money of one bundle, in minor units.

    `paid` counts towards the price; `earned` is revenue of units; `liability` is its share of the contract
    liability; `claims` are open in order of age; `lapses` is what the clock has moved to breakage and back;
    `repriced` is what refunds of part of the bundle kept to bring used units to list price.
    Never both `liability` and a package claim above 0 (IFRS 15.105).
    """

    paid: int = 0
    earned: int = 0
    liability: int = 0
    claims: tuple[Claim, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    repriced: int = 0

    @property
    def claimed(self) -> int:
        """What the customer owes on the bundle, of any kind."""
        return sum(claim.amount for claim in self.claims)

    @property
    def claimed_package(self) -> int:
        """What was delivered of the package beyond the money paid."""
        return sum(claim.amount for claim in self.claims if claim.kind is ClaimKind.PACKAGE)

    @property
    def lapsed(self) -> int:
        """Breakage that stands booked by the clock."""
        return sum(lapse.amount for lapse in self.lapses)


class Bundle(NamedTuple):
    """One sold bundle: rights in quanta (`core/units.py`), dates, holders; `position` is its money.

    `units` counts free units too, `price` is what the customer owes for all of them after discount.
    `fixed_expiry` is a last day agreed at sale or by extension; `starts` are the (date, id) of the uses
    or payments that may start the validity. `expiry_event` and `expiry_source` name the fact that set the date.
    `last_date` is the accounting date of the latest fact of the bundle, `lapsed_on` the day on which the clock
    ended it.
    """

    id: str
    terms: Terms
    customer: str
    branch: str | None
    sold_on: date
    units: int
    bonus_units: int
    price: int
    list_price: int
    expiry_event: str
    expiry_source: str
    last_date: date
    seq: int
    used: int = 0
    status: Status = Status.OPEN
    beneficiaries: tuple[str, ...] = ()
    provider: str | None = None
    fixed_expiry: date | None = None
    starts: tuple[tuple[date, str], ...] = ()
    lapsed_on: date | None = None
    position: Position = Position()

    @property
    def left(self) -> int:
        """Units left by count, whatever the date says."""
        return self.units - self.used if self.status is Status.OPEN else 0

    @property
    def expires_on(self) -> date | None:
        """The last day of use without grace; None while nothing has started the validity, or for ever."""
        if self.fixed_expiry:
            return self.fixed_expiry
        policy, package = self.terms.policy, self.terms.package
        months = policy.expiry_months if package.expiry_months is None else package.expiry_months
        if policy.expiry_from is ExpiryFrom.FIRST_USE and not self.starts:
            return add_months(self.sold_on, policy.latest_start_months) if policy.latest_start_months else None
        if not months:
            return None
        if policy.expiry_from is ExpiryFrom.SALE:
            return add_months(self.sold_on, months)
        return add_months(min(self.starts)[0], months) if self.starts else None

    @property
    def valid_until(self) -> date | None:
        """The last day of use with grace: the day on which what is left becomes breakage (events.md 4a, Validity)."""
        day = self.expires_on
        if day and self.terms.policy.expiry_kind is ExpiryKind.SOFT:
            return day + timedelta(days=self.terms.policy.grace_days)
        return day

    @property
    def due(self) -> date | None:
        """The day on which the clock must look at this bundle, or None."""
        return self.valid_until if self.status is Status.OPEN and self.lapsed_on is None else None

    def expired(self, day: date) -> bool:
        """Whether the last day of use lies before `day`."""
        until = self.valid_until
        return until is not None and until < day

    @property
    def claim_role(self) -> Role:
        """Where use beyond the money paid stands (events.md 4a, Money due; IFRS 15.107)."""
        billed = self.terms.policy.invoicing in (Invoicing.AT_PURCHASE, Invoicing.PER_SESSION)
        return Role.RECEIVABLE if billed else Role.CONTRACT_ASSET

    def value(self, used: int) -> int:
        """The cumulative contract price of `used` units, rounded half up once (accounting.md 1.4)."""
        return share(self.price, used, self.units) if self.units else 0
