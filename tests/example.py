"""Makes `ledgers/example` again from its sources, `events.jsonl` and `policy.toml`: `python -m tests.example [DIR]`.

With a folder it makes the whole workspace there, database and keys included, to try the commands on.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from revrec.app import advance, record
from revrec.app.init import Answers, init
from revrec.app.progress import Silent
from revrec.app.workspace import open_workspace

EXAMPLE = Path(__file__).parents[1] / "ledgers" / "example"
SOURCES = ("README.md", "events.jsonl", "policy.toml")
PRIVATE = ("revrec.db", "revrec.db-shm", "revrec.db-wal", "revrec.key", "audit.key")
NOW = datetime(2026, 8, 1, 9, tzinfo=UTC)
LAST_DAY = date(2026, 7, 31)


def build(root: Path) -> None:
    """The example workspace in an empty or missing folder: init, the sources, record, advance."""
    init(root, Answers("ES-B64717838", "Centro de Ejemplo SL", "generic", "Europe/Madrid", "EUR", "common"), now=NOW)
    for name in SOURCES:
        shutil.copyfile(EXAMPLE / name, root / name)
    with open_workspace(root, environ=os.environ) as ws:
        record.record(ws, record.sources(ws, [str(root / "events.jsonl")], mapping=None), now=NOW, progress=Silent())
        advance.advance(ws, LAST_DAY, now=NOW, progress=Silent())


def files(root: Path) -> dict[str, bytes]:
    """Every file of a workspace that may be shown, by its path."""
    found = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    shown = (path for path in found if path.name not in PRIVATE and not path.name.endswith("picklecache"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(shown)}


def replace() -> None:
    """Replace the committed folder by a new one."""
    with tempfile.TemporaryDirectory() as scratch:
        build(Path(scratch) / "example")
        made = files(Path(scratch) / "example")
    for name in files(EXAMPLE).keys() - made.keys():
        (EXAMPLE / name).unlink()
    for name, content in made.items():
        (EXAMPLE / name).parent.mkdir(parents=True, exist_ok=True)
        (EXAMPLE / name).write_bytes(content)


if __name__ == "__main__":
    build(Path(sys.argv[1])) if sys.argv[1:] else replace()
