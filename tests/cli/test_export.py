"""`revrec export`: what it writes, says and refuses, on a practice of two branches whose chart has account numbers."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from revrec.cli import main as cli
from tests.app.shelf import POLICY, tamper

NOW = datetime(2027, 2, 15, 12, tzinfo=UTC)


def event(number, day, kind, branch="bcn", **data):
    envelope = {"specversion": "1.0", "id": f"e-{number}", "source": "desk", "type": kind, "branch": branch}
    return {**envelope, "time": f"{day}T10:00:00+01:00", "data": data}


STORY = [
    event(1, "2026-01-05", "bundle.sold", bundle="B-1", package="PSY-3", customer="C-1"),
    event(2, "2026-01-05", "payment.received", payment="P-1", amount="150.00", method="card", bundle="B-1"),
    event(3, "2026-01-07", "session.completed", session="S-1", bundle="B-1"),
    event(4, "2026-02-03", "session.completed", session="S-2", bundle="B-1", branch="mad"),
    event(5, "2026-02-04", "session.completed", session="S-3", bundle="B-1"),
]
NEXT_YEAR = [
    event(6, "2027-01-05", "bundle.sold", bundle="B-2", package="PSY-3", customer="C-1"),
    event(7, "2027-01-05", "payment.received", payment="P-2", amount="150.00", method="transfer", bundle="B-2"),
]


class Practice:
    """The command line at work in a workspace."""

    def __init__(self, root, capsys):
        self.root = root
        self.capsys = capsys

    def record(self, events):
        path = self.root.parent / "events.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in events))
        self("record", str(path))

    def __call__(self, *words, code=0):
        """(standard output, standard error) of a command that has to answer `code`."""
        self.capsys.readouterr()
        done = cli.main(["-C", str(self.root), *words])
        out, err = self.capsys.readouterr()
        assert done == code, out + err
        return out, err

    def export(self, *words, code=0):
        return self("export", *words, code=code)


@pytest.fixture
def practice(new_workspace, capsys, monkeypatch) -> Practice:
    monkeypatch.setattr("revrec.cli.options.now", lambda: NOW)
    made = Practice(new_workspace(chart="pgc"), capsys)
    (made.root / "policy.toml").write_text(POLICY.replace('branches = ["bcn"]', 'branches = ["bcn", "mad"]'), "utf-8")
    made.record(STORY)
    return made


@pytest.fixture
def out(tmp_path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_the_journal_goes_to_standard_output_and_what_is_said_of_it_beside(practice, out):
    data, said = practice.export("hledger")
    assert data.count(" * ") == 4
    assert "journal entries 4, records 4" in said
    practice.export("hledger", "--out", str(out / "books.journal"))
    assert (out / "books.journal").read_text("utf-8") == data


def test_what_was_exported_is_said_with_totals_that_tie(practice, out):
    said, _ = practice.export("csv", "--out", str(out / "journal.csv"))
    lines = said.splitlines()
    assert lines[0] == str(out / "journal.csv")
    assert re.fullmatch(r"journal entries 4, records 4, lines \d+", lines[1])
    assert re.fullmatch(r"debit (\d+\.\d\d), credit \1, difference 0\.00", lines[2])
    assert re.fullmatch(r"account balances of the ledger (\d+\.\d\d), of the export \1, difference 0\.00", lines[3])


def test_one_file_replaces_another_only_when_asked_to(practice, out):
    path = out / "journal.csv"
    path.write_text("mine")
    assert "journal.csv exists already" in practice.export("csv", "--out", str(path), code=1)[1]
    assert path.read_text() == "mine"
    practice.export("csv", "--out", str(path), "--force")
    assert path.read_text().startswith("transaction,")


def test_an_export_that_fails_leaves_the_old_file_and_nothing_beside(practice, out):
    practice.record(NEXT_YEAR)
    path = out / "XDiario.txt"
    path.write_text("last year's")
    assert "one fiscal year" in practice.export("contaplus", "--out", str(path), "--force", code=1)[1]
    assert [(each.name, each.read_text()) for each in out.iterdir()] == [("XDiario.txt", "last year's")]


def test_a_batch_is_the_digest_of_the_stored_entries(practice, out):
    """An auditor adds the digests up from the database, without revrec."""
    said = json.loads(practice.export("contaplus", "--out", str(out / "XDiario.txt"), "--json")[0])
    with sqlite3.connect(practice.root / "revrec.db") as connection:
        rows = connection.execute("SELECT number, date, body FROM entries ORDER BY date, number").fetchall()
    connection.close()
    batches: dict[tuple[str, str], list[tuple[int, bytes]]] = {}
    for number, day, body in rows:
        batches.setdefault((day[:7], json.loads(body)["branch"]), []).append((number, bytes(body)))
    expected = [
        (
            f"{month}/{branch}",
            f"E-{min(found)[0]}",
            f"E-{max(found)[0]}",
            hashlib.sha256(b"".join(b for _, b in found)).hexdigest(),
        )
        for (month, branch), found in sorted(batches.items())
    ]
    assert [(b["record"], b["first"], b["last"], b["sha256"]) for b in said["batches"]] == expected
    assert [b["number"] for b in said["batches"]] == [1, 2, 3]
    assert said["tied"] is True
    assert said["entries"] == len(rows)


def test_contaplus_writes_whole_records_with_the_subaccounts_of_the_chart(practice, out):
    practice.export("contaplus", "--out", str(out / "XDiario.txt"), "--digits", "10", "--first-number", "70")
    lines = (out / "XDiario.txt").read_bytes().split(b"\r\n")
    assert {len(line) for line in lines[:-1]} == {297}
    assert {line[14:26].strip() for line in lines[:-1]} >= {b"4380000000", b"7050000000"}
    assert {line[:6] for line in lines[:-1]} == {b"    70", b"    71", b"    72"}


def test_holded_gets_a_file_a_month(practice, out):
    said, _ = practice.export("holded", "--out", str(out / "diario.xlsx"))
    assert sorted(path.name for path in out.iterdir()) == ["diario-2026-01.xlsx", "diario-2026-02.xlsx"]
    assert said.splitlines()[:2] == [str(out / "diario-2026-01.xlsx"), str(out / "diario-2026-02.xlsx")]


def test_a_chart_without_numbers_is_refused_with_every_account_and_the_remedy(practice, out):
    chart = practice.root / "chart.beancount"
    chart.write_text(re.sub(r'  pgc: "(438|7050)"\n', "", chart.read_text("utf-8")), "utf-8")
    _, said = practice.export("contaplus", "--out", str(out / "XDiario.txt"), code=1)
    assert said.splitlines() == [
        "chart.beancount: these accounts have no account number:",
        "  Income:7050-Sesiones-de-Bono",
        "  Liabilities:438-Anticipos-de-Clientes",
        'Put it under the `open` line of each, for example `pgc: "438"` with two spaces before it.',
    ]
    assert not list(out.iterdir())


def test_days_that_were_asked_for_and_no_others(practice):
    data, said = practice.export("csv", "--from", "2026-01-06", "--to", "2026-02-03")
    assert {line.split(",")[1] for line in data.splitlines()[1:]} == {"2026-01-07", "2026-02-03"}
    assert "account balances" not in said, "parts of months have no balance to compare with"
    assert "difference 0.00" in said


def test_a_month_asked_for_ties_by_itself(practice):
    _, said = practice.export("csv", "--from", "2026-02-01", "--to", "2026-02-28")
    assert "account balances of the ledger 300.00, of the export 300.00, difference 0.00" in said


def test_months_that_may_still_change_are_named_until_they_are_closed(practice):
    assert "Not closed: 2026-01 to 2026-02." in practice.export("csv")[1]
    practice("close", "2026-01", "--approver", "A")
    assert "Not closed: 2026-02." in practice.export("csv")[1]
    assert "Not closed" not in practice.export("csv", "--to", "2026-01-31")[1]


def test_a_ledger_that_says_something_else_is_a_finding(practice):
    tamper(practice.root, "UPDATE balances SET amount = amount + 1 WHERE role = 'contract-liability' AND month = '2026-01'")
    _, said = practice.export("csv", code=1)
    assert "difference 0.01" in said
    assert "does not tie to the ledger" in said


def test_books_without_entries_export_nothing_and_that_is_no_mistake(new_workspace, capsys):
    data, said = Practice(new_workspace("empty"), capsys).export("csv")
    assert data.count("\n") == 1
    assert "journal entries 0, records 0, lines 0" in said


def test_nothing_in_the_workspace_changes(practice):
    def files():
        found = (path for path in practice.root.rglob("*") if path.is_file() and "revrec.db-" not in path.name)
        return {path: path.read_bytes() for path in found}

    before = files()
    for name in ("hledger", "csv", "contaplus"):
        practice.export(name)
    assert files() == before


@pytest.mark.parametrize(
    "words",
    [
        ("csv", "--from", "2026-02-01", "--to", "2026-01-01"),
        ("csv", "--by", "week"),
        ("csv", "--json"),
        ("contaplus", "--digits", "3"),
        ("contaplus", "--first-number", "0"),
        ("holded",),
        ("sage",),
    ],
)
def test_wrong_usage(practice, words):
    practice.export(*words, code=2)


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed (apt-get install hledger)")
def test_hledger_reads_the_pipe(practice):
    data, _ = practice.export("hledger")
    asked = ["hledger", "-s", "-f", "-", "balance", "Income", "--no-total", "-O", "csv"]
    done = subprocess.run(asked, input=data, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ['"Income:7050-Sesiones-de-Bono","-150.00 EUR"']
