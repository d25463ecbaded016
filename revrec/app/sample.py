"""An auditor's sample: sessions to their evidence, or postings back to their sessions; and the whole, both ways, counted.

Everything is read once, in pages; what is kept in memory are a few bytes a posting and the sample itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from revrec.app.progress import Progress, Silent
from revrec.app.trace import Trace, trace
from revrec.core import completeness, money, sampling
from revrec.core.checklist import counted
from revrec.core.completeness import MIRRORS, Delivered, Ledger, Mistake, Reason, Revenue, Source, Standing
from revrec.core.errors import RevrecError
from revrec.core.journal import INCOME_ROLES
from revrec.core.sampling import Drawn, Urn

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

SHOWN = 100  # exceptions that people are shown; JSON has all
PAGE = 2_000  # bundles that are read together
MOST = 10_000  # sessions of a sample: each is traced
_INCOME = frozenset(role.value for role in INCOME_ROLES)
_UNDONE = "session-undone"

Row = tuple[Any, ...]


class BadSample(RevrecError):
    """A sample of a size that cannot be drawn, or of days in the wrong order."""


class Asked(NamedTuple):
    """A sample of `size` under a seed, of the sessions (`reverse`: the postings of revenue) of some days, both counted."""

    size: int
    seed: str
    reverse: bool = False
    first: date | None = None
    last: date | None = None

    def within(self, day: str) -> bool:
        """Whether an ISO date lies in the days asked for."""
        return (self.first or date.min).isoformat() <= day <= (self.last or date.max).isoformat()

    @property
    def what(self) -> str:
        """What is drawn, in words."""
        return "postings of revenue" if self.reverse else "sessions"


class Item(NamedTuple):
    """One of the sample: its place, its rank (hex), and everything that hangs together with it."""

    place: int
    rank: str
    trace: Trace

    def to_json(self) -> dict[str, Any]:
        """The item as JSON: the members of `trace --json`, and rank."""
        return {"rank": self.rank, **self.trace.to_json()}


@dataclass(slots=True)
class Tally:
    """The whole, counted: how each session stands, what each posting comes from (with its amount), and what is wrong."""

    sessions: Counter[Standing] = field(default_factory=Counter)
    nothing: Counter[Reason] = field(default_factory=Counter)
    postings: Counter[Source] = field(default_factory=Counter)
    amounts: dict[Source, int] = field(default_factory=lambda: defaultdict(int))
    mistakes: list[Mistake] = field(default_factory=list)

    def to_json(self, currency: str) -> dict[str, Any]:
        """The members `sessions`, `postings` and `exceptions`; amounts are decimal strings, credit positive."""
        return {
            "sessions": {
                "all": self.sessions.total(),
                "earned": self.sessions[Standing.EARNED],
                "undone": self.sessions[Standing.UNDONE],
                "nothing": {reason.name.lower(): count for reason, count in sorted(self.nothing.items())},
            },
            "postings": {
                source.name.lower(): {"count": count, "amount": money.text(self.amounts[source], currency)}
                for source, count in sorted(self.postings.items())
            },
            "exceptions": [{"what": each.what, "why": each.why} for each in self.mistakes],
        }

    def lines(self, currency: str) -> Iterator[str]:
        """Both directions for people."""
        yield f"Sessions to postings, all of them: {counted(self.sessions.total(), 'session')}"
        yield f"  {self.sessions[Standing.EARNED]:>11,}  earned, each {Standing.EARNED}"
        if self.sessions[Standing.UNDONE]:
            yield f"  {self.sessions[Standing.UNDONE]:>11,}  {Standing.UNDONE}"
        for reason, count in sorted(self.nothing.items()):
            yield f"  {count:>11,}  {Standing.NOTHING}: {reason}"
        total = f"{money.text(sum(self.amounts.values()), currency)} {currency}"
        yield f"Postings to sources, all of them: {counted(self.postings.total(), 'posting')} of revenue, {total}"
        for source in Source:
            if self.postings[source]:
                yield f"  {self.postings[source]:>11,}  {source}, {money.text(self.amounts[source], currency)} {currency}"
        yield counted(len(self.mistakes), "exception")
        yield from (f"  {each.what}: {each.why}" for each in self.mistakes[:SHOWN])
        if len(self.mistakes) > SHOWN:
            yield f"  … and {len(self.mistakes) - SHOWN:,} more; --json lists all"


@dataclass(frozen=True, slots=True)
class Sample:
    """What was asked, out of how many it was drawn, the whole counted, and the evidence of each one drawn."""

    asked: Asked
    population: int
    tally: Tally
    items: tuple[Item, ...]
    currency: str

    @property
    def clean(self) -> bool:
        """Whether there is no exception."""
        return not self.tally.mistakes

    def to_json(self) -> dict[str, Any]:
        """The members of `trace --sample --json`."""
        asked = self.asked
        return {
            "sample": asked.size,
            "seed": asked.seed,
            "of": "postings" if asked.reverse else "sessions",
            "from": asked.first.isoformat() if asked.first else None,
            "to": asked.last.isoformat() if asked.last else None,
            "method": sampling.METHOD,
            "population": self.population,
            "completeness": self.tally.to_json(self.currency),
            "items": [item.to_json() for item in self.items],
        }

    def lines(self) -> Iterator[str]:
        """The sample for people: the whole, then each one drawn with its evidence."""
        asked = self.asked
        days = f", from {asked.first or 'the beginning'} to {asked.last or 'the end'}" if asked.first or asked.last else ""
        yield f"Sample of {len(self.items):,} of {self.population:,} {asked.what}{days}; seed {asked.seed}"
        yield f"Method: {sampling.METHOD}"
        yield ""
        yield from self.tally.lines(self.currency)
        for item in self.items:
            yield ""
            yield f"{item.place:,} of {len(self.items):,}, rank {item.rank[:16]}…"
            yield from item.trace.lines()


def sample(ws: Workspace, asked: Asked, progress: Progress | None = None) -> Sample:
    """Count the whole in both directions, draw, and trace what was drawn; raises BadSample."""
    _check(asked)
    said = progress or Silent()
    with ws.store.snapshot():
        count = _Count(ws, asked, Urn(asked.seed, asked.size))
        count.postings(said)
        count.sessions(said)
        items = tuple(_traced(ws, asked, count.urn.drawn(), said))
    return Sample(asked, count.urn.population, count.tally, items, ws.settings.currency)


def _check(asked: Asked) -> None:
    if not 0 <= asked.size <= MOST:
        raise BadSample(f"a sample of {asked.size:,} is not drawn: say a number from 0 to {MOST:,}; 0 only counts the whole")
    if not asked.seed:
        raise BadSample("an empty seed is none: say one that you chose yourself, for instance a number from a dice roll")
    if asked.first and asked.last and asked.last < asked.first:
        raise BadSample(f"the last day, {asked.last}, lies before the first, {asked.first}")


def _traced(ws: Workspace, asked: Asked, drawn: Iterable[Drawn], said: Progress) -> Iterator[Item]:
    said.start("tracing the sample", asked.size)
    kind = "entry" if asked.reverse else "session"
    for place, each in enumerate(drawn, 1):
        yield Item(place, each.rank, trace(ws, f"{kind}:{each.id}"))
        said.step()
    said.done()


@dataclass(slots=True)
class _Count:
    """Goes through all postings, then all sessions."""

    ws: Workspace
    asked: Asked
    urn: Urn
    tally: Tally = field(default_factory=Tally)
    ledger: Ledger = field(init=False)
    idle: list[Row] = field(default_factory=list)  # sessions without revenue, until their bundles are read together

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.ws.store.head().entries)

    def postings(self, said: Progress) -> None:
        """Take in every posting of revenue; those of the days asked for are counted, and drawn from in reverse."""
        said.start("reading the postings", self.ws.store.head().entries)
        after = 0
        while page := self.ws.store.rows("entry_rows", after):
            for number, _, day, *_, body in page:
                raw = orjson.loads(body)
                if raw["rule"] in MIRRORS and "corrects" in raw:
                    self.ledger.undo(raw["corrects"])
                amounts = [leg["amount"] for leg in raw["postings"] if leg["role"] in _INCOME]
                if amounts:
                    self._posting(Revenue(number, raw["rule"], raw.get("session"), raw.get("corrects"), -sum(amounts)), day)
            after = page[-1][0]
            said.step(len(page))
        said.done()

    def _posting(self, revenue: Revenue, day: str) -> None:
        source = self.ledger.post(revenue)
        if not self.asked.within(day):
            return
        if self.asked.reverse:
            self.urn.put(f"E-{revenue.number}")
        if isinstance(source, Mistake):
            self.tally.mistakes.append(source)
            return
        self.tally.postings[source] += 1
        self.tally.amounts[source] += revenue.earned

    def sessions(self, said: Progress) -> None:
        """Let every session claim its posting; then what no session claims is an exception."""
        said.start("holding every session against its posting")
        for ref, rows in groupby(self._session_rows(), itemgetter(0)):
            found = {row[1]: row for row in rows}
            undone = found.pop(_UNDONE, None) is not None
            for row in found.values():
                self._session(ref, row, undone=undone)
            said.step()
        self._why_idle()
        for number, why in self.ledger.stray():
            entry = self.ws.store.entry(number)
            if entry is not None and self.asked.within(entry.date.isoformat()):
                self.tally.mistakes.append(Mistake(f"E-{number}", why))
        said.done()

    def _session_rows(self) -> Iterator[Row]:
        after = ("", "")
        while page := self.ws.store.rows("sessions", *after):
            yield from page
            after = (page[-1][0], page[-1][1])

    def _session(self, ref: str, row: Row, *, undone: bool) -> None:
        standing = self.ledger.claim(Delivered(row[5], ref, undone))
        if not self.asked.within(row[2]):
            return
        if not self.asked.reverse:
            self.urn.put(ref)
        if isinstance(standing, Mistake):
            self.tally.mistakes.append(standing)
            return
        self.tally.sessions[standing] += 1
        if standing is Standing.NOTHING:
            self.idle.append(row)
            if len(self.idle) >= PAGE:
                self._why_idle()

    def _why_idle(self) -> None:
        """Why each of some sessions has no revenue of its own; one that should have some is an exception."""
        store = self.ws.store
        names = sorted({row[3] for row in self.idle if row[3]})
        bundles = {row[0]: store.read_bundle(row) for row in store.rows_of_list("bundles_of_list", names)}
        for ref, _, _, name, quanta, _, parts in self.idle:
            reason = completeness.reason_of(bundles.get(name), quanta, orjson.loads(parts))
            if reason is None:
                self.tally.mistakes.append(Mistake(ref, "it was delivered at a price, and no posting of revenue stands for it"))
            else:
                self.tally.nothing[reason] += 1
        self.idle.clear()
