"""Invoices to Spanish public administrations, through FACe: sent once, asked after, taken back (Ley 25/2013).

Each sending is kept beside the invoice before it goes out, and then what came back. Where nothing did, because an answer was lost
or the command was killed, nothing is repeated: what FACe says to a duplicate is not published, its portal tells if it came in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from einvoice.errors import EinvoiceError
from einvoice.keys import FileSigner
from einvoice.regimes.face.answer import Refusal, Registration, Standing, read
from einvoice.regimes.face.build import File
from einvoice.regimes.face.codes import Environment, endpoint
from einvoice.regimes.face.submit import Client, Reply
from einvoice.transport import Transport, Unknown
from revrec.app.invoices import content, find
from revrec.app.render import render
from revrec.app.signer import DocumentRefused, in_words
from revrec.app.workspace import Workspace
from revrec.core.errors import RevrecError
from revrec.store.format import instant
from revrec.store.papers import FACTURAE, Issued, Papers

RECEIPT = "face"  # the format under which FACe's registration is kept
ENTERED = "face-number"  # the same, of a registration number that a person read in FACe's portal
_SENT, _BACK = "face-sent-", "face-back-"  # and a number: each sending, and what came back when that was no registration


class NotForFace(RevrecError):
    """An invoice whose recipient is no administration, or settings that cannot send it."""


class RefusedByFace(RevrecError):
    """FACe understood the request and refuses it."""


class MayHaveArrived(DocumentRefused):
    """A request that changes something got no answer that can be read: it may have arrived."""


@dataclass(frozen=True, slots=True)
class Told:
    """What FACe says of an invoice."""

    number: str
    registration: str
    said: str

    def to_json(self) -> dict[str, Any]:
        """The members of `face … --json`."""
        return {"number": self.number, "registration": self.registration, "said": self.said}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.number}: registered at FACe as {self.registration}; {self.said}"


def client_of(ws: Workspace, signer: FileSigner) -> Client:
    """FACe as the settings name it: `[submission] face`, else that of the environment."""
    where = ws.settings.submission
    url = where.face or endpoint(Environment(where.environment.value))
    with in_words():
        return Client(url, Transport(signer, trust=where.trust), signer)


def submit(ws: Workspace, client: Client, number: str, *, now: datetime, again: bool = False) -> Told:
    """Send the signed Facturae of an invoice, once; `again`: also after a sending of which nothing is known.

    Raises NotForFace, RefusedByFace, DocumentRefused, MayHaveArrived.
    """
    issued, papers = find(ws, number), Papers(ws.store)
    before = _known(papers, number)
    if before is not None:
        return Told(number, before, "it was sent before; `revrec face status` asks where it stands")
    _check(ws, issued)
    render(ws, [issued], signer=client.signer, now=now)
    signed = papers.document(number, FACTURAE)
    if signed is None:
        raise NotForFace(f"{number} has no signed Facturae: `revrec invoice render {number}` says why")
    email = ws.settings.submission.email
    if email is None:
        raise NotForFace("FACe writes to an address: set `email` under [submission] in revrec.toml")
    sending = _Sending.next(ws, issued, again=again)
    sending.keep(_SENT, b"", now)
    reply = _sent(client, sending, File(f"{number.replace('/', '-')}.xsig", signed), email, now)
    said = _said(number, reply, Registration)
    with ws.store.transaction():
        papers.add_document(number, RECEIPT, instant(now), issued.customer, reply.raw)
    return Told(number, said.number, f"received {said.received_at}")


def _sent(client: Client, sending: _Sending, file: File, email: str, now: datetime) -> Reply:
    """What FACe answers to an invoice; a refusal is kept, and that surely nothing was sent."""
    with _changing(_look(sending.issued.number)):
        try:
            reply = client.submit(file, email, now)
        except Unknown:
            raise
        except EinvoiceError as error:
            sending.keep(_BACK, str(error).encode(), now)
            raise
    if isinstance(reply.said, Refusal):
        sending.keep(_BACK, reply.raw, now)
    return reply


def _look(number: str) -> str:
    came_in = f"`revrec face enter {number} REGISTRATION` if it did, `revrec face submit {number} --again` if it did not"
    return f"Look in FACe's portal whether it came in: {came_in}"


@dataclass(frozen=True, slots=True)
class _Sending:
    """One sending of an invoice, the `n`th."""

    ws: Workspace
    issued: Issued
    n: int

    @classmethod
    def next(cls, ws: Workspace, issued: Issued, *, again: bool) -> _Sending:
        """The one that is to be made; raises MayHaveArrived when nothing came back for the one before, unless `again`."""
        kept = {form: at for form, at, _ in Papers(ws.store).documents(issued.number)}
        count = sum(form.startswith(_SENT) for form in kept)
        if count and f"{_BACK}{count}" not in kept and not again:
            before = f"{issued.number} was sent at {kept[f'{_SENT}{count}']} and nothing came back: it may have arrived"
            raise MayHaveArrived(f"{before}. {_look(issued.number)}")
        return cls(ws, issued, count + 1)

    def keep(self, form: str, content: bytes, now: datetime) -> None:
        """Commit a line of it."""
        with self.ws.store.transaction():
            Papers(self.ws.store).add_document(self.issued.number, f"{form}{self.n}", instant(now), self.issued.customer, content)


def enter(ws: Workspace, client: Client, number: str, registration: str, *, now: datetime) -> Told:
    """Keep the registration number that FACe's portal shows of an invoice whose answer was lost, once FACe knows it.

    Raises NotForFace where the invoice has another one, else as `status`.
    """
    issued, papers = find(ws, number), Papers(ws.store)
    _check(ws, issued)
    before = _known(papers, number)
    if before not in {None, registration}:
        raise NotForFace(f"{number} is registered at FACe as {before}: nothing was changed")
    told = _standing(client, number, registration, now)
    if before is None:
        with ws.store.transaction():
            papers.add_document(number, ENTERED, instant(now), issued.customer, registration.encode())
    return told


def status(ws: Workspace, client: Client, number: str, *, now: datetime) -> Told:
    """Where an invoice stands at its administration; raises NotForFace, RefusedByFace, DocumentRefused."""
    return _standing(client, number, _registration(ws, number), now)


def _standing(client: Client, number: str, registration: str, now: datetime) -> Told:
    with in_words():
        said = _said(number, client.status(registration, now), Standing)
    reason = f": {said.processing_reason}" if said.processing_reason else ""
    asked = "" if said.cancellation.code == "4100" else f"; cancellation: {said.cancellation.en}"
    return Told(number, registration, f"{said.processing.code} {said.processing.en}{reason}{asked}")


def cancel(ws: Workspace, client: Client, number: str, reason: str, *, now: datetime) -> Told:
    """Ask the administration to take an invoice as never sent; errors as `status`, and MayHaveArrived."""
    registration = _registration(ws, number)
    with _changing(f"`revrec face status {number}` says whether its cancellation was asked for"):
        reply = client.cancel(registration, reason, now)
    if isinstance(reply.said, Refusal):
        raise _refused(number, reply.said)
    return Told(number, registration, "its cancellation was asked for; `revrec face status` says what is decided")


@contextmanager
def _changing(remedy: str) -> Iterator[None]:
    """What einvoice refuses, in words; of a request that may have arrived, what to do before it is repeated."""
    with in_words():
        try:
            yield
        except Unknown as error:
            raise MayHaveArrived(f"{error}. {remedy}") from error


def _check(ws: Workspace, issued: Issued) -> None:
    buyer = content(ws, issued).buyer
    if buyer is None or buyer.offices is None:
        raise NotForFace(
            f"{issued.number} goes to no public administration: FACe wants the three codes of its offices. "
            "Register the customer with `dir3` before the invoice is issued"
        )


def _registration(ws: Workspace, number: str) -> str:
    find(ws, number)
    known = _known(Papers(ws.store), number)
    if known is None:
        raise NotForFace(f"{number} has no registration of FACe: `revrec face submit {number}`")
    return known


def _known(papers: Papers, number: str) -> str | None:
    """The registration number of an invoice: as FACe answered, else as somebody entered it."""
    answer = papers.document(number, RECEIPT)
    if answer is None:
        entered = papers.document(number, ENTERED)
        return entered.decode() if entered else None
    said = read(answer)
    assert isinstance(said, Registration)
    return said.number


def _said(number: str, reply: Reply, expected: type[Any]) -> Any:
    if isinstance(reply.said, Refusal):
        raise _refused(number, reply.said)
    assert isinstance(reply.said, expected)
    return reply.said


def _refused(number: str, refusal: Refusal) -> RefusedByFace:
    said = f"{number}: FACe refuses: {refusal.code} {refusal.message}"
    if refusal.theirs:
        return RefusedByFace(f"{said}. The trouble is its own: try again later")
    return RefusedByFace(f"{said}. Mend what it names, then try again")
