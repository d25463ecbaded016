"""Verify: the chain hashed again, every entry derived again, what is derived compared, the files on disk compared.

Needs no key: the chain covers the stored bytes, and rules never look at what is sealed. What documents say is compared with
their rows where the keys open it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from revrec.app import audit_key, outbox, shut
from revrec.app.books import compare
from revrec.app.notary import Notary
from revrec.app.progress import Progress, Silent
from revrec.app.refollow import Follower, Stray
from revrec.app.replay import Derived, Replay
from revrec.app.verify_checklists import check_checklists
from revrec.app.verify_papers import check_contents, check_documents, check_records
from revrec.app.verify_persons import check_disclosures
from revrec.app.verify_proofs import Growth, check_heads, check_statements
from revrec.app.workspace import Workspace
from revrec.books.listing import day_path
from revrec.books.write import Unwritten
from revrec.core.bundle import Balances
from revrec.core.errors import RevrecError
from revrec.core.findings import Finding
from revrec.core.journal import Unbalanced
from revrec.store.errors import DatabaseDamaged, KeyBroken, KeyMissing
from revrec.store.format import GENESIS, chain_digest, decode_entry, stored_event
from revrec.store.papers import Papers
from revrec.store.store import Store, StoredEvent, scratch
from revrec.store.sums import Sums
from revrec.store.tree import Tree
from revrec.wire.stored import MARKER

SHOWN = 20  # findings of one kind that are listed; the rest is counted
_RESTORE = "Restore the database from a backup made before; `revrec verify` says when all is well again"
_REBUILD = "Restore the database from a backup, or ask the vendor to derive the tables again"
_KEY = "Put the revrec.key of this workspace back from your backup"
_BOOKS = "Run `revrec books build`"
_STRANGER = "Find out who signed it: with a key that was replaced the next closing vouches for it, else restore a backup"
_RETURNED = "Delete its row in `keys`, or erase the person again"
_HINTS = {"head.key": _STRANGER, "key.returned": _RETURNED}
_SUMS = {"sum", "sum of bundle", "result"}  # what `books build` adds up again

Row = tuple[Any, ...]
Fields = dict[str, Any]
_END = 1 << 62
_DAMAGE = (LookupError, ValueError, TypeError, AttributeError, AssertionError, OSError)  # what unreadable values raise


class Findings:
    """Collects findings; of one kind only the first ones are kept, the others counted."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts: Counter[str] = Counter()

    def add(self, code: str, where: str, message: str, hint: str) -> None:
        """Note one thing that is wrong."""
        finding = Finding(code, where, message, hint)
        if finding in self._found:
            return
        self._counts[code] += 1
        if self._counts[code] <= SHOWN:
            self._found.append(finding)

    def extend(self, found: Iterable[Finding]) -> None:
        """Note what another check found."""
        for each in found:
            self.add(*each)

    def any(self, *codes: str) -> bool:
        """Whether something of these kinds was found."""
        return any(self._counts[code] for code in codes)

    def all(self) -> tuple[Finding, ...]:
        """Everything, with a line for each kind of which more was found than is listed."""
        more = [
            Finding(code, "…", f"{count - SHOWN:,} more of this kind", "Mend the ones above first")
            for code, count in sorted(self._counts.items())
            if count > SHOWN
        ]
        return (*self._found, *more)


def verify(ws: Workspace, progress: Progress | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong in store and files, each with what and where; empty when all is well."""
    progress = progress or Silent()
    found = Findings()
    with ws.store.snapshot():
        with _going_on(found, "the head"):
            progress.start("hashing the chain", ws.store.event_count)
        growth = Growth()
        with _going_on(found, "the signed heads"):
            growth.expect(Tree(ws.store).heads())
        with _going_on(found, "the chain"):
            sealing = Sealing()
            check_chain(ws.store, found, progress.step, note=sealing.note, grow=growth.take)
            check_keys(ws.store, sealing, found)
            _check_exposed(ws, sealing.erased, found)
        progress.done()
        check_pins(ws.store, found)
        with _going_on(found, "what was signed"):
            check_signed(ws, growth, found)
        with _going_on(found, "the documents"):
            check_papers(ws, found)
        with _going_on(found, "the log of identities"):
            check_disclosures(ws.store, _noting(found))
        with _going_on(found, "the derivation"):
            _rederive(ws, found, progress)
        with _going_on(found, "the files"):
            _check_files(ws, found, progress)
        with _going_on(found, "the closed months"):
            check_closed(ws, found)
            found.extend(check_checklists(ws.store))
    return found.all()


@contextmanager
def _going_on(found: Findings, what: str) -> Iterator[None]:
    """A check that stops at something unreadable: that is a finding, and the next check is made all the same."""
    try:
        yield
    except DatabaseDamaged as damage:
        found.add("row.unreadable", damage.place, f"it cannot be read: it holds {str(damage.value)[:40]!r}", _RESTORE)
    except (RevrecError, *_DAMAGE) as error:
        words = str(error) if isinstance(error, RevrecError) else repr(error)
        found.add("verify.stopped", what, f"{what} could not be checked to the end: {words}", _RESTORE)


# the chain


def check_chain(
    store: Store,
    found: Findings,
    step: Callable[[int], None],
    after: int = 0,
    note: Callable[[StoredEvent, Fields], None] | None = None,
    grow: Callable[[StoredEvent, list[bytes]], None] | None = None,
) -> None:
    """Numbers without gaps, digests, and each record against its row and its entries; from after an event on."""
    before = store.event(after) if after else None
    digest: bytes | None = before.digest if before else GENESIS
    number = before.first_entry + before.entries if before else 1
    seq = after
    entries = _Entries(store, number - 1)
    for stored in store.events(after):
        if stored.seq != seq + 1:
            _missing_events(found, seq + 1, stored.seq - 1)
            digest = None  # what the missing row's was is not known
        fields = _fields(stored)
        if note is not None:
            note(stored, fields)
        _check_record(store, stored, fields, digest, found)
        bodies = _take_entries(entries, stored, found)
        if grow is not None:
            grow(stored, bodies)
        if hashlib.sha256(b"".join(bodies)).hexdigest() != fields.get("entries"):
            message = f"event {stored.id}: its entries E-{stored.first_entry} … are not those that the chain record names"
            found.add("chain.entries", f"event {stored.id}", message, _RESTORE)
        seq, digest, number = stored.seq, stored.digest, stored.first_entry + stored.entries
        step(1)
    _check_head(store, seq, number - 1, digest or GENESIS, found)
    _stray(entries.below(_END), found)


def _missing_events(found: Findings, first: int, last: int) -> None:
    which = f"event number {first}" if first == last else f"event numbers {first} to {last}"
    found.add("chain.missing", which, f"{which}: the row is missing from the store", _RESTORE)


def _check_record(store: Store, stored: StoredEvent, fields: Fields, before: bytes | None, found: Findings) -> None:
    """One chain record against the digest before it, its own digest and its row."""
    where = f"event {stored.id}"
    if before is not None and chain_digest(before, stored.record) != stored.digest:
        message = (
            f"event {stored.id} (number {stored.seq}): its record or its digest was changed, or the one before it is another"
        )
        found.add("chain.digest", where, message, _RESTORE)
    event = fields.get("event", {})
    row = (stored.seq, store.taxpayer_id, stored.id, stored.source, stored.type)
    if row != (fields.get("n"), fields.get("taxpayer"), event.get("id"), event.get("source"), event.get("type")):
        message = f"event {stored.id} (number {stored.seq}): its row does not say what its chain record says"
        found.add("chain.row", where, message, _RESTORE)
    elif "sealed" not in event.get("data", {}) and hashlib.sha256(stored_event(stored.record)).digest() != stored.content:
        message = f"event {stored.id}: its idempotency digest does not fit its content"
        found.add("chain.content", where, message, _RESTORE)


def _fields(stored: StoredEvent) -> Fields:
    """The record, parsed; empty when its bytes are no JSON any more."""
    try:
        fields = stored.fields
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) and isinstance(fields.get("event"), dict) else {}


class _Entries:
    """The rows of the entries in order of their numbers, read in pages and handed out event by event."""

    def __init__(self, store: Store, after: int) -> None:
        self._rows = self._pages(store, after)
        self._next = next(self._rows, None)

    def below(self, number: int) -> Iterator[Row]:
        """The rows before a number."""
        while self._next is not None and self._next[0] < number:
            yield self._next
            self._next = next(self._rows, None)

    @staticmethod
    def _pages(store: Store, after: int) -> Iterator[Row]:
        while page := store.rows("entry_rows", after):
            yield from page
            after = page[-1][0]


def _take_entries(rows: _Entries, stored: StoredEvent, found: Findings) -> list[bytes]:
    """The bodies of an event's entries; rows that are missing, too many or unlike their bytes are noted."""
    _stray(rows.below(stored.numbers.start), found)
    mine = {row[0]: row for row in rows.below(stored.numbers.stop)}
    for number in stored.numbers:
        if number not in mine:
            found.add(
                "entry.missing", f"E-{number}", f"entry E-{number} of event {stored.id} is missing from the store", _RESTORE
            )
    for row in mine.values():
        _check_entry(row, stored, found)
    return [bytes(row[5]) for row in mine.values()]


def _stray(rows: Iterable[Row], found: Findings) -> None:
    for row in rows:
        found.add("entry.stray", f"E-{row[0]}", f"entry E-{row[0]} belongs to no recorded event", _RESTORE)


def _check_entry(row: Row, stored: StoredEvent, found: Findings) -> None:
    number, seq, day, bundle, customer, body = row
    where = f"E-{number}"
    try:
        entry = decode_entry(bytes(body))
    except Unbalanced as error:
        found.add("entry.unbalanced", where, f"entry E-{number} of event {stored.id} does not balance: {error}", _RESTORE)
        return
    except (ValueError, KeyError, TypeError) as error:
        found.add("entry.unreadable", where, f"entry E-{number} of event {stored.id} cannot be read: {error!r}", _RESTORE)
        return
    if (number, day, bundle, customer) != (
        entry.number,
        entry.date.isoformat(),
        entry.bundle,
        entry.customer,
    ) or seq != stored.seq:
        found.add("entry.row", where, f"entry E-{number} of event {stored.id}: its row does not say what its bytes say", _RESTORE)


def _check_head(store: Store, seq: int, entries: int, digest: bytes, found: Findings) -> None:
    head = store.head()
    if (head.seq, head.entries, head.digest) != (seq, entries, digest):
        message = f"the head says {head.seq} events and {head.entries} entries; the store holds {seq} and {entries}"
        if (head.seq, head.entries) == (seq, entries):
            message = "the head's digest is not that of the latest event"
        found.add("chain.head", "head", message, _RESTORE)


def check_pins(store: Store, found: Findings) -> None:
    """Every pinned version against its digest."""
    for pin in store.pins.rows.values():
        if hashlib.sha256(pin.content).digest() != pin.digest:
            where = f"{pin.kind} {pin.id}@{pin.since}"
            found.add("pin.changed", where, f"the pinned rules of {where} were changed", _RESTORE)


# keys


class Sealing:
    """Whose personal data is sealed in the chain, and who was erased."""

    def __init__(self) -> None:
        self.sealed: dict[str, str] = {}  # customer -> the first event that is sealed
        self.erased: set[str] = set()

    def note(self, stored: StoredEvent, fields: Fields) -> None:
        """Take an event in."""
        data = fields.get("event", {}).get("data", {})
        if MARKER in data:
            self.sealed.setdefault(stored.customer, stored.id)
        if stored.type == "customer.erased":
            self.erased.add(str(data.get("customer")))


def check_keys(store: Store, sealing: Sealing, found: Findings) -> None:
    """A key for each customer with sealed data who was not erased; with the workspace's key at hand, one that opens."""
    keys = dict(store.keys.fetch_all(sealing.sealed))
    for customer in sorted(sealing.sealed.keys() - keys.keys() - sealing.erased):
        message = f"the key of {_whose(customer)} is missing, no event erased it: event {sealing.sealed[customer]} cannot be read"
        found.add("key.missing", _whose(customer), message, _RESTORE)
    for customer in sorted(sealing.erased & keys.keys()):
        if not store.keys.blocked(customer):
            message = f"customer {customer} was erased, yet the key stands open: a backup or a hand has put it back"
            found.add("key.returned", _whose(customer), message, _RETURNED)
    try:
        closed = sorted(customer for customer, wrapped in keys.items() if not store.keys.opens(customer, wrapped))
    except KeyMissing:
        return
    except KeyBroken as error:
        found.add("key.broken", store.keys.master.where, str(error), _KEY)
        return
    if len(closed) > 1 and len(closed) == len(keys):
        message = f"it opens none of the {len(closed):,} customers' keys: it is not the key of this workspace"
        found.add("key.broken", store.keys.master.where, message, _KEY)
        return
    for customer in closed:
        message = f"the key of {_whose(customer)} was changed: {store.keys.master.where} does not open it"
        found.add("key.changed", _whose(customer), message, _RESTORE)


def _check_exposed(ws: Workspace, erased: Iterable[str], found: Findings) -> None:
    """No document of a person who was blocked or erased lies in the documents folder."""
    for path in shut.exposed(ws, sorted(erased)):
        message = f"{path} is a document of a person who was blocked or erased"
        found.add("person.exposed", path.as_posix(), message, "Run `revrec invoice render`, which removes it, or delete it")


def _whose(customer: str) -> str:
    return f"customer {customer}" if customer else "the taxpayer"


# what was signed


def check_signed(ws: Workspace, growth: Growth, found: Findings) -> None:
    """The signed heads of the tree, and the signed statements."""
    try:
        own = audit_key.read(ws.settings)
    except audit_key.AuditKeyBroken as broken:
        found.add("key.audit", audit_key.FILE, str(broken), "Put the audit.key of this workspace back from your backup")
        own = None
    note = _noting(found)
    check_heads(ws.store, growth, Notary(own).fingerprint if own else None, note)
    check_statements(ws.store, note)


# documents


def check_papers(ws: Workspace, found: Findings) -> None:
    """Documents and records: their chains, numbers and contents."""
    note = _noting(found)
    check_documents(ws.store, note)
    check_records(ws.store, note)
    check_contents(ws.store, ws.settings.currency, note)
    for where in outbox.strays(Papers(ws.store), ws.settings.taxpayer[3:]):
        found.add("derived.state", where, "its state at the tax authority is not what the answers say", _RESTORE)


def _noting(found: Findings) -> Callable[[Stray], None]:
    def note(stray: Stray) -> None:
        usual = _REBUILD if stray.code.startswith("derived.") else _RESTORE
        found.add(*stray, _HINTS.get(stray.code, usual))

    return note


# derivation


def _rederive(ws: Workspace, found: Findings, progress: Progress) -> None:
    """Derive every event again and compare entries, then every derived table."""
    if found.any("chain.missing", "entry.unreadable", "chain.row", "pin.changed"):
        message = "the entries were not derived again: what they derive from is damaged (see the findings above)"
        found.add("derive.skipped", "events", message, _RESTORE)
        return
    progress.start("deriving every entry again", ws.store.event_count)
    with scratch(ws.store.taxpayer_id, ws.store.restore) as other:
        replay = Replay(ws.store, other, ws.context)
        follower = replay.follower = Follower(Papers(ws.store), replay.book)
        try:
            for derived in replay.run():
                if derived.refusal or derived.record != derived.stored.record:
                    _differs(ws.store, other, replay, derived.stored, derived.refusal, found)
                else:
                    _check_row(derived, found)
                progress.step(1)
        except _DAMAGE as error:
            message = f"the derivation stopped: {error!r}; something that it needs is damaged"
            found.add("derive.stopped", f"event number {replay.book.seq + 1}", message, _RESTORE)
            return
        progress.done()
        _compare_tables(ws.store, other, replay, found)
        for stray in follower.compare():
            _noting(found)(stray)
        _compare_closings(ws.store, replay, found)


def _check_row(derived: Derived, found: Findings) -> None:
    """The columns of an event that stand in no chain record: its day, bundle and customer."""
    stored, event = derived.stored, derived.event
    where = f"event {stored.id}"
    if event is not None and event.date != stored.date:
        found.add("derive.date", where, f"event {stored.id}: booked on {stored.date}, its date is {event.date}", _RESTORE)
    for what, mine, theirs in (
        ("bundle", stored.bundle, derived.bundle),
        ("customer", stored.customer, derived.customer),
    ):
        if mine != theirs:
            message = f"event {stored.id}: its row names {what} {mine or 'none'}, it belongs to {theirs or 'none'}"
            found.add(f"derive.{what}", where, message, _RESTORE)


def _compare_closings(store: Store, replay: Replay, found: Findings) -> None:
    """What was kept of closed months against the events that closed them."""
    kept = {(period.seq, period.period) for period in store.periods()}
    for seq, month in sorted(kept ^ replay.closings):
        name = f"{month:%Y-%m}"
        if (seq, month) in kept:
            message = f"closed month {name}: what was kept of it belongs to no closing (event number {seq})"
            found.add("closed.stray", name, message, _RESTORE)
        else:
            message = f"closed month {name}: what event number {seq} kept of its files and the chain's head is missing"
            found.add("closed.missing", name, message, _RESTORE)


def _differs(
    store: Store, other: Store, replay: Replay, stored: StoredEvent, refusal: RevrecError | None, found: Findings
) -> None:
    """Say how what was derived for an event differs from what is stored."""
    where = f"event {stored.id}"
    if refusal is not None:
        found.add("derive.refused", where, f"event {stored.id} would be refused today: {refusal}", _RESTORE)
        return
    replay.recorder.flush()
    numbers = differing(store, other, stored)
    for number in numbers:
        message = f"entry E-{number} of event {stored.id} is not what its event and the pinned policy give"
        found.add("derive.entry", f"E-{number}", message, _RESTORE)
    if not numbers:
        message = f"event {stored.id}: the digests of its entries or pinned versions are not those that derivation gives"
        found.add("derive.record", where, message, _RESTORE)


def differing(store: Store, other: Store, stored: StoredEvent) -> list[int]:
    """The numbers of the entries of an event that are not the same in the books and in those derived again."""
    theirs = {row[0]: bytes(row[1]) for row in _bodies(other, other.event(stored.seq))}
    mine = {row[0]: bytes(row[1]) for row in _bodies(store, stored)}
    return sorted(number for number in mine.keys() | theirs.keys() if mine.get(number) != theirs.get(number))


def _bodies(store: Store, stored: StoredEvent | None) -> Iterator[tuple[int, bytes]]:
    if stored is None or not stored.numbers:
        return
    rows = store.rows("entries_numbered", stored.numbers.start, stored.numbers.stop)
    yield from ((orjson.loads(row[0])["entry"], row[0]) for row in rows)


# derived tables


def _compare_tables(store: Store, other: Store, replay: Replay, found: Findings) -> None:
    Sums(other).catch_up(lambda _: None, Sums(store).mark)
    for what, read in (
        ("bundle", _bundle_rows),
        ("movement", _movement_rows),
        ("customer", _plain("customers")),
        ("visit", _plain("visits")),
        ("holding", _holding_rows),
        ("balance", _balance_rows),
        ("day", _day_rows),
        ("homonym", _plain("homonyms")),
        ("sum", _sum_rows),
        ("sum of bundle", _bundle_sum_rows),
        ("result", _result_rows),
    ):
        for key in _unequal(read(store), read(other)):
            name = " ".join(str(part) for part in key)
            message = f"{what} {name}: the stored state is not what the events give"
            hint = _BOOKS if what in _SUMS else _REBUILD
            found.add(f"derived.{what.replace(' ', '-')}", f"{what} {name}", message, hint)
    for bundle in other.bundles():
        for name, amount in zip(Balances._fields, bundle.balances, strict=True):
            if amount < 0:
                message = f"bundle {bundle.id} has a negative {name.replace('_', ' ')}"
                found.add("bundle.negative", f"bundle {bundle.id}", message, _RESTORE)
    head, book = store.head(), replay.book
    if (head.calendar, head.closed_through) != (book.calendar, book.closed_through):
        found.add("derived.head", "head", "the calendar or the last closed day is not what the events give", _REBUILD)


def _unequal(mine: Iterable[tuple[Row, Row]], theirs: Iterable[tuple[Row, Row]]) -> Iterator[Row]:
    """The keys of rows that differ or stand on one side only; both sides ordered by key."""
    left, right = iter(mine), iter(theirs)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            assert a is not None
            yield a[0]
            a = next(left, None)
        elif a is None or b[0] < a[0]:
            yield b[0]
            b = next(right, None)
        else:
            if a[1] != b[1]:
                yield a[0]
            a, b = next(left, None), next(right, None)


def _bundle_rows(store: Store) -> Iterator[tuple[Row, Row]]:
    after = ""
    while page := store.rows("bundle_rows", after):
        yield from (((row[0],), tuple(row[1:])) for row in page)
        after = page[-1][0]


def _movement_rows(store: Store) -> Iterator[tuple[Row, Row]]:
    after = ("", "")
    while page := store.rows("movement_states", *after):
        yield from (((row[0], row[1]), tuple(row[2:])) for row in page)
        after = (page[-1][0], page[-1][1])


def _plain(statement: str) -> Callable[[Store], Iterator[tuple[Row, Row]]]:
    def read(store: Store) -> Iterator[tuple[Row, Row]]:
        yield from sorted(((row[0],), tuple(row[1:])) for row in store.rows(statement))

    return read


def _holding_rows(store: Store) -> Iterator[tuple[Row, Row]]:
    yield from ((tuple(row[:2]), tuple(row[2:])) for row in store.rows("holdings"))


def _balance_rows(store: Store) -> Iterator[tuple[Row, Row]]:
    rows = store.rows("balances", "9999-12")
    yield from ((tuple(row[:5]), (int(row[5]),)) for row in rows if row[5])


def _day_rows(store: Store) -> Iterator[tuple[Row, Row]]:
    yield from (((day,), (entries,)) for day, entries, _ in store.rows("days") if entries)


def _sum_rows(store: Store) -> Iterator[tuple[Row, Row]]:
    yield from ((tuple(row[:-1]), (int(row[-1]),)) for row in store.rows("liability", "9999-12") if row[-1])


def _bundle_sum_rows(store: Store) -> Iterator[tuple[Row, Row]]:
    yield from ((tuple(key), (amount,)) for key, amount in Sums(store).by_bundle() if amount)


def _result_rows(store: Store) -> Iterator[tuple[Row, Row]]:
    yield from ((tuple(row[:-1]), (int(row[-1]),)) for row in store.rows("results", "0000-00", "9999-12") if row[-1])


# files


def _check_files(ws: Workspace, found: Findings, progress: Progress) -> None:
    """The files on disk against the store; not when entries cannot be read."""
    if found.any("entry.unreadable", "entry.unbalanced"):
        return
    try:
        differences = compare(ws, progress)
        found.extend(differences)
        _check_digests(ws, {finding.where for finding in differences}, found)
    except DatabaseDamaged:
        raise
    except (RevrecError, OSError, ValueError, KeyError) as error:
        hint = _BOOKS if isinstance(error, Unwritten) else _RESTORE
        found.add("books.unreadable", "journal", f"the files could not be compared: {error}", hint)


def _check_digests(ws: Workspace, known: Container[str], found: Findings) -> None:
    """The digests of day files that the store keeps, for files that are as they should be; none yet is no mistake."""
    for day in ws.store.days():
        path = day_path(day.date)
        if day.file is None or path in known:
            continue
        if hashlib.sha256((ws.root / path).read_bytes()).hexdigest() != day.file:
            message = f"{path} is right, but the store keeps another digest for it: that was changed"
            found.add("derived.file", path, message, _BOOKS)


def check_closed(ws: Workspace, found: Findings) -> None:
    """The day files of closed months against what was kept when they were closed, and the kept chain heads."""
    latest = {period.period: period for period in ws.store.periods()}
    through = ws.store.head().closed_through
    for period in latest.values():
        stored = ws.store.event(period.seq)
        name = f"{period.period:%Y-%m}"
        if stored is None or stored.digest != period.head:
            found.add("closed.head", name, f"closed month {name}: the chain's head is not the one kept at its closing", _RESTORE)
        if through is None or period.period > through:
            continue
        for path, digest in period.files.items():
            file = ws.root / path
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                message = f"{path} is not the file that stood in the books when {name} was closed"
                hint = f"{_BOOKS}; if it stays, the chart was changed since: put back the accounts of the closed month"
                found.add("closed.file", path, message, hint)
