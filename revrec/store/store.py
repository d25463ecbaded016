"""The books of one taxpayer in a database: reading them, and the transaction in which they grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, exc

from revrec.core.book import Customer, Holding, Kind, Movement, Visit
from revrec.core.bundle import Bundle
from revrec.core.journal import JournalEntry, Role
from revrec.core.policy import Terms
from revrec.store import schema
from revrec.store.errors import DatabaseDamaged, DatabaseForeign, DatabaseReadOnly, TaxpayerUnknown, translated
from revrec.store.format import GENESIS, decode_entry
from revrec.store.keys import KeyRing, Master
from revrec.store.pins import Pin, Pins, Restore
from revrec.store.schema import Upgraded
from revrec.store.state import decode_bundle, decode_movement
from revrec.store.statements import LIST, PAGE, compiled
from revrec.store.tables import metadata

Row = tuple[Any, ...]
_day = date.fromisoformat


class Head(NamedTuple):
    """Where the books stand: how many events and entries, the chain's head, the calendar, the last closed day."""

    seq: int
    entries: int
    digest: bytes
    calendar: date | None
    closed_through: date | None


class StoredEvent(NamedTuple):
    """One recorded event; `record` are the bytes that the chain covers, with the event inside."""

    seq: int
    id: str
    source: str
    type: str
    date: date
    bundle: str | None
    customer: str
    first_entry: int
    entries: int
    content: bytes
    record: bytes
    digest: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """The chain record, parsed."""
        parsed: dict[str, Any] = orjson.loads(self.record)
        return parsed

    @property
    def event(self) -> dict[str, Any]:
        """The stored event: the envelope with its clear `data`, personal members sealed."""
        event: dict[str, Any] = self.fields["event"]
        return event

    @property
    def recorded(self) -> datetime:
        """When the store took it in, UTC."""
        return datetime.fromisoformat(self.fields["at"])

    @property
    def numbers(self) -> range:
        """The numbers of the entries that recording it posted, those of the clock included."""
        return range(self.first_entry, self.first_entry + self.entries)


class Day(NamedTuple):
    """A day with entries (or balances only); `file` is the SHA-256 of its file, None while that is to be written."""

    date: date
    entries: int
    file: str | None


class MonthBalance(NamedTuple):
    """The movement of one month on one role, debit positive, in minor units."""

    month: date
    role: str
    branch: str | None
    service: str | None
    method: str | None
    amount: int


class Period(NamedTuple):
    """What stood in the books when a month was closed: the chain's head and the SHA-256 of every day file."""

    seq: int
    period: date
    head: bytes
    files: Mapping[str, str]


class Store:
    """The books of ONE taxpayer. Reads see the running transaction; writes happen only inside one."""

    def __init__(self, connection: Connection, where: str, taxpayer_id: str, master: Master, restore: Restore) -> None:
        self.where = where
        self.taxpayer_id = taxpayer_id
        self.connection = connection
        self.dialect = connection.dialect.name
        self.writing = self.reading = False
        self.read_only = False
        self.restore = restore
        self.taxpayer = self._taxpayer()
        self.pins = self._read_pins()
        self.keys = KeyRing(taxpayer_id, master, self._wrapped, self._wrapped_of)

    @classmethod
    def open(cls, url: str, taxpayer_id: str, master: Master, restore: Restore, *, reading: bool = False) -> Store:
        """The books in an existing database of the right version; raises a StoreError that says what to do.

        `restore` makes a policy, package or tax of its pinned content; `reading`: the connection refuses to write.
        """
        where = url.removeprefix("sqlite:///")
        engine = schema.engine(url)
        try:
            connection = engine.connect()
        except exc.DBAPIError as error:
            raise translated(str(error.orig), where) from error
        try:
            if reading:
                schema.only_read(connection)
            schema.check(connection, where)
            store = cls(connection, where, taxpayer_id, master, restore)
        except BaseException:
            connection.close()
            raise
        store.read_only = reading or schema.read_only(url)
        return store

    def close(self) -> None:
        """Give the connection back; a running transaction is rolled back."""
        self.connection.close()

    # statements

    def rows(self, statement: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        """The rows of a read; the taxpayer is the first parameter of all."""
        return self._run(compiled(self.dialect, statement), (self.taxpayer, *values))

    def row(self, statement: str, *values: Any) -> Row | None:
        """The first row, or None."""
        found = self.rows(statement, *values)
        return found[0] if found else None

    def rows_of_list(self, statement: str, values: Iterable[str | int]) -> Iterator[Row]:
        """The rows for any number of values, LIST at a time."""
        wanted = list(values)
        for start in range(0, len(wanted), LIST):
            part = wanted[start : start + LIST]
            part.extend(part[-1:] * (LIST - len(part)))
            yield from self.rows(statement, *part)

    def write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run a writing statement for many rows; the parameters are complete. Answers how many rows it hit."""
        assert self.writing
        if not rows:
            return 0
        try:
            return self.connection.exec_driver_sql(compiled(self.dialect, statement), list(rows)).rowcount
        except exc.DBAPIError as error:
            raise translated(str(error.orig), self.where) from error

    @contextmanager
    def transaction(self) -> Iterator[Head]:
        """One writing transaction with the head row locked first; rolled back when anything is raised."""
        self._begin()
        try:
            yield self.head()
            self._commit()
        except BaseException:
            self.rollback()
            raise
        finally:
            self.writing = False

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads that see one state; inside another snapshot, its state."""
        if self.writing or self.reading:
            yield
            return
        self.connection.rollback()
        self._begin_reading()
        self.reading = True
        try:
            self.rows("head")  # the state that is seen is that of the first read
            yield
        finally:
            self.reading = False
            self.connection.rollback()

    def rollback(self) -> None:
        """Undo what the transaction did; what was read of it is forgotten."""
        self.connection.rollback()
        self.writing = False
        self.keys.forget()
        self.pins = self._read_pins()

    def check_writable(self) -> None:
        """Refuse what would write into books that may only be read."""
        if self.read_only:
            raise DatabaseReadOnly(self.where)

    def _begin_reading(self) -> None:
        try:
            self.connection.exec_driver_sql("BEGIN")
        except exc.DBAPIError as error:
            raise translated(str(error.orig), self.where) from error

    def _begin(self) -> None:
        assert not self.writing
        self.check_writable()
        try:
            self.connection.rollback()
            if self.dialect == "sqlite":
                self.connection.exec_driver_sql("BEGIN IMMEDIATE")
            self.writing = True
            self.write("lock", [(self.taxpayer,)])
        except exc.DBAPIError as error:
            self.writing = False
            raise translated(str(error.orig), self.where) from error
        self.pins = self._read_pins()

    def _commit(self) -> None:
        if not self.writing:
            return  # rolled back by the caller, on purpose
        try:
            self.connection.commit()
        except exc.DBAPIError as error:
            raise translated(str(error.orig), self.where) from error
        self.keys.fresh.clear()

    # facts

    def head(self) -> Head:
        """Where the books stand."""
        row = self.row("head")
        if row is None:
            raise DatabaseForeign(self.where, f"the books of {self.taxpayer_id} have no head row")
        seq, entries, digest, calendar, closed = row
        calendar, closed = (
            self._date(value, f"heads.{name}") if value is not None else None
            for name, value in (("calendar", calendar), ("closed_through", closed))
        )
        return Head(seq, entries, bytes(digest), calendar, closed)

    @property
    def event_count(self) -> int:
        """How many events are recorded."""
        return self.head().seq

    def events(self, after: int = 0) -> Iterator[StoredEvent]:
        """The events after a number, in order of recording; read in pages."""
        while page := self.rows("events", after):
            for row in page:
                yield self._event(row)
            after = page[-1][0]
            if len(page) < PAGE:
                return

    def event(self, seq: int) -> StoredEvent | None:
        """The event of a number, or None."""
        row = self.row("event", seq)
        return self._event(row) if row else None

    def events_by_id(self, event_id: str) -> list[StoredEvent]:
        """The events of an id: several when several sources used it."""
        return [self._event(row) for row in self.rows("events_by_id", event_id)]

    def history(self, bundle: str) -> list[tuple[int, StoredEvent]]:
        """The events of a bundle with their numbers, in order of arrival, the one that made it first.

        An adjustment that names several bundles belongs to each of them.
        """
        found = [(row[0], self._event(row)) for row in self.rows("events_of_bundle", bundle)]
        known = {seq for seq, _ in found}
        more = (row for row in self.rows("adjustments_of_bundle", self.taxpayer, bundle) if row[0] not in known)
        found = sorted([*found, *((row[0], self._event(row)) for row in more)], key=itemgetter(0))
        made = self.bundle(bundle)
        if made is not None and (not found or found[0][0] != made.seq):
            origin = self.event(made.seq)  # it belongs to another bundle: part of that one was transferred
            if origin is not None:
                found.insert(0, (origin.seq, origin))
        return found

    def entries(self, date_from: date | None = None, date_to: date | None = None) -> Iterator[JournalEntry]:
        """The entries of some days, both counted, ordered by date and number; read in pages."""
        day, number = (date_from.isoformat() if date_from else "0001-01-01"), 0
        last = (date_to or date.max).isoformat()
        while page := self.rows("entries", day, number, last):
            for row in page:
                yield decode_entry(row[2])
            day, number = page[-1][0], page[-1][1]
            if len(page) < PAGE:
                return

    def entries_of_day(self, day: date) -> list[JournalEntry]:
        """The entries of one day in order of their numbers."""
        return [decode_entry(row[0]) for row in self.rows("entries_of_day", day.isoformat())]

    def entry(self, number: int) -> JournalEntry | None:
        """The entry of a number, or None."""
        row = self.row("entry", number)
        return decode_entry(row[0]) if row else None

    def entries_of(
        self,
        *,
        seq: int | None = None,
        bundle: str | None = None,
        session: str | None = None,
        customer: str | None = None,
        event_id: str | None = None,
    ) -> list[JournalEntry]:
        """The entries that belong to one event number, bundle, session, customer or event id, ordered by number."""
        if bundle is not None:
            return [decode_entry(row[0]) for row in self.rows("entries_of_bundle", bundle)]
        if customer is not None:
            return [decode_entry(row[0]) for row in self.rows("entries_of_customer", customer)]
        if session is not None:
            seqs = sorted({movement.seq for movement in self.movements_of(session)})
            return [entry for each in seqs for entry in self.entries_of(seq=each) if entry.session == session]
        if seq is not None:
            event = self.event(seq)
            found = [event] if event else []
        else:
            found = self.events_by_id(event_id or "")
        return [decode_entry(row[0]) for event in found for row in self._numbered(event.numbers)]

    def _numbered(self, numbers: range) -> Sequence[Row]:
        return self.rows("entries_numbered", numbers.start, numbers.stop) if numbers else ()

    def movement(self, kind: Kind, ref: str) -> Movement | None:
        """The movement of that kind and id, or None."""
        return next((movement for movement in self.movements_of(ref) if movement.kind is kind), None)

    def movements_of(self, ref: str) -> list[Movement]:
        """The movements of a session, payment, refund or bundle id, of every kind."""
        return [decode_movement(row) for row in self.rows("movements_of_ref", ref)]

    def movements(
        self,
        bundle: str | None = None,
        *,
        kind: Kind | None = None,
        ref: str | None = None,
    ) -> list[Movement]:
        """The movements of a bundle in order of arrival, or those of an id, perhaps of one kind."""
        found = (
            [decode_movement(row) for row in self.rows("movements_of_bundle", bundle)]
            if bundle is not None
            else self.movements_of(ref or "")
        )
        return [movement for movement in found if kind is None or movement.kind is kind]

    def periods(self) -> list[Period]:
        """The facts of every closing, in order of recording."""
        return [self._period(*row) for row in self.rows("periods")]

    # derived

    def bundle(self, bundle: str) -> Bundle | None:
        """The bundle, or None."""
        row = self.row("bundle", bundle)
        return self.read_bundle(row) if row else None

    def bundles(self, *, customer: str | None = None) -> Iterator[Bundle]:
        """All bundles, or those that a customer holds, ordered by id."""
        if customer is not None:
            yield from (self.read_bundle(row) for row in self.rows("bundles_of_customer", customer))
            return
        after = ""
        while page := self.rows("bundle_rows", after):
            yield from (decode_bundle(row[0], row[4], self.pins.terms) for row in page)
            after = page[-1][0]

    def bound(self, customer: str) -> Iterator[Bundle]:
        """The bundles of anybody whose contract binds the customer to pay a part, ordered by id: all are looked through."""
        after, name = "", f'"{customer}"'.encode()
        while page := self.rows("bundle_rows", after):
            named = (decode_bundle(row[0], row[4], self.pins.terms) for row in page if name in row[4])
            yield from (bundle for bundle in named if any(bound.customer == customer for bound in bundle.payers))
            after = page[-1][0]

    def holdings(self, customer: str) -> list[Bundle]:
        """The bundles that the customer holds."""
        return list(self.bundles(customer=customer))

    def read_bundle(self, row: Row) -> Bundle:
        """The bundle of a row (bundle, state)."""
        return decode_bundle(row[0], row[1], self.pins.terms)

    def customer(self, customer: str) -> Customer:
        """The customer; one that was never registered has no household."""
        row = self.row("customer", customer)
        return Customer(row[0], row[1], row[2]) if row else Customer(customer)

    def customers(self) -> list[Customer]:
        """Every customer that was registered or has credit."""
        return [Customer(row[0], row[1], row[2]) for row in self.rows("customers")]

    def known_customer(self, customer: str) -> bool:
        """Whether the customer was registered, holds a bundle or credit, or had a visit."""
        return bool(
            self.row("customer", customer)
            or self.row("bundles_of_customer", customer)
            or self.row("visits_of_customer", customer),
        )

    def heard_of(self, customer: str) -> bool:
        """Whether anything is recorded for the customer: the person is known, or entries name the id."""
        return self.known_customer(customer) or bool(self.entries_of(customer=customer))

    def personal(self, customer: str) -> dict[str, Any] | None:
        """The sealed details of the latest registration; None when there is none, or the person is erased or blocked."""
        event = self.registration(customer)
        return self.unsealed(event) if event else None

    def registration(self, customer: str) -> StoredEvent | None:
        """The latest registration of a customer; None when there is none or the person was erased since."""
        event = self._latest(customer)
        return event if event and event.type == "customer.registered" else None

    def last_registration(self, customer: str) -> StoredEvent | None:
        """The latest registration of a customer, also when the person was erased or blocked since; None when there is none."""
        row = self.row("registrations", customer)
        return self._event(row) if row else None

    def erasure(self, customer: str) -> StoredEvent | None:
        """The latest `customer.erased` of a customer, or None: nothing registers a person after it."""
        event = self._latest(customer)
        return event if event and event.type == "customer.erased" else None

    def _latest(self, customer: str) -> StoredEvent | None:
        row = self.row("customer", customer)
        return self.event(row[3]) if row and row[3] else None

    def keep_keys(self) -> None:
        """Write the keys that were made since the last time: what was sealed with them is lost otherwise."""
        self.write("add_keys", [(self.taxpayer, customer, wrapped) for customer, wrapped in self.keys.fresh])
        self.keys.fresh.clear()

    def destroy_key(self, customer: str) -> None:
        """Delete a customer's key inside the running transaction: what was sealed with it can never be read again.

        SQLite overwrites what it deletes (`secure_delete`, see `schema`).
        """
        self.write("destroy_key", [(self.taxpayer, customer)])
        self.keys.drop(customer)

    def block_key(self, customer: str) -> None:
        """Shut a customer's key inside the running transaction; none that was never made."""
        wrapped = self.keys.block(customer)
        if wrapped:
            self.write("put_key", [(wrapped, self.taxpayer, customer)])

    def blocked(self) -> list[str]:
        """The blocked persons, ordered by id."""
        return [row[0] for row in self.rows("blocked")]

    def blocked_before(self, day: date) -> list[str]:
        """The blocked persons for whom, and for whose bundles, nothing was booked or issued after a day, ordered by id."""
        after = day.isoformat()
        return [row[0] for row in self.rows("blocked_before", after, after, after)]

    def settle_files(self) -> None:
        """After a commit: no older page, with a key that is gone, stays in the file of changes beside an SQLite database."""
        if self.dialect == "sqlite":
            self.connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def unsealed(self, event: StoredEvent) -> dict[str, Any] | None:
        """The sealed members of an event; None when it has none or the key was destroyed; needs the key file."""
        sealed = event.event["data"].get("sealed")
        clear = self.keys.unseal(event.customer, event.source, event.id, sealed) if sealed else None
        if clear is None:
            return None
        members: dict[str, Any] = orjson.loads(clear)["data"]
        return members

    def unsealed_for_role(self, event: StoredEvent) -> dict[str, Any]:
        """The sealed members of an event, a blocked person's too: only for whom the law names, and what is logged."""
        sealed = event.event["data"].get("sealed")
        clear = self.keys.unseal_for_authority(event.customer, event.source, event.id, sealed) if sealed else None
        members: dict[str, Any] = orjson.loads(clear)["data"] if clear else {}
        return members

    def visit(self, session: str) -> Visit | None:
        """The one-off visit, or None."""
        row = self.row("visit", session)
        return read_visit(row) if row else None

    def visits(self, *, customer: str | None = None) -> list[Visit]:
        """All one-off visits, or those of a customer, ordered by session."""
        found = self.rows("visits") if customer is None else self.rows("visits_of_customer", customer)
        return [read_visit(row) for row in found]

    def holdings_abroad(self) -> list[Holding]:
        """Money held in other currencies, by role and currency."""
        return [Holding(Role(role), currency, amount, carried) for role, currency, amount, carried in self.rows("holdings")]

    def estimates(self) -> list[tuple[int, StoredEvent]]:
        """Every estimate of use with its number, in order of recording."""
        return [(row[0], self._event(row)) for row in self.rows("estimates")]

    def milestones(self) -> list[StoredEvent]:
        """The events that closed a month, opened one again or valued a currency, in order of recording."""
        return [self._event(row) for row in self.rows("milestones")]

    def days(self) -> list[Day]:
        """The days that have entries (or only balances), in order."""
        return [Day(self._date(day, "days.date"), entries, file) for day, entries, file in self.rows("days")]

    def balances(self, until: date | None = None) -> list[MonthBalance]:
        """The movements by month, role and dimensions, up to and including a month, ordered."""
        last = (until or date.max).isoformat()[:7]
        return [
            MonthBalance(
                self._date(f"{month}-01", "balances.month"), role, branch or None, service or None, method or None, int(amount)
            )
            for month, role, branch, service, method, amount in self.rows("balances", last)
        ]

    def homonyms(self) -> frozenset[tuple[str, str]]:
        """The (id, source) of events whose id another source had used before."""
        return frozenset((event_id, source) for event_id, source in self.rows("homonyms"))

    def policy_digest(self, terms: Terms) -> str:
        """The SHA-256 (hex) of the pinned policy version of a bundle."""
        pin = self.pins.get("policy", terms.policy.id, terms.policy.since.isoformat())
        return pin.digest.hex() if pin else ""

    def put_files(self, digests: Mapping[date, str]) -> None:
        """Remember that the files of these days are written; a day without entries gets a row of its own."""
        rows = [(digest, self.taxpayer, day.isoformat()) for day, digest in digests.items()]
        with nullcontext() if self.writing else self.transaction():
            known = {row[0] for row in self.rows("days")}
            self.write("put_file", [row for row in rows if row[2] in known])
            self.write("add_days", [(self.taxpayer, day, 0, digest) for digest, _, day in rows if day not in known])

    def touch(self, days: Iterable[date]) -> None:
        """The files of these days are to be written again, or for the first time."""
        for day in sorted(days):
            if not self.write("add_day", [(0, None, self.taxpayer, day.isoformat())]):
                self.write("add_days", [(self.taxpayer, day.isoformat(), 0, None)])

    def take_over(self, other: Store, tables: Iterable[str]) -> None:
        """The rows of other books, under the number of this taxpayer."""
        for table in tables:
            rows = other.connection.exec_driver_sql(f"SELECT * FROM {metadata.tables[table].name}")  # noqa: S608
            for page in rows.partitions(PAGE):
                self.write(f"add_{table}", [(self.taxpayer, *row[1:]) for row in page])

    # inside

    def _date(self, text: Any, place: str) -> date:
        """The day that a column holds; DatabaseDamaged names it when that is none."""
        try:
            return _day(text)
        except (ValueError, TypeError):
            raise DatabaseDamaged(self.where, place, text) from None

    def _event(self, row: Row) -> StoredEvent:
        seq, event_id, source, kind, day, bundle, customer, first, entries, content, record, digest = row
        try:
            booked = _day(day)
        except (ValueError, TypeError):
            raise DatabaseDamaged(self.where, f"events.date of event {event_id}", day) from None
        return StoredEvent(
            seq,
            event_id,
            source,
            kind,
            booked,
            bundle,
            customer,
            first,
            entries,
            bytes(content),
            bytes(record),
            bytes(digest),
        )

    def _period(self, seq: int, period: str, head: bytes, files: bytes) -> Period:
        place = f"of the closing by event number {seq}"
        day = self._date(f"{period}-01", f"periods.period {place}")
        try:
            digests = orjson.loads(files)
        except ValueError:
            digests = None
        if not isinstance(digests, dict):
            raise DatabaseDamaged(self.where, f"periods.files {place}", files)
        return Period(seq, day, bytes(head), digests)

    def _run(self, statement: str, values: Row = ()) -> Sequence[Row]:
        try:
            return self.connection.exec_driver_sql(statement, values).fetchall()
        except exc.DBAPIError as error:
            raise translated(str(error.orig), self.where) from error

    def _wrapped_of(self, customers: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        return ((customer, bytes(wrapped)) for customer, wrapped in self.rows_of_list("keys_of_list", customers))

    def _wrapped(self, customer: str) -> bytes | None:
        row = self.row("key", customer)
        return bytes(row[0]) if row else None

    def _read_pins(self) -> Pins:
        pins = Pins(self.restore)
        for kind, name, since, seq, digest, content in self.rows("pins"):
            pins.add(Pin(kind, name, since, seq, bytes(digest), bytes(content)))
        return pins

    def _taxpayer(self) -> int:
        found = self._run(compiled(self.dialect, "taxpayer"), (self.taxpayer_id,))
        if not found:
            known = self._run(compiled(self.dialect, "taxpayers"))
            raise TaxpayerUnknown(self.where, self.taxpayer_id, [row[0] for row in known])
        return int(found[0][0])


def create(url: str, taxpayer_id: str) -> None:
    """A new database with the (empty) books of a taxpayer, or those of one more taxpayer in an existing one."""
    schema.create(url)
    engine = schema.engine(url)
    with engine.connect() as connection:
        name = connection.dialect.name
        if name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if not connection.exec_driver_sql(compiled(name, "taxpayer"), (taxpayer_id,)).fetchall():
            last = connection.exec_driver_sql(compiled(name, "last_taxpayer")).scalar() or 0
            connection.exec_driver_sql(compiled(name, "add_taxpayers"), (last + 1, taxpayer_id))
            connection.exec_driver_sql(compiled(name, "add_heads"), (last + 1, 0, 0, GENESIS, None, None))
        connection.commit()
    engine.dispose()


def upgrade(url: str, master: Master, restore: Restore, derive: Callable[[Store], None]) -> Upgraded:
    """A database brought to the newest version; `derive` fills the derived tables of each taxpayer, which are empty."""

    def fill(connection: Connection) -> None:
        for (taxpayer_id,) in connection.exec_driver_sql(compiled(connection.dialect.name, "taxpayers")).fetchall():
            store = Store(connection, url.removeprefix("sqlite:///"), taxpayer_id, master, restore)
            store.writing = True
            derive(store)

    return schema.upgrade(url, fill)


@contextmanager
def scratch(taxpayer_id: str, restore: Restore) -> Iterator[Store]:
    """Empty books of a taxpayer in a temporary database, in a transaction that is never committed."""
    with TemporaryDirectory(prefix="revrec-") as folder:
        url = f"sqlite:///{folder}/scratch.db"
        connection = schema.blank(url)
        connection.exec_driver_sql(compiled("sqlite", "add_taxpayers"), (1, taxpayer_id))
        connection.exec_driver_sql(compiled("sqlite", "add_heads"), (1, 0, 0, GENESIS, None, None))
        store = Store(connection, url, taxpayer_id, Master(Path(folder) / "none"), restore)
        store.writing = True
        try:
            yield store
        finally:
            store.close()


def read_visit(row: Row) -> Visit:
    """The visit of a row."""
    session, customer, service, branch, price, paid, undone, vat, pending, tax, lost = row
    return Visit(session, customer, service, branch, price, paid, bool(undone), vat, pending, tax, lost)
