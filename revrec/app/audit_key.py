"""The workspace's own signing key, ECDSA on P-256: it signs closings and statements where no certificate does."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from revrec.core.errors import RevrecError
from revrec.settings import Settings

FILE = "audit.key"
VARIABLE = "REVREC_AUDIT_KEY"


class AuditKeyBroken(RevrecError):
    """What stands where the signing key should is none."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"{where}: {why}. Put the {FILE} of this workspace back from your backup; if it is lost, move what is there away: "
            "the next closing makes a new key, and those who hold the old fingerprint must be told the new one"
        )


def new() -> str:
    """The text of a new key file: PEM, PKCS#8."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def read(settings: Settings) -> ec.EllipticCurvePrivateKey | None:
    """The key of REVREC_AUDIT_KEY or of the file; None where there is neither; raises AuditKeyBroken."""
    if settings.audit_key:
        return _key(VARIABLE, settings.audit_key.encode())
    try:
        return _key(FILE, settings.audit_key_path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AuditKeyBroken(FILE, f"it cannot be read: {error.strerror}") from error


def write(path: Path) -> None:
    """A new key in a file that the owner alone can read; raises FileExistsError where one stands."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new())


def ignore(root: Path) -> None:
    """Keep the key out of version control in a workspace whose `.gitignore` is older than it."""
    path = root / ".gitignore"
    if not path.is_file():
        return
    text = path.read_text("utf-8")
    if FILE not in text.splitlines():
        path.write_text(f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{FILE}\n", "utf-8", newline="\n")


def _key(where: str, pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise AuditKeyBroken(where, "this is no private key (PEM, PKCS#8, without a password)") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise AuditKeyBroken(where, "this key is not one on the curve P-256")
    return key
