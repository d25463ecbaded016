"""An independent judge of signatures: the xmlsec1 command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from einvoice.sign.terms import DS, XADES
from tests.einvoice import signers


def accepts(data: bytes, folder: Path) -> bool:
    """Whether xmlsec1 verifies the signature with the sandbox's root as the only authority, at the time of signing."""
    document, root = folder / "document.xml", folder / "root.pem"
    document.write_bytes(data)
    root.write_bytes(signers.authority().trusted_pem())
    options = [
        "--trusted-pem",
        str(root),
        "--enabled-key-data",
        "x509",
        "--verification-time",
        f"{signers.NOW:%Y-%m-%d %H:%M:%S}",
    ]
    identified = ["--id-attr:Id", f"{XADES}:SignedProperties", "--id-attr:Id", f"{DS}:KeyInfo"]
    return verifies([*options, *identified, str(document)])


def verifies(arguments: list[str]) -> bool:
    """Whether `xmlsec1 --verify` with these arguments says yes; skips where there is no such command."""
    if shutil.which("xmlsec1") is None:
        pytest.skip("needs the xmlsec1 command (Debian package xmlsec1)")
    command = ["xmlsec1", "--verify", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
