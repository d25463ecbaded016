"""A practice for property tests: a catalogue in memory, random histories, and the balances they lead to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from revrec.core.book import Book, Changes
from revrec.core.errors import Refused
from revrec.core.events import (
    Adjustment,
    AdjustmentPosted,
    BundleExpired,
    BundleExtended,
    BundleProviderChanged,
    BundleShared,
    BundleSold,
    BundleTerminated,
    BundleTransferred,
    BundleUnshared,
    BundleVoided,
    CalendarAdvanced,
    CustomerRegistered,
    Event,
    Fact,
    Method,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PeriodClosed,
    PeriodReopened,
    RefundException,
    RefundIssued,
    RefundReversed,
    RefundSettled,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
)
from revrec.core.journal import JournalEntry, Role
from revrec.core.policy import (
    Charge,
    ExpiryFrom,
    ExpiryKind,
    Invoicing,
    Overage,
    Owner,
    Package,
    Policy,
    Recognition,
    Refund,
    RefundBasis,
    Sharing,
    Tax,
    Terms,
    Transfer,
    UnpaidUse,
)
from revrec.core.post import record
from revrec.core.units import UNIT, Unit

START = date(2026, 1, 1)
STANDARD = Policy(
    id="standard",
    since=START,
    recognition=Recognition.PER_SESSION,
    invoicing=Invoicing.NONE,
    refund=Refund.PRO_RATA,
    refund_basis=RefundBasis.CONTRACT,
    refund_window_days=0,
    refund_fee=0,
    expiry_months=0,
    expiry_from=ExpiryFrom.SALE,
    latest_start_months=0,
    expiry_kind=ExpiryKind.HARD,
    grace_days=0,
    late_cancellation_minutes=24 * 60,
    late_cancellation=Charge.DEDUCT,
    late_cancellation_fee=0,
    no_show=Charge.DEDUCT,
    no_show_fee=0,
    fee_tax="es-health",
    transfer=Transfer.ANY,
    sharing=Sharing.HOUSEHOLD,
    owner=Owner.CENTRE,
    modalities=("in_person", "online"),
    overage=Overage.REJECT,
    unpaid_use=UnpaidUse.ALLOW,
    rounding_minutes=1,
)
TAX = Tax("es-health", START, "E", "0", "VATEX-EU-132-1C")
PACKAGE = Package("P10", START, "standard", "es-health", 10 * UNIT, 0, Unit.SESSION, 50000, 6000, "physiotherapy")


@dataclass(frozen=True)
class Shelf:
    """A catalogue of one package."""

    policy: Policy = STANDARD
    package: Package = PACKAGE

    def terms(self, package: str, day: date) -> Terms:
        """The terms of the one package, whatever is asked."""
        return Terms(self.package, self.policy, TAX)

    def sellable(self, tax: str, day: date) -> str:
        """Exempt."""
        return "E"


@dataclass
class Practice:
    """Records facts one after the other; keeps what was accepted."""

    book: Book
    accepted: list[Event] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    count: int = 0

    def event(self, fact: Fact, day: date, branch: str | None = "bcn") -> Event:
        """The next event, with an id of its own."""
        self.count += 1
        return Event(f"e-{self.count}", "tests", type(fact).__name__, day, fact, branch)

    def record(self, fact: Fact, day: date, branch: str | None = "bcn") -> list[Changes]:
        """Record a fact; Refused passes through and changes nothing."""
        event = self.event(fact, day, branch)
        changes = record(self.book, event)
        self.accepted.append(event)
        self.entries += [entry for change in changes for entry in change.entries]
        return changes

    def attempt(self, fact: Fact, day: date, branch: str | None = "bcn") -> str | None:
        """Record a fact; why it was refused, or None."""
        try:
            self.record(fact, day, branch)
        except Refused as refusal:
            return str(refusal)
        return None

    def again(self, events: Sequence[Event]) -> list[str | None]:
        """Record events made by another practice."""
        answers: list[str | None] = []
        for event in events:
            try:
                changes = record(self.book, event)
            except Refused as refusal:
                answers.append(str(refusal))
            else:
                self.accepted.append(event)
                self.entries += [entry for change in changes for entry in change.entries]
                answers.append(None)
        return answers


def practice(policy: Policy = STANDARD, package: Package = PACKAGE) -> Practice:
    """An empty practice that sells one package."""
    return Practice(Book(Shelf(policy, package)))


def balances(entries: Sequence[JournalEntry]) -> dict[Role, int]:
    """Debit balance by role."""
    total: dict[Role, int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings:
            total[posting.role] += posting.amount
    return {role: amount for role, amount in total.items() if amount}


def daily(entries: Sequence[JournalEntry]) -> dict[tuple[date, Role], int]:
    """Movement by day and role, without zeros: equal when the balance of every role is equal on every day."""
    total: dict[tuple[date, Role], int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings:
            total[entry.date, posting.role] += posting.amount
    return {key: amount for key, amount in total.items() if amount}


def of_bundle(entries: Sequence[JournalEntry], bundle: str, *roles: Role) -> int:
    """Debit balance of one bundle on some roles."""
    return sum(p.amount for e in entries for p in e.postings if (p.bundle or e.bundle) == bundle and p.role in roles)


def by_day(entries: Sequence[JournalEntry], bundle: str, role: Role) -> list[int]:
    """Movements of one bundle on a role, a day each, in order."""
    total: dict[date, int] = defaultdict(int)
    for entry in entries:
        total[entry.date] += sum(p.amount for p in entry.postings if (p.bundle or entry.bundle) == bundle and p.role is role)
    return [total[day] for day in sorted(total)]


policies = st.builds(
    replace,
    st.just(STANDARD),
    recognition=st.sampled_from([Recognition.PER_SESSION, Recognition.PER_SESSION, Recognition.AT_PURCHASE]),
    invoicing=st.sampled_from(Invoicing),
    refund=st.sampled_from(Refund),
    refund_basis=st.sampled_from(RefundBasis),
    refund_window_days=st.sampled_from([0, 14, 60]),
    refund_fee=st.sampled_from([0, 1000]),
    expiry_months=st.sampled_from([0, 1, 2, 6]),
    expiry_from=st.sampled_from(ExpiryFrom),
    latest_start_months=st.sampled_from([0, 1]),
    expiry_kind=st.sampled_from(ExpiryKind),
    grace_days=st.sampled_from([0, 10]),
    late_cancellation=st.sampled_from(Charge),
    late_cancellation_fee=st.just(1500),
    no_show=st.sampled_from(Charge),
    no_show_fee=st.just(1500),
    overage=st.sampled_from(Overage),
    unpaid_use=st.sampled_from([UnpaidUse.ALLOW, UnpaidUse.ALLOW, UnpaidUse.REJECT]),
)
packages = st.builds(
    replace,
    st.just(PACKAGE),
    units=st.sampled_from([UNIT, 3 * UNIT, 5 * UNIT, 10 * UNIT]),
    bonus_units=st.sampled_from([0, 0, UNIT]),
    price=st.sampled_from([0, 1, 10000, 50000, 77419]),
)

_moves = st.sampled_from(
    (
        *("use",) * 14,
        *("draw",) * 2,
        *("pay",) * 5,
        *("sell",) * 3,
        "miss",
        "cancel",
        "undo",
        "waive",
        "unpay",
        "refund",
        "part-refund",
        "except",
        "settle",
        "unrefund",
        "extend",
        "expire",
        "terminate",
        "transfer",
        "split",
        "share",
        "unshare",
        "provider",
        "void",
        "visit",
        "pay-visit",
        "pay-customer",
        "fail",
        "adjust",
        "close",
        "reopen",
        "tick",
        "register",
    ),
)
# A move: what, days since the last one, days late, three numbers to pick with.
moves = st.tuples(
    _moves, st.integers(0, 12), st.sampled_from((0, 0, 0, 0, 3, 40)), st.integers(0, 9), st.integers(0, 9), st.integers(1, 4)
)
histories = st.lists(moves, min_size=3, max_size=30)


PREFIX = (
    ("register", 0, 0, 0, 0, 1),
    ("register", 0, 0, 0, 1, 1),
    ("sell", 0, 0, 0, 0, 1),
    ("sell", 0, 0, 1, 1, 1),
    ("pay", 1, 0, 0, 2, 4),
    ("pay", 1, 0, 1, 2, 2),
    ("use", 1, 0, 0, 2, 1),
)


def days(history: Sequence[tuple[Any, ...]]) -> date:
    """The day of the last move."""
    return START + timedelta(days=sum(move[1] for move in (*PREFIX, *history)))


def play(game: Practice, history: Sequence[tuple[Any, ...]]) -> list[str | None]:
    """Two customers of one household buy two bundles, pay one and half of the other; then what the moves say."""
    moves_of = (*PREFIX, *history)
    return [step(game, moves_of, number) for number in range(len(moves_of))]


def step(game: Practice, moves_of: Sequence[tuple[Any, ...]], number: int) -> str | None:
    """Turn one move into a fact and record it; why it was refused, or None."""
    return game.attempt(*made(game, moves_of, number))


def made(game: Practice, moves_of: Sequence[tuple[Any, ...]], number: int) -> tuple[Fact, date, str]:
    """The fact of one move, its day, its branch."""
    what, _, late, pick, other, size = moves_of[number]
    today = START + timedelta(days=sum(move[1] for move in moves_of[: number + 1]))
    day = max(today - timedelta(days=late), START)
    fact = fact_of(game, what, number, day, (pick, other, size))
    return fact, today if isinstance(fact, CalendarAdvanced) else day, "mad" if other == 0 else "bcn"


def earlier(game: Practice, kinds: tuple[type, ...], attribute: str, pick: int) -> str:
    """The id of one of the last accepted facts of some types."""
    ids = [getattr(e.data, attribute) for e in game.accepted if isinstance(e.data, kinds)]
    return str(ids[-1 - pick % len(ids)]) if ids else "none"


def fact_of(game: Practice, what: str, number: int, day: date, numbers: tuple[int, int, int]) -> Fact:
    """The fact of one move: bundles B-0 to B-2, ids by the number of the move or of an earlier fact."""
    pick, other, size = numbers
    bundle, customer = f"B-{pick % 3 if what in ('sell', 'split') else pick % 2}", f"C-{other % 3}"
    session = earlier(game, (SessionCompleted, SessionCancelled, SessionNoShow), "session", pick)
    missed = earlier(game, (SessionCancelled, SessionNoShow), "session", pick)
    visit = next(
        (e.data.session for e in reversed(game.accepted) if isinstance(e.data, SessionCompleted) and e.data.price), "none"
    )
    payment = earlier(game, (PaymentReceived,), "payment", pick)
    refund = earlier(game, (RefundIssued,), "refund", pick)
    last = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
    table: dict[str, Fact] = {
        "sell": BundleSold(bundle, "P10", customer),
        "use": SessionCompleted(f"S-{number}", bundle=bundle, quantity=UNIT * size // 2 if other == 1 else None),
        "draw": SessionCompleted(f"S-{number}", customer=customer),
        "miss": SessionNoShow(f"S-{number}", bundle),
        "cancel": SessionCancelled(f"S-{number}", bundle, 60 * 12 * size),
        "undo": SessionReversed(session),
        "waive": SessionWaived(missed, "manager"),
        "pay": PaymentReceived(f"P-{number}", 12345 * size, Method.CARD, bundle=bundle),
        "pay-visit": PaymentReceived(f"P-{number}", 2000 * size, Method.CASH, session=visit),
        "pay-customer": PaymentReceived(f"P-{number}", 500 * size, Method.BIZUM, customer=customer),
        "unpay": PaymentReversed(payment, "mistake", "manager", fee=100 if size == 1 else 0),
        "fail": PaymentFailed(f"P-{number}", 100, Method.CARD, "declined", bundle),
        "refund": RefundIssued(f"R-{number}", bundle, method=Method.TRANSFER if size < 3 else None),
        "part-refund": RefundIssued(f"R-{number}", bundle, units=size * UNIT, method=Method.CASH if size < 3 else None),
        "except": RefundIssued(
            f"R-{number}",
            bundle,
            amount=5000 * size if other else None,
            accepted=True,
            exception=RefundException("goodwill", "manager"),
        ),
        "settle": RefundSettled(refund, Method.CASH),
        "unrefund": RefundReversed(refund, "manager"),
        "extend": BundleExtended(bundle, day + timedelta(days=20 * size), "goodwill", "manager", fee=500 if other == 1 else 0),
        "expire": BundleExpired(bundle),
        "terminate": BundleTerminated(bundle),
        "transfer": BundleTransferred(bundle, customer, fee=300 if size == 1 else 0),
        "split": BundleTransferred(f"B-{pick % 2}", customer, units=size * UNIT, to_bundle="B-2"),
        "share": BundleShared(bundle, customer),
        "unshare": BundleUnshared(bundle, customer),
        "provider": BundleProviderChanged(bundle, "PR-1"),
        "void": BundleVoided(bundle, "manager"),
        "visit": SessionCompleted(f"S-{number}", customer=customer, service="physiotherapy", price=4500, tax="es-health"),
        "adjust": AdjustmentPosted(
            (Adjustment("contract-liability", 100 * size, bundle), Adjustment("rounding", -100 * size)),
            "manager",
        ),
        "close": PeriodClosed(last, "controller"),
        "reopen": PeriodReopened(last, "controller"),
        "tick": CalendarAdvanced(day + timedelta(days=7 * size)),
        "register": CustomerRegistered(customer, "ES", "natural", household="H-1"),
    }
    return table[what]
