"""A blocked person is hidden everywhere; the calendar destroys the key when the law lets go, once, whatever crashes."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from revrec.app import shut
from revrec.app.advance import Advanced, advance
from revrec.app.disclose import log
from revrec.app.erase import card
from revrec.app.record import FileRefused
from revrec.app.render import receipt, render
from revrec.app.trace import trace
from revrec.app.verify import verify
from revrec.app.workspace import open_workspace
from revrec.cli import main as cli
from revrec.store.papers import Papers, State
from tests.app import desk as office
from tests.app.conftest import Desk
from tests.app.shelf import tamper
from tests.app.test_paperwork import accepted

NAME, NIF, MAIL = "Zenobia", "12345678Z", "zenobia@example.org"
ERASED = ("2026-03-20", "customer.erased", {"customer": "C-1", "reason": "asked by letter"})
LATER = datetime(2033, 1, 2, 12, tzinfo=UTC)  # the law lets go on 2032-03-20


@pytest.fixture
def books(tmp_path: Path) -> office.Desk:
    """C-1 was invoiced, used one session, was paid back the rest; her invoices were made and stand beside the books."""
    made = office.Desk(tmp_path / "books")
    made.say(
        office.registered("C-1", name=NAME, tax_id=NIF, email=MAIL),
        office.registered("C-2", name="Bruno", tax_id="87654321X"),
        office.sold("B-1", "TAXED"),
        office.paid("P-1", "B-1", "100.00"),
        office.used("S-1", "B-1"),
        office.sold("B-2", "TAXED", "C-2"),
        office.paid("P-2", "B-2", "100.00"),
        ("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}),
    )
    accepted(made, 3)
    return made


def rendered(desk: office.Desk) -> None:
    desk.asked(lambda ws: render(ws, Papers(ws.store).invoices(), signer=None, now=office.NOW))


def files(desk: office.Desk) -> list[str]:
    return sorted(path.name for path in (desk.root / "documents").rglob("*.pdf"))


def advanced(desk: office.Desk | Desk, to: str, now: datetime = LATER) -> Advanced:
    with open_workspace(desk.root) as ws:
        return advance(ws, date.fromisoformat(to), now=now, future=True)


def codes(desk: office.Desk | Desk) -> list[str]:
    with open_workspace(desk.root) as ws:
        return [finding.code for finding in verify(ws)]


# hidden


def test_no_command_prints_a_blocked_person_and_no_file_names_one(
    books: office.Desk, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rendered(books)
    books.say(ERASED)
    (books.root / "events.jsonl").unlink()  # what was handed in is not the books'
    capsys.readouterr()
    out = str(tmp_path / "out")
    words = [
        *(["customer", what, "C-1"] for what in ("show", "balance", "statement")),
        *(["invoice", "show", number] for number in ("F2026-000001", "R2026-000001", "F2026-000002")),
        ["invoice", "list"],
        ["invoice", "list", "--pending"],
        ["invoice", "verify"],
        ["invoice", "render"],
        ["invoice", "render", "--session", "S-1", "--out", f"{out}.pdf"],
        ["submit", "--status"],
        *(["trace", name] for name in ("customer:C-1", "B-1", "S-1", "F2026-000001")),
        ["trace", "--sample", "5", "--seed", "1"],
        *(["report", name] for name in ("third-parties", "receivables", "invoices", "trace", "due", "tax")),
        *(["export", name, "--out", f"{out}.{name}"] for name in ("csv", "hledger")),
    ]
    for each in words:
        cli.main(["-C", str(books.root), *each])
    printed = capsys.readouterr()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (NAME, NIF, MAIL):
        assert secret not in printed.out + printed.err
        assert secret.encode() not in written
    assert "Bruno" in printed.out


def test_documents_in_the_folder_go_when_their_person_is_blocked(books: office.Desk) -> None:
    rendered(books)
    assert len(files(books)) == 3
    books.say(ERASED)
    assert files(books) == ["2026-03-20.F2026-000002.pdf"]
    assert codes(books) == []


def test_a_document_of_a_blocked_person_in_the_folder_is_a_finding_that_rendering_mends(books: office.Desk) -> None:
    """A crash between the commit and the removal, or a backup of the folder."""
    rendered(books)
    kept = {path: path.read_bytes() for path in (books.root / "documents").rglob("*F2026-000001.pdf")}
    books.say(ERASED)
    for path, data in kept.items():
        path.write_bytes(data)
    assert codes(books) == ["person.exposed"]
    rendered(books)
    assert codes(books) == []


def test_a_file_that_cannot_be_removed_is_said_and_the_person_stays_blocked(
    books: office.Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered(books)

    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuses)
        with pytest.raises(shut.NotRemoved, match=r"F2026-000001.pdf.*Permission denied"):
            books.say(ERASED)
    assert books.asked(card, "C-1", date(2026, 4, 1)).status == "blocked"
    assert codes(books) == ["person.exposed"] * 2


def test_what_the_tax_authority_wrote_of_a_person_goes_too(books: office.Desk) -> None:
    said = State(1, "accepted", "2000", f"{NAME} {NIF} not identified", 1)

    def wrote(ws: Any) -> None:
        with ws.store.transaction():
            Papers(ws.store).put_states([said])

    books.asked(wrote)
    assert NIF in json.dumps(books.asked(trace, "F2026-000001").to_json())
    books.say(ERASED)
    assert books.asked(lambda ws: Papers(ws.store).state(1)) == said._replace(text="")
    books.asked(wrote)  # an answer that comes when the person is blocked
    assert NIF not in json.dumps(books.asked(trace, "F2026-000001").to_json())


def test_a_receipt_of_a_blocked_person_names_nobody(books: office.Desk) -> None:
    books.say(ERASED)
    _, made = books.asked(receipt, "S-1")
    assert made.startswith(b"%PDF")
    assert NAME.encode() not in made


# the calendar


def test_the_calendar_destroys_the_key_when_the_last_statutory_day_has_passed(books: office.Desk) -> None:
    books.say(ERASED)
    before = chain(books)
    assert advanced(books, "2032-03-20").erasures == ()
    done = advanced(books, "2032-03-21")
    said = "the key of the personal data is destroyed (the calendar has passed 2032-03-20, Código de Comercio art. 30)"
    assert [str(each) for each in done.erasures] == [f"customer C-1: erased, {said}"]
    assert not books.asked(lambda ws: ws.store.keys.has("C-1") or ws.store.keys.blocked("C-1"))
    assert books.asked(card, "C-1", LATER.date()).status == "erased"
    assert chain(books)[: len(before)] == before
    assert codes(books) == []
    assert advanced(books, "2032-03-22").erasures == ()


def chain(desk: office.Desk) -> list[bytes]:
    return desk.asked(lambda ws: [stored.digest for stored in ws.store.events()])


def test_the_settings_may_ask_for_more_years(books: office.Desk) -> None:
    path = books.root / "revrec.toml"
    path.write_text(f"keep_years = 10\n{path.read_text()}")
    books.say(ERASED)
    assert advanced(books, "2036-03-20", now=LATER.replace(year=2037)).erasures == ()
    done = advanced(books, "2036-03-21", now=LATER.replace(year=2037))
    assert "revrec.toml, keep_years = 10" in str(done.erasures[0])


def test_it_is_logged_with_the_law_and_the_day(books: office.Desk) -> None:
    books.say(ERASED)
    advanced(books, "2032-03-21")
    (line,) = books.asked(log, "C-1")
    assert (line.line.kind, line.line.at, line.by) == ("destroyed", "2033-01-02T12:00:00Z", "")
    assert line.line.scope == "key: the calendar has passed 2032-03-20, Código de Comercio art. 30"


def test_recording_an_event_of_a_later_day_does_so_too(books: office.Desk) -> None:
    books.say(ERASED)
    done = books.say(office.registered("C-3", name="Carla"), at=LATER)
    assert done.erasures == ()  # the calendar stands where it stood
    done = books.say(("2032-06-01", "bundle.sold", {"bundle": "B-9", "package": "TAXED", "customer": "C-3"}), at=LATER)
    assert [each.customer for each in done.erasures] == ["C-1"]


def test_a_calendar_that_runs_ahead_of_the_clock_destroys_nothing(books: office.Desk) -> None:
    books.say(ERASED)
    assert advanced(books, "2040-01-01", now=office.NOW).erasures == ()
    assert books.asked(lambda ws: ws.store.keys.blocked("C-1"))
    assert [each.customer for each in advanced(books, "2040-01-01").erasures] == ["C-1"]  # the clock has caught up


def test_who_still_has_a_balance_keeps_the_key_and_the_answer_says_so(sold: Desk) -> None:
    sold("2026-05-01", "customer.erased", customer="C-1", reason="asked by letter")
    sold.record(("2026-05-02", "payment.received", {"payment": "P-2", "customer": "C-1", "amount": "5.00", "method": "cash"}))
    assert advanced(sold, "2032-12-31").erasures == ()
    with open_workspace(sold.root) as ws:
        assert "customer credit 5.00 EUR" in str(card(ws, "C-1", LATER.date()).erasure)


def test_who_never_paid_or_used_anything_is_let_go_some_years_after_the_request(sold: Desk) -> None:
    """C-2 bought and paid nothing; the bundle expired since."""
    sold("2026-04-01", "bundle.sold", bundle="B-2", package="PSY-10", customer="C-2")
    sold("2026-05-01", "customer.erased", customer="C-2", reason="asked by letter")
    assert advanced(sold, "2032-05-01").erasures == ()
    assert [each.customer for each in advanced(sold, "2032-05-02").erasures] == ["C-2"]
    assert codes(sold) == []


def test_a_record_that_the_tax_office_never_answered_keeps_the_key(books: office.Desk) -> None:
    tamper(books.root, "DELETE FROM states", "DELETE FROM answers", "DELETE FROM messages")
    books.say(ERASED)
    assert advanced(books, "2032-12-31").erasures == ()
    accepted(books, 3)
    assert [each.customer for each in advanced(books, "2033-01-01").erasures] == ["C-1"]


def test_who_was_not_asked_to_be_erased_keeps_the_key_for_ever(books: office.Desk) -> None:
    assert advanced(books, "2032-12-31").erasures == ()
    assert books.asked(card, "C-1", LATER.date()).details["name"] == NAME


def test_the_key_is_gone_from_the_file_itself(books: office.Desk) -> None:
    books.say(ERASED)
    with sqlite3.connect(books.root / "revrec.db") as connection:
        (wrapped,) = connection.execute("SELECT wrapped FROM keys WHERE customer = 'C-1'").fetchone()
    connection.close()
    advanced(books, "2032-12-31")
    assert wrapped not in b"".join(path.read_bytes() for path in books.root.glob("revrec.db*"))


def test_a_move_of_the_calendar_that_fails_destroys_no_key(books: office.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    books.say(ERASED)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("revrec.store.store.Store._commit", fails)
        with pytest.raises(OSError, match="No space"):
            advanced(books, "2032-12-31")
    assert books.asked(lambda ws: ws.store.keys.blocked("C-1"))
    assert books.asked(log, "C-1") == []
    assert codes(books) == []


def test_a_destroyed_key_that_a_backup_puts_back_is_a_finding(books: office.Desk) -> None:
    books.say(ERASED)
    with sqlite3.connect(books.root / "revrec.db") as connection:
        (wrapped,) = connection.execute("SELECT wrapped FROM keys WHERE customer = 'C-1'").fetchone()
    connection.close()
    advanced(books, "2032-12-31")
    tamper(books.root, "INSERT INTO keys VALUES (1, 'C-1', ?)", values=(wrapped,))
    (found,) = books.asked(verify)
    assert (found.code, found.hint) == ("key.returned", "Delete its row in `keys`, or erase the person again")
    assert [each.customer for each in advanced(books, "2033-01-01").erasures] == ["C-1"]
    assert codes(books) == []


def test_documents_already_made_and_facts_recorded_again_change_nothing(books: office.Desk) -> None:
    rendered(books)
    books.say(ERASED)
    advanced(books, "2032-12-31")
    assert books.asked(lambda ws: render(ws, Papers(ws.store).invoices(), signer=None, now=office.NOW)).shut == (
        "F2026-000001",
        "R2026-000001",
    )
    with pytest.raises(FileRefused, match="nothing is left"):
        books.say(("2033-01-01", "customer.erased", {"customer": "C-1", "reason": "again"}), at=LATER)
    assert codes(books) == []


def test_the_command_says_whose_key_the_calendar_destroyed(
    books: office.Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    books.say(ERASED)
    monkeypatch.setattr("revrec.cli.options.now", lambda: LATER)
    command = ["-C", str(books.root), "advance", "--to", "2032-12-31"]
    assert cli.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["erasures"][0]["status"] == "erased"
    assert cli.main(command) == 0
    assert "erased" not in capsys.readouterr().out
