"""A practice that issues, worked by its command line, with a certificate of the test's own authority."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from einvoice.sandbox.pki import Authority, Holder, expired, valid
from revrec.cli import main as cli
from tests.app.desk import NOW, Desk, paid, registered, sold, used

PASSWORD = "only for this test"
HOLDER = Holder("Titular", "de Pruebas", "00000000T", "Centro de Pruebas SL", "B64717838")
STRANGER = Holder("Otra", "Persona", "99999999R")
HOME = {"address": "Calle Menor 2", "post_code": "28002", "town": "Madrid", "province": "Madrid"}
STORY = (
    registered("C-1", tax_id="12345678Z", **HOME),
    sold("B-1", "HEALTH"),
    paid("P-1", "B-1", "500.00"),
    sold("B-2", "TAXED", "C-2"),
    paid("P-2", "B-2", "100.00"),
    sold("B-3", "HEALTH", "C-3"),
    paid("P-3", "B-3", "500.00"),
    used("V-1", "B-1"),
)


class Door:
    """The command line in one workspace: what it prints, after its exit code was the expected one."""

    def __init__(self, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.root = desk.root
        self.capsys = capsys
        self.monkeypatch = monkeypatch
        self.at(NOW)

    def at(self, now: Any) -> None:
        """Set the clock of the commands."""
        self.monkeypatch.setattr("revrec.cli.options.now", lambda: now)

    def __call__(self, *words: str, code: int = 0) -> str:
        self.capsys.readouterr()
        done = cli.main(["-C", str(self.root), *words])
        out, err = self.capsys.readouterr()
        assert done == code, out + err
        return out if code == 0 else " ".join((err + out).split())

    def json(self, *words: str, code: int = 0) -> Any:
        """What the command answers to a program."""
        self.capsys.readouterr()
        assert cli.main(["-C", str(self.root), *words, "--json"]) == code
        return json.loads(self.capsys.readouterr().out)

    def setting(self, text: str) -> None:
        """Add keys, or a table, to the settings."""
        path = self.root / "revrec.toml"
        path.write_text(path.read_text("utf-8").replace("[taxpayer]", f"{text}\n[taxpayer]", 1), "utf-8")

    def sign_with(self, holder: Holder = HOLDER, *, old: bool = False, password: str | None = PASSWORD) -> None:
        """Give the practice a certificate, and its password in the environment."""
        validity = expired(NOW) if old else valid(NOW)
        made = Authority.create(NOW - timedelta(days=2000) if old else NOW).client(holder, validity)
        (self.root / "certificate.p12").write_bytes(made.pkcs12(PASSWORD))
        if "\nsigner =" not in (self.root / "revrec.toml").read_text("utf-8"):
            self.setting('signer = "certificate.p12"')
        if password is not None:
            self.monkeypatch.setenv("REVREC_SIGNER_PASSWORD", password)

    def file(self, number: str) -> Path:
        """The one file of a document on the disk, by the end of its name."""
        (path,) = (self.root / "documents").rglob(f"*{number}")
        return path
