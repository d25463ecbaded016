"""New records for a document whose record was refused or is wrong: amended, or taken back when it should never have been.

The document keeps its number; the record is a new one, chained to the last that was generated (spain.md 1.7). A refund is a
corrective invoice, never this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from einvoice.chain import Kind, Record
from einvoice.regimes.verifactu import build, states
from revrec.app.invoices import content, find, issuer_of
from revrec.app.issuing import Issuer
from revrec.app.paper import buyer_of
from revrec.app.record import finish_files, writing
from revrec.app.signer import in_words
from revrec.app.workspace import Workspace
from revrec.core.errors import RevrecError
from revrec.store.papers import Issued, Papers


class NothingToAmend(RevrecError):
    """A document without a record at the tax authority."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} has no record at the tax authority: there is nothing to amend or take back")


class StillWrong(RevrecError):
    """The amended record would be rejected again."""


@dataclass(frozen=True, slots=True)
class Amended:
    """The record that was generated, and what it says of the earlier ones."""

    number: str
    place: int
    amends: str

    def to_json(self) -> dict[str, Any]:
        """The members of `invoice amend --json`."""
        return {"number": self.number, "record": self.place, "amends": self.amends}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.number}: record {self.place} was generated ({self.amends}); `revrec submit` sends it"


def amend(ws: Workspace, number: str, *, now: datetime) -> Amended:
    """A new alta of a document, with the recipient's details of today; raises UnknownInvoice, NothingToAmend, StillWrong."""
    finish_files(ws)
    issued = _recorded(ws, number)
    before = content(ws, issued)
    with writing(ws, now) as run, in_words():
        issuer = issuer_of(run)
        amendment = states.amendment(_history(issuer.papers, number))
        buyer = buyer_of(issuer.details(issued.customer)) if issued.customer else None
        invoice = replace(before, buyer=buyer or before.buyer)
        problems = issuer.problems(invoice, before.totals.gross, again=True)
        if problems:
            raise StillWrong("\n".join(map(str, problems)))
        chain = issuer.chain
        record = build.register(invoice, chain.system, chain.end.link, issuer.now, amendment=amendment)
        place = chain.add(record, issued.customer, f"S{amendment.value}")
    return Amended(number, place, f"Subsanacion, RechazoPrevio {amendment.value}")


def cancel(ws: Workspace, number: str, *, now: datetime) -> Amended:
    """A record that takes back one that should never have existed: a test, a duplicate, one never delivered."""
    finish_files(ws)
    issued = _recorded(ws, number)
    with writing(ws, now) as run, in_words():
        issuer = issuer_of(run)
        said = states.cancellation(_history(issuer.papers, number))
        record = _cancellation(issuer, issued, said)
        flags = f"{'N' if said.unregistered else ''}{'R' if said.rejected else ''}"
        place = issuer.chain.add(record, "", flags)
    return Amended(number, place, "Anulacion")


def _cancellation(issuer: Issuer, issued: Issued, said: states.Cancellation) -> Record:
    chain = issuer.chain
    return build.cancel(
        issuer.settings.taxpayer[3:],
        issued.number,
        issued.issued_on,
        chain.system,
        chain.end.link,
        issuer.now,
        unregistered=said.unregistered,
        rejected=said.rejected,
    )


def _recorded(ws: Workspace, number: str) -> Issued:
    issued = find(ws, number)
    if not issued.record:
        raise NothingToAmend(number)
    return issued


def _history(papers: Papers, number: str) -> list[states.Filed]:
    found = papers.states()
    rows = ((row.kind, found.get(row.place)) for row in papers.records_of(number))
    return [states.Filed(Kind(kind), states.State(row.state) if row else states.State.PENDING) for kind, row in rows]
