"""The server behind `revrec demo`: it ends with Ctrl-C, and with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fava")

BOOKS = Path(__file__).parent / "books" / "main.beancount"
PARENT = """
import sys
from pathlib import Path
from revrec.app import serve
real = serve.subprocess.Popen
def noted(*arguments, **options):
    process = real(*arguments, **options)
    print(process.pid, flush=True)
    return process
serve.subprocess.Popen = noted
serve.serve(serve.Opened((Path(sys.argv[1]),)), lambda address: print(address, flush=True))
print("ended", flush=True)
"""


@pytest.fixture
def started():
    """A process that serves the books, and the id of the server under it."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(BOOKS)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    server = int(process.stdout.readline())
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    yield process, server
    process.kill()
    process.communicate()


def gone(pid):
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text("utf-8").split()[2] == "Z":
                return True
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_ctrl_c_ends_both_and_is_no_error(started):
    process, server = started
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=15)
    assert said == "ended\n"
    assert process.returncode == 0
    assert gone(server)


def test_a_server_does_not_outlive_who_started_it(started):
    process, server = started
    process.kill()
    process.wait(10)
    assert gone(server)
