"""Killed while a person is blocked, and while the calendar destroys the key: afterwards it is done whole, and once."""

from __future__ import annotations

import random
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from einvoice.sandbox.aeat import Office, Register
from revrec.app.disclose import log
from revrec.app.render import render
from revrec.app.workspace import open_workspace
from revrec.store.papers import Papers
from tests.app.desk import NOW, Desk, paid, registered, sold
from tests.app.shelf import event, lines
from tests.app.test_paperwork import accepted
from tests.faults.practice import Clock, Round, told
from tests.faults.run import Ran, run
from tests.faults.test_kill import KILLED, MOST_KILLS, ROUNDS

pytestmark = pytest.mark.slow

REQUEST = event("gone", "2026-03-20", "customer.erased", customer="C-1", reason="asked by letter")
EVENING = (("record", "gone.jsonl"), ("advance", "--to", "2033-01-02"))
LATER = datetime(2033, 1, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two invoices of C-1 with their PDFs, answered by the tax office, nothing open."""
    desk = Desk(tmp_path_factory.mktemp("person") / "books")
    desk.say(registered("C-1", tax_id="12345678Z"), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    accepted(desk, 2)
    desk.asked(lambda ws: render(ws, Papers(ws.store).invoices(), signer=None, now=NOW))
    (desk.root / "gone.jsonl").write_bytes(lines([REQUEST]))
    return desk.root


def through(place: Round, words: tuple[str, ...]) -> Ran:
    place.clock.ahead = LATER - datetime.now(UTC)
    done = run(place, *words)
    assert done.code == 0, done.said
    return done


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_any_point_the_person_is_blocked_and_then_gone(seed: int, template: Path, tmp_path: Path) -> None:
    root, clock, chance = tmp_path / "books", Clock(), random.Random(seed)
    shutil.copytree(template, root)
    place = Round(root, Office(Register(), clock), clock, [])
    with told(place):
        wrapped = _evening(place, chance)
        assert _keys(root) == set()
        assert not [key for key in wrapped if key in b"".join(path.read_bytes() for path in root.glob("revrec.db*"))]
        with open_workspace(root) as ws:
            assert [each.line.kind for each in log(ws, "C-1")] == ["destroyed"]
        assert run(place, "verify").code == 0


def _evening(place: Round, chance: random.Random) -> set[bytes]:
    """The commands, killed and run again; every wrapped key of the person that stood in the books meanwhile."""
    wrapped = _keys(place.root)
    for words in EVENING:
        for _ in range(chance.randint(0, MOST_KILLS)):
            place.clock.ahead = LATER - datetime.now(UTC)
            killed = run(place, *words, kill_after=chance.uniform(0, 0.5))
            assert killed.code in (0, KILLED), killed.said
        through(place, words)
        assert not list((place.root / "documents").rglob("*.pdf"))
        wrapped |= _keys(place.root)
    return wrapped


def _keys(root: Path) -> set[bytes]:
    """The wrapped key of C-1, where it stands."""
    connection = sqlite3.connect(root / "revrec.db")
    found = {row[0] for row in connection.execute("SELECT wrapped FROM keys WHERE customer = 'C-1'")}
    connection.close()
    return found
