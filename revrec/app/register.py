"""The register of documents: a page of it, its sums, what is stuck and why, what waits for a number and until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from einvoice.regimes.verifactu import codes
from revrec.app.invoices import Held, held
from revrec.app.outbox import Outcome
from revrec.app.paperwork import paperwork
from revrec.app.records import StoreRecords
from revrec.books.render import file_name, folder
from revrec.core.reports import invoices as report
from revrec.core.reports.invoices import Reconciled
from revrec.store.lists import PAGE, Filed, Listed, Lists, Standing, Sum, pages
from revrec.store.papers import FACTURAE, PDF, Papers

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

__all__ = [
    "Document",
    "Filed",
    "Register",
    "Standing",
    "Sum",
    "WaitingPage",
    "count_waiting",
    "reconciled",
    "register",
    "waiting",
]

FORMS = {PDF: "PDF", FACTURAE: "XML"}


class File(NamedTuple):
    """A file of a document, as it is called and where it would lie."""

    title: str
    path: Path


@dataclass(frozen=True, slots=True)
class Document:
    """A document with its files and, where people must do something, what the tax office means and what to do."""

    listed: Listed
    files: tuple[File, ...]
    means: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """A page of the documents that were chosen, and the sums of the whole choice by where they stand."""

    documents: tuple[Document, ...]
    sums: Mapping[Standing, Sum]
    standing: Standing | None
    outage: bool

    @property
    def chosen(self) -> Sum:
        """The sum of the documents that are paged through."""
        found = Sum()
        for standing, more in self.sums.items():
            found = found.plus(more) if self.standing in (None, standing) else found
        return found

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return pages(self.chosen.documents)


def register(ws: Workspace, filed: Filed, standing: Standing | None, page: int) -> Register:
    """A page of the documents, the latest first; `page` from 1."""
    lists = Lists(ws.store)
    found = lists.register(filed, standing, (page - 1) * PAGE, PAGE)
    return Register(tuple(_document(ws, each) for each in found), lists.sums(filed), standing, _outage(ws))


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """A page of what waits for a number, and how much waits in all."""

    rows: tuple[Held, ...]
    count: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return pages(self.count)


def waiting(ws: Workspace, page: int, today: date) -> WaitingPage:
    """A page of the documents that wait, in order of what made them due; `page` from 1."""
    lists = Lists(ws.store)
    found = lists.waiting((page - 1) * PAGE, PAGE)
    return WaitingPage(tuple(held(ws, each, today) for each in found), lists.count_waiting())


def count_waiting(ws: Workspace) -> int:
    """How many documents wait for a number."""
    return Lists(ws.store).count_waiting()


def reconciled(ws: Workspace) -> Reconciled:
    """All documents against the whole ledger, as `report invoices` ties them: every entry is read."""
    return report.reconciled(StoreRecords(ws), paperwork(ws))


def _document(ws: Workspace, listed: Listed) -> Document:
    files = tuple(_files(ws, listed))
    if listed.standing is not Standing.STUCK:
        return Document(listed, files)
    error = codes.error(listed.code)
    return Document(listed, files, error.en, error.remedy)


def _files(ws: Workspace, listed: Listed) -> Iterator[File]:
    for form, title in FORMS.items():
        yield File(title, ws.root / folder(ws.chart) / file_name(listed.number, listed.issued_on, form))


def _outage(ws: Workspace) -> bool:
    """Whether the last message to the tax office got no answer."""
    last = Papers(ws.store).last_answer()
    return last is not None and last.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN)
