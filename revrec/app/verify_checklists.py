"""Verify: the checklists that closings kept, against the digests that stand in the chain."""

from __future__ import annotations

from revrec.core.findings import Finding
from revrec.store import checks
from revrec.store.store import Store, StoredEvent

MEMBER = "checklist"  # of the closing's metadata: the SHA-256 of the checklist, hex
_RESTORE = "Restore the database from a backup made before; `revrec verify` says when all is well again"


def check_checklists(store: Store) -> list[Finding]:
    """A checklist for each closing whose event holds a digest, the very one; and none that belongs to no closing."""
    kept = checks.closings(store)
    closings = {event.seq: event for event in store.milestones() if event.type == "period.closed"}
    found = [_compared(event, kept.get(seq)) for seq, event in closings.items()]
    stray = [
        Finding("checklist.stray", f"event number {seq}", "a checklist is kept that belongs to no closing", _RESTORE)
        for seq in sorted(kept.keys() - closings.keys())
    ]
    return [*(finding for finding in found if finding), *stray]


def digest_of(event: StoredEvent) -> str | None:
    """The digest of the checklist by which a month was closed; None for a closing that kept none."""
    digest: str | None = event.event["data"].get("metadata", {}).get(MEMBER)
    return digest


def _compared(event: StoredEvent, kept: checks.Kept | None) -> Finding | None:
    """What is wrong with the checklist of one closing."""
    period, digest = event.event["data"]["period"], digest_of(event)
    if digest is None and kept is None:
        return None  # closed by an event from outside, or by a release that kept none
    if kept is None:
        return Finding("checklist.missing", period, f"the checklist by which {period} was closed is missing", _RESTORE)
    if kept.digest != digest:
        words = f"the checklist of {period} is not the one by which event {event.id} closed it"
        return Finding("checklist.changed", period, words, _RESTORE)
    return None
