"""Books that may only be read are read, and nothing beside them is written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.shelf import copied, prepare

_CAPS = "-dac_override,-dac_read_search"
# Root may write everywhere: without these rights it obeys the modes of files like everybody.
_OBEYING = ["setpriv", f"--bounding-set={_CAPS}", f"--inh-caps={_CAPS}"] if os.geteuid() == 0 else []

READING = [
    ("bundle", "show", "B-1"),
    ("report", "rollforward", "--from", "2026-02-01", "--to", "2026-03-31"),
    ("trace", "u1"),
    ("customer", "balance", "C-1"),
    ("prove", "S-1"),
    ("verify",),
]
WRITING = [
    ("record", "events.jsonl"),
    ("advance", "--to", "2026-09-30"),
    ("close", "2026-03", "--approver", "A"),
    ("books", "build"),
    ("customer", "statement", "C-1", "--signed"),
]


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*_OBEYING, sys.executable, "-m", "revrec", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)


def shut(root: Path, *, folders: int = 0o555) -> None:
    """Take the right to write away."""
    for path in root.rglob("*"):
        path.chmod(folders if path.is_dir() else 0o444)
    root.chmod(folders)


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if _OBEYING and not (
        shutil.which("setpriv") and subprocess.run([*_OBEYING, "true"], capture_output=True, check=False).returncode == 0
    ):
        pytest.skip("root, and no setpriv that lays its rights down")
    root = prepare(tmp_path_factory.mktemp("shelf") / "books, read #1?")
    (root / "events.jsonl").write_bytes(b"")
    return root


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Iterator[Path]:
    root = copied(shelf, tmp_path / shelf.name)
    yield root
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        folder.chmod(0o755)


@pytest.mark.parametrize("folders", [0o555, 0o755])
def test_read_only_books_are_read_and_nothing_is_written(root: Path, folders: int) -> None:
    shut(root, folders=folders)
    before = content(root)
    for arguments in READING:
        done = run(root, *arguments)
        assert done.returncode == 0, (arguments, done.stderr)
    assert content(root) == before


def test_a_writing_command_says_that_the_folder_is_read_only(root: Path) -> None:
    shut(root)
    before = content(root)
    for arguments in WRITING:
        done = run(root, *arguments)
        assert done.returncode == 1, (arguments, done.stdout)
        assert "is read-only for you" in done.stderr
        assert "Traceback" not in done.stderr
    assert content(root) == before


def test_reading_does_not_finish_files(root: Path) -> None:
    with sqlite3.connect(root / "revrec.db") as connection:
        connection.execute("UPDATE days SET file = NULL WHERE date = '2026-02-10'")
    connection.close()
    (root / "journal/2026/2026-02-10.beancount").unlink()
    for arguments in READING[:-1]:
        assert run(root, *arguments).returncode == 0
    assert not (root / "journal/2026/2026-02-10.beancount").exists()
    shut(root)
    for arguments in READING[:-1]:
        assert run(root, *arguments).returncode == 0
    found = run(root, "verify")
    assert found.returncode == 1
    assert "2026-02-10.beancount" in found.stdout + found.stderr


def test_what_stands_in_the_wal_is_read(root: Path) -> None:
    """Another process has the books open, and its last commit stands beside the database."""
    writer = sqlite3.connect(root / "revrec.db")
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("UPDATE heads SET calendar = '2026-12-31'")
    writer.commit()
    assert (root / "revrec.db-wal").stat().st_size
    shut(root)
    found = run(root, "verify")
    assert "derived.head" in found.stdout + found.stderr
    assert run(root, "trace", "u1").returncode == 0
    writer.close()


@pytest.mark.parametrize("files", [("", "-wal"), ("", "-wal", "-shm")])
def test_a_wal_that_was_left_behind_is_never_passed_over(root: Path, tmp_path: Path, files: tuple[str, ...]) -> None:
    left = copied(root, tmp_path / "left")
    writer = sqlite3.connect(root / "revrec.db")
    writer.execute("UPDATE heads SET calendar = '2026-12-31'")
    writer.commit()
    for suffix in files:
        shutil.copy(root / f"revrec.db{suffix}", left / f"revrec.db{suffix}")
    writer.close()
    shut(left)
    found = run(left, "verify")
    assert found.returncode == 1
    assert ("derived.head" if "-shm" in files else "revrec.db-wal") in found.stdout + found.stderr
    assert "Traceback" not in found.stderr
    left.chmod(0o755)
