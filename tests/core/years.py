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
from typing import Any

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
SEEDS = (194, 152, 169, 36, 117, 146, 95, 55, 127, 185)  # of the first 200, those that reach most of the engine
LENGTH = 100
NAMES = {fact: name for name, fact in TYPES.items()}
PEOPLE = {
    "C-0": Identity("Alba Ruiz", "ES12345678Z", "ES"),
    "C-1": Identity("Bruno Ruiz", "ES12345678Z", "ES"),
    "C-2": Identity("Carla Gil", None, "ES"),
}


class Dice:
    """Picks by chance, the same on every release of Python."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def pick(self, options: Sequence[Any]) -> Any:
        """One of some options."""
        return options[int(self._random.random() * len(options))]

    def history(self, length: int) -> History:
        """As `practice.histories` draws them, closer together."""
        numbers = range(8), LATE, range(10), range(10), range(1, 5)
        moves = [(self.pick(KINDS), *map(self.pick, numbers)) for _ in range(length)]
        return [*PREFIX, *moves]


def year(seed: int) -> Iterator[str]:
    """All that is kept of one practice."""
    dice = Dice(seed)
    world = world_by(dice.pick)
    game, history = world.practice(), dice.history(LENGTH)
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
    """Every report at the end, those of movements also for a quarter at one branch."""
    books, end = _books(game), days(history)
    whole = Question(START, max(end, books.latest))
    for by, report in (*MOVING, *STANDING):
        yield from _lines(report(books, whole._replace(by=by)))
    quarter = Question(date(2026, 4, 1), date(2026, 6, 30), branch="bcn")
    for by, report in (*MOVING, ((), trace.report)):
        yield from _lines(report(books, quarter._replace(by=by)))


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


def file(seed: int) -> Path:
    """Where a year is kept."""
    return FOLDER / f"{seed:03}.txt"


def write() -> None:
    """Write every year anew."""
    for seed in SEEDS:
        file(seed).write_text("\n".join(year(seed)) + "\n", "utf-8")


if __name__ == "__main__":
    write()
