"""`audit-pack`: the members one after the other, the manifest, and the head that is signed last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from revrec import __version__
from revrec.app import note
from revrec.app.notary import Notary, notary
from revrec.app.note import Kind
from revrec.app.pack import books, facts, papers, reports
from revrec.app.pack.archive import MANIFEST, Archive, json_lines
from revrec.app.pack.lists import Exceptions, silent_sessions
from revrec.app.pack.scope import Point, Scope, scope
from revrec.app.progress import Progress, Silent
from revrec.books.files import replacing
from revrec.core import money
from revrec.core.errors import RevrecError
from revrec.store.format import instant

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

HEAD = "HEAD.txt"
VERIFIERS = ("verify.py", "VERIFY.html")
Extra = Callable[[Archive, Scope], None]


class Exists(RevrecError):
    """The file to write is there already."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists already. Name another file with -o, or replace it with --force")


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written: its members with their sizes, the signed head, who signed, and what the reader must be told."""

    path: Path
    sha256: str
    members: tuple[tuple[str, int], ...]
    head: Mapping[str, Any]
    notary: Notary
    remarks: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The members of `audit-pack --json`."""
        return {
            "file": str(self.path),
            "sha256": self.sha256,
            "head": dict(self.head),
            "signed_by": self.notary.to_json(),
            "members": [{"name": name, "bytes": size} for name, size in self.members],
            "remarks": list(self.remarks),
        }

    def lines(self) -> Iterator[str]:
        """For people: the file, what is in it, and what to hand over by another way."""
        start, end = self.head["start"], self.head["end"]
        yield f"{self.path}: {len(self.members)} files, events {start['seq'] + 1:,} to {end['seq']:,}, SHA-256 {self.sha256}"
        yield f"tree root {end['root']}; signed by {self.notary}"
        yield from (f"SHA-256 of {name}: {self.head['verifiers'][name]}" for name in VERIFIERS)
        yield "Tell the auditor these digests and the key by another way than the file"
        yield from self.remarks


def audit_pack(
    ws: Workspace,
    period: str,
    out: Path | None = None,
    *,
    now: datetime,
    unclosed: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    extra: Extra | None = None,
) -> Packed:
    """Write the pack of a month, a year or all; whole or not at all. `extra` adds members before the manifest is made.

    Raises NoSpan, NotClosed, NothingRecorded, Exists, NoFile, BooksChanged, or what the key says.
    """
    path = target(ws, period, out, force=force)
    with ws.store.snapshot():
        span = scope(ws, period, unclosed=unclosed)
        who = notary(ws.settings, now)
        with replacing(path) as file, Archive(file) as archive:
            head = _Maker(ws, span, archive, progress or Silent()).write(who, now, extra)
    members = tuple((member.name, member.size) for member in archive.members)
    with path.open("rb") as whole:
        digest = hashlib.file_digest(whole, "sha256").hexdigest()
    return Packed(path, digest, members, head, who, (*who.remarks, *_remarks(span)))


def target(ws: Workspace, period: str, out: Path | None, *, force: bool) -> Path:
    """The file to write; raises Exists."""
    path = out or Path(f"audit-pack-{ws.settings.taxpayer}-{period}.zip")
    if path.exists() and not force:
        raise Exists(path)
    return path


def _remarks(span: Scope) -> Iterator[str]:
    if not span.closed:
        yield f"{span.period} is not closed: no tree head stands behind the pack, and what it says may still change"
    elif span.signed is None:
        yield f"{span.period} was closed by a release that signed no tree head: the next closing signs one"


class _Maker:
    """Writes one pack."""

    def __init__(self, ws: Workspace, span: Scope, archive: Archive, progress: Progress) -> None:
        self.ws, self.span, self.archive, self.progress = ws, span, archive, progress
        self.chains = papers.Chains(ws.store, span)
        self.sessions, self.exceptions, self.balances = facts.Sessions(), Exceptions(span), facts.Balances(span)

    def write(self, who: Notary, now: datetime, extra: Extra | None) -> Mapping[str, Any]:
        """Every member, the head last; the head's content."""
        archive, store, span = self.archive, self.ws.store, self.span
        self._facts()
        archive.lines("tree-heads.jsonl", json_lines(facts.heads(span)))
        archive.lines("consistency.jsonl", json_lines(facts.consistency(store, span, self.progress)))
        archive.lines("closings.jsonl", json_lines(facts.closings(span)))
        archive.text("sessions-without-revenue.csv", silent_sessions(store, self.sessions))
        archive.text("exceptions.csv", self.exceptions.table())
        archive.text("balances.csv", self.balances.table(store, span))
        facts.policies(archive, store, span)
        papers.write(archive, store, span, self.chains)
        books.write(archive, self.ws, span)
        reports.write(archive, self.ws, span, self.progress)
        if extra is not None:
            extra(archive, span)
        for name in (*VERIFIERS, "README.txt"):
            archive.whole(name, template("pack-readme.txt" if name == "README.txt" else name))
        return self._seal(who, now)

    def _facts(self) -> None:
        """Events and entries, each read once; what is noted of them goes into the lists."""
        store, span = self.ws.store, self.span
        self.progress.start("Packing events and entries", span.end.tree.size - span.start.tree.size)
        self.archive.lines("events.jsonl", facts.events(store, span, self._see_event))
        self.archive.lines("entries.jsonl", facts.entries(store, span, self._see_entry))
        self.progress.done()

    def _see_event(self, stored: Any, event: dict[str, Any]) -> None:
        self.sessions.event(stored, event)
        self.exceptions.event(stored, event)
        self.progress.step()

    def _see_entry(self, entry: dict[str, Any]) -> None:
        self.sessions.entry(entry)
        self.balances.entry(entry)
        self.progress.step()

    def _seal(self, who: Notary, now: datetime) -> Mapping[str, Any]:
        """Manifest and head; the verifiers stand in the head itself."""
        archive, content = self.archive, dict(self._content(now))
        content["verifiers"] = {each.name: each.sha256 for each in archive.members if each.name in VERIFIERS}
        content["members"] = len(archive.members)
        manifest = archive.manifest(besides=VERIFIERS)
        assert manifest.name == MANIFEST
        content["manifest"] = {"sha256": manifest.sha256, "lines": manifest.lines.hex()}
        text = note.make(Kind.PACK, content, who)
        archive.text(HEAD, text)
        return note.read(text).content

    def _content(self, now: datetime) -> Iterator[tuple[str, Any]]:
        span, settings = self.span, self.ws.settings
        yield "taxpayer", settings.taxpayer
        yield "currency", settings.currency
        yield "decimals", money.exponent(settings.currency)
        yield "period", span.period
        yield "from", span.first.isoformat()
        yield "to", span.last.isoformat()
        yield "closed", span.closed
        yield "made_at", instant(now)
        yield "made_by", f"revrec {__version__}"
        yield (
            "start",
            {**_point(span.start), "frontier": [each.hex() for each in span.start.tree.nodes], **self.chains.start.to_json()},
        )
        yield "end", {**_point(span.end), "root": span.end.tree.root.hex(), **self.chains.end.to_json()}
        yield "tree_head", hashlib.sha256(span.heads[-1].note.encode()).hexdigest() if span.signed else None


def _point(point: Point) -> dict[str, Any]:
    return {"seq": point.seq, "entries": point.entries, "chain": point.chain.hex()}


def template(name: str) -> bytes:
    """A file that every pack holds, as it lies in the package."""
    return files("revrec.templates").joinpath(name).read_bytes()
