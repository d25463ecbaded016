"""Stories of a simulated practice: what happens to few customers, each told from its beginning to its end.

A story does something, waits some days (`yield`), and goes on; what comes after it is left to the ordinary course.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from revrec.app.agenda import Script
from revrec.app.practice import ABROAD, EUR, VISITS, packs, pounds
from revrec.core import money
from revrec.core.dates import DAY

if TYPE_CHECKING:
    from revrec.app.simulate import Practice

WEEK: Final = 7
PART: Final = 18150  # a quarter of the price of LAS-8, and the worth of two of its sessions: VAT 31.50 of it


class Tale(NamedTuple):
    """A story, how often it is told for each bundle sold, and how many days it takes at most."""

    script: Callable[[Practice], Script]
    share: float
    days: int


def deposit(desk: Practice) -> Script:
    """Somebody leaves 30.00 to keep an hour: it pays for the visit or a pack, goes back, or is kept."""
    person, branch, method = desk.newcomer(), desk.branch(), desk.rng.choice(("bizum", "transfer", "cash"))
    left = {"deposit": desk.number("D", 4)}
    desk.say("deposit.received", branch, **left, customer=person.id, amount="30.00", method=method)
    yield desk.rng.randrange(3, 12)
    end = desk.pick({"visit": 55, "pack": 20, "returned": 13, "forfeited": 12})
    if end == "visit":
        session, price = desk.one_off(person, "psychology", branch)
        desk.say("deposit.applied", branch, **left, session=session)
        desk.money_in(price - 3000, branch, session=session)
    elif end == "pack":
        held = desk.buy("PSY-5", person)
        desk.sold(held)
        desk.say("deposit.applied", held.branch, **left, bundle=held.id)
        desk.pay(held, held.price - 3000)
        desk.book(held)
    elif end == "returned":
        desk.say("deposit.returned", branch, **left, method=method)
    else:
        desk.say("deposit.forfeited", branch, **left, reason="did not come and did not call")


def dispute(desk: Practice) -> Script:
    """A card payment is disputed after some sessions: won, and the customer goes on; or lost."""
    held = desk.buy("PSY-10")
    desk.sold(held)
    payment, _ = desk.money_in(held.price, held.branch, method="card", bundle=held.id)
    for _ in range(desk.rng.randrange(1, 4)):
        yield WEEK
        desk.use(held)
    yield 9
    desk.say("chargeback.opened", held.branch, payment=payment, amount=money.text(held.price, EUR), fee="15.00")
    desk.clear("card", -held.price - 1500)
    yield desk.rng.randrange(25, 50)
    if desk.chance(0.5):
        desk.say("chargeback.won", held.branch, payment=payment)
        desk.clear("card", held.price)
        desk.book(held)
    else:
        desk.say("chargeback.lost", held.branch, payment=payment)
        held.ended = True


def default(desk: Practice) -> Script:
    """Of a binding course half of what was given is not paid: it is cancelled; the money comes after all, or its VAT."""
    held = desk.buy("LAS-8")
    desk.sold(held, instalments=desk.parts(held))
    desk.pay(held, PART, "direct_debit")
    for _ in range(4):
        desk.use(held)
        yield WEEK
    desk.fail(held, PART)
    yield 60
    held.ended = True
    desk.say("bundle.cancelled_for_default", held.branch, bundle=held.id, reason="three reminders, no answer")
    if desk.chance(0.5):
        yield 30
        desk.say("receivable.recovered", held.branch, bundle=held.id, amount=money.text(PART, EUR), reason="answers after all")
        desk.money_in(PART, held.branch, method="transfer", bundle=held.id)
        return
    yield 135
    desk.say(
        "receivable.vat_recovered",
        held.branch,
        bundle=held.id,
        amount="31.50",
        claim_proof="claimed by notary, act 412",
        notified_on=f"{desk.today - 2 * DAY}",
    )


def bad_debt(desk: Practice) -> Script:
    """A visit is never paid and written off; some pay when nobody expects it any more."""
    person, branch, service = desk.newcomer(), desk.branch(), desk.rng.choice(tuple(VISITS))
    session, price = desk.one_off(person, service, branch)
    amount = money.text(price, EUR)
    yield 100
    desk.say("receivable.written_off", branch, customer=person.id, amount=amount, reason="moved, address unknown")
    if desk.chance(0.4):
        yield 40
        desk.say("receivable.recovered", branch, customer=person.id, amount=amount)
        desk.money_in(price, branch, method="transfer", session=session)


def top_up(desk: Practice) -> Script:
    """More sessions on the same bundle: at the single price a layer of their own, below it one price for all that is left."""
    held = desk.buy("PSY-5")
    desk.sold(held)
    desk.pay(held, held.price)
    for _ in range(3):
        yield WEEK
        desk.use(held)
    more, price = desk.rng.choice(((3, 18000), (5, 26000)))
    desk.say("bundle.topped_up", held.branch, bundle=held.id, units=more, price=money.text(price, EUR))
    held.left += more
    desk.pay(held, price)
    desk.book(held)


def upgrade(desk: Practice) -> Script:
    """Five sessions become ten: the same bundle grows, or what is left of it pays for a new one."""
    held = desk.buy("PSY-5")
    desk.sold(held)
    desk.pay(held, held.price)
    for _ in range(2):
        yield WEEK
        desk.use(held)
    yield 2
    if desk.chance(0.5):
        desk.say("bundle.upgraded", held.branch, bundle=held.id, to_package="PSY-10", mode="in_place")
        held.left = packs()["PSY-10"].units - held.uses
        desk.pay(held, packs()["PSY-10"].price - held.price)
        desk.book(held)
        return
    new = desk.contract(packs()["PSY-10"], held.holder, held.branch)
    new.fate, new.part, held.ended = "", True, True
    desk.say("bundle.upgraded", held.branch, bundle=held.id, to_package="PSY-10", mode="new_pack", to_bundle=new.id)
    desk.pay(new, new.price - held.price * held.left // held.pack.units)
    desk.book(new)


def concession(desk: Practice) -> Script:
    """A complaint: part of the price is given back as credit, and a kindness on top; both pay for the next pack."""
    held = desk.buy("PSY-10")
    desk.sold(held)
    desk.pay(held, held.price)
    for _ in range(2):
        yield WEEK
        desk.use(held)
    yield 3
    desk.say("bundle.price_reduced", held.branch, bundle=held.id, amount="40.00", reason="the room was being painted")
    desk.say("credit.granted", held.branch, customer=held.holder.id, amount="15.00", reason="for the trouble")
    yield 10
    following = desk.buy("PHY-5", held.holder)
    desk.sold(following)
    desk.say("credit.applied", following.branch, customer=held.holder.id, bundle=following.id, amount="55.00")
    desk.pay(following, following.price - 5500)
    desk.book(held)
    desk.book(following)


def employer(desk: Practice) -> Script:
    """A company pays 400.00 of the pack of one of its people, some weeks later; one keeps back tax as from a professional."""
    company, withholds = desk.company()
    held = desk.buy("PSY-10")
    shares = ((company, 40000), (held.holder.id, held.price - 40000))
    desk.sold(held, payers=[{"customer": who, "amount": money.text(amount, EUR)} for who, amount in shares])
    desk.pay(held, held.price - 40000)
    for _ in range(3):
        yield WEEK
        desk.use(held)
    yield desk.rng.randrange(5, 20)
    kept = 6000 if withholds else 0
    desk.money_in(40000, held.branch, method="transfer", bundle=held.id, payer=company, withheld=kept)
    held.paid += 40000
    desk.book(held)


def abroad(desk: Practice) -> Script:
    """A customer in London pays in pounds, the second half at another rate."""
    held, half = desk.buy("PSY-5", desk.newcomer("GB")), 12000
    held.price = pounds(2 * half, desk.today)
    desk.sold(held, price=money.text(2 * half, ABROAD), **desk.abroad(ABROAD))
    desk.money_in(half, held.branch, method="paypal", currency=ABROAD, bundle=held.id)
    for _ in range(3):
        yield WEEK
        desk.use(held)
    yield 17
    desk.money_in(half, held.branch, method="paypal", currency=ABROAD, bundle=held.id)
    held.paid = held.price
    desk.book(held)


def silence(desk: Practice) -> Script:
    """A customer stays away until nobody expects a return; some come back."""
    held = desk.buy("LAS-8")
    desk.sold(held)
    desk.pay(held, held.price, "transfer")
    for _ in range(3):
        yield WEEK
        desk.use(held)
    yield 120
    evidence = "four months without a visit, three calls without an answer"
    desk.say("breakage.deemed_remote", held.branch, bundle=held.id, evidence=evidence, approver="controller")
    if desk.chance(0.5):
        yield 25
        desk.use(held)
        desk.book(held)


def forgotten(desk: Practice) -> Script:
    """Somebody who came once asks to be forgotten: erased, or blocked while something is open."""
    person, branch = desk.newcomer(), desk.branch()
    session, price = desk.one_off(person, "psychology", branch)
    if desk.chance(0.8):
        desk.money_in(price, branch, session=session)
    yield desk.rng.randrange(30, 90)
    desk.say("customer.erased", branch, customer=person.id, reason="asked for it by letter")


TALES: Final = (
    Tale(deposit, 0.035, 15),
    Tale(dispute, 0.012, 90),
    Tale(default, 0.009, 240),
    Tale(bad_debt, 0.012, 145),
    Tale(top_up, 0.02, 30),
    Tale(upgrade, 0.014, 25),
    Tale(concession, 0.011, 35),
    Tale(employer, 0.018, 45),
    Tale(abroad, 0.014, 45),
    Tale(silence, 0.008, 175),
    Tale(forgotten, 0.008, 95),
)
