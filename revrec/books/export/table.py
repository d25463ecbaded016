"""The journal as CSV: one line a posting."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from revrec.books.chart import Chart
from revrec.books.export.records import Line, Record
from revrec.core import money

_OF_RECORD = ("entry", "event", "event-source", "session", "service", "policy", "rule", "corrects", "effective-date", "late")
_OF_BATCH = ("first-entry", "last-entry", "entries", "sha256")
_OF_LINE = ("bundle", "branch", "customer", "method")
COLUMNS = (
    "transaction",
    "date",
    "text",
    "account",
    "pgc",
    "role",
    "debit",
    "credit",
    "currency",
    *_OF_LINE,
    *_OF_RECORD,
    *_OF_BATCH,
    "metadata",
)
"""The header line."""


def text(records: Iterable[Record], chart: Chart, currency: str) -> Iterator[str]:
    """The file, a piece at a time: UTF-8, commas, decimal points, lines end with LF; the header first."""
    numbers = {account.name: account.pgc or "" for account in chart.accounts}
    yield _written([COLUMNS])
    for record in records:
        facts = dict(record.facts)
        more = json.dumps({key: value for key, value in facts.items() if key not in COLUMNS}, ensure_ascii=False)
        yield _written(_row(record, facts, line, numbers, currency, more if more != "{}" else "") for line in record.lines)


def _row(record: Record, facts: dict[str, str], line: Line, numbers: dict[str, str], currency: str, more: str) -> list[str]:
    own = facts | dict(line.facts)
    amount = money.text(abs(line.amount), currency)
    return [
        _cell(record.name),
        record.date.isoformat(),
        _cell(record.text),
        line.account,
        numbers[line.account],
        line.role,
        "" if line.amount < 0 else amount,
        amount if line.amount < 0 else "",
        currency,
        *(_cell(own.get(key, "")) for key in (*_OF_LINE, *_OF_RECORD, *_OF_BATCH)),
        more,
    ]


def _cell(value: str) -> str:
    """A value that no spreadsheet takes for a formula: an apostrophe goes before one that begins like it."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "'"} and value else value


def _written(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
