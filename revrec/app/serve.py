"""The books in the browser: Fava as a process of its own, on this machine only, until Ctrl-C."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from revrec.core.errors import RevrecError


class NotServed(RevrecError):
    """Fava did not start."""

    def __init__(self, why: str) -> None:
        said = (
            "Fava is not installed here: install revrec[fava]" if "ModuleNotFoundError" in why else f"Fava did not start: {why}"
        )
        super().__init__(said)


@contextmanager
def serving(ledger: Path, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of the served books, and the process; both end with the block. Raises NotServed.

    The process has a session of its own, so that Ctrl-C reaches only this one; it also ends when its input closes.
    """
    if not ledger.is_file():
        raise NotServed(f"{ledger} does not exist; `revrec books build` writes the books")
    # Its complaints go to a file: nobody would read a pipe while it serves.
    command = [sys.executable, "-m", "revrec.fava.serve", str(ledger), "--port", str(port)]
    pipe = subprocess.PIPE
    with TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=said, text=True, start_new_session=True)  # noqa: S603  our own module
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            if address:
                yield address, process
            if not address or process.poll():
                said.seek(0)
                raise NotServed(_last_line(said.read()))
        finally:
            process.terminate()
            process.communicate()


def _last_line(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "no reason given")


def serve(ledger: Path, announce: Callable[[str], None], port: int = 0) -> None:
    """Serve the books until Ctrl-C; `announce` is told the address once they can be opened."""
    with serving(ledger, port) as (address, process):
        try:
            announce(address)
            process.wait()
        except KeyboardInterrupt:
            return
