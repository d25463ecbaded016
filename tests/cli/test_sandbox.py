"""`revrec sandbox` as a process: its first start, what it prints, a message through it, its lists, its end."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from einvoice.keys import load
from einvoice.model import Address
from einvoice.regimes.face.build import File
from einvoice.regimes.face.submit import Client
from einvoice.regimes.facturae.issue import issue
from einvoice.regimes.verifactu.submit import send
from einvoice.schemas import Catalogue
from einvoice.transport import Transport, Unknown
from revrec.cli import main as cli
from tests.einvoice.documents import TOWN, exempt
from tests.einvoice.sandbox.people import MADRID, Clinic, Clock, envelope

pytestmark = pytest.mark.usefixtures("official")


@pytest.fixture(scope="module")
def official():
    if lacking := Catalogue.load().lacking():
        pytest.skip(f"run `revrec schemas fetch` first: {', '.join(lacking)} not fetched")


@contextmanager
def sandbox(*arguments):
    """The lines that a served sandbox says before it can be used, and the process; ended by Ctrl-C."""
    command = [sys.executable, "-m", "revrec", "sandbox", *arguments, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = []
    try:
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if "Ctrl-C ends it" in line:
                break
        yield said, process
    finally:
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=10)
        said += rest.splitlines()
    assert errors == ""
    assert process.returncode == 0


def told(said, key):
    """The value that the printed settings have for a key."""
    return next(match[1] for line in said if (match := re.match(rf'\s+{key} = "([^"]*)"', line)))


def test_a_tax_office_for_a_taxpayer(tmp_path, capsys):
    folder = tmp_path / "office"
    options = ["--taxpayer", "ES-B64717838", "--name", "Centro de Pruebas SL", "--dir", str(folder)]
    clinic = Clinic(Clock(datetime.now(MADRID)))
    with sandbox("aeat", *options, "--wait", "0", "--fault", "drop-after") as (said, _):
        password = next(line.rpartition(": ")[2] for line in said if "told only now" in line)
        assert told(said, "environment") == "test"
        signer = load(Path(told(said, "signer")), password, datetime.now(MADRID))
        transport = Transport(signer, trust=Path(told(said, "trust")))
        with pytest.raises(Unknown):
            send(envelope(clinic.alta("F-1")), told(said, "endpoint"), transport)
        assert send(envelope(clinic.made[0]), told(said, "endpoint"), transport).said.lines[0].duplicate.stored == "Correcta"
    assert said[-2:] == [
        "message 1 of B64717838: 1 Correcto; fault drop-after",
        "message 2 of B64717838: 1 Incorrecto (3000)",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.[pk]*[2y]")} == {0o600}
    assert cli.main(["sandbox", "aeat", "--dir", str(folder), "--list"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 in the register"
    assert cli.main(["sandbox", "aeat", "--dir", str(folder), "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["huella"] for row in listed["register"]] == [clinic.made[0].huella]
    assert listed["violations"] == []
    with sandbox("aeat", *options) as (again, _):
        assert not any("password, told" in line for line in again)
        assert Path(told(again, "signer")).exists()


def test_the_workspace_says_for_whom_and_the_environment_the_password(new_workspace, monkeypatch):
    root = new_workspace()
    monkeypatch.setenv("REVREC_SIGNER_PASSWORD", "given by the environment")
    monkeypatch.chdir(root)
    with sandbox("aeat") as (said, _):
        assert told(said, "signer") == "sandbox/B64717838.p12"
        assert told(said, "trust") == "sandbox/ca.pem"
    signer = load(root / "sandbox" / "B64717838.p12", "given by the environment", datetime.now(MADRID))
    assert "B64717838" in signer.chain[0].subject.rfc4514_string()


def test_a_face_that_plays_the_administration(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("REVREC_SIGNER_PASSWORD", "x")
    folder, now = tmp_path / "office", datetime.now(MADRID)
    with sandbox("face", "--taxpayer", "ES-B64717838", "--dir", str(folder)) as (said, _):
        signer = load(Path(told(said, "signer")), "x", now)
        face = Client(told(said, "face"), Transport(signer, trust=Path(told(said, "trust"))), signer)
        town = replace(TOWN, address=Address("Plaza Mayor 1", "50001", "Ningunlugar", "Zaragoza"))
        file = File("F.xsig", issue(replace(exempt(), buyer=town, issued_on=now.date()), signer, now))
        number = face.submit(file, "a@example.org", datetime.now(MADRID)).said.number
        assert cli.main(["sandbox", "face", "--dir", str(folder), "--set", f"{number}=2600", "--reason", "duplicada"]) == 0
        assert "2600  duplicada" in capsys.readouterr().out
        assert face.status(number, datetime.now(MADRID)).said.processing_reason == "duplicada"
        assert face.cancel(number, "x", datetime.now(MADRID)).said.code == "904"
        assert cli.main(["sandbox", "face", "--dir", str(folder), "--set", f"{number}=4300"]) == 0
        assert face.status(number, datetime.now(MADRID)).said.processing.code == "3100"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["aeat"], 1, "with --taxpayer ES-B64717838"),
        (["aeat", "--taxpayer", "ES-B64717839"], 2, "check character"),
        (["aeat", "--taxpayer", "ES-B64717838", "--fault", "slowly"], 1, "is no fault; use one of slow"),
        (["aeat", "--list"], 1, "no sandbox has served from here"),
        (["face", "--set", "1=9999"], 2, "is no state to move to"),
        (["face", "--set", "1=2500"], 1, "no sandbox has served from here"),
        (["aeat", "--taxpayer", "ES-B64717838", "--port", "1"], 1, "port 1 cannot be used"),
    ],
)
def test_mistakes_are_told_in_words(arguments, code, said, tmp_path, capsys, monkeypatch):
    if "1" in arguments and os.geteuid() == 0:
        import socket

        taken = socket.create_server(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        arguments, said = [port if each == "1" else each for each in arguments], f"port {port} cannot be used"
    monkeypatch.chdir(tmp_path)
    assert cli.main(["sandbox", *arguments]) == code
    assert said in " ".join(capsys.readouterr().err.split())
