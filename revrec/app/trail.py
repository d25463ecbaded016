"""Where a document leads: to its event and entry, what it corrects, its records, what was sent of them and answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from einvoice.regimes.verifactu import codes
from revrec.app.shut import words
from revrec.core import money
from revrec.core.billing import OUTSIDE_BOOKS
from revrec.store.papers import Issued, Kept, Message, Papers, Waiting

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

ELSEWHERE = "an invoice issued elsewhere"


class RecordView(NamedTuple):
    """A record of the tax authority's chain: its place and huella, the message that it went with, and what came back."""

    place: int
    kind: str
    huella: str
    generated_at: str
    message: int | None
    sent_at: str | None
    state: str
    code: str
    text: str

    @property
    def means(self) -> str:
        """What the tax office said, without its own words: they may name the person (`NIF: …, NOMBRE_RAZON: …`)."""
        return f"{self.code}: {codes.error(self.code).en}" if self.code else self.text

    def to_json(self) -> dict[str, Any]:
        """The record as JSON."""
        return self._asdict()

    def line(self) -> str:
        """The record in one line."""
        sent = f"message {self.message} of {self.sent_at}" if self.message else "not sent"
        error = f" {self.code} {self.text}".rstrip() if self.code else ""
        return f"record {self.place} ({self.kind}) of {self.generated_at}: {sent}, {self.state}{error}"


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document of the chain, with the event that made it due and the entry that it was born with."""

    issued: Issued
    event: str
    corrected_by: tuple[str, ...]
    records: tuple[RecordView, ...]
    currency: str

    def to_json(self) -> dict[str, Any]:
        """The document as JSON."""
        issued = self.issued
        return {
            "invoice": issued.number,
            "kind": issued.kind,
            "issued_on": issued.issued_on.isoformat(),
            "total": f"{money.text(issued.gross, self.currency)} {self.currency}",
            "event": self.event,
            "entry": f"E-{issued.entry}" if issued.entry else None,
            "bundle": issued.bundle,
            "account": issued.account,
            "corrects": issued.corrects,
            "corrected_by": list(self.corrected_by),
            "digest": issued.digest.hex(),
            "records": [record.to_json() for record in self.records],
        }

    def lines(self) -> Iterator[str]:
        """The document for people."""
        issued = self.issued
        total = f"{money.text(issued.gross, self.currency)} {self.currency}"
        entry = f"entry E-{issued.entry}" if issued.entry else "issued later"
        yield f"invoice {issued.number}  {issued.issued_on}  {issued.kind} of {total}, event {self.event}, {entry}"
        if issued.corrects is not None:
            yield f"  corrects {ELSEWHERE if issued.corrects == OUTSIDE_BOOKS else issued.corrects}"
        if self.corrected_by:
            yield f"  corrected by {', '.join(self.corrected_by)}"
        yield f"  digest {issued.digest.hex()}"
        for record in self.records:
            yield f"  {record.line()}"
            yield f"    huella {record.huella}"


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A document that is due and has no number yet: what it waits for."""

    waits: Waiting
    currency: str

    def to_json(self) -> dict[str, Any]:
        """The waiting document as JSON."""
        draft = self.waits.draft
        return {
            "draft": draft.id,
            "event": draft.event,
            "account": draft.account,
            "total": f"{money.text(draft.gross, self.currency)} {self.currency}",
            "operated_on": draft.operated_on.isoformat(),
            "why": [message for _, message, _, _ in self.waits.findings],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        draft = self.waits.draft
        total = f"{money.text(draft.gross, self.currency)} {self.currency}"
        yield f"no invoice yet of {total} for {draft.account}, event {draft.event} of {draft.operated_on}"
        for field, message, remedy, _ in self.waits.findings:
            yield f"  {field}: {message}. {remedy}"


def _record(papers: Papers, record: Kept) -> RecordView:
    """A record with the last message that it went with and how it stands."""
    state, last = papers.state(record.place), papers.last_message_of(record.place)
    return RecordView(
        place=record.place,
        kind=record.kind,
        huella=record.huella,
        generated_at=record.generated_at,
        message=last.message if last else None,
        sent_at=last.at if last else None,
        state=state.state if state else _unanswered(papers, last),
        code=state.code if state else "",
        text=words(papers.store, record, state),
    )


def _unanswered(papers: Papers, last: Message | None) -> str:
    if last is None:
        return "pending"
    answer = papers.answer(last.message)
    return f"no answer for the record ({answer.outcome})" if answer else "no answer yet"


def documents_of(ws: Workspace, numbers: Iterable[str]) -> tuple[DocumentView, ...]:
    """The documents of some numbers in order of issuing, each with its records and what came of them."""
    papers = Papers(ws.store)
    found = sorted((issued for number in numbers if (issued := papers.invoice(number))), key=lambda issued: issued.n)
    return tuple(
        DocumentView(
            issued,
            _event(ws, issued),
            tuple(_corrections(papers, issued)),
            tuple(_record(papers, record) for record in papers.records_of(issued.number)),
            ws.settings.currency,
        )
        for issued in found
    )


def related(ws: Workspace, issued: Issued) -> Iterator[str]:
    """The numbers of what a document corrects, and of what corrects it."""
    if issued.corrects:
        yield issued.corrects
    yield from _corrections(Papers(ws.store), issued)


def waiting_of(ws: Workspace, seqs: Iterable[int]) -> tuple[WaitingView, ...]:
    """The documents that some events made due and that wait."""
    return tuple(WaitingView(waits, ws.settings.currency) for waits in Papers(ws.store).waiting_of(seqs))


def _corrections(papers: Papers, issued: Issued) -> Iterator[str]:
    return (other.number for other in papers.of_account(issued.account) if other.corrects == issued.number)


def _event(ws: Workspace, issued: Issued) -> str:
    stored = ws.store.event(issued.seq)
    return stored.id if stored else f"number {issued.seq}"
