"""Certificates for the tests of signatures, made once a run: no key stands in the repository."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from einvoice import keys
from einvoice.sandbox import pki

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
PASSWORD = "una clave de prueba"
HOLDER = pki.Holder("ANA", "PRUEBA UNO", "99999999R", "CENTRO DE PRUEBAS SL", "B64717838")


@cache
def authority() -> pki.Authority:
    return pki.Authority.create(NOW)


@cache
def client() -> pki.Issued:
    return authority().client(HOLDER, pki.valid(NOW))


@cache
def signer() -> keys.FileSigner:
    return loaded(client().pkcs12(PASSWORD))


@cache
def stranger() -> keys.FileSigner:
    """Somebody with a certificate that looks the same, from an authority that nobody trusts."""
    return loaded(pki.Authority.create(NOW).client(HOLDER, pki.valid(NOW)).pkcs12(PASSWORD))


def loaded(data: bytes, password: str | None = PASSWORD) -> keys.FileSigner:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "client.p12"
        path.write_bytes(data)
        return keys.load(path, password, NOW)
