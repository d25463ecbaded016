"""Recording: nothing twice, all or nothing, personal data sealed, the clock in its place."""

from __future__ import annotations

import gzip
import json
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from revrec.app.record import FileRefused, record, sources
from revrec.app.verify import verify
from revrec.app.workspace import open_workspace
from revrec.store.errors import KeyBroken
from revrec.store.keys import new_key
from revrec.wire.files import source
from tests.app.shelf import HISTORY, NOW, book, checked, copied, event, lines, prepare, state


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("shelf") / "books")


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


SALE = event("n1", "2026-04-03", "bundle.sold", bundle="B-9", package="PSY-3", customer="C-9")


def test_the_same_file_again_changes_nothing(root: Path) -> None:
    before = state(root)
    done = book(root, lines(HISTORY))
    assert (done.recorded, done.repeated, done.entries) == (0, len(HISTORY), 0)
    assert state(root) == before


def test_order_of_members_and_writing_of_numbers_do_not_count(root: Path) -> None:
    again = dict(reversed(HISTORY[2].items()))
    again["data"] = {"method": "card", "amount": 150, "bundle": "B-1", "payment": "P-1"}
    assert book(root, lines([again])).repeated == 1


def test_twice_in_one_file_is_once(root: Path) -> None:
    done = book(root, lines([SALE, SALE]))
    assert (done.recorded, done.repeated) == (1, 1)


def test_other_content_later_in_the_same_file_is_refused(root: Path) -> None:
    with pytest.raises(FileRefused, match="other content"):
        book(root, lines([SALE, SALE | {"branch": "mad"}]))


def test_two_sources_may_use_one_id_and_the_books_say_which(root: Path) -> None:
    other = event("p1", "2026-04-03", "payment.received", payment="P-9", customer="C-1", amount="5.00", method="cash")
    assert book(root, lines([other | {"source": "till"}])).recorded == 1
    assert 'event-source: "till"' in (root / "journal/2026/2026-04-03.beancount").read_text("utf-8")
    assert checked(root) == ()


def test_a_dry_run_answers_the_entries_and_changes_nothing(root: Path) -> None:
    before = state(root)
    pay = event("n2", "2026-04-03", "payment.received", payment="P-9", bundle="B-9", amount="150.00", method="card", note="x")
    done = book(root, lines([SALE, pay]), dry_run=True)
    assert (done.recorded, [entry.rule for entry in done.drafts]) == (2, ["payment.bundle"])
    assert state(root) == before
    assert book(root, lines([SALE, pay])).recorded == 2
    assert checked(root) == ()


def test_a_key_that_was_rolled_back_is_not_used_again(root: Path) -> None:
    """A dry run makes a key for C-9; what is recorded afterwards in the same process can still be read."""
    eva = event("c9", "2026-04-03", "customer.registered", customer="C-9", name="Eva", person="natural", country="ES")
    path = root.parent / "events.jsonl"
    path.write_bytes(lines([eva]))
    with open_workspace(root) as ws:
        record(ws, [source(str(path))], now=NOW, dry_run=True)
        record(ws, [source(str(path))], now=NOW)
    with open_workspace(root) as ws:
        assert ws.store.personal("C-9") == {"name": "Eva"}


def test_personal_data_and_free_text_stand_nowhere_in_the_clear(root: Path) -> None:
    secrets = (b"12345678Z", b"came late", b'"Ana"')
    files = [path for path in root.rglob("*") if path.is_file()]
    with sqlite3.connect(root / "revrec.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for path in files:
        if path.exists():
            assert not [secret for secret in secrets if secret in path.read_bytes()], path


def test_the_key_opens_what_was_sealed(root: Path) -> None:
    with open_workspace(root) as ws:
        assert ws.store.personal("C-1") == {"name": "Ana", "tax_id": "12345678Z"}
        used = ws.store.events_by_id("u1")[0]
        assert ws.store.unsealed(used) == {"note": "came late"}
        assert "sealed" in used.event["data"]


def test_a_destroyed_key_erases_the_person_and_breaks_no_digest(root: Path) -> None:
    with sqlite3.connect(root / "revrec.db") as connection:
        connection.execute("DELETE FROM keys WHERE customer = 'C-1'")
    connection.close()
    with open_workspace(root) as ws:
        assert ws.store.personal("C-1") is None
    assert [finding.code for finding in checked(root)] == ["key.missing"]  # no event says that it was destroyed on purpose
    with pytest.raises(FileRefused, match="key of the personal data in it is gone"):
        book(root, lines([HISTORY[0]]))


def test_another_key_is_recognised(root: Path) -> None:
    (root / "revrec.key").write_text(new_key())
    with pytest.raises(KeyBroken, match="did not wrap"), open_workspace(root) as ws:
        ws.store.personal("C-1")


def test_the_key_may_come_from_the_environment(root: Path) -> None:
    key = (root / "revrec.key").read_text()
    (root / "revrec.key").unlink()
    with open_workspace(root, environ={"REVREC_KEY": key}) as ws:
        assert ws.store.personal("C-1") == {"name": "Ana", "tax_id": "12345678Z"}


def test_facts_refuse_to_be_changed(root: Path) -> None:
    connection = sqlite3.connect(root / "revrec.db")
    for table in ("events", "entries", "pins", "periods"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET taxpayer = 2"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
    connection.close()


def test_each_file_is_all_or_nothing_and_a_refused_one_is_the_last(root: Path) -> None:
    path = root.parent / "more.jsonl.gz"
    path.write_bytes(gzip.compress(lines([SALE])))
    other = root.parent / "other.jsonl"
    bad = event("x", "2026-04-03", "session.completed", session="S-9", bundle="B-404")
    other.write_bytes(lines([event("y", "2026-04-03", "bundle.sold", bundle="B-10", package="PSY-3", customer="C-9"), bad]))
    names = [str(path), str(other), str(root.parent / "never.jsonl")]
    with open_workspace(root) as ws:
        with pytest.raises(FileRefused, match=r"other\.jsonl:2(.|\n)*nothing of it was booked; more.jsonl.gz before it: booked"):
            record(ws, sources(ws, names[:2], mapping=None), now=NOW)
        assert ws.store.bundle("B-10") is None
        assert record(ws, sources(ws, names[:1], mapping=None), now=NOW).repeated == 1
        assert verify(ws, None) == ()


def test_the_rejected_file_of_a_csv_holds_objects(root: Path) -> None:
    content = b"type,id,source,time,session,bundle\nsession.completed,q1,till,2026-04-03T10:00:00+02:00,S-9,B-404\n"
    done = book(root, content, "till.csv", partial=True)
    assert done.rejected[0].field == "column 6 (bundle)"
    rejected = json.loads((root.parent / "till.rejected.jsonl").read_text())
    assert rejected["event"]["data"] == {"session": "S-9", "bundle": "B-404"}


def test_the_clock_runs_to_the_day_before_an_event(root: Path) -> None:
    book(root, lines([event("late", "2026-09-10", "bundle.sold", bundle="B-9", package="PSY-3", customer="C-9")]))
    with open_workspace(root) as ws:
        assert ws.store.head().calendar == date(2026, 9, 9)
        [lapsed] = [entry for entry in ws.store.entries() if entry.rule.startswith("breakage")]
        assert (lapsed.bundle, lapsed.date, lapsed.event) == ("B-1", date(2026, 8, 2), "s1")
    assert checked(root) == ()


def test_a_session_is_drawn_from_what_the_customer_holds(root: Path) -> None:
    drawn = [event(f"d{n}", "2026-04-05", "session.completed", session=f"D-{n}", customer="C-1") for n in range(2)]
    with pytest.raises(FileRefused, match="has no bundle that this session may use"):
        book(root, lines(drawn))
    fresh = event("n3", "2026-04-04", "bundle.sold", bundle="B-9", package="PSY-3", customer="C-1")
    book(root, lines([fresh, *drawn]))
    with open_workspace(root) as ws:
        assert [ws.store.movements_of(f"D-{n}")[0].bundle for n in range(2)] == ["B-1", "B-9"]
    assert checked(root) == ()


def test_a_chain_record_is_what_the_formats_page_says(root: Path) -> None:
    import hashlib

    import rfc8785

    with open_workspace(root) as ws:
        before = bytes(32)
        for stored in ws.store.events():
            assert rfc8785.dumps(json.loads(stored.record)) == stored.record
            before = hashlib.sha256(before + stored.record).digest()
            assert before == stored.digest
            posted = b"".join(row[0] for row in ws.store.rows("entries_numbered", stored.numbers.start, stored.numbers.stop))
            assert json.loads(stored.record)["entries"] == hashlib.sha256(posted).hexdigest()
        assert ws.store.head().digest == before
        for row in ws.store.rows("entry_rows", 0):
            assert rfc8785.dumps(json.loads(row[5])) == row[5]
