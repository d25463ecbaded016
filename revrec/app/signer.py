"""The taxpayer's certificate: loaded once, its password from the environment or the door, every mistake said in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from einvoice import keys
from einvoice.errors import EinvoiceError
from einvoice.keys import FileSigner
from einvoice.model import TaxId
from revrec.core.errors import RevrecError
from revrec.settings import Settings

PASSWORD = "REVREC_SIGNER_PASSWORD"  # noqa: S105  the name of a variable

Ask = Callable[[str], str | None]


class DocumentRefused(RevrecError):
    """A mistake that einvoice names, for the doors."""


class NoSigner(RevrecError):
    """The settings name no certificate."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f'{what} needs a certificate: write `signer = "certificate.p12"` in revrec.toml and set {PASSWORD}. '
            "docs/invoices.md says where to get one"
        )


class NotTheTaxpayers(RevrecError):
    """The certificate does not act for the taxpayer, or not today."""


@contextmanager
def in_words() -> Iterator[None]:
    """What einvoice refuses, as a mistake that the doors can print."""
    try:
        yield
    except EinvoiceError as error:
        raise DocumentRefused(str(error)) from error


def signer_of(settings: Settings, ask: Ask, now: datetime, what: str) -> FileSigner:
    """The signer that the settings name; raises NoSigner, NotTheTaxpayers, DocumentRefused. `ask` answers a password."""
    if settings.signer is None:
        raise NoSigner(what)
    with in_words():
        signer = keys.load(settings.signer, ask(settings.signer.name), now)
        problems = keys.check(signer, TaxId(settings.taxpayer[3:], settings.country), now)
    wrong = [found for found in problems if found.code != "certificate-chain"]  # FACe asks for it, the tax office does not
    if wrong:
        raise NotTheTaxpayers("\n".join(map(str, wrong)))
    return signer
