"""Events and entries as the pack holds them: the stored bytes, in the order of recording, and what hangs on them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from revrec.app.nodes import nodes
from revrec.core import merkle
from revrec.core.journal import INCOME_ROLES, Role

if TYPE_CHECKING:
    from revrec.app.pack.archive import Archive
    from revrec.app.pack.scope import Scope
    from revrec.app.progress import Progress
    from revrec.store.store import Store, StoredEvent

Row = dict[str, Any]
EARNING = frozenset(role.value for role in INCOME_ROLES - {Role.REFUND_CONTRA, Role.BREAKAGE})
DELIVERED = frozenset({"session.completed", "session.cancelled", "session.no_show"})
UNDONE = frozenset({"session.reversed", "session.waived"})


def events(store: Store, scope: Scope, see: Callable[[StoredEvent, Row], None]) -> Iterator[bytes]:
    """A line an event: the digest of the chain, how many entries it posted, and the chain record as its own bytes."""
    for stored in store.events(scope.start.seq):
        if stored.seq > scope.end.seq:
            return
        see(stored, stored.event)
        head = f'{{"digest":"{stored.digest.hex()}","entries":{stored.entries},"record":'
        yield head.encode() + stored.record + b"}"


def entries(store: Store, scope: Scope, see: Callable[[Row], None]) -> Iterator[bytes]:
    """A line an entry: its stored bytes."""
    after, last = scope.start.entries, scope.end.entries
    while after < last and (page := store.rows("entry_leaves", after)):
        for number, body in page:
            if number > last:
                return
            see(orjson.loads(body))
            yield bytes(body)
        after = page[-1][0]


class Sessions:
    """Which sessions were recorded and which earned, noted while the facts pass."""

    def __init__(self) -> None:
        self.delivered = dict[str, str]()  # session -> its event
        self.undone = set[str]()
        self._earned = dict[int, str]()

    def event(self, stored: StoredEvent, event: Row) -> None:
        """One more event."""
        session = event["data"].get("session")
        if session and stored.type in DELIVERED:
            self.delivered[session] = stored.id
        elif session and stored.type in UNDONE:
            self.undone.add(session)

    def entry(self, entry: Row) -> None:
        """One more entry; the mirror of one strikes it out."""
        session = entry.get("session")
        if not session:
            return
        if entry["rule"] in UNDONE:
            self._earned.pop(entry.get("corrects", 0), None)
        elif sum(leg["amount"] for leg in entry["postings"] if leg["role"] in EARNING) < 0:
            self._earned[entry["entry"]] = session

    def silent(self) -> Iterator[tuple[str, str]]:
        """The sessions that stand and earned nothing, each with its event."""
        earned = set(self._earned.values())
        yield from ((name, event) for name, event in self.delivered.items() if name not in earned and name not in self.undone)


class Balances:
    """The sums of the entries by role: before the period and in it."""

    def __init__(self, scope: Scope) -> None:
        self._first, self._last = scope.first.isoformat(), scope.last.isoformat()
        self.moved = dict[str, int]()

    def entry(self, entry: Row) -> None:
        """One more entry."""
        if self._first <= entry["date"] <= self._last:
            for leg in entry["postings"]:
                self.moved[leg["role"]] = self.moved.get(leg["role"], 0) + leg["amount"]

    def table(self, store: Store, scope: Scope) -> str:
        """Opening, movement and closing of each role in minor units, debit positive; the opening is that of the ledger."""
        opening = dict[str, int]()
        for row in store.balances(scope.last):
            if row.month < scope.first:
                opening[row.role] = opening.get(row.role, 0) + row.amount
        roles = sorted(role for role in opening.keys() | self.moved.keys() if opening.get(role) or role in self.moved)
        rows = ((role, opening.get(role, 0), self.moved.get(role, 0)) for role in roles)
        return csv_text(("role", "opening", "movement", "closing"), ((role, a, b, a + b) for role, a, b in rows))


def csv_text(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A CSV file, LF at each end."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def heads(scope: Scope) -> Iterator[Row]:
    """The signed notes, as they were signed."""
    return ({"note": head.note} for head in scope.heads)


def consistency(store: Store, scope: Scope, progress: Progress) -> Iterator[Row]:
    """From each head to the next, the path that shows that the later tree begins with the earlier (RFC 9162, 2.1.4).

    Raises BooksChanged.
    """
    paths = {(a.size, b.size): merkle.consistency(a.size, b.size) for a, b in pairwise(scope.heads)}
    found = nodes(store, scope.heads, (span for path in paths.values() for span in path), progress) if paths else {}
    for (first, second), path in paths.items():
        yield {"from": first, "to": second, "path": [found[span].hex() for span in path]}


def closings(scope: Scope) -> Iterator[Row]:
    """What each closing kept of the day files: path to SHA-256."""
    return ({"period": f"{each.period:%Y-%m}", "seq": each.seq, "files": dict(each.files)} for each in scope.closings)


def policies(archive: Archive, store: Store, scope: Scope) -> None:
    """Every version that was pinned up to the end of the pack, as its own bytes, and the list of them."""
    pins = [pin for pin in store.pins.rows.values() if pin.seq <= scope.end.seq]
    rows = []
    for pin in sorted(pins, key=lambda pin: (pin.kind, pin.id, pin.since)):
        file = f"policies/{pin.kind}/{quote(f'{pin.id}@{pin.since}', safe='@')}.json"
        archive.whole(file, pin.content)
        rows.append(
            {"kind": pin.kind, "id": pin.id, "since": pin.since, "seq": pin.seq, "sha256": pin.digest.hex(), "file": file}
        )
    archive.lines("policies/index.jsonl", (orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows))
