"""Identities and documents encrypted for one reader, whose key alone opens them, and always in the log."""

from __future__ import annotations

import json
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from revrec.app import handover
from revrec.app.customers import UnknownCustomer
from revrec.app.disclose import Request, Unreasoned, log
from revrec.app.envelope import Recipient, recipient
from revrec.app.handover import HandedOver, Scope, StaysShut, hand_over
from revrec.app.verify import verify
from revrec.app.workspace import open_workspace
from revrec.cli import main as cli
from revrec.core.blocking import LegalRole
from tests.app import desk as office
from tests.app.conftest import NOW
from tests.app.readers import certificate, decrypted

MARCH = Scope(date(2026, 3, 1), date(2026, 3, 31))
COURT = Request("Ana Ruiz, DPO", "Juzgado 3, autos 12/2027", LegalRole.COURT)
AUDIT = Request("Ana Ruiz", "audit of 2026")
NIF = "12345678Z"


def findings(root: Path) -> list[str]:
    with open_workspace(root) as ws:
        return [finding.code for finding in verify(ws)]


@pytest.fixture
def books(tmp_path: Path) -> office.Desk:
    """Two persons with an invoice each in March; the invoice of C-2 was made as PDF."""
    made = office.Desk(tmp_path / "books")
    made.say(
        office.registered("C-1", tax_id=NIF),
        office.registered("C-2", name="Bruno", tax_id="87654321X"),
        office.sold("B-1", "TAXED"),
        office.paid("P-1", "B-1", "100.00"),
        office.sold("B-2", "TAXED", "C-2"),
        office.paid("P-2", "B-2", "100.00"),
    )
    return made


def handed(
    desk: office.Desk, folder: Path, request: Request = AUDIT, to: Recipient | None = None, scope: Scope = MARCH
) -> HandedOver:
    to = to or recipient(certificate(folder), NOW)
    return desk.asked(hand_over, folder / "out", scope, to, request, now=NOW)


def people(folder: Path) -> dict[str, dict[str, Any]]:
    parts = sorted((folder / "out").glob("identities-*.jsonl.p7m"))
    lines = b"".join(decrypted(part, folder / "reader.key") for part in parts).splitlines()
    return {row["customer"]: row for row in map(json.loads, lines)}


def members(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in sorted((folder / "out").glob("documents-*.zip.p7m")):
        with ZipFile(BytesIO(decrypted(part, folder / "reader.key"))) as archive:
            found |= {name: archive.read(name) for name in archive.namelist()}
    return found


def test_openssl_opens_identities_and_documents_with_the_recipients_key(books: office.Desk, tmp_path: Path) -> None:
    done = handed(books, tmp_path)
    assert (done.persons, done.documents, done.left_out) == (2, 2, ())
    found = people(tmp_path)
    assert found["C-1"]["details"]["tax_id"] == NIF
    assert found["C-2"]["details"]["name"] == "Bruno"
    inside = members(tmp_path)
    assert sorted(inside) == [
        "F2026-000001/F2026-000001.json",
        "F2026-000001/record-1.xml",
        "F2026-000002/F2026-000002.json",
        "F2026-000002/record-2.xml",
    ]
    assert NIF.encode() in inside["F2026-000001/record-1.xml"]


def test_nothing_of_it_can_be_read_without_the_key(books: office.Desk, tmp_path: Path) -> None:
    done = handed(books, tmp_path)
    assert len(done.files) == 2
    for path in done.files:
        assert NIF.encode() not in path.read_bytes()
        assert b"Bruno" not in path.read_bytes()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in done.files)


def test_a_hand_over_is_logged_with_the_recipient_and_of_each_person(books: office.Desk, tmp_path: Path) -> None:
    to = recipient(certificate(tmp_path), NOW)
    handed(books, tmp_path, to=to)
    for customer in ("C-1", "C-2", None):
        (line,) = [each.to_json() for each in books.asked(log, customer)]
        assert (line["kind"], line["recipient"], line["count"], line["documents"]) == ("handed over", to.fingerprint, 2, 2)
        assert line["scope"] == "identities and documents from 2026-03-01 to 2026-03-31"
    assert findings(books.root) == []


def test_blocked_persons_are_left_out_unless_a_role_opens_them(books: office.Desk, tmp_path: Path) -> None:
    books.say(("2026-03-20", "customer.erased", {"customer": "C-1", "reason": "asked by letter"}))
    done = handed(books, tmp_path)
    assert (done.persons, done.documents, done.left_out) == (1, 1, ("C-1",))
    assert people(tmp_path)["C-1"] == {"customer": "C-1", "status": "blocked"}
    assert "F2026-000001/F2026-000001.json" not in members(tmp_path)
    assert books.asked(log, "C-1") == []
    done = handed(books, tmp_path, COURT)
    assert (done.persons, done.documents, done.left_out) == (2, 2, ())
    assert people(tmp_path)["C-1"]["details"]["tax_id"] == NIF
    assert [line.line.role for line in books.asked(log, "C-1")] == ["court"]


def test_large_hand_overs_are_cut_into_several_files(books: office.Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PART", 200)
    done = handed(books, tmp_path)
    assert [path.name for path in done.files][:2] == ["identities-001.jsonl.p7m", "identities-002.jsonl.p7m"]
    assert set(people(tmp_path)) == {"C-1", "C-2"}
    assert len(members(tmp_path)) == 4


def test_a_hand_over_that_cannot_be_logged_leaves_no_file(
    books: office.Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(handover.Disclosures, "add", full)
    with pytest.raises(OSError, match="No space"):
        handed(books, tmp_path)
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_is_handed_over_without_name_and_reason(books: office.Desk, tmp_path: Path) -> None:
    with pytest.raises(Unreasoned):
        handed(books, tmp_path, Request("", "audit"))
    assert not (tmp_path / "out").exists()


# one person, encrypted


def test_one_person_is_handed_over_with_every_document(books: office.Desk, tmp_path: Path) -> None:
    done = handed(books, tmp_path, scope=Scope(customer="C-1"))
    assert (done.persons, done.documents) == (1, 1)
    assert set(people(tmp_path)) == {"C-1"}
    assert {name.partition("/")[0] for name in members(tmp_path)} == {"F2026-000001"}
    assert books.asked(log, "C-2") == []


def test_a_blocked_person_is_handed_over_only_to_an_office(books: office.Desk, tmp_path: Path) -> None:
    books.say(("2026-03-20", "customer.erased", {"customer": "C-1", "reason": "asked by letter"}))
    with pytest.raises(StaysShut, match="--legal-role"):
        handed(books, tmp_path, scope=Scope(customer="C-1"))
    with pytest.raises(UnknownCustomer):
        handed(books, tmp_path, scope=Scope(customer="C-0"))
    assert not (tmp_path / "out").exists()
    handed(books, tmp_path, COURT, scope=Scope(customer="C-1"))
    assert people(tmp_path)["C-1"]["details"]["tax_id"] == NIF


def test_the_command_hands_a_person_over(books: office.Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = certificate(tmp_path), tmp_path / "out"
    command = ["-C", str(books.root), "customer", "hand-over", "C-1", "--recipient", str(path), "--out", str(out)]
    assert cli.main([*command, "--by", "Ana Ruiz", "--reason", "GDPR art. 15"]) == 0
    assert "identities of 1 person and 1 document, encrypted for CN=Auditora" in capsys.readouterr().out
    assert people(tmp_path)["C-1"]["details"]["tax_id"] == NIF
    assert cli.main([*command, "--by", "Ana Ruiz"]) == 2
