"""Killed at any point and run again: numbers gapless, chain unforked, every record at the office exactly once, files whole."""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from einvoice import chain, sign
from einvoice.regimes.verifactu import read
from einvoice.sandbox.aeat.register import Outcome, ViolationKind
from revrec.app import outbox
from revrec.app.workspace import Workspace, open_workspace
from revrec.store.papers import Papers
from tests.faults import practice
from tests.faults.practice import NIF, Round
from tests.faults.run import Ran, run

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("REVREC_KILL_ROUNDS", "20"))
EVENING = (("record", "first.jsonl"), ("record", "second.jsonl"), ("invoice", "issue"), ("invoice", "render"), ("submit",))
DOCUMENTS = 6  # that the evening makes: 3 simplified invoices, 2 full ones, 1 corrective
FULL = 2
NEXT = timedelta(seconds=61)  # longer than the sender waits where it knows of no answer
MOST_KILLS = 2  # of one command
KILLED = -9


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, official: object) -> Path:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return practice.template(tmp_path_factory.mktemp("kill"), f"{yesterday:%Y-%m-%d}")


@pytest.fixture(scope="module")
def usual(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, ...], float]:
    """How many seconds each command takes when nobody kills it."""
    with practice.opened(template, tmp_path_factory.mktemp("usual") / "books") as place:
        run(place, "--version")  # the server of processes starts
        taken = {}
        for words in EVENING:
            place.prepare(words)
            taken[words] = _through(place, words).seconds
        _sound(place, killed=False)
    return taken


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_any_point_nothing_is_lost_doubled_or_half_done(
    seed: int, template: Path, usual: Mapping[tuple[str, ...], float], tmp_path: Path
) -> None:
    chance = random.Random(seed)
    with practice.opened(template, tmp_path / "books") as place:
        for words in EVENING:
            place.prepare(words)
            for _ in range(chance.randint(0, MOST_KILLS)):
                _interrupted(place, words, chance.uniform(0, usual[words]))
            _through(place, words)
        _sound(place, killed=True)


def _interrupted(place: Round, words: tuple[str, ...], seconds: float) -> None:
    """A command killed where it then is, unless it was faster."""
    done = run(place, *words, kill_after=seconds)
    assert done.code in (0, KILLED), done.said
    with open_workspace(place.root) as ws:
        _no_half_file(ws)
    place.clock.ahead += NEXT


def _through(place: Round, words: tuple[str, ...]) -> Ran:
    """A command run to its end; the sender until nothing waits."""
    while True:
        done = run(place, *words, *(["--json"] if words == ("submit",) else []))
        assert done.code == 0, done.said
        if words != ("submit",) or not json.loads(done.said)["waiting"]:
            return done
        place.clock.ahead += NEXT


def _sound(place: Round, *, killed: bool) -> None:
    with open_workspace(place.root) as ws:
        papers = Papers(ws.store)
        _numbered(papers)
        _chained(papers)
        _sent(place, papers, killed=killed)
        _no_half_file(ws)
        _complete(place, ws)
    done = run(place, "verify")
    assert done.code == 0, done.said


def _numbered(papers: Papers) -> None:
    """Every document of the evening, the numbers of each series without a gap, its days never going back."""
    series = defaultdict[str, list[tuple[int, date]]](list)
    for each in papers.invoices():
        series[each.series].append((int(each.number.removeprefix(each.series)), each.issued_on))
    assert sum(map(len, series.values())) == DOCUMENTS
    assert papers.waiting() == []
    for rows in series.values():
        assert [number for number, _ in rows] == list(range(1, len(rows) + 1))
        assert [day for _, day in rows] == sorted(day for _, day in rows)


def _chained(papers: Papers) -> None:
    """One chain: each record names the one before it, and its huella is that of its text."""
    rows = list(papers.records())
    records = [read.read(papers.unseal(row.customer, f"record {row.place}", row.xml) or b"") for row in rows]
    assert [record.number for record in records] == [each.number for each in papers.invoices()]
    assert [record.huella for record in records] == [chain.huella(row.hashed) for row in rows]
    assert chain.check(records) == ()


def _sent(place: Round, papers: Papers, *, killed: bool) -> None:
    """Every record at the office exactly once and as it is here; nothing waits; the sender kept the office's rules."""
    states = papers.states()
    assert {state.state for state in states.values()} == {"accepted"}
    assert papers.count_open() == 0
    assert outbox.strays(papers, NIF) == ()
    assert [stored.huella for stored in place.office.records()] == [row.huella for row in papers.records()]
    assert {stored.outcome for stored in place.office.records()} == {Outcome.CORRECT}
    # Killed between the arrival of an answer and its storing, the sender cannot know that it was answered: it must ask again.
    known = {ViolationKind.REPEATED} if killed else set()
    assert [each for each in place.office.violations() if each.kind not in known] == []


def _files(ws: Workspace) -> list[Path]:
    """What Beancount would take for a document: a file whose name begins with a day."""
    return [path for path in (ws.root / "documents").rglob("[0-9]*") if path.is_file()]


def _no_half_file(ws: Workspace) -> None:
    """Each file is a document of the store, whole."""
    papers = Papers(ws.store)
    whole = {papers.document(each.number, form) for each in papers.invoices() for form, *_ in papers.documents(each.number)}
    for path in _files(ws):
        assert path.read_bytes() in whole, path


def _complete(place: Round, ws: Workspace) -> None:
    """A PDF to its last line for each document, and for each full one a Facturae whose signature verifies."""
    forms = {form: [path for path in _files(ws) if path.suffix == form] for form in (".pdf", ".xsig")}
    assert {form: len(paths) for form, paths in forms.items()} == {".pdf": DOCUMENTS, ".xsig": FULL}
    assert all(path.read_bytes().rstrip().endswith(b"%%EOF") for path in forms[".pdf"])
    for path in forms[".xsig"]:
        assert sign.verify(path.read_bytes(), at=place.clock()).findings == (), path
