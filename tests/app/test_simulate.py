"""The demo practice: deterministic, in order of arrival, of every kind, at a clinic's rates."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from revrec.app import demo, record, report, verify
from revrec.app.practice import packs
from revrec.app.progress import Silent
from revrec.app.simulate import simulate
from revrec.app.workspace import open_workspace
from revrec.core.events import TYPES

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def year() -> list[dict]:
    return list(simulate())


def test_the_same_seed_gives_the_same_events(year: list[dict]) -> None:
    assert list(simulate()) == year


def test_another_seed_gives_others(year: list[dict]) -> None:
    assert list(simulate(8)) != year


def test_the_default_year_has_about_ten_thousand_events(year: list[dict]) -> None:
    assert 9_000 < len(year) < 11_000
    assert {event["time"][:4] for event in year} == {"2025"}


def test_every_type_occurs(year: list[dict]) -> None:
    assert {event["type"] for event in year} == set(TYPES) - {"calendar.advanced"}


def test_rates_are_those_of_a_clinic(year: list[dict]) -> None:
    """Of 100 appointments 76 are attended, 16 cancelled, 6 missed, 2 moved without an event."""
    counts = Counter(event["type"] for event in year)
    outcomes = [counts["session.completed"], counts["session.cancelled"], counts["session.no_show"]]
    shares = [round(98 * count / sum(outcomes)) for count in outcomes]
    assert all(abs(share - usual) <= 2 for share, usual in zip(shares, (76, 16, 6), strict=True)), shares


def test_ids_are_used_once(year: list[dict]) -> None:
    assert len({event["id"] for event in year}) == len(year)
    for kind, member in (("bundle.sold", "bundle"), ("payment.received", "payment"), ("refund.issued", "refund")):
        ids = [event["data"][member] for event in year if event["type"] == kind]
        assert len(set(ids)) == len(ids), kind


def test_some_events_arrive_late_and_no_other_out_of_order(year: list[dict]) -> None:
    latest, late = datetime.fromisoformat(year[0]["time"]), 0
    for event in year:
        when = datetime.fromisoformat(event["time"])
        if when < latest:
            late += 1
            assert event["type"] == "session.completed"
            assert (latest - when).days <= 11
        latest = max(latest, when)
    assert 100 < late < 400


def test_units_and_quantities_of_every_kind(year: list[dict]) -> None:
    packages = {event["data"]["package"] for event in year if event["type"] == "bundle.sold"}
    assert packages == set(packs())
    sessions = [event["data"] for event in year if event["type"] == "session.completed"]
    for member in ("quantity", "started_at", "price", "beneficiary", "modality", "cost", "surcharge", "tax"):
        assert any(member in data for data in sessions), member
    assert any("bundle" not in data and "price" not in data for data in sessions), "drawn from the customer's bundles"


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("bundle.sold", "instalments"),
        ("bundle.sold", "payers"),
        ("bundle.sold", "currency"),
        ("bundle.sold", "discount"),
        ("bundle.opened", "tax_paid"),
        ("payment.received", "tip"),
        ("payment.received", "withheld"),
        ("payment.received", "currency"),
        ("payout.settled", "currency"),
        ("provider.invoiced", "session"),
        ("provider.invoiced", "tax_amount"),
        ("provider.invoiced", "withholding"),
        ("receivable.recovered", "bundle"),
        ("receivable.recovered", "customer"),
        ("bundle.upgraded", "to_bundle"),
        ("bundle.transferred", "fee"),
        ("deposit.applied", "session"),
        ("deposit.applied", "bundle"),
    ],
)
def test_rarer_members_occur_too(year: list[dict], kind: str, member: str) -> None:
    assert any(member in event["data"] for event in year if event["type"] == kind)


def test_a_rejected_refund_had_been_asked_for(year: list[dict]) -> None:
    def refunds(kind: str) -> list[str]:
        return [event["data"]["refund"] for event in year if event["type"] == kind]

    asked = set(refunds("refund.requested"))
    assert set(refunds("refund.rejected")) <= asked
    assert asked & set(refunds("refund.issued"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_books_verify_and_tie_whatever_the_seed(tmp_path: Path, seed: int) -> None:
    demo.prepare(tmp_path / "books", now=NOW)
    demo.write_events(tmp_path / "events.jsonl", seed, 70, 12)
    with open_workspace(tmp_path / "books", environ={}) as ws:
        record.record(ws, record.sources(ws, [str(tmp_path / "events.jsonl")], mapping=None), now=NOW, progress=Silent())
        assert verify.verify(ws) == ()
        for name in ("reconciliation", "rollforward", "tax", "third-parties"):
            made = report.run(ws, name, date(2025, 1, 1), date(2025, 12, 31))
            assert made.tied, [tie.sentence("EUR") for tie in made.ties]


def test_one_month_is_opened_again_and_closed_again(year: list[dict]) -> None:
    said = [(event["type"], event["data"]["period"]) for event in year if event["type"].startswith("period.")]
    assert said.count(("period.closed", "2025-04")) == 2
    assert ("period.reopened", "2025-04") in said


def test_a_small_practice_of_a_month(year: list[dict]) -> None:
    events = list(simulate(1, 5, 1, start=date(2024, 6, 1)))
    assert events
    assert all(event["time"].startswith("2024-06") for event in events)
