"""The working sheet on which one event is posted: look-ups, the entries made so far, the day each is posted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from revrec.core.book import Book, Changes, Kind, Movement
from revrec.core.bundle import Bundle
from revrec.core.dates import DAY
from revrec.core.errors import Refused
from revrec.core.events import Event
from revrec.core.journal import JournalEntry, Posting, Role, balanced
from revrec.core.money import text


class Recording:
    """Collects what one event changes; nothing reaches the book before `Book.apply`."""

    __slots__ = ("_scratch", "book", "changes", "event", "seq")

    def __init__(self, book: Book, event: Event, *, scratch: bool = False) -> None:
        self.book = book
        self.event = event
        self.changes = Changes()
        self.seq = book.seq + 1
        self._scratch = scratch

    def bundle(self, bundle_id: str) -> Bundle:
        """The bundle as it stands on this sheet; Refused when there is none of that id."""
        bundle = self.changes.bundles.get(bundle_id) or self.book.bundle(bundle_id)
        if bundle is None:
            raise Refused(
                f"bundle {bundle_id} is not known; record its bundle.sold first or mend the id",
                rule="events.md 4 bundle",
                field="bundle",
            )
        return bundle

    def money(self, minor: int) -> str:
        """An amount for a message: `50.00 EUR`."""
        return f"{text(minor, self.book.currency)} {self.book.currency}"

    def posted_on(self, day: date) -> date:
        """The day itself when its period is open, else the first open day (events.md 4a, Late events)."""
        closed = self.book.closed_through
        return closed + DAY if closed is not None and day <= closed else day

    def entry(
        self,
        rule: str,
        postings: Sequence[Posting],
        bundle: Bundle | None = None,
        *,
        day: date | None = None,
        session: str | None = None,
        customer: str | None = None,
        branch: str | None = None,
        service: str | None = None,
        corrects: int | None = None,
        follows: tuple[str, str] | None = None,
    ) -> int:
        """Post an entry and return its number; 0 when nothing moves.

        `day` is the effective date (default: the event's), `follows` the (id, source) of the fact that it follows
        from where that is not this event.
        """
        legs = tuple(p for p in postings if p[1])
        if not legs or self._scratch:
            return 0
        event = self.event
        effective = day or event.date
        posted = self.posted_on(effective)
        moved = posted != effective
        number = self.book.entry_count + len(self.changes.entries) + 1
        fact, source = follows or (event.id, event.source)
        if bundle is not None:
            terms = bundle.terms
            service = terms.package.service
            customer = customer or bundle.customer
            branch = branch or bundle.branch
        self.changes.entries.append(
            balanced(
                JournalEntry(
                    number=number,
                    date=posted,
                    event=fact,
                    source=source,
                    rule=rule,
                    postings=legs,
                    bundle=bundle.id if bundle else None,
                    session=session,
                    customer=customer,
                    branch=branch or event.branch,
                    service=service,
                    policy=bundle.terms.version if bundle else None,
                    corrects=corrects,
                    effective=effective if moved else None,
                    late=moved,
                    metadata=event.metadata if follows is None else (),
                )
            ),
        )
        return number

    def move(self, movement: Movement) -> None:
        """Note a movement."""
        self.changes.movements.append(movement)

    def note(self, bundle: Bundle, day: date, liability: int, entry: int) -> None:
        """Note an entry that changes a bundle's contract liability or claims and is no session, payment or refund."""
        ref = f"{self.seq}.{len(self.changes.movements)}"
        self.move(Movement(Kind.LIABILITY, ref, self.seq, day, bundle.id, bundle.customer, liability=liability, entry=entry))

    def credit(self, customer: str, amount: int) -> None:
        """Change the money held for a customer (negative: taken out)."""
        if self._scratch or not amount:
            return
        state = self.changes.customers.get(customer) or self.book.customer(customer)
        self.changes.customers[customer] = state._replace(credit=state.credit + amount)

    def unused(self, kind: Kind, ref: str, what: str, field: str) -> None:
        """Refuse an id that was used before."""
        if self.book.movement(kind, ref) is not None:
            raise Refused(
                f"{what} {ref} was recorded before; an id is used once, even when what it did was undone: give this one a new id",
                rule="events.md 3: ids are used once per taxpayer",
                field=field,
            )

    def not_before(self, movement: Movement, what: str) -> None:
        """Refuse to undo or settle something before it happened."""
        if self.event.date < movement.date:
            raise Refused(
                f"{what} {movement.ref} is of {movement.date}; "
                f"it cannot be undone or settled on {self.event.date}, before it happened",
                rule="events.md 4a Late events",
                field="time",
            )

    def money_role(self, method: str) -> Role:
        """The role of the account that a payment method moves."""
        return self.book.methods[method]  # type: ignore[index]

    def put(self, bundle: Bundle) -> None:
        """Set the bundle's new state, with this event as its latest fact."""
        if bundle.last_date < self.event.date:
            bundle = bundle._replace(last_date=self.event.date)
        self.changes.bundles[bundle.id] = bundle
