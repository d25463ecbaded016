"""Whatever was handed out, checked without any books: the proof of a session, or a signed note."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from revrec.app import note
from revrec.app.note import Kind, Who
from revrec.app.proof import KIND, VERSION, ProofRefused, Proved, named, parse, proved


class NoProof(ProofRefused):
    """The text is no proof file."""

    def __init__(self, why: str) -> None:
        super().__init__(f"this is neither a proof of revrec nor a signed note: {why}. Take the file as it was sent")


class Unreadable(ProofRefused):
    """There is no text to check."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: it cannot be read: {why}. Name the proof or note that you were given")


@dataclass(frozen=True, slots=True)
class Said:
    """A signed note that stands: what it says and who signed it."""

    kind: Kind
    content: Mapping[str, Any]
    who: Who

    def to_json(self) -> dict[str, Any]:
        """The content, and who signed."""
        return {"content": dict(self.content), "signed_by": named(self.who)}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from _SAYS[self.kind](self.content)
        yield f"Signed by {self.who}, and unchanged since. Compare the key with the fingerprint that the taxpayer gave you."


def read(path: Path) -> str:
    """The text of a file, as it is; raises Unreadable."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise Unreadable(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise Unreadable(path, "it is no text in UTF-8") from error


def check(text: str, *, key: str | None = None) -> Proved | Said:
    """What a proof file or a signed note proves; raises ProofRefused or NoteRefused.

    `key` is the fingerprint of the key that must have signed.
    """
    try:
        found = json.loads(text)
    except ValueError:
        return _said(text, key)
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise NoProof("it is JSON of another kind")
    if found.get("version") != VERSION:
        raise NoProof(f"it is a proof of version {found.get('version')!r}, which this release does not know")
    return proved(parse(found), key=key)


def _said(text: str, key: str | None) -> Said:
    found = note.read(text)
    return Said(found.kind, found.content, note.check(found, key=key))


def _says_head(said: Mapping[str, Any]) -> Iterator[str]:
    yield f"Head of the books of {said.get('taxpayer')} at the closing of {said.get('period')}, {said.get('at')}."
    yield f"  {said.get('events')} events and {said.get('entries')} entries, chain head {said.get('chain')}"
    yield f"  tree of {said.get('size')} leaves, root {said.get('root')}"


def _says_pack(said: Mapping[str, Any]) -> Iterator[str]:
    yield f"Audit pack of {said.get('taxpayer')}, {said.get('period')}: check the pack itself with the verify.py in it."


def _says_statement(said: Mapping[str, Any]) -> Iterator[str]:
    yield f"{said.get('name')} ({said.get('taxpayer')}) states: {said.get('statement')}."
    yield f"  made on {said.get('at')} after {said.get('events')} events, chain head {said.get('chain')}"


_SAYS = {Kind.HEAD: _says_head, Kind.PACK: _says_pack, Kind.STATEMENT: _says_statement}
