"""The command line by itself: help, wrong usage, exit codes, questions."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
import typer

from revrec.cli import main as cli
from revrec.core.errors import RevrecError
from revrec.settings import load

COMMANDS = (
    "init",
    "record",
    "advance",
    "close",
    "bundle",
    "customer",
    "trace",
    "report",
    "books",
    "serve",
    "export",
    "verify",
    "simulate",
    "demo",
    "upgrade",
    "about",
)


def commands():
    """Every command as the words that call it."""
    top = typer.main.get_command(cli.app)
    for name, command in top.commands.items():
        yield from ([name, sub] for sub in command.commands) if hasattr(command, "commands") else [[name]]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_has_help_with_an_example(words, capsys):
    assert cli.main([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert "\n  Example:\n    " in said
    assert f"revrec {' '.join(words)}" in said


def test_help_names_every_family(capsys):
    assert cli.main(["--help"]) == 0
    said = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n  {name} " in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command"),
        (["record"], "Missing argument"),
        (["record", "--nonsense", "x"], "No such option"),
        (["advance"], "Missing option '--to'"),
        (["advance", "--to", "2026-02-30"], "not a date; write it as 2026-01-31"),
        (["bundle", "show"], "Missing argument"),
        (["close", "2026-01"], "say who approves, or only --check"),
        (["init", "x", "--non-interactive"], "--taxpayer is missing"),
        (["init", "x", "--non-interactive", "--taxpayer", "ES-B64717838"], "--name is missing"),
        (["init", "x", "--non-interactive", "--taxpayer", "ES-B64717839", "--name", "X"], "check character"),
        (["init", "x", "--non-interactive", "--taxpayer", "ES-B64717838", "--name", "X", "--chart", "us"], "no chart 'us'"),
        (
            ["init", "x", "--non-interactive", "--taxpayer", "ES-B64717838", "--name", "X", "--territory", "cannary"],
            "did you mean canary",
        ),
        (["init", "x", "--non-interactive", "--taxpayer", "XK-1234", "--name", "X"], "--time-zone is missing"),
    ],
)
def test_wrong_usage_exits_2_and_says_why(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert said in " ".join(err.split())
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_workspace_exits_1(tmp_path, capsys):
    assert cli.main(["-C", str(tmp_path), "verify"]) == 1
    assert "no workspace here" in capsys.readouterr().err


def test_init_asks_six_questions_and_takes_the_usual_answer(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("ES-B64717838\nCentro de Pruebas SL\n\n\n\ncanary\n"))
    assert cli.main(["init", str(tmp_path / "books")]) == 0
    assert capsys.readouterr().out.count(": ") >= 6
    found = load(tmp_path / "books", {})
    assert (found.name, found.zone.key, found.currency, found.territory) == (
        "Centro de Pruebas SL",
        "Europe/Madrid",
        "EUR",
        "canary",
    )


def test_init_asks_again_after_an_answer_that_cannot_stand(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("ES-B64717839\nES-B64717838\n\nCentro\n"))
    assert cli.main(["init", str(tmp_path / "books")]) == 0
    assert "the check character does not fit" in capsys.readouterr().err
    assert load(tmp_path / "books", {}).name == "Centro"


def test_init_without_an_answer_is_wrong_usage(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert cli.main(["init", str(tmp_path / "books")]) == 2
    assert "--taxpayer is missing" in capsys.readouterr().err


def test_about_prints_json(capsys):
    assert cli.main(["about", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["revrec"]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RevrecError("a\nb"), 1, "a\nb\n"),
        (KeyboardInterrupt(), 130, "interrupted: nothing is half booked; run the command again\n"),
        (OSError(28, "No space left on device", "books.db"), 1, "books.db: No space left on device. Hint: "),
    ],
)
def test_a_mistake_becomes_a_line_and_an_exit_code(error, code, said, capsys, monkeypatch):
    def fail(*_arguments, **_options):
        raise error

    monkeypatch.setattr("platform.python_version", fail)
    assert cli.main(["about"]) == code
    assert capsys.readouterr().err.startswith(said)


def test_a_defect_is_not_hidden(monkeypatch):
    monkeypatch.setattr("platform.python_version", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["about"])


def test_a_reader_that_has_seen_enough_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m revrec simulate --bundles 30 --months 2 | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_help_starts_without_the_heavy_libraries():
    heavy = ("sqlalchemy", "pydantic", "beancount", "fava", "stdnum")
    code = f"import sys; from revrec.cli.main import main; main(['--help']); print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
