"""From any id to the whole chain, in both directions: session, event, entry, file and line, bundle, payment, invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from revrec.app.entries import EntryView, Place, amount_of, find, of_bundle
from revrec.app.trail import DocumentView, WaitingView, documents_of, related, waiting_of
from revrec.core import money, units
from revrec.core.book import Kind, Movement
from revrec.core.bundle import Bundle
from revrec.core.errors import RevrecError
from revrec.core.journal import INCOME_ROLES, JournalEntry, Role
from revrec.core.policy import Recognition
from revrec.store.papers import Issued, Papers

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import StoredEvent

KINDS = ("session", "bundle", "event", "entry", "payment", "refund", "customer", "invoice")
_OF_KIND = {
    "session": (Kind.SESSION, Kind.VISIT, Kind.SESSION_UNDONE),
    "payment": (Kind.PAYMENT, Kind.PAYMENT_UNDONE),
    "refund": (Kind.REQUEST, Kind.REJECTED, Kind.REFUND, Kind.REFUND_SETTLED, Kind.REFUND_UNDONE),
    "bundle": (Kind.SALE,),
}
_UNDONE = {Kind.PAYMENT: Kind.PAYMENT_UNDONE, Kind.REFUND: Kind.REFUND_UNDONE}
_MIRRORS = frozenset({"session.reversed", "session.waived"})
_EARNING = INCOME_ROLES - {Role.REFUND_CONTRA, Role.BREAKAGE}


class Untraceable(RevrecError):
    """Nothing, or more than one thing, answers to an id."""

    def __init__(self, name: str, found: Sequence[str]) -> None:
        self.found = tuple(f"{kind}:{name}" for kind in found)
        if found:
            super().__init__(f"{name} names more than one thing. Say which: {', '.join(self.found)}")
        else:
            kinds = ", ".join(f"{kind}:ID" for kind in KINDS)
            super().__init__(f"{name}: nothing of that id is recorded. Ids: {kinds}")


@dataclass(frozen=True, slots=True)
class EventView:
    """A recorded fact: its number in the chain, when it was recorded, and the digest of the chain up to it (hex)."""

    seq: int
    id: str
    source: str
    type: str
    date: date
    recorded: str
    digest: str
    actor: str | None

    def to_json(self) -> dict[str, Any]:
        """The fact as JSON."""
        return {
            "seq": self.seq,
            "event": self.id,
            "source": self.source,
            "type": self.type,
            "date": self.date.isoformat(),
            "recorded_at": self.recorded,
            "actor": self.actor,
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True)
class BundleView:
    """The contract that a thing belongs to, its first and its present customer, and the versions that its sale pinned."""

    id: str
    buyer: str
    customer: str
    package: str
    policy: str
    sold_on: date
    sale: str

    def to_json(self) -> dict[str, Any]:
        """The contract as JSON; `sale` is the event that made it."""
        return {
            "bundle": self.id,
            "buyer": self.buyer,
            "customer": self.customer,
            "package": self.package,
            "policy": self.policy,
            "sold_on": self.sold_on.isoformat(),
            "sale": self.sale,
        }


@dataclass(frozen=True, slots=True)
class MoneyView:
    """A payment or refund of the chain; `undone` says which event took it back, if one did."""

    kind: str
    id: str
    date: date
    amount: str
    event: str
    entry: str | None
    place: Place | None
    undone: str | None

    def to_json(self) -> dict[str, Any]:
        """The payment or refund as JSON."""
        return {
            self.kind: self.id,
            "date": self.date.isoformat(),
            "amount": self.amount,
            "event": self.event,
            "entry": self.entry,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "undone_by": self.undone,
        }

    def line(self) -> str:
        """The payment or refund in one line."""
        at = f" at {self.place}" if self.place else ""
        undone = f", undone by event {self.undone}" if self.undone else ""
        return f"{self.kind} {self.id}  {self.date}  {self.amount}, event {self.event}, entry {self.entry or 'none'}{at}{undone}"


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session of the chain: the units it used, and the entries on which its revenue stands, or why there is none."""

    id: str
    date: date
    bundle: str | None
    units: str
    event: str
    revenue: tuple[str, ...]
    why: str

    def to_json(self) -> dict[str, Any]:
        """The session as JSON."""
        return {
            "session": self.id,
            "date": self.date.isoformat(),
            "bundle": self.bundle,
            "units": self.units,
            "event": self.event,
            "revenue": list(self.revenue),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that hangs together with one id; `documents` that were issued for it, and those that `wait`."""

    kind: str
    id: str
    sessions: tuple[SessionView, ...]
    events: tuple[EventView, ...]
    entries: tuple[EntryView, ...]
    bundles: tuple[BundleView, ...]
    money: tuple[MoneyView, ...]
    documents: tuple[DocumentView, ...] = ()
    waiting: tuple[WaitingView, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The chain as JSON."""
        return {
            "kind": self.kind,
            "id": self.id,
            "sessions": [each.to_json() for each in self.sessions],
            "events": [each.to_json() for each in self.events],
            "entries": [each.to_json() for each in self.entries],
            "bundles": [each.to_json() for each in self.bundles],
            "money": [each.to_json() for each in self.money],
            "invoices": [each.to_json() for each in self.documents],
            "waiting": [each.to_json() for each in self.waiting],
        }

    def lines(self) -> Iterator[str]:
        """The chain for people: what it is, the facts, the entries with file and line, the contract, money, documents."""
        yield f"{self.kind} {self.id}"
        for session in self.sessions:
            used = f"{session.units} of bundle {session.bundle}" if session.bundle else "a one-off visit"
            yield f"  session {session.id}  {session.date}  {used}, event {session.event}"
            yield f"    {session.why}"
        for event in self.events:
            yield f"  event {event.id}  {event.date}  {event.type}{f', by {event.actor}' if event.actor else ''}"
            yield f"    number {event.seq}, source {event.source}, recorded {event.recorded}"
            yield f"    digest {event.digest}"
        for entry in self.entries:
            yield from _entry_lines(entry)
        for bundle in self.bundles:
            now = "" if bundle.customer == bundle.buyer else f", now {bundle.customer}'s"
            yield f"  bundle {bundle.id}  sold on {bundle.sold_on} to {bundle.buyer}{now}, event {bundle.sale}"
            yield f"    package {bundle.package}, policy {bundle.policy}"
        for paid in self.money:
            yield f"  {paid.line()}"
        views: tuple[DocumentView | WaitingView, ...] = (*self.documents, *self.waiting)
        for document in views:
            yield from (f"  {line}" for line in document.lines())


def _entry_lines(view: EntryView) -> Iterator[str]:
    entry = view.entry
    yield f"  entry {view.name}  {entry.date}  {entry.rule}: {view.legs()}"
    if view.says:
        yield f"    {view.says}"
    yield f"    event {entry.event}, at {view.place or 'no file: run `revrec books build`'}"
    if entry.corrects:
        yield f"    corrects E-{entry.corrects}"
    if view.corrected_by:
        yield f"    corrected by {', '.join(f'E-{number}' for number in view.corrected_by)}"
    if entry.late:
        yield f"    late: belongs to {entry.effective}, posted on the first open day"


def trace(ws: Workspace, name: str) -> Trace:
    """The chain of an id, bare or as `kind:ID`; raises Untraceable."""
    kind, _, ref = name.partition(":")
    if kind not in KINDS or not ref:
        kind, ref = _resolve(ws, name), name
    chain = _Chain(ws)
    if not _COLLECT[kind](chain, ref):
        raise Untraceable(name, ())
    return Trace(
        kind=kind,
        id=ref,
        sessions=tuple(chain.session_views()),
        events=tuple(chain.event_views()),
        entries=tuple(chain.entry_views()),
        bundles=tuple(chain.bundle_views()),
        money=tuple(chain.money_views()),
        documents=documents_of(ws, chain.numbers | chain.numbers_of_events()),
        waiting=waiting_of(ws, chain.seqs | chain.seqs_of_entries()),
    )


def _resolve(ws: Workspace, name: str) -> str:
    """The one kind of thing that a bare id names; raises Untraceable when there is none or more than one."""
    kinds = {movement.kind for movement in ws.store.movements_of(name)}
    found = [kind for kind, members in _OF_KIND.items() if kinds.intersection(members)]
    if ws.store.events_by_id(name):
        found.append("event")
    if (number := _number(name)) and ws.store.entry(number):
        found.append("entry")
    if ws.store.known_customer(name):
        found.append("customer")
    if Papers(ws.store).invoice(name):
        found.append("invoice")
    if len(found) != 1:
        raise Untraceable(name, found)
    return found[0]


def _number(name: str) -> int | None:
    """The number in `E-12`."""
    digits = name.removeprefix("E-")
    return int(digits) if digits != name and digits.isascii() and digits.isdigit() else None


@dataclass(slots=True)
class _Chain:
    """What hangs together, collected by number and id; views are made of it at the end."""

    ws: Workspace
    seqs: set[int] = field(default_factory=set)
    entries: dict[int, JournalEntry] = field(default_factory=dict)
    pool: dict[int, JournalEntry] = field(default_factory=dict)  # entries of the bundles and customers at hand
    bundles: dict[str, Bundle] = field(default_factory=dict)
    sessions: dict[str, Movement] = field(default_factory=dict)
    money: dict[tuple[Kind, str], Movement] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)  # of documents that were asked for

    def add_bundle(self, bundle: str | None, *, sessions: bool = False) -> None:
        """Take in a bundle with the money on it and, if asked, its sessions."""
        state = self.ws.store.bundle(bundle) if bundle else None
        if state is None or (state.id in self.bundles and not sessions):
            return
        self.bundles[state.id] = state
        self.pool |= {entry.number: entry for entry in of_bundle(self.ws.store, state.id)}
        for movement in self.ws.store.movements(state.id):
            if movement.kind in _UNDONE:
                self.money[movement.kind, movement.ref] = movement
            elif sessions and movement.kind is Kind.SESSION:
                self.sessions[movement.ref] = movement

    def add_entries(self, entries: Iterable[JournalEntry]) -> None:
        """Take in entries."""
        for entry in entries:
            self.entries[entry.number] = self.pool[entry.number] = entry

    def add_session(self, session: str) -> bool:
        """Take in a session: the facts that made and unmade it, their entries, its bundle, the money for it."""
        found = [m for m in self.ws.store.movements_of(session) if m.kind in _OF_KIND["session"]]
        for movement in found:
            self.seqs.add(movement.seq)
            self.add_bundle(movement.bundle)
            if movement.kind is not Kind.SESSION_UNDONE:
                self.sessions[session] = movement
            if movement.kind is Kind.VISIT and movement.customer:
                self.add_visit_money(session, movement.customer)
        self.add_entries(self.ws.store.entries_of(session=session))
        return bool(found)

    def add_visit_money(self, session: str, customer: str) -> None:
        """Take in the payments of a one-off visit, found among the customer's."""
        for entry in self.ws.store.entries_of(customer=customer):
            self.pool[entry.number] = entry
            stored = self.event_of(entry) if entry.rule == "payment.visit" else None
            data = stored.event["data"] if stored else {}
            if data.get("session") == session and (movement := self.ws.store.movement(Kind.PAYMENT, data["payment"])):
                self.money[movement.kind, movement.ref] = movement

    def add_money(self, kinds: Iterable[Kind], ref: str) -> bool:
        """Take in a payment or refund: its facts, their entries, its bundle and sessions."""
        found = [m for m in self.ws.store.movements_of(ref) if m.kind in kinds]
        for movement in found:
            self.seqs.add(movement.seq)
            self.add_bundle(movement.bundle, sessions=True)
            if movement.kind in _UNDONE:
                self.money[movement.kind, ref] = movement
            stored = self.ws.store.event(movement.seq)
            if stored:
                self.add_entries(self.caused(stored))
                self.add_visit_of(stored)
        return bool(found)

    def add_visit_of(self, stored: StoredEvent) -> None:
        """Take in the one-off visit that a payment names."""
        session = stored.event["data"].get("session")
        movement = self.ws.store.movement(Kind.VISIT, session) if session else None
        if movement:
            self.sessions[movement.ref] = movement
            self.pool |= {entry.number: entry for entry in self.ws.store.entries_of(session=movement.ref)}

    def add_event(self, stored: StoredEvent) -> None:
        """Take in an event: its entries, and the bundle, session, payment or refund that it is about."""
        data = stored.event["data"]
        self.seqs.add(stored.seq)
        self.add_bundle(stored.bundle, sessions=not data.keys().isdisjoint(("payment", "refund")))
        self.add_entries(self.caused(stored))
        if session := data.get("session"):
            for movement in self.ws.store.movements_of(session):
                if movement.kind in (Kind.SESSION, Kind.VISIT):
                    self.sessions[session] = movement
                    self.pool |= {entry.number: entry for entry in self.ws.store.entries_of(session=session)}
        for kind in _UNDONE:
            movement_of = self.ws.store.movement(kind, data.get(kind.value, ""))
            if movement_of:
                self.money[kind, movement_of.ref] = movement_of

    def add_entry(self, number: int) -> bool:
        """Take in an entry: the fact it follows from and all that this fact is about."""
        entry = self.ws.store.entry(number)
        if entry is None:
            return False
        self.add_bundle(entry.bundle)
        for leg in entry.postings:
            self.add_bundle(leg.bundle)
        if entry.session:
            self.add_session(entry.session)
        stored = self.event_of(entry)
        if stored:
            self.add_event(stored)
        self.entries = {}  # of the facts collected only this one, and what it corrects, was asked for
        self.add_entries([entry])
        return True

    def add_document(self, issued: Issued) -> None:
        """Take in a document: the event that made it due, the contract, what it corrects and what corrects it."""
        self.numbers |= {issued.number, *related(self.ws, issued)}
        if stored := self.ws.store.event(issued.seq):
            self.add_event(stored)
        self.add_bundle(issued.bundle)

    def seqs_of_entries(self) -> set[int]:
        """The events that the entries at hand follow from."""
        return {stored.seq for entry in self.linked() if (stored := self.event_of(entry))}

    def numbers_of_events(self) -> set[str]:
        """The documents of the facts, entries, sessions and money at hand."""
        papers = Papers(self.ws.store)
        moved = {movement.seq for movement in (*self.money.values(), *self.sessions.values())}
        seqs = self.seqs | self.seqs_of_entries() | moved
        by_event = {issued.number for seq in seqs for issued in papers.of_event(seq)}
        by_entry = {born.number for found in papers.links(self.entries).values() for born in found}
        return by_event | by_entry

    def caused(self, stored: StoredEvent) -> list[JournalEntry]:
        """The entries that follow from an event, wherever in the order of recording they were posted."""
        mine = {entry.number: entry for entry in self.ws.store.entries_of(seq=stored.seq)} | self.pool
        return [entry for _, entry in sorted(mine.items()) if (entry.event, entry.source) == (stored.id, stored.source)]

    def event_of(self, entry: JournalEntry) -> StoredEvent | None:
        """The event that an entry follows from."""
        return next((e for e in self.ws.store.events_by_id(entry.event) if e.source == entry.source), None)

    def corrections(self) -> dict[int, tuple[int, ...]]:
        """Who corrects whom, among the entries at hand."""
        links: dict[int, tuple[int, ...]] = {}
        for entry in sorted(self.pool.values(), key=lambda entry: entry.number):
            if entry.corrects:
                links[entry.corrects] = (*links.get(entry.corrects, ()), entry.number)
        return links

    def linked(self) -> list[JournalEntry]:
        """The entries, with those that correct them or are corrected by them."""
        links, waiting, seen = self.corrections(), list(self.entries), set[int]()
        while waiting:
            number = waiting.pop()
            entry = self.pool.get(number) or self.ws.store.entry(number)
            if entry is None or number in seen:
                continue
            seen.add(number)
            self.pool[number] = entry
            waiting.extend((*links.get(number, ()), *([entry.corrects] if entry.corrects else ())))
        return [self.pool[number] for number in sorted(seen)]

    def entry_views(self) -> Iterator[EntryView]:
        """The entries in order of recording, each with its file and line."""
        links = self.corrections()
        for entry in self.linked():
            yield EntryView(entry, self.ws.settings.currency, find(self.ws.root, entry), links.get(entry.number, ()))

    def event_views(self) -> Iterator[EventView]:
        """The events in order of recording, with those that their entries' corrections follow from."""
        seqs = self.seqs | self.seqs_of_entries()
        for seq in sorted(seqs):
            if stored := self.ws.store.event(seq):
                yield EventView(
                    stored.seq,
                    stored.id,
                    stored.source,
                    stored.type,
                    stored.date,
                    stored.fields["at"],
                    stored.digest.hex(),
                    stored.event.get("actor"),
                )

    def bundle_views(self) -> Iterator[BundleView]:
        """The contracts and what their sales pinned."""
        for bundle in self.bundles.values():
            sale = self.ws.store.movement(Kind.SALE, bundle.id)
            yield BundleView(
                id=bundle.id,
                buyer=sale.customer if sale and sale.customer else bundle.customer,
                customer=bundle.customer,
                package=f"{bundle.terms.package.id}@{bundle.terms.package.since}",
                policy=bundle.terms.policy.version,
                sold_on=bundle.sold_on,
                sale=self.name_of(bundle.seq),
            )

    def money_views(self) -> Iterator[MoneyView]:
        """Payments and refunds in order of recording."""
        currency = self.ws.settings.currency
        for (kind, ref), movement in sorted(self.money.items(), key=lambda item: item[1].seq):
            undone = self.ws.store.movement(_UNDONE[kind], ref)
            entry = self.ws.store.entry(movement.entry) if movement.entry else None
            yield MoneyView(
                kind=kind.value,
                id=ref,
                date=movement.date,
                amount=f"{money.text(movement.parts[0], currency)} {currency}",
                event=self.name_of(movement.seq),
                entry=f"E-{movement.entry}" if movement.entry else None,
                place=find(self.ws.root, entry) if entry else None,
                undone=self.name_of(undone.seq) if undone else None,
            )

    def session_views(self) -> Iterator[SessionView]:
        """The sessions in order of recording, each with its one revenue posting."""
        for movement in sorted(self.sessions.values(), key=lambda movement: movement.seq):
            revenue = self.revenue(movement.ref)
            yield SessionView(
                id=movement.ref,
                date=movement.date,
                bundle=movement.bundle,
                units=units.text(movement.units),
                event=self.name_of(movement.seq),
                revenue=tuple(f"E-{entry.number}" for entry in revenue),
                why=self.why(movement, revenue),
            )

    def revenue(self, session: str) -> list[JournalEntry]:
        """The entries that stand as revenue of a session: with income, and not undone."""
        undone = {e.corrects for e in self.pool.values() if e.session == session and e.rule in _MIRRORS}
        mine = (e for e in self.pool.values() if e.session == session and e.rule not in _MIRRORS)
        return [e for e in mine if e.number not in undone and -amount_of([e], *_EARNING) > 0]

    def why(self, movement: Movement, revenue: list[JournalEntry]) -> str:
        """On what the revenue of a session stands, or why it has none."""
        currency = self.ws.settings.currency
        if revenue:
            amount = money.text(-amount_of(revenue, *_EARNING), currency)
            stands = ", ".join(f"E-{entry.number}" for entry in revenue)
            return f"revenue {amount} {currency} on {stands}{', exactly one posting' if len(revenue) == 1 else ''}"
        undone = self.ws.store.movement(Kind.SESSION_UNDONE, movement.ref)
        if undone:
            mirror = f"; entry E-{undone.entry} mirrors it" if undone.entry else ""
            return f"no revenue: undone by event {self.name_of(undone.seq)}{mirror}"
        bundle = self.bundles.get(movement.bundle or "") or self.ws.store.bundle(movement.bundle or "")
        if bundle and bundle.terms.policy.recognition is Recognition.AT_PURCHASE:
            return f"no revenue of its own: policy {bundle.terms.policy.version} recognises the price when it is paid"
        if not movement.units:
            return "no revenue: nothing was left in the bundle and the policy absorbs what goes beyond it"
        return "no revenue: its share of the price is 0"

    def name_of(self, seq: int) -> str:
        """The id of the event of a number."""
        stored = self.ws.store.event(seq)
        return stored.id if stored else f"number {seq}"


def _session(chain: _Chain, ref: str) -> bool:
    return chain.add_session(ref)


def _bundle(chain: _Chain, ref: str) -> bool:
    chain.add_bundle(ref, sessions=True)
    chain.seqs |= {seq for seq, _ in chain.ws.store.history(ref)}
    chain.add_entries(list(chain.pool.values()))
    return ref in chain.bundles


def _event(chain: _Chain, ref: str) -> bool:
    found = chain.ws.store.events_by_id(ref)
    for stored in found:
        chain.add_event(stored)
    return bool(found)


def _entry(chain: _Chain, ref: str) -> bool:
    number = _number(ref) or (int(ref) if ref.isascii() and ref.isdigit() else 0)
    return chain.add_entry(number)


def _payment(chain: _Chain, ref: str) -> bool:
    return chain.add_money(_OF_KIND["payment"], ref)


def _refund(chain: _Chain, ref: str) -> bool:
    return chain.add_money(_OF_KIND["refund"], ref)


def _customer(chain: _Chain, ref: str) -> bool:
    """What is booked for a customer: bundles held now or before, visits, money on account."""
    store = chain.ws.store
    own = list(store.entries_of(customer=ref))
    held = [bundle.id for bundle in store.bundles(customer=ref)]
    for bundle in dict.fromkeys((*held, *(entry.bundle for entry in own if entry.bundle))):
        _bundle(chain, bundle)
    for visit in store.visits(customer=ref):
        chain.add_session(visit.session)
    chain.add_entries(own)
    for entry in own:
        if (stored := chain.event_of(entry)) is not None:
            chain.add_event(stored)
    return store.known_customer(ref)


def _invoice(chain: _Chain, ref: str) -> bool:
    issued = Papers(chain.ws.store).invoice(ref)
    if issued is not None:
        chain.add_document(issued)
    return issued is not None


_COLLECT: dict[str, Callable[[_Chain, str], bool]] = {
    "session": _session,
    "bundle": _bundle,
    "event": _event,
    "entry": _entry,
    "payment": _payment,
    "refund": _refund,
    "customer": _customer,
    "invoice": _invoice,
}
