"""`revrec about`: the release, its licence, and in Spain what its producer declares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from revrec import __version__
from revrec.cli import main as cli
from tests.app.desk import Desk
from tests.cli.desk import STORY, Door


def test_it_says_release_licence_and_what_it_runs_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-C", str(tmp_path), "about"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in said[:2]] == [["revrec", __version__], ["licence", "MIT"]]
    assert cli.main(["-C", str(tmp_path), "about", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["declaration"] is None


def test_a_spanish_workspace_shows_the_declaration_and_its_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(Desk(tmp_path / "books"), capsys, monkeypatch)
    assert "none yet: the first invoice makes its number" in door("about")
    door.desk.say(*STORY)
    said = door("about")
    found = door.json("about")["declaration"]
    assert found["installation"].startswith("B64717838-")
    assert f"installation {found['installation']}" in said
    assert "DECLARACIÓN RESPONSABLE" in said
    assert "Calle Mayor 1, 28001 Madrid (Madrid), España" in found["text"]
    assert found["missing"] == 1  # where and when it is signed


def test_another_producer_is_named_and_its_address_left_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(Desk(tmp_path / "books"), capsys, monkeypatch)
    door.setting('[producer]\nname = "Software de Pruebas SL"\ntax_id = "ES-B12345674"')
    found = door.json("about")["declaration"]
    assert "Software de Pruebas SL" in found["text"]
    assert "Calle Mayor 1" not in found["text"]
    assert found["missing"] == 2
