"""Exports: the journal as other accounting systems read it, tied to the ledger account by account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from revrec.books.balance import account_of
from revrec.books.export import contaplus, holded, plaintext, records, table
from revrec.books.export.records import Record
from revrec.books.export.subaccounts import DIGITS, Numbers, numbers
from revrec.books.files import replacing
from revrec.books.state import MonthRow
from revrec.core import money
from revrec.core.dates import DAY, month_end, month_start
from revrec.core.errors import RevrecError
from revrec.core.journal import JournalEntry, Role
from revrec.core.report import Tie
from revrec.store.format import encode_entry

if TYPE_CHECKING:
    from revrec.app.progress import Progress
    from revrec.app.workspace import Workspace


class Format(StrEnum):
    """The systems that can be exported to."""

    HLEDGER = "hledger"
    CSV = "csv"
    CONTAPLUS = "contaplus"
    HOLDED = "holded"


class By(StrEnum):
    """What becomes one record: a journal entry, or the entries of a month and branch."""

    ENTRY = "entry"
    MONTH = "month"


class Exists(RevrecError):
    """The file to write is there already."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists already. Name another file, or replace it with --force")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export: entries of the days from `since` to `until` (both counted; None: the first, the last).

    `digits` of a subaccount and `first` record number are of ContaPlus and Holded only.
    """

    format: Format
    by: By
    since: date | None = None
    until: date | None = None
    digits: int = DIGITS
    first: int = 1


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported: journal entries, records and lines, and the balances that they tie to, in minor units.

    `batches` are the numbered records of a roll-up, `notes` whole sentences.
    """

    files: tuple[Path, ...]
    currency: str
    entries: int
    records: int
    lines: int
    ties: tuple[Tie, ...]
    batches: tuple[tuple[int, Record], ...]
    notes: tuple[str, ...]

    @property
    def tied(self) -> bool:
        """Whether debit equals credit and the export equals the ledger."""
        return not any(tie.difference for tie in self.ties)

    def summary(self) -> Iterator[str]:
        """The export in lines for people."""
        yield from map(str, self.files)
        yield f"journal entries {self.entries:,}, records {self.records:,}, lines {self.lines:,}"
        yield from (tie.sentence(self.currency) for tie in self.ties)
        for number, record in self.batches:
            if batch := record.batch:
                yield f"{number:>4}  {record.name}: E-{batch.first} to E-{batch.last} ({batch.entries:,}), SHA-256 {batch.sha256}"
        yield from self.notes

    def to_json(self) -> dict[str, Any]:
        """The export for programs."""
        return {
            "files": [str(path) for path in self.files],
            "entries": self.entries,
            "records": self.records,
            "lines": self.lines,
            "ties": [self._tie(tie) for tie in self.ties],
            "tied": self.tied,
            "batches": [_batch(number, record) for number, record in self.batches],
            "notes": list(self.notes),
        }

    def _tie(self, tie: Tie) -> dict[str, str]:
        pairs = ((tie.left_label, tie.left), (tie.right_label, tie.right), ("difference", tie.difference))
        return {label: money.text(amount, self.currency) for label, amount in pairs}


def export(
    ws: Workspace, wanted: Wanted, out: Path | BinaryIO, *, force: bool = False, progress: Progress | None = None
) -> Exported:
    """Write the export to a file (Holded: a file a month beside that name) or an open stream; each file whole or not at all.

    Raises `Exists` unless `force`, and what the formats raise: an account without number, more than a fiscal year …
    """
    with ws.store.snapshot():
        tally = _Tally(ws.settings.currency)
        made = tally.counted(_records(ws, wanted, progress), wanted)
        if wanted.format is Format.HOLDED:
            assert isinstance(out, Path), "Holded takes several files"
            files = tuple(_written_parts(ws, wanted, made, out, force=force))
        elif isinstance(out, Path):
            files = (_written(out, _chunks(ws, wanted, made), force=force),)
        else:
            files = ()
            out.writelines(_chunks(ws, wanted, made))
        ties = (Tie("debit", tally.debit, "credit", tally.credit), *_ledger_tie(ws, wanted, tally))
        notes = tuple(_notes(ws, wanted))
    return Exported(files, tally.currency, tally.entries, tally.records, tally.lines, ties, tuple(tally.batches), notes)


@dataclass(slots=True)
class _Tally:
    """What passes on its way into the files, added up."""

    currency: str
    entries: int = 0
    records: int = 0
    lines: int = 0
    debit: int = 0
    credit: int = 0
    accounts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    batches: list[tuple[int, Record]] = field(default_factory=list)

    def counted(self, made: Iterable[Record], wanted: Wanted) -> Iterator[Record]:
        for record in made:
            if record.batch:
                self.batches.append((wanted.first + self.records, record))
            self.records += 1
            self.entries += record.batch.entries if record.batch else 1
            self.lines += len(record.lines)
            for line in record.lines:
                self.accounts[line.account] += line.amount
                if line.amount > 0:
                    self.debit += line.amount
                else:
                    self.credit -= line.amount
            yield record


def _records(ws: Workspace, wanted: Wanted, progress: Progress | None) -> Iterator[Record]:
    entries = ws.store.entries(wanted.since, wanted.until)
    if progress:
        entries = _reported(ws, wanted, entries, progress)
    if wanted.by is By.MONTH:
        return records.by_month(entries, ws.chart, encode_entry, wanted.until)
    return records.by_entry(entries, ws.chart, ws.store.homonyms())


def _reported(ws: Workspace, wanted: Wanted, entries: Iterator[JournalEntry], progress: Progress) -> Iterator[JournalEntry]:
    since, until = wanted.since or date.min, wanted.until or date.max
    progress.start("Exporting entries", sum(day.entries for day in ws.store.days() if since <= day.date <= until))
    try:
        for entry in entries:
            yield entry
            progress.step()
    finally:
        progress.done()


def _chunks(ws: Workspace, wanted: Wanted, made: Iterator[Record]) -> Iterator[bytes]:
    """The bytes of a one-file format, a piece at a time."""
    match wanted.format:
        case Format.HLEDGER:
            pieces = plaintext.text(made, ws.chart, ws.settings.currency)
        case Format.CSV:
            pieces = table.text(made, ws.chart, ws.settings.currency)
        case _:
            pieces = contaplus.text(made, _numbers(ws, wanted), ws.settings.currency, wanted.first)
    return (piece.encode() for piece in pieces)


def _written(path: Path, chunks: Iterable[bytes], *, force: bool) -> Path:
    if path.exists() and not force:
        raise Exists(path)
    with replacing(path) as file:
        file.writelines(chunks)
    return path


def _written_parts(ws: Workspace, wanted: Wanted, made: Iterator[Record], out: Path, *, force: bool) -> Iterator[Path]:
    for part in holded.parts(made, _numbers(ws, wanted), ws.settings.currency, wanted.first):
        yield _written(out.with_name(f"{out.stem}-{part.name}{out.suffix or '.xlsx'}"), [part.data], force=force)


def _numbers(ws: Workspace, wanted: Wanted) -> Numbers:
    """The subaccounts of the accounts that were posted to in the months of the export."""
    return numbers(ws.chart, {account_of(row, ws.chart) for row in _rows(ws, wanted)}, wanted.digits)


def _rows(ws: Workspace, wanted: Wanted) -> Iterator[MonthRow]:
    """The month balances, as the store keeps them beside the entries."""
    first = month_start(wanted.since or date.min)
    for row in ws.store.balances(wanted.until):
        if row.month >= first:
            yield MonthRow(row.month, Role(row.role), row.branch, row.service, row.method, row.amount)


def _ledger_tie(ws: Workspace, wanted: Wanted, tally: _Tally) -> Iterator[Tie]:
    """The export against the month balances, account by account; nothing where a month is exported in part.

    The amounts are the sums of all account balances without their signs; a difference in any account shows in the second.
    """
    last = max((day.date for day in ws.store.days() if day.entries), default=date.min)
    whole = wanted.until is None or wanted.until == month_end(wanted.until) or wanted.until >= last
    if not whole or (wanted.since and wanted.since.day > 1):
        return
    ledger: dict[str, int] = defaultdict(int)
    for row in _rows(ws, wanted):
        ledger[account_of(row, ws.chart)] += row.amount
    size = sum(map(abs, ledger.values()))
    apart = sum(abs(ledger[account] - tally.accounts[account]) for account in ledger.keys() | tally.accounts.keys())
    yield Tie("account balances of the ledger", size, "of the export", size - apart)


def _notes(ws: Workspace, wanted: Wanted) -> Iterator[str]:
    """What the reader has to know: months that may still change."""
    closed = ws.store.head().closed_through
    first = max(wanted.since or date.min, closed + DAY if closed else date.min)
    last = wanted.until or date.max
    months = sorted({month_start(day.date) for day in ws.store.days() if day.entries and first <= day.date <= last})
    if months:
        names = f"{months[0]:%Y-%m}" if len(months) == 1 else f"{months[0]:%Y-%m} to {months[-1]:%Y-%m}"
        yield f"Not closed: {names}. Entries may still be added there; close a month first, then its export stays true."


def _batch(number: int, record: Record) -> dict[str, Any]:
    batch = record.batch
    assert batch is not None, "a roll-up consists of batches"
    of = {"first": f"E-{batch.first}", "last": f"E-{batch.last}", "entries": batch.entries, "sha256": batch.sha256}
    return {"number": number, "record": record.name, "date": record.date.isoformat(), "branch": record.branch or None} | of
