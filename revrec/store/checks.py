"""Checklists that are kept: those by which months were closed, which are facts, and the latest run of each month."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from revrec.core.checklist import Check, Outcome
from revrec.store.errors import DatabaseDamaged

if TYPE_CHECKING:
    from revrec.store.store import Store

VERSION = 1


class Kept(NamedTuple):
    """A checklist as it stood at the event number `seq`; `content` are the bytes that its closing's digest covers."""

    seq: int
    checks: tuple[Check, ...]
    content: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, hex."""
        return digest_of(self.content)


def digest_of(content: bytes) -> str:
    """The SHA-256 of a checklist that is kept, hex: what the metadata of its closing hold."""
    return hashlib.sha256(content).hexdigest()


def encode(period: str, checks: Iterable[Check]) -> bytes:
    """The bytes that are kept of a checklist: RFC 8785 JSON."""
    rows = [
        {"number": c.number, "name": c.name, "outcome": c.outcome.value, "evidence": c.evidence, "about": c.about} for c in checks
    ]
    return orjson.dumps({"version": VERSION, "period": period, "checks": rows}, option=orjson.OPT_SORT_KEYS)


def closings(store: Store) -> dict[int, Kept]:
    """The checklist of each closing that kept one, by the number of its event."""
    return {seq: _kept(store, seq, period, content) for seq, period, content in store.rows("checklists")}


def latest_run(store: Store, period: str) -> Kept | None:
    """The latest run of the checklist of a month (`2026-01`), if one was kept."""
    row = store.row("checklist_run", period)
    return _kept(store, row[0], period, row[1]) if row else None


def put_run(store: Store, period: str, seq: int, content: bytes) -> None:
    """Keep a run in place of the one before, in a transaction of its own."""
    with store.transaction():
        if not store.write("put_checklist_run", [(seq, content, store.taxpayer, period)]):
            store.write("add_checklist_runs", [(store.taxpayer, period, seq, content)])


def _kept(store: Store, seq: int, period: str, content: bytes) -> Kept:
    try:
        content, checks = bytes(content), tuple(map(_check, orjson.loads(content)["checks"]))
    except (ValueError, KeyError, TypeError):
        raise DatabaseDamaged(store.where, f"the checklist of {period} at event number {seq}", content) from None
    return Kept(seq, checks, content)


def _check(row: dict[str, Any]) -> Check:
    return Check(row["number"], row["name"], Outcome(row["outcome"]), row["evidence"], tuple(row["about"]))
