"""Documents of a frozen content: signed Facturae and PDF, made once, verified at once, kept as bytes, written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from einvoice import pdf
from einvoice.chain import Record
from einvoice.keys import Signer
from einvoice.model import Invoice, Reference
from einvoice.pdf import Attachment, Receipt, Relationship
from einvoice.regimes.facturae import issue as facturae
from einvoice.regimes.facturae import rules
from einvoice.regimes.verifactu import qr, read
from einvoice.regimes.verifactu.codes import Environment
from revrec.app import wording
from revrec.app.invoices import Erased, content
from revrec.app.paper import Paper, buyer_of
from revrec.app.progress import Progress, Silent
from revrec.app.shut import clear
from revrec.app.signer import in_words
from revrec.app.workspace import Workspace
from revrec.books.files import put
from revrec.books.render import file_name, folder
from revrec.core import money, units
from revrec.core.book import Kind
from revrec.core.checklist import counted
from revrec.core.errors import RevrecError
from revrec.core.sessions import Used
from revrec.store.format import instant
from revrec.store.papers import FACTURAE, PDF, Issued, Papers, registered_details


class NoSession(RevrecError):
    """No session of that id used a bundle."""

    def __init__(self, session: str) -> None:
        super().__init__(f"session {session} used no bundle; a receipt is for what a bundle has paid. `revrec trace {session}`")


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files that were written, the documents whose person is erased or blocked, and why some have no Facturae."""

    files: tuple[Path, ...]
    shut: tuple[str, ...] = ()
    without: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The members of `invoice render --json`."""
        without = [{"number": number, "why": why} for number, why in self.without]
        return {"files": [str(path) for path in self.files], "shut": list(self.shut), "without_facturae": without}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from map(str, self.files)
        for number in self.shut:
            yield f"{number}: its person was erased or is blocked; no document is made"
        for number, why in self.without:
            yield f"{number}: no Facturae, only the PDF: {why}"
        yield counted(len(self.files), "file")


def render(
    ws: Workspace, invoices: Iterable[Issued], *, signer: Signer | None, now: datetime, progress: Progress | None = None
) -> Rendered:
    """Make what was not made yet and write the files into `documents/`; a signed Facturae only where there is a signer.

    What Facturae would not take (it wants addresses, which an invoice to a private person may lack: RD 1619/2012 art. 6.1.e)
    is a PDF only, and named. Files of persons who were blocked or erased since are removed. Raises DocumentRefused, Unwritten.
    """
    rows, said = list(invoices), progress or Silent()
    said.start("making documents", len(rows))
    maker, files, shut = _Maker(ws, signer, now), list[Path](), list[str]()
    for issued in rows:
        try:
            files += maker.files(issued)
        except Erased:
            clear(ws, [issued.customer])
            shut.append(issued.number)
        said.step()
    said.done()
    return Rendered(tuple(files), tuple(shut), tuple(maker.without))


class _Maker:
    """Makes the documents of one workspace."""

    def __init__(self, ws: Workspace, signer: Signer | None, now: datetime) -> None:
        self.ws = ws
        self.signer = signer
        self.without: list[tuple[str, str]] = []
        self.now = now.astimezone(UTC).replace(microsecond=0)
        self.papers = Papers(ws.store)
        self.environment = Environment(ws.settings.submission.environment.value)
        self.folder = ws.root / folder(ws.chart)

    def files(self, issued: Issued) -> Iterator[Path]:
        """The files of a document, written where Beancount finds them."""
        invoice = content(self.ws, issued)
        if self.signer is not None and invoice.buyer is not None and invoice.buyer.tax_id is not None:
            problems = rules.check(invoice)
            if problems:
                self.without.append((issued.number, "; ".join(map(str, problems))))
            else:
                yield self._file(issued, FACTURAE, self._facturae(issued, invoice, self.signer))
        yield self._file(issued, PDF, self._pdf(issued, invoice))

    def _file(self, issued: Issued, form: str, data: bytes) -> Path:
        path = (self.folder / file_name(issued.number, issued.issued_on, form)).relative_to(self.ws.root)
        put(self.ws.root, path.as_posix(), data)
        return path

    def _facturae(self, issued: Issued, invoice: Invoice, signer: Signer) -> bytes:
        kept = self.papers.document(issued.number, FACTURAE)
        if kept is not None:
            return kept
        record = self.record(issued)
        address = qr.url(record, self.environment) if record else None
        with in_words():
            made = facturae.issue(invoice, signer, self.now, verification_url=address)
        self._keep(issued, FACTURAE, made)
        return made

    def _pdf(self, issued: Issued, invoice: Invoice) -> bytes:
        kept = self.papers.document(issued.number, PDF)
        if kept is not None:
            return kept
        record = self.record(issued)
        with in_words():
            made = pdf.render(
                invoice,
                qr_url=qr.url(record, self.environment) if record else None,
                legend=qr.LEGEND_SHORT if record else None,
                attachments=tuple(self._attachments(issued, record)),
            )
        self._keep(issued, PDF, made)
        return made

    def _attachments(self, issued: Issued, record: Record | None) -> Iterator[Attachment]:
        signed = self.papers.document(issued.number, FACTURAE)
        if signed is not None:
            name = f"{issued.number.replace('/', '-')}.{FACTURAE}"
            yield Attachment(name, "application/xml", signed, Relationship.ALTERNATIVE, "Facturae 3.2.2")
        if record is not None:
            yield Attachment("verifactu.xml", "application/xml", record.xml, Relationship.DATA, "VERI*FACTU")

    def record(self, issued: Issued) -> Record | None:
        """The record with which a document was registered."""
        row = self.papers.record(issued.record) if issued.record else None
        xml = self.papers.unseal(row.customer, f"record {row.place}", row.xml) if row else None
        with in_words():
            return read.read(xml) if xml else None

    def _keep(self, issued: Issued, form: str, made: bytes) -> None:
        with self.ws.store.transaction():
            self.papers.add_document(issued.number, form, instant(self.now), issued.customer, made)


def receipt(ws: Workspace, session: str) -> tuple[str, bytes]:
    """The receipt of a session that a bundle has paid for, as PDF, and its file name; raises NoSession."""
    movement = ws.store.movement(Kind.SESSION, session)
    bundle = ws.store.bundle(movement.bundle) if movement and movement.bundle else None
    if movement is None or bundle is None or not movement.units:
        raise NoSession(session)
    paper, papers = Paper(ws.settings, ws.store.pins), Papers(ws.store)
    details = registered_details(ws.store, bundle.customer)
    language = wording.language_of(details.get("country", ws.settings.country))
    billed = [each for each in papers.of_account(f"bundle:{bundle.id}") if each.corrects is None]
    made = Receipt(
        seller=paper.seller,
        holder=buyer_of(details),
        delivered=wording.DELIVERED.said(language),
        delivered_on=movement.date,
        bundle=paper.bundle_text(bundle, language),
        units=Decimal(units.text(movement.units)),
        left=Decimal(units.text(max(bundle.left, 0))),
        sold=Decimal(units.text(bundle.units)),
        value=money.decimal(Used(*movement.parts).gross, ws.settings.currency),
        invoices=tuple(Reference(each.number, each.issued_on, each.series) for each in billed),
        reference=session,
        currency=ws.settings.currency,
        language=language,
    )
    with in_words():
        return _receipt_name(session, movement.date), pdf.receipt(made)


def _receipt_name(session: str, day: date) -> str:
    return f"{day}.receipt-{session}.pdf"
