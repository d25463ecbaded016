"""A practice for property tests: a catalogue in memory, random histories, and the balances they lead to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from revrec.core.book import Book, Changes
from revrec.core.errors import Refused
from revrec.core.events import CalendarAdvanced, Event, Fact
from revrec.core.journal import JournalEntry, Role
from revrec.core.policy import (
    OUTSIDE,
    Bonus,
    Breakage,
    Charge,
    ExpiryFrom,
    ExpiryKind,
    Invoicing,
    Modification,
    Obligation,
    Overage,
    Owner,
    Package,
    Policy,
    Recognition,
    Refund,
    RefundBasis,
    Regime,
    Sharing,
    Tax,
    Terms,
    Transfer,
    UnpaidUse,
    Voucher,
)
from revrec.core.post import record
from revrec.core.units import UNIT, Unit
from tests.core.moves import BUNDLES, KINDS, MOVES, Numbers, Scene

START = date(2026, 1, 1)
GENERAL = Regime()
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
TAXES = {
    "es-health": TAX,
    "es-21": Tax("es-21", START, "S", "21"),
    "es-10": Tax("es-10", START, "S", "10"),
    "es-21m": Tax("es-21m", START, "S", "21", voucher=Voucher.MULTI),
    "no-tax": Tax("no-tax", START, "O", "0"),
}
PACKAGE = Package("P10", START, "standard", "es-health", 10 * UNIT, 0, Unit.SESSION, 50000, 6000, "physiotherapy")


@dataclass(frozen=True)
class Shelf:
    """A catalogue of one package."""

    policy: Policy = STANDARD
    package: Package = PACKAGE

    def terms(self, package: str, day: date) -> Terms:
        """The terms of the one package, whatever is asked."""
        return Terms(self.package, self.policy, TAXES[self.package.tax])

    def sellable(self, tax: str, day: date) -> str:
        """Exempt."""
        return "E"

    def tax(self, tax: str, day: date) -> Tax:
        """The tax of that id, whatever the day."""
        return TAXES[tax]

    def fee_tax(self, day: date) -> str | None:
        """That of the one policy."""
        return self.policy.fee_tax


def arrived(value: Any) -> Any:
    """A fact as files and requests bring it: equal, yet no text of it is an object that the books know already."""
    if is_dataclass(value):
        return replace(value, **{each.name: arrived(getattr(value, each.name)) for each in fields(value)})
    if isinstance(value, tuple):
        return tuple(map(arrived, value))
    return "".join(list(value)) if type(value) is str else value


@dataclass
class Practice:
    """Records facts one after the other; keeps what was accepted."""

    book: Book
    accepted: list[Event] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    count: int = 0

    @property
    def package(self) -> Package:
        """The one package."""
        shelf = self.book.catalogue
        assert isinstance(shelf, Shelf)
        return shelf.package

    def event(self, fact: Fact, day: date, branch: str | None = "bcn") -> Event:
        """The next event, with an id of its own."""
        self.count += 1
        return arrived(Event(f"e-{self.count}", "tests", type(fact).__name__, day, fact, branch))

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


def practice(policy: Policy = STANDARD, package: Package = PACKAGE, regime: Regime = GENERAL, currency: str = "EUR") -> Practice:
    """An empty practice that sells one package."""
    return Practice(Book(Shelf(policy, package), currency, regime=regime))


def bundles(game: Practice) -> list[str]:
    """The bundles that were born."""
    return [name for name in BUNDLES if game.book.bundle(name)]


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


Pick = Callable[[Sequence[Any]], Any]


def policy_by(pick: Pick) -> Policy:
    """A policy that may be: every key of events.md 2, the conditions between them kept."""
    principal = pick((True,) * 6 + (False,))
    breakage = pick((Breakage.AT_EXPIRY,) * 3 + (Breakage.PROPORTIONAL, Breakage.REMOTE)) if principal else Breakage.AT_EXPIRY
    refund = pick(tuple(Refund) if breakage is Breakage.AT_EXPIRY else (Refund.NONE, Refund.WINDOW))
    recognition = pick((Recognition.PER_SESSION,) * 4 + (Recognition.AT_PURCHASE, Recognition.STRAIGHT_LINE))
    dated = recognition is Recognition.STRAIGHT_LINE
    return replace(
        STANDARD,
        recognition=recognition,
        breakage=breakage,
        expected_used=pick((900_000, 750_000, 333_333)) if breakage is Breakage.PROPORTIONAL else STANDARD.expected_used,
        obligation=pick((Obligation.CANCELLABLE, Obligation.CANCELLABLE, Obligation.NONCANCELLABLE)),
        invoicing=pick(tuple(Invoicing)),
        refund=refund,
        refund_basis=pick(tuple(RefundBasis)),
        refund_window_days=pick((0, 14, 60)),
        refund_expected=pick((0, 40_000, 100_000)) if refund is Refund.WINDOW and principal else 0,
        refund_fee=pick((0, 1000)),
        expiry_months=pick((1, 2, 6) if dated else (0, 1, 2, 6)),
        expiry_from=ExpiryFrom.SALE if dated else pick(tuple(ExpiryFrom)),
        latest_start_months=pick((0, 1)),
        expiry_kind=pick(tuple(ExpiryKind)),
        grace_days=pick((0, 10)),
        late_cancellation=pick(tuple(Charge)),
        late_cancellation_fee=1500,
        no_show=pick(tuple(Charge)),
        no_show_fee=1500,
        fee_tax=pick(("es-health", "es-21", OUTSIDE)),
        transfer=pick((Transfer.ANY, Transfer.ANY, Transfer.FAMILY, Transfer.NONE)),
        sharing=pick((Sharing.HOUSEHOLD, Sharing.HOUSEHOLD, Sharing.NONE)),
        owner=pick((Owner.CENTRE,) * 5 + (Owner.PROVIDER,)),
        principal=principal,
        commission_rate=0 if principal else pick((300_000, 333_333)),
        commission_tax=None if principal else pick(("es-21", "no-tax")),
        modalities=pick((("in_person", "online"), ("in_person", "online"), ("in_person",))),
        modification=pick(tuple(Modification)),
        bonus=pick((Bonus.EQUAL, Bonus.EQUAL, Bonus.LAST)),
        overage=pick(tuple(Overage)),
        unpaid_use=pick((UnpaidUse.ALLOW, UnpaidUse.ALLOW, UnpaidUse.REJECT)),
        rounding_minutes=pick((1, 15)),
    )


def package_by(pick: Pick) -> Package:
    """A package of any size, price and tax; a cent, and nothing, too."""
    return replace(
        PACKAGE,
        tax=pick(("es-health", "es-health", "es-21", "es-21", "es-10", "es-21m", "no-tax")),
        units=pick((1, 3, 5, 10)) * UNIT,
        bonus_units=pick((0, 0, UNIT)),
        unit=pick((Unit.SESSION,) * 4 + (Unit.HOUR,)),
        price=pick((0, 1, 10000, 50000, 60500, 77419)),
        branches=pick((None, None, None, ("bcn",))),
    )


def regime_by(pick: Pick) -> Regime:
    """The general or the cash scheme; half of the input VAT deductible or nothing."""
    return Regime(pick((False, False, True)), pick(((), ((START, 500_000),))))


class World(NamedTuple):
    """What a practice sells, and where."""

    policy: Policy = STANDARD
    package: Package = PACKAGE
    regime: Regime = GENERAL
    currency: str = "EUR"

    def practice(self) -> Practice:
        """An empty practice there."""
        return practice(*self)

    def played(self, history: History) -> Practice:
        """A practice with a history."""
        game = self.practice()
        play(game, history)
        return game

    def told(self, events: Sequence[Event]) -> Practice:
        """A practice to which the events of another one are told."""
        game = self.practice()
        answers = game.again(events)
        assert answers == [None] * len(events), answers
        return game

    def with_policy(self, **clauses: Any) -> World:
        """The same but for some clauses of its policy."""
        return self._replace(policy=replace(self.policy, **clauses))


def world_by(pick: Pick) -> World:
    """Any practice; most keep their books in euros."""
    return World(policy_by(pick), package_by(pick), regime_by(pick), pick(("EUR",) * 8 + ("JPY", "KWD")))


def _drawn(make: Callable[[Pick], Any]) -> st.SearchStrategy[Any]:
    @st.composite
    def strategy(draw: st.DrawFn) -> Any:
        return make(lambda options: draw(st.sampled_from(options)))

    return strategy()


policies = _drawn(policy_by)
packages = _drawn(package_by)
worlds = _drawn(world_by)

# A move: what, days since the last one, days late, three numbers to pick with.
LATE = (0, 0, 0, 0, 3, 40)
Move = tuple[str, int, int, int, int, int]
History = Sequence[Move]


def histories_of(kinds: Sequence[str], longest: int) -> st.SearchStrategy[list[Move]]:
    """Histories of some kinds of moves, long ones as often as short ones."""
    numbers = st.integers(0, 12), st.sampled_from(LATE), st.integers(0, 9), st.integers(0, 9), st.integers(1, 4)
    moves = st.tuples(st.sampled_from(kinds), *numbers)
    return st.integers(3, longest).flatmap(lambda length: st.lists(moves, min_size=length, max_size=length))


histories = histories_of(KINDS, 30)


PREFIX = (
    ("register", 0, 0, 0, 0, 1),
    ("register", 0, 0, 0, 1, 1),
    ("sell", 0, 0, 0, 0, 1),
    ("sell", 0, 0, 1, 1, 1),
    ("pay", 1, 0, 0, 2, 4),
    ("pay", 1, 0, 1, 2, 2),
    ("use", 1, 0, 0, 7, 1),
)


def days(history: History) -> date:
    """The day of the last move."""
    return START + timedelta(days=sum(move[1] for move in (*PREFIX, *history)))


def play(game: Practice, history: History) -> list[str | None]:
    """Two customers of one household buy two bundles, pay one and half of the other; then what the moves say."""
    moves = (*PREFIX, *history)
    return [step(game, moves, number) for number in range(len(moves))]


def step(game: Practice, moves: History, number: int) -> str | None:
    """Turn one move into a fact and record it; why it was refused, or None."""
    return game.attempt(*made(game, moves, number))


def made(game: Practice, moves: History, number: int) -> tuple[Fact, date, str]:
    """The fact of one move, its day, its branch."""
    what, _, late, *numbers = moves[number]
    today = START + timedelta(days=sum(move[1] for move in moves[: number + 1]))
    day = max(today - timedelta(days=late), START)
    scene = Scene(game.accepted, game.package, number, day, Numbers(*numbers))
    fact = MOVES[what][1](scene)
    return fact, today if isinstance(fact, CalendarAdvanced) else day, "mad" if scene.numbers.other == 0 else "bcn"


def advance(game: Practice, until: date) -> None:
    """Run the calendar up to a day; nothing when it is there."""
    if game.book.calendar is None or until > game.book.calendar:
        game.again([Event(f"advance-{until}", "revrec", "calendar.advanced", until, CalendarAdvanced(until))])
