"""Bundles at a glance: chosen and added up by the database as the books of each would be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from revrec.app import bundles, glance, report
from revrec.app.advance import advance
from revrec.app.glance import Payment, Show, Standing, Wanted
from revrec.app.workspace import Workspace, open_workspace
from tests.app.desk import NOW, Desk, paid, registered, sold, used

DAY = NOW.date()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "books")


def lines(desk: Desk, show: Show = Show.ALL, on: date = DAY) -> dict[str, glance.Line]:
    found = desk.asked(glance.glance, Wanted(show), on)
    return {line.bundle.id: line for line in found.lines}


def test_the_columns_say_what_the_card_of_each_bundle_says(example: Workspace) -> None:
    on = max(day.date for day in example.store.days())
    found = glance.glance(example, Wanted(Show.ALL), on)
    assert found.chosen.bundles == len(found.lines) > 10
    cards = [bundles.show(example, line.bundle.id, on) for line in found.lines]
    assert [line.liability for line in found.lines] == [card.deferred for card in cards]
    assert [line.owed for line in found.lines] == [card.owed for card in cards]
    assert [line.refund for line in found.lines] == [card.refund for card in cards]
    assert found.chosen.liability == sum(card.deferred for card in cards) == report.ledger(example, on)
    assert found.chosen.owed == sum(card.owed for card in cards)


def test_a_session_moves_the_last_use_forward_and_never_back(desk: Desk) -> None:
    desk.say(sold("B-1", "NONE", day="2026-02-01"))
    assert lines(desk)["B-1"].used_on == date(2026, 2, 1)
    desk.say(used("S-1", "B-1", "2026-03-10"))
    desk.say(used("S-2", "B-1", "2026-02-20"), used("S-3", "B-1", "2026-02-21"))
    assert lines(desk)["B-1"].used_on == date(2026, 3, 10)


def test_what_is_used_up_is_not_open_until_a_session_comes_back(desk: Desk) -> None:
    desk.say(sold("B-1", "NONE"), paid("P-1", "B-1", "500.00"), *(used(f"S-{n}", "B-1") for n in range(10)))
    assert lines(desk, Show.OPEN) == {}
    assert lines(desk, Show.ENDED)["B-1"].standing is Standing.USED
    desk.say(("2026-03-20", "session.reversed", {"session": "S-9", "reason": "a mistake"}))
    assert lines(desk, Show.OPEN)["B-1"].standing is Standing.OPEN


def test_the_calendar_ends_a_bundle_in_the_list_as_in_the_books(desk: Desk) -> None:
    desk.say(sold("B-1", "NONE", day="2026-01-10"), paid("P-1", "B-1", "500.00", "2026-01-10"))
    late = date(2026, 7, 11)
    assert lines(desk, Show.EXPIRING, late)["B-1"].standing is Standing.LAPSED
    with open_workspace(desk.root) as ws:
        advance(ws, late, now=NOW.replace(month=7, day=12))
    assert lines(desk, Show.EXPIRING, late) == {}
    ended = lines(desk, Show.ENDED, late)["B-1"]
    assert (ended.standing, ended.liability, ended.left) == (Standing.EXPIRED, 0, 0)


def test_a_payment_settles_what_was_overdue(desk: Desk) -> None:
    desk.say(registered("C-1"), sold("B-1", "NONE", day="2026-03-01"), used("S-1", "B-1", "2026-03-02"))
    assert lines(desk, Show.UNPAID)["B-1"].payment is Payment.OVERDUE
    assert lines(desk, Show.UNPAID)["B-1"].owed_since == date(2026, 3, 2)
    desk.say(paid("P-1", "B-1", "50.00"))
    assert lines(desk, Show.UNPAID)["B-1"].payment is Payment.PENDING
    desk.say(paid("P-2", "B-1", "450.00"))
    assert lines(desk, Show.UNPAID) == {}
    assert lines(desk)["B-1"].payment is Payment.PAID


def test_the_next_instalment_is_named(desk: Desk) -> None:
    plan = [{"due_on": "2026-03-01", "amount": "250.00"}, {"due_on": "2026-04-01", "amount": "250.00"}]
    desk.say(sold("B-1", "NONE", day="2026-03-01", instalments=plan), paid("P-1", "B-1", "250.00", "2026-03-01"))
    line = lines(desk)["B-1"]
    assert (line.payment, line.next_instalment) == (Payment.PENDING, date(2026, 4, 1))


def test_books_of_long_ago_tie_to_the_ledger_of_then(desk: Desk) -> None:
    desk.say(sold("B-1", "NONE", day="2026-03-01"), paid("P-1", "B-1", "500.00", "2026-03-01"), used("S-1", "B-1"))
    assert desk.asked(glance.ledger_until, date(2026, 3, 10)) == 50_000
    assert desk.asked(glance.ledger_until, DAY) is None
