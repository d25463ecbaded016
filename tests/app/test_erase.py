"""A person is erased, or blocked until the law lets go; the books stay as they are, to the byte."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from revrec.app.erase import card
from revrec.app.record import FileRefused, Recorded, record
from revrec.app.verify import verify
from revrec.app.workspace import open_workspace
from revrec.cli import main as cli
from revrec.wire.files import source
from tests.app.conftest import NOW, Desk
from tests.app.shelf import tamper

TODAY = date(2026, 11, 21)
PERSON = {"name": "Ana Secreta", "person": "natural", "country": "ES"}


@pytest.fixture
def visited(desk: Desk) -> Desk:
    """C-9 came once and paid; nothing is open."""
    desk.record(
        ("2026-03-01", "customer.registered", {"customer": "C-9", **PERSON, "email": "ana@example.org"}),
        ("2026-03-02", "session.completed", {"session": "V-1", **VISIT, "note": "told us of a fall"}),
        ("2026-03-02", "payment.received", {"payment": "P-9", "session": "V-1", "amount": "60.00", "method": "cash"}),
    )
    return desk


VISIT = {"service": "psychology", "price": "60.00", "tax": "es-health", "customer": "C-9"}
ERASED = {"customer": "C-9", "reason": "asked by letter"}


def booked(desk: Desk, *events: dict[str, Any], dry_run: bool = False) -> Recorded:
    """Record events as they are."""
    path = desk.root.parent / "erasure.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in events), "utf-8")
    with open_workspace(desk.root) as ws:
        return record(ws, [source(str(path))], now=NOW, dry_run=dry_run)


def erase(desk: Desk, customer: str = "C-9", day: str = "2026-05-01") -> Recorded:
    return booked(desk, desk.event(day, "customer.erased", {"customer": customer, "reason": "asked by letter"}))


def said(done: Recorded) -> list[str]:
    return [str(erasure) for erasure in done.erasures]


def shown(desk: Desk, customer: str = "C-9") -> list[str]:
    with open_workspace(desk.root) as ws:
        return list(card(ws, customer, TODAY).lines())


def journal(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "journal").rglob("*") if path.is_file()}


def findings(desk: Desk) -> list[str]:
    with open_workspace(desk.root) as ws:
        return [finding.code for finding in verify(ws)]


def test_who_owes_nothing_and_is_owed_nothing_is_erased(visited: Desk) -> None:
    assert "  name: Ana Secreta" in shown(visited)
    done = erase(visited)
    assert said(done) == ["customer C-9: erased, the key of the personal data is destroyed"]
    assert (done.recorded, done.entries) == (1, 0)
    assert shown(visited) == ["Customer C-9: erased since 2026-05-01", f"  {said(done)[0]}"]
    with open_workspace(visited.root) as ws:
        assert ws.store.personal("C-9") is None
        assert not ws.store.keys.has("C-9")


def test_books_chain_and_verify_stay_valid(visited: Desk) -> None:
    before = journal(visited.root)
    assert findings(visited) == []
    erase(visited)
    assert journal(visited.root) == before
    assert findings(visited) == []


def test_the_key_is_gone_from_the_file_itself(visited: Desk) -> None:
    with sqlite3.connect(visited.root / "revrec.db") as connection:
        (wrapped,) = connection.execute("SELECT wrapped FROM keys WHERE customer = 'C-9'").fetchone()
    connection.close()
    files = lambda: b"".join(path.read_bytes() for path in visited.root.glob("revrec.db*"))  # noqa: E731  read twice
    assert wrapped in files()
    erase(visited)
    assert wrapped not in files()


def test_the_same_event_again_gets_the_same_answer_and_changes_nothing(visited: Desk) -> None:
    event = visited.event("2026-05-01", "customer.erased", ERASED)
    first, again = booked(visited, event), booked(visited, event)
    assert said(first) == said(again)
    assert (again.recorded, again.repeated) == (0, 1)
    with pytest.raises(FileRefused, match="recorded before with other content"):
        booked(visited, event | {"data": ERASED | {"reason": "asked by telephone"}})


def test_what_was_sealed_of_an_erased_person_is_accepted_again_by_what_stands_in_the_clear(visited: Desk) -> None:
    registered = visited.event("2026-03-01", "customer.registered", {"customer": "C-9", **PERSON, "email": "ana@example.org"})
    again = registered | {"id": "e1"}
    erase(visited)
    assert booked(visited, again).repeated == 1
    other = again | {"data": {**again["data"], "country": "PT"}}
    with pytest.raises(FileRefused, match="recorded before with other content"):
        booked(visited, other)


def test_no_personal_data_comes_in_of_an_erased_person_and_facts_do(visited: Desk) -> None:
    erase(visited)
    with pytest.raises(FileRefused, match="was erased by event e4 on 2026-05-01"):
        visited("2026-05-02", "customer.registered", customer="C-9", **PERSON)
    with pytest.raises(FileRefused, match="Leave the free text out"):
        visited("2026-05-02", "session.completed", session="V-2", **VISIT, note="late")
    with pytest.raises(FileRefused, match="no personal data is taken in"):
        visited("2026-05-02", "session.reversed", session="V-1", reason="typed twice")
    visited("2026-05-02", "session.completed", session="V-2", **VISIT)
    assert findings(visited) == []


def test_who_is_erased_is_not_erased_again_and_nobody_unknown_is(visited: Desk) -> None:
    with pytest.raises(FileRefused, match="customer C-0: nothing is recorded under this id"):
        erase(visited, "C-0")
    erase(visited)
    with pytest.raises(FileRefused, match="the key is destroyed, nothing is left"):
        erase(visited, day="2026-05-02")


def test_a_dry_run_says_what_would_be_and_erases_nobody(visited: Desk) -> None:
    done = booked(visited, visited.event("2026-05-01", "customer.erased", ERASED), dry_run=True)
    assert said(done) == ["customer C-9: erased, the key of the personal data is destroyed"]
    assert "  name: Ana Secreta" in shown(visited)


def test_one_file_registers_and_erases(desk: Desk) -> None:
    """The key that is destroyed was never stored before."""
    desk.record(
        ("2026-03-01", "customer.registered", {"customer": "C-9", **PERSON}),
        ("2026-03-02", "customer.erased", ERASED),
        ("2026-03-03", "customer.registered", {"customer": "C-8", **PERSON}),
    )
    assert shown(desk)[0] == "Customer C-9: erased since 2026-03-02"
    assert "  name: Ana Secreta" in shown(desk, "C-8")
    assert findings(desk) == []


def test_a_refused_file_gives_the_key_back(visited: Desk) -> None:
    bad = visited.event("2026-05-02", "session.completed", {"session": "V-1", **VISIT})
    with pytest.raises(FileRefused):
        booked(visited, visited.event("2026-05-01", "customer.erased", ERASED), bad)
    assert "  name: Ana Secreta" in shown(visited)
    assert findings(visited) == []


# blocked


def test_who_has_sessions_left_is_blocked_until_the_statutory_date(sold: Desk) -> None:
    done = erase(sold, "C-1")
    until, why = "2032-03-20, Código de Comercio art. 30", "contract liability 400.00 EUR, bundle B-1: 8 units left"
    assert said(done) == [f"customer C-1: blocked until {until} ({why})"]
    assert shown(sold, "C-1")[0] == "Customer C-1: blocked since 2026-05-01"
    assert f"blocked until {until}" in shown(sold, "C-1")[1]
    with open_workspace(sold.root) as ws:
        assert ws.store.personal("C-1") is None
        assert ws.store.keys.blocked("C-1")
    assert findings(sold) == []


def test_a_blocked_person_still_uses_and_pays_without_free_text(sold: Desk) -> None:
    erase(sold, "C-1")
    sold("2026-05-02", "session.completed", session="S-3", bundle="B-1")
    with pytest.raises(FileRefused, match="Leave the free text out"):
        sold("2026-05-03", "session.completed", session="S-4", bundle="B-1", note="late")
    with pytest.raises(FileRefused, match="no personal data is taken in"):
        sold("2026-05-03", "session.reversed", session="S-3", reason="typed twice")
    assert "blocked until 2032-05-02" in shown(sold, "C-1")[1]
    assert findings(sold) == []


def test_once_nothing_is_open_the_next_request_destroys_the_key(sold: Desk) -> None:
    erase(sold, "C-1")
    sold("2026-05-02", "refund.issued", refund="R-1", bundle="B-1", method="transfer")
    assert "a new customer.erased destroys the key" in shown(sold, "C-1")[1]
    assert said(erase(sold, "C-1", "2026-05-03")) == ["customer C-1: erased, the key of the personal data is destroyed"]
    assert findings(sold) == []


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (
            [("payment.received", {"payment": "P-2", "customer": "C-9", "amount": "5.00", "method": "cash"})],
            "customer credit 5.00 EUR",
        ),
        ([("session.completed", {"session": "V-2", **VISIT})], "receivable 60.00 EUR"),
        (
            [
                ("bundle.sold", {"bundle": "B-9", "package": "PSY-10", "customer": "C-9"}),
                ("payment.received", {"payment": "P-2", "bundle": "B-9", "amount": "500.00", "method": "cash"}),
                ("refund.issued", {"refund": "R-9", "bundle": "B-9"}),
            ],
            "refunds payable 500.00 EUR",
        ),
    ],
)
def test_anything_open_blocks(visited: Desk, facts: list[tuple[str, dict[str, Any]]], why: str) -> None:
    visited.record(*(("2026-04-01", kind, data) for kind, data in facts))
    assert said(erase(visited)) == [f"customer C-9: blocked until 2032-04-01, Código de Comercio art. 30 ({why})"]


def test_a_bundle_that_is_not_paid_yet_blocks_until_six_years_after_the_last_entry(visited: Desk) -> None:
    visited("2026-04-01", "bundle.sold", bundle="B-9", package="PSY-10", customer="C-9")
    words = "customer C-9: blocked until 2032-03-02, Código de Comercio art. 30 (bundle B-9: 10 units left)"
    assert said(erase(visited)) == [words]


def test_a_bundle_that_went_to_somebody_else_keeps_nobody_else(sold: Desk) -> None:
    sold("2026-04-01", "bundle.transferred", bundle="B-1", to_customer="C-2")
    assert said(erase(sold, "C-1")) == ["customer C-1: erased, the key of the personal data is destroyed"]
    assert "blocked until" in said(erase(sold, "C-2"))[0]


def test_who_holds_nothing_but_a_bundle_that_nobody_paid_is_known_to_the_derivation(sold: Desk) -> None:
    sold("2026-04-01", "bundle.sold", bundle="B-8", package="PSY-10", customer="C-1")
    sold("2026-04-01", "bundle.transferred", bundle="B-8", to_customer="C-7")
    assert "blocked until" in said(erase(sold, "C-7"))[0]
    assert findings(sold) == []


def test_who_pays_for_somebody_elses_bundle_is_blocked(visited: Desk) -> None:
    payers = [{"customer": "C-8", "amount": "400.00"}, {"customer": "C-9", "amount": "100.00"}]
    visited("2026-04-01", "bundle.sold", bundle="B-8", package="PSY-10", customer="C-8", payers=payers)
    assert "(pays for bundle B-8)" in said(erase(visited))[0]


def test_an_invoice_of_another_system_blocks_until_the_statutory_date(visited: Desk) -> None:
    visited(
        "2026-04-01",
        "bundle.opened",
        bundle="B-8",
        package="PSY-10",
        customer="C-9",
        units_left=1,
        deferred="50.00",
        sold_on="2025-12-01",
        original_invoice={"number": "F-12", "issued_on": "2025-12-01"},
        proof="old list",
    )
    visited("2026-04-02", "session.completed", session="S-8", bundle="B-8")
    words = "customer C-9: blocked until 2032-04-02, Código de Comercio art. 30 (invoice F-12)"
    assert said(erase(visited)) == [words]


def test_a_repeated_fact_answers_what_became_of_the_person(visited: Desk) -> None:
    registered = visited.event("2026-03-01", "customer.registered", {"customer": "C-9", **PERSON, "email": "ana@example.org"})
    erase(visited)
    assert said(booked(visited, registered | {"id": "e1"})) == [
        "customer C-9: erased, the key of the personal data is destroyed",
    ]


def test_the_backup_of_a_key_put_back_is_a_finding(visited: Desk) -> None:
    with sqlite3.connect(visited.root / "revrec.db") as connection:
        (wrapped,) = connection.execute("SELECT wrapped FROM keys WHERE customer = 'C-9'").fetchone()
    connection.close()
    erase(visited)
    tamper(visited.root, "INSERT INTO keys VALUES (1, 'C-9', ?)", values=(wrapped,))
    assert findings(visited) == ["key.returned"]


# the command


def test_the_commands_state_it(sold: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = sold.root.parent / "erasure.jsonl"
    path.write_text(json.dumps(sold.event("2026-05-01", "customer.erased", {"customer": "C-1", "reason": "x"})), "utf-8")
    assert cli.main(["-C", str(sold.root), "record", str(path), "--json"]) == 0
    erasure = json.loads(capsys.readouterr().out)["erasures"][0]
    assert (erasure["customer"], erasure["status"], erasure["until"]) == ("C-1", "blocked", "2032-03-20")
    assert cli.main(["-C", str(sold.root), "record", str(path)]) == 0
    assert "customer C-1: blocked until 2032-03-20" in capsys.readouterr().out
    assert cli.main(["-C", str(sold.root), "customer", "show", "C-1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["details"], found["erasure"]["until"]) == ("blocked", {}, "2032-03-20")
    assert cli.main(["-C", str(sold.root), "customer", "show", "C-2"]) == 0
    assert "name: Bruno" in capsys.readouterr().out
    assert cli.main(["-C", str(sold.root), "customer", "show", "C-0"]) == 1
