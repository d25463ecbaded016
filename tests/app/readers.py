"""Certificates of those who read what is encrypted for them, and the program with which they open it."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.app.conftest import NOW

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certificate(folder: Path, key: Key | None = None, *, days: int = 365, encrypts: bool = True) -> Path:
    """A certificate (PEM) of a reader in a folder, with its private key in `reader.key` beside it."""
    key = key or rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Auditora")])
    usage = x509.KeyUsage(True, False, encrypts, False, False, False, False, False, False)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=days))
    made = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    (folder / "reader.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path = folder / "reader.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    return path


def decrypted(path: Path, key: Path) -> bytes:
    """What `openssl cms -decrypt` makes of a file; skips where there is no such program."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the program openssl is not installed")
    command = [openssl, "cms", "-decrypt", "-inform", "DER", "-in", str(path), "-inkey", str(key)]
    return subprocess.run(command, check=True, capture_output=True).stdout
