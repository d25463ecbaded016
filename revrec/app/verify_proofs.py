"""Verify, what was signed: the head of the tree at each closing, and the statements that customers were given.

Every root is computed again from the leaves as they stand, so each tree is seen to extend the one before it. Needs no key:
notes carry the public one. That it is the workspace's is said only where that key is at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.app import note
from revrec.app.heads import digest_of
from revrec.app.note import Kind, Note, NoteRefused, Who
from revrec.app.refollow import Stray
from revrec.core.merkle import Frontier
from revrec.store.certified import Certificates, Certified
from revrec.store.disclosures import Disclosures
from revrec.store.papers import Papers
from revrec.store.tree import Tree, TreeHead

if TYPE_CHECKING:
    from revrec.store.store import Period, Store, StoredEvent

Say = Callable[[Stray], None]


class Grown(NamedTuple):
    """What the leaves give after an event: the tree, and the number of the last entry."""

    size: int
    root: bytes
    frontier: bytes
    tiles: bytes
    entries: int
    digest: bytes


class Growth:
    """The tree grown again, event by event, and what it was at each closing that signed it."""

    def __init__(self) -> None:
        self._tree = Frontier()
        self._seqs = set[int]()
        self._tiles = 0  # of the heads so far
        self.at: dict[int, Grown] = {}

    def expect(self, heads: Iterable[TreeHead]) -> None:
        """At which closings the tree is to be known; without any, nothing is hashed."""
        self._seqs = {head.seq for head in heads}

    def take(self, stored: StoredEvent, bodies: Iterable[bytes]) -> None:
        """One event and the bodies of its entries."""
        if not self._seqs:
            return
        self._tree.extend((stored.record, *bodies))
        if stored.seq in self._seqs:
            tree, tiles = self._tree, b"".join(self._tree.tiles[self._tiles :])
            self._tiles = len(tree.tiles)
            self.at[stored.seq] = Grown(tree.size, tree.root, tree.encode(), tiles, stored.numbers.stop - 1, stored.digest)


class _Known(NamedTuple):
    """The digests (hex) of every document and of every line of the log of identities."""

    documents: frozenset[str] = frozenset()
    disclosures: frozenset[str] = frozenset()

    @classmethod
    def of(cls, store: Store) -> _Known:
        """Those of the books."""
        return cls(
            frozenset(digest.hex() for digest in Papers(store).digests()),
            frozenset(line.digest.hex() for line in Disclosures(store).all()),
        )


def check_heads(store: Store, growth: Growth, own: str | None, say: Say) -> None:
    """Every head against its note, the tree that the leaves give, the closing, and the head before it.

    `own` is the fingerprint of the workspace's own key, None where it is not at hand.
    """
    heads, periods = Tree(store).heads(), {period.seq: period for period in store.periods()}
    _check_closings(heads, periods, say)
    signed = dict[int, Who]()
    known = _Known.of(store) if heads else _Known()
    before: TreeHead | None = None
    for head in heads:
        read = _read(f"closing of {head.period}", "head", head.note, Kind.HEAD, say)
        if read is not None:
            signed[head.seq] = read[1]
            _check_row(store, head, read[0].content, say)
            _check_content(head, read[0].content, periods.get(head.seq), known, say)
            _check_previous(head, read[0].content, before, say)
        _check_root(head, growth.at.get(head.seq), read[0].content if read else {}, say)
        before = head
    _check_keys(store, heads, signed, own, say)


def check_statements(store: Store, say: Say) -> None:
    """Every signed statement against its note, its digest, its row, and the numbers without gaps."""
    last = 0
    for made in Certificates(store).all():
        if made.n != last + 1:
            say(Stray("statement.missing", f"statement {last + 1}", f"signed statement {last + 1} is missing from the store"))
        last = made.n
        where = f"statement {made.n}"
        if hashlib.sha256(made.note.encode()).hexdigest() != made.sha256:
            say(Stray("statement.digest", where, f"signed {where}: the note is not the one whose digest was kept"))
        read = _read(f"signed {where}", "statement", made.note, Kind.STATEMENT, say)
        if read is not None and _statement_row(store, made) != _statement_said(read[0].content):
            say(Stray("statement.row", where, f"signed {where}: its row does not say what the signed note says"))


def _statement_row(store: Store, made: Certified) -> tuple[object, ...]:
    return (store.taxpayer_id, made.n, made.customer, made.as_of.isoformat(), made.at, made.seq)


def _statement_said(content: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(content.get(name) for name in ("taxpayer", "number", "customer", "as_of", "at", "events"))


def _read(where: str, code: str, text: str, kind: Kind, say: Say) -> tuple[Note, Who] | None:
    """The note and who signed it; None where it cannot be read or was changed, which is said."""
    try:
        found = note.read(text)
    except NoteRefused as refused:
        say(Stray(f"{code}.note", where, f"{where}: {refused}"))
        return None
    try:
        return found, note.check(found, kind)
    except NoteRefused as refused:
        say(Stray(f"{code}.signature", where, f"{where}: {refused}"))
        return None


def _check_closings(heads: list[TreeHead], periods: Mapping[int, Period], say: Say) -> None:
    """Since the first head, every closing has one; before it, months were closed by a release that signed none."""
    first = min((head.seq for head in heads), default=None)
    signed = {head.seq for head in heads}
    for seq, period in periods.items():
        if first is not None and seq > first and seq not in signed:
            name = f"{period.period:%Y-%m}"
            say(
                Stray("head.missing", name, f"the closing of {name} (event number {seq}): the signed head of its tree is missing")
            )
    for head in heads:
        if head.seq not in periods:
            say(Stray("head.stray", head.period, f"signed head of {head.period}: event number {head.seq} closed no month"))


def _check_row(store: Store, head: TreeHead, said: Mapping[str, Any], say: Say) -> None:
    row = (store.taxpayer_id, head.seq, head.period, head.size, head.root.hex())
    if row != tuple(said.get(name) for name in ("taxpayer", "closed_seq", "period", "size", "root")):
        message = f"closing of {head.period}: its row does not say what the signed note says"
        say(Stray("head.row", f"closing of {head.period}", message))


def _check_content(head: TreeHead, said: Mapping[str, Any], period: Period | None, known: _Known, say: Say) -> None:
    """What the note says of the month's files, of the documents, and of the log of identities."""
    where = f"closing of {head.period}"
    if period is not None and said.get("period_digest") != digest_of(period):
        say(Stray("head.period", where, f"{where}: the digest of the month is not the one that was signed"))
    if said.get("documents") and said["documents"] not in known.documents:
        say(Stray("head.documents", where, f"{where}: the last document that was signed for is not in the books"))
    if said.get("disclosures") and said["disclosures"] not in known.disclosures:
        message = f"{where}: the last line of the log of identities that was signed for is not in it"
        say(Stray("head.disclosures", where, message))


def _check_previous(head: TreeHead, said: Mapping[str, Any], before: TreeHead | None, say: Say) -> None:
    expected = {"size": before.size, "root": before.root.hex()} if before else None
    if said.get("previous") != expected:
        where = f"closing of {head.period}"
        lacks = (
            "a head before it is missing" if before is None else f"it was signed after another head than that of {before.period}"
        )
        say(Stray("head.previous", where, f"{where}: {lacks}"))


def _check_root(head: TreeHead, grown: Grown | None, said: Mapping[str, Any], say: Say) -> None:
    """The tree as the leaves give it, against the row and the note."""
    where = f"closing of {head.period}"
    if grown is None:
        say(Stray("head.root", where, f"{where}: its event, number {head.seq}, is missing, so its tree cannot be computed"))
        return
    if (grown.size, grown.root) != (head.size, head.root):
        message = (
            f"{where}: {head.size:,} leaves with the root {head.root.hex()[:16]}… were signed, events and entries now give "
            f"{grown.size:,} with {grown.root.hex()[:16]}…: something recorded up to then was changed, taken out or put in"
        )
        say(Stray("head.root", where, message))
    elif (grown.frontier, grown.tiles) != (head.frontier, head.tiles):
        say(Stray("head.frontier", where, f"{where}: the nodes that are kept of the tree are not those of the tree"))
    if said and (said.get("events"), said.get("entries"), said.get("chain")) != (head.seq, grown.entries, grown.digest.hex()):
        say(Stray("head.chain", where, f"{where}: the numbers or the chain's head that were signed are not those of the books"))


def _check_keys(store: Store, heads: list[TreeHead], signed: Mapping[int, Who], own: str | None, say: Say) -> None:
    """Who signed: the taxpayer's certificate or the workspace's own key. A later head that names an earlier one vouches for it.

    So a key that was replaced needs no excuse; one that nobody knows, on the newest heads, is said.
    """
    if own is None:
        return
    for head in reversed(heads):
        who = signed.get(head.seq)
        if who is None:
            continue
        if who.fingerprint == own or (who.number and who.number == store.taxpayer_id[3:]):
            return
        where = f"closing of {head.period}"
        message = f"{where}: signed by {who}, which is neither this workspace's key ({own}) nor the taxpayer's certificate"
        say(Stray("head.key", where, message))
