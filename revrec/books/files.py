"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from revrec.core.errors import RevrecError


class Unwritten(RevrecError):
    """A file that could not be written: the facts are safe in the store, the books can be made again."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"{path} could not be written: {why}. What was recorded is safe in the store; "
            "make room or mend the permissions, then run `revrec books build`.",
        )


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def put(root: Path, path: str, data: bytes) -> bool:
    """Write a file unless it holds these bytes already, and say whether it did; raises `Unwritten`.

    The bytes go to a file beside it, reach the disk, and take its name in one step: a reader sees the old or the new file.
    """
    target = root / path
    try:
        if _read(target) == data:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data)
    except OSError as error:
        raise Unwritten(path, error.strerror or type(error).__name__) from error
    return True


class Shelf:
    """Writes many files, a few at a time, while the next are made; when the block ends all of them are on the disk.

    Waiting for the disk is most of the cost of small files: four at once take a fifth of the time of one by one.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changed: list[str] = []
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="books")
        self._waiting: deque[tuple[str, Future[bool]]] = deque()

    def put(self, path: str, data: bytes) -> None:
        """Hand a file over; raises `Unwritten` when an earlier one failed. At most eight wait, so that memory stays small."""
        self._waiting.append((path, self._pool.submit(put, self.root, path, data)))
        if len(self._waiting) > 8:
            self._take()

    def _take(self) -> None:
        path, future = self._waiting.popleft()
        if future.result():
            self.changed.append(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, error: object, traceback: object) -> None:
        try:
            while self._waiting and not failed:
                self._take()
        finally:
            self._pool.shutdown(cancel_futures=True)


def settle(folders: Iterable[Path]) -> None:
    """Make new names in the folders reach the disk."""
    for folder in sorted(folders):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


def _replace(target: Path, data: bytes) -> None:
    with replacing(target) as file:
        file.write(data)


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the target's name when the block ends well and is gone when it does not; raises OSError."""
    beside = target.with_name(f".{target.name}.tmp")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
