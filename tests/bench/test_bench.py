"""What the benchmarks measure with: the stream is a real year, and the yardstick inserts every row."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from tests.bench import pages, stream
from tests.bench.__main__ import record, workspace
from tests.bench.insert import bare_insert


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", [stream.in_order, stream.uuids])
def test_a_year_is_in_order_and_has_thirteen_events_a_bundle(tmp_path: Path, name: stream.Name) -> None:
    count = stream.write_year(tmp_path / "year.jsonl", 300, name)
    events = read(tmp_path / "year.jsonl")
    times = [event["time"] for event in events]
    assert count == len(events) == 300 * stream.EVENTS
    assert times == sorted(times)
    assert len({event["id"] for event in events}) == count
    assert times[-1].startswith("2025-12-20")


def test_what_is_held_back_comes_on_the_days_after(tmp_path: Path) -> None:
    kept = sorted(stream.held(100, 14))
    assert stream.write_year(tmp_path / "year.jsonl", 100, hold=14) == 100 * stream.EVENTS - 14
    assert stream.write_day(tmp_path / "day.jsonl", date(2025, 12, 21), 100, kept[::7]) == 8
    sessions = [
        event["data"]["session"]
        for path in ("year", "day")
        for event in read(tmp_path / f"{path}.jsonl")
        if "session" in event["data"]
    ]
    assert len(set(sessions)) == len(sessions)


def test_the_yardstick_inserts_every_row_with_every_index(tmp_path: Path) -> None:
    source = tmp_path / "recorded.db"
    with sqlite3.connect(source) as db:
        db.execute(
            "CREATE TABLE events (taxpayer INTEGER, seq INTEGER, id TEXT, bundle TEXT, PRIMARY KEY (taxpayer, seq)) WITHOUT ROWID"
        )
        db.execute("CREATE INDEX ix_events ON events (taxpayer, bundle)")
        db.execute("CREATE TABLE bundles (taxpayer INTEGER, bundle TEXT, state BLOB)")
        db.executemany("INSERT INTO events VALUES (1, ?, ?, 'B-1')", [(n, f"ev-{n}") for n in range(500)])
        db.execute("INSERT INTO bundles VALUES (1, 'B-1', x'00ff')")
    assert bare_insert(source, tmp_path / "bare.db").seconds > 0
    with sqlite3.connect(tmp_path / "bare.db") as copy, sqlite3.connect(source) as db:
        for table in ("events", "bundles", "sqlite_master"):
            query = f"SELECT {'name, sql' if table == 'sqlite_master' else '*'} FROM {table} ORDER BY 1, 2"
            assert copy.execute(query).fetchall() == db.execute(query).fetchall()
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_ten_years_are_in_order_and_end_with_the_year_of_the_others(tmp_path: Path) -> None:
    count = stream.write_decade(tmp_path / "decade.jsonl", 200)
    events = read(tmp_path / "decade.jsonl")
    times = [event["time"][:10] for event in events]
    assert count == len(events) == 200 * stream.EVENTS
    assert times == sorted(times)
    assert {day[:4] for day in times} == {str(year) for year in range(2016, 2026)}
    assert len({event["id"] for event in events}) == count
    assert {event["data"]["session"] for event in events if event["type"] == "session.completed"} >= {"S-0000001", "S-0002000"}


@pytest.mark.slow
def test_the_pages_are_asked_of_a_real_server_and_each_trace_holds_its_session(tmp_path: Path) -> None:
    pytest.importorskip("fava")
    with workspace(tmp_path) as root:
        stream.write_year(root.parent / "year.jsonl", 20)
        record(root, root.parent / "year.jsonl")
        with pages.serving(root) as served:
            seen = pages.views(served, "2025-11")
            assert min(pages.traces(served, ["S-0000001", "S-0000150"])) > 0
    assert served.seconds > 0
    assert {"frame", "journal", "account", "RevrecRollforward", "RevrecBundles ?show=all"} <= set(seen)
