"""The zip of a pack, written in one pass: its bytes follow from its members alone, and each line of them has its digest."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Self

from revrec.app.note import canonical

MANIFEST = "MANIFEST.jsonl"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold: packs of one state are the same bytes
_DIGITS = 4  # bytes of a line's digest in the manifest: they find the line, the digest of the member proves it


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the pack: `lines` are the first four bytes of the SHA-256 of each line, empty where it has no lines."""

    name: str
    size: int
    sha256: str
    lines: bytes

    def row(self) -> bytes:
        """Its line of the manifest."""
        return canonical({"bytes": self.size, "lines": self.lines.hex(), "name": self.name, "sha256": self.sha256})


class Archive:
    """Writes members one after the other, the directory at the end; of a member only the digests of its lines are held."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.members: list[Member] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_stopped: object) -> None:
        self._zip.close()

    def lines(self, name: str, lines: Iterable[bytes]) -> Member:
        """A member of lines, given without their LF."""
        return self.data(name, (line + b"\n" for line in lines))

    def text(self, name: str, text: str) -> Member:
        """A member of text."""
        return self.whole(name, text.encode())

    def whole(self, name: str, content: bytes) -> Member:
        """A member that is at hand; a line ends at LF, as for whoever reads it."""
        return self.data(name, io.BytesIO(content))

    def data(self, name: str, parts: Iterable[bytes], *, lined: bool = True) -> Member:
        """A member of parts; each of them is a line, unless it is not `lined`."""
        whole, digests, size = hashlib.sha256(), bytearray(), 0
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        with self._zip.open(info, "w", force_zip64=True) as file:
            for part in parts:
                file.write(part)
                whole.update(part)
                size += len(part)
                if lined:
                    digests += hashlib.sha256(part).digest()[:_DIGITS]
        self.members.append(Member(name, size, whole.hexdigest(), bytes(digests)))
        return self.members[-1]

    def manifest(self, besides: Iterable[str]) -> Member:
        """The manifest of all members so far but some, as a member."""
        left_out = set(besides)
        return self.lines(MANIFEST, (member.row() for member in self.members if member.name not in left_out))


def json_lines(rows: Iterable[object]) -> Iterator[bytes]:
    """Rows as canonical JSON, one a line."""
    return (canonical(row) for row in rows)  # type: ignore[arg-type]


def pretty(value: object) -> str:
    """JSON for people and programs: a member a line, so that a changed byte has a line."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
