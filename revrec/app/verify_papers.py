"""Verify, the documents: their chain and numbers, the tax authority's chain, and that each says what its row says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from einvoice.chain import huella, text_of
from einvoice.errors import EinvoiceError
from einvoice.frozen import thaw
from einvoice.model import Invoice
from einvoice.regimes.verifactu import build
from einvoice.regimes.verifactu.read import read
from revrec.app.refollow import Stray
from revrec.core import money
from revrec.core.billing import OUTSIDE_BOOKS
from revrec.store.errors import KeyBroken, KeyMissing
from revrec.store.papers import GENESIS, Issued, Kept, Papers, chained
from revrec.store.store import Store

Note = Callable[[Stray], None]
_PREVIOUS = re.compile(r"&Huella=([0-9A-F]*)&")
_READ = {"alta": "", "anulacion": "Anulada"}  # what the names of an invoice's id end in


class _Last(NamedTuple):
    """The last document of a series."""

    place: int
    issued_on: date


def check_documents(store: Store, note: Note) -> None:
    """The chain of documents, the numbers of each series, each content, and what one document says of another."""
    papers = Papers(store)
    digest, count = GENESIS, 0
    series: dict[str, _Last] = {}
    numbers = set[str]()
    for issued in papers.invoices():
        where = f"invoice {issued.number}"
        if issued.n != count + 1:
            note(Stray("invoice.missing", f"invoice number {count + 1}", f"document {count + 1} is missing from the store"))
        elif chained(digest, issued, store.taxpayer_id) != issued.digest:
            note(Stray("invoice.chain", where, f"{issued.number}: its row or its digest was changed, or the one before it"))
        _check_number(issued, series.get(issued.series), note)
        if issued.corrects and issued.corrects not in numbers:
            note(Stray("invoice.corrects", where, f"{issued.number} corrects {issued.corrects}, which was not issued before it"))
        numbers.add(issued.number)
        series[issued.series] = _Last(issued.place, issued.issued_on)
        digest, count = issued.digest, issued.n
    _check_covers(papers, numbers, note)


def _check_number(issued: Issued, last: _Last | None, note: Note) -> None:
    """Numbers are gapless in each series and rise with the dates (RD 1619/2012 art. 6.1.a)."""
    where, place = f"invoice {issued.number}", last.place if last else 0
    if issued.place != place + 1:
        note(Stray("invoice.gap", where, f"{issued.number}: its series {issued.series} has a gap or a repeated place before it"))
    if not issued.number.startswith(issued.series) or issued.number[len(issued.series) :].lstrip("0") != str(issued.place):
        note(Stray("invoice.number", where, f"{issued.number} is not number {issued.place} of series {issued.series}"))
    if last and issued.issued_on < last.issued_on:
        message = f"{issued.number} is of {issued.issued_on}, the one before it in its series of {last.issued_on}"
        note(Stray("invoice.date", where, message))


def _check_covers(papers: Papers, numbers: set[str], note: Note) -> None:
    """Each document that stands in an account is one that was issued, or waits."""
    waiting = {waits.draft.id for waits in papers.waiting()}
    for account in papers.accounts():
        named = {cover.document for billed in account.items for cover in billed.covers} - {OUTSIDE_BOOKS}
        for document in sorted(named - numbers - waiting):
            message = f"account {account.id} names document {document}, which is neither issued nor waits"
            note(Stray("account.document", f"account {account.id}", message))


# contents


def check_contents(store: Store, currency: str, note: Note) -> None:
    """What each document says, where the key opens it, against its row: number, days, totals, parts."""
    papers = Papers(store)
    for issued in papers.invoices():
        where = f"invoice {issued.number}"
        try:
            clear = papers.unseal(issued.customer, issued.number, issued.content)
            invoice = thaw(clear) if clear is not None else None
        except KeyMissing:
            return  # without the key of the workspace nothing can be read: the chain says that it is what was sealed
        except (KeyBroken, EinvoiceError, ValueError) as error:
            note(Stray("invoice.content", where, f"{issued.number}: its content cannot be read: {error}"))
            continue
        if invoice is not None:
            for what in _unlike(issued, invoice, currency):
                note(Stray("invoice.content", where, f"{issued.number}: {what} of its content is not that of its row"))


def _unlike(issued: Issued, invoice: Invoice, currency: str) -> Iterator[str]:
    """What of a content differs from the row; a replacement says amounts that stand on the document it replaces."""
    same = {
        "the number": (invoice.number, invoice.series) == (issued.number, issued.series),
        "the day": invoice.issued_on == issued.issued_on,
        "the type": build.type_code(invoice) == issued.kind,
    }
    if issued.parts:
        totals = invoice.totals
        same["the total"] = _minor(totals.gross, currency) == issued.gross
        same["the VAT"] = _minor(totals.tax, currency) == issued.vat == sum(part.vat for part in issued.parts)
        same["the total of the parts"] = _adds_up(issued)
    yield from (what for what, right in same.items() if not right)


def _adds_up(issued: Issued) -> bool:
    """Whether the parts are the total; of VAT alone the document names the base too (LIVA art. 80.Cuatro)."""
    alone = all(part.gross == part.vat for part in issued.parts)
    return alone or sum(part.gross for part in issued.parts) == issued.gross


def _minor(amount: Decimal, currency: str) -> int:
    return int(amount.scaleb(money.exponent(currency)))


# the tax authority's chain


def check_records(store: Store, note: Note) -> None:
    """Places without gaps, each huella that of its text, each text naming the one before; the XML, where the key opens."""
    papers = Papers(store)
    before: Kept | None = None
    places: dict[int, str] = {}
    for record in papers.records():
        where = f"record {record.place}"
        if record.place != (before.place if before else 0) + 1:
            note(Stray("record.missing", where, f"the record before place {record.place} is missing from the store"))
        if huella(record.hashed) != record.huella:
            note(Stray("record.huella", where, f"record {record.place} of {record.number}: its huella is not that of its text"))
        first = before is None or before.installation != record.installation
        previous = _PREVIOUS.search(record.hashed)
        if previous is None or previous[1] != ("" if first or before is None else before.huella):
            message = f"record {record.place} of {record.number} is not chained to the one before it"
            note(Stray("record.chain", where, message))
        for what in _unlike_text(record):
            note(Stray("record.row", where, f"record {record.place} of {record.number}: {what} is not that of its hashed text"))
        _check_xml(papers, record, note)
        places[record.place] = record.number
        before = record
    _check_places(papers, places, note)


def _unlike_text(record: Kept) -> Iterator[str]:
    fields = dict(part.split("=", 1) for part in record.hashed.split("&") if "=" in part)
    end = _READ.get(record.kind, "")
    day = build.day(date.fromisoformat(record.issued_on))
    for what, name, value in (
        ("the number", f"NumSerieFactura{end}", record.number),
        ("the day", f"FechaExpedicionFactura{end}", day),
        ("the instant", "FechaHoraHusoGenRegistro", record.generated_at),
    ):
        if fields.get(name) != value:
            yield what


def _check_xml(papers: Papers, record: Kept, note: Note) -> None:
    """The sealed XML against the columns."""
    where = f"record {record.place}"
    try:
        clear = papers.unseal(record.customer, where, record.xml)
        made = read(clear) if clear is not None else None
    except KeyMissing:
        return
    except (KeyBroken, EinvoiceError, ValueError) as error:
        note(Stray("record.xml", where, f"record {record.place} of {record.number} cannot be read: {error}"))
        return
    if made is not None and (text_of(made), made.huella) != (record.hashed, record.huella):
        message = f"record {record.place} of {record.number}: its XML is not that of its row"
        note(Stray("record.xml", where, message))


def _check_places(papers: Papers, places: dict[int, str], note: Note) -> None:
    """Each document names its record."""
    for issued in papers.invoices():
        if issued.record and places.get(issued.record) != issued.number:
            message = f"{issued.number}: record {issued.record}, which it names, is missing or another's"
            note(Stray("invoice.record", f"invoice {issued.number}", message))
