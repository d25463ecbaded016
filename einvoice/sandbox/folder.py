"""A folder that a sandbox lives in: its authority, its server's certificate, a certificate for each client, its registers.

Nobody else trusts any of it; the keys are made on the first start and readable by their owner alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from einvoice.errors import EinvoiceError
from einvoice.sandbox.pki import Authority, Holder, pem, valid


class FolderDamaged(EinvoiceError):
    """A folder whose authority cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: the sandbox's authority cannot be read. Remove the folder: a new start makes it again")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a server presents, read from its file."""

    chain: bytes
    key: bytes

    def chain_pem(self) -> bytes:
        """The certificate and its issuers."""
        return self.chain

    def key_pem(self) -> bytes:
        """The private key."""
        return self.key


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a sandbox under `path`."""

    path: Path

    @property
    def trust(self) -> Path:
        """What a client must trust: the authority's certificates as PEM."""
        return self.path / "ca.pem"

    def client(self, nif: str) -> Path:
        """The PKCS#12 file of a client."""
        return self.path / f"{nif}.p12"

    def register(self, name: str) -> Path:
        """The SQLite file of an office."""
        return self.path / f"{name}.db"

    def server(self, now: datetime) -> Shown:
        """The server's certificate and key, made when they are first asked for."""
        chain, key = self.path / "server.pem", self.path / "server.key"
        if not key.exists():
            issued = self._authority(now).server(valid(now))
            _write(chain, issued.chain_pem())
            _write(key, issued.key_pem())
        return Shown(chain.read_bytes(), key.read_bytes())

    def enrol(self, holder: Holder, password: str, now: datetime) -> bool:
        """Whether a certificate for the holder was made now; one that is there stays, under the password it has."""
        path = self.client(holder.company_nif or holder.nif)
        if path.exists():
            return False
        _write(path, self._authority(now).client(holder, valid(now)).pkcs12(password))
        return True

    def trusted(self) -> tuple[x509.Certificate, ...]:
        """The authority's certificates, the issuer first. Raises FolderDamaged."""
        try:
            return tuple(x509.load_pem_x509_certificates(self.trust.read_bytes()))
        except (OSError, ValueError) as error:
            raise FolderDamaged(self.path) from error

    def _authority(self, now: datetime) -> Authority:
        key_file = self.path / "ca.key"
        if not key_file.exists():
            authority = Authority.create(now)
            self.path.mkdir(parents=True, exist_ok=True)
            _write(self.trust, pem((authority.issuer, authority.root)))
            _write(key_file, authority.key_pem())
            return authority
        try:
            key = load_pem_private_key(key_file.read_bytes(), None)
        except ValueError as error:
            raise FolderDamaged(self.path) from error
        issuer, *above = self.trusted()
        if not isinstance(key, rsa.RSAPrivateKey) or len(above) != 1:
            raise FolderDamaged(self.path)
        return Authority(above[0], issuer, key)


def _write(path: Path, content: bytes) -> None:
    """A file that its owner alone can read, written whole or not at all."""
    new = path.with_name(f".new-{path.name}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    new.replace(path)
