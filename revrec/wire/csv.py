"""CSV files of events: a header of field names, a row an event (events.md 3)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from revrec.wire.errors import Problem
from revrec.wire.files import BROKEN, Line, broken_stream, opened

ENVELOPE = ("specversion", "id", "source", "type", "time", "subject", "taxpayer", "branch", "actor")
REQUIRED = ("type", "id", "source", "time")
BOOLEANS = frozenset({"business", "withholds"})
RULE = "events.md 3, CSV"
_NUMBER = re.compile(r"\.([1-9][0-9]*)(?=\.)")


@dataclass(slots=True)
class CsvEvents:
    """A `.csv` file of events: `type,id,source,time` and the fields of `data`.

    Nested ones stand with a dot (`discount.code`), those of a list with their number (`instalments.1.due_on`).
    """

    path: Path
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def size(self) -> int | None:
        """Bytes on disk."""
        return self.path.stat().st_size

    def lines(self) -> Iterator[Line]:
        """Every row as an event; a row that cannot be one comes with its problem."""
        rows = table(self.path)
        header = next(rows, None)
        if header is None:
            yield Line(1, b"", problems=(Problem("line", RULE, "the file is empty", "its first line names the columns"),))
            return
        if header.problems or (wrong := header_problems(header.cells)):
            yield Line(header.number, b"", problems=header.problems or tuple(wrong))
            return
        columns = MappingProxyType({_path(name): place(i, name) for i, name in enumerate(header.cells)})
        for row in rows:
            yield _line(row, header.cells, columns)


@dataclass(frozen=True, slots=True)
class Row:
    """A row with the line on which it ends; `problems` where it could not be read."""

    number: int
    cells: list[str]
    problems: tuple[Problem, ...] = ()


def table(path: Path, delimiter: str | None = None, encoding: str = "utf-8-sig") -> Iterator[Row]:
    """The rows of a CSV file that are not empty, its header first; a semicolon is recognised by the header."""
    with opened(path) as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
        reader = None
        try:
            first = text.readline()
            if not first:
                return
            sign = delimiter or (";" if first.count(";") > first.count(",") else ",")
            reader = csv.reader(_again(first, text), delimiter=sign, strict=True)
            for cells in reader:
                if any(cells):
                    yield Row(reader.line_num, cells)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].count(b"\n")  # a whole buffer is decoded at once
            yield Row((reader.line_num if reader else 0) + before + 1, [], (_encoding(error),))
        except csv.Error as error:
            problem = Problem("line", RULE, f"not CSV: {error}", "look for a quotation mark that is not closed")
            yield Row(reader.line_num if reader else 1, [], (problem,))
        except BROKEN as error:
            yield Row((reader.line_num if reader else 0) + 1, [], broken_stream(1, error).problems)


def _again(first: str, rest: io.TextIOWrapper) -> Iterator[str]:
    yield first
    yield from rest


def _encoding(error: UnicodeDecodeError) -> Problem:
    what = f"byte {error.object[error.start]:#04x} is not {error.encoding.upper()}"
    return Problem("line", RULE, what, "save the file as `CSV UTF-8`; nothing after this line was read")


def place(index: int, name: str) -> str:
    """How messages call a column: `column 3 (amount)`."""
    return f"column {index + 1} ({name})"


def header_problems(cells: list[str]) -> list[Problem]:
    """What is wrong with the names of the columns."""
    needs = f"the header needs {','.join(REQUIRED)}"
    found = [Problem(name, RULE, "no such column", needs) for name in REQUIRED if name not in cells]
    for i, name in enumerate(cells):
        if not name.strip():
            found.append(Problem(place(i, name), RULE, "the column has no name", "name it after a field of events.md 4"))
        elif name in cells[:i]:
            found.append(Problem(place(i, name), RULE, "the column stands twice", "keep one"))
        elif any(other.startswith(f"{name}.") for other in cells):
            what = f"stands beside columns {name}.…"
            found.append(Problem(place(i, name), RULE, what, "keep those with a dot"))
    return found


def _path(name: str) -> str:
    return name if name in ENVELOPE else "data." + _NUMBER.sub(lambda found: f"[{int(found[1]) - 1}]", name)


def _line(row: Row, header: list[str], columns: Mapping[str, str]) -> Line:
    if row.problems:
        return Line(row.number, b"", problems=row.problems)
    if len(row.cells) != len(header):
        what = f"{len(row.cells)} cells where the header has {len(header)}"
        problem = Problem("line", RULE, what, "a cell that holds a comma or a line end needs quotation marks")
        return Line(row.number, ",".join(row.cells).encode(), problems=(problem,))
    return Line(row.number, event_of(zip(header, row.cells, strict=True)), columns=columns)


def event_of(cells: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The event that named cells make; an empty cell is an absent member."""
    event: dict[str, Any] = {"specversion": "1.0"}
    data: dict[str, Any] = {}
    for name, cell in cells:
        if not cell:
            continue
        if name in ENVELOPE:
            event[name] = cell
        else:
            put(data, name, cell)
    event["data"] = {name: _list(value) if isinstance(value, dict) else value for name, value in data.items()}
    return event


def _list(members: dict[str, Any]) -> Any:
    """Members that are called 1, 2, 3 … as a list in that order; rows may leave the last ones empty."""
    if not all(name.isascii() and name.isdigit() for name in members):
        return members
    return [members[name] for name in sorted(members, key=int)]


def put(data: dict[str, Any], name: str, cell: str) -> None:
    """Set a member by its dotted name; `true` and `false` are read where the contract has a boolean."""
    if "\r" in cell:
        cell = cell.replace("\r\n", "\n")
    *parents, last = name.split(".")
    for parent in parents:
        inner = data.setdefault(parent, {})
        if not isinstance(inner, dict):
            return  # the header check has refused `a` beside `a.b`
        data = inner
    data[last] = {"true": True, "false": False}.get(cell, cell) if last in BOOLEANS else cell
