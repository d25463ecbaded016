"""The state of one contract: what is left, who may use it, until when, and where its money stands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from revrec.core.dates import DAY, add_months, month_end
from revrec.core.events import Foreign, Instalment
from revrec.core.journal import Role
from revrec.core.money import share
from revrec.core.payer import Bound, Share, shares
from revrec.core.policy import (
    WHOLE,
    Breakage,
    ExpiryFrom,
    ExpiryKind,
    Invoicing,
    Obligation,
    Recognition,
    Terms,
    Voucher,
)
from revrec.core.tax import Receipts, held
from revrec.core.words import Word


class Status(Word):
    """How a bundle ended, if a fact ended it; expiry is a matter of dates (`Bundle.valid_until`)."""

    OPEN = "open"
    VOIDED = "voided"
    REFUNDED = "refunded"
    TERMINATED = "terminated"
    UPGRADED = "upgraded"
    CHARGED_BACK = "charged_back"
    DEFAULTED = "defaulted"


class ClaimKind(Word):
    """What an open claim is for: units of the bundle, units beyond it or a surcharge, or a fee."""

    PACKAGE = "package"
    SINGLE = "single"
    FEE = "fee"


class Claim(NamedTuple):
    """An amount, tax included, that the customer owes on this bundle.

    `ref` is the session or event that it stems from; `pending` the VAT in it that accrues when it is collected.
    """

    ref: str
    kind: ClaimKind
    amount: int
    pending: int = 0


class Written(NamedTuple):
    """A claim that was written off, or lost to a chargeback, and not recovered; amounts in minor units, tax included.

    `ref` and `kind` are the claim's; of `vat` in it, `back` was taken back from the tax authority; `pending` accrues when
    it is collected after all. `since` is its tax point, as an ordinal day.
    """

    ref: str
    kind: ClaimKind
    amount: int
    vat: int
    pending: int
    since: int
    back: int = 0


class Position(NamedTuple):
    """The money of one bundle, in minor units; what is owed and earned follows from it (`Bundle.balances`).

    Tax included: `paid` counts towards the price, `lost` was delivered and written off, `due` has fallen due
    unconditionally, `delivered` was performed. Net: `earned` is revenue of that, `vat` is the tax on what is billed,
    `other` left the pool for fees and list prices, `held` is expected to be refunded, `passed` is the provider's.
    `claims` are open in order of age; `receipts` are kept where tax is charged;
    `repriced` is what refunds of part of the bundle kept to bring used units to list price; `written` was written off.
    """

    paid: int = 0
    lost: int = 0
    due: int = 0
    delivered: int = 0
    earned: int = 0
    vat: int = 0
    other: int = 0
    held: int = 0
    passed: int = 0
    claims: tuple[Claim, ...] = ()
    receipts: Receipts = ()
    repriced: int = 0
    written: tuple[Written, ...] = ()

    @property
    def billed(self) -> int:
        """What was collected, fell due or was delivered, whichever is most: the customer's side of the contract."""
        return max(self.paid + self.lost, self.due, self.delivered)

    @property
    def unpaid(self) -> int:
        """Of the price, what is billed and neither paid nor written off."""
        return self.billed - self.paid - self.lost

    @property
    def claimed(self) -> int:
        """What the customer owes on the bundle, of any kind."""
        return sum(claim.amount for claim in self.claims)

    @property
    def beside(self) -> int:
        """What is owed beside the price: fees, units beyond the bundle, surcharges."""
        return self.claimed - self.unpaid


class Balances(NamedTuple):
    """What the price of a bundle stands for in the books, each in its natural direction (accounting.md 2)."""

    contract_liability: int
    refund_liability: int
    receivable: int
    contract_asset: int
    vat_output: int
    vat_pending: int
    client_money: int
    provider_payable: int
    breakage: int
    earned: int


NOTHING = Balances(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


class Plan(NamedTuple):
    """What few bundles have: instalments, payers, the straight line in force, an estimate of its own, a foreign price.

    `line_from` is the first day of the straight line in force and `line_base` what was performed before it, tax
    included. `expected_used` is the latest estimate in millionths (0: the policy's). `cash` marks the VAT cash scheme.
    `foreign_paid` is what was paid of a foreign price, in minor units of its currency.
    `event` and `source` name the fact that set the dates.
    """

    instalments: tuple[Instalment, ...] = ()
    payers: tuple[Bound, ...] = ()
    line_from: date | None = None
    line_base: int = 0
    expected_used: int = 0
    cash: bool = False
    event: str = ""
    source: str = ""
    foreign: Foreign | None = None
    foreign_paid: int = 0


PLAIN = Plan()


class Bundle(NamedTuple):
    """One sold bundle: rights in quanta (`core/units.py`), dates, holders; `position` is its money.

    `units` counts free units too, `price` is what the customer owes for all of them after discount. `layers` are
    (units, price) in order of use where units have different prices; empty: all the same.
    `fixed_expiry` is a last day agreed at sale or by extension; `starts` are the (date, id) of the uses
    or payments that may start the validity. `expiry_event` and `expiry_source` name the fact that set the date.
    `last_date` is the accounting date of the latest fact of the bundle, `clock` the last day on which the clock
    looked at it, `lapsed_on` the day on which it ended it. `remote`: the customer is not expected to return.
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
    layers: tuple[tuple[int, int], ...] = ()
    clock: date | None = None
    remote: bool = False
    plan: Plan = PLAIN

    @property
    def left(self) -> int:
        """Units left by count, whatever the date says."""
        return self.units - self.used if self.status is Status.OPEN else 0

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """The parts in which the price falls due."""
        return self.plan.instalments

    @property
    def payers(self) -> tuple[Bound, ...]:
        """Who is bound to pay which part; empty: the customer pays all."""
        return self.plan.payers

    @property
    def shares(self) -> tuple[Share, ...]:
        """What each payer agreed to, paid and owes; together the price, what was paid of it, and what is `claimed`."""
        p = self.position
        if not self.plan.payers:
            return (Share(self.customer, self.price, p.paid, p.lost, p.claimed),)
        return shares(self.plan.payers, self.customer, p.billed, p.beside, p.claimed)

    def billed_to(self, share: Share) -> int:
        """What of the price was billed to a payer; what is owed beside it is the customer's."""
        return share.billed - (self.position.beside if share.customer == self.customer else 0)

    @property
    def ended(self) -> bool:
        """Whether nothing can be used any more, by a fact or by the clock."""
        return self.status is not Status.OPEN or self.lapsed_on is not None

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
        """The next day on which the clock must look at this bundle, or None."""
        lapse = self.valid_until if self.lapsed_on is None and self.status is Status.OPEN else None
        if self.plan is PLAIN and not self.position.held:
            return lapse
        return min((day for day in (lapse, self._instalment, self._accrual, self._window) if day), default=None)

    @property
    def _instalment(self) -> date | None:
        """The next instalment, where it is due unconditionally."""
        if self.terms.policy.obligation is Obligation.CANCELLABLE or self.status not in (Status.OPEN, Status.TERMINATED):
            return None
        return next((i.due_on for i in self.plan.instalments if self.clock is None or i.due_on > self.clock), None)

    @property
    def _accrual(self) -> date | None:
        """The next month end of a straight line, or its end."""
        start, end = self.plan.line_from, self.expires_on
        if start is None or end is None or self.status is not Status.OPEN or self.lapsed_on is not None:
            return None
        since, end = max(self.clock + DAY, start) if self.clock else start, max(end, start)
        return min(month_end(since), end) if since <= end else None

    @property
    def _window(self) -> date | None:
        """The last day of the refund window, while money is held for it."""
        if not self.position.held or self.status is not Status.OPEN:
            return None
        return self.sold_on + timedelta(days=self.terms.policy.refund_window_days)

    def expired(self, day: date) -> bool:
        """Whether the last day of use lies before `day`."""
        until = self.valid_until
        return until is not None and until < day

    @property
    def claim_role(self) -> Role:
        """Where use beyond the money paid stands (events.md 4a, Money due; IFRS 15.107)."""
        billed = self.terms.policy.invoicing in (Invoicing.AT_PURCHASE, Invoicing.PER_SESSION)
        return Role.RECEIVABLE if billed else Role.CONTRACT_ASSET

    @property
    def multi(self) -> bool:
        """Whether it is a multi-purpose voucher, taxed at redemption."""
        return self.terms.tax.voucher is Voucher.MULTI and self.terms.policy.principal

    def worth(self, used: int) -> tuple[int, int]:
        """The contract price of the first `used` units, as a fraction (tax included)."""
        before = 0
        for units, price in self.layers or ((self.units, self.price),):
            if used < units:
                return before * units + price * used, units
            before, used = before + price, used - units
        return before, 1

    def value(self, used: int) -> int:
        """The cumulative contract price of `used` units, rounded half up once (accounting.md 1.4)."""
        if not self.layers:
            return share(self.price, used, self.units) if self.units else 0
        amount, whole = self.worth(used)
        return share(amount, 1, whole)

    def commission(self, gross: int) -> int:
        """The practice's share of an amount, where it is an agent."""
        return share(gross, self.terms.policy.commission_rate, WHOLE)

    @property
    def balances(self) -> Balances:
        """Where the price stands in the books, whole: entries post the differences."""
        p = self.position
        policy = self.terms.policy
        paid, due, vat = p.paid + p.lost, p.due, p.vat
        billed = max(paid, due, p.delivered)
        unpaid = billed - paid
        receivable = 0
        if unpaid:
            receivable = unpaid if self.claim_role is Role.RECEIVABLE else min(unpaid, max(due - paid, 0)) if due else 0
        if not policy.principal:
            return self._of_agent(billed, receivable, unpaid - receivable)
        net = billed - vat - p.other
        earned = net if policy.recognition is Recognition.AT_PURCHASE else p.earned
        left, breakage, expected = net - earned, 0, 0
        if self.status is not Status.OPEN or self.lapsed_on is not None or self.remote:
            left, breakage = 0, left
        elif policy.breakage is Breakage.PROPORTIONAL:
            breakage = self._proportional(left)
            left -= breakage
        if p.held > 0:  # below 0: units were given away with money that was then taken back
            expected = min(p.held, left)
            left -= expected
        pending = self._pending if vat else 0
        return Balances(left, expected, receivable, unpaid - receivable, vat - pending, pending, 0, 0, breakage, earned)

    def _of_agent(self, billed: int, receivable: int, asset: int) -> Balances:
        """The commission is the practice's, the rest is the provider's (RICAC 26.4, 28.3, 34.8)."""
        p = self.position
        commission = self.commission(billed)
        earned = commission - p.other if self.terms.policy.recognition is Recognition.AT_PURCHASE else p.earned
        rest = commission - p.other - earned
        kept = max(rest, 0) if self.ended else 0
        theirs = billed - commission - p.vat
        passed = min(p.passed, theirs)
        ahead = max(-rest, 0)  # a late session may earn a cent before its commission: the provider waits for it
        return Balances(rest - kept + ahead, 0, receivable, asset, p.vat, 0, theirs - passed, passed - ahead, kept, earned)

    @property
    def estimate(self) -> int:
        """The share of rights that will be used, in millionths: the latest estimate of the portfolio."""
        return self.plan.expected_used or self.terms.policy.expected_used

    def _proportional(self, pool: int) -> int:
        """Breakage in proportion to use, never above what is there (IFRS 15.B46; accounting.md 1.3)."""
        if not self.used:
            return 0
        p = self.position
        amount, whole = self.worth(self.used)
        net, billed = p.billed - p.vat - p.other, p.billed
        recognised = share(net * amount * WHOLE, 1, whole * billed * self.estimate) if billed else 0
        return min(pool, max(recognised - p.earned, 0))

    def unpaid_vat(self, gross: int) -> int:
        """The VAT in a part of what is billed and unpaid."""
        p = self.position
        if self.multi:  # it is in what was delivered, whether paid or not; what was conceded before keeps its own
            return min(share(p.vat + max(p.other, 0), gross, p.delivered), p.vat) if p.delivered else 0
        unpaid = p.billed - p.paid - p.lost
        return share(p.vat - held(p.receipts), gross, unpaid) if unpaid > 0 and p.vat else 0

    @property
    def _pending(self) -> int:
        """VAT that is billed and neither collected nor, in the general scheme, delivered (events.md 4a, VAT)."""
        p = self.position
        if self.multi:  # taxed when delivered; in the cash scheme what of it is unpaid waits (LIVA 163 terdecies)
            waiting = p.delivered - p.paid if self.plan.cash else 0
            return share(p.vat, waiting, p.delivered) if waiting > 0 else 0
        paid = max(p.paid, 0)  # below 0: money that left was taken back, too, or somebody's entry took what nobody paid
        accrued = paid if self.plan.cash else max(p.paid + p.lost, p.delivered)
        waiting, unpaid = p.billed - accrued, p.billed - paid
        return share(p.vat - held(p.receipts), waiting, unpaid) if waiting > 0 else 0

    @property
    def claimed(self) -> int:
        """What the customer owes on the bundle, of any kind (tax included)."""
        return self.position.claimed
