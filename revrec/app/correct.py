"""Correcting a document whose data were wrong: a new one takes its place, and names it (RD 1619/2012 art. 15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from einvoice.model import Correction, CorrectionCode, CorrectionMethod, Invoice
from revrec.app.books import finish
from revrec.app.invoices import Done, content, find, issuer_of, pending
from revrec.app.issuing import Issuer
from revrec.app.paper import buyer_of, reference
from revrec.app.record import finish_files, writing
from revrec.app.workspace import Workspace
from revrec.core.errors import RevrecError
from revrec.core.invoicing import Draft
from revrec.store.papers import Issued, Papers


class NotCorrected(RevrecError):
    """A correction that would surely be rejected, or that corrects nothing."""


class Change(NamedTuple):
    """How a document is corrected by hand: RD 1619/2012 art. 15. `full`: a simplified one gets a full one in its place."""

    reason: str
    code: CorrectionCode = CorrectionCode.R4
    method: CorrectionMethod = CorrectionMethod.SUBSTITUTION
    full: bool = False


def correct(ws: Workspace, number: str, change: Change, *, now: datetime) -> Done:
    """A new document that takes the place of one whose data were wrong, with the recipient's details of today.

    The amounts stay as they are, so the books do not move: amounts are corrected by the events that change them.
    Raises UnknownInvoice, NotCorrected, NothingIssued.
    """
    finish_files(ws)
    before = find(ws, number)
    _check_open(ws, before, change)
    with writing(ws, now) as run:
        issuer = issuer_of(run)
        done = _replacement(issuer, before, content(ws, before), change)
    finish(ws)
    return Done((done,), pending(ws, issuer.today), ws.settings.currency)


def _check_open(ws: Workspace, before: Issued, change: Change) -> None:
    later = [other.number for other in Papers(ws.store).of_account(before.account) if other.corrects == before.number]
    if later:
        raise NotCorrected(f"{before.number} was corrected by {', '.join(later)} already: correct the latest of them instead")
    if change.full and before.kind != "F2":
        raise NotCorrected(f"{before.number} is of type {before.kind}: only a simplified invoice (F2) is replaced by a full one")
    if before.corrects is not None:
        raise NotCorrected(
            f"{before.number} is a correction itself: what is wrong in it is corrected by the event that undoes it"
        )


def _replacement(issuer: Issuer, before: Issued, was: Invoice, change: Change) -> Issued:
    customer = before.customer or _holder(issuer, before)
    details = issuer.details(customer)
    buyer = buyer_of(details)
    simplified = was.simplified and not change.full
    kind = "simplified" if simplified else "invoice"
    numbered = issuer.next_of("corrective" if not change.full else kind)
    code = CorrectionCode.R5 if simplified else change.code
    correction = None
    if not change.full:
        net, tax = (was.totals.net, was.totals.tax) if change.method is CorrectionMethod.SUBSTITUTION else (None, None)
        correction = Correction(code, change.method, (reference(before).reference,), change.reason, net, tax)
    invoice = replace(
        was,
        series=numbered.series,
        number=numbered.number,
        issued_on=issuer.today,
        operation_on=was.operation_on or (was.issued_on if was.issued_on != issuer.today else None),
        buyer=None if simplified and (buyer is None or buyer.tax_id is None) else buyer or was.buyer,
        simplified=simplified,
        correction=correction,
        replaces=(reference(before).reference,) if change.full else (),
    )
    problems = issuer.problems(invoice, was.totals.gross)
    if problems:
        raise NotCorrected("\n".join(map(str, problems)))
    draft = Draft("", "", "invoice.corrected", before.account, customer or None, was.issued_on, (), before.number, before.bundle)
    return issuer.replace(draft, invoice, before)


def _holder(issuer: Issuer, before: Issued) -> str:
    bundle = issuer.book.bundle(before.bundle) if before.bundle else None
    return bundle.customer if bundle else ""
