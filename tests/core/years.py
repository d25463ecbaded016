"""Practices of every kind over two years, told by chance and kept as text: facts, entries or refusals, states, reports.

python -m tests.core.years writes the text anew. Read the difference before you commit it: a changed line is a changed book.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from revrec.core import aging, rollforward
from revrec.core.book import METHODS
from revrec.core.errors import Refused
from revrec.core.events import TYPES, Event
from revrec.core.post import record
from revrec.core.report import Table
from revrec.core.reports import (
    breakage,
    disaggregation,
    due,
    maturity,
    opening,
    out_of_period,
    profitability,
    receivables,
    reconciliation,
    refund_liability,
    tax,
    third_parties,
    trace,
    uninvoiced,
    waterfall,
)
from revrec.core.reports.frame import Identity, Question
from revrec.core.reports.invoices import Paperwork
from revrec.core.reports.reconciliation import Beyond
from revrec.core.reports.third_parties import Limits
from revrec.core.rollforward import lines_of, source_of
from tests.core.kept import Kept, kept
from tests.core.practice import BUNDLES, KINDS, LATE, PREFIX, START, History, Practice, World, arrived, days, made, world_by
from tests.core.telling import lines

FOLDER = Path(__file__).parent / "years"
LENGTH = 100
NAMES = {fact: name for name, fact in TYPES.items()}
PEOPLE = {
    "C-0": Identity("Alba Ruiz", "ES12345678Z", "ES"),
    "C-1": Identity("Bruno Ruiz", "ES12345678Z", "ES"),
    "C-2": Identity("Carla Gil", None, "ES"),
}


class Theme(NamedTuple):
    """What a year is about: the kinds of half of its moves, and the variants of all (`practice.Move`, the second number)."""

    kinds: Sequence[str] = KINDS
    variants: Sequence[int] = range(10)


THEMES = {
    "all": Theme(),
    "changes": Theme(
        ("top-up", "upgrade", "new-pack", "reduce", "transfer", "split", "open", "remote", "estimate", "use", "pay")
    ),
    "claims": Theme(("write-off", "write-off-visit", "recover", "recover-visit", "vat-back", "visit", "default", "use", "undo")),
    "currency": Theme(("sell", "pay", "use", "unpay", "refund", "dispute", "win", "revalue"), (6, 6, 6, 6, 6, 0, 3, 9)),
    "disputes": Theme(("pay", "use", "dispute", "win", "lose", "undo", "write-off", "recover")),
    "refunds": Theme(("pay", "use", "part-refund", "refund", "except", "settle", "unrefund", "request", "answer", "reject")),
}
# Of the first 120 of each theme, those that together reach most of the engine.
YEARS = (
    ("all", 36),
    ("all", 99),
    ("changes", 33),
    ("changes", 89),
    ("claims", 32),
    ("claims", 52),
    ("claims", 68),
    ("currency", 57),
    ("currency", 91),
    ("disputes", 22),
    ("disputes", 95),
    ("refunds", 99),
)


class Dice:
    """Picks by chance, the same on every release of Python."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def pick(self, options: Sequence[Any]) -> Any:
        """One of some options."""
        return options[int(self._random.random() * len(options))]

    def history(self, theme: Theme) -> History:
        """Half of the moves are of the theme, half as `practice.histories` draws them; closer together."""
        numbers = range(8), LATE, range(10), theme.variants, range(1, 5)
        moves = [(self.pick(self.pick((KINDS, theme.kinds))), *map(self.pick, numbers)) for _ in range(LENGTH)]
        return [*PREFIX, *moves]


def year(theme: str, seed: int) -> Iterator[str]:
    """All that is kept of one practice."""
    dice = Dice(seed)
    world = world_by(dice.pick)
    game, history = world.practice(), dice.history(THEMES[theme])
    yield from _sells(world)
    for number in range(len(history)):
        yield from _told(game, history, number)
    yield from _stands(game)
    yield from _reported(game, history)


def _sells(world: World) -> Iterator[str]:
    yield _words(world.policy)
    yield _words(world.package)
    yield f"{world.regime} {world.currency}"


def _told(game: Practice, history: History, number: int) -> Iterator[str]:
    """One fact, and its entries or why it is refused."""
    fact, day, branch = made(game, history, number)
    event = arrived(Event(f"e-{number}", "tests", NAMES[type(fact)], day, fact, branch, actor="desk"))
    yield ""
    yield f"{day} {branch} {event.type} {_words(fact)}"
    try:
        changes = record(game.book, event)
    except Refused as refusal:
        yield f"  refused: {refusal} [{refusal.rule}] {refusal.field}"
        return
    game.accepted.append(event)
    entries = [entry for change in changes for entry in change.entries]
    game.entries += entries
    yield from (f"  {line}" for line in lines(entries, game.book.currency))


def _words(values: Any) -> str:
    """The members of a fact that say something, `amount=12345 method=card`."""
    said = {each.name: getattr(values, each.name) for each in fields(values)}
    return " ".join(f"{name}={_word(value)}" for name, value in said.items() if value not in (None, (), False))


def _word(value: Any) -> str:
    if is_dataclass(value):
        return f"({_words(value)})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_word, value))})"
    return str(value)


def _stands(game: Practice) -> Iterator[str]:
    """What the engine remembers at the end: bundles, what happened to each, visits, credit, money of other currencies."""
    book = game.book
    for name in BUNDLES:
        bundle = book.bundle(name)
        if bundle:
            yield ""
            yield f"bundle {name}: {_known(bundle._replace(terms=None))}"
            yield f"  left {bundle.left}, valid until {bundle.valid_until}, due {bundle.due}, {_known(bundle.balances)}"
            yield from (f"  {_known(movement._replace(parts=tuple(movement.parts)))}" for movement in book.movements(name))
    yield ""
    people = sorted(PEOPLE)
    yield from (_known(visit) for who in people for visit in book.visits(who))
    yield from (_known(book.customer(who)) for who in people)
    yield from (_known(holding) for role in METHODS.values() if (holding := book.foreign(role, "USD")).amount)
    yield f"calendar {book.calendar}, closed through {book.closed_through}"


def _known(state: Any) -> str:
    """The members of a state that say something."""
    said = {name: value for name, value in state._asdict().items() if value not in (None, (), 0)}
    return " ".join(f"{name}={_part(value)}" for name, value in said.items())


def _part(value: Any) -> str:
    if hasattr(value, "_asdict"):
        return f"({_known(value)})"
    return f"({', '.join(map(_part, value))})" if isinstance(value, tuple) else _word(value)


def _rolled(books: Kept, asked: Question) -> Table:
    found = (line for entry in books.entries(asked.last) for line in lines_of(source_of(entry)))
    at_branch = (line for line in found if asked.branch in (None, line.branch))
    ends = {bundle.id: bundle.valid_until for bundle in books.bundles()}
    return rollforward.table(rollforward.rollforward(at_branch, asked.first, asked.last, asked.by), books.currency, (), ends)


def _reconciled(books: Yearbook, asked: Question) -> Table:
    return reconciliation.report(books, asked, Beyond(books.visits, books.credit))


def _third_parties(books: Kept, asked: Question) -> Table:
    return third_parties.report(books, asked, (Limits(START, 50_000, 10_000),))


def _uninvoiced(books: Yearbook, asked: Question) -> Table:
    return uninvoiced.report(books, asked, Paperwork())


MOVING: Sequence[tuple[tuple[str, ...], Callable[[Yearbook, Question], Table]]] = (
    (("month", *disaggregation.USUAL), disaggregation.report),
    (profitability.USUAL, profitability.report),
    (refund_liability.USUAL, refund_liability.report),
    (("month", "branch"), waterfall.report),
    (tax.USUAL, tax.report),
    ((), tax.late),
    ((), out_of_period.report),
    ((), _uninvoiced),
    ((), _third_parties),
    (("branch", "policy"), _rolled),
    (("month",), _rolled),
)
STANDING: Sequence[tuple[tuple[str, ...], Callable[[Yearbook, Question], Table]]] = (
    (breakage.USUAL, breakage.report),
    ((), maturity.report),
    ((), receivables.report),
    ((), due.report),
    ((), opening.report),
    ((aging.BY_BUNDLE,), aging.report),
    ((), aging.report),
    ((), _reconciled),
)


def _reported(game: Practice, history: History) -> Iterator[str]:
    """Every report at the end, of all branches and of one; those of movements also for a quarter at each branch."""
    books, end = _books(game), days(history)
    whole = Question(START, max(end, books.latest))
    for by, report in (*MOVING, *STANDING):
        yield from _lines(report(books, whole._replace(by=by)))
    for by, report in STANDING:
        yield from _lines(report(books, whole._replace(by=by, branch="mad")))
    for first, last, branch in ((date(2026, 4, 1), date(2026, 6, 30), "bcn"), (date(2026, 2, 1), date(2026, 3, 31), "mad")):
        for by, report in (*MOVING, ((), trace.report)):
            yield from _lines(report(books, Question(first, last, by, branch)))


@dataclass
class Yearbook(Kept):
    """With what bundles do not hold: open visits by branch, the credit of customers."""

    visits: dict[str | None, int] = field(default_factory=lambda: defaultdict(int))
    credit: int = 0


def _books(game: Practice) -> Yearbook:
    known = kept(game)
    books = Yearbook(known.currency, known.posted, known.sold, known.facts, known.uses, people=dict(PEOPLE))
    for who in PEOPLE:
        books.credit += game.book.customer(who).credit
        for visit in game.book.visits(who):
            books.visits[visit.branch] += 0 if visit.undone else visit.price - visit.paid - visit.lost
    return books


def _lines(table: Table) -> Iterator[str]:
    yield ""
    yield from table.lines()
    yield from table.findings


def file(theme: str, seed: int) -> Path:
    """Where a year is kept."""
    return FOLDER / f"{theme}-{seed:03}.txt"


def write() -> None:
    """Write every year anew."""
    for theme, seed in YEARS:
        file(theme, seed).write_text("\n".join(year(theme, seed)) + "\n", "utf-8")


if __name__ == "__main__":
    write()
