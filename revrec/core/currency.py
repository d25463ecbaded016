"""Money of other currencies: held at what it was taken for, revalued, exchanged; the contract liability never is.

Advances are not monetary and keep the rate of their receipt (IFRIC 22; PGC NRV 11.1); money is (IAS 21.23; PGC NRV 11.1.1).
"""

from __future__ import annotations

from revrec.core.book import Holding
from revrec.core.bundle import Bundle
from revrec.core.events import CurrencyRevalued, Foreign, Instalment
from revrec.core.journal import MONEY_ROLES, Posting, Role
from revrec.core.layers import layers_of, relaid
from revrec.core.money import allocate, exponent, share
from revrec.core.position import Settled
from revrec.core.recording import Recording

BILLION = 1_000_000_000


def converted(amount: int, currency: str, home: str, rate: int) -> int:
    """Minor units of another currency in those of the taxpayer's at a rate in billionths, rounded half up; signed."""
    return _share(amount, rate * 10 ** exponent(home), BILLION * 10 ** exponent(currency))


def _share(total: int, part: int, whole: int) -> int:
    return share(total, part, whole) if total >= 0 else -share(-total, part, whole)


def code(currency: str) -> int:
    """A currency as a number, for a movement's parts: its letters read in base 36."""
    return int(currency, 36)


def currency_of(number: int) -> str:
    """The inverse of `code`."""
    letters = ""
    while number:
        number, digit = divmod(number, 36)
        letters = chr(ord("A") + digit - 10) + letters
    return letters


def difference(amount: int) -> Posting:
    """An exchange difference: a loss is a debit, a gain a credit (PGC 668, 768)."""
    return Posting(Role.FX_LOSS if amount > 0 else Role.FX_GAIN, amount)


def moved(rec: Recording, role: Role, currency: str, amount: int, value: int, method: str) -> tuple[Posting, ...]:
    """Money of another currency comes onto an account, or leaves it at the average for which the account carries it.

    `amount` is signed, in minor units of the currency; `value` what the event says it is worth. The difference is realised.
    """
    was = rec.changes.holdings.get((role, currency)) or rec.book.foreign(role, currency)
    carried = _carried(was, amount, value)
    now = was._replace(amount=was.amount + amount, carried=was.carried + carried)
    rec.changes.holdings[role, currency] = now
    return Posting(role, carried, method=method), difference(value - carried)


def _carried(was: Holding, amount: int, value: int) -> int:
    """By how much the carrying amount changes: what goes out takes its average, what is more than was there its value."""
    if was.amount * amount >= 0:
        return value
    out = min(abs(amount), abs(was.amount))
    return _share(value, abs(amount) - out, abs(amount)) - _share(was.carried, out, abs(was.amount))


def post_revalued(rec: Recording, fact: CurrencyRevalued) -> None:
    """Money held in a currency is stated at a rate; gains and losses are the period's (IAS 21.23(a), 28; PGC NRV 11.1.1).

    Claims on bundles sold in the currency stay at the rate of the sale, and their difference arises when they are paid.
    """
    legs = []
    for role in sorted(MONEY_ROLES):
        was = rec.book.foreign(role, fact.currency)
        worth = converted(was.amount, fact.currency, rec.book.currency, fact.rate)
        if worth != was.carried:
            legs += [Posting(role, worth - was.carried), difference(was.carried - worth)]
            rec.changes.holdings[role, fact.currency] = was._replace(carried=worth)
    rec.entry("currency.revalued", sorted(legs, key=lambda leg: leg.amount < 0))


def priced_in(bundle: Bundle, paid: Foreign | None) -> Foreign | None:
    """The price of a bundle that was sold in the currency of a payment, or None."""
    price = bundle.plan.foreign
    return price if paid is not None and price is not None and price.amount and price.currency == paid.currency else None


def in_its_currency(paid: Foreign, money: int, beside: int) -> int:
    """A payment with what came `beside` its `money`, in minor units of its currency."""
    return paid.amount + (_share(beside, paid.amount, money) if money else 0)


def at_sale_rate(home: str, price: Foreign, before: int, part: int, owed: int) -> int:
    """What `part` of a foreign price counts for, after `before` of it: so that parts of a sum add up to it.

    `owed` is all that there is to settle: a cent of rounding is never left open.
    """
    upto, done = (converted(amount, price.currency, home, price.rate) for amount in (before + part, before))
    return owed if abs(owed - upto + done) <= 1 else upto - done


def counts_for(bundle: Bundle, part: int) -> Bundle:
    """The bundle with more of its foreign price paid, or less."""
    return bundle._replace(plan=bundle.plan._replace(foreign_paid=bundle.plan.foreign_paid + part))


def exchanged(bundle: Bundle, to: Settled, amount: int) -> tuple[Bundle, Settled]:
    """The value of the money against what it counted for: claims make a gain or loss, the price follows what was received.

    What is prepaid is the transaction price at the rate of its own receipt (IFRIC 22.8-9), spread over what is left.
    """
    claims = to.package + to.others
    counted = claims + to.prepaid + to.credit
    if counted == amount:
        return bundle, to
    if not counted:
        return bundle, to._replace(credit=amount)
    settled, prepaid, credit = allocate(amount, (claims, to.prepaid, to.credit))
    bundle, more = repriced(bundle, prepaid - to.prepaid)
    gain = settled - claims + prepaid - to.prepaid - more
    return bundle, to._replace(prepaid=to.prepaid + more, credit=credit, exchange=gain, repriced=more)


def repriced(bundle: Bundle, more: int) -> tuple[Bundle, int]:
    """What is left of a bundle costs `more`, or less down to nothing: (bundle, by how much)."""
    if bundle.plan.line_from is not None:
        more = max(more, bundle.position.delivered - bundle.price)
        return _due_later(relaid(bundle, ((bundle.units, bundle.price + more),)), more), more
    used, rest = _divided(bundle)
    left = sum(price for _, price in rest)
    more = max(more, -left) if left else 0
    if not more:
        return bundle, 0
    prices = allocate(left + more, tuple(price for _, price in rest))
    layers = (*used, *((count, price) for (count, _), price in zip(rest, prices, strict=True)))
    return _due_later(relaid(bundle, layers), more), more


Layer = tuple[int, int]


def _divided(bundle: Bundle) -> tuple[list[Layer], list[Layer]]:
    """The layers of a bundle that are used, and those that are not; what was used keeps its price to the cent."""
    used: list[Layer] = []
    rest: list[Layer] = []
    before = 0
    for count, price in layers_of(bundle):
        part = min(max(bundle.used - before, 0), count)
        worth = price if part == count else bundle.value(bundle.used) - sum(p for _, p in used) if part else 0
        used.append((part, worth))
        rest.append((count - part, price - worth))
        before += count
    return [layer for layer in used if layer[0]], [layer for layer in rest if layer[0]]


def _due_later(bundle: Bundle, more: int) -> Bundle:
    """The next instalments take what the price rose or fell by."""
    clock, parts = bundle.clock, []
    if not bundle.plan.instalments:
        return bundle
    for part in bundle.plan.instalments:
        here = 0 if clock is not None and part.due_on <= clock else max(more, -part.amount)
        more -= here
        parts.append(Instalment(part.due_on, part.amount + here))
    return bundle._replace(plan=bundle.plan._replace(instalments=tuple(parts)))
