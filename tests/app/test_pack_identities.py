"""A pack with identities: they open with the reader's key alone, stand under the signed manifest, and are logged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from revrec.app.disclose import Request, log
from revrec.app.envelope import RecipientRefused
from revrec.app.pack.identities import PackedWith, with_identities
from revrec.app.pack.make import Exists
from revrec.app.pack.scope import NotClosed
from revrec.cli import main as cli
from tests.app.conftest import NOW
from tests.app.desk import Desk, paid, registered, sold
from tests.app.readers import certificate, decrypted

AUDIT = Request("Ana Ruiz", "audit of 2026")
NIF = "12345678Z"


@pytest.fixture
def closed(tmp_path: Path) -> Desk:
    """C-1 was invoiced in January; the month is closed."""
    desk = Desk(tmp_path / "books")
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED", day="2026-01-10"), paid("P-1", "B-1", "100.00", "2026-01-10"))
    desk.say(("2026-03-19", "period.closed", {"period": "2026-01", "approver": "A"}))
    return desk


def packed(desk: Desk, folder: Path, period: str = "2026-01") -> PackedWith:
    pack = folder / "pack.zip"
    return desk.asked(with_identities, period, pack, certificate(folder), AUDIT, now=NOW)


def test_the_reader_opens_them_and_the_verifier_of_the_pack_passes(closed: Desk, tmp_path: Path) -> None:
    packed(closed, tmp_path)
    with ZipFile(tmp_path / "pack.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("identities/")]
        archive.extractall(tmp_path / "open")
    assert names == ["identities/identities-001.jsonl.p7m"]  # the invoice is of March, when it was recorded
    assert NIF.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "open").rglob("*") if path.is_file())
    (row,) = decrypted(tmp_path / "open" / names[0], tmp_path / "reader.key").splitlines()
    assert json.loads(row)["details"]["tax_id"] == NIF
    done = subprocess.run(
        [sys.executable, tmp_path / "open" / "verify.py", tmp_path / "pack.zip"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_a_changed_byte_of_them_is_found_by_the_verifier(closed: Desk, tmp_path: Path) -> None:
    packed(closed, tmp_path)
    with ZipFile(tmp_path / "pack.zip") as archive:
        archive.extractall(tmp_path / "open")
    path = tmp_path / "open" / "identities" / "identities-001.jsonl.p7m"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    done = subprocess.run([sys.executable, tmp_path / "open" / "verify.py", tmp_path / "open"], capture_output=True, check=False)
    assert done.returncode == 1
    assert "identities-001.jsonl.p7m" in done.stdout.decode() + done.stderr.decode()


def test_it_is_logged_for_each_person_with_the_reader(closed: Desk, tmp_path: Path) -> None:
    done = packed(closed, tmp_path)
    (line,) = closed.asked(log, "C-1")
    assert (line.by, line.reason) == AUDIT[:2]
    assert line.line.recipient == done.handed.recipient.fingerprint
    assert line.line.scope == "identities and documents from 2026-01-01 to 2026-01-31"


def test_what_refuses_the_pack_logs_nothing(closed: Desk, tmp_path: Path) -> None:
    with pytest.raises(NotClosed):
        packed(closed, tmp_path, "2026-02")
    (tmp_path / "pack.zip").write_bytes(b"")
    with pytest.raises(Exists):
        packed(closed, tmp_path)
    with pytest.raises(RecipientRefused):
        closed.asked(with_identities, "2026-01", tmp_path / "other.zip", tmp_path / "none.pem", AUDIT, now=NOW)
    assert closed.asked(log) == []


def test_the_command_wants_a_reader_a_name_and_a_reason(
    closed: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("revrec.cli.options.now", lambda: NOW)
    command = ["-C", str(closed.root), "audit-pack", "2026-01", "-o", str(tmp_path / "pack.zip")]
    reader = ["--recipient", str(certificate(tmp_path)), "--by", "A. Ruiz"]
    assert cli.main([*command, "--with-identities", *reader]) == 2
    assert cli.main([*command, *reader]) == 2
    assert cli.main([*command, "--with-identities", *reader, "--reason", "audit of 2026"]) == 0
    assert "identities of 1 person" in capsys.readouterr().out
