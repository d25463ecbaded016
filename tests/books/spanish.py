"""The chart of the tests with account numbers, and readers of the Spanish files that know them by their documentation only."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from xml.etree import ElementTree as ET

from small_practice import CHART

from revrec.books.chart import Chart
from revrec.books.export.records import Record, by_entry, by_month
from revrec.core.journal import JournalEntry

CODES = {
    "Assets:Bank": "572",
    "Assets:Cash": "570",
    "Assets:Cash:Madrid": "570.1",
    "Assets:Receivable:Customers": "430",
    "Liabilities:ContractLiability": "438",
    "Liabilities:ContractLiability:Madrid": "438.1",
    "Liabilities:CustomerCredit": "4381",
    "Liabilities:VAT:Output": "477",
    "Income:Sessions:Package": "7050",
    "Income:Sessions:Single": "7051",
    "Income:Breakage": "7053",
}
NUMBERED = CHART + '1970-01-01 open Liabilities:VAT:Output EUR\n  revrec-role: "vat-output"\n'
for _account, _code in CODES.items():
    NUMBERED = NUMBERED.replace(f"open {_account} EUR\n", f'open {_account} EUR\n  pgc: "{_code}"\n')
BOOKS = Chart.parse(NUMBERED)
# (first character counted from 1, characters) of the fields that a diary has to fill or leave 0
PLACES = {
    "asien": (1, 6),
    "fecha": (7, 8),
    "subcta": (15, 12),
    "contra": (27, 12),
    "pta_debe": (39, 16),
    "concepto": (55, 25),
    "pta_haber": (80, 16),
    "factura": (96, 8),
    "base_impo": (104, 16),
    "iva": (120, 5),
    "recequiv": (125, 5),
    "documento": (130, 10),
    "departa": (140, 3),
    "clave": (143, 6),
    "estado": (149, 1),
    "moneda_uso": (238, 1),
    "euro_debe": (239, 16),
    "euro_haber": (255, 16),
    "base_euro": (271, 16),
    "no_conv": (287, 1),
    "numero_inv": (288, 10),
}
_XL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def months(entries: Iterable[JournalEntry]) -> Iterable[Record]:
    return by_month(entries, BOOKS, lambda each: repr(each).encode())


def singles(entries: Iterable[JournalEntry]) -> Iterable[Record]:
    return by_entry(entries, BOOKS)


def diary(data: bytes) -> list[dict[str, str]]:
    """The lines of a ContaPlus diary by its field positions."""
    lines = data.decode("ascii").split("\r\n")
    assert lines.pop() == ""
    assert {len(line) for line in lines} <= {297}
    return [{name: line[first - 1 : first - 1 + width].strip() for name, (first, width) in PLACES.items()} for line in lines]


def sheet(data: bytes) -> list[list[str]]:
    """The cells of the one sheet of an Excel file, row by row."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        shared = ET.fromstring(book.read("xl/sharedStrings.xml"))
        strings = ["".join(text.text or "" for text in item.iter(f"{_XL}t")) for item in shared.iter(f"{_XL}si")]
        rows = ET.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{_XL}row")
        return [[_value(cell, strings) for cell in row.iter(f"{_XL}c")] for row in rows]


def _value(cell: ET.Element, strings: list[str]) -> str:
    value = cell.find(f"{_XL}v")
    assert value is None or cell.get("t") == "s", "every cell is text"
    return strings[int(value.text or 0)] if value is not None else ""


def balances(entries: Iterable[JournalEntry], lengthen: dict[str, str]) -> dict[str, Decimal]:
    """The balance of each subaccount, straight from the entries."""
    found: dict[str, Decimal] = {}
    for each in entries:
        for leg in each.postings:
            number = lengthen[BOOKS.need(leg.role, leg.branch or each.branch, each.service, leg.method)]
            found[number] = found.get(number, Decimal(0)) + Decimal(leg.amount) / 100
    return {number: amount for number, amount in found.items() if amount}
