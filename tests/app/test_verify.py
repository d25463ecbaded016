"""Whatever is changed behind revrec's back is found and named."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from revrec.app import sums
from revrec.app.advance import advance
from revrec.app.workspace import open_workspace
from revrec.store.keys import new_key
from tests.app.shelf import HISTORY, NOW, book, checked, copied, event, lines, prepare, tamper


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = prepare(tmp_path_factory.mktemp("shelf") / "books")
    with open_workspace(root) as ws:
        sums.catch_up(ws)
    return root


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


def codes(root: Path) -> set[str]:
    return {finding.code for finding in checked(root)}


def test_untouched_books_are_clean(root: Path) -> None:
    assert checked(root) == ()


def test_books_are_clean_without_the_key(root: Path) -> None:
    (root / "revrec.key").unlink()
    assert checked(root) == ()


def test_a_missing_customer_key_is_found_without_the_key_file(root: Path) -> None:
    (root / "revrec.key").unlink()
    tamper(root, "DELETE FROM keys WHERE customer = 'C-1'")
    assert [(finding.code, finding.where) for finding in checked(root)] == [("key.missing", "customer C-1")]


def test_the_key_of_another_workspace_is_found_out(root: Path) -> None:
    late = event("n1", "2026-04-05", "session.completed", session="S-9", bundle="B-1", note="late")
    other = event("n2", "2026-04-05", "customer.registered", customer="C-2", name="Eva", person="natural", country="ES")
    assert book(root, lines([late, other])).recorded == 2
    assert checked(root) == ()
    (root / "revrec.key").write_text(new_key(), "ascii")
    assert [(finding.code, finding.where) for finding in checked(root)] == [("key.broken", "revrec.key")]
    (root / "revrec.key").write_text("no key", "ascii")
    assert [(finding.code, finding.where) for finding in checked(root)] == [("key.broken", "revrec.key")]


# (what is done to the database, the finding's code, where it points)
TAMPERED = {
    "a byte of a record": (
        "UPDATE events SET record = CAST(replace(CAST(record AS TEXT), '\"150.00\"', '\"151.00\"') AS BLOB) WHERE id = 'p1'",
        "chain.digest",
        "event p1",
    ),
    "a record and its digest": (
        "UPDATE events SET digest = zeroblob(32) WHERE id = 'p1'",
        "chain.digest",
        "event p1",
    ),
    "the type in the row": ("UPDATE events SET type = 'session.no_show' WHERE id = 'u1'", "chain.row", "event u1"),
    "the idempotency digest": ("UPDATE events SET content = zeroblob(32) WHERE id = 'p1'", "chain.content", "event p1"),
    "the date in the row": ("UPDATE events SET date = '2026-02-03' WHERE id = 'p1'", "derive.date", "event p1"),
    "an event": ("DELETE FROM events WHERE id = 'u1'", "chain.missing", "event number 4"),
    "the last event": ("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", "chain.head", "head"),
    "an amount of an entry": (
        "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), '5000', '5001') AS BLOB) WHERE number = 2",
        "chain.entries",
        "event u1",
    ),
    "a leg of an entry": (
        "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), '-5000', '-5001') AS BLOB) WHERE number = 2",
        "entry.unbalanced",
        "E-2",
    ),
    "the bytes of an entry": ("UPDATE entries SET body = x'7b' WHERE number = 2", "entry.unreadable", "E-2"),
    "the date of an entry's row": ("UPDATE entries SET date = '2026-02-11' WHERE number = 2", "entry.row", "E-2"),
    "an entry": ("DELETE FROM entries WHERE number = 2", "entry.missing", "E-2"),
    "an entry too many": (
        "INSERT INTO entries SELECT taxpayer, number + 1000, seq, date, bundle, customer, body FROM entries WHERE number = 2",
        "entry.stray",
        "E-1002",
    ),
    "the rules of a pinned policy": (
        "UPDATE pins SET content = CAST(replace(CAST(content AS TEXT), '\"hard\"', '\"soft\"') AS BLOB) WHERE kind = 'policy'",
        "pin.changed",
        "policy standard@2026-01-01",
    ),
    "a movement": ("UPDATE movements SET units = 0 WHERE ref = 'S-1'", "derived.movement", "movement S-1 session"),
    "a bundle": ("UPDATE bundles SET due = NULL WHERE bundle = 'B-1'", "derived.bundle", "bundle B-1"),
    "what lists add up": ("UPDATE bundles SET liability = 1 WHERE bundle = 'B-1'", "derived.bundle", "bundle B-1"),
    "a bundle's last use": ("UPDATE bundles SET used_on = '2026-12-31' WHERE bundle = 'B-1'", "derived.bundle", "bundle B-1"),
    "a bundle's row": ("DELETE FROM bundles WHERE bundle = 'B-2'", "derived.bundle", "bundle B-2"),
    "a customer's credit": ("UPDATE customers SET credit = 9 WHERE customer = 'C-2'", "derived.customer", "customer C-2"),
    "a visit": ("UPDATE visits SET paid = 0", "derived.visit", "visit S-5"),
    "a month's balance": (
        "UPDATE balances SET amount = amount + 1 WHERE role = 'bank'",
        "derived.balance",
        "balance 2026-03 bank",
    ),
    "a day's count": ("UPDATE days SET entries = 9 WHERE date = '2026-02-02'", "derived.day", "day 2026-02-02"),
    "the calendar": ("UPDATE heads SET calendar = '2026-12-31'", "derived.head", "head"),
    "the head's digest": ("UPDATE heads SET digest = zeroblob(32)", "chain.head", "head"),
    "the bundle in the row": ("UPDATE events SET bundle = 'B-2' WHERE id = 'u1'", "derive.bundle", "event u1"),
    "no bundle in the row": ("UPDATE events SET bundle = NULL WHERE id = 'u1'", "derive.bundle", "event u1"),
    "the customer in the row": ("UPDATE events SET customer = 'C-2' WHERE id = 'u1'", "derive.customer", "event u1"),
    "what a closing kept": ("DELETE FROM periods", "closed.missing", "2026-02"),
    "what no closing kept": ("UPDATE periods SET period = '2026-01'", "closed.stray", "2026-01"),
    "the key of a customer": ("DELETE FROM keys WHERE customer = 'C-1'", "key.missing", "customer C-1"),
    "the bytes of a key": ("UPDATE keys SET wrapped = zeroblob(60) WHERE customer = 'C-1'", "key.changed", "customer C-1"),
    "the digest of a day file": (
        "UPDATE days SET file = '00' || substr(file, 3) WHERE date = '2026-02-10'",
        "derived.file",
        "journal/2026/2026-02-10.beancount",
    ),
    "a sum of a month": ("UPDATE liability SET amount = amount + 1", "derived.sum", "sum 2026-0"),
    "a sum of a bundle": ("DELETE FROM bundle_liability", "derived.sum-of-bundle", "sum of bundle B-1"),
    "a result": ("UPDATE results SET provider = 'PR-9'", "derived.result", "result 2026-0"),
    "how far the sums go": ("UPDATE marks SET entry = 1", "derived.sum", "sum 2026-0"),
    "the calendar, unreadable": ("UPDATE heads SET calendar = '2026-06-1x'", "row.unreadable", "heads.calendar"),
    "the last closed day, unreadable": ("UPDATE heads SET closed_through = '?'", "row.unreadable", "heads.closed_through"),
    "the date in the row, unreadable": (
        "UPDATE events SET date = '2026-02-3x' WHERE id = 'p1'",
        "row.unreadable",
        "events.date of event p1",
    ),
    "the month of a closing, unreadable": ("UPDATE periods SET period = '2026-1x'", "row.unreadable", "periods.period"),
    "the files of a closing, unreadable": ("UPDATE periods SET files = x'7b'", "row.unreadable", "periods.files"),
    "the files of a closing, no table": ("UPDATE periods SET files = x'5b5d'", "row.unreadable", "periods.files"),
    "a day, unreadable": ("UPDATE days SET date = '2026-02-3x' WHERE date = '2026-02-02'", "row.unreadable", "days.date"),
    "a month's balance, unreadable": (
        "UPDATE balances SET month = replace(month, '-03', '-3x')",
        "row.unreadable",
        "balances.month",
    ),
    "a record, no event": ("UPDATE events SET record = x'5b5d' WHERE id = 'p1'", "chain.digest", "event p1"),
    "the head of a closing": ("UPDATE periods SET head = zeroblob(32)", "closed.head", "2026-02"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_tampered_database_is_found_out(root: Path, case: str) -> None:
    statement, code, where = TAMPERED[case]
    tamper(root, statement)
    found = checked(root)
    mine = [finding for finding in found if finding.code == code]
    assert mine, found
    assert mine[0].where.startswith(where)
    assert all(finding.message and finding.hint for finding in found)


def test_a_record_forged_with_its_digest_breaks_the_next_link(root: Path) -> None:
    with open_workspace(root) as ws:
        stored = ws.store.event(3)
        before = ws.store.event(2)
    assert stored is not None
    assert before is not None
    from revrec.store.format import chain_digest

    forged = stored.record.replace(b'"150.00"', b'"151.00"')
    tamper(
        root,
        "UPDATE events SET record = ?, digest = ? WHERE seq = 3",
        values=(forged, chain_digest(before.digest, forged)),
    )
    named = [finding.where for finding in checked(root) if finding.code == "chain.digest"]
    assert named == ["event u1"]


def test_a_whole_chain_forged_still_differs_from_its_derivation(root: Path) -> None:
    """Entries, records, digests and head are consistent, but the revenue is not what the pinned policy gives."""
    import hashlib

    from revrec.store.format import chain_digest

    with open_workspace(root) as ws:
        events = list(ws.store.events())
        bodies = {row[0]: bytes(row[5]) for row in ws.store.rows("entry_rows", 0)}
    bodies[2] = bodies[2].replace(b"5000", b"4900")
    digest = bytes(32)
    with sqlite3.connect(root / "revrec.db") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE entries SET body = ? WHERE number = 2", (bodies[2],))
        for stored in events:
            posted = hashlib.sha256(b"".join(bodies[number] for number in stored.numbers)).hexdigest().encode()
            record = re.sub(rb'"entries":"[0-9a-f]{64}"', b'"entries":"' + posted + b'"', stored.record, count=1)
            digest = chain_digest(digest, record)
            connection.execute("UPDATE events SET record = ?, digest = ? WHERE seq = ?", (record, digest, stored.seq))
        connection.execute("UPDATE heads SET digest = ?", (digest,))
    connection.close()
    named = {(finding.code, finding.where) for finding in checked(root)}
    assert ("derive.entry", "E-2") in named
    assert not {code for code, _ in named if code.startswith("chain.")}


def test_a_file_changed_by_hand_is_named(root: Path) -> None:
    path = root / "journal/2026/2026-02-10.beancount"
    path.write_text(path.read_text("utf-8").replace("50.00", "51.00"), "utf-8")
    found = {finding.code: finding.where for finding in checked(root)}
    assert found["books.changed"] == "journal/2026/2026-02-10.beancount"
    assert found["closed.file"] == "journal/2026/2026-02-10.beancount"


def test_a_missing_and_a_stray_file_are_named(root: Path) -> None:
    (root / "journal/2026/2026-03-02.beancount").unlink()
    (root / "journal/2026/2026-03-09.beancount").write_text("", "utf-8")
    found = {finding.code: finding.where for finding in checked(root)}
    assert found["books.missing"] == "journal/2026/2026-03-02.beancount"
    assert found["books.stray"] == "journal/2026/2026-03-09.beancount"


def test_a_changed_manifest_is_named(root: Path) -> None:
    manifest = root / "journal/MANIFEST"
    manifest.write_text(manifest.read_text("utf-8")[64:], "utf-8")
    assert "journal/MANIFEST" in {finding.where for finding in checked(root)}


def test_many_findings_of_a_kind_are_counted(root: Path) -> None:
    tamper(root, "UPDATE events SET content = zeroblob(32)", "UPDATE events SET digest = zeroblob(32)")
    found = [finding for finding in checked(root) if finding.code == "chain.digest"]
    assert 0 < len(found) <= 21


def test_settings_that_change_later_do_not_change_the_past(root: Path) -> None:
    """Another zone and another account for card payments: what is booked is derived under the settings of its time."""
    settings = root / "revrec.toml"
    text = re.sub(r"(?m)^time_zone = .*$", 'time_zone = "Pacific/Auckland"', settings.read_text("utf-8"))
    text = re.sub(r"(?m)^\[methods\].*$", "", text)
    settings.write_text(text + '\n[methods]\ncard = "bank"\n', "utf-8")
    assert checked(root) == ()
    late = event("late", "2026-04-05", "payment.received", payment="P-8", bundle="B-2", amount="50.00", method="card")
    assert book(root, lines([late | {"time": "2026-04-05T23:30:00+02:00"}])).recorded == 1
    with open_workspace(root) as ws:
        [entry] = ws.store.entries_of(event_id="late")
        assert str(entry.date) == "2026-04-06"
        assert entry.postings[0].role == "bank"
    assert checked(root) == ()


def test_a_version_added_backwards_in_time_does_not_change_what_was_sold(root: Path) -> None:
    """A newer package version dated before an old sale: that sale keeps the version which it pinned."""
    policy = root / "policy.toml"
    text = policy.read_text("utf-8")
    start = text.index('[[package]]\nid = "PSY-3"')
    package = text[start : text.index("[[", start + 5)].replace("2026-01-01", "2026-02-01").replace("150.00", "180.00")
    policy.write_text(f"{text}\n{package}", "utf-8")
    assert (
        book(root, lines([event("n", "2026-04-05", "bundle.sold", bundle="B-5", package="PSY-3", customer="C-1")])).recorded == 1
    )
    with open_workspace(root) as ws:
        sold = {bundle.id: bundle.price for bundle in ws.store.bundles()}
    assert (sold["B-1"], sold["B-5"]) == (15000, 18000)
    assert checked(root) == ()


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_size_of_a_batch_changes_nothing(tmp_path: Path, shelf: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("revrec.app.record.BATCH", size)
    monkeypatch.setattr("revrec.store.book.KEPT", 1)
    other = prepare(tmp_path / "books")
    with open_workspace(shelf) as left, open_workspace(other) as right:
        for statement, *values in (
            ("bundle_rows", ""),
            ("movement_states", "", ""),
            ("customers",),
            ("balances", "9999"),
            ("days",),
        ):
            assert left.store.rows(statement, *values) == right.store.rows(statement, *values)
        assert [e[5] for e in left.store.rows("entry_rows", 0)] == [e[5] for e in right.store.rows("entry_rows", 0)]
    assert checked(other) == ()


def test_advancing_and_recording_in_either_order_is_the_same(tmp_path: Path, root: Path) -> None:
    from datetime import date

    with open_workspace(root) as ws:
        assert advance(ws, date(2026, 9, 30), now=NOW).entries == 1
        again = advance(ws, date(2026, 9, 30), now=NOW)
        assert (again.entries, again.calendar) == (0, date(2026, 9, 30))
        head = ws.store.head()
        advance(ws, date(2026, 9, 1), now=NOW)
        assert ws.store.head() == head
    other = copied(root, tmp_path / "other")
    assert book(other, lines(HISTORY)).repeated == len(HISTORY)
    assert checked(other) == ()
