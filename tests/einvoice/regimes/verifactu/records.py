"""An invented system, moments and chains of records, for the tests of VERI*FACTU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lxml import etree

from einvoice.model import Invoice, TaxId
from einvoice.regimes.verifactu.build import INFORMATION, Record, System, cancel, register
from einvoice.regimes.verifactu.message import Taxpayer
from tests.einvoice import documents

SYSTEM = System("Productora de Pruebas SL", TaxId("B12345674"), "revrec", "RR", "1.0.0", "demo-1")
AT = datetime(2026, 3, 2, 10, 0, 0, tzinfo=ZoneInfo("Europe/Madrid"))
SELLER = Taxpayer("Centro de Pruebas SL", "B64717838")


def numbered(invoice: Invoice, digits: int) -> Invoice:
    """The same invoice under another number of its series."""
    return replace(invoice, number=f"{invoice.series}{digits:06}")


def chain_of(invoices: Sequence[Invoice], *, start: datetime = AT) -> list[Record]:
    """Their altas, a minute apart."""
    records: list[Record] = []
    for position, invoice in enumerate(invoices):
        previous = records[-1].link if records else None
        records.append(register(invoice, SYSTEM, previous, start + timedelta(minutes=position)))
    return records


def mixed_chain() -> list[Record]:
    """Every kind of document there is, and the anulación of the first."""
    full = documents.exempt()
    kinds = (
        full,
        documents.taxed(),
        documents.simplified(),
        documents.corrective(),
        documents.substitution(),
        documents.through_agent(),
    )
    records = chain_of([numbered(invoice, position) for position, invoice in enumerate(kinds, 1)])
    last = records[-1]
    first = numbered(full, 1)
    return [*records, cancel(last.issuer, first.number, first.issued_on, SYSTEM, last.link, AT + timedelta(hours=1))]


def texts(record: Record, name: str) -> list[str]:
    """The texts of all elements of a name in a record's XML."""
    return [element.text or "" for element in etree.fromstring(record.xml).iter(f"{{{INFORMATION}}}{name}")]
