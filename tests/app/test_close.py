"""Closing a month: the checklist, the facts that are kept, and what it then protects."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from revrec.app.advance import InTheFuture, advance
from revrec.app.close import ChecklistFailed, NoPeriod, close
from revrec.app.workspace import open_workspace
from revrec.core.errors import Refused
from tests.app.shelf import NOW, book, checked, copied, event, lines, prepare, tamper


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("shelf") / "books")


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


def test_a_month_is_closed_with_its_evidence(root: Path) -> None:
    with open_workspace(root) as ws:
        done = close(ws, "2026-03", approver="A. Perez", now=NOW)
        assert [check.passed for check in done.checks] == [True] * 5
        assert ws.store.head().digest.hex() == done.digest
        [february, march] = ws.store.periods()
        assert (february.period, march.period) == (date(2026, 2, 1), date(2026, 3, 1))
        assert sorted(march.files) == [f"journal/2026/2026-03-{day:02}.beancount" for day in (1, 2, 3)]
        closing = ws.store.event(march.seq)
        assert closing is not None
        assert (closing.id, closing.source, closing.digest) == ("close-2026-03-1", "revrec", march.head)
    assert checked(root) == ()


def test_nothing_is_dated_in_a_closed_month_any_more(root: Path) -> None:
    with open_workspace(root) as ws:
        [entry] = ws.store.entries_of(event_id="u5")
    assert (entry.date, entry.effective, entry.late) == (date(2026, 3, 1), date(2026, 2, 20), True)


def test_a_month_that_has_not_ended_stays_open(root: Path) -> None:
    with open_workspace(root) as ws, pytest.raises(Refused, match="ends on 2026-11-30"):
        close(ws, "2026-11", approver="A", now=NOW)
    with open_workspace(root) as ws, pytest.raises(NoPeriod, match="2026-01"):
        close(ws, "november", approver="A", now=NOW)


def test_a_failed_item_needs_a_reason_which_is_kept(root: Path) -> None:
    path = root / "journal/2026/2026-03-02.beancount"
    path.write_bytes(path.read_bytes() + b"; by hand\n")
    with open_workspace(root) as ws:
        with pytest.raises(ChecklistFailed, match=r"files as written.*2026-03-02") as failed:
            close(ws, "2026-03", approver="A", now=NOW)
        assert "--reason" in str(failed.value)
        assert ws.store.head().closed_through == date(2026, 2, 28)
        close(ws, "2026-03", approver="A", reason="seen, a comment", now=NOW)
        assert ws.store.unsealed(ws.store.events_by_id("close-2026-03-1")[0]) == {"note": "seen, a comment"}


def test_damage_in_the_store_fails_the_checklist(root: Path) -> None:
    tamper(root, "UPDATE balances SET amount = amount + 1 WHERE role = 'contract-liability' AND month = '2026-02'")
    with open_workspace(root) as ws, pytest.raises(ChecklistFailed, match=r"difference -0\.01"):
        close(ws, "2026-03", approver="A", now=NOW)


def test_a_month_opened_again_is_closed_under_the_next_number(root: Path) -> None:
    again = event("r1", "2026-05-02", "period.reopened", period="2026-03", approver="A", reason="forgotten")
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
    book(
        root,
        lines([again, event("x", "2026-03-20", "payment.received", payment="P-9", customer="C-1", amount="9", method="cash")]),
    )
    assert checked(root) == ()
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
        assert ws.store.events_by_id("close-2026-03-2")
        assert "journal/2026/2026-03-20.beancount" in ws.store.periods()[-1].files
    assert checked(root) == ()


def test_the_calendar_runs_beyond_today_only_when_asked(root: Path) -> None:
    with open_workspace(root) as ws:
        with pytest.raises(InTheFuture, match="--future"):
            advance(ws, date(2027, 6, 30), now=NOW)
        done = advance(ws, date(2027, 6, 30), future=True, now=NOW)
        assert done.calendar == date(2027, 6, 30)
        event_ids = [event.id for event in ws.store.events()][-1:]
    assert event_ids == ["advance-2027-06-30"]
    assert checked(root) == ()


def test_today_is_that_of_the_taxpayer(root: Path) -> None:
    with open_workspace(root) as ws:
        late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
        assert advance(ws, date(2026, 12, 1), now=late).calendar == date(2026, 12, 1)
