"""The commands, end to end on a small practice: what they print, what they answer to the shell, what they leave alone."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from datetime import UTC, datetime

import pytest

from revrec.cli import main as cli

NOW = datetime(2026, 8, 15, 12, tzinfo=UTC)


def event(number, kind, day, **data):
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "test",
        "type": kind,
        "time": f"2026-01-{day:02}T10:00:00+01:00",
        "branch": "bcn",
        "data": data,
    }


STORY = [
    event(1, "customer.registered", 5, customer="C-1", name="Ana", first_surname="Prueba", person="natural", country="ES"),
    event(2, "bundle.sold", 5, bundle="B-1", package="PSY-10", customer="C-1"),
    event(3, "payment.received", 5, payment="P-1", amount="500.00", method="card", bundle="B-1"),
    event(4, "session.completed", 7, session="S-1", bundle="B-1", modality="in_person"),
    event(5, "session.completed", 14, session="S-2", bundle="B-1", modality="online"),
]
BAD = event(6, "session.completed", 15, session="S-1", bundle="B-1", modality="online")


class Practice:
    """A workspace and the command line at work in it."""

    def __init__(self, root, capsys):
        self.root = root
        self.capsys = capsys

    def write(self, *events, name="events.jsonl"):
        path = self.root.parent / name
        path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events), "utf-8")
        return str(path)

    def __call__(self, *words, code=0):
        self.capsys.readouterr()
        done = cli.main(["-C", str(self.root), *words])
        out, err = self.capsys.readouterr()
        assert done == code, out + err
        return out if code == 0 else err

    def json(self, *words):
        return json.loads(self(*words, "--json"))

    def files(self):
        """The digest of everything but the database's own side files."""
        found = [p for p in self.root.rglob("*") if p.is_file() and "revrec.db" not in p.name and "__pycache__" not in p.parts]
        return {p.relative_to(self.root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


@pytest.fixture
def practice(new_workspace, capsys, monkeypatch):
    monkeypatch.setattr("revrec.cli.options.now", lambda: NOW)
    return Practice(new_workspace(), capsys)


@pytest.fixture
def told(practice):
    """The practice with the story in its books."""
    practice("record", practice.write(*STORY))
    return practice


def test_record_says_what_it_did_and_does_nothing_twice(practice):
    file = practice.write(*STORY)
    assert practice("record", file) == "5 events recorded; 3 entries on 3 days\n"
    before = practice.files()
    assert practice("record", file) == "0 events recorded; 5 known already; 0 entries on 0 days\n"
    assert practice.files() == before


def test_record_answers_in_json(practice):
    found = practice.json("record", practice.write(*STORY))
    assert (found["recorded"], found["repeated"], found["entries"], found["rejected"]) == (5, 0, 3, [])


def test_record_reads_standard_input(practice, monkeypatch):
    text = "".join(json.dumps(each) + "\n" for each in STORY)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert practice("record", "-").startswith("5 events recorded")


def test_a_dry_run_prints_entries_and_books_nothing(practice):
    before = practice.files()
    said = practice("record", "--dry-run", practice.write(*STORY))
    assert "2026-01-07 session.earned: event e-4 bundle B-1 session S-1\n" in said
    assert "  contract-liability               50.00 EUR\n" in said
    assert "5 events would be recorded" in said
    assert practice.files() == before
    assert practice("record", practice.write(*STORY)).startswith("5 events recorded")


def test_a_bad_line_refuses_the_file_and_names_line_field_rule_and_remedy(practice):
    before = practice.files()
    wrong = event(7, "payment.received", 15, payment="P-2", amount="-5", method="card", bundle="B-1")
    said = practice("record", practice.write(*STORY, BAD, wrong), code=1).splitlines()
    assert any(line.startswith("events.jsonl:6: ") and "S-1" in line for line in said)
    assert any(line.startswith("events.jsonl:7: data.amount: ") and "Hint: " in line for line in said)
    assert "nothing was booked" in said[-1]
    assert practice.files() == before


def test_partial_books_the_good_and_writes_the_others_beside(practice):
    said = practice("record", "--partial", practice.write(*STORY, BAD), code=1)
    assert "events.jsonl:6: " in said
    (line,) = (practice.root.parent / "events.rejected.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["event"] == BAD
    assert practice.json("bundle", "show", "B-1", "--on", "2026-01-31")["units_left"] == 8


def test_a_file_that_is_not_there(practice):
    assert "nothing.jsonl" in practice("record", "nothing.jsonl", code=1)


@pytest.mark.parametrize("name", ["advance", "record"])
def test_ctrl_c_leaves_everything_as_it_was(practice, monkeypatch, name):
    file = practice.write(*STORY)
    before = practice.files()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("revrec.store.recorder.Recorder.finish", interrupted)
    words = ("record", file) if name == "record" else ("advance", "--to", "2026-02-01")
    assert "interrupted" in practice(*words, code=130)
    monkeypatch.undo()
    assert practice.files() == before
    assert practice("record", file).startswith("5 events recorded")


def test_bundle_show_answers_the_five_questions(told):
    found = told.json("bundle", "show", "B-1", "--on", "2026-01-31")
    assert (found["units_left"], found["expires_on"], found["customer"]) == (8, "2026-07-05", "C-1")
    assert (found["invoicing"], found["refund"]["amount"]) == ("at_purchase", "400.00")
    assert "8 sessions" in told("bundle", "show", "B-1", "--on", "2026-01-31")
    assert told.json("bundle", "quote-refund", "B-1", "--on", "2026-01-10")["amount"] == "450.00"


def test_history_statement_and_trace(told):
    assert len(told.json("bundle", "history", "B-1")) == 4
    assert "balance: 0.00 EUR, nothing is owed" in told("customer", "statement", "C-1", "--on", "2026-01-31")
    assert told.json("customer", "balance", "C-1", "--on", "2026-01-31")["prepaid_value"] == "400.00"
    assert "journal/2026/2026-01-07.beancount" in told("trace", "S-1")
    assert json.dumps(told.json("trace", "entry:E-2")).count("S-1")


@pytest.mark.parametrize("words", [("bundle", "show", "B-9"), ("customer", "balance", "C-9"), ("trace", "X-9")])
def test_what_is_not_there_is_named(told, words):
    assert words[-1] in told(*words, code=1)


def test_reports_tie_and_come_as_text_json_and_csv(told):
    dates = ("--from", "2026-01-01", "--to", "2026-01-31")
    assert "difference 0.00" in told("report", "rollforward", *dates)
    assert told.json("report", "rollforward", *dates)["tied"]
    assert told("report", "rollforward", *dates, "--by", "service", "--csv").splitlines()[0].startswith("service,opening")
    assert "400.00" in told("report", "aging", "--on", "2026-01-31")
    assert "lies after" in told("report", "rollforward", "--from", "2026-02-01", "--to", "2026-01-31", code=2)


def test_a_report_that_does_not_tie_is_a_finding(told, monkeypatch):
    monkeypatch.setattr("revrec.app.records.StoreRecords.balance", lambda *_: 1)
    assert "does not tie" in told("report", "aging", code=1)


def test_advance_is_idempotent_and_keeps_out_of_the_future(told):
    assert told("advance", "--to", "2026-08-01") == "calendar at 2026-08-01: 1 entry on 1 day\n"
    assert told("advance", "--to", "2026-08-01") == "calendar at 2026-08-01: 0 entries on 0 days\n"
    assert "--future" in told("advance", "--to", "2999-01-01", code=1)


def test_close_goes_through_the_checklist(told):
    said = told("close", "2026-01", "--approver", "ana")
    assert "pass  " in said
    assert "2026-01 is closed" in said
    assert "closed" in told("close", "2026-01", "--approver", "ana", code=1)


def test_books_are_made_again_byte_for_byte(told):
    before = told.files()
    (told.root / "journal/2026/2026-01-07.beancount").write_text("tampered", "utf-8")
    assert "books.changed" in told("books", "check", code=1)
    assert "journal/2026/2026-01-07.beancount" in told("verify", code=1)
    assert told("books", "build").endswith(", 1 changed\n")
    assert told.files() == before
    assert told("books", "check") == "the books are clean\n"
    assert told("verify").startswith("verified")
    assert told.json("verify") == {"findings": []}


def test_upgrade_leaves_a_database_of_this_release_alone(told):
    before = told.files()
    assert told("upgrade") == "the database has version 0004\n"
    assert told.files() == before


def test_upgrade_without_a_database_makes_none(practice):
    (practice.root / "revrec.db").unlink()
    practice("upgrade", code=1)
    assert not (practice.root / "revrec.db").exists()


def test_books_build_names_a_stray_file(told):
    (told.root / "journal/2026/2026-01-08.beancount").write_text("; mine", "utf-8")
    cli.main(["-C", str(told.root), "books", "build"])
    assert "2026-01-08.beancount: no entry asks for this file" in told.capsys.readouterr().err


def test_simulated_events_are_seeded(capsysbinary):
    cli.main(["simulate", "--seed", "3", "--bundles", "5", "--months", "1"])
    first = capsysbinary.readouterr().out
    cli.main(["simulate", "--seed", "3", "--bundles", "5", "--months", "1"])
    assert capsysbinary.readouterr().out == first
    assert all(json.loads(line)["specversion"] == "1.0" for line in first.splitlines())


def test_a_report_by_something_else_is_wrong_usage(told):
    assert "--by colour: give `month`" in told("report", "rollforward", "--by", "colour", code=2)


def test_a_mapping_does_not_read_standard_input(told):
    assert "-: a mapping file reads files" in told("record", "--mapping", "agenda.toml", "-", code=1)


def test_a_finding_names_its_place_once(told):
    file = next((told.root / "journal").rglob("2026-01-07.beancount"))
    file.unlink()
    said = told("books", "check", code=1)
    assert "journal/2026/2026-01-07.beancount: is missing (books.missing)" in said
    assert "2026-01-07.beancount: journal/" not in said
