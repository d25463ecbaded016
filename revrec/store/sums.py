"""The sums that pages read (`core/tally.py`): derived tables, caught up with the entries in batches and never while recording.

A mark says up to which entry they go; whoever reads adds the entries after it in memory. Entries never change, so that a sum
once made stays right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from typing import Any, NamedTuple

import orjson

from revrec.core.book import Kind
from revrec.core.journal import JournalEntry, Role
from revrec.core.rollforward import Flow, Leg, Source
from revrec.core.tally import Earned, Owed, Tally
from revrec.store.format import decode_entry
from revrec.store.statements import PAGE
from revrec.store.store import Store

BATCH = 100_000  # entries whose sums are held in memory and written in one transaction
_MARK = "sums"
_NEAR = 16  # events read for each one that is wanted, before looking each up is quicker
_TABLES = ("liability", "bundle_liability", "results")
_PROVIDER = b'"provider":"'

Row = tuple[Any, ...]
Raw = dict[str, Any]


class Posted(NamedTuple):
    """An entry as it is stored: the number of the event that recorded it, its day, its bytes."""

    seq: int
    date: str
    body: bytes

    @property
    def entry(self) -> JournalEntry:
        """The entry that the bytes are."""
        return decode_entry(self.body)


class Batch(NamedTuple):
    """The sums of the entries from one number, not counted, to another."""

    after: int
    last: int
    tally: Tally


class Sums:
    """The sums of the books of one taxpayer."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._packages: dict[str, str] = {}

    @property
    def mark(self) -> int:
        """The number of the last entry that is in the tables."""
        row = self.store.row("mark", _MARK)
        return int(row[0]) if row else 0

    def catch_up(self, step: Callable[[int], None], until: int | None = None) -> int:
        """Take in the entries after the mark, up to a number (default: all); how many. `step` is told of each page."""
        started = done = self.mark
        last = self.store.head().entries if until is None else until
        while done < last:
            batch = self._batch(done, min(done + BATCH, last), step)
            with nullcontext() if self.store.writing else self.store.transaction():
                if self.mark == batch.after:  # nobody else was faster
                    self._write(batch)
                done = self.mark
        return done - started

    def clear(self) -> None:
        """Empty the tables inside the running transaction: `catch_up` makes them again."""
        for table in (*_TABLES, "marks"):
            self.store.write(f"clear_{table}", [(self.store.taxpayer,)])

    def _batch(self, after: int, last: int, step: Callable[[int], None]) -> Batch:
        tally = Tally()
        for page in self._pages(after, last):
            self.add(tally, [Posted(seq, day, body) for _, seq, day, _, _, body in page])
            step(len(page))
        return Batch(after, last, tally)

    def _pages(self, after: int, last: int) -> Iterator[Sequence[Row]]:
        while after < last and (page := self.store.rows("entry_rows", after)):
            yield [row for row in page if row[0] <= last]
            after = page[-1][0]

    def add(self, tally: Tally, posted: Sequence[Posted]) -> None:
        """Add entries to sums in memory."""
        raws: list[Raw] = [orjson.loads(each.body) for each in posted]
        self._know(raws)
        providers = self._providers(posted, raws)
        for raw, provider in zip(raws, providers, strict=True):
            tally.take(_source(raw), self._packages, provider)

    def after(self, mark: int) -> Iterator[Posted]:
        """The entries after a mark."""
        while page := self.store.rows("entry_rows", mark):
            yield from (Posted(seq, day, body) for _, seq, day, _, _, body in page)
            mark = page[-1][0]
            if len(page) < PAGE:
                return

    def dated(self, first: date, last: date, mark: int) -> Iterator[Posted]:
        """The entries of some days, both counted, up to a mark, by date and number."""
        day, number = first.isoformat(), 0
        while page := self.store.rows("entries", day, number, last.isoformat()):
            yield from (Posted(seq, day, body) for day, number, body, seq in page if number <= mark)
            day, number = page[-1][0], page[-1][1]
            if len(page) < PAGE:
                return

    # reading

    def liability(self, until: str) -> list[tuple[Owed, int]]:
        """The movements of the contract liability up to a month, by month, branch, service, policy and flow; no bundle."""
        return [(Owed("", *row[:-1]), int(row[-1])) for row in self.store.rows("liability", until)]

    def open_at(self, month: str) -> dict[str, int]:
        """What each bundle owed before a month; those that owed something."""
        return {row[0]: int(row[1]) for row in self.store.rows("open_at", month)}

    def revenue(self, bundles: Iterable[str], first: str, last: str) -> Iterator[tuple[Owed, int]]:
        """The revenue of some bundles in some months, both counted."""
        rows = self.of_bundles(bundles)
        return ((key, amount) for key, amount in rows if key.flow == Flow.REVENUE_ADDED and first <= key.month <= last)

    def of_bundles(self, bundles: Iterable[str]) -> Iterator[tuple[Owed, int]]:
        """Every sum of some bundles."""
        return ((Owed(*row[:-1]), int(row[-1])) for row in self.store.rows_of_list("liability_of_list", bundles))

    def owing(self, until: str, month: str, group: Mapping[str, str | None]) -> dict[str, int]:
        """What each bundle of a group owes after `until`; those with a balance before `month` or a movement since."""
        return {row[0]: int(row[1]) for row in self.store.rows("owing", until, *_asked(group), month, month)}

    def by_bundle(self) -> Iterator[tuple[Owed, int]]:
        """Every sum of every bundle, in order of the keys."""
        after: Row = ("",) * len(Owed._fields)
        while page := self.store.rows("liability_rows", *after):
            yield from ((Owed(*row[:-1]), int(row[-1])) for row in page)
            after = tuple(page[-1][:-1])

    def results(self, first: str, last: str) -> list[tuple[Earned, int]]:
        """Income and expense of some months together, by everything but the month, which is the last one asked for."""
        return [(Earned(last, *row[:-1]), int(row[-1])) for row in self.store.rows("results_of", first, last)]

    def _write(self, batch: Batch) -> None:
        own, months = self.store.taxpayer, defaultdict[Row, int](int)
        for key, amount in batch.tally.liability.items():
            months[key[1:]] += amount
        for table, sums in (
            ("liability", months),
            ("bundle_liability", batch.tally.liability),
            ("results", batch.tally.results),
        ):
            self.store.write(f"sum_{table}", [(own, *key, amount) for key, amount in sorted(sums.items())])
        if not self.store.write("put_mark", [(batch.last, own, _MARK)]):
            self.store.write("add_marks", [(own, _MARK, batch.last)])

    # what is known of an entry beside itself

    def _know(self, raws: Iterable[Raw]) -> None:
        """Look up the packages of bundles: those of a bundle never change."""
        if len(self._packages) > BATCH:
            self._packages.clear()
        named = {raw["bundle"] for raw in raws if "bundle" in raw}
        named.update(leg["bundle"] for raw in raws for leg in raw["postings"] if "bundle" in leg)
        for bundle, state in self.store.rows_of_list("bundles_of_list", sorted(named - self._packages.keys())):
            self._packages[bundle] = _package(state)

    def _providers(self, posted: Sequence[Posted], raws: Sequence[Raw]) -> list[str]:
        """Who gave the care that each entry is about; '' where none is named."""
        found, elsewhere, given = [""] * len(raws), dict[int, str](), self._given(posted, raws)
        for place, raw in enumerate(raws):
            name, session = _named(raw), raw.get("session")
            if name is None and session is not None:
                own = given.get(posted[place].seq)
                if own is not None and own[0] == raw["event"] and own[1] == raw["source"]:
                    name = _provider(own[2])
                else:
                    elsewhere[place] = session
            if name:
                found[place] = name
        for place, name in self._looked_up(elsewhere):
            found[place] = name
        return found

    def _given(self, posted: Sequence[Posted], raws: Sequence[Raw]) -> dict[int, tuple[str, str, bytes]]:
        """The events in which sessions took place, among those that recorded the entries: id, source, chain record.

        None of them where the entries were recorded far apart, as those of a day may be: then each session is looked up.
        """
        seqs = [each.seq for each, raw in zip(posted, raws, strict=True) if "session" in raw]
        if not seqs or max(seqs) - min(seqs) > _NEAR * len(seqs):
            return {}
        rows = self.store.rows("sessions_given", min(seqs), max(seqs))
        return {seq: (event, source, record) for seq, event, source, record in rows}

    def _looked_up(self, sessions: dict[int, str]) -> Iterator[tuple[int, str]]:
        """The providers of sessions that were recorded with other events than their entries."""
        if not sessions:
            return
        rows = self.store.rows_of_list("movements_of_refs", sorted(set(sessions.values())))
        seqs = {row[1]: row[2] for row in rows if row[0] in (Kind.SESSION, Kind.VISIT)}
        records = {row[0]: row[10] for row in self.store.rows_of_list("events_of_list", sorted(set(seqs.values())))}
        for place, session in sessions.items():
            record = records.get(seqs.get(session, 0))
            yield place, _provider(record) if record else ""


def _asked(group: Mapping[str, str | None]) -> Row:
    """The parameters that ask for a group: for each dimension whether any value will do, else which."""
    return tuple(part for name in ("branch", "service", "policy") for part in (int(name not in group), group.get(name) or ""))


def _source(raw: Raw) -> Source:
    """An entry as far as sums look at it."""
    get = raw.get
    where = f"entry E-{raw['entry']} of {raw['date']}"
    own = (get("bundle"), get("branch"), get("service"), get("policy"))
    legs = [Leg(leg["role"], leg["amount"], leg.get("bundle"), leg.get("branch")) for leg in raw["postings"]]
    return Source(date.fromisoformat(raw["date"]), raw["rule"], where, *own, legs)


def _named(raw: Raw) -> str | None:
    """The provider to whom an entry owes money: the engine names it there."""
    if "metadata" in raw and any(leg["role"] == Role.PROVIDER_PAYABLE for leg in raw["postings"]):
        name: str | None = raw["metadata"].get("provider")
        return name
    return None


def _provider(record: bytes) -> str:
    """The provider that a session's chain record names."""
    at = record.find(_PROVIDER)
    if at < 0:
        return ""
    if b'"metadata":' not in record:
        start = at + len(_PROVIDER)
        return record[start : record.index(b'"', start)].decode()
    data: dict[str, Any] = orjson.loads(record)["event"]["data"]
    return str(data.get("provider", ""))


def _package(state: bytes) -> str:
    """The package in the state of a bundle: its terms are named first, `["PSY-10@2026-01-01/…`."""
    key: str = orjson.loads(state)[0]
    return key.partition("/")[0].rpartition("@")[0]
