"""What an export consists of: journal entries one by one, or those of a month and branch together."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import NamedTuple, TypeAlias

from revrec.books.chart import Chart
from revrec.books.narration import narration
from revrec.core.dates import month_end, month_start
from revrec.core.journal import JournalEntry, Posting

Facts: TypeAlias = tuple[tuple[str, str], ...]
"""What is said of a record or a line beside its amount: (key, value), in the order of the books."""

Encode: TypeAlias = Callable[[JournalEntry], bytes]
"""The stored bytes of an entry (docs/formats.md)."""


class Line(NamedTuple):
    """One line: an account of the chart and an amount in minor units, debit positive.

    `facts` are those in which it differs from its record, and the payment method of a money line.
    """

    account: str
    role: str
    amount: int
    facts: Facts = ()


class Batch(NamedTuple):
    """The journal entries that a record stands for: lowest and highest number, how many, SHA-256 (hex) of their bytes."""

    first: int
    last: int
    entries: int
    sha256: str


class Record(NamedTuple):
    """One balanced transaction of an export; `batch` is None where it is a journal entry itself."""

    name: str
    date: date
    text: str
    lines: tuple[Line, ...]
    branch: str
    facts: Facts
    batch: Batch | None = None


def by_entry(entries: Iterable[JournalEntry], chart: Chart, sources: Container[tuple[str, str]] = ()) -> Iterator[Record]:
    """Each journal entry as a record; the source of an event is a fact only where `sources` holds (event, source)."""
    for entry in entries:
        lines = tuple(_line(entry, leg, chart) for leg in entry.postings)
        facts = _facts(entry, shown=(entry.event, entry.source) in sources)
        yield Record(f"E-{entry.number}", entry.date, narration(entry), lines, entry.branch or "", facts)


def by_month(entries: Iterable[JournalEntry], chart: Chart, encode: Encode, last: date | None = None) -> Iterator[Record]:
    """The entries of each month and branch as one record, dated the month's last day, or `last` if that is earlier.

    Debits and credits of an account stay apart, so that turnover is kept (Código de Comercio art. 28.2 allows joint entries
    whose detail is in other records). Entries come in order of date. A record whose entries have no amounts is left out.
    """
    for month, group in groupby(entries, key=lambda entry: month_start(entry.date)):
        sums: dict[str, _Sums] = defaultdict(_Sums)
        for entry in group:
            sums[entry.branch or ""].add(entry, chart, encode)
        day = min(month_end(month), last or date.max)
        yield from (each.record(day, branch) for branch, each in sorted(sums.items()) if each.amounts)


@dataclass(slots=True)
class _Sums:
    """The entries of one month and branch, added up while they pass."""

    amounts: dict[tuple[bool, str, str, Facts], int] = field(default_factory=lambda: defaultdict(int))
    numbers: list[int] = field(default_factory=list)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, entry: JournalEntry, chart: Chart, encode: Encode) -> None:
        self.digest.update(encode(entry))
        self.numbers.append(entry.number)
        for leg in entry.postings:
            if leg.amount:
                account, role, amount, facts = _line(entry, leg, chart)
                kept = tuple(fact for fact in facts if fact[0] == "branch")
                self.amounts[amount < 0, account, role, kept] += amount

    def record(self, day: date, branch: str) -> Record:
        batch = Batch(min(self.numbers), max(self.numbers), len(self.numbers), self.digest.hexdigest())
        lines = tuple(Line(account, role, amount, facts) for (_, account, role, facts), amount in sorted(self.amounts.items()))
        month = f"{day:%Y-%m}"
        name, text = (f"{month}/{branch}", f"Month {month}, branch {branch}") if branch else (month, f"Month {month}")
        facts = (
            *((("branch", branch),) if branch else ()),
            ("first-entry", f"E-{batch.first}"),
            ("last-entry", f"E-{batch.last}"),
            ("entries", str(batch.entries)),
            ("sha256", batch.sha256),
        )
        return Record(name, day, text, lines, branch, facts, batch)


def _line(entry: JournalEntry, leg: Posting, chart: Chart) -> Line:
    account = chart.need(leg.role, leg.branch or entry.branch, entry.service, leg.method)
    pairs = (("bundle", leg.bundle), ("branch", leg.branch), ("customer", leg.customer), ("method", leg.method))
    return Line(account, leg.role, leg.amount, tuple((key, value) for key, value in pairs if value))


def _facts(entry: JournalEntry, *, shown: bool) -> Facts:
    """The metadata of an entry, keys and order as in the Beancount files, but for `user-` before a key of ours."""
    pairs = (
        ("entry", f"E-{entry.number}"),
        ("event", entry.event),
        ("event-source", entry.source if shown else None),
        ("bundle", entry.bundle),
        ("session", entry.session),
        ("customer", entry.customer),
        ("branch", entry.branch),
        ("service", entry.service),
        ("policy", entry.policy),
        ("rule", entry.rule),
        ("corrects", f"E-{entry.corrects}" if entry.corrects is not None else None),
        ("effective-date", entry.effective.isoformat() if entry.effective else None),
        ("late", "TRUE" if entry.late else None),
    )
    ours = tuple((key, value) for key, value in pairs if value)
    taken = {key for key, _ in pairs}
    return ours + tuple((f"user-{key}" if key in taken else key, value) for key, value in sorted(entry.metadata))
