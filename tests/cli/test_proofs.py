"""`revrec prove` and signed statements from the command line: files, answers for programs, and what is refused."""

from __future__ import annotations

import json

from revrec.cli import main as cli
from tests.cli.test_commands import practice, told  # noqa: F401  fixtures


def closed(told):  # noqa: F811
    return told.json("close", "2026-01", "--approver", "ana", "--reason", "for the test")


def test_a_closing_says_what_it_signed_and_by_which_key(told):  # noqa: F811
    said = told("close", "2026-01", "--approver", "ana", "--reason", "for the test").splitlines()
    assert said[-1].startswith("tree of 2026-01: 11 leaves, root ")
    assert "; signed by the workspace's own key, SHA-256 " in said[-1]
    fingerprint = said[-1].rsplit(" ", 1)[1]
    assert fingerprint in told("about")
    assert told.json("about")["signing_keys"] == [f"the workspace's own key, SHA-256 {fingerprint}"]


def test_a_proof_goes_to_a_file_and_is_checked_without_any_books(told, tmp_path, capsys):  # noqa: F811
    key = closed(told)["tree_head"]["signed_by"]["fingerprint"]
    path = tmp_path / "proof.json"
    said = told("prove", "S-1", "-o", str(path))
    assert said.startswith("Session S-1 is in the books of ES-B64717838, as they were signed at the closing of 2026-01.\n")
    assert said.endswith(f"written to {path}\n")
    capsys.readouterr()
    assert cli.main(["-C", str(tmp_path / "nowhere"), "prove", "--check", str(path), "--key", key]) == 0
    assert capsys.readouterr().out in said
    assert cli.main(["prove", "--check", str(path), "--key", "00", "--json"]) == 1
    assert "is signed by the key" in capsys.readouterr().err
    found = told.json("prove", "--check", str(path))
    assert found["events"][0]["entries"][0]["postings"] == [
        {"role": "contract-liability", "amount": "50.00"},
        {"role": "revenue-package", "amount": "-50.00"},
    ]
    assert found["head"]["signed_by"] == {"fingerprint": key, "certificate": None}


def test_without_a_file_the_proof_itself_is_printed(told, tmp_path):  # noqa: F811
    closed(told)
    printed = json.loads(told("prove", "S-2"))
    assert printed["session"] == "S-2"
    assert told.json("prove", "S-2") == printed
    path = tmp_path / "x.json"
    assert told.json("prove", "S-2", "--head", "2026-01", "-o", str(path))["session"] == "S-2"


def test_the_signed_head_alone_is_handed_out(told, tmp_path):  # noqa: F811
    done = closed(told)
    path = tmp_path / "head.txt"
    said = told("prove", "--head", "2026-01", "-o", str(path))
    assert path.read_text("utf-8") == done["tree_head"]["note"]
    assert f"root {done['tree_head']['root']}" in said
    assert "Head of the books of ES-B64717838 at the closing of 2026-01" in told("prove", "--check", str(path))


def test_what_cannot_be_proved_is_refused_in_words(told, tmp_path):  # noqa: F811
    assert "no month is closed yet" in told("prove", "S-1", code=1)
    closed(told)
    assert "this is a bundle" in told("prove", "B-1", code=1)
    (tmp_path / "x").write_text("hello", "utf-8")
    assert "it has 1 line, a note has two" in told("prove", "--check", str(tmp_path / "x"), code=1)
    assert "say a SESSION, --head PERIOD, or --check FILE" in told("prove", code=2)
    assert "say a SESSION" in told("prove", "S-1", "--check", "x", code=2)
    assert "--key goes with --check" in told("prove", "S-1", "--key", "x", code=2)


def test_a_signed_statement_is_handed_out_and_checked(told, tmp_path):  # noqa: F811
    path = tmp_path / "C-1.txt"
    said = told("customer", "statement", "C-1", "--signed", "-o", str(path)).splitlines()
    assert said[0].startswith("statement 1: customer C-1 owes nothing as of 2026-08-15; signed by the workspace's own key")
    assert said[1] == f"written to {path}"
    assert "states: customer C-1 owes nothing as of 2026-08-15." in told("prove", "--check", str(path))
    printed = told("customer", "statement", "C-1", "--signed", "--on", "2026-01-31")
    assert json.loads(printed.splitlines()[0])["number"] == 2
    assert told.json("customer", "statement", "C-1", "--signed", "-o", str(path))["content"]["number"] == 3
    assert "-o goes with --signed" in told("customer", "statement", "C-1", "-o", str(path), code=2)


def test_a_broken_key_is_said_by_about_and_by_verify(told):  # noqa: F811
    (told.root / "audit.key").write_text("x", "ascii")
    assert "signs       audit.key: this is no private key" in told("about")
    assert "audit.key: this is no private key" in told("verify", code=1)
