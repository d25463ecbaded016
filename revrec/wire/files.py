"""Files of events, read line by line: `.jsonl` and `.csv`, plain or compressed (`.gz`, `.zst`), or standard input."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

import orjson
import zstandard

from revrec.core.errors import RevrecError
from revrec.wire.errors import Problem

MAX_BYTES = 64 * 1024  # of one event (events.md 3)
NO_COLUMNS: Mapping[str, str] = MappingProxyType({})
BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One event as it came: the bytes of a JSON line, or the object that a CSV row or a mapping makes.

    `problems` is not empty when the line cannot be an event at all; `raw` is then what stood there.
    `invented` marks what a mapping made up. `columns` says in which column of the file a field of the event stands.
    """

    number: int
    raw: bytes | dict[str, Any]
    invented: bool = False
    problems: tuple[Problem, ...] = ()
    columns: Mapping[str, str] = NO_COLUMNS


class Source(Protocol):
    """Where events come from, in order; `skipped` counts by reason what was passed over, complete after `lines`."""

    @property
    def name(self) -> str:
        """How messages call it: the file's name, or `standard input`."""

    @property
    def path(self) -> Path | None:
        """The file, or None for standard input."""

    @property
    def size(self) -> int | None:
        """Bytes on disk, for progress; None when unknown."""

    @property
    def skipped(self) -> Mapping[str, int]:
        """How many rows were passed over, by reason."""

    def lines(self) -> Iterator[Line]:
        """The events; read once, in order."""


ENDINGS = "its ending says nothing of the format: .jsonl, .csv, either with .gz or .zst, or - for standard input"


class NotReadable(RevrecError):
    """A file that cannot be opened or whose name says nothing of its format."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")


@dataclass(slots=True)
class JsonLines:
    """A `.jsonl` file or standard input: one event a line; blank lines are passed over."""

    path: Path | None
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name if self.path else "standard input"

    @property
    def size(self) -> int | None:
        """Bytes on disk."""
        return self.path.stat().st_size if self.path else None

    def lines(self) -> Iterator[Line]:
        """Every line that is not blank; what is too long, cut off or unreadable comes with its problem."""
        with opened(self.path) as stream:
            yield from json_lines(stream)


def json_lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a stream; memory stays that of one line."""
    number, pieces = 0, whole_lines(stream)
    try:
        for number, raw in enumerate(pieces, 1):
            line = raw.removeprefix(BOM) if number == 1 else raw
            if not line.endswith(b"\n"):
                yield from _last(number, line)
            elif len(line) > MAX_BYTES + 2:
                yield too_long(number, line)
            elif line != b"\n" and (text := line.rstrip()):
                yield Line(number, text)
    except BROKEN as error:
        yield broken_stream(number + 1, error)


def whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines of a stream; of a line longer than an event may be only the beginning is kept."""
    read = stream.readline
    while line := read(MAX_BYTES + 3):
        if len(line) == MAX_BYTES + 3 and not line.endswith(b"\n"):
            while (rest := read(MAX_BYTES)) and not rest.endswith(b"\n"):
                continue
            yield line + b"\n"
        else:
            yield line


def _last(number: int, line: bytes) -> Iterator[Line]:
    """A last line without a line end: an event if it is whole, else a sign that the file was cut off."""
    if len(line) > MAX_BYTES:
        yield too_long(number, line)
    elif text := line.strip():
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield Line(number, text, problems=(_cut_off(f"it ends in the middle of an event ({error.msg})"),))
        else:
            yield Line(number, text)


def too_long(number: int, line: bytes) -> Line:
    """A line above the limit of one event; only its beginning is kept."""
    return Line(number, line[:200], problems=(size_problem(),))


def size_problem() -> Problem:
    """The event is above 64 KiB."""
    return Problem("event", "events.md 3", f"longer than {MAX_BYTES // 1024} KiB", "an event is one line of at most 65,536 bytes")


def _cut_off(why: str) -> Problem:
    return Problem("line", "events.md 3", f"the file was cut off: {why}", "get the whole file again; nothing of it was booked")


# What a damaged compressed file raises while it is read.
BROKEN = (EOFError, gzip.BadGzipFile, zstandard.ZstdError, OSError)


def broken_stream(number: int, error: Exception) -> Line:
    """The compressed file ends early or is damaged."""
    return Line(number, b"", problems=(_cut_off(f"the compressed data cannot be read any further ({error})"),))


def opened(path: Path | None) -> BinaryIO:
    """The bytes of a file, decompressed by its name; None is standard input; NotReadable says why not."""
    if path is None:
        return sys.stdin.buffer
    try:
        stream = path.open("rb")
    except OSError as error:
        raise NotReadable(str(path), f"{error.strerror or error}; check the name of the file") from error
    if path.suffix == ".gz":
        return cast("BinaryIO", io.BufferedReader(gzip.GzipFile(fileobj=stream, mode="rb"), 1 << 18))
    if path.suffix == ".zst":
        return cast("BinaryIO", io.BufferedReader(_Frames(stream), 1 << 18))
    return cast("BinaryIO", stream)


class _Frames(io.RawIOBase):
    """A zstandard file; raises EOFError when the last frame is not whole."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._rest = b""
        self._started = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            data = self._frame.unused_data if self._frame.eof else self._stream.read(1 << 17)
            if self._frame.eof:
                data = data or self._stream.read(1 << 17)
                if data:
                    self._frame, self._started = zstandard.ZstdDecompressor().decompressobj(), False
            if not data:
                if self._started and not self._frame.eof:
                    raise EOFError("the last frame is not whole")
                return 0
            self._started = True
            self._rest = self._frame.decompress(data)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()


def source(name: str) -> Source:
    """The source that a file name asks for (`-` is standard input); NotReadable when its ending is not known."""
    from revrec.wire.csv import CsvEvents  # csv needs Line from here

    if name == "-":
        return JsonLines(None)
    path = Path(name)
    endings = path.suffixes[:-1] if path.suffix in (".gz", ".zst") else path.suffixes
    kind = endings[-1].lower() if endings else ""
    if kind == ".csv":
        return CsvEvents(path)
    if kind in (".jsonl", ".json", ".ndjson"):
        return JsonLines(path)
    raise NotReadable(name, ENDINGS)
