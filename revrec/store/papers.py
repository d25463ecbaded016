"""The documents of one taxpayer: invoices with their own chain, the tax authority's records, what was sent and answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import orjson

from revrec.core.billing import Account, Billed, Cover, Item, Subject
from revrec.core.events import Method
from revrec.core.invoicing import Draft, Part
from revrec.store.statements import PAGE
from revrec.store.store import Store

Row = tuple[Any, ...]
GENESIS = bytes(32)
VERSION = "A"
FORMATS = PDF, FACTURAE = "pdf", "xsig"  # of the files that are made of a document
_SOURCE = "invoice"  # what sealed texts of documents are bound to, beside their number


class Issued(NamedTuple):
    """One numbered document, as it stands in the table `invoices`; amounts in minor units."""

    n: int
    number: str
    series: str
    place: int
    kind: str
    issued_on: date
    operated_on: date
    at: str
    seq: int
    entry: int
    account: str
    bundle: str | None
    customer: str
    corrects: str | None
    gross: int
    vat: int
    record: int
    parts: tuple[Part, ...]
    content: bytes
    digest: bytes


class Born(NamedTuple):
    """A document as the books link it: its number and the day of issuing."""

    number: str
    issued_on: date


class Kept(NamedTuple):
    """One record of the chain; `hashed` is the text that its huella covers, `xml` is sealed."""

    place: int
    installation: str
    kind: str
    amends: str
    number: str
    issued_on: str
    generated_at: str
    hashed: str
    huella: str
    customer: str
    xml: bytes


class Message(NamedTuple):
    """What was sent: records `first` to `last`; `incident` marks a message after an outage."""

    message: int
    first: int
    last: int
    at: str
    incident: bool
    sha256: str


class Answer(NamedTuple):
    """What came back, or why nothing did (`outcome`), and how long the authority asked to wait, in seconds."""

    message: int
    at: str
    outcome: str
    wait: int
    content: bytes


class State(NamedTuple):
    """Where a record stands with the tax authority: the state, the error's code and text, the message that said so."""

    place: int
    state: str
    code: str = ""
    text: str = ""
    message: int = 0


class Waiting(NamedTuple):
    """A document that waits for its number: its draft, and why (`field`, `message`, `remedy`, `code` of each finding)."""

    draft: Draft
    seq: int
    findings: tuple[tuple[str, str, str, str], ...]


class Papers:
    """Reads and writes documents inside the transactions of a store; sealing is that of the store's key ring."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.own = store.taxpayer

    # sealed texts

    def seal(self, customer: str, name: str, clear: bytes) -> bytes:
        """The sealed bytes, bound to the document's name."""
        return self.store.keys.seal(customer, _SOURCE, name, clear).encode()

    def unseal(self, customer: str, name: str, sealed: bytes) -> bytes | None:
        """What was sealed; None when the person's key is destroyed or blocked."""
        return self.store.keys.unseal(customer, _SOURCE, name, sealed.decode())

    def for_authority(self, record: Kept) -> bytes | None:
        """The XML of a record as the tax authority gets it, that of a blocked person too; None: the key is destroyed."""
        return self.for_role(record.customer, f"record {record.place}", record.xml)

    def for_role(self, customer: str, name: str, sealed: bytes) -> bytes | None:
        """What was sealed, a blocked person's too: only for whom the law names, and what is logged; None: the key is gone."""
        return self.store.keys.unseal_for_authority(customer, _SOURCE, name, sealed.decode())

    # invoices

    def head(self) -> tuple[int, bytes]:
        """The count of documents and the digest of the last one."""
        row = self.store.row("last_invoice")
        return (row[0], bytes(row[1])) if row else (0, GENESIS)

    def last_in(self, series: str) -> tuple[int, date | None]:
        """The last place of a series and the day of its document."""
        row = self.store.row("last_in_series", series)
        return (row[0], date.fromisoformat(row[1])) if row else (0, None)

    def add_invoices(self, issued: Iterable[Issued]) -> None:
        """Append documents."""
        self.store.write("add_invoices", [(self.own, *columns(each)) for each in issued])

    def invoice(self, number: str) -> Issued | None:
        """The document of a number, or None."""
        row = self.store.row("invoice", number)
        return issued(row) if row else None

    def invoices(self, after: int = 0) -> Iterator[Issued]:
        """Every document after a number, in order of issuing; read in pages."""
        while page := self.store.rows("invoices", after):
            yield from map(issued, page)
            after = page[-1][0]
            if len(page) < PAGE:
                return

    def digests(self) -> Iterator[bytes]:
        """The digest of every document, in order of issuing; read in pages."""
        after = 0
        while page := self.store.rows("document_digests", after):
            yield from (bytes(digest) for _, digest in page)
            after = page[-1][0]

    def of_event(self, seq: int) -> list[Issued]:
        """The documents that an event caused."""
        return [issued(row) for row in self.store.rows("invoices_of_event", seq)]

    def of_account(self, account: str) -> list[Issued]:
        """The documents of a contract."""
        return [issued(row) for row in self.store.rows("invoices_of_account", account)]

    def of_customer(self, customer: str) -> list[Issued]:
        """The documents that a customer received."""
        return [issued(row) for row in self.store.rows("invoices_of_customer", customer)]

    def links(self, entries: Iterable[int]) -> dict[int, list[Born]]:
        """The documents whose number was born with some entries, by entry."""
        return _born(self.store.rows_of_list("invoice_links", entries))

    def links_between(self, first: int, last: int) -> dict[int, list[Born]]:
        """The documents whose number was born with the entries from one number to another, by entry."""
        return _born(self.store.rows("invoice_links_between", first, last))

    def is_empty(self) -> bool:
        """Whether no document was ever issued: such books need not be asked day by day."""
        return self.store.row("last_invoice") is None

    def later_days(self) -> frozenset[date]:
        """The days on which documents were issued for events recorded before."""
        return frozenset(date.fromisoformat(day) for (day,) in self.store.rows("later_days", 0))

    def later_on(self, day: date) -> list[Issued]:
        """The documents issued on a day for events recorded before."""
        return [issued(row) for row in self.store.rows("later_invoices", 0, day.isoformat())]

    # records

    def installation(self) -> str | None:
        """The number of this installation, or None before the first record."""
        row = self.store.row("installation")
        return str(row[0]) if row else None

    def add_installation(self, number: str, since: str) -> None:
        """Note the installation: a new one begins a new chain."""
        self.store.write("add_installations", [(self.own, number, since)])

    def last_record(self) -> Kept | None:
        """The record that the next one is chained to."""
        row = self.store.row("last_record")
        return kept(row) if row else None

    def record(self, place: int) -> Kept | None:
        """The record at a place of the chain."""
        row = self.store.row("record", place)
        return kept(row) if row else None

    def records(self, after: int = 0) -> Iterator[Kept]:
        """Every record after a place, in order of generation; read in pages."""
        while page := self.store.rows("records", after):
            yield from map(kept, page)
            after = page[-1][0]
            if len(page) < PAGE:
                return

    def open_records(self) -> Iterator[tuple[Kept, State | None]]:
        """The records that were not answered for, each with where it stands, in order of generation; read in pages.

        Records are sent in the order of the chain: what was never sent stands behind all that was, and the texts of what
        is settled are not read.
        """
        (first,), (last,) = self.store.rows("first_unanswered")[0], self.store.rows("last_sent")[0]
        after, width = (first - 1 if first else last or 0), len(Kept._fields)
        while page := self.store.rows("open_records", after):
            yield from ((kept(row[:width]), State(*row[width:]) if row[width] else None) for row in page)
            after = page[-1][0]
            if len(page) < PAGE:
                return

    def count_open(self) -> int:
        """How many records were not answered for."""
        row = self.store.row("count_open")
        return int(row[0]) if row else 0

    def records_of(self, number: str) -> list[Kept]:
        """The records of an invoice, oldest first."""
        return [kept(row) for row in self.store.rows("records_of_invoice", number)]

    def latest_records(self) -> list[tuple[str, int]]:
        """The place of the last record of each invoice."""
        return [(number, place) for number, place in self.store.rows("latest_records")]

    def add_records(self, records: Iterable[Kept]) -> None:
        """Append records."""
        self.store.write("add_records", [(self.own, *record) for record in records])

    # made documents

    def add_document(self, number: str, form: str, at: str, customer: str, content: bytes) -> None:
        """Keep a document as the bytes that were verified."""
        sealed = self.seal(customer, f"{number}.{form}", content)
        row = (self.own, number, form, at, hashlib.sha256(content).hexdigest(), customer, sealed)
        self.store.keep_keys()
        self.store.write("add_documents", [row])

    def document(self, number: str, form: str) -> bytes | None:
        """The bytes of a document; None when it was not made, or the person's key is gone."""
        row = self.store.row("document", number, form)
        return self.unseal(row[0], f"{number}.{form}", bytes(row[1])) if row else None

    def document_for_role(self, number: str, form: str) -> bytes | None:
        """The bytes of a document, a blocked person's too: only for whom the law names, and what is logged."""
        row = self.store.row("document", number, form)
        return self.for_role(row[0], f"{number}.{form}", bytes(row[1])) if row else None

    def documents(self, number: str) -> list[tuple[str, str, str]]:
        """The documents made of an invoice: format, instant, SHA-256."""
        return [(row[0], row[1], row[2]) for row in self.store.rows("documents_of_invoice", number)]

    # what was sent

    def messages(self) -> list[Message]:
        """Everything that was sent, in order."""
        return [sent(row) for row in self.store.rows("messages")]

    def last_message_of(self, place: int) -> Message | None:
        """The last message with which a record went, or None."""
        row = self.store.row("last_message_of", place, place)
        return sent(row) if row else None

    def last_message(self) -> Message | None:
        """What was sent last."""
        row = self.store.row("last_message")
        return sent(row) if row else None

    def answers(self) -> list[Answer]:
        """Everything that came back, in order."""
        return [came_back(row) for row in self.store.rows("answers")]

    def answer(self, message: int) -> Answer | None:
        """What came back for a message, or None."""
        row = self.store.row("answer", message)
        return came_back(row) if row else None

    def last_answer(self) -> Answer | None:
        """What came back last."""
        row = self.store.row("last_answer")
        return came_back(row) if row else None

    def last_wait(self) -> int | None:
        """The seconds to wait that the tax authority asked for last."""
        row = self.store.row("last_wait", 0)
        return int(row[0]) if row else None

    def add_message(self, message: Message) -> None:
        """Append a message, before it is sent."""
        self.store.write("add_messages", [(self.own, *message[:4], int(message.incident), message.sha256)])

    def add_answer(self, answer: Answer) -> None:
        """Append what came back."""
        self.store.keep_keys()
        self.store.write("add_answers", [(self.own, *answer)])

    def states(self) -> dict[int, State]:
        """Where each record stands that was sent."""
        return {row[0]: State(*row) for row in self.store.rows("states")}

    def state(self, place: int) -> State | None:
        """Where one record stands, or None when it was not sent."""
        row = self.store.row("state", place)
        return State(*row) if row else None

    def put_states(self, states: Iterable[State]) -> None:
        """Where records stand now."""
        for state in states:
            changed = (*state[1:], self.own, state.place)
            if not self.store.write("put_state", [changed]):
                self.store.write("add_states", [(self.own, *state)])

    # derived

    def account(self, name: str) -> Account | None:
        """What of a contract was billed, or None."""
        row = self.store.row("account", name)
        return decode_account(name, bytes(row[0])) if row else None

    def accounts_of(self, names: Iterable[str]) -> Iterator[Account]:
        """Several accounts, those that are there."""
        return (decode_account(row[0], bytes(row[1])) for row in self.store.rows_of_list("accounts_of_list", names))

    def accounts(self) -> Iterator[Account]:
        """Every account, ordered by name; read in pages."""
        after = ""
        while page := self.store.rows("accounts", after):
            yield from (decode_account(row[0], bytes(row[1])) for row in page)
            after = page[-1][0]
            if len(page) < PAGE:
                return

    def put_accounts(self, accounts: Iterable[Account], known: Iterable[str]) -> None:
        """Accounts as they are now; `known` have a row."""
        old, new, there = [], [], set(known)
        for account in accounts:
            state = encode_account(account)
            if account.id in there:
                old.append((state, self.own, account.id))
            else:
                new.append((self.own, account.id, state))
        self.store.write("put_account", old)
        self.store.write("add_accounts", new)

    def waiting(self) -> list[Waiting]:
        """The documents that wait, in order of the events that made them due."""
        return [decode_waiting(*row) for row in self.store.rows("waiting")]

    def waiting_of(self, seqs: Iterable[int]) -> list[Waiting]:
        """The documents that wait because of some events, by their numbers; in their order."""
        rows = {row[0]: row for row in self.store.rows_of_list("waiting_of_list", sorted(set(seqs)))}
        return [decode_waiting(*row) for row in rows.values()]

    def waiting_for(self, recipient: str) -> list[Waiting]:
        """The documents that wait for something about one person."""
        return [decode_waiting(*row) for row in self.store.rows("waiting_of_recipient", recipient)]

    def awaited(self, customers: Iterable[str]) -> set[str]:
        """Those of some customers for whom a document waits."""
        return {row[0] for row in self.store.rows_of_list("waiting_recipients_of_list", customers)}

    def waiting_one(self, draft: str) -> Waiting | None:
        """One document that waits, or None."""
        row = self.store.row("waiting_one", draft)
        return decode_waiting(*row) if row else None

    def put_waiting(self, waiting: Waiting) -> None:
        """A waiting document as it is now."""
        state = encode_waiting(waiting)
        if not self.store.write("put_waiting", [(state, self.own, waiting.draft.id)]):
            self.store.write("add_waiting", [(self.own, waiting.draft.id, waiting.seq, waiting.draft.recipient or "", state)])

    def drop_waiting(self, drafts: Iterable[str]) -> None:
        """Documents have their numbers, or nothing is left of them; most never had a row."""
        self.store.write("drop_waiting", [(self.own, draft) for draft in drafts])


def registered_details(store: Store, customer: str) -> dict[str, Any]:
    """Who a customer is, as registered latest; empty when nobody is, or the person is erased or blocked."""
    registered = store.registration(customer)
    if registered is None:
        return {}
    return {**(store.unsealed(registered) or {}), **registered.event["data"]}


def columns(invoice: Issued) -> Row:
    """The row of a document without the taxpayer."""
    days = (invoice.issued_on.isoformat(), invoice.operated_on.isoformat())
    return (*invoice[:5], *days, *invoice[7:17], encode_parts(invoice.parts), *invoice[18:])


def issued(row: Row) -> Issued:
    """The document of a row."""
    parts = tuple(_part(part) for part in orjson.loads(row[17]))
    days = (date.fromisoformat(row[5]), date.fromisoformat(row[6]))
    return Issued._make((*row[:5], *days, *row[7:17], parts, bytes(row[18]), bytes(row[19])))


def kept(row: Row) -> Kept:
    """The record of a row."""
    return Kept._make((*row[:-1], bytes(row[-1])))


def sent(row: Row) -> Message:
    """The message of a row."""
    number, first, last, at, incident, sha256 = row
    return Message(number, first, last, at, bool(incident), sha256)


def came_back(row: Row) -> Answer:
    """The answer of a row."""
    return Answer._make((*row[:-1], bytes(row[-1])))


def _born(rows: Iterable[Row]) -> dict[int, list[Born]]:
    found: dict[int, list[Born]] = {}
    for entry, number, day in sorted(rows):
        born = Born(number, date.fromisoformat(day))
        if born not in found.setdefault(entry, []):  # a list that is not full repeats its last value
            found[entry].append(born)
    return found


def chained(before: bytes, invoice: Issued, taxpayer: str) -> bytes:
    """digest(n) = SHA-256(digest(n-1) || bytes(n))."""
    return hashlib.sha256(before + chained_body(invoice, taxpayer)).digest()


def chained_body(invoice: Issued, taxpayer: str) -> bytes:
    """bytes(n) of the chain of documents: RFC 8785 JSON of every column, content by its SHA-256."""
    body = {
        "account": invoice.account,
        "at": invoice.at,
        "bundle": invoice.bundle,
        "content": hashlib.sha256(invoice.content).hexdigest(),
        "corrects": invoice.corrects,
        "customer": invoice.customer,
        "entry": invoice.entry,
        "gross": invoice.gross,
        "issued_on": invoice.issued_on.isoformat(),
        "kind": invoice.kind,
        "n": invoice.n,
        "number": invoice.number,
        "operated_on": invoice.operated_on.isoformat(),
        "parts": [_part_row(part) for part in invoice.parts],
        "place": invoice.place,
        "record": invoice.record,
        "seq": invoice.seq,
        "series": invoice.series,
        "taxpayer": taxpayer,
        "v": VERSION,
        "vat": invoice.vat,
    }
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def encode_parts(parts: Iterable[Part]) -> bytes:
    """The parts of a document as JSON."""
    return orjson.dumps([_part_row(part) for part in parts])


def _part_row(part: Part) -> list[Any]:
    return [*map(str, part.item), part.gross, part.vat]


def _part(row: list[Any]) -> Part:
    subject, tax, ref, gross, vat = row
    return Part(Item(Subject(subject), tax, ref), gross, vat)


def encode_account(account: Account) -> bytes:
    """The state of an account as compact JSON."""
    return orjson.dumps([[*map(str, b.item), b.gross, b.vat, [list(c) for c in b.covers]] for b in account.items])


def decode_account(name: str, state: bytes) -> Account:
    """The account that the bytes are."""
    items = (
        Billed(Item(Subject(subject), tax, ref), gross, vat, tuple(Cover(*cover) for cover in covers))
        for subject, tax, ref, gross, vat, covers in orjson.loads(state)
    )
    return Account(name, tuple(items))


def encode_waiting(waiting: Waiting) -> bytes:
    """A waiting document as JSON."""
    draft = waiting.draft
    values = draft._asdict() | {"parts": [_part_row(part) for part in draft.parts]}
    return orjson.dumps({"draft": values, "findings": waiting.findings}, option=orjson.OPT_SORT_KEYS)


def decode_waiting(_draft: str, seq: int, state: bytes) -> Waiting:
    """The waiting document that the bytes are."""
    raw = orjson.loads(state)
    values = raw["draft"]
    values["parts"] = tuple(_part(part) for part in values["parts"])
    values["operated_on"] = date.fromisoformat(values["operated_on"])
    values["method"] = Method(values["method"]) if values["method"] else None
    return Waiting(Draft(**values), seq, tuple((f[0], f[1], f[2], f[3]) for f in raw["findings"]))
