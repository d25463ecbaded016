"""A command in a process of its own, which may be killed: the real command line, only its clock is set."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from revrec.cli import main as cli
from revrec.cli import options
from tests.faults.practice import PASSWORD, Round

_PATIENCE = 120  # seconds; nothing here takes a tenth of it
# Imported once, in a server that forks a new process for each command: the killing falls on work, not on imports.
_NEEDED = ["revrec.cli.main", "revrec.app.record", "revrec.app.submit", "revrec.app.render", "revrec.app.verify", __name__]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(_NEEDED)


class Ran(NamedTuple):
    """How a command ended: its exit code (negative: the signal that killed it), what it said, and how long it took."""

    code: int
    said: str
    seconds: float


def _command(arguments: list[str], ahead: timedelta, out: Path) -> None:
    """In the new process: what `revrec` does, with the clock of the round."""
    target = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(target, stream)
    os.environ["REVREC_SIGNER_PASSWORD"] = PASSWORD
    options.now = lambda: datetime.now(UTC) + ahead
    sys.exit(cli.main(arguments))


def run(place: Round, *words: str, kill_after: float | None = None) -> Ran:
    """Run a command to its end, or kill it with SIGKILL after so many seconds if it still runs; the story goes on by a line."""
    out = place.root.with_suffix(".out")
    out.unlink(missing_ok=True)  # one that dies before it says a word has said nothing, not what the one before it said
    arguments = [str(place.root / word) if word.endswith(".jsonl") else word for word in words]
    process = _context.Process(target=_command, args=(["-C", str(place.root), *arguments], place.clock.ahead, out))
    began = time.monotonic()
    process.start()
    process.join(_PATIENCE if kill_after is None else kill_after)
    if process.is_alive():
        process.kill()
        process.join()
    code = process.exitcode
    assert code is not None
    done = Ran(code, out.read_text("utf-8", "replace") if out.exists() else "", time.monotonic() - began)
    place.story.append(_told(words, kill_after, done, place.clock.ahead))
    return done


def _told(words: tuple[str, ...], kill_after: float | None, done: Ran, ahead: timedelta) -> str:
    """One line of the round's story."""
    wanted = "to run to its end" if kill_after is None else f"to be killed after {kill_after:.3f} s"
    ended = f"exit {done.code} after {done.seconds:.3f} s, the clock {ahead.total_seconds():g} s ahead"
    return f"revrec {' '.join(words)}, {wanted}: {ended}: {done.said.strip()[-300:] or 'said nothing'}"
