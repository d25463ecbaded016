"""`revrec submit` from the outside, against a local tax office: what it sends, what it says, what it answers to the shell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from einvoice.sandbox.aeat import PATH, Office, Register
from einvoice.sandbox.faults import Fault, Kind
from einvoice.sandbox.pki import Authority, valid
from einvoice.sandbox.server import Server
from tests.app.desk import NOW, Desk, paid, sold
from tests.cli.desk import HOLDER, PASSWORD, STORY, STRANGER, Door


class Clock:
    """The time of the commands and of the office; sleeping moves it on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(NOW)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def unsigned(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Door:
    made = Door(Desk(tmp_path / "books"), capsys, monkeypatch)
    made.desk.say(*STORY)
    return made


@pytest.fixture
def office(official: object, clock: Clock) -> Office:
    return Office(Register(), clock)


@pytest.fixture
def door(unsigned: Door, office: Office, clock: Clock, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The practice with a certificate, and settings that name the office."""
    monkeypatch.setattr("revrec.cli.options.now", clock)
    monkeypatch.setattr("time.sleep", clock.sleep)
    monkeypatch.setenv("REVREC_SIGNER_PASSWORD", PASSWORD)
    (unsigned.root / "certificate.p12").write_bytes(authority.client(HOLDER, valid(NOW)).pkcs12(PASSWORD))
    (unsigned.root / "ca.pem").write_bytes(authority.trusted_pem())
    with Server(office, authority.server(valid(NOW)), authority.trusted_pem()) as server:
        where = f'endpoint = "{server.address}{PATH}"\ntrust = "ca.pem"'
        unsigned.setting(f'signer = "certificate.p12"\n[submission]\nenvironment = "test"\n{where}')
        yield unsigned


def more(door: Door, n: int) -> None:
    door.desk.say(sold(f"N-{n}", "TAXED", "C-2"), paid(f"PN-{n}", f"N-{n}", "100.00"))


def test_submit_sends_what_waits_and_says_how_it_ended(door: Door, office: Office) -> None:
    said = door("submit").splitlines()
    assert said[0].startswith("message 1: records 1 to 2: answered (Correcto, CSV ")
    assert said[1] == "no record waits"
    assert door("submit") == "no record waits\n"
    assert office.violations() == ()


def test_submit_in_json(door: Door) -> None:
    found = door.json("submit")
    (message,) = found["messages"]
    assert (message["first"], message["last"], message["incident"], message["outcome"]) == (1, 2, False, "answered")
    assert (found["waiting"], found["again_at"]) == (0, None)


def test_a_dry_run_says_what_would_go_and_sends_nothing(door: Door, office: Office) -> None:
    said = door("submit", "--dry-run").splitlines()
    assert said[0] == "record 1: alta F2026-000001, generated at 2026-03-20T13:00:00+01:00"
    assert said[2].startswith("2 records would be sent, at 2026-03-20 12:00:00 UTC or later")
    assert [row["record"] for row in door.json("submit", "--dry-run")["records"]] == [1, 2]
    assert office.attempts() == ()


def test_status_counts_the_states_and_sends_nothing(door: Door, office: Office) -> None:
    assert door("submit", "--status").split()[:2] == ["pending", "2"]
    assert office.attempts() == ()
    door("submit")
    found = door.json("submit", "--status")
    assert (found["counts"], found["waiting"], found["stuck"]) == ({"accepted": 2}, 0, [])
    assert [row["state"] for row in door.json("invoice", "list")] == ["accepted", "accepted"]


def test_status_of_books_without_documents_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Door(Desk(tmp_path / "new"), capsys, monkeypatch)("submit", "--status") == "no record was generated yet\n"


def test_without_watch_it_says_when_to_come_back(door: Door, clock: Clock) -> None:
    door("submit")
    more(door, 1)
    assert door("submit") == "1 records wait; the next message may go at 2026-03-20 12:01:00 UTC\n"
    clock.sleep(60)
    assert door("submit").startswith("message 2: records 3 to 3: answered")


def test_watch_waits_and_goes_on_until_nothing_waits(door: Door, clock: Clock, office: Office) -> None:
    door("submit")
    more(door, 1)
    assert door("submit", "--watch").endswith("no record waits\n")
    assert clock.now >= NOW + timedelta(seconds=60)
    assert office.violations() == ()


def test_limit_ends_after_so_many_messages(door: Door, office: Office) -> None:
    office.plan.add(Fault.of(Kind.DROP_AFTER))
    found = door.json("submit", "--watch", "--limit", "1")
    assert ([row["outcome"] for row in found["messages"]], found["waiting"]) == (["unknown"], 2)
    assert "Invalid value for '--limit'" in door("submit", "--limit", "0", code=2)


def test_an_office_that_is_away_is_said_to_be_an_incident(door: Door, office: Office) -> None:
    office.plan.add(Fault.of(Kind.DROP_BEFORE))
    assert "2 records wait" in door("submit")
    assert door("submit", "--status").startswith("INCIDENT: the tax authority cannot be reached; 2 records wait")
    assert door.json("submit", "--status")["incident"] is True


def test_what_is_rejected_is_told_with_its_remedy_until_it_is_amended(door: Door, office: Office, clock: Clock) -> None:
    office.plan.add(Fault.of(Kind.PARTIAL))
    said = door("submit", code=1)
    assert said.startswith("F2026-000001: 1100 ")
    (stuck,) = door.json("submit", "--status", code=1)["stuck"]
    assert (stuck["number"], stuck["state"], stuck["code"]) == ("F2026-000001", "rejected", "1100")
    assert stuck["remedy"]
    amended = door("invoice", "amend", "F2026-000001")
    assert amended.startswith("F2026-000001: record 3 was generated (Subsanacion, RechazoPrevio X)")
    clock.sleep(60)
    door("submit")
    assert door.json("submit", "--status")["stuck"] == []


def test_cancel_takes_back_what_was_accepted(door: Door, office: Office, clock: Clock) -> None:
    door("submit")
    assert door.json("invoice", "cancel", "S2026-000001") == {"number": "S2026-000001", "record": 3, "amends": "Anulacion"}
    clock.sleep(60)
    door("submit")
    assert [row["kind"] for row in door.json("invoice", "show", "S2026-000001")["records"]] == ["alta", "anulacion"]
    assert [stored.kind for stored in office.records()] == ["Alta", "Alta", "Anulacion"]


def test_without_a_certificate_nothing_is_sent_and_the_status_is_told(unsigned: Door) -> None:
    said = unsigned("submit", code=1)
    assert said.startswith("submitting records needs a certificate: write `signer = ")
    assert "docs/invoices.md" in said
    assert unsigned("submit", "--status").split()[:2] == ["pending", "2"]


def test_a_wrong_password_sends_nothing(door: Door, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVREC_SIGNER_PASSWORD", "not this one")
    assert "password" in door("submit", code=1)
    assert office.attempts() == ()


def test_a_certificate_of_somebody_else_sends_nothing(unsigned: Door) -> None:
    unsigned.sign_with(STRANGER)
    assert "not for the taxpayer B64717838" in unsigned("submit", code=1)


def test_an_expired_certificate_sends_nothing(unsigned: Door) -> None:
    unsigned.sign_with(old=True)
    assert "expired" in unsigned("submit", code=1)
