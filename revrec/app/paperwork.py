"""The documents of an open workspace as reports read them: what was issued, what waits, what contracts were billed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import orjson

from revrec.app.invoices import Row, pending
from revrec.core.book import Visit
from revrec.core.reports.invoices import Document, Paperwork
from revrec.store.papers import Issued, Papers, Waiting

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace


def paperwork(ws: Workspace) -> Paperwork:
    """Everything issued or held back, as it stands."""
    papers = Papers(ws.store)
    states, latest = papers.states(), dict(papers.latest_records())
    rows = (Row(issued, states.get(latest.get(issued.number, 0))) for issued in papers.invoices())
    return Paperwork(
        since=ws.settings.invoicing_from,
        documents=tuple(_document(ws, row) for row in rows),
        waiting=tuple((waits.draft, in_words(waits)) for waits in papers.waiting()),
        accounts={account.id: account for account in papers.accounts()},
        no_duty=frozenset(_without_duty(ws)),
        silent=tuple(_silent(ws)),
    )


def born(ws: Workspace) -> dict[int, str]:
    """The documents of each entry: those whose number was born with it, and those that came later for its event."""
    found: dict[int, list[str]] = {}
    for issued in Papers(ws.store).invoices():
        stored = None if issued.entry else ws.store.event(issued.seq)
        for entry in (issued.entry,) if issued.entry else stored.numbers if stored else ():
            found.setdefault(entry, []).append(issued.number)
    return {entry: ", ".join(numbers) for entry, numbers in found.items()}


def in_words(waits: Waiting) -> str:
    """Why a document waits, and what to do: `buyer: who is invoiced is not known. register the customer`."""
    return "; ".join(f"{field}: {message}. {remedy}" for field, message, remedy, _ in waits.findings)


def overdue(ws: Workspace, day: date) -> Iterator[str]:
    """The documents that wait and had to be issued by a day: `for bundle:B-4, due 2026-03-20 (buyer)`."""
    for held in pending(ws, day).rows:
        if held.until <= day:
            missing = ", ".join(dict.fromkeys(found[0] for found in held.waiting.findings))
            yield f"for {held.waiting.draft.account}, due {held.until} ({missing})"


def _document(ws: Workspace, row: Row) -> Document:
    issued = row.issued
    customer, branch = _whose(ws, issued)
    return Document(
        number=issued.number,
        issued_on=issued.issued_on,
        operated_on=issued.operated_on,
        customer=issued.customer or customer,
        bundle=issued.bundle,
        account=issued.account,
        branch=branch,
        kind=issued.kind,
        corrects=issued.corrects,
        gross=issued.gross,
        vat=issued.vat,
        parts=issued.parts,
        state=row.said,
    )


def _whose(ws: Workspace, issued: Issued) -> tuple[str, str | None]:
    """The customer and the branch of the contract: a simplified document names nobody."""
    kind, _, ref = issued.account.partition(":")
    if kind == "bundle" and (bundle := ws.store.bundle(ref)):
        return bundle.customer, bundle.branch
    if kind == "visit" and (visit := ws.store.visit(ref)):
        return visit.customer, visit.branch
    entry = ws.store.entry(issued.entry) if issued.entry else None
    return (entry.customer or "", entry.branch) if entry else ("", None)


def _silent(ws: Workspace) -> Iterator[range]:
    """The entries recorded under settings without `invoicing_from`: what they billed was invoiced elsewhere."""
    every = ws.store.pins.every_settings()
    starts = [*(stored.numbers.start for pin in every if (stored := ws.store.event(pin.seq))), sys.maxsize]
    for pin, (start, end) in zip(every, pairwise(starts), strict=True):
        if "invoicing_from" not in orjson.loads(pin.content):
            yield range(start, end)


def _without_duty(ws: Workspace) -> Iterator[str]:
    """The visits under a tax that asks no invoice."""
    duties: dict[str, bool] = {}
    for visit in ws.store.visits():
        if visit.tax not in duties:
            duties[visit.tax] = _has_duty(ws, visit)
        if not duties[visit.tax]:
            yield visit.session


def _has_duty(ws: Workspace, visit: Visit) -> bool:
    """What the newest pinned version of the tax says; the law of a tax's duty does not change by the day."""
    versions = ws.store.pins.candidates("tax", visit.tax, date.max, 1 << 62)
    return bool(getattr(versions[0], "invoice_duty", True)) if versions else True
