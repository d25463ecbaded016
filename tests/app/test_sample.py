"""An auditor's sample and the whole counted both ways; what is wrong in the books is an exception."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from revrec.app.sample import Asked, BadSample, Sample, sample
from revrec.app.workspace import open_workspace
from revrec.cli import main as cli
from revrec.core.completeness import Reason, Source, Standing
from revrec.core.sampling import rank
from tests.app.conftest import POLICY, Desk
from tests.app.shelf import tamper

VISIT = {"service": "psychology", "price": "60.00", "tax": "es-health", "customer": "C-1"}


def drawn(desk: Desk, size: int = 10, seed: str = "4711", **asked: Any) -> Sample:
    with open_workspace(desk.root) as ws:
        return sample(ws, Asked(size, seed, **asked))


@pytest.fixture
def used(sold: Desk) -> Desk:
    """Beside S-1 and S-2 of B-1: one undone, one visit, and the rest expired."""
    sold.record(
        ("2026-03-21", "session.completed", {"session": "S-3", "bundle": "B-1"}),
        ("2026-03-22", "session.reversed", {"session": "S-3", "reason": "typed twice"}),
        ("2026-04-01", "session.completed", {"session": "V-1", **VISIT}),
    )
    sold.advance("2026-10-31")
    return sold


def test_both_directions_are_counted_over_everything(used: Desk) -> None:
    found = drawn(used)
    assert found.clean
    assert dict(found.tally.sessions) == {Standing.EARNED: 3, Standing.UNDONE: 1}
    assert dict(found.tally.postings) == {Source.SESSION: 4, Source.UNDONE: 1, Source.BREAKAGE: 1}
    assert dict(found.tally.amounts) == {Source.SESSION: 21000, Source.UNDONE: -5000, Source.BREAKAGE: 40000}
    text = "\n".join(found.lines())
    assert "3  earned, each on exactly one unreversed posting" in text
    assert "6 postings of revenue, 560.00 EUR" in text
    assert "0 exceptions" in text


def test_the_sample_is_the_lowest_ranks_and_each_has_its_evidence(used: Desk) -> None:
    found = drawn(used, 2)
    expected = sorted((rank("4711", name), name) for name in ("S-1", "S-2", "S-3", "V-1"))[:2]
    assert [(item.rank, item.trace.id) for item in found.items] == expected
    assert found.population == 4
    first = found.items[0].trace
    assert (first.kind, first.events[0].type, first.entries[0].place is not None) == ("session", "session.completed", True)


def test_in_reverse_postings_are_drawn_and_lead_back(used: Desk) -> None:
    found = drawn(used, reverse=True)
    assert found.population == len(found.items) == 6
    sessions = {item.trace.id: [session.id for session in item.trace.sessions] for item in found.items}
    assert sessions["E-2"] == ["S-1"]
    rules = {item.trace.id: item.trace.entries[0].entry.rule for item in found.items}
    assert rules["E-7"] == "breakage.expiry"


def test_days_narrow_what_is_counted_and_drawn(used: Desk) -> None:
    found = drawn(used, first=date(2026, 3, 20), last=date(2026, 3, 31))
    assert sorted(item.trace.id for item in found.items) == ["S-2", "S-3"]
    assert dict(found.tally.postings) == {Source.SESSION: 2, Source.UNDONE: 1}


def test_what_is_recognised_otherwise_is_named(desk: Desk) -> None:
    policy = desk.root / "policy.toml"
    policy.write_text(POLICY.replace('"per_session"', '"at_purchase"'), "utf-8")
    desk.record(
        ("2026-03-02", "bundle.sold", {"bundle": "B-1", "package": "PSY-10", "customer": "C-1"}),
        ("2026-03-02", "payment.received", {"payment": "P-1", "bundle": "B-1", "amount": "500.00", "method": "cash"}),
        ("2026-03-10", "session.completed", {"session": "S-1", "bundle": "B-1"}),
    )
    found = drawn(desk)
    assert dict(found.tally.nothing) == {Reason.PURCHASE: 1}
    assert dict(found.tally.postings) == {Source.PURCHASE: 1}
    assert found.clean


def forged(root: Path, number: int, **changes: Any) -> bytes:
    with open_workspace(root) as ws:
        (body,) = ws.store.rows("entries_numbered", number, number + 1)[0]
    return orjson.dumps(orjson.loads(body) | changes, option=orjson.OPT_SORT_KEYS)


def exceptions(desk: Desk) -> dict[str, str]:
    return {each.what: each.why for each in drawn(desk, 0).tally.mistakes}


def test_revenue_of_a_session_that_nobody_delivered_is_an_exception(used: Desk) -> None:
    tamper(used.root, "DELETE FROM movements WHERE ref = 'S-1'")
    assert exceptions(used) == {"E-2": "revenue of a session that does not stand on it"}


def test_a_posting_that_says_another_session_is_an_exception(used: Desk) -> None:
    tamper(used.root, "UPDATE entries SET body = ? WHERE number = 2", values=(forged(used.root, 2, session="S-9"),))
    assert exceptions(used) == {"S-1": "it stands on E-2, which names another session"}


def test_revenue_from_nowhere_is_an_exception(used: Desk) -> None:
    tamper(used.root, "UPDATE entries SET body = ? WHERE number = 7", values=(forged(used.root, 7, rule="plug.figure"),))
    assert exceptions(used) == {"E-7": "revenue by rule plug.figure comes from no session and from no named source"}


def test_a_session_delivered_without_revenue_is_an_exception(used: Desk) -> None:
    tamper(used.root, "UPDATE movements SET entry = 0 WHERE ref = 'S-1'")
    assert exceptions(used) == {
        "S-1": "it was delivered at a price, and no posting of revenue stands for it",
        "E-2": "revenue of a session that does not stand on it",
    }


@pytest.mark.parametrize(
    "asked", [Asked(-1, "x"), Asked(10_001, "x"), Asked(1, ""), Asked(1, "x", False, date(2026, 2, 1), date(2026, 1, 1))]
)
def test_a_sample_that_cannot_be_drawn_is_refused(sold: Desk, asked: Asked) -> None:
    with open_workspace(sold.root) as ws, pytest.raises(BadSample):
        sample(ws, asked)


# the command


def test_the_command_prints_it_and_exits_1_on_an_exception(used: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["-C", str(used.root), "trace", "--sample", "2", "--seed", "4711"]
    assert cli.main(command) == 0
    assert "Method: rank = SHA-256(seed, line feed, id)" in capsys.readouterr().out
    tamper(used.root, "DELETE FROM movements WHERE ref = 'S-1'")
    assert cli.main([*command, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["completeness"]["exceptions"] == [{"what": "E-2", "why": "revenue of a session that does not stand on it"}]
    assert [item["id"] for item in found["items"]] == [item.trace.id for item in drawn(used, 2).items]


@pytest.mark.parametrize("words", [[], ["S-1", "--sample", "2", "--seed", "x"], ["--sample", "2"]])
def test_an_id_or_a_sample_with_a_seed_is_wanted(used: Desk, words: list[str]) -> None:
    assert cli.main(["-C", str(used.root), "trace", *words]) == 2
