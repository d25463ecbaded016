"""`revrec schemas`: what it prints and answers, in an empty cache and in a full one."""

from __future__ import annotations

import json

import pytest

from einvoice.schemas import Catalogue, FetchFailed
from revrec.cli import main as cli


@pytest.fixture
def run(capsys):
    def command(*words, code=0):
        done = cli.main(["schemas", *words])
        out, err = capsys.readouterr()
        assert done == code, out + err
        return out, err

    return command


def test_an_empty_cache_is_checked_named_filled_and_checked_again(run, tmp_path, monkeypatch):
    monkeypatch.setenv("REVREC_SCHEMAS", str(tmp_path / "schemas"))
    out, _ = run("check", "verifactu/wsdl", code=1)
    assert "verifactu/wsdl: not on this machine" in out
    try:
        Catalogue.load().fetch(["xmldsig"])
    except FetchFailed as failed:
        pytest.skip(str(failed))
    out, _ = run("fetch", "verifactu/wsdl")
    assert "verifactu/wsdl: AEAT, VERI*FACTU 1.0, from verifactu_sdk 0.1.0" in out
    out, _ = run("check", "verifactu/wsdl", "xmldsig", "--json")
    told = json.loads(out)
    assert told["complete"]
    assert {"verifactu/wsdl", "xmldsig"} <= {each["id"] for each in told["files"]}
    out, _ = run("fetch", "verifactu/wsdl")
    assert "fetched now: 0" in out


def test_a_damaged_file_is_a_finding(run, tmp_path, monkeypatch):
    monkeypatch.setenv("REVREC_SCHEMAS", str(tmp_path))
    Catalogue.load().path("xmldsig").write_bytes(b"<schema/>")
    out, _ = run("check", "xmldsig", "--json", code=1)
    told = json.loads(out)
    assert not told["complete"]
    assert "its SHA-256 is" in told["files"][0]["problem"]


@pytest.mark.parametrize("command", ["fetch", "check"])
def test_an_unknown_id_is_refused_with_those_that_there_are(run, command):
    _, err = run(command, "facturae/9", code=1)
    assert "facturae/9: the catalogue has no such entry" in err


def test_wrong_usage_answers_2(run):
    run("fetch", "--nope", code=2)
