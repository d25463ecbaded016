"""The working sheet on which one event is posted: look-ups, the entries made so far, the day each is posted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from revrec.core.book import Book, Changes, Kind, Movement
from revrec.core.bundle import NOTHING, Balances, Bundle
from revrec.core.dates import DAY
from revrec.core.errors import Refused
from revrec.core.events import Event
from revrec.core.journal import INCOME_ROLES, JournalEntry, Posting, Role, balanced
from revrec.core.money import text
from revrec.core.policy import Breakage

# Rules that say themselves what becomes of rights that will not be used.
_ENDS = ("breakage.", "refund", "default.", "chargeback.", "modification.", "transfer.")


class Recording:
    """Collects what one event changes; nothing reaches the book before `Book.apply`."""

    __slots__ = ("book", "changes", "event", "forced", "known", "memory", "replays", "seq", "stands")

    def __init__(self, book: Book, event: Event, *, memory: dict[tuple[Kind, str], Movement] | None = None) -> None:
        self.book = book
        self.event = event
        self.changes = Changes()
        self.seq = book.seq + 1
        self.stands: dict[str, Balances] = {}
        self.replays = memory is not None  # a history is replayed: nothing of this sheet is posted
        self.known = False  # the fact that is replayed was recorded before: it was judged then
        self.memory = memory if memory is not None else {}  # what the facts replayed before this one did
        self.forced: tuple[int, int] | None = None  # what a late session earns, its bundle taken as a whole

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
        closed = None if self.replays else self.book.closed_through
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
        provider: str | None = None,
        corrects: int | None = None,
        follows: tuple[str, str] | None = None,
    ) -> int:
        """Post an entry and return its number; 0 when nothing moves.

        `day` is the effective date (default: the event's), `follows` the (id, source) of the fact that it follows
        from where that is not this event. `provider` (default: the bundle's) is named where money is owed to one.
        """
        legs = tuple(p for p in postings if p[1])
        if not legs:
            return 0
        event = self.event
        effective = day or event.date
        posted = self.posted_on(effective)
        moved = posted != effective
        legs = self.sent(legs, moved)
        number = self.book.entry_count + len(self.changes.entries) + 1
        fact, source = follows or (event.id, event.source)
        if bundle is not None:
            terms = bundle.terms
            service = terms.package.service
            customer = customer or bundle.customer
            branch = branch or bundle.branch
            provider = provider or bundle.provider
        metadata = event.metadata if follows is None else ()
        if provider and any(leg.role is Role.PROVIDER_PAYABLE for leg in legs):
            metadata = tuple(sorted({**dict(metadata), "provider": provider}.items()))
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
                    metadata=metadata,
                )
            ),
        )
        return number

    def sent(self, legs: tuple[Posting, ...], moved: bool) -> tuple[Posting, ...]:
        """Income of a closed period goes to prior-period errors where the event says so (IAS 8.42; PGC NRV 22)."""
        if not (moved and self.event.prior_period):
            return legs
        return tuple(leg._replace(role=Role.PRIOR_PERIOD) if leg.role in INCOME_ROLES else leg for leg in legs)

    def move(self, movement: Movement) -> None:
        """Note a movement."""
        self.changes.movements.append(movement)

    def percent(self, bundle: Bundle, day: date) -> int:
        """The rate on a day in hundredths of a percent: of the bundle's tax or, for an agent, of the commission's."""
        policy = bundle.terms.policy
        if policy.principal:
            return self.rate(bundle.terms.tax.id, day) if bundle.terms.tax.percent else 0
        return self.rate(policy.commission_tax, day) if policy.commission_tax else 0

    def rate(self, tax: str, day: date) -> int:
        """The rate of a tax at its tax point (events.md 2, `[[tax]]`)."""
        return self.book.catalogue.tax(tax, day).percent

    def shift(
        self,
        rule: str,
        bundle: Bundle,
        *,
        lead: Sequence[Posting] = (),
        tail: Sequence[Posting] = (),
        revenue: Role = Role.REVENUE_PACKAGE,
        delivered: bool = False,
        **stated: Any,
    ) -> int:
        """Post what the bundle's balances moved by since this sheet last looked, with the legs that go with it.

        `revenue` is the role of what is earned; `delivered`: it is earned where the event happened, and that branch is
        owed for it. Breakage stands in an entry of its own unless the rule is about it. Returns the entry's number.
        """
        branch = stated.setdefault("branch", self.event.branch)
        before, after = self.stands.get(bundle.id, NOTHING), bundle.balances
        self.stands[bundle.id] = after
        moved = 0 if rule.startswith(_ENDS) else after.breakage - before.breakage
        if moved:
            before = before._replace(breakage=after.breakage, contract_liability=before.contract_liability - moved)
        seller = bundle.branch if branch and bundle.branch != branch else None
        legs = _legs(before, after, bundle, seller, None if delivered else seller, revenue)
        if lead or tail:
            legs = [leg for leg in (*lead, *legs, *tail) if leg[1]]
        if delivered and seller and branch and (earned := after.earned - before.earned):
            legs += _between_branches(earned, seller, branch)
        if len(legs) != 2 or legs[0][1] < 0:
            legs.sort(key=_order)
        number = self.entry(rule, legs, bundle, **stated)
        if moved:
            self._breakage_apart(rule, bundle, moved, stated.get("day"))
        return number

    def legs(self, bundle: Bundle) -> list[Posting]:
        """What the bundle's balances moved by since this sheet last looked, each leg naming the bundle and its holder."""
        before, after = self.stands.get(bundle.id, NOTHING), bundle.balances
        self.stands[bundle.id] = after
        moved = _legs(before, after, bundle, None, None, Role.REVENUE_PACKAGE)
        return sorted((leg._replace(bundle=bundle.id, customer=bundle.customer) for leg in moved), key=_order)

    def _breakage_apart(self, beside: str, bundle: Bundle, moved: int, day: date | None) -> None:
        """Breakage that another rule brings with it: in proportion to use, or what an ended bundle got or gave back."""
        proportional = not bundle.ended and bundle.terms.policy.breakage is Breakage.PROPORTIONAL
        corrects = None
        if proportional:
            rule = "breakage.proportional"
        elif bundle.ended and beside == "instalment.due":  # what falls due for rights that have ended
            rule = "breakage.expiry" if bundle.lapsed_on else "breakage.termination"
        else:
            rule, corrects = "breakage.correction" if bundle.ended else "breakage.reinstated", self.released(bundle)
        legs = sorted((Posting(Role.CONTRACT_LIABILITY, moved), Posting(breakage_role(bundle), -moved)), key=_order)
        self.noted(bundle, self.entry(rule, legs, bundle, day=day, branch=bundle.branch, corrects=corrects))

    def released(self, bundle: Bundle) -> int | None:
        """The last entry with which the clock moved what was left of a bundle, or None."""
        clock = [m.entry for m in (*self.book.movements(bundle.id), *self.changes.movements) if m.kind is Kind.CLOCK]
        return clock[-1] if clock else None

    def movement(self, kind: Kind, ref: str) -> Movement | None:
        """What a fact did: as replayed where a history is, else as recorded."""
        return self.memory.get((kind, ref)) or self.book.movement(kind, ref)

    def recorded(self, kind: Kind, ref: str) -> Movement | None:
        """What a fact that is replayed did when it was recorded, or None for a new one."""
        return self.book.movement(kind, ref) if self.known else None

    def noted(self, bundle: Bundle, entry: int, kind: Kind = Kind.LIABILITY) -> None:
        """Note an entry that is no session, payment or refund, so that the bundle's movements name all its entries."""
        if entry:
            self.move(Movement(kind, f"E-{entry}", self.seq, self.event.date, bundle.id, bundle.customer, entry=entry))

    def credit_of(self, customer: str) -> int:
        """The money held for a customer, as it stands on this sheet."""
        return (self.changes.customers.get(customer) or self.book.customer(customer)).credit

    def credit(self, customer: str, amount: int) -> None:
        """Change the money held for a customer (negative: taken out)."""
        if not amount:
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


def breakage_role(bundle: Bundle) -> Role:
    """Where rights that were not used are earned: an agent's are commission (RICAC 28.3)."""
    return Role.BREAKAGE if bundle.terms.policy.principal else Role.COMMISSION_INCOME


def _order(leg: Posting) -> int:
    """Debits first; of the credits, claims that are settled stand before what is owed."""
    if leg[1] > 0:
        return 0
    return 1 if leg[0] in _CLAIMS else 2


_CLAIMS = (Role.RECEIVABLE, Role.CONTRACT_ASSET)
_LEGS = (  # of `Balances`, in order: role, and the sign of a debit
    (Role.CONTRACT_LIABILITY, -1),
    (Role.REFUND_LIABILITY, -1),
    (Role.RECEIVABLE, 1),
    (Role.CONTRACT_ASSET, 1),
    (Role.VAT_OUTPUT, -1),
    (Role.VAT_OUTPUT_PENDING, -1),
    (Role.CLIENT_MONEY, -1),
    (Role.PROVIDER_PAYABLE, -1),
    (Role.BREAKAGE, -1),
)


def _legs(
    before: Balances, after: Balances, bundle: Bundle, seller: str | None, performer: str | None, revenue: Role
) -> list[Posting]:
    """The legs between two standings: at the selling branch, what is earned at the performing one."""
    legs = []
    for (role, debit), was, now in zip(_LEGS, before, after, strict=False):
        if now != was:
            role = breakage_role(bundle) if role is Role.BREAKAGE else role  # noqa: PLW2901
            legs.append(Posting(role, (now - was) * debit, None, seller))
    if after.earned != before.earned:
        if revenue is Role.REVENUE_PACKAGE and not bundle.terms.policy.principal:
            revenue = Role.COMMISSION_INCOME
        legs.append(Posting(revenue, before.earned - after.earned, None, performer))
    return legs


def _between_branches(amount: int, seller: str, performer: str) -> tuple[Posting, ...]:
    """A session delivered elsewhere: the seller owes its value to the branch that delivered (accounting.md 1.2)."""
    return (
        Posting(Role.DUE_TO_BRANCH, -amount, branch=seller),
        Posting(Role.DUE_FROM_BRANCH, amount, branch=performer),
    )
