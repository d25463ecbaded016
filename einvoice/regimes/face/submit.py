"""The client of FACe: invoices go in, their state is asked for, cancellation is asked for; each request signed by WS-Security."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from einvoice.keys import Signer
from einvoice.regimes.face import build
from einvoice.regimes.face.answer import Refusal, Registration, Said, Standing, States, Taken, read
from einvoice.regimes.face.build import File
from einvoice.regimes.face.codes import namespace
from einvoice.sign import sign_soap
from einvoice.transport import Transport, Unknown


class Unreadable(Unknown):
    """An envelope that does not answer what was asked; `raw` is kept as evidence."""

    def __init__(self, url: str, raw: bytes) -> None:
        super().__init__(f"{url} answers something else than it was asked; the request may have arrived")
        self.raw = raw


class Reply(NamedTuple):
    """What FACe answered: the bytes to keep, and what they say; a `Refusal` is an answer."""

    raw: bytes
    said: Said


@dataclass(frozen=True)
class Client:
    """Speaks to one installation of FACe; `signer`'s certificate is registered in FACe's portal for suppliers.

    Every method takes the moment of the request (aware) and raises `transport.NotSent` or `transport.Unknown`. After Unknown a
    submission is not simply repeated: what FACe says to a duplicate is not published [U]. Its portal tells whether it came in.
    """

    url: str
    transport: Transport
    signer: Signer

    def submit(self, invoice: File, email: str, at: datetime, attachments: Sequence[File] = ()) -> Reply:
        """Send a signed Facturae; a `Registration` if FACe takes it."""
        return self._ask(build.submission(invoice, email, attachments), at, Registration)

    def status(self, number: str, at: datetime) -> Reply:
        """Where the invoice of a registration number stands: a `Standing`."""
        return self._ask(build.consultation(number), at, Standing)

    def cancel(self, number: str, reason: str, at: datetime) -> Reply:
        """Ask for an invoice to be cancelled: `Taken`, after which `status` says what the administration decides."""
        return self._ask(build.cancellation(number, reason), at, Taken)

    def states(self, at: datetime) -> Reply:
        """The `States` that FACe lists."""
        return self._ask(build.catalogue(), at, States)

    def _ask(self, operation: etree._Element, at: datetime, expected: type[Said]) -> Reply:
        message = sign_soap(operation, self.signer, at)
        raw = self.transport.post(self.url, message, f"{namespace()}#{etree.QName(operation).localname}")
        said = read(raw)
        if said is None or not isinstance(said, (expected, Refusal)):
            raise Unreadable(self.url, raw)
        return Reply(raw, said)
