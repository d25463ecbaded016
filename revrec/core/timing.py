"""No balance of a bundle is ever on the wrong side of zero between a late fact and the one that it was booked on.

A late session may lie before the money that it was booked on, late money before the session whose claim it settled.
Until the later day the difference stands as a claim, not as prepaid money (IFRS 15.105).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from revrec.core.bundle import Bundle
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.recording import Recording

_CLAIMS = (Role.RECEIVABLE, Role.CONTRACT_ASSET)


def reclassify(rec: Recording, bundle: Bundle) -> None:
    """Post, day by day, what keeps contract liability and claims of the bundle from going below zero."""
    balance: dict[Role, int] = defaultdict(int)
    shown: dict[Role, int] = defaultdict(int)
    for day, moves in sorted(_days(rec, bundle).items()):
        for role, amount in moves.items():
            balance[role] += amount
        wanted = _wanted(balance, bundle.claim_role)
        legs = [Posting(role, wanted[role] - shown[role]) for role in _CLAIMS]
        legs.append(Posting(Role.CONTRACT_LIABILITY, -sum(leg.amount for leg in legs)))
        number = rec.entry("contract.reclassified", legs, bundle, day=day, branch=bundle.branch)
        if number:
            rec.note(bundle, day, -legs[-1].amount, number)
        shown = wanted


def _wanted(balance: dict[Role, int], claim_role: Role) -> dict[Role, int]:
    """What each claim must be raised by, against the contract liability, so that none of them is negative."""
    wanted = {role: max(-balance[role], 0) for role in _CLAIMS}
    owed = -balance[Role.CONTRACT_LIABILITY] + sum(wanted.values())
    wanted[claim_role] += max(-owed, 0)
    return wanted


def _days(rec: Recording, bundle: Bundle) -> dict[date, dict[Role, int]]:
    """Movements of the bundle by day of posting and role."""
    days: dict[date, dict[Role, int]] = defaultdict(lambda: defaultdict(int))
    for entry in _entries(rec, bundle):
        for leg in entry.postings:
            if (leg.bundle or entry.bundle) == bundle.id:
                days[entry.date][leg.role] += leg.amount
    return days


def _entries(rec: Recording, bundle: Bundle) -> Iterator[JournalEntry]:
    new = {entry.number: entry for entry in rec.changes.entries}
    moved = {m.entry for m in rec.book.movements(bundle.id)} | {lapse.entry for lapse in bundle.position.lapses}
    yield from new.values()
    for number in sorted(moved - new.keys() - {0}):
        yield rec.book.entry(number)
