"""What if: the recorded history under other rules, and books that stay as they are."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from revrec.app.verify import verify
from revrec.app.whatif import WhatIf, whatif
from revrec.app.workspace import open_workspace
from revrec.cli import main as cli
from revrec.core.report import record
from revrec.wire.errors import PolicyUnreadable
from tests.app.conftest import POLICY, Desk


class Asked:
    """Asks what would be under the policy of the tests with some lines replaced."""

    def __init__(self, desk: Desk) -> None:
        self.root = desk.root

    def file(self, *changes: tuple[str, str], more: str = "") -> Path:
        text = POLICY
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = self.root.parent / "other.toml"
        path.write_text(text + more, "utf-8")
        return path

    def __call__(self, *changes: tuple[str, str], more: str = "", since: date | None = None, until: date | None = None) -> WhatIf:
        with open_workspace(self.root) as ws:
            return whatif(ws, self.file(*changes, more=more), since, until)


@pytest.fixture
def asked(sold: Desk) -> Asked:
    sold("2026-04-03", "session.no_show", session="S-3", bundle="B-1")
    sold.advance("2026-05-31")
    return Asked(sold)


def rows(found: WhatIf) -> list[tuple[object, ...]]:
    return [tuple(record(found.table.columns, row, "EUR").values()) for row in found.table.rows]


def test_the_same_rules_make_no_difference(asked: Asked) -> None:
    found = asked()
    assert found.same
    assert list(found.lines()) == ["no difference: under other.toml the 8 recorded events lead to the same figures"]


def test_a_waived_no_show_earns_nothing_and_stays_owed(asked: Asked) -> None:
    found = asked(('no_show = "deduct"', 'no_show = "waive"'))
    assert rows(found) == [
        ("2026-04", "revenue", "50.00", "0.00", "-50.00"),
        ("2026-04", "contract liability", "350.00", "400.00", "50.00"),
        ("2026-05", "contract liability", "350.00", "400.00", "50.00"),
        ("2026-05", "refunds owed", "350.00", "400.00", "50.00"),
    ]
    assert not found.left_out
    assert "In all: revenue -50.00." in list(found.lines())


def test_an_earlier_expiry_is_breakage_and_later_sessions_are_left_out_with_the_reason(asked: Asked) -> None:
    found = asked(("expiry_months = 6", "expiry_months = 1"), ('expiry_kind = "soft"\ngrace_days = 15', 'expiry_kind = "hard"'))
    assert rows(found) == [
        ("2026-04", "revenue", "50.00", "0.00", "-50.00"),
        ("2026-04", "breakage", "0.00", "400.00", "400.00"),
        ("2026-04", "contract liability", "350.00", "0.00", "-350.00"),
        ("2026-05", "contract liability", "350.00", "0.00", "-350.00"),
        ("2026-05", "refunds owed", "350.00", "0.00", "-350.00"),
    ]
    assert [(left.event, left.type) for left in found.left_out] == [("e7", "session.no_show")]
    assert "expired on 2026-04-02" in found.left_out[0].reason


def test_only_the_days_asked_for_are_compared_and_what_stood_before_counts(asked: Asked) -> None:
    change = ('recognition = "per_session"', 'recognition = "at_purchase"')
    assert ("2026-03", "revenue", "100.00", "500.00", "400.00") in rows(asked(change))
    later = rows(asked(change, since=date(2026, 4, 1), until=date(2026, 4, 30)))
    assert ("2026-04", "revenue", "50.00", "0.00", "-50.00") in later
    assert ("2026-04", "contract liability", "350.00", "0.00", "-350.00") in later
    assert not [row for row in later if row[0] == "2026-03"]


def test_a_file_that_sells_nothing_of_it_leaves_everything_out(asked: Asked) -> None:
    found = asked(('id = "PSY-10"', 'id = "PSY-99"'))
    assert [left.event for left in found.left_out] == ["e3", "e4", "e5", "e6", "e7"]
    assert "no package PSY-10" in found.left_out[0].reason
    assert found.left_out[0].rule == "events.md 2"
    assert ("2026-03", "revenue", "100.00", "0.00", "-100.00") in rows(found)


def test_a_version_of_the_same_name_counts_as_the_other_file_says_it(asked: Asked) -> None:
    """The recorded books refuse a changed version under an old `since`; asking what if is what it is for."""
    found = asked(('list_price = "60.00"', 'list_price = "70.00"'), ('price = "500.00"', 'price = "400.00"'))
    assert ("2026-03", "revenue", "100.00", "80.00", "-20.00") in rows(found)


def test_the_books_stay_as_they_are_to_the_byte(asked: Asked) -> None:
    def files() -> dict[str, str]:
        kept = (path for path in asked.root.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}

    before = files()
    assert not asked(("expiry_months = 6", "expiry_months = 1")).same
    assert files() == before
    with open_workspace(asked.root) as ws:
        assert verify(ws) == ()


def test_closed_months_are_replayed_as_closed(sold: Desk) -> None:
    sold("2026-04-03", "period.closed", period="2026-03", approver="A")
    sold("2026-04-04", "session.completed", session="S-9", bundle="B-1", effective_date="2026-03-30")
    found = Asked(sold)(("units = 9", "units = 19"))
    assert ("2026-04", "revenue", "50.00", "25.00", "-25.00") in rows(found)


def test_a_file_with_a_mistake_is_named(asked: Asked) -> None:
    with pytest.raises(PolicyUnreadable, match=r"other\.toml"):
        asked(("expiry_months = 6", 'expiry_months = "six"'))


def test_the_command_prints_json_with_the_refused_events(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    other = asked.file(('id = "PSY-10"', 'id = "PSY-99"'))
    assert cli.main(["-C", str(asked.root), "whatif", "--policy", str(other), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["same"] is False
    assert said["events"] == 8
    assert {"month": "2026-03", "figure": "revenue", "recorded": "100.00", "other": "0.00", "difference": "-100.00"} in said[
        "rows"
    ]
    assert said["left_out"][0]["event"] == "e3"


def test_days_the_wrong_way_round_are_wrong_usage(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["whatif", "--policy", str(asked.file()), "--from", "2026-05-01", "--to", "2026-04-01"]
    assert cli.main(["-C", str(asked.root), *words]) == 2
    assert "lies after" in capsys.readouterr().err
