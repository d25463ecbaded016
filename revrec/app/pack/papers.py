"""Documents as far as they name nobody: their chain, the tax office's records and answers, the signed statements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.app.pack.archive import json_lines
from revrec.app.pack.facts import csv_text
from revrec.store.certified import Certificates
from revrec.store.papers import GENESIS, Issued, Kept, Message, Papers, chained_body

if TYPE_CHECKING:
    from revrec.app.pack.archive import Archive
    from revrec.app.pack.scope import Scope
    from revrec.store.store import Store

Row = dict[str, Any]


class Links(NamedTuple):
    """Where both chains stand: the count and digest of documents, the place and huella of the tax office's records."""

    documents: int = 0
    document: bytes = GENESIS
    place: int = 0
    huella: str = ""

    def to_json(self) -> Row:
        """For the signed head."""
        return {"documents": self.documents, "document": self.document.hex(), "place": self.place, "huella": self.huella}


class Chains:
    """The documents and records of a scope, with what stands before and after them; each document has its record with it."""

    def __init__(self, store: Store, scope: Scope) -> None:
        self.papers = Papers(store)
        first = scope.first.isoformat() if scope.start.seq else ""  # a pack of everything holds every document
        self.start, self.end = Links(), Links()
        mine = set[int]()  # the records of its documents
        for issued in self._issued(scope):
            if issued.issued_on.isoformat() < first and self.start.documents == issued.n - 1:
                self.start = self.start._replace(documents=issued.n, document=issued.digest)
            else:
                mine.add(issued.record)
            self.end = self.end._replace(documents=issued.n, document=issued.digest)
        for record in self._generated(scope, max(mine, default=0)):
            if record.generated_at[:10] < first and self.start.place == record.place - 1 and record.place not in mine:
                self.start = self.start._replace(place=record.place, huella=record.huella)
            self.end = self.end._replace(place=record.place, huella=record.huella)

    def _issued(self, scope: Scope) -> Iterator[Issued]:
        """The documents up to the last one that the head of the closing names, or where it has none, up to its time."""
        named = scope.signed["documents"] if scope.signed else None
        if named == "":
            return
        for issued in self.papers.invoices():
            if named is None and scope.closed_at and datetime.fromisoformat(issued.at) > scope.closed_at:
                return
            yield issued
            if issued.digest.hex() == named:
                return

    def _generated(self, scope: Scope, least: int) -> Iterator[Kept]:
        """The records up to the time of the closing, and at least up to a place: a clock that was set back leaves none out."""
        for record in self.papers.records():
            if record.place > least and scope.closed_at and datetime.fromisoformat(record.generated_at) > scope.closed_at:
                return
            yield record

    def documents(self) -> Iterator[Issued]:
        """The documents of the scope, in order of issuing."""
        for issued in self.papers.invoices(self.start.documents):
            if issued.n > self.end.documents:
                return
            yield issued

    def records(self) -> Iterator[Kept]:
        """The records of the scope, in order of generation."""
        for record in self.papers.records(self.start.place):
            if record.place > self.end.place:
                return
            yield record


def write(archive: Archive, store: Store, scope: Scope, chains: Chains) -> None:
    """The members of `invoices/` and `statements/`."""
    archive.lines("invoices/documents.jsonl", (_document(each, store.taxpayer_id) for each in chains.documents()))
    archive.lines("invoices/records.jsonl", json_lines(_records(chains)))
    messages = [each for each in chains.papers.messages() if each.last > chains.start.place and each.first <= chains.end.place]
    archive.lines("invoices/answers.jsonl", json_lines(_answers(chains.papers, messages)))
    archive.text("invoices/states.csv", csv_text(("record", "state", "code", "message"), _states(chains)))
    for made in Certificates(store).all():
        if scope.first <= made.as_of <= scope.last:
            archive.text(f"statements/{made.n:06}.txt", made.note)


def _document(issued: Issued, taxpayer: str) -> bytes:
    """A line: the digest of the chain, and the bytes that it covers."""
    return f'{{"digest":"{issued.digest.hex()}","document":'.encode() + chained_body(issued, taxpayer) + b"}"


def _records(chains: Chains) -> Iterator[Row]:
    """Each record with the text that its huella covers; `first`: it begins the chain of its installation."""
    before = chains.papers.record(chains.start.place)
    installation = before.installation if before else ""
    for record in chains.records():
        yield {
            "place": record.place,
            "installation": record.installation,
            "first": record.installation != installation,
            "kind": record.kind,
            "amends": record.amends,
            "number": record.number,
            "issued_on": record.issued_on,
            "generated_at": record.generated_at,
            "hashed": record.hashed,
            "huella": record.huella,
        }
        installation = record.installation


def _answers(papers: Papers, messages: Sequence[Message]) -> Iterator[Row]:
    """What was sent and what came back, by the digest of what is kept of it: texts of answers may name people."""
    for sent in messages:
        answer = papers.answer(sent.message)
        came = (
            {"at": answer.at, "outcome": answer.outcome, "sealed_sha256": hashlib.sha256(answer.content).hexdigest()}
            if answer
            else None
        )
        yield {
            "message": sent.message,
            "first": sent.first,
            "last": sent.last,
            "at": sent.at,
            "incident": sent.incident,
            "sha256": sent.sha256,
            "answer": came,
        }


def _states(chains: Chains) -> Iterator[tuple[object, ...]]:
    """Where each record stands with the tax office; without a row it was not answered."""
    for place, state in sorted(chains.papers.states().items()):
        if chains.start.place < place <= chains.end.place:
            yield place, state.state, state.code, state.message
