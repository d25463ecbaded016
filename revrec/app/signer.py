"""The taxpayer's certificate: loaded once, its password from the environment or the door, every mistake said in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from einvoice import keys
from einvoice.errors import EinvoiceError
from einvoice.findings import Finding
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
    wrong = _against(signer, settings, now)
    if wrong:
        raise NotTheTaxpayers("\n".join(map(str, wrong)))
    return signer


def unfit(settings: Settings, now: datetime) -> tuple[Finding, ...]:
    """What is known to be wrong at `now` with the certificate that the settings name; none named, nothing wrong.

    Nobody is asked for the password: where the environment lacks it, only what shows without it is found.
    """
    if settings.signer is None:
        return ()
    try:
        return _against(keys.load(settings.signer, settings.signer_password, now), settings, now)
    except keys.PasswordMissing:
        return ()
    except keys.CertificateRefused as error:
        remedy = "Then run `revrec invoice issue`, or take `signer` out of revrec.toml"
        return (Finding("certificate-refused", "certificate", str(error).removesuffix("."), remedy),)


def _against(signer: FileSigner, settings: Settings, now: datetime) -> tuple[Finding, ...]:
    problems = keys.check(signer, TaxId(settings.taxpayer[3:], settings.country), now)
    return tuple(each for each in problems if each.code != "certificate-chain")  # FACe asks for it, the tax office does not
