"""What the office of a simulated practice does beside the desk: the opening, and every month's payouts, bills and closing."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from revrec.app.practice import ABROAD, BRANCHES, EUR, rate
from revrec.core import money
from revrec.core.dates import DAY, add_months, month_start

if TYPE_CHECKING:
    from revrec.app.simulate import Practice

OFFICE = BRANCHES[0]  # where the bank accounts are kept
RECEPTION = "PR-90"  # a freelancer at the desk, paid by the month
BEFORE = ("PSY-10", "PSY-5", "PIL-10")  # packages that were sold before the books begin


def open_books(desk: Practice, bundles: int) -> None:
    """Plan the first morning: money and bundles of the time before."""
    desk.at(datetime.combine(desk.start, time(8)), desk.bind(_open, desk, bundles))


def _open(desk: Practice, bundles: int) -> None:
    adjust(desk, "opening balances", None, ("bank", 3_000_000), ("opening", -3_000_000))
    for _ in range(bundles):
        _take_over(desk, desk.rng.choice(BEFORE))


def _take_over(desk: Practice, package: str) -> None:
    """A bundle of the time before, with what is left of it; it goes on like any other."""
    held = desk.buy(package)
    pack, day = held.pack, desk.start - desk.rng.randrange(5, 70) * DAY
    held.left = desk.rng.randrange(2, pack.units)
    held.sold, held.fixed = day, add_months(day, pack.months)
    held.price = held.paid = pack.price * held.left // pack.units
    tax = held.price * 21 // 121 if pack.tax == "es-21" else 0
    desk.say(
        "bundle.opened",
        held.branch,
        bundle=held.id,
        package=package,
        customer=held.holder.id,
        units_left=held.left,
        deferred=money.text(held.price - tax, EUR),
        tax_paid=money.text(tax, EUR) if tax else None,
        sold_on=f"{day}",
        expires_on=f"{held.fixed}",
        original_invoice={"number": f"A-{day.year}-{held.id[-3:]}", "issued_on": f"{day}"},
        proof="list of open packs of the old system, agreed with the customers",
    )
    desk.after(desk.rng.randrange(2, 9), desk.bind(desk.book, held))


def plan(desk: Practice) -> None:
    """Put the month ends on the agenda; the fourth month is opened again, the sixth brings a new estimate."""
    month, number = desk.start, 1
    while month < desk.end:
        following = add_months(month_start(month), 1)
        desk.at(datetime.combine(following - DAY, time(22)), desk.bind(_revalue, desk))
        desk.at(datetime.combine(following + DAY, time(19)), desk.bind(_pay_out, desk))
        desk.at(datetime.combine(following + 2 * DAY, time(19)), desk.bind(_pay_providers, desk, following - DAY))
        desk.at(datetime.combine(following + 4 * DAY, time(20)), desk.bind(_close, desk, month))
        if number == 4:
            desk.at(datetime.combine(following + 8 * DAY, time(8)), desk.bind(_reopen, desk, month))
            desk.at(datetime.combine(following + 9 * DAY, time(21)), desk.bind(_close, desk, month))
        if number == 6:
            desk.at(datetime.combine(following + 11 * DAY, time(10)), desk.bind(_estimate, desk))
        if number % 3 == 0:
            desk.at(datetime.combine(following + 14 * DAY, time(18)), desk.bind(_settle, desk))
        month, number = following, number + 1


def adjust(desk: Practice, reason: str, effective: date | None, *legs: tuple[str, int]) -> None:
    """A manual entry of two or more legs, debit positive."""
    desk.say(
        "adjustment.posted",
        None,
        postings=[{"role": role, "amount": money.text(amount, EUR), "branch": OFFICE} for role, amount in legs],
        reason=reason,
        approver="controller",
        effective_date=f"{effective}" if effective else None,
    )


def _revalue(desk: Practice) -> None:
    """Pounds that wait at the payment service are stated at the rate of the last day."""
    if any(amount for (_, currency), amount in desk.cleared.items() if currency == ABROAD):
        desk.say("currency.revalued", OFFICE, currency=ABROAD, rate=rate(desk.today))


def _pay_out(desk: Practice) -> None:
    """What payment services collected comes to the bank, less 1.2 %; what they are owed is taken off the next payout."""
    for (method, currency), gross in sorted(desk.cleared.items()):
        if gross > 0:
            fee = gross * 12 // 1000
            amounts = {"gross": money.text(gross, EUR), "fee": money.text(fee, EUR)}
            reference = f"PO-{desk.today:%Y%m}-{currency}"
            desk.say("payout.settled", OFFICE, method=method, **amounts, reference=reference, **desk.abroad(currency))
            desk.cleared[method, currency] = 0


def _pay_providers(desk: Practice, last: date) -> None:
    """Freelancers invoice the month or their sessions, 15 % of it kept back; partners get what was earned for them."""
    owed = {(OFFICE, RECEPTION): _invoice(desk, OFFICE, RECEPTION, 125_000, effective_date=f"{last}")}
    for branch, data in desk.bills:
        cost, provider = money.parse(data["cost"], EUR), data["provider"]
        tax = cost * 21 // 100
        net = _invoice(desk, branch, provider, cost, session=data["session"], tax_amount=money.text(tax, EUR))
        owed[branch, provider] = owed.get((branch, provider), 0) + tax + net
    for (branch, provider), amount in (*owed.items(), *sorted(desk.partners.items())):
        if amount > 0:
            desk.say("provider.paid", branch, provider=provider, amount=money.text(amount, EUR), method="transfer")
    desk.bills.clear()
    desk.partners.clear()


def _invoice(desk: Practice, branch: str, provider: str, amount: int, **more: str) -> int:
    """A provider's invoice: what is left of it without what is kept back for the tax office."""
    kept = amount * 15 // 100
    amounts = {"amount": money.text(amount, EUR), "withholding": money.text(kept, EUR)}
    desk.say("provider.invoiced", branch, provider=provider, **amounts, **more)
    desk.kept_back += kept
    return amount - kept


def _settle(desk: Practice) -> None:
    """Each quarter branches pay each other for sessions, tens of euros on account, and the tax office gets what was kept back."""
    for (seller, giver), worth in sorted(desk.lent.items()):
        if amount := worth * 8 // 10 // 1000 * 1000:
            desk.say("branch.settled", None, from_branch=seller, to_branch=giver, amount=money.text(amount, EUR))
            desk.lent[seller, giver] -= amount
    if desk.kept_back:
        legs = ("withholding-payable", desk.kept_back), ("bank", -desk.kept_back)
        adjust(desk, "income tax kept back from providers in the quarter", None, *legs)
        desk.kept_back = 0


def _estimate(desk: Practice) -> None:
    """The share of pilates classes that will be used is estimated anew."""
    every = (held for owned in desk.held.values() for held in owned)
    if any(held.pack.policy["id"] == "wellness" for held in every):
        evidence = "of the packs that ended in the last twelve months 90 % was used"
        desk.say("breakage.estimated", None, policy="wellness", expected_used="0.90", evidence=evidence, approver="controller")


def _close(desk: Practice, month: date) -> None:
    desk.say("period.closed", None, period=f"{month:%Y-%m}", approver="controller")


def _reopen(desk: Practice, month: date) -> None:
    """Open a closed month again: something was forgotten."""
    desk.say("period.reopened", None, period=f"{month:%Y-%m}", approver="controller", reason="a supplier's note came late")
    last = add_months(month_start(month), 1) - DAY
    adjust(desk, "supplier's note of the month", last, ("provider-cost", 8640), ("bank", -8640))
