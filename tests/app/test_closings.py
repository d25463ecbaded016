"""The months of the books: their state, who closed them and why, and the checklist of one that is open."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from revrec.app import closings
from revrec.app.checklist import SLOW, Evidence
from revrec.app.close import ChecklistFailed, check, close
from revrec.app.closings import Seen, State, months, slow, standing
from revrec.app.workspace import open_workspace
from tests.app.shelf import NOW, book, copied, event, lines, prepare, tamper

MARCH = date(2026, 3, 1)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("shelf") / "books")


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


def month(ws, first=MARCH):
    return next(each for each in months(ws) if each.first == first)


def test_a_closed_month_says_who_closed_it_why_and_what_failed(root: Path) -> None:
    path = root / "journal/2026/2026-03-02.beancount"
    path.write_bytes(path.read_bytes() + b"; by hand\n")
    with open_workspace(root) as ws:
        assert month(ws).state is State.OPEN
        done = close(ws, "2026-03", approver="A. Perez", reason="seen, a comment", now=NOW)
        found = month(ws)
    closing = found.closing
    assert closing is not None
    assert (found.state, found.entries) == (State.CLOSED, 4)
    assert (closing.approver, closing.reason, closing.sealed, closing.failed) == ("A. Perez", "seen, a comment", False, (15,))
    assert (closing.checks, closing.head, closing.digest) == (done.checks, done.digest, done.period_digest)
    assert closing.tree is not None
    assert (closing.tree.root, closing.tree.sound) == (done.signed.head.root.hex(), True)


def test_without_the_key_the_reason_is_sealed_and_everything_else_stands(root: Path) -> None:
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", reason="not for everybody", now=NOW)
    (root / "revrec.key").unlink()
    with open_workspace(root) as ws:
        closing = month(ws).closing
    assert closing is not None
    assert (closing.reason, closing.sealed, closing.approver) == (None, True, "A")


def test_a_signed_root_that_was_changed_is_said_to_be_wrong(root: Path) -> None:
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
    tamper(root, "UPDATE tree_heads SET note = CAST(replace(note, '2026-03', '2026-04') AS BLOB)")
    with open_workspace(root) as ws:
        closing = month(ws).closing
    assert closing is not None
    assert closing.tree is not None
    assert not closing.tree.sound
    assert "signature does not fit" in closing.tree.signer


def test_a_month_opened_again_keeps_its_closing_and_later_months_open_with_it(root: Path) -> None:
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
        before = month(ws).closing
    again = event("r1", "2026-05-02", "period.reopened", period="2026-02", approver="B", reason="forgotten")
    book(root, lines([again]))
    with open_workspace(root) as ws:
        found = month(ws)
        assert (found.state, found.closing) == (State.REOPENED, None)
        assert [(act.closes, act.approver) for act in found.acts] == [(True, "A"), (False, "B")]
        assert (found.acts[0], found.acts[1].reason) == (before, "forgotten")
        close(ws, "2026-02", approver="C", reason="again", now=NOW)
        assert month(ws, date(2026, 2, 1)).state is State.CLOSED
        assert month(ws).state is State.REOPENED


def test_in_small_books_every_item_is_looked_at_now_and_what_was_told_is_kept(root: Path) -> None:
    with open_workspace(root) as ws:
        check(ws, "2026-03", now=NOW, evidence=Evidence(psp_balance=15_000))
        found = standing(ws, MARCH, [])
    assert [item.number for item in found.items if item.seq is None] == [*(n for n in range(1, 18) if n != 2)]
    told = found.items[1]
    assert told.check is not None
    assert "reported 150.00" in told.check.evidence
    assert told.seq == found.head


def test_in_large_books_what_takes_long_is_what_was_found_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closings, "FEW", 0)
    with open_workspace(root) as ws:
        first = standing(ws, MARCH, None)
        assert {item.number for item in first.items if item.check is None} == SLOW
        with pytest.raises(ChecklistFailed):
            close(ws, "2026-03", approver="A", now=NOW, evidence=Evidence(psp_balance=1))
        seq = ws.store.head().seq
    book(root, lines([event("p9", "2026-03-30", "payment.received", payment="P-9", customer="C-1", amount="9", method="cash")]))
    with open_workspace(root) as ws:
        later = standing(ws, MARCH, None)
        assert {item.number for item in later.items if item.seq == seq} == SLOW | {2}
        assert later.head == seq + 1
        seen = Seen(later.head, slow(ws, MARCH, []))
        newest = standing(ws, MARCH, None, seen)
        assert {item.number for item in newest.items if item.seq == later.head} == SLOW


def test_books_without_events_have_no_month(new_workspace) -> None:
    with open_workspace(new_workspace()) as ws:
        assert months(ws) == []
