"""Verify, the log of identities: its chain, its persons, and that a key which was destroyed has stayed so."""

from __future__ import annotations

from collections.abc import Callable

from revrec.app.refollow import Stray
from revrec.core.blocking import LegalRole
from revrec.store.disclosures import GENESIS, Disclosure, Disclosures, Kind, chained, whom
from revrec.store.store import Store

Note = Callable[[Stray], None]


def check_disclosures(store: Store, note: Note) -> None:
    """Numbers without gaps, digests, and the persons of each line."""
    kept, digest, count = Disclosures(store), GENESIS, 0
    destroyed = set[str]()
    for line in kept.all():
        where = f"disclosure {line.n}"
        if line.n != count + 1:
            note(Stray("disclosure.missing", f"disclosure {count + 1}", f"disclosure {count + 1} is missing from the log"))
        elif chained(digest, line, store.taxpayer_id) != line.digest:
            note(Stray("disclosure.chain", where, f"{where}: its row or its digest was changed, or the one before it"))
        _check_line(kept, line, note)
        if line.kind == Kind.DESTROYED.value:
            destroyed.update(kept.persons(line.n))
        digest, count = line.digest, line.n
    if store.row("stray_disclosed", count):
        note(Stray("disclosure.missing", f"disclosure {count + 1}", "the log names persons of a line that is missing from it"))
    for customer, _ in store.keys.fetch_all(sorted(destroyed)):
        message = (
            f"the key of customer {customer} was destroyed by the calendar, and is back: a backup or a hand has put it there"
        )
        note(Stray("key.returned", f"customer {customer}", message))


def _check_line(kept: Disclosures, line: Disclosure, note: Note) -> None:
    """The persons of a line are those that its digest covers, and its office is one of the law's."""
    where = f"disclosure {line.n}"
    persons = list(kept.persons(line.n))
    if len(persons) != line.persons or whom(persons) != line.whom:
        note(Stray("disclosure.persons", where, f"{where}: its persons are not those that it was written with"))
    if line.role and line.role not in set(LegalRole):
        note(Stray("disclosure.role", where, f"{where}: the law names no role {line.role}"))
