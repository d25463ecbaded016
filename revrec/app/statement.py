"""The charges and payments of a customer's statement: rows that add up to what the ledger says of the customer.

A bundle is charged at its price; what of it is not due yet, or no longer, is a row of its own (events.md 4a, Money due).
Amounts are minor units, tax included: what the customer owes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from revrec.app import bundles
from revrec.app.entries import amount_of
from revrec.app.payers import Part
from revrec.core import money, units
from revrec.core.book import Kind, Movement
from revrec.core.bundle import Bundle, Status
from revrec.core.journal import MONEY_ROLES, JournalEntry, Role
from revrec.core.payment import Paid
from revrec.core.sessions import Used

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import StoredEvent

# Where the customer stands: claims on the customer, and money that is the customer's.
ACCOUNT = (
    Role.RECEIVABLE,
    Role.CONTRACT_ASSET,
    Role.RECEIVABLE_DISPUTED,
    Role.CUSTOMER_CREDIT,
    Role.CUSTOMER_DEPOSIT,
    Role.REFUNDS_PAYABLE,
)
_MONEY = (*MONEY_ROLES, Role.PSP_FEES)
_EXCHANGE = (Role.FX_GAIN, Role.FX_LOSS)
_BESIDE = frozenset({"session.earned", "session.no-show"})  # may charge something beside the units of the bundle
_PAYMENTS = (Kind.PAYMENT, Kind.PAYMENT_UNDONE)
_UNDOING = frozenset({"session.reversed", "session.waived"})
# What changes what is owed on a bundle otherwise than by its price.
_OWN = (
    "fee.",
    "refund.",
    "receivable.",
    "chargeback.",
    "default.",
    "deposit.forfeited",
    "session.fee",
    "transfer.",
    "modification.upgraded",
    "adjustment",
)
_WORDS = {
    "payment.bundle": "payment",
    "payment.at-purchase": "payment",
    "payment.visit": "payment of a visit",
    "payment.customer": "payment on account",
    "payment.reversed": "payment taken back",
    "session.earned": "session",
    "session.no-show": "missed session",
    "session.single": "one-off visit",
    "session.fee": "fee for a missed session",
    "session.reversed": "session undone",
    "session.waived": "missed session forgiven",
    "fee.transfer": "fee for the transfer",
    "fee.extension": "fee for the extension",
    "transfer.holder": "what is owed changes hands with the bundle",
    "refund.issued": "refund",
    "refund.at-purchase": "refund",
    "refund.settled": "refund paid",
    "refund.reversed": "refund taken back",
    "modification.upgraded": "upgrade, unused part",
    "receivable.written-off": "written off",
    "receivable.recovered": "recovered after it was written off",
    "default.cancelled": "cancelled for default",
    "chargeback.opened": "payment disputed with the bank",
    "chargeback.won": "dispute won, payment back",
    "chargeback.lost": "dispute lost",
    "credit.granted": "credit granted",
    "credit.applied": "credit applied",
    "deposit.received": "deposit",
    "deposit.applied": "deposit applied",
    "deposit.returned": "deposit returned",
    "deposit.forfeited": "deposit kept",
    "adjustment": "adjustment",
}
_BORN = {"bundle.upgraded": "unused part of {}", "bundle.opened": "paid before these books began"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a statement: what happened on a day; `amount` in minor units, None where it has none."""

    date: date
    id: str
    what: str
    amount: int | None = None

    def to_json(self, currency: str) -> dict[str, Any]:
        """The line as JSON; `amount` is a decimal string or null."""
        amount = None if self.amount is None else money.text(self.amount, currency)
        return {"date": self.date.isoformat(), "id": self.id, "what": self.what, "amount": amount}

    def line(self, currency: str) -> str:
        """The line for people."""
        amount = "" if self.amount is None else money.text(self.amount, currency)
        return f"  {self.date}  {self.id:<12}  {self.what:<46}{amount:>12}".rstrip()


def total(rows: Sequence[Row]) -> int:
    """What the amounts of some rows add up to."""
    return sum(row.amount or 0 for row in rows)


def words(entry: JournalEntry) -> str:
    """What an entry is, in a few words for its customer."""
    return _WORDS.get(entry.rule, entry.rule)


@dataclass(frozen=True, slots=True)
class Movements:
    """The entries of a customer up to a day, and what each of them changed."""

    ws: Workspace
    customer: str
    on: date
    entries: Sequence[JournalEntry]

    def payments(self) -> Iterator[Row]:
        """Money in and out, tax that the payer kept back, and what others paid or took of it."""
        currency = self.ws.settings.currency
        for entry in self.entries:
            name = self._money_id(entry)
            paid = amount_of([entry], *_MONEY, customer=self.customer)
            methods = sorted({leg.method for leg in entry.postings if leg.role in MONEY_ROLES and leg.method})
            if paid or (methods and entry.customer == self.customer):
                what = f"{words(entry)} ({', '.join(methods)})" if methods else words(entry)
                what += self._by_another(entry)
                yield Row(entry.date, name, what, paid - self._tip(entry))
            if kept := amount_of([entry], Role.WITHHELD_TAX, customer=self.customer):
                yield Row(entry.date, name, "income tax that the payer kept back", kept)
            if others := self._of_others(entry):
                yield Row(entry.date, name, f"{words(entry)}, {self._whose(entry)}", others)
            if entry.rule == "credit.applied" and not others:
                spent = money.text(amount_of([entry], Role.CUSTOMER_CREDIT), currency)
                yield Row(entry.date, entry.event, f"{spent} of credit applied to {entry.bundle}")
            if entry.rule == "deposit.applied" and not others:
                spent = money.text(amount_of([entry], Role.CUSTOMER_DEPOSIT), currency)
                yield Row(entry.date, name, f"deposit of {spent} applied to {entry.bundle or entry.session}")

    def paid_for(self, parts: Sequence[Part]) -> Iterator[Row]:
        """What the customer paid of bundles that others hold, as a payer of a part of them."""
        for name in dict.fromkeys(part.bundle.id for part in parts if part.share.customer == self.customer):
            for movement in self.ws.store.movements(name):
                if movement.kind not in _PAYMENTS or movement.customer != self.customer or movement.date > self.on:
                    continue
                amount = self._of_part(movement)
                entry = self.ws.store.entry(movement.entry)
                if amount and entry and entry.customer != self.customer:
                    yield Row(movement.date, movement.ref, f"{words(entry)}, for {name}", amount)

    def _of_part(self, movement: Movement) -> int:
        """The money of a payment that its bundle took; negative, where it was taken back."""
        payment = self.ws.store.movement(Kind.PAYMENT, movement.ref)
        did = Paid(*payment.parts) if payment else Paid(0, 0, 0, 0)
        return (did.price + did.others) * (1 if movement.kind is Kind.PAYMENT else -1)

    def shared(self, parts: Sequence[Part]) -> Iterator[Row]:
        """What other payers owe of the customer's bundles, and what the customer is charged for those of others."""
        currency, paid = self.ws.settings.currency, defaultdict[str, int](int)
        for row in self.paid_for(parts):
            paid[row.what.rpartition(" ")[2]] += row.amount or 0
        for bundle, share in parts:
            if share.customer != self.customer:
                if share.owed:
                    yield Row(self.on, bundle.id, f"of its price, owed by {share.customer}", -share.owed)
            elif amount := share.owed + paid[bundle.id]:
                agreed = money.text(share.agreed, currency)
                yield Row(self.on, bundle.id, f"due of the {agreed} agreed for {bundle.customer}", amount)

    def charges(self, held: Sequence[str]) -> Iterator[Row]:
        """Prices of bundles, what changed them, and everything else that made the customer owe more or less."""
        billed = defaultdict[str, int](int)
        for entry in self.entries:
            rest = self._charge(entry)
            for row in self._beside(entry, rest):
                rest -= row.amount or 0
                yield row
            if entry.bundle:
                billed[entry.bundle] += rest
        for name in held:
            try:
                bundle = bundles.state_on(self.ws, name, self.on)
            except bundles.UnknownBundle:
                continue  # sold, or split off another bundle, after the day
            yield from self._bundle(bundle, billed[name])

    def _beside(self, entry: JournalEntry, charge: int) -> Iterator[Row]:
        """What an entry charges otherwise than as price of its bundle."""
        name = entry.session or self._money_id(entry)
        gain = -amount_of([entry], *_EXCHANGE, customer=self.customer)
        if gain:
            yield Row(entry.date, name, "exchange difference", gain)
        if entry.bundle is None or entry.rule.startswith(_OWN):
            if charge != gain:
                yield Row(entry.date, name, words(entry), charge - gain)
        elif entry.session and (others := self._charged_beside(entry)):
            yield Row(entry.date, name, f"{words(entry)}, beyond the bundle", others)

    def _charged_beside(self, entry: JournalEntry) -> int:
        """What a session cost beside the units of its bundle; less, where it is undone."""
        session = self.ws.store.movement(Kind.SESSION, entry.session or "")
        if session is None or entry.customer != self.customer or entry.rule not in _BESIDE | _UNDOING:
            return 0
        others = Used(*session.parts).others if session.parts else 0
        return -others if entry.rule in _UNDOING else others

    def _charge(self, entry: JournalEntry) -> int:
        """By how much more the customer owes by an entry, were nothing paid."""
        account = amount_of([entry], *ACCOUNT, customer=self.customer)
        paid = amount_of([entry], *_MONEY, Role.WITHHELD_TAX, customer=self.customer)
        return account + paid - self._tip(entry) + self._of_others(entry)

    def _of_others(self, entry: JournalEntry) -> int:
        """What an entry moves between the accounts of customers: another's credit that pays here, or the other way round."""
        if entry.rule.startswith("transfer."):
            return 0
        if entry.customer != self.customer:
            return -amount_of([entry], *ACCOUNT, customer=self.customer)
        return amount_of([entry], *ACCOUNT) - amount_of([entry], *ACCOUNT, customer=self.customer)

    def _whose(self, entry: JournalEntry) -> str:
        if entry.customer != self.customer:
            return f"for {entry.bundle or entry.customer}"
        others = {leg.customer for leg in entry.postings if leg.role in ACCOUNT and leg.customer}
        return f"by {', '.join(sorted(others - {self.customer}))}"

    def _by_another(self, entry: JournalEntry) -> str:
        """`, by INS-1`: who paid for the customer."""
        if not entry.rule.startswith("payment."):
            return ""
        movement = self.ws.store.movement(Kind.PAYMENT, self._money_id(entry))
        return f", by {movement.customer}" if movement and movement.customer not in (None, entry.customer) else ""

    def _tip(self, entry: JournalEntry) -> int:
        """The part of a payment that is the staff's: it settles nothing."""
        if not entry.rule.startswith("payment.") or entry.customer != self.customer:
            return 0
        movement = self.ws.store.movement(Kind.PAYMENT, self._money_id(entry))
        tip = Paid(*movement.parts).tip if movement else 0
        return -tip if entry.rule == "payment.reversed" else tip

    def _money_id(self, entry: JournalEntry) -> str:
        """The id of the payment, refund or deposit that an entry books; the event's, where it is none."""
        found = (e for e in self.ws.store.events_by_id(entry.event) if e.source == entry.source)
        data: dict[str, Any] = next((event.event["data"] for event in found), {})
        return str(data.get("payment") or data.get("refund") or data.get("deposit") or entry.event)

    def _bundle(self, bundle: Bundle, billed: int) -> Iterator[Row]:
        """The price agreed, what changed it, and the part that is not due; `billed` is what the entries charged of it."""
        package = bundle.terms.package
        sale = self.ws.store.movement(Kind.SALE, bundle.id)
        origin = self.ws.store.event(bundle.seq)
        bought = sale is not None and sale.customer == self.customer and not (origin and origin.type == "bundle.transferred")
        count = sale.parts[0] if sale and bought else bundle.units
        what = f"{package.id}: {units.text(count)} {bundles.unit_name(package.unit, self.ws.settings.currency)}"
        charged = 0
        if sale is None or not bought:
            yield Row(bundle.sold_on, bundle.id, f"{what}, received by transfer")
        elif bundle.status is Status.VOIDED:
            yield Row(bundle.sold_on, bundle.id, f"{what}, voided")
        else:
            rows = [Row(bundle.sold_on, bundle.id, what, sale.parts[2]), *self._repriced(bundle, sale.parts[2])]
            charged = total(rows)
            yield from rows
            if paid := sale.parts[4]:
                old = origin.event["data"].get("bundle", "") if origin else ""
                said = _BORN.get(origin.type if origin else "", "paid").format(old)
                yield Row(bundle.sold_on, bundle.id, said, -paid)
                charged -= paid
        if rest := billed - charged:
            yield Row(self.on, bundle.id, _unbilled(bundle, rest), rest)

    def _repriced(self, bundle: Bundle, price: int) -> Iterator[Row]:
        """What changed the price since the sale, as long as the customer held the bundle."""
        known, upgraded = price, None
        for _, event in self.ws.store.history(bundle.id):
            if event.type == "bundle.transferred":
                return
            if event.date > self.on:
                continue
            if event.type == "bundle.upgraded" and event.event["data"].get("mode") != "new_pack":
                upgraded = event.date
            if row := self._change(bundle, event):
                known += row.amount or 0
                yield row
        if upgraded and bundle.price != known:
            yield Row(upgraded, bundle.id, "upgrade", bundle.price - known)

    def _change(self, bundle: Bundle, event: StoredEvent) -> Row | None:
        data, currency = event.event["data"], self.ws.settings.currency
        if event.type == "bundle.topped_up":
            return Row(event.date, bundle.id, "more units", money.parse(data["price"], currency))
        if event.type == "bundle.price_reduced":
            return Row(event.date, bundle.id, "price reduced", -money.parse(data["amount"], currency))
        return None


def _unbilled(bundle: Bundle, rest: int) -> str:
    if rest > 0:
        return "of its price, due"
    return "of its price, no longer due" if bundle.ended else "of its price, not due yet"
