"""The proof that a session is in the books: its file, and the check of it, which needs no books (docs/formats.md, Proof)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from revrec.app import note
from revrec.app.note import Kind, Who
from revrec.core import merkle, money
from revrec.core.errors import RevrecError
from revrec.core.journal import JournalEntry
from revrec.store.format import decode_entry
from revrec.store.tree import entry_leaf

KIND = "revrec proof"
VERSION = 1


class What(StrEnum):
    """What a leaf is."""

    EVENT = "event"
    ENTRY = "entry"


class ProofRefused(RevrecError):
    """A proof that proves nothing; the subclasses say why."""


class MemberWrong(ProofRefused):
    """A member is missing or is not of its kind."""

    def __init__(self, member: str) -> None:
        super().__init__(f"the proof is damaged: `{member}` is missing or is not what it should be. Ask for the original")


class NotIncluded(ProofRefused):
    """A leaf is not in the tree that was signed."""

    def __init__(self, leaf: Leaf, size: int) -> None:
        super().__init__(
            f"the {leaf.what} at place {leaf.place} is not in the tree of {size:,} leaves that was signed: "
            "what the file says of it, or its path, was changed"
        )


class OfAnother(ProofRefused):
    """A leaf is in the tree and is not what the file claims of it."""

    def __init__(self, leaf: Leaf, why: str) -> None:
        super().__init__(
            f"the {leaf.what} at place {leaf.place} is in the books, but {why}: the file claims what it does not prove"
        )


class NotExtended(ProofRefused):
    """A later tree does not begin with the earlier one."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(
            f"the tree of {second:,} leaves does not begin with the one of {first:,}: the path was changed, or the books were "
            "rewritten between the two closings. Keep both files"
        )


class Leaf(NamedTuple):
    """A leaf with its path to the root: its place from 0, and as `data` the stored bytes that were hashed."""

    what: What
    place: int
    data: bytes
    path: tuple[bytes, ...]


class Step(NamedTuple):
    """From one head to the next: the path that shows that the later tree begins with the earlier, and the later note."""

    first: int
    second: int
    path: tuple[bytes, ...]
    head: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What the file holds: the session, the signed head, the leaves of the session and the steps to later heads."""

    session: str
    head: str
    leaves: tuple[Leaf, ...]
    steps: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The members of the file."""
        leaves = [
            {"what": leaf.what.value, "index": leaf.place, "data": base64.b64encode(leaf.data).decode(), "path": _hex(leaf.path)}
            for leaf in self.leaves
        ]
        steps = [{"from": step.first, "to": step.second, "path": _hex(step.path), "head": step.head} for step in self.steps]
        return {
            "kind": KIND,
            "version": VERSION,
            "session": self.session,
            "head": self.head,
            "leaves": leaves,
            "consistency": steps,
        }

    def text(self) -> str:
        """The file."""
        return json.dumps(self.to_json(), ensure_ascii=False, indent=1) + "\n"


class Fact(NamedTuple):
    """An event that was proved, with those of its entries that are the session's; `whole`: it posted no others."""

    seq: int
    id: str
    type: str
    recorded: str
    bundle: str | None
    entries: tuple[JournalEntry, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof proves: facts of a session in the books that were signed at a closing, and who signed."""

    session: str
    head: Mapping[str, Any]
    who: Who
    facts: tuple[Fact, ...]
    later: tuple[tuple[Mapping[str, Any], Who], ...]

    def to_json(self) -> dict[str, Any]:
        """The same for programs: amounts are decimal strings."""
        return {
            "session": self.session,
            "taxpayer": self.head["taxpayer"],
            **_of_head(self.head, self.who),
            "events": [self._fact(fact) for fact in self.facts],
            "later": [_of_head(head, who) for head, who in self.later],
        }

    def _fact(self, fact: Fact) -> dict[str, Any]:
        entries = [
            {"entry": f"E-{entry.number}", "date": entry.date.isoformat(), "rule": entry.rule, "postings": self._legs(entry)}
            for entry in fact.entries
        ]
        said = {"event": fact.id, "type": fact.type, "number": fact.seq, "recorded_at": fact.recorded, "bundle": fact.bundle}
        return {**said, "entries": entries, "no_other_entry": fact.whole}

    def _legs(self, entry: JournalEntry) -> list[dict[str, str]]:
        return [{"role": leg.role.value, "amount": money.text(leg.amount, self.head["currency"])} for leg in entry.postings]

    def lines(self) -> Iterator[str]:
        """For people: what is proved, then what it rests on."""
        head = self.head
        books = f"the books of {head['taxpayer']}, as they were signed at the closing of {head['period']}"
        yield f"Session {self.session} is in {books}."
        for fact in self.facts:
            of = f", bundle {fact.bundle}" if fact.bundle else ""
            yield f"  event {fact.id}, {fact.type}{of}: number {fact.seq}, recorded {fact.recorded}"
            for entry in fact.entries:
                legs = ", ".join(f"{leg['role']} {leg['amount']}" for leg in self._legs(entry))
                yield f"    entry E-{entry.number} of {entry.date}, {entry.rule}: {legs} {head['currency']}"
            if fact.whole:
                yield f"    {'recording it posted no other entry' if fact.entries else 'recording it posted no entry'}"
        yield from _head_lines(head, self.who)
        for later, who in self.later:
            yield f"The books signed at the closing of {later['period']} begin with these, unchanged ({who}, {later['at']})."
        yield "Compare the key with the fingerprint that the taxpayer gave you: the proof is worth what that key is worth."


def proved(proof: Proof, *, key: str | None = None) -> Proved:
    """What a proof proves, everything in it checked; raises ProofRefused or NoteRefused."""
    head, who = _head(proof.head, key)
    for leaf in proof.leaves:
        if not merkle.includes(merkle.leaf(leaf.data), leaf.place, head["size"], leaf.path, bytes.fromhex(head["root"])):
            raise NotIncluded(leaf, head["size"])
    return Proved(proof.session, head, who, tuple(_facts(proof, head["taxpayer"])), tuple(_later(proof, head, key)))


def parse(found: Mapping[str, Any]) -> Proof:
    """The proof that the members of a file are; raises MemberWrong."""
    leaves = tuple(_leaf(f"leaves[{at}]", each) for at, each in enumerate(_list(found, "leaves")))
    steps = tuple(_step(f"consistency[{at}]", each) for at, each in enumerate(_list(found, "consistency")))
    return Proof(_string(found, "session"), _string(found, "head"), leaves, steps)


def _leaf(where: str, found: Any) -> Leaf:
    try:
        data = base64.b64decode(found["data"], validate=True)
        return Leaf(What(found["what"]), _number(found["index"]), data, _path(found["path"]))
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise MemberWrong(where) from None


def _step(where: str, found: Any) -> Step:
    try:
        return Step(_number(found["from"]), _number(found["to"]), _path(found["path"]), _string(found, "head"))
    except (KeyError, TypeError, ValueError):
        raise MemberWrong(where) from None


def _path(found: Any) -> tuple[bytes, ...]:
    path = tuple(bytes.fromhex(each) for each in found)
    if any(len(each) != merkle.SIZE for each in path):
        raise ValueError
    return path


def _number(found: Any) -> int:
    if type(found) is not int:
        raise TypeError
    return found


def _string(found: Mapping[str, Any], member: str) -> str:
    value = found.get(member)
    if not isinstance(value, str):
        raise MemberWrong(member)
    return value


def _list(found: Mapping[str, Any], member: str) -> list[Any]:
    value = found.get(member)
    if not isinstance(value, list):
        raise MemberWrong(member)
    return value


def _head(text: str, key: str | None) -> tuple[Mapping[str, Any], Who]:
    """What a head says, its members of the kinds that are relied on, and who signed it."""
    read = note.read(text)
    who = note.check(read, Kind.HEAD, key=key)
    content = read.content
    kinds = {"taxpayer": str, "currency": str, "period": str, "at": str, "root": str, "size": int, "closed_seq": int}
    for member, kind in kinds.items():
        if type(content.get(member)) is not kind:
            raise MemberWrong(f"head: {member}")
    try:
        bytes.fromhex(content["root"])
    except ValueError:
        raise MemberWrong("head: root") from None
    return content, who


def _facts(proof: Proof, taxpayer: str) -> Iterator[Fact]:
    """The events in order, each with its entries; every leaf is the session's, the taxpayer's and at its place."""
    events = [(leaf, _record(leaf, proof.session, taxpayer)) for leaf in proof.leaves if leaf.what is What.EVENT]
    if not events:
        raise MemberWrong("leaves")
    entries = [(leaf, _entry(leaf, proof.session)) for leaf in proof.leaves if leaf.what is What.ENTRY]
    for leaf, entry in entries:
        seq = next((r["n"] for _, r in events if (r["event"]["id"], r["event"]["source"]) == (entry.event, entry.source)), None)
        if seq is None or leaf.place != entry_leaf(seq, entry.number):
            raise OfAnother(leaf, f"entry E-{entry.number} does not follow from an event of this proof")
    for _, record in sorted(events, key=lambda event: event[1]["n"]):
        event = record["event"]
        mine = sorted((e.number, leaf.data, e) for leaf, e in entries if (e.event, e.source) == (event["id"], event["source"]))
        whole = hashlib.sha256(b"".join(data for _, data, _ in mine)).hexdigest() == record["entries"]
        bundle = event["data"].get("bundle")
        posted = tuple(entry for *_, entry in mine)
        yield Fact(record["n"], event["id"], event["type"], record["at"], bundle, posted, whole)


def _record(leaf: Leaf, session: str, taxpayer: str) -> dict[str, Any]:
    """The chain record that a leaf is, of the session and the taxpayer."""
    try:
        record: dict[str, Any] = json.loads(leaf.data)
        event = record["event"]
        known = all(isinstance(event[name], str) for name in ("id", "source", "type")) and isinstance(record["entries"], str)
        found, whose = event["data"].get("session"), record["taxpayer"]
        if not known or type(record["n"]) is not int or not isinstance(record["at"], str):
            raise TypeError  # noqa: TRY301  one way out for every shape that is no record
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OfAnother(leaf, "it is no event") from None
    if whose != taxpayer:
        raise OfAnother(leaf, f"it is of {whose}, the head is of {taxpayer}")
    if found != session:
        raise OfAnother(leaf, f"it is of session {found}, not of {session}")
    return record


def _entry(leaf: Leaf, session: str) -> JournalEntry:
    """The entry that a leaf is, of the session."""
    try:
        entry = decode_entry(leaf.data)
    except (RevrecError, ValueError, KeyError, TypeError, AttributeError):
        raise OfAnother(leaf, "it is no entry") from None
    if entry.session != session:
        raise OfAnother(leaf, f"entry E-{entry.number} is of session {entry.session}, not of {session}")
    return entry


def _later(proof: Proof, head: Mapping[str, Any], key: str | None) -> Iterator[tuple[Mapping[str, Any], Who]]:
    """The later heads, each the tree before it with more leaves."""
    before = head
    for step in proof.steps:
        later, who = _head(step.head, key)
        if (step.first, step.second, later["taxpayer"]) != (before["size"], later["size"], head["taxpayer"]):
            raise MemberWrong("consistency")
        roots = bytes.fromhex(before["root"]), bytes.fromhex(later["root"])
        if not merkle.extends(step.first, step.second, *roots, step.path):
            raise NotExtended(step.first, step.second)
        yield later, who
        before = later


def _of_head(head: Mapping[str, Any], who: Who) -> dict[str, Any]:
    said = {name: head[name] for name in ("period", "size", "root", "at")}
    return {"head": said | {"signed_by": named(who)}}


def named(who: Who) -> dict[str, Any]:
    """Who signed, for programs; `certificate` is null where none did."""
    certificate = {"name": who.name, "number": who.number} if who.name else None
    return {"fingerprint": who.fingerprint, "certificate": certificate}


def _head_lines(head: Mapping[str, Any], who: Who) -> Iterator[str]:
    yield f"Tree of {head['size']:,} leaves, root {head['root']}."
    yield f"Signed on {head['at']} by {who}."


def _hex(path: Sequence[bytes]) -> list[str]:
    return [each.hex() for each in path]
