"""Which program this is, under which licence, and what its producer declares of it where Spanish invoices are made."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, metadata, version
from typing import Any

from einvoice.regimes.verifactu import declaration
from einvoice.regimes.verifactu.declaration import Signing
from revrec import __version__
from revrec.app.audit_key import AuditKeyBroken
from revrec.app.chain import system_of
from revrec.app.notary import own_fingerprints
from revrec.app.workspace import Workspace
from revrec.settings import Settings
from revrec.store.papers import Papers

# Item d) of the declaration (Orden HAC/1177/2024 art. 15.1.d): in Spanish, as all of it.
COMPONENTS = (
    "Programa de órdenes en Python con base de datos SQLite, en cualquier ordenador con Linux o macOS; sin hardware propio. "
    "Registra hechos de negocio, lleva la contabilidad por partida doble, expide facturas, genera sus registros de facturación "
    "encadenados con huella y los remite a la AEAT."
)


@dataclass(frozen=True, slots=True)
class Declared:
    """The producer's declaration, the installation it is shown by (None: no document was issued yet), items still to fill in."""

    text: str
    installation: str | None
    missing: int

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{'installation':<13}{self.installation or 'none yet: the first invoice makes its number'}"
        yield ""
        yield from self.text.splitlines()
        if self.missing:
            yield ""
            yield f"What is marked ({self.missing}) is for the producer to say and to sign: until then nothing is declared"


@dataclass(frozen=True, slots=True)
class About:
    """This release, its licence and the `versions` of what it runs on (None: not installed); `declared` in Spain only.

    `signing` are the keys that sign closings, each with its fingerprint: what is handed to those who check.
    """

    licence: str
    versions: Mapping[str, str | None]
    declared: Declared | None = None
    signing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The members of `about --json`."""
        said = self.declared
        declared = {"installation": said.installation, "missing": said.missing, "text": said.text} if said else None
        known = {"revrec": __version__, "licence": self.licence, **self.versions}
        return {**known, "signing_keys": list(self.signing), "declaration": declared}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{'revrec':<12}{__version__}"
        yield f"{'licence':<12}{self.licence}"
        for name, found in self.versions.items():
            yield f"{name:<12}{found or 'not installed (pip install revrec[fava])'}"
        for key in self.signing:
            yield f"{'signs':<12}{key}"
        if self.declared is not None:
            yield from self.declared.lines()


def about(ws: Workspace | None = None, now: datetime | None = None) -> About:
    """What this program is; with a workspace the keys that sign at `now` (aware), with a Spanish one also the declaration.

    The declaration is that of its producer (RD 1007/2023 art. 13).
    """
    versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    versions_of = {name: _version(name) for name in ("sqlalchemy", "beancount", "fava")}
    declared = _declared(ws) if ws is not None and ws.settings.country == "ES" else None
    signing = _signing(ws.settings, now) if ws is not None and now is not None else ()
    return About(metadata("revrec")["License-Expression"], {**versions, **versions_of}, declared, signing)


def _signing(settings: Settings, now: datetime) -> tuple[str, ...]:
    """The keys that sign; a broken one is said in place of its fingerprint."""
    try:
        return tuple(own_fingerprints(settings, now))
    except AuditKeyBroken as broken:
        return (str(broken),)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _declared(ws: Workspace) -> Declared:
    installation = Papers(ws.store).installation()
    system = system_of(ws.settings, installation or "")
    text = declaration.declaration(system, COMPONENTS, Signing(address=_address(ws.settings)))
    return Declared(text, installation, declaration.missing(text))


def _address(settings: Settings) -> str:
    """The producer's address where the producer is the taxpayer; the settings know no other."""
    at = settings.address
    if settings.producer.name or settings.producer.tax_id or not (at.address and at.post_code and at.town):
        return ""
    return f"{at.address}, {at.post_code} {at.town}{f' ({at.province})' if at.province else ''}, España"
