"""Beancount's own verdict on a book, from a process of its own: `python -m revrec.books.check MAIN` is the one importer.

Beancount is GPL-2.0-only; everything else in revrec runs without it.
"""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from revrec.core.findings import Finding

_MISSING = 3  # exit code: Beancount is not installed
_ENTRY = re.compile(r"^\d{4}[-/]\d\d?[-/]\d\d?\s+(txn|[*!PSTCURM&#?%])\s", re.MULTILINE)
_HINT = "Open the file at that line; what stands under journal/ is made again by `revrec books build`"


class Handwritten(NamedTuple):
    """A posting of an entry that stands under `manual/`: debit positive, the amount as Beancount completed it."""

    where: str
    day: date
    account: str
    amount: str
    currency: str
    branch: str | None


def check(main: Path) -> tuple[Finding, ...]:
    """Every error that Beancount and the plugins find in a book, with file and line; none when it is clean."""
    done = _run(main.parent, main.name)
    if done.returncode == _MISSING:
        hint = "Install it: pip install 'revrec[fava]'"
        return (Finding("books.no-beancount", main.name, "Beancount is not installed, so the book cannot be checked", hint),)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        hint = "Run `bean-check` on the file to see all of it"
        return (Finding("books.unreadable", main.name, f"Beancount stopped: {last}", hint),)
    return tuple(Finding("books.beancount", where, message, _HINT) for where, message in json.loads(done.stdout))


def handwritten(root: Path) -> tuple[Handwritten, ...] | None:
    """The postings of the accountant's own entries; None when Beancount, which completes them, is not there to read them."""
    files = [path for path in sorted((root / "manual").glob("**/*.beancount")) if _ENTRY.search(path.read_text("utf-8"))]
    if not files:
        return ()
    done = _run(root, "--manual", *(path.relative_to(root).as_posix() for path in files))
    if done.returncode:
        return None
    return tuple(Handwritten(where, date.fromisoformat(day), *rest) for where, day, *rest in json.loads(done.stdout))


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "revrec.books.check", *arguments]
    # The cache would be a file beside the user's ledger.
    environ = {**os.environ, "BEANCOUNT_DISABLE_LOAD_CACHE": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603


def postings(names: list[str]) -> list[tuple[str, str, str, str, str, str | None]]:
    """The postings of some files of the working folder, with the chart but without the journal; loads Beancount."""
    from beancount import loader
    from beancount.core.data import Transaction

    root = Path.cwd()
    includes = [f'include "{root / name}"' for name in ("chart.beancount", *names)]
    entries, _, _ = loader.load_string("\n".join(includes))
    own = {str(root / name) for name in names}
    return [
        (
            _where(entry.meta, root),
            entry.date.isoformat(),
            posting.account,
            f"{posting.units.number:f}",
            posting.units.currency,
            (posting.meta or {}).get("branch") or entry.meta.get("branch"),
        )
        for entry in entries
        if isinstance(entry, Transaction) and entry.meta["filename"] in own
        for posting in entry.postings
        if posting.units
    ]


def errors(main: Path) -> list[tuple[str, str]]:
    """(file:line, message) of each error in a book, files named from its folder; loads Beancount."""
    from beancount import loader

    gc.disable()  # a load makes millions of objects that live until the end: collecting costs a third of the time
    _, found, _ = loader.load_file(str(main))
    return [(_where(error.source, main.resolve().parent), _said(error.message)) for error in found]


def _said(message: str) -> str:
    """A message on one line; of a Python traceback only what it ends with."""
    said, _, trace = message.partition("Traceback (most recent call last):")
    last = trace.strip().splitlines()[-1:]
    return " ".join(" ".join([said, *last]).split())


def _where(source: dict[str, object] | None, root: Path) -> str:
    """The place of an error as `journal/2026/2026-01-10.beancount:7`."""
    name = str((source or {}).get("filename") or "main.beancount")
    path = Path(name)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return f"{shown}:{(source or {}).get('lineno', 0)}"


def _main() -> int:
    """Print the errors of the book named on the command line as JSON; after `--manual` the postings of the files named."""
    found: list[Any]
    try:
        found = postings(sys.argv[2:]) if sys.argv[1] == "--manual" else errors(Path(sys.argv[1]))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "beancount":
            raise
        return _MISSING
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
