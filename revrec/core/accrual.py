"""What an entry bills: the seller's side of it, by contract, item and tax (events.md 4a, VAT and Invoicing).

What is billed is read off the entries, so that documents and ledger use the same number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from revrec.core.billing import NIL, Account, Amount, Item, Subject
from revrec.core.book import Book, Changes, Kind, Visit
from revrec.core.bundle import Bundle
from revrec.core.events import Event, SessionCompleted
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.policy import OUTSIDE, Invoicing
from revrec.core.sessions import Used
from revrec.core.tax import included, on_top

VAT = frozenset({Role.VAT_OUTPUT, Role.VAT_OUTPUT_PENDING})
# The seller's side of a contract: what it owes for money, what it earned, what is the tax office's. What a customer pays
# or owes is the other side, and the sum of this one is what was billed.
SELLER = VAT | {
    Role.CONTRACT_LIABILITY,
    Role.REFUND_LIABILITY,
    Role.REVENUE_PACKAGE,
    Role.REVENUE_SINGLE,
    Role.REVENUE_NO_SHOW,
    Role.BREAKAGE,
    Role.COMMISSION_INCOME,
    Role.FEE_INCOME,
    Role.REFUND_CONTRA,
    Role.PRIOR_PERIOD,
}
# What a person decided by hand, or what names no contract: no document follows from it by itself.
BY_HAND = frozenset({"adjustment", "credit.granted", "currency.revalued"})


class Accrual(NamedTuple):
    """What one entry bills on one account."""

    account: str
    item: Item
    amount: Amount


class Legs(NamedTuple):
    """The seller's side of an entry for one account, credit positive."""

    units: int = 0
    single: int = 0
    fee: int = 0
    vat: int = 0
    contra: int = 0

    @property
    def gross(self) -> int:
        """All of it."""
        return sum(self)


# Where a leg is added to: what is not named here is of the units.
_PLACES = {
    Role.REVENUE_SINGLE: Legs._fields.index("single"),
    Role.FEE_INCOME: Legs._fields.index("fee"),
    **dict.fromkeys(VAT, Legs._fields.index("vat")),
    Role.REFUND_CONTRA: Legs._fields.index("contra"),
}


class Billing:
    """Reads what one step of the books bills; `find` finds an account as it stands."""

    def __init__(self, book: Book, event: Event, changes: Changes, find: Callable[[str], Account]) -> None:
        self.book = book
        self.event = event
        self.changes = changes
        self.account = find

    def bundle(self, name: str) -> Bundle | None:
        """A bundle as the step leaves it."""
        return self.changes.bundles.get(name) or self.book.bundle(name)

    def visit(self, session: str) -> Visit | None:
        """A one-off visit as the step leaves it."""
        return self.changes.visits.get(session) or self.book.visit(session)

    def of(self, entry: JournalEntry) -> Iterator[Accrual]:
        """What an entry bills, by account and item; nothing where the policy or the law asks for no document."""
        if entry.rule in BY_HAND:
            return
        for name, legs in _legs(entry).items():
            kind, _, ref = name.partition(":")
            if kind == "bundle":
                bundle = self.bundle(ref)
                if bundle is not None and bundle.terms.policy.invoicing is not Invoicing.NONE:
                    yield from self._of_bundle(entry, name, bundle, legs)
            elif kind == "visit":
                visit = self.visit(ref)
                if visit is not None and self.book.catalogue.tax(visit.tax, entry.date).invoice_duty:
                    yield Accrual(name, Item(Subject.VISIT, visit.tax, ref), Amount(legs.gross, legs.vat))
            else:
                tax = self.book.catalogue.fee_tax(entry.date) or OUTSIDE
                yield Accrual(name, Item(Subject.FEE, tax, ref), Amount(legs.gross, legs.vat))

    def _of_bundle(self, entry: JournalEntry, name: str, bundle: Bundle, legs: Legs) -> Iterator[Accrual]:
        """Fees and charges apart, the rest is for units, or the commission of an agent."""
        beside = [*self._fee(entry, bundle, legs), *self._extras(entry, bundle, legs)]
        rest = Amount(legs.gross, legs.vat)
        for item, amount in beside:
            rest = rest.minus(amount)
            yield Accrual(name, item, amount)
        policy, terms = bundle.terms.policy, bundle.terms
        if not policy.principal:
            own = rest.minus(Amount(legs.contra))  # what an agent concedes to the customer is not the provider's
            yield Accrual(name, Item(Subject.COMMISSION, policy.commission_tax or OUTSIDE), own)
        elif bundle.multi:
            yield from self._redeemed(entry, name, bundle, rest)
        elif rest != NIL:
            yield Accrual(name, Item(Subject.UNITS, terms.tax.id), rest)

    def _fee(self, entry: JournalEntry, bundle: Bundle, legs: Legs) -> Iterator[tuple[Item, Amount]]:
        if not legs.fee:
            return
        tax = bundle.terms.policy.fee_tax or OUTSIDE
        item = Item(Subject.FEE, tax, entry.session or entry.event)
        if not legs.units and not legs.single and not legs.contra:
            yield item, Amount(legs.fee + legs.vat, legs.vat)
            return
        percent = 0 if tax == OUTSIDE else self.book.catalogue.tax(tax, entry.date).percent
        vat = _vat_of_net(abs(legs.fee), bundle.terms.policy.refund_fee, percent)
        vat = vat if legs.fee > 0 else -vat
        yield item, Amount(legs.fee + vat, vat)

    def _extras(self, entry: JournalEntry, bundle: Bundle, legs: Legs) -> Iterator[tuple[Item, Amount]]:
        """Units beyond the bundle and surcharges, each with its tax; what is undone goes as it came."""
        if not legs.single or not entry.session:
            return
        if legs.single < 0:
            for billed in self.account(f"bundle:{bundle.id}").items:
                if billed.item.subject is Subject.EXTRA and billed.item.ref == entry.session:
                    yield billed.item, Amount(-billed.gross, -billed.vat)
            return
        movement = self._movement(entry.session)
        used = Used(*movement) if movement else Used(0, others=legs.single + legs.vat, others_vat=legs.vat)
        fact = self.event.data
        extra, extra_vat = 0, 0
        if isinstance(fact, SessionCompleted) and fact.surcharge and fact.session == entry.session:
            extra = fact.surcharge.amount
            extra_vat = included(extra, self.book.catalogue.tax(fact.surcharge.tax, entry.date).percent)
            yield Item(Subject.EXTRA, fact.surcharge.tax, entry.session), Amount(extra, extra_vat)
        over = Amount(used.others - extra, used.others_vat - extra_vat)
        if over != NIL:
            tax = (fact.tax if isinstance(fact, SessionCompleted) else None) or bundle.terms.tax.id
            yield Item(Subject.EXTRA, tax, entry.session), over

    def _movement(self, session: str) -> tuple[int, ...] | None:
        fresh = (m for m in self.changes.movements if m.kind is Kind.SESSION and m.ref == session)
        found = next(fresh, None) or self.book.movement(Kind.SESSION, session)
        return found.parts if found else None

    def _redeemed(self, entry: JournalEntry, name: str, bundle: Bundle, rest: Amount) -> Iterator[Accrual]:
        """A multi-purpose voucher is supplied when it is used: what a session drew, what of that is conceded later."""
        undone = entry.rule in ("session.reversed", "session.waived")
        if entry.session and undone:
            for billed in self.account(name).items:
                if billed.item.subject is Subject.UNITS and billed.item.ref == entry.session:
                    yield Accrual(name, billed.item, Amount(-billed.gross, -billed.vat))
        elif entry.session and (parts := self._movement(entry.session)) and entry.rule.startswith("session."):
            used, fact = Used(*parts), self.event.data
            tax = (fact.tax if isinstance(fact, SessionCompleted) else None) or bundle.terms.tax.id
            yield Accrual(name, Item(Subject.UNITS, tax, entry.session), Amount(used.gross, used.vat))
        elif rest.vat:
            yield Accrual(name, Item(Subject.UNITS, bundle.terms.tax.id), Amount(rest.vat, rest.vat))


def _legs(entry: JournalEntry) -> dict[str, Legs]:
    """The seller's side of an entry by account."""
    found: dict[str, list[int]] = {}
    for leg in entry.postings:
        if leg.role in SELLER:
            sums = found.setdefault(account_of(entry, leg.bundle), [0] * len(Legs._fields))
            sums[_PLACES.get(leg.role, 0)] -= leg.amount
    added = {name: Legs(*sums) for name, sums in found.items()}
    return {name: legs for name, legs in added.items() if legs.gross or legs.vat or entry.session}


def account_of(entry: JournalEntry, bundle: str | None) -> str:
    """The contract that a leg belongs to: of the bundle that it names, else of its entry's bundle, visit or event."""
    if name := bundle or entry.bundle:
        return f"bundle:{name}"
    return f"visit:{entry.session}" if entry.session else f"event:{entry.event}"


def _vat_of_net(net: int, fee: int, percent: int) -> int:
    """The VAT of a fee of which the net is known: of the policy's fee where it is that one, else on top."""
    whole = included(fee, percent)
    return whole if fee - whole == net else on_top(net, percent)


def billed_by(leg: Posting) -> Amount:
    """What a leg of the seller's side adds to what is billed: one of VAT is all tax."""
    return Amount(-leg.amount, -leg.amount if leg.role in VAT else 0)


def billed_on(entry: JournalEntry) -> Iterator[tuple[str, Amount]]:
    """What each leg of an entry adds to what is billed on an account, whatever the policy says of documents."""
    if entry.rule in BY_HAND:
        return
    for leg in entry.postings:
        if leg.role in SELLER:
            yield account_of(entry, leg.bundle), billed_by(leg)
