"""The signed head of the tree at each closing: one root over every event and entry, which the next closing extends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from revrec.app import note
from revrec.app.notary import Notary, notary
from revrec.app.note import Kind
from revrec.core import merkle
from revrec.core.merkle import Frontier
from revrec.store.disclosures import Disclosures
from revrec.store.format import instant
from revrec.store.papers import Papers
from revrec.store.tree import Tree, TreeHead, size_after

if TYPE_CHECKING:
    from datetime import datetime

    from revrec.app.workspace import Workspace
    from revrec.store.store import Period, StoredEvent


@dataclass(frozen=True, slots=True)
class Signed:
    """A head that was signed, and by whom."""

    head: TreeHead
    notary: Notary

    def lines(self) -> Iterator[str]:
        """For people: the size and root of the tree, who signed, and what should be known of that."""
        yield f"tree of {self.head.period}: {self.head.size:,} leaves, root {self.head.root.hex()}; signed by {self.notary}"
        yield from self.notary.remarks

    def to_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {"size": self.head.size, "root": self.head.root.hex(), "note": self.head.note, "signed_by": self.notary.to_json()}


class Signing:
    """Signs the heads of the closings of one run; the key is opened once, and only when something is closed."""

    def __init__(self, ws: Workspace, now: datetime) -> None:
        self.ws = ws
        self.now = now

    @cached_property
    def notary(self) -> Notary:
        """Who signs."""
        return notary(self.ws.settings, self.now)

    def sign(self, closing: StoredEvent, period: Period) -> Signed:
        """The head of the tree up to a closing that stands in the store already; it is appended in the same transaction."""
        tree = Tree(self.ws.store)
        before = tree.last()
        frontier = grown(tree, before, closing.seq)
        content = self._content(closing, period, frontier, before)
        text = note.make(Kind.HEAD, content, self.notary)
        tiles = b"".join(frontier.tiles[-kept:] if (kept := _tiles_since(before, frontier)) else ())
        head = TreeHead(closing.seq, content["period"], frontier.size, frontier.root, frontier.encode(), tiles, text)
        tree.add(head)
        return Signed(head, self.notary)

    def _content(self, closing: StoredEvent, period: Period, tree: Frontier, before: TreeHead | None) -> dict[str, Any]:
        store, settings = self.ws.store, self.ws.settings
        entries = closing.numbers.stop - 1
        assert tree.size == size_after(closing.seq, entries)
        documents, digest = Papers(store).head()
        disclosures, line = Disclosures(store).head()
        return {
            "taxpayer": settings.taxpayer,
            "currency": settings.currency,
            "period": f"{period.period:%Y-%m}",
            "closed_seq": closing.seq,
            "size": tree.size,
            "root": tree.root.hex(),
            "events": closing.seq,
            "entries": entries,
            "chain": closing.digest.hex(),
            "documents": digest.hex() if documents else "",
            "disclosures": line.hex() if disclosures else "",
            "period_digest": digest_of(period),
            "at": instant(self.now),
            "previous": {"size": before.size, "root": before.root.hex()} if before else None,
        }


def grown(tree: Tree, before: TreeHead | None, seq: int) -> Frontier:
    """The tree up to an event: from an earlier head on, or from the first event where what was kept of it does not fit."""
    kept = Frontier.decode(before.size, before.frontier) if before else None
    if before is None or kept is None or kept.root != before.root:
        before, kept = None, Frontier()
    kept.extend(tree.leaves(before.seq if before else 0, seq))
    return kept


def _tiles_since(before: TreeHead | None, tree: Frontier) -> int:
    """How many tiles were completed since the head before."""
    return tree.size // merkle.TILE - (before.size // merkle.TILE if before else 0)


def digest_of(period: Period) -> str:
    """The digest of a closed month, hex: SHA-256 of the chain's head and of the (RFC 8785) list of its files' digests."""
    files = orjson.dumps(dict(period.files), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(period.head + files).hexdigest()
