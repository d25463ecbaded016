"""Moves of random histories: what each says as a fact, whatever happened before it.

A move names a kind, days since the last one, days late, and three numbers to pick with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from revrec.core.currency import converted
from revrec.core.events import (
    Adjustment,
    AdjustmentPosted,
    BranchSettled,
    BreakageDeemedRemote,
    BreakageEstimated,
    BundleCancelledForDefault,
    BundleExpired,
    BundleExtended,
    BundleOpened,
    BundlePriceReduced,
    BundleProviderChanged,
    BundleShared,
    BundleSold,
    BundleTerminated,
    BundleToppedUp,
    BundleTransferred,
    BundleUnshared,
    BundleUpgraded,
    BundleVoided,
    CalendarAdvanced,
    ChargebackLost,
    ChargebackOpened,
    ChargebackWon,
    CreditApplied,
    CreditGranted,
    CurrencyRevalued,
    CustomerErased,
    CustomerRegistered,
    DepositApplied,
    DepositForfeited,
    DepositReceived,
    DepositReturned,
    Discount,
    Event,
    Fact,
    Foreign,
    Instalment,
    Method,
    Payer,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PayoutSettled,
    PeriodClosed,
    PeriodReopened,
    ProviderInvoiced,
    ProviderPaid,
    ReceivableRecovered,
    ReceivableVatRecovered,
    ReceivableWrittenOff,
    RefundException,
    RefundIssued,
    RefundRejected,
    RefundRequested,
    RefundReversed,
    RefundSettled,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
    Surcharge,
)
from revrec.core.policy import Package
from revrec.core.units import UNIT

HOME = "EUR"
DOLLAR = 900_000_000  # billionths of a euro
BUNDLES = ("B-0", "B-1", "B-2", "B-3")


class Numbers(NamedTuple):
    """What a move picks with: which bundle or earlier fact, which customer or variant, how much."""

    pick: int
    other: int
    size: int


class Scene(NamedTuple):
    """What a move may look at: the facts accepted before, the package on sale, its own number, day and numbers."""

    past: Sequence[Event]
    package: Package
    number: int
    day: date
    numbers: Numbers

    @property
    def bundle(self) -> str:
        """The bundle of most moves: rarely one that was born of another."""
        return BUNDLES[(0, 1, 0, 1, 0, 1, 0, 1, 2, 3)[self.numbers.pick]]

    @property
    def customer(self) -> str:
        """One of three."""
        return f"C-{self.numbers.other % 3}"

    def ref(self, letter: str) -> str:
        """A new id."""
        return f"{letter}-{self.number}"

    def last(self, kinds: type | tuple[type, ...], attribute: str) -> str:
        """The id of one of the last accepted facts of some types, or one that is not known."""
        ids = [getattr(e.data, attribute) for e in self.past if isinstance(e.data, kinds)]
        return str(ids[-1 - self.numbers.pick % len(ids)]) if ids else "none"

    @property
    def session(self) -> str:
        """A session of any kind."""
        return self.last((SessionCompleted, SessionCancelled, SessionNoShow), "session")

    @property
    def visit(self) -> str:
        """The last one-off visit."""
        visits = (e.data.session for e in reversed(self.past) if isinstance(e.data, SessionCompleted) and e.data.price)
        return next(visits, "none")

    @property
    def month(self) -> date:
        """The month before this one."""
        return (self.day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _dollars(amount: int, rate: int = DOLLAR) -> tuple[int, Foreign]:
    return converted(amount, "USD", HOME, rate), Foreign("USD", rate, amount)


def _sale(s: Scene) -> BundleSold:
    """Plain, in instalments, for several payers, at a discount, in dollars, or with a last day of its own."""
    _, other, size = s.numbers
    price, bundle = s.package.price, BUNDLES[s.numbers.pick % 3]
    plain = {"bundle": bundle, "package": "P10", "customer": s.customer, "provider": "PR-1"}
    if price < 100 or other < 5:
        return BundleSold(**plain)
    if other == 9:
        parts = [price // size] * (size - 1)
        parts.append(price - sum(parts))
        due = tuple(Instalment(s.day + timedelta(days=20 * i), part) for i, part in enumerate(parts))
        return BundleSold(**plain, instalments=due)
    if other == 8:
        return BundleSold(**plain, payers=(Payer("C-2", price // 3), Payer("C-1", price - price // 3)))
    if other == 7:
        return BundleSold(**plain, discount=Discount("SUMMER", min(1000 * size, price)))
    if other == 6:
        value, foreign = _dollars(40000)
        return BundleSold(**plain, price=value, foreign=foreign)
    return BundleSold(**plain, expires_on=s.day + timedelta(days=15 * size), beneficiary="C-1")


def _opened(s: Scene) -> BundleOpened:
    """Taken over from an earlier system."""
    _, other, size = s.numbers
    return BundleOpened(
        s.bundle,
        "P10",
        s.customer,
        size * UNIT,
        0 if other == 9 else 4000 * size,
        s.day - timedelta(days=20),
        tax_paid=840 * size if other < 4 else 0,
        expires_on=s.day + timedelta(days=60) if other % 2 else None,
    )


def _payment(s: Scene) -> PaymentReceived:
    """Plain, with a tip, with tax kept back, in dollars, or by somebody else."""
    _, other, size = s.numbers
    amount, foreign = 12345 * size, None
    if other == 6:
        amount, foreign = _dollars(12345 * size, DOLLAR + 10_000_000 * size)
    return PaymentReceived(
        s.ref("P"),
        amount,
        Method.CARD,
        bundle=s.bundle,
        payer="C-2" if other == 7 else None,
        withheld=1000 if other == 4 else 0,
        tip=100 if other == 3 else 0,
        foreign=foreign,
    )


def _use(s: Scene) -> SessionCompleted:
    """A unit, half a unit, several; by whom, for how much more."""
    pick, other, size = s.numbers
    return SessionCompleted(
        s.ref("S"),
        bundle=s.bundle,
        quantity=UNIT * size // 2 if other == 1 else None,
        provider="PR-2" if pick == 9 else "PR-1",
        modality="online" if other == 2 else None,
        beneficiary="C-1" if other == 3 else None,
        cost=700 if other in (4, 5) else 0,
        surcharge=Surcharge(500, "es-21") if other == 5 else None,
        tax="es-10" if other == 6 and s.package.tax == "es-21m" else None,
    )


def _dispute(s: Scene) -> ChargebackOpened:
    """A whole payment, rarely a part of it."""
    payment = s.last(PaymentReceived, "payment")
    amount = next((e.data.amount for e in s.past if isinstance(e.data, PaymentReceived) and e.data.payment == payment), 0)
    return ChargebackOpened(payment, amount // 2 if s.numbers.other == 0 else amount, 150 * (s.numbers.size % 2))


def _provider_invoice(s: Scene) -> ProviderInvoiced:
    _, other, size = s.numbers
    session = s.last(SessionCompleted, "session") if other < 6 else None
    return ProviderInvoiced("PR-1", 3000 * size, session, 630 * size if other % 2 else 0, 450 * size if other % 3 else 0)


def _upgrade(s: Scene, mode: str) -> BundleUpgraded:
    size, other = s.numbers.size, s.numbers.other
    to = "B-3" if mode == "new_pack" else None
    if other == 0:
        return BundleUpgraded(s.bundle, mode, to_package="P10", to_bundle=to)
    return BundleUpgraded(s.bundle, mode, units=size * UNIT, price=5555 * size, to_bundle=to)


def _exception(s: Scene) -> RefundIssued:
    size, other = s.numbers.size, s.numbers.other
    why = RefundException("goodwill" if other < 6 else "clinical", "manager")
    return RefundIssued(s.ref("R"), s.bundle, amount=5000 * size if other else None, accepted=True, exception=why)


def _method(s: Scene) -> Method | None:
    return Method.TRANSFER if s.numbers.size < 3 else None


MOVES: dict[str, tuple[int, Callable[[Scene], Fact]]] = {  # how often, and what it says
    "use": (18, _use),
    "draw": (2, lambda s: SessionCompleted(s.ref("S"), customer=s.customer, provider="PR-1")),
    "pay": (7, _payment),
    "sell": (3, _sale),
    "open": (1, _opened),
    "miss": (1, lambda s: SessionNoShow(s.ref("S"), s.bundle)),
    "cancel": (1, lambda s: SessionCancelled(s.ref("S"), s.bundle, 60 * 12 * s.numbers.size)),
    "undo": (1, lambda s: SessionReversed(s.session)),
    "waive": (1, lambda s: SessionWaived(s.last((SessionCancelled, SessionNoShow), "session"), "manager")),
    "pay-visit": (1, lambda s: PaymentReceived(s.ref("P"), 2000 * s.numbers.size, Method.CASH, session=s.visit)),
    "pay-customer": (1, lambda s: PaymentReceived(s.ref("P"), 500 * s.numbers.size, Method.BIZUM, customer=s.customer)),
    "unpay": (
        1,
        lambda s: PaymentReversed(
            s.last(PaymentReceived, "payment"), "mistake", "manager", fee=100 if s.numbers.size == 1 else 0
        ),
    ),
    "fail": (1, lambda s: PaymentFailed(s.ref("P"), 100, Method.CARD, "declined", s.bundle)),
    "refund": (1, lambda s: RefundIssued(s.ref("R"), s.bundle, method=_method(s))),
    "part-refund": (1, lambda s: RefundIssued(s.ref("R"), s.bundle, units=s.numbers.size * UNIT, method=_method(s))),
    "except": (1, _exception),
    "settle": (1, lambda s: RefundSettled(s.last(RefundIssued, "refund"), Method.CASH)),
    "unrefund": (1, lambda s: RefundReversed(s.last(RefundIssued, "refund"), "manager")),
    "request": (1, lambda s: RefundRequested(s.ref("R"), s.bundle)),
    "answer": (1, lambda s: RefundIssued(s.last(RefundRequested, "refund"), s.bundle, method=Method.CASH)),
    "reject": (1, lambda s: RefundRejected(s.last(RefundRequested, "refund"), "manager")),
    "extend": (
        1,
        lambda s: BundleExtended(
            s.bundle,
            s.day + timedelta(days=20 * s.numbers.size),
            "goodwill",
            "manager",
            fee=500 if s.numbers.other == 1 else 0,
        ),
    ),
    "expire": (1, lambda s: BundleExpired(s.bundle)),
    "terminate": (1, lambda s: BundleTerminated(s.bundle)),
    "transfer": (1, lambda s: BundleTransferred(s.bundle, s.customer, fee=300 if s.numbers.size == 1 else 0)),
    "split": (1, lambda s: BundleTransferred(s.bundle, s.customer, units=s.numbers.size * UNIT, to_bundle="B-2")),
    "share": (1, lambda s: BundleShared(s.bundle, s.customer)),
    "unshare": (1, lambda s: BundleUnshared(s.bundle, s.customer)),
    "provider": (1, lambda s: BundleProviderChanged(s.bundle, f"PR-{s.numbers.size % 2 + 1}")),
    "void": (1, lambda s: BundleVoided(s.bundle, "manager")),
    "visit": (
        1,
        lambda s: SessionCompleted(
            s.ref("S"),
            customer=s.customer,
            service="physiotherapy",
            price=4500,
            tax="es-21" if s.numbers.size == 1 else "es-health",
        ),
    ),
    "top-up": (
        2,
        lambda s: BundleToppedUp(s.bundle, s.numbers.size * UNIT, s.numbers.size * (6000 if s.numbers.other % 2 else 4321)),
    ),
    "upgrade": (1, lambda s: _upgrade(s, "in_place")),
    "new-pack": (1, lambda s: _upgrade(s, "new_pack")),
    "reduce": (1, lambda s: BundlePriceReduced(s.bundle, 1234 * s.numbers.size * (5 if s.numbers.other > 6 else 1))),
    "remote": (2, lambda s: BreakageDeemedRemote(s.bundle, "manager")),
    "estimate": (
        1,
        lambda s: BreakageEstimated("standard", (800_000, 500_000, 1_000_000, 950_000)[s.numbers.size - 1], "manager"),
    ),
    "deposit": (1, lambda s: DepositReceived(s.ref("D"), s.customer, 3000 * s.numbers.size, Method.CASH)),
    "apply-deposit": (1, lambda s: DepositApplied(s.last(DepositReceived, "deposit"), bundle=s.bundle)),
    "deposit-visit": (1, lambda s: DepositApplied(s.last(DepositReceived, "deposit"), session=s.visit)),
    "return-deposit": (1, lambda s: DepositReturned(s.last(DepositReceived, "deposit"), Method.TRANSFER)),
    "forfeit": (1, lambda s: DepositForfeited(s.last(DepositReceived, "deposit"))),
    "grant": (1, lambda s: CreditGranted(s.customer, 700 * s.numbers.size)),
    "apply-credit": (1, lambda s: CreditApplied(s.customer, 350 * s.numbers.size, s.bundle)),
    "dispute": (1, _dispute),
    "win": (1, lambda s: ChargebackWon(s.last(ChargebackOpened, "payment"))),
    "lose": (1, lambda s: ChargebackLost(s.last(ChargebackOpened, "payment"))),
    "write-off": (1, lambda s: ReceivableWrittenOff(1000 * s.numbers.size, bundle=s.bundle)),
    "write-off-visit": (1, lambda s: ReceivableWrittenOff(1500 * s.numbers.size, customer=s.customer)),
    "recover": (1, lambda s: ReceivableRecovered(500 * s.numbers.size, bundle=s.bundle)),
    "recover-visit": (1, lambda s: ReceivableRecovered(1500 * s.numbers.size, customer=s.customer)),
    "vat-back": (1, lambda s: ReceivableVatRecovered(50 * s.numbers.size, s.day, bundle=s.bundle)),
    "default": (1, lambda s: BundleCancelledForDefault(s.bundle)),
    "payout": (1, lambda s: PayoutSettled(Method.CARD, 5000 * s.numbers.size, 50 * s.numbers.size)),
    "settle-branches": (1, lambda s: BranchSettled("bcn", "mad", 1000 * s.numbers.size)),
    "provider-invoice": (1, _provider_invoice),
    "pay-provider": (1, lambda s: ProviderPaid("PR-1", 1000 * s.numbers.size, Method.TRANSFER)),
    "revalue": (1, lambda s: CurrencyRevalued("USD", DOLLAR + 20_000_000 * (s.numbers.size - 2))),
    "adjust": (
        1,
        lambda s: AdjustmentPosted(
            (
                Adjustment("contract-liability", 100 * s.numbers.size, s.bundle),
                Adjustment("rounding", -100 * s.numbers.size),
            )
            if s.numbers.other < 7
            else (
                Adjustment("contract-liability", 100 * s.numbers.size, s.bundle),
                Adjustment("contract-liability", -100 * s.numbers.size, "B-0" if s.bundle == "B-1" else "B-1"),
            ),
            "manager",
        ),
    ),
    "close": (1, lambda s: PeriodClosed(s.month, "controller")),
    "reopen": (1, lambda s: PeriodReopened(s.month, "controller")),
    "tick": (1, lambda s: CalendarAdvanced(s.day + timedelta(days=7 * s.numbers.size))),
    "register": (1, lambda s: CustomerRegistered(s.customer, "ES", "natural", household="H-1")),
    "erase": (1, lambda s: CustomerErased(s.customer)),
}
KINDS = tuple(kind for kind, (often, _) in MOVES.items() for _ in range(often))
