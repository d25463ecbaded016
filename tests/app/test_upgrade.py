"""Upgrade: the derived tables of an older database are made again from its events, or nothing changes at all."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

from revrec.app import sums
from revrec.app.upgrade import UpgradeRefused, upgrade
from revrec.app.workspace import open_workspace
from revrec.store import schema
from revrec.store.errors import DatabaseOlder
from revrec.store.store import create
from revrec.store.tables import FACTS
from tests.app.shelf import HISTORY, book, checked, copied, event, lines, prepare, state, tamper

DERIVED = ("bundles", "movements", "customers", "visits", "holdings")
NEW = {"tree_heads", "checklists", "disclosures", "disclosed", "statements"}  # facts that no earlier release has written
SUMS = ("liability", "bundle_liability", "results", "marks")


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of this release with a history."""
    return prepare(tmp_path_factory.mktemp("upgrade") / "books")


@pytest.fixture
def old(today: Path, tmp_path: Path) -> Path:
    """The same workspace as the first release left it."""
    return earlier(copied(today, tmp_path / "books"), "0001")


def earlier(root: Path, version: str) -> Path:
    """The workspace with a database of an earlier version: what that one knew of it, its bundles in a form that nobody reads."""
    made = root / "earlier.db"
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with schema.engine(f"sqlite:///{made}", create=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.commit()
    with sqlite3.connect(made) as connection:
        connection.execute("ATTACH ? AS now", (str(root / "revrec.db"),))
        for table, columns in _columns(connection).items():
            connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM now.{table}")
        connection.execute("UPDATE bundles SET state = x'5b5d'")
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        (root / f"revrec.db{suffix}").unlink(missing_ok=True)
    made.rename(root / "revrec.db")
    return root


def _columns(connection: sqlite3.Connection) -> dict[str, str]:
    """The columns of each table that has none which is gone today."""
    tables = connection.execute(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name != 'alembic_version'"
    ).fetchall()
    then, now = (
        {
            name: [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?, ?)", (name, place))]
            for (name,) in tables
        }
        for place in ("main", "now")
    )
    return {name: ", ".join(columns) for name, columns in then.items() if set(columns) <= set(now[name])}


def version(path: Path) -> str:
    """The version that a database says of itself."""
    with sqlite3.connect(path) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return str(found)


def test_an_upgraded_database_is_that_of_this_release(today: Path, old: Path) -> None:
    with pytest.raises(DatabaseOlder, match="revrec upgrade"), open_workspace(old):
        pass
    done = upgrade(old)
    assert (done.before, done.after, done.backup) == ("0001", schema.VERSION, old / "revrec-0001.db")
    assert upgrade(old) == (schema.VERSION, schema.VERSION, None)
    assert checked(old) == ()


@pytest.mark.parametrize("before", ["0001", "0002", "0003"])
def test_an_upgrade_fills_everything_that_is_derived(today: Path, tmp_path: Path, before: str) -> None:
    _filled(copied(today, tmp_path / "today"), earlier(copied(today, tmp_path / "books"), before))


def test_an_upgrade_of_books_that_issue_fills_everything_too(practice: Path, tmp_path: Path) -> None:
    kept = _filled(copied(practice, tmp_path / "today"), earlier(copied(practice, tmp_path / "books"), "0003"))
    assert all(kept[table] for table in ("invoices", "records", "accounts"))


def _filled(today: Path, old: Path) -> dict[str, Any]:
    """The books of this release, with which the upgraded ones agree in every table, sums included."""
    assert upgrade(old).after == schema.VERSION
    assert checked(old) == ()
    for root in (today, old):
        with open_workspace(root) as ws:
            sums.catch_up(ws)
    kept, made = _tables(today), _tables(old)
    assert all(kept[table] for table in ("bundles", "movements", "visits", *SUMS))
    assert made == kept
    assert checked(old) == ()
    return kept


def _tables(root: Path) -> dict[str, Any]:
    return {name: rows for name, rows in state(root).items() if "." not in name and "/" not in name and name not in NEW}


def test_the_books_go_on_after_an_upgrade(old: Path) -> None:
    upgrade(old)
    more = event("u9", "2026-04-03", "session.completed", session="S-9", bundle="B-1")
    assert book(old, lines([more]), "more.jsonl").recorded == 1
    assert book(old, lines(HISTORY)).repeated == len(HISTORY)
    assert checked(old) == ()


def test_the_file_as_it_was_stands_beside_it(old: Path) -> None:
    (old / "revrec.db").chmod(0o600)
    backup = upgrade(old).backup
    assert backup is not None
    assert version(backup) == "0001"
    assert backup.stat().st_mode & 0o777 == 0o600
    shutil.copy(backup, old / "revrec.db")
    assert upgrade(old).before == "0001"


def test_facts_stay_append_only_and_movements_do_not(old: Path) -> None:
    upgrade(old)
    with sqlite3.connect(old / "revrec.db") as connection:
        found = connection.execute("SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1").fetchall()
    connection.close()
    assert [table for (table,) in found] == sorted(FACTS)


def test_what_another_process_left_in_the_file_of_changes_is_taken_over(old: Path) -> None:
    """The copy is no copy of one file: what stands beside it is in it."""
    other = sqlite3.connect(old / "revrec.db")
    other.execute("UPDATE days SET file = 'abc'")
    other.commit()
    backup = upgrade(old).backup
    other.close()
    assert backup is not None
    with sqlite3.connect(backup) as connection:
        assert connection.execute("SELECT DISTINCT file FROM days").fetchall() == [("abc",)]
    connection.close()


def other_entry(root: Path) -> str:
    """As if the earlier release had booked the first payment otherwise: both legs have another amount."""
    with sqlite3.connect(root / "revrec.db") as connection:
        number, seq, body = connection.execute("SELECT number, seq, body FROM entries ORDER BY number LIMIT 1").fetchone()
        (record,) = connection.execute("SELECT record FROM events WHERE seq = ?", (seq,)).fetchone()
    connection.close()
    changed = body.replace(b"15000", b"15001")
    assert changed != body
    posted = record.replace(hashlib.sha256(body).hexdigest().encode(), hashlib.sha256(changed).hexdigest().encode())
    assert posted != record
    tamper(root, "UPDATE entries SET body = ? WHERE number = ?", values=(changed, number))
    tamper(root, "UPDATE events SET record = ? WHERE seq = ?", values=(posted, seq))
    return f"E-{number}"


def test_books_that_would_be_others_are_refused_and_left_as_they_are(old: Path) -> None:
    entry = other_entry(old)
    before = dump(old)
    with pytest.raises(UpgradeRefused, match=rf"event p1 \(payment.received of 2026-02-02\).*its entry {entry} would be another"):
        upgrade(old)
    assert dump(old) == before
    assert not list(old.glob("revrec-*.db"))
    with pytest.raises(DatabaseOlder), open_workspace(old):
        pass


def test_an_event_that_would_be_refused_today_is_named(old: Path) -> None:
    tamper(old, "DELETE FROM pins WHERE kind = 'policy'")
    before = dump(old)
    with pytest.raises(UpgradeRefused, match=r"event s1 \(bundle.sold\) would be refused: no versions of package PSY-3"):
        upgrade(old)
    assert dump(old) == before


def dump(root: Path) -> list[Any]:
    """Everything in a database, tables and rows."""
    with sqlite3.connect(root / "revrec.db") as connection:
        found = list(connection.iterdump())
    connection.close()
    return found


def test_every_taxpayer_of_a_database_is_brought_along(old: Path) -> None:
    """The second one has no events yet; the first one's rows keep their number."""
    with sqlite3.connect(old / "revrec.db") as connection:
        connection.execute("UPDATE taxpayers SET taxpayer = 7")
        connection.execute("INSERT INTO taxpayers VALUES (1, 'ES-A58818501')")
        for table in ("heads", "keys", "balances", "days"):
            connection.execute(f"UPDATE {table} SET taxpayer = 7")
        connection.execute("INSERT INTO heads VALUES (1, 0, 0, zeroblob(32), NULL, NULL)")
    connection.close()
    tamper(old, *(f"UPDATE {table} SET taxpayer = 7" for table in ("events", "entries", "pins", "periods")))
    upgrade(old)
    with sqlite3.connect(old / "revrec.db") as connection:
        numbers = [connection.execute(f"SELECT DISTINCT taxpayer FROM {table}").fetchall() for table in DERIVED[:4]]
    connection.close()
    assert numbers == [[(7,)]] * 4
    assert checked(old) == ()


def test_init_leaves_an_older_database_to_the_upgrade(old: Path) -> None:
    """The tables of one more taxpayer would stand beside tables that nobody has derived."""
    with pytest.raises(DatabaseOlder):
        create(f"sqlite:///{old}/revrec.db", "ES-A58818501")
    assert version(old / "revrec.db") == "0001"
