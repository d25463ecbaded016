"""`customer.erased`: the key of the person is destroyed, or the person is blocked until the law lets go; and who a customer is.

Destroyed when nothing is open and nothing was invoiced; else blocked until the statutory date (GDPR art. 17(3)(b); LOPDGDD
art. 32): the details are opened only for an office that the law names, and logged (`disclose`). When the calendar and the
clock have passed that date and nothing is open, the key is destroyed by whatever is recorded next; a second `customer.erased`
does so as soon as nothing keeps the person. Records that the tax authority has not answered yet are still sent to it, and
keep the key; what waits to be invoiced is invoiced first. Entries, chain and proofs are not touched: they name the customer
by id only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from einvoice.regimes.verifactu.states import State
from revrec.app.customers import UnknownCustomer
from revrec.app.entries import amount_of, of_bundle
from revrec.app.shut import hush
from revrec.core import money, units
from revrec.core.bundle import Bundle, Status
from revrec.core.errors import Refused
from revrec.core.journal import JournalEntry, Role
from revrec.core.retention import Kept, kept_until, may_be_over
from revrec.store.disclosures import Disclosures, Draft, Kind
from revrec.store.papers import Issued, Papers

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.settings import Settings
    from revrec.store.store import Store, StoredEvent

ERASED = "customer.erased"
_ANSWERED = frozenset({State.ACCEPTED, State.ACCEPTED_WITH_ERRORS})  # a rejected record is mended and sent again
OPEN_ROLES = (
    Role.RECEIVABLE,
    Role.RECEIVABLE_DISPUTED,
    Role.CONTRACT_ASSET,
    Role.CONTRACT_LIABILITY,
    Role.REFUND_LIABILITY,
    Role.REFUNDS_PAYABLE,
    Role.CUSTOMER_CREDIT,
    Role.CUSTOMER_DEPOSIT,
    Role.CLIENT_MONEY,
    Role.VAT_OUTPUT_PENDING,
)


class Erasure(NamedTuple):
    """What became of a person: destroyed (`kept` None), or blocked until `kept.until`, and `why`."""

    customer: str
    kept: Kept | None = None
    why: tuple[str, ...] = ()

    def __str__(self) -> str:
        reasons = f" ({', '.join(self.why)})" if self.why else ""
        if self.kept is None:
            return f"customer {self.customer}: erased, the key of the personal data is destroyed{reasons}"
        return f"customer {self.customer}: blocked until {self.kept.until}, {self.kept.source}{reasons}"

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON; `until` is null when the key is destroyed."""
        until, source = self.kept or (None, None)
        return {
            "customer": self.customer,
            "status": "blocked" if self.kept else "erased",
            "until": until.isoformat() if until else None,
            "source": source,
            "why": list(self.why),
        }


def check(store: Store, customer: str) -> None:
    """Refuse to erase whom these books do not know, or have erased already."""
    if not store.heard_of(customer):
        raise Refused(f"{UnknownCustomer(customer)}", rule="events.md 4 customer.erased", field="customer")
    before = store.erasure(customer)
    if before is not None and not store.keys.blocked(customer):
        raise Refused(
            f"customer {customer} was erased by event {before.id} on {before.date}: the key is destroyed, nothing is left",
            rule="events.md 4 customer.erased",
            field="customer",
        )
    _check_waiting(store, customer)


def _check_waiting(store: Store, customer: str) -> None:
    """A document that is due must be issued, and can name nobody who is blocked (LIVA art. 164.Uno.3)."""
    waits = Papers(store).waiting_for(customer) if store.registration(customer) else []
    if waits:
        named = ", ".join(f"for {each.draft.account} (event {each.draft.event})" for each in waits)
        raise Refused(
            f"customer {customer}: a document {named} is due and waits; nobody could issue it once the person is blocked. "
            "See `revrec invoice list --pending`, then `revrec invoice issue`",
            rule="events.md 4 customer.erased",
            field="customer",
        )


def check_alive(store: Store, customer: str) -> None:
    """Refuse new personal data of a person who was erased or is blocked."""
    before = store.erasure(customer)
    if before is not None:
        raise Refused(
            f"customer {customer} was erased by event {before.id} on {before.date}: no personal data is taken in any more. "
            "Leave the free text out, or register the person under a new id",
            rule="events.md 4 customer.erased",
            field="customer",
        )


def carry_out(store: Store, customer: str, on: date, settings: Settings) -> Erasure:
    """Destroy the key of a customer, or block it, inside the running transaction; the event itself is written already."""
    standing = _Standing.of(store, customer, on, settings)
    why = tuple(standing.why(on, settings.currency))
    hush(store, customer)
    if why:
        store.block_key(customer)
        return Erasure(customer, standing.kept, why)
    store.destroy_key(customer)
    return Erasure(customer)


def let_go(store: Store, on: date, settings: Settings, at: str) -> Iterator[Erasure]:
    """Destroy the keys of the blocked persons whom nothing keeps on a day, the statutory date passed; each in the log.

    `on` is the earlier of calendar and clock: a calendar that runs ahead destroys nothing before its time.
    """
    for customer in store.blocked_before(may_be_over(on, settings.keep_years)):
        standing = _Standing.of(store, customer, on, settings)
        kept = standing.kept
        if kept.until >= on or next(standing.why(on, settings.currency), None):
            continue
        said = f"the calendar has passed {kept.until}, {kept.source}"
        Disclosures(store).add(Draft(Kind.DESTROYED, f"key: {said}"), [customer], at)
        hush(store, customer)
        store.destroy_key(customer)
        yield Erasure(customer, None, (said,))


def answer(store: Store, customer: str, on: date, settings: Settings) -> Erasure:
    """What became of a person whose erasure is recorded, as it stands on a day."""
    if not store.keys.blocked(customer):
        return Erasure(customer)
    standing = _Standing.of(store, customer, on, settings)
    why = tuple(standing.why(on, settings.currency))
    return Erasure(
        customer, standing.kept, why or (f"nothing keeps it any more: a new {ERASED} destroys the key, else the calendar",)
    )


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is recorded of a person, and until when the law has it kept."""

    store: Store
    customer: str
    bundles: list[Bundle]
    entries: list[JournalEntry]
    issued: list[Issued]
    kept: Kept

    @classmethod
    def of(cls, store: Store, customer: str, on: date, settings: Settings) -> _Standing:
        """How the person stands; the years count from the last entry or document, else from the request."""
        bundles, issued = _bundles(store, customer), Papers(store).of_customer(customer)
        entries, asked = _entries(store, customer, bundles), store.erasure(customer)
        days = (*(entry.date for entry in entries), *(each.issued_on for each in issued))
        last = max(days, default=asked.date if asked else on)
        return cls(store, customer, bundles, entries, issued, kept_until(last, settings.keep_years))

    def why(self, on: date, currency: str) -> Iterator[str]:
        """What keeps the data on a day, what is quickly found first; an invoice not beyond the statutory date."""
        yield from _balances(self.entries, self.customer, currency)
        yield from _rights(self.bundles, self.customer, on)
        yield from _unanswered(Papers(self.store), self.issued)
        if self.kept.until >= on:
            yield from _invoices(self.store, self.bundles)
            yield from (f"invoice {each.number}" for each in self.issued)
        yield from _bound(self.store, self.customer, on)


def _unanswered(papers: Papers, issued: Iterable[Issued]) -> Iterator[str]:
    """`invoice F2026-000001 not answered by the tax office`: whose record is still to be sent, or to be sent again."""
    for each in issued:
        latest = papers.records_of(each.number)[-1:]  # one that was mended has several
        states = [papers.state(record.place) for record in latest]
        if any(state is None or state.state not in _ANSWERED for state in states):
            yield f"invoice {each.number} not answered by the tax office"


def _bundles(store: Store, customer: str) -> list[Bundle]:
    """The bundles that the customer holds, held or pays for, as far as anything was booked."""
    found = {bundle.id: bundle for bundle in store.bundles(customer=customer)}
    for name in {name for entry in store.entries_of(customer=customer) for name in _bundles_of(entry)} - found.keys():
        bundle = store.bundle(name)
        if bundle is not None:
            found[name] = bundle
    return list(found.values())


def _bundles_of(entry: JournalEntry) -> Iterator[str]:
    yield from (name for name in (entry.bundle, *(leg.bundle for leg in entry.postings)) if name)


def _entries(store: Store, customer: str, bundles: list[Bundle]) -> list[JournalEntry]:
    """Every entry with a leg of the customer, once."""
    found = {entry.number: entry for entry in store.entries_of(customer=customer)}
    for bundle in bundles:
        found |= {entry.number: entry for entry in of_bundle(store, bundle.id)}
    return [entry for entry in found.values() if customer in (entry.customer, *(leg.customer for leg in entry.postings))]


def _balances(entries: list[JournalEntry], customer: str, currency: str) -> Iterator[str]:
    """`contract liability 350.00 EUR`: what is open with the customer."""
    for role in OPEN_ROLES:
        amount = amount_of(entries, role, customer=customer)
        if amount:
            yield f"{role.replace('-', ' ')} {money.text(abs(amount), currency)} {currency}"


def _rights(bundles: list[Bundle], customer: str, on: date) -> Iterator[str]:
    """`bundle B-1: 7 units left`: what the customer may still ask for."""
    for bundle in bundles:
        if bundle.customer == customer and bundle.status is Status.OPEN and bundle.left and not bundle.expired(on):
            yield f"bundle {bundle.id}: {units.text(bundle.left)} units left"


def _bound(store: Store, customer: str, on: date) -> Iterator[str]:
    """`pays for bundle B-1`: somebody else's bundle that the customer is bound to pay, while it lives or is owed."""
    for bundle in store.bound(customer):
        if bundle.customer != customer and (bundle.claimed or (bundle.left and not bundle.expired(on))):
            yield f"pays for bundle {bundle.id}"


def _invoices(store: Store, bundles: list[Bundle]) -> Iterator[str]:
    """`invoice F-12`: what another system had invoiced before these books began."""
    for bundle in bundles:
        for _, stored in store.history(bundle.id):
            invoice = stored.event["data"].get("original_invoice")
            if invoice:
                yield f"invoice {invoice['number']}"


@dataclass(frozen=True, slots=True)
class Card:
    """Who a customer is: `details` as registered, none when they are erased or blocked."""

    customer: str
    status: str
    since: date | None = None
    erasure: Erasure | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The members of `customer show --json`."""
        found = {
            "customer": self.customer,
            "status": self.status,
            "since": self.since.isoformat() if self.since else None,
            "details": self.details,
        }
        return found | ({"erasure": self.erasure.to_json()} if self.erasure else {})

    def lines(self) -> Iterator[str]:
        """The card for people."""
        since = f" since {self.since}" if self.since else ""
        yield f"Customer {self.customer}: {self.status}{since}"
        if self.erasure is not None:
            yield f"  {self.erasure}"
        for name, value in self.details.items():
            yield f"  {name.replace('_', ' ')}: {_said(value)}"


def card(ws: Workspace, customer: str, on: date) -> Card:
    """Who a customer is; raises UnknownCustomer, and KeyMissing where the details cannot be opened."""
    store = ws.store
    if not store.heard_of(customer):
        raise UnknownCustomer(customer)
    erased = store.erasure(customer)
    if erased is not None:
        found = answer(store, customer, on, ws.settings)
        return Card(customer, "blocked" if found.kept else "erased", erased.date, found)
    registered = store.registration(customer)
    if registered is None:
        return Card(customer, "not registered")
    return Card(customer, "registered", registered.date, None, registered_as(registered, store.unsealed(registered) or {}))


def registered_as(registered: StoredEvent, unsealed: Mapping[str, Any]) -> dict[str, Any]:
    """What a registration says of a person: what was sealed of it, and what stands in the clear."""
    clear = {name: value for name, value in registered.event["data"].items() if name not in ("customer", "sealed")}
    return {**unsealed, **clear}


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return str(value)
