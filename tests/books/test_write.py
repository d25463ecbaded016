from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_practice import CHART, books, earned, files, load, made, paid, two_years, workspace

from revrec.books import files as files_module
from revrec.books.chart import Chart
from revrec.books.write import Difference, Unwritten, Writer
from revrec.core.journal import JournalEntry


def test_the_files_of_a_book(tmp_path):
    """A file a day, the index, MANIFEST under journal/; the years and the summary beside main."""
    made(tmp_path, two_years(), last="2026-02-10")
    generated = sorted(path for path in files(tmp_path) if path.startswith(("journal", "fy", "summary")))
    assert generated == [
        "fy2025.beancount",
        "fy2026.beancount",
        "journal/2025/2025-11-03.beancount",
        "journal/2025/2025-11-10.beancount",
        "journal/2025/2025-12-01.beancount",
        "journal/2025/2025-12-31.beancount",
        "journal/2026/2026-01-01.beancount",
        "journal/2026/2026-01-15.beancount",
        "journal/2026/2026-02-01.beancount",  # balances only
        "journal/2026/2026-03-02.beancount",
        "journal/2026/2026-05-31.beancount",
        "journal/MANIFEST",
        "journal/index.beancount",
        "summary.beancount",
    ]


def test_manifest_is_what_sha256sum_reads(tmp_path):
    made(tmp_path, two_years())
    there = files(tmp_path)
    lines = there["journal/MANIFEST"].decode().splitlines()
    assert lines == sorted(lines, key=lambda line: line[66:])
    for line in lines:
        digest, path = line.split("  ")
        assert hashlib.sha256(there[path]).hexdigest() == digest
    assert {line[66:] for line in lines} == {p for p in there if p.startswith(("journal/2", "journal/i", "fy", "summary"))}


def test_balances_stand_at_the_top_once_their_month_is_over(tmp_path):
    """
    2026-02-01 balance Liabilities:ContractLiability                   -450.00 ~ 0.00 EUR
    """
    entries = [paid(1, "2026-01-10", "B-1"), earned(2, "2026-01-31", "B-1", "S-1")]
    made(tmp_path, entries)
    assert not (tmp_path / "journal/2026/2026-02-01.beancount").exists()
    workspace(tmp_path).write(books(entries, last="2026-02-01"))
    text = (tmp_path / "journal/2026/2026-02-01.beancount").read_text()
    assert text.split("\n", 2)[2].strip() == test_balances_stand_at_the_top_once_their_month_is_over.__doc__.strip()


def test_made_again_nothing_changes(tmp_path):
    made(tmp_path, two_years())
    writer = workspace(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.beancount")}
    assert writer.rebuild(books(two_years())).changed == ()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_only_touched_days_are_read_and_written(tmp_path):
    """One more day: its file, the lists, the book of its year. The days before it are not even asked for."""
    entries = [paid(1, "2026-01-10", "B-1"), earned(2, "2026-01-11", "B-1", "S-1")]
    writer = workspace(tmp_path)
    known = dict(writer.write(books(entries)).digests)
    asked = []
    fresh = books([*entries, earned(3, "2026-01-12", "B-1", "S-2")], known)
    written = writer.write(replace(fresh, entries=lambda day: asked.append(day) or fresh.entries(day)))
    assert asked == [date(2026, 1, 12)]
    assert sorted(written.changed) == [
        "fy2026.beancount",
        "journal/2026/2026-01-12.beancount",
        "journal/MANIFEST",
        "journal/index.beancount",
        "summary.beancount",
    ]
    assert list(written.digests) == [date(2026, 1, 12)]


def test_an_earlier_day_moves_the_balances_after_it(tmp_path):
    entries = [paid(1, "2026-01-10", "B-1"), earned(2, "2026-03-11", "B-1", "S-1")]
    writer = workspace(tmp_path)
    known = dict(writer.write(books(entries)).digests) | {date(2026, 1, 10): None}
    written = writer.write(books([*entries, earned(3, "2026-01-10", "B-1", "S-2")], known))
    assert {d.isoformat() for d in written.digests} == {"2026-01-10", "2026-02-01", "2026-03-01"}
    load(tmp_path / "main.beancount")


def test_a_chart_that_moves_a_role_asks_for_every_day_again(tmp_path):
    entries = [paid(1, "2026-01-10", "B-1"), earned(2, "2026-02-11", "B-1", "S-1")]
    known = dict(workspace(tmp_path).write(books(entries)).digests)
    chart = CHART.replace("Liabilities:ContractLiability EUR", "Liabilities:Prepaid EUR")
    writer = workspace(tmp_path, chart=chart)
    assert len(writer.write(books(entries, known)).digests) == 3
    load(tmp_path / "main.beancount")


def test_an_empty_book_loads(tmp_path):
    made(tmp_path, [])
    assert load(tmp_path / "main.beancount")
    assert sorted(p for p in files(tmp_path) if p.startswith("journal")) == ["journal/MANIFEST", "journal/index.beancount"]


def test_a_stray_file_is_named_and_kept(tmp_path):
    made(tmp_path, two_years())
    for name in ("journal/2026/2026-09-09.beancount", "fy2031.beancount"):
        (tmp_path / name).write_text("; mine\n")
    writer = workspace(tmp_path)
    assert writer.rebuild(books(two_years())).stray == ("fy2031.beancount", "journal/2026/2026-09-09.beancount")
    assert (tmp_path / "fy2031.beancount").read_text() == "; mine\n"


def test_differences_are_named_and_mended(tmp_path):
    made(tmp_path, two_years())
    writer = workspace(tmp_path)
    assert not list(writer.differences(books(two_years())))
    with (tmp_path / "journal/2026/2026-01-01.beancount").open("a") as file:
        file.write(" ")
    (tmp_path / "journal/2025/2025-12-31.beancount").unlink()
    (tmp_path / "journal/notes.txt").write_text("x")
    assert list(writer.differences(books(two_years()))) == [
        Difference("journal/2025/2025-12-31.beancount", "missing"),
        Difference("journal/2026/2026-01-01.beancount", "changed"),
        Difference("journal/notes.txt", "stray"),
    ]
    assert len(writer.rebuild(books(two_years())).changed) == 2
    assert [d.what for d in writer.differences(books(two_years()))] == ["stray"]


def test_a_disk_that_fills_leaves_whole_files(tmp_path, monkeypatch):
    """One file fails: the message says what is safe and what to do, no half file stays, the next run mends it."""
    writer = workspace(tmp_path)
    real, calls = files_module.os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(files_module.os, "fsync", full)
    with pytest.raises(Unwritten, match=r"journal/.*beancount could not be written: No space left.*revrec books build"):
        writer.write(books(two_years()))
    there = {path: data for path, data in files(tmp_path).items() if path.startswith("journal")}
    made(tmp_path / "whole", two_years())
    assert there.items() < files(tmp_path / "whole").items()
    writer.write(books(two_years()))
    assert not list(writer.differences(books(two_years())))


def test_no_generated_file_names_its_place_or_time(tmp_path):
    made(tmp_path / "a", two_years())
    made(tmp_path / "b", two_years())
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert not any(str(tmp_path).encode() in data for data in files(tmp_path / "a").values())


@st.composite
def histories(draw) -> list[list[JournalEntry]]:
    """Batches of entries in order of recording, on any days of eight months."""
    number, batches = 0, []
    for size in draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)):
        batch = []
        for _ in range(size):
            number += 1
            day = (date(2025, 9, 1) + timedelta(days=draw(st.integers(0, 240)))).isoformat()
            branch, amount = draw(st.sampled_from(["bcn", "mad"])), draw(st.integers(1, 10**6))
            batch.append(paid(number, day, f"B-{number}", amount, branch=branch))
        batches.append(batch)
    return batches


@settings(max_examples=25, deadline=None)
@given(batches=histories())
def test_written_bit_by_bit_is_written_at_once(tmp_path_factory, batches):
    """However the entries arrive, the files are those of a rebuild, and Beancount finds no fault."""
    root = tmp_path_factory.mktemp("bits")
    writer = workspace(root / "bits")
    entries: list[JournalEntry] = []
    known: dict[date, str | None] = {}
    for batch in batches:
        entries += batch
        known |= dict.fromkeys((e.date for e in batch), None)
        known |= writer.write(books(entries, known)).digests
    made(root / "once", entries)
    assert files(root / "bits") == files(root / "once")
    load(root / "bits/main.beancount")


def test_a_role_without_account_is_named_before_anything_is_written(tmp_path):
    writer = workspace(tmp_path)
    chart = Chart.parse('1970-01-01 open Assets:Bank\n  revrec-role: "bank"\n')
    with pytest.raises(Exception, match='no account has the role "contract-liability"'):
        Writer(writer.root, chart, "EUR").write(books(two_years()))
    assert not (tmp_path / "journal").exists()
