"""The frame of the pages: it reads the workspace beside the ledger, ties, and says in words what it cannot do."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

pytest.importorskip("fava")

from revrec.app.workspace import open_workspace
from revrec.fava.beside import Beside
from revrec.fava.frame import FramedPage
from revrec.store.errors import DatabaseReadOnly
from tests.app.desk import Desk, paid, registered, sold, used
from tests.fava.books_of import SLUG, client, page, served, words


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle sold and paid."""
    desk = Desk(tmp_path_factory.mktemp("shelf") / "books")
    desk.say(registered("C-1", tax_id="12345678Z"), sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"))
    return desk.root


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    return Path(shutil.copytree(shelf, tmp_path / "books"))


def test_a_page_has_tabs_that_keep_the_boxes(root):
    text = page(client(root), "RevrecTrace", time="2026-03")
    assert 'aria-current="page">Session trace</a>' in text
    assert "/extension/RevrecRollforward/?time=2026-03" in text


def test_the_roll_forward_stands_in_the_same_tabs(root):
    assert 'aria-current="page">Contract liability</a>' in page(client(root), "RevrecRollforward")


def test_the_style_sheet_is_one_file_that_may_be_kept(root):
    fava = client(root)
    text = fava.get(f"{SLUG}/extension/RevrecTrace/").text
    address = text.split('<link rel="stylesheet" href="')[2].partition('"')[0]
    answer = fava.get(address)
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert "style=" not in page(fava, "RevrecTrace", id="B-1")


def test_what_a_page_does_not_look_at_is_said(root):
    text = words(page(client(root), "RevrecTrace", id="B-1", filter="tea", account="Assets"))
    assert "Filter not applied to this page: Assets tea" in text


def test_words_from_the_address_are_escaped(root):
    text = page(client(root), "RevrecTrace", id="<script>alert(1)</script>", filter='"><b>')
    assert "<script>" not in text
    assert '"><b>' not in text


def test_without_a_database_the_page_says_so_and_fava_lives(root):
    (root / "revrec.db").unlink()
    fava = client(root)
    assert "there is no database here" in words(page(fava, "RevrecTrace"))
    assert fava.get(f"{SLUG}/income_statement/").status_code == 200


def test_without_a_workspace_the_page_says_so(root):
    (root / "revrec.toml").unlink()
    assert "no workspace here" in words(page(client(root), "RevrecTrace"))


def test_a_database_of_an_older_version_is_named_with_the_remedy(root):
    with sqlite3.connect(root / "revrec.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
    connection.close()
    assert "run `revrec upgrade`" in words(page(client(root), "RevrecTrace"))


def test_a_database_that_is_locked_is_said_and_read_when_it_is_free(root):
    fava = client(root)
    holder = sqlite3.connect(root / "revrec.db", isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("UPDATE heads SET seq = seq")
    holder.execute("COMMIT")
    assert "another command is writing these books" in words(page(fava, "RevrecTrace", id="B-1"))
    holder.close()
    assert "bundle B-1" in words(page(fava, "RevrecTrace", id="B-1"))


@pytest.mark.parametrize(
    ("name", "query"), [("RevrecBundles", {"show": "all"}), ("RevrecTrace", {"id": "B-1"}), ("RevrecInvoices", {})]
)
def test_in_incognito_no_amount_is_left(root, name, query):
    fava = served(root / "main.beancount", incognito=True)
    text = page(fava, name, **query)
    assert "XXX.XX" in words(text)
    assert not re.search(r"\b500\.00\b", text)


def test_what_is_recorded_while_fava_runs_is_seen(shelf, tmp_path):
    desk = Desk.__new__(Desk)
    desk.root, desk.count = Path(shutil.copytree(shelf, tmp_path / "books")), 100
    fava = client(desk.root)
    assert "nothing of that id" in words(page(fava, "RevrecTrace", id="S-1"))
    desk.say(used("S-1", "B-1"))
    assert "session S-1" in words(page(fava, "RevrecTrace", id="S-1"))


def test_pages_read_and_cannot_write(root):
    with Beside(root).opened() as ws:
        with pytest.raises(DatabaseReadOnly), ws.store.transaction():
            pass
        with pytest.raises(Exception, match="readonly"):
            ws.store.connection.exec_driver_sql("UPDATE heads SET seq = 0")
    with open_workspace(root) as ws:
        assert ws.store.head().seq == 3


def test_what_is_remembered_is_forgotten_when_the_books_move(shelf, tmp_path):
    desk = Desk.__new__(Desk)
    desk.root, desk.count = Path(shutil.copytree(shelf, tmp_path / "books")), 200
    beside, asked = Beside(desk.root), []

    def count() -> int:
        with beside.opened() as ws:
            return beside.remembered("events", lambda: asked.append(1) or ws.store.head().seq)

    assert (count(), count(), len(asked)) == (3, 3, 1)
    desk.say(used("S-1", "B-1"))
    assert (count(), len(asked)) == (4, 2)


def test_a_page_without_a_body_cannot_exist():
    class RevrecEmpty(FramedPage):
        """It answers nothing."""

    with pytest.raises(TypeError, match="abstract"):
        RevrecEmpty(None)


def test_what_could_not_be_worked_out_is_said_and_then_tried_again(root):
    beside, tries = Beside(root), []

    def fail(_):
        tries.append(1)
        raise OSError("the disk is full")

    def asked():
        with beside.opened():
            return beside.worked_out("cohorts", fail)

    for count in (1, 2):
        assert asked().value is None
        for _ in range(500):
            if not beside._working:
                break
            time.sleep(0.01)
        with pytest.raises(OSError, match="the disk is full"):
            asked()
        assert len(tries) == count
