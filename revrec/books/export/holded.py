"""The journal template of Holded: an Excel file a month, fewer than 800 lines each."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from revrec.books.export.records import Line, Record
from revrec.books.export.subaccounts import Numbers
from revrec.core import money

MOST = 799  # lines of a file: Holded says that more than 800 are likely to fail
COLUMNS = (
    "Núm. de asiento*",
    "Fecha*",
    "Nombre de la cuenta*",
    "Número de la cuenta*",
    "Debe*",
    "Haber*",
    "Descripción",
    "Tags",
    "Notas",
    "Tipo de asiento",
)
"""The columns in the order of Holded's template; it asks for those with a star."""

_WIDTHS = (10, 12, 36, 14, 14, 14, 40, 20, 60, 14)
_CODE = re.compile(r"\d+-")


class Part(NamedTuple):
    """One file: `name` is its month, with a number where a month needs several."""

    name: str
    data: bytes


def parts(records: Iterable[Record], numbers: Numbers, currency: str, first: int = 1) -> Iterator[Part]:
    """The files in order; records are numbered from `first` over all of them and never divided."""
    numbered = enumerate(records, first)
    for month, group in groupby(numbered, key=lambda each: f"{each[1].date:%Y-%m}"):
        for number, chunk in enumerate(_chunks(group), 1):
            name = month if number == 1 else f"{month}-{number}"
            yield Part(name, _workbook((row for n, record in chunk for row in rows(n, record, numbers, currency)), chunk[0][1]))


def rows(number: int, record: Record, numbers: Numbers, currency: str) -> Iterator[tuple[str, ...]]:
    """The lines of a record: all text, amounts with a decimal comma and no thousands separator."""
    tags = "-".join(filter(None, ("revrec", record.branch.replace("-", "_"))))
    for line in record.lines:
        debit, credit = _sides(line, currency)
        name, code = account_name(line.account), numbers[line.account]
        yield str(number), f"{record.date:%d/%m/%Y}", name, code, debit, credit, record.text, tags, notes(record), ""


def notes(record: Record) -> str:
    """Where the record comes from: the entries of a batch with their SHA-256, or the entry with its ids."""
    batch = record.batch
    if batch:
        return f"E-{batch.first} - E-{batch.last}, {batch.entries} asientos, SHA-256 {batch.sha256}"
    return ", ".join(f"{key} {value}" for key, value in record.facts)


def account_name(account: str) -> str:
    """`Liabilities:438-Anticipos-de-Clientes` is "Anticipos de Clientes"."""
    return _CODE.sub("", account.rpartition(":")[2], count=1).replace("-", " ")


def _sides(line: Line, currency: str) -> tuple[str, str]:
    amount, zero = (money.text(each, currency).replace(".", ",") for each in (abs(line.amount), 0))
    return (zero, amount) if line.amount < 0 else (amount, zero)


def _chunks(numbered: Iterable[tuple[int, Record]]) -> Iterator[list[tuple[int, Record]]]:
    """The records of a month in lists of at most MOST lines; one that is longer by itself stands alone."""
    chunk: list[tuple[int, Record]] = []
    lines = 0
    for number, record in numbered:
        if chunk and lines + len(record.lines) > MOST:
            yield chunk
            chunk, lines = [], 0
        chunk.append((number, record))
        lines += len(record.lines)
    yield chunk


def _workbook(lines: Iterable[tuple[str, ...]], record: Record) -> bytes:
    """The bytes of an Excel file, the same for the same lines."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, _OPTIONS)
    day = record.date
    book.set_properties({"created": datetime(day.year, day.month, day.day)})  # noqa: DTZ001  a date that does not move
    sheet = book.add_worksheet("Diario")
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
    for row, cells in enumerate(lines, 1):
        sheet.write_row(row, 0, cells)
    book.close()
    return out.getvalue()


_OPTIONS: Mapping[str, bool] = {
    "in_memory": True,
    "strings_to_formulas": False,  # a name that begins with = is a name
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
