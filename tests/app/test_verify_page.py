"""VERIFY.html in a real browser, from a file, without network: the same verdicts as verify.py."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from revrec.app.notary import Notary
from revrec.app.note import Kind, canonical, make
from revrec.app.pack.make import HEAD
from revrec.app.prove import prove
from tests.app.desk import Desk
from tests.app.packs import flips, members, pack, practice, resigned, verified, zipped
from tests.app.test_note import own
from tests.fava.browser import CHROMIUM, DRIVER, Browser

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and chromedriver are not installed")
BYTES = 24


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return practice(tmp_path_factory.mktemp("page") / "books")


@pytest.fixture(scope="module")
def everything(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("packs") / "all.zip"
    pack(desk, path, "all")
    return members(path)


class Page:
    """The page, opened from a file; `verdict` of some files that a user chooses."""

    def __init__(self, browser: Browser, path: Path) -> None:
        self.browser, self.url = browser, path.as_uri()

    def choose(self, *paths: Path) -> tuple[str, list[str]]:
        """The state of the page after these files, and the lines that it shows."""
        self.browser._send("POST", "/url", {"url": self.url})
        (element,) = self.browser._send("POST", "/element", {"using": "css selector", "value": "#file"}).values()
        self.browser._send("POST", f"/element/{element}/value", {"text": "\n".join(map(str, paths))})
        self.browser.wait("return ['verified', 'wrong'].includes(document.body.dataset.state)", 60)
        lines = self.browser.run("return document.getElementById('lines').innerText")
        return self.browser.run("return document.body.dataset.state"), lines.splitlines()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("profile")
    (folder / "VERIFY.html").write_bytes(files("revrec.templates").joinpath("VERIFY.html").read_bytes())
    browser = Browser(folder)
    yield Page(browser, folder / "VERIFY.html")
    browser.close()


def test_it_says_word_for_word_what_verify_says(everything: dict[str, bytes], page: Page, tmp_path: Path) -> None:
    state, lines = page.choose(zipped(tmp_path / "pack.zip", everything))
    assert state == "verified"
    assert [line.strip() for line in lines] == [line.strip() for said in verified(everything)[1] for line in said.splitlines()]
    assert page.browser.errors() == []
    assert page.choose(zipped(tmp_path / "again.zip", {**everything, "books/": b""})) == (state, lines)


def test_any_changed_byte_is_found_with_its_file_and_its_line(everything: dict[str, bytes], page: Page, tmp_path: Path) -> None:
    every = list(flips(everything, 400))
    for flip in every[:: len(every) // BYTES]:
        state, lines = page.choose(zipped(tmp_path / "pack.zip", flip.content))
        assert state == "wrong", flip.name
        named = [line for line in lines if line.startswith(f"{flip.name}: ")]
        assert named, (flip.name, lines)
        assert flip.name == HEAD or any(line.startswith(f"{flip.name}: line {flip.line}: ") for line in named), named


def test_a_pack_that_was_signed_again_after_a_change_does_not_pass(
    everything: dict[str, bytes], desk: Desk, page: Page, tmp_path: Path
) -> None:
    for name, old, new in (
        ("events.jsonl", b'"session":"S-4"', b'"session":"S-8"'),
        ("entries.jsonl", b'"amount":5000', b'"amount":5001'),
        ("balances.csv", b"\ncontract-liability,0", b"\ncontract-liability,1"),
        ("invoices/records.jsonl", b"ImporteTotal=", b"ImporteTotal=1"),
        ("invoices/records.jsonl", b'"number":"F2026-000002"', b'"number":"F2026-000009"'),
        ("invoices/records.jsonl", everything["invoices/records.jsonl"].splitlines(keepends=True)[-1], b""),
        ("sessions-without-revenue.csv", b"why\n", b"why\nS-4,e10,because\n"),
    ):
        assert old in everything[name], name
        content = resigned(desk, {**everything, name: everything[name].replace(old, new, 1)})
        state, lines = page.choose(zipped(tmp_path / "pack.zip", content))
        found = [": ".join(each) for each in verified(content)[0]]
        assert (state, [line for line in lines if line in found]) == ("wrong", found), name


def test_a_note_without_its_signer_or_by_a_short_key_is_not_taken(page: Page, tmp_path: Path) -> None:
    short = make(Kind.HEAD, {"size": 7}, Notary(rsa.generate_private_key(65537, 1024)))
    line, second, _ = make(Kind.HEAD, {"size": 7}, own()).split("\n")
    bare = json.loads(line)
    del bare["signer"]
    unsigned = canonical(bare).decode()
    value = base64.b64encode(own().sign(b"revrec signed note 1\n" + unsigned.encode())).decode()
    nameless = f"{unsigned}\n{canonical(json.loads(second) | {'value': value}).decode()}\n"
    for text, why in ((short, "the key is too short"), (nameless, "it names another key or certificate")):
        (tmp_path / "note.txt").write_text(text)
        state, lines = page.choose(tmp_path / "note.txt")
        assert state == "wrong"
        assert f"note.txt: the signed note: it is not as it was signed: {why}" in lines


def test_it_takes_a_head_that_was_handed_over_a_proof_and_a_damaged_zip(
    everything: dict[str, bytes], desk: Desk, page: Page, tmp_path: Path
) -> None:
    note = json.loads(everything["tree-heads.jsonl"].splitlines()[0])["note"]
    (tmp_path / "head.txt").write_text(note)
    (tmp_path / "proof.json").write_text(desk.asked(prove, "S-1").proof.text())
    state, lines = page.choose(tmp_path / "head.txt", tmp_path / "proof.json", zipped(tmp_path / "pack.zip", everything))
    assert state == "verified"
    assert any("session S-1: session.completed in the tree" in line for line in lines)
    data = bytearray((tmp_path / "pack.zip").read_bytes())
    data[data.index(b"events.jsonl") + 200] ^= 0xFF
    (tmp_path / "pack.zip").write_bytes(data)
    state, lines = page.choose(tmp_path / "pack.zip")
    assert state == "wrong"
    assert any(line.startswith("events.jsonl: ") for line in lines)
