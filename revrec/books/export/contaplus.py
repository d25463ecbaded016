"""The diary record of ContaPlus, 297 characters a line (XDiario.txt); Sage 50 and other Spanish programs read it too."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from revrec.books.export.records import Line, Record
from revrec.books.export.subaccounts import Numbers
from revrec.core import money
from revrec.core.errors import RevrecError

CURRENCY = "EUR"
LAST = 999_999  # six digits


class Field(NamedTuple):
    """One field: its width, and what stands in it where a record says nothing; `usual` is set to the right if it is a number."""

    name: str
    width: int
    usual: str = ""


FIELDS = (
    Field("asien", 6),
    Field("fecha", 8),
    Field("subcta", 12),
    Field("contra", 12),
    Field("pta_debe", 16, "0.00"),
    Field("concepto", 25),
    Field("pta_haber", 16, "0.00"),
    Field("factura", 8, "0"),
    Field("base_impo", 16, "0.00"),
    Field("iva", 5, "0.00"),
    Field("recequiv", 5, "0.00"),
    Field("documento", 10),
    Field("departa", 3),
    Field("clave", 6),
    Field("estado", 1),
    Field("n_casado", 6, "0"),
    Field("t_casado", 1, "0"),
    Field("trans", 6, "0"),
    Field("cambio", 16, "0.00"),
    Field("debe_me", 16, "0.00"),
    Field("haber_me", 16, "0.00"),
    Field("auxiliar", 1),
    Field("serie", 1),
    Field("sucursal", 4),
    Field("cod_divisa", 5),
    Field("imp_aux_me", 16, "0.00"),
    Field("moneda_uso", 1, "2"),
    Field("euro_debe", 16, "0.00"),
    Field("euro_haber", 16, "0.00"),
    Field("base_euro", 16, "0.00"),
    Field("no_conv", 1, "F"),
    Field("numero_inv", 10),
)
"""The fields in their order; `moneda_uso` 2 is the euro, so the peseta fields stay 0."""

_NUMBERS = frozenset({"asien"} | {field.name for field in FIELDS if field.usual[:1] == "0"})


class NotInEuro(RevrecError):
    """Books in another currency: the record has fields for euros and pesetas only."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"these books are kept in {currency}; a ContaPlus diary is in EUR. Export csv or holded instead.")


class MoreThanAYear(RevrecError):
    """Records of more than twelve months: ContaPlus takes those of one fiscal year."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            f"the entries run from {first:%Y-%m} to {last:%Y-%m}; ContaPlus takes those of one fiscal year. "
            f"Say which, for example --from {last.year}-01-01 --to {last.year}-12-31.",
        )


class TooMany(RevrecError):
    """More records than six digits can number."""

    def __init__(self) -> None:
        super().__init__(
            f"ContaPlus numbers entries up to {LAST:,}. Export fewer days, by month, or from a lower --first-number."
        )


def text(records: Iterable[Record], numbers: Numbers, currency: str, first: int = 1) -> Iterator[str]:
    """The diary, a record of the export at a time: ASCII, lines end with CRLF; numbered from `first`.

    Raises `NotInEuro`, `MoreThanAYear` or `TooMany`.
    """
    if currency != CURRENCY:
        raise NotInEuro(currency)
    begun: date | None = None
    for number, record in enumerate(records, first):
        begun = begun or record.date
        if (record.date.year - begun.year) * 12 + record.date.month - begun.month >= 12:
            raise MoreThanAYear(begun, record.date)
        if number > LAST:
            raise TooMany
        yield "".join(_line(number, record, line, numbers) for line in record.lines)


def concept(record: Record) -> str:
    """What the 25 characters say: the entries of a batch and their branch, or the sentence of an entry."""
    batch = record.batch
    return f"E-{batch.first}/E-{batch.last} {record.branch}" if batch else record.text


def document(record: Record) -> str:
    """What the ten characters say: the start of a batch's SHA-256, or the number of an entry."""
    return record.batch.sha256 if record.batch else record.name


def _line(number: int, record: Record, line: Line, numbers: Numbers) -> str:
    subaccount = numbers[line.account]
    values = {
        "asien": str(number),
        "fecha": f"{record.date:%Y%m%d}",
        "subcta": subaccount,
        "contra": _contra(record, line, numbers) if subaccount.startswith(("472", "477")) else "",
        "concepto": concept(record),
        "documento": document(record),
        "euro_haber" if line.amount < 0 else "euro_debe": money.text(abs(line.amount), CURRENCY),
    }
    return "".join(_set(field, values) for field in FIELDS) + "\r\n"


def _contra(record: Record, line: Line, numbers: Numbers) -> str:
    """The subaccount of the largest line on the other side: ContaPlus warns of a VAT line without one."""
    others = [each for each in record.lines if each.amount * line.amount < 0]
    return numbers[max(others, key=lambda each: abs(each.amount)).account] if others else ""


def _set(field: Field, values: Mapping[str, str]) -> str:
    value = values.get(field.name, field.usual)
    if field.name in _NUMBERS:
        assert len(value) <= field.width, (field, value)
        return value.rjust(field.width)
    return plain(value)[: field.width].ljust(field.width)


def plain(value: str) -> str:
    """ASCII letters without accents, so that DOS and Windows code pages read the same."""
    letters = (c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in letters)
