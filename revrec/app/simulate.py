"""A demo practice: a seeded stream of events that reads like a real clinic's year.

The generator keeps its own small count of units, money and validity, so that nothing it says is refused; it asks
neither the clock nor the engine. The same arguments give the same events, byte for byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from revrec.app import backoffice
from revrec.app.agenda import HOUR, ZONE, Agenda, Script
from revrec.app.practice import (
    ATTENDED,
    BRANCHES,
    CANCELLED,
    CLEARED,
    COMPANIES,
    COSTS,
    EUR,
    FATES,
    FIRST_NAMES,
    LATE_SHARE,
    METHODS,
    MISSED,
    MIX,
    PROVIDERS,
    REFUNDS,
    SURNAMES,
    TOWNS,
    VISITS,
    Held,
    Json,
    Pack,
    Person,
    packs,
    rate,
)
from revrec.app.tales import TALES
from revrec.core import money
from revrec.core.dates import DAY, add_months

SEED: Final = 7
BUNDLES: Final = 900
MONTHS: Final = 12
START: Final = date(2025, 1, 1)
TAXPAYER: Final = "ES-B64717838"
LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"  # the check letters of the DNI
FEW: Final = 20  # a practice with fewer bundles has no rare events


def simulate(
    seed: int = SEED,
    bundles: int = BUNDLES,
    months: int = MONTHS,
    *,
    start: date = START,
    taxpayer: str = TAXPAYER,
) -> Iterator[Json]:
    """Events of a demo practice that sells about `bundles` bundles in `months` months, in order of arrival.

    Events recorded late stand where they arrive, with the time at which they happened.
    """
    practice = Practice(seed, start, add_months(start, months), taxpayer)
    practice.plan(bundles)
    return practice.run()


class Practice(Agenda):
    """The running practice: who its customers are, what they hold, and what others owe it."""

    def __init__(self, seed: int, start: date, end: date, taxpayer: str) -> None:
        super().__init__(seed, start, end, taxpayer)
        self.people: list[Person] = []
        self.companies: set[str] = set()
        self.held: dict[str, list[Held]] = defaultdict(list)
        self.cleared: dict[tuple[str, str], int] = defaultdict(int)  # method and currency: not yet paid out
        self.bills: list[tuple[str, Json]] = []  # branch and data of sessions not yet invoiced by who gave them
        self.partners: dict[tuple[str, str], int] = defaultdict(int)  # branch and provider: earned for whom the practice sells
        self.kept_back = 0  # income tax of providers, owed to the tax office
        self.lent: dict[tuple[str, str], int] = defaultdict(int)  # worth of sessions, by the branch that sold and that gave them

    # what is planned from the start

    def plan(self, bundles: int) -> None:
        """Spread sales, visits, prepayments, stories and month ends over the time."""
        backoffice.open_books(self, bundles // 40)
        told = 0
        for tale in TALES if bundles >= FEW else ():
            for _ in range(max(1, round(bundles * tale.share))):
                self.at(self.any_day(self.days - tale.days), self.bind(self.tell, tale.script))
                told += 1
        for _ in range(bundles - told):
            self.at(self.any_day(), self.sell)
        for _ in range(bundles // 4):
            self.at(self.any_day(), self.visit)
        for _ in range(bundles // 80):
            self.at(self.any_day(), self.prepay)
        backoffice.plan(self)

    def tell(self, script: Callable[[Practice], Script]) -> None:
        """Begin a story."""
        self.play(script(self))

    def branch(self) -> str:
        """One of the branches."""
        return self.rng.choice(BRANCHES)

    # people

    def customer(self) -> Person:
        """Somebody who comes in: known already, or a new household."""
        if self.people and self.chance(0.35):
            return self.rng.choice(self.people)
        size = self.rng.choices((1, 2, 3), (60, 25, 15))[0]
        ids = [self.number("C", 4) for _ in range(size)]
        household = self.number("H", 4) if size > 1 else None
        family = self.rng.choice(SURNAMES)
        for one in ids:
            self.register(one, household, family)
            self.people.append(Person(one, household, tuple(i for i in ids if i != one)))
        return self.people[-size]

    def newcomer(self, country: str = "ES") -> Person:
        """Somebody with a story of their own, who buys nothing else."""
        person = Person(self.number("C", 4), None, ())
        self.register(person.id, None, self.rng.choice(SURNAMES), country)
        return person

    def register(self, customer: str, household: str | None, family: str, country: str = "ES") -> None:
        """Say who a customer is; every name is invented."""
        post_code, town = self.rng.choice(TOWNS) if country == "ES" else ("E1 0AA", "London")
        self.say(
            "customer.registered",
            self.branch(),
            customer=customer,
            name=self.rng.choice(FIRST_NAMES),
            first_surname=family,
            second_surname=self.rng.choice(SURNAMES),
            person="natural",
            country=country,
            tax_id=tax_number(customer) if country == "ES" else f"INVENTED{customer.removeprefix('C-')}",
            address=f"Calle Inventada {self.rng.randrange(1, 200)}",
            post_code=post_code,
            town=town,
            email=f"{customer.lower()}@example.com",
            household=household,
        )

    def company(self) -> tuple[str, bool]:
        """A company that pays for its people, and whether it keeps back tax on what it pays."""
        one, name, tax_id, withholds = self.rng.choice(COMPANIES)
        if one not in self.companies:
            self.companies.add(one)
            who = {"customer": one, "name": name, "person": "legal", "tax_id": tax_id, **premises(one)}
            self.say("customer.registered", None, **who, withholds=withholds or None)
        return one, withholds

    def partner(self, provider: str) -> None:
        """Somebody for whom the practice sells, and to whom it invoices its commission."""
        if provider in self.companies:
            return
        self.companies.add(provider)
        name, surname = FIRST_NAMES[_digits(provider) % len(FIRST_NAMES)], SURNAMES[_digits(provider) % len(SURNAMES)]
        who = {"customer": provider, "name": name, "first_surname": surname, "person": "natural", "tax_id": tax_number(provider)}
        self.say("customer.registered", None, **who, **premises(provider))

    # sales and money

    def sell(self, pack: Pack | None = None, buyer: Person | None = None, branch: str | None = None) -> None:
        """Sell a bundle, and plan its payment, its first appointment and its fate."""
        held = self.contract(pack or packs()[self.pick(MIX)], buyer or self.customer(), branch or self.branch())
        discount = {"code": "FRIENDS", "amount": "20.00"} if held.price > 10000 and self.chance(0.05) else None
        held.price -= 2000 if discount else 0
        if not held.fate and held.holder.family and held.pack.policy["sharing"] == "household" and self.chance(0.2):
            held.beneficiary = held.holder.family[0]
        accepted = self.stamp() if self.chance(0.6) else None
        parts = self.parts(held) if held.pack.bound else None
        self.sold(held, beneficiary=held.beneficiary, discount=discount, policy_accepted_at=accepted, instalments=parts)
        if held.fate == "void":
            self.after(1, self.bind(self.void, held))
            return
        self.collect_parts(held, parts) if parts else self.collect(held)
        self.at(self.office(self.today + self.rng.randrange(1, 8) * DAY), self.bind(self.book, held))

    def sold(self, held: Held, **terms: object) -> None:
        """Say that a bundle is sold."""
        if held.provider and not held.pack.policy["principal"]:
            self.partner(held.provider)
        who = {"bundle": held.id, "package": held.pack.id, "customer": held.holder.id, "provider": held.provider}
        self.say("bundle.sold", held.branch, **who, **terms)

    def buy(self, pack: str, buyer: Person | None = None) -> Held:
        """Sell a bundle to somebody with a story; how it is paid and used is for the story to say."""
        held = self.contract(packs()[pack], buyer or self.newcomer(), self.branch())
        held.fate, held.part = "", True
        return held

    def parts(self, held: Held) -> list[Json]:
        """The price in four monthly instalments."""
        return [{"due_on": f"{add_months(self.today, i)}", "amount": _eur(held.price // 4)} for i in range(4)]

    def collect_parts(self, held: Held, parts: list[Json]) -> None:
        """Collect each instalment in the days after it fell due."""
        for part in parts:
            day = date.fromisoformat(part["due_on"]) + self.rng.randrange(6) * DAY
            pay = self.bind(self.pay, held, money.parse(part["amount"], EUR), "direct_debit")
            self.at(max(self.office(day), self.now), pay)

    def contract(self, pack: Pack, holder: Person, branch: str) -> Held:
        """A new bundle in the generator's own books."""
        owned = pack.policy["owner"] == "provider"
        fate = self.pick({**FATES, "": 100 - sum(FATES.values())})
        held = Held(
            id=self.number("B", 5),
            pack=pack,
            holder=holder,
            branch=branch,
            sold=self.today,
            price=pack.price,
            left=pack.units,
            provider=self.rng.choice(PROVIDERS[pack.service]) if owned else None,
            fate="" if pack.bound or pack.flat else fate,
            fate_after=self.rng.randrange(0, 4),
        )
        self.held[holder.id].append(held)
        return held

    def void(self, held: Held) -> None:
        """Take back a sale that was a mistake."""
        held.ended = True
        self.say("bundle.voided", held.branch, bundle=held.id, reason="sold twice by mistake", approver="manager")

    def collect(self, held: Held) -> None:
        """Decide how the price is paid: most at once, some in two parts, late, after a failed debit, or never."""
        habit = self.pick({"at once": 83, "halves": 8, "late": 3, "failed": 2, "never": 4})
        if habit == "at once" or held.pack.policy["unpaid_use"] == "reject":
            self.pay(held, held.price)
        elif habit == "halves":
            first = held.price // 2
            self.pay(held, first)
            self.after(self.rng.randrange(20, 41), self.bind(self.pay, held, held.price - first))
        elif habit == "late":
            self.after(self.rng.randrange(14, 25), self.bind(self.pay, held, held.price))
        elif habit == "failed":
            self.fail(held, held.price)
            self.after(3, self.bind(self.pay, held, held.price))
        elif not held.pack.flat:
            self.after(75, self.bind(self.give_up, held))

    def give_up(self, held: Held) -> None:
        """A bundle that is used and was never paid is cancelled, where the customer does not answer."""
        if self.alive(held) and held.uses and not held.late and not held.paid and self.chance(0.6):
            held.ended = True
            self.say("bundle.cancelled_for_default", held.branch, bundle=held.id, reason="two reminders, no answer")

    def fail(self, held: Held, amount: int) -> None:
        """A direct debit that the bank turns down."""
        self.say(
            "payment.failed",
            held.branch,
            payment=self.number("P", 5),
            amount=_eur(amount),
            method="direct_debit",
            bundle=held.id,
            code="AM04",
        )

    def pay(self, held: Held, amount: int, method: str | None = None) -> None:
        """Money for a bundle that lives; now and then it is entered twice or comes back."""
        if held.ended:
            return
        payer = held.holder.id if self.chance(0.1) else None
        payment, method = self.money_in(amount, held.branch, method=method, bundle=held.id, payer=payer)
        held.paid += amount
        self.start_by_payment(held, payment)
        if held.fate or held.part or held.pack.policy["unpaid_use"] == "reject":
            return
        if self.chance(0.012):
            again, method = self.money_in(amount, held.branch, bundle=held.id)
            held.paid += amount
            self.start_by_payment(held, again)
            self.after(1, self.bind(self.undo_payment, held, again, method, amount, "mistake"))
        elif method == "direct_debit" and self.chance(0.2):
            self.after(4, self.bind(self.undo_payment, held, payment, method, amount, "returned"))

    def start_by_payment(self, held: Held, payment: str) -> None:
        """A payment may start the validity."""
        if held.pack.policy["expiry_from"] == "payment":
            held.starts.add((self.today, payment))

    def money_in(
        self,
        amount: int,
        branch: str,
        *,
        method: str | None = None,
        currency: str = EUR,
        tip: int = 0,
        withheld: int = 0,
        **target: str | None,
    ) -> tuple[str, str]:
        """A payment: its id and method. The tip comes on top of `amount`, what is withheld does not come."""
        payment, method = self.number("P", 5), method or self.pick(METHODS)
        came = amount + tip - withheld
        self.say(
            "payment.received",
            branch,
            payment=payment,
            amount=_eur(came),
            method=method,
            **target,
            reference=f"TPV{self.rng.randrange(10**6):06d}" if method == "card" else None,
            tip=_eur(tip) if tip else None,
            withheld=_eur(withheld) if withheld else None,
            **self.abroad(currency),
        )
        self.clear(method, came, currency)
        return payment, method

    def abroad(self, currency: str) -> Json:
        """The members that say in which money an amount is, where it is another."""
        return {} if currency == EUR else {"currency": currency, "rate": rate(self.today)}

    def clear(self, method: str, amount: int, currency: str = EUR) -> None:
        """Count what the payment service owes since its last payout."""
        if method in CLEARED:
            self.cleared[method, currency] += amount

    def undo_payment(self, held: Held, payment: str, method: str, amount: int, reason: str) -> None:
        """A payment entered by mistake, or taken back by the bank and paid again a week later."""
        if held.ended:
            return
        self.clear(method, -amount)
        held.paid -= amount
        held.starts = {start for start in held.starts if start[1] != payment}
        fee = "3.50" if reason == "returned" else None
        self.say("payment.reversed", held.branch, payment=payment, reason=reason, approver="manager", fee=fee)
        if reason == "returned":
            self.after(7, self.bind(self.pay, held, amount))

    # appointments

    def book(self, held: Held) -> None:
        """Make the next appointment, unless the fate of the bundle comes first or its validity ends before."""
        if held.ended or not held.left:
            return
        if held.pack.flat:
            self.appoint(held, self.office(self.today + self.rng.randrange(3, 7) * DAY), self.number("S", 5))
            return
        if held.fate not in {"", "slow"} and held.uses >= held.fate_after and held.paid:
            self.meet_fate(held)
            return
        days = self.rng.randrange(18, 46) if held.fate == "slow" else self.rng.choice((6, 7, 7, 7, 8, 14))
        self.appoint(held, self.office(self.today + days * DAY), self.number("S", 5))

    def appoint(self, held: Held, when: datetime, session: str) -> None:
        """Put an appointment on the agenda with what will come of it."""
        last = held.last_day
        if last and when.date() > last:
            self.lapse(held, last)
            return
        draw = self.rng.random()
        if draw < ATTENDED:
            self.at(when, self.bind(self.attend, held, session))
        elif draw < ATTENDED + CANCELLED:
            self.appoint_cancelled(held, when, session)
        elif draw < ATTENDED + CANCELLED + MISSED:
            self.at(when + HOUR / 2, self.bind(self.miss, held, session))
        else:
            self.at(when, self.bind(self.book, held))

    def appoint_cancelled(self, held: Held, when: datetime, session: str) -> None:
        """An appointment that will be cancelled, in time or late."""
        late = self.chance(LATE_SHARE)
        halves = self.rng.randrange(2, 22) if late else self.rng.randrange(50, 140)
        called = max(when - halves * HOUR / 2, self.now + HOUR / 4)
        halves = int((when - called) / (HOUR / 2))
        self.at(called, self.bind(self.cancel, held, session, halves, when))

    def alive(self, held: Held) -> bool:
        """Whether the bundle can be used today."""
        last = held.last_day
        return not held.ended and held.left > 0 and (last is None or self.today <= last)

    def attend(self, held: Held, session: str) -> None:
        """A session takes place; a few are written down days later, a few in the wrong name."""
        if not self.alive(held):
            return
        data, units, over = self.quantity(held)
        days = 0 if over else self.rng.choices((0, 1, 3, 9), (955, 25, 12, 8))[0]
        data |= {"bundle": held.id, "beneficiary": held.beneficiary} if days else self.drawn(held)
        at_home = not over and not days and held.pack.service == "physiotherapy" and self.chance(0.015)
        data["surcharge"] = {"amount": "15.00", "tax": "es-health"} if at_home else None
        branch = held.branch if over or at_home else self.where(held, units)
        event = self.event("session.completed", branch, {"session": session, **data, **self.who(held)})
        self.used(held, session, units)
        if days:
            held.late = True
            self.after(days, self.bind(self.write_late, held, event))
            return
        self.record(event)
        if over or at_home:
            self.money_in(over or 1500, held.branch, bundle=held.id)
        elif held.pack.service not in COSTS and self.chance(0.008):
            self.after(self.rng.randrange(1, 3), self.bind(self.undo, held, session, units))
            return
        self.book(held)

    def used(self, held: Held, session: str, units: int) -> None:
        """Count units as used, and what a provider who is sold for earns with them."""
        held.left -= units
        held.uses += 1
        self.earn(held, units)
        if held.pack.policy["expiry_from"] == "first_use":
            held.starts.add((self.today, session))

    def earn(self, held: Held, units: int) -> None:
        """What a provider who is sold for earns with some units, less where they are taken back."""
        if held.provider and not held.pack.policy["principal"]:
            self.partners[held.branch, held.provider] += held.pack.passed_on * units

    def use(self, held: Held) -> None:
        """A session of a story, now and in full."""
        session = self.number("S", 5)
        self.record(self.event("session.completed", held.branch, {"session": session, "bundle": held.id, **self.who(held)}))
        self.used(held, session, 1)

    def record(self, event: Json) -> None:
        """Say a session; what it cost is to be invoiced."""
        self.said.append(event)
        if "cost" in event["data"]:
            self.bills.append((event["branch"], event["data"]))

    def write_late(self, held: Held, event: Json) -> None:
        """Say an event of some days ago."""
        held.late = False
        self.record(event)
        self.book(held)

    def drawn(self, held: Held) -> Json:
        """Names the bundle, or only the customer where the practice can tell which bundle is meant."""
        owned = (other for other in self.held[held.holder.id] if other is not held)
        others = [other for other in owned if not other.ended and (other.left or other.late)]
        if held.pack.unit == "session" and not others and not held.beneficiary and self.chance(0.1):
            return {"customer": held.holder.id}
        return {"bundle": held.id, "beneficiary": held.beneficiary}

    def quantity(self, held: Held) -> tuple[Json, int, int]:
        """How much a session takes: its data, the units, and what goes beyond the bundle in minor units."""
        if held.pack.unit == "session":
            return {}, 1, 0
        if held.pack.unit == "money":
            cents = min(held.left, self.rng.choice((3500, 4800, 6000)))
            return {"quantity": _eur(cents), **self.chosen(held)}, cents, 0
        minutes = self.rng.choice((45, 50, 52, 55, 60))
        stamps = {"started_at": self.now - minutes * HOUR / 60, "ended_at": self.now}
        data = {key: stamp.replace(tzinfo=ZONE).isoformat() for key, stamp in stamps.items()}
        rounded = -(-minutes // 5) * 5
        taken = min(rounded, held.left)
        hourly = held.pack.list_price
        return data, taken, (rounded - taken) * hourly

    def chosen(self, held: Held) -> Json:
        """What a gift card is spent on, each service with its own tax."""
        if held.pack.service != "any":
            return {}
        service = self.rng.choice(tuple(VISITS))
        return {"service": service, "tax": VISITS[service][1]}

    def who(self, held: Held) -> Json:
        """Provider and modality of a session; what it costs, where the provider is paid by the session."""
        cost = COSTS.get(held.pack.service)
        provider = held.provider or (self.rng.choice(PROVIDERS[held.pack.service]) if cost or self.chance(0.7) else None)
        modality = self.rng.choice(held.pack.modalities) if self.chance(0.5) else None
        return {"provider": provider, "modality": modality, "cost": _eur(cost) if cost else None}

    def where(self, held: Held, units: int) -> str:
        """Mostly the branch that sold the bundle; it owes the other one what it gives."""
        branch = held.branch if self.chance(0.92) else self.branch()
        if branch != held.branch:
            self.lent[held.branch, branch] += held.price * units // held.pack.units
        return branch

    def cancel(self, held: Held, session: str, halves: int, when: datetime) -> None:
        """A cancellation; one in time leaves the session id free for the new appointment."""
        if not self.alive(held):
            return
        policy = held.pack.policy
        self.say("session.cancelled", held.branch, session=session, bundle=held.id, notice_hours=f"{halves / 2:.1f}")
        if halves < 2 * policy["late_cancellation_hours"]:
            self.charged(held, session, policy["late_cancellation"], policy["late_cancellation_fee"])
        elif self.chance(0.5):
            self.appoint(held, self.office(max(when, self.now).date() + 3 * DAY), session)
        else:
            self.at(max(when, self.now + HOUR), self.bind(self.book, held))

    def miss(self, held: Held, session: str) -> None:
        """Nobody came."""
        if not self.alive(held):
            return
        policy = held.pack.policy
        self.say("session.no_show", held.branch, session=session, bundle=held.id)
        self.charged(held, session, policy["no_show"], held.pack.no_show_fee)

    def charged(self, held: Held, session: str, rule: str, fee: str) -> None:
        """What a late cancellation or a no-show costs; one in five is forgiven, most fees are paid."""
        if rule == "deduct":
            held.left -= 1
            self.earn(held, 1)
        if rule != "waive" and self.chance(0.2):
            self.after(self.rng.randrange(1, 4), self.bind(self.forgive, held, session, int(rule == "deduct")))
            return
        if rule == "fee" and self.chance(0.7):
            self.after(2, self.bind(self.pay_fee, held, money.parse(fee, EUR)))
            return
        self.book(held)

    def pay_fee(self, held: Held, fee: int) -> None:
        """The fee for a late cancellation or a no-show."""
        self.money_in(fee, held.branch, bundle=held.id)
        self.book(held)

    def forgive(self, held: Held, session: str, units: int) -> None:
        """Waive what a late cancellation or a no-show cost."""
        self.say("session.waived", held.branch, session=session, reason="first time", approver="manager")
        held.left += units
        self.earn(held, -units)
        self.book(held)

    def undo(self, held: Held, session: str, units: int) -> None:
        """A session that was written down by mistake."""
        self.say("session.reversed", held.branch, session=session, reason="entered for the wrong person")
        held.left += units
        self.earn(held, -units)
        held.starts = {start for start in held.starts if start[1] != session}
        self.book(held)

    # fates

    def meet_fate(self, held: Held) -> None:
        """Refund, transfer, share, change the provider or give up; then go on with what is left."""
        fate, held.fate = held.fate, ""
        {
            "refund": self.refund,
            "transfer": self.transfer,
            "share": self.share,
            "provider": self.change_provider,
            "terminate": self.terminate,
        }[fate](held)
        if not held.ended:
            self.after(self.rng.randrange(2, 6), self.bind(self.book, held))

    def terminate(self, held: Held) -> None:
        """The customer gives up what is left."""
        held.ended = True
        self.say("bundle.terminated", held.branch, bundle=held.id, reason="moved away, wants nothing back")

    def change_provider(self, held: Held) -> None:
        """Another provider goes on."""
        others = [one for one in PROVIDERS[held.pack.service] if one != held.provider]
        held.provider = self.rng.choice(others)
        self.say("bundle.provider_changed", held.branch, bundle=held.id, provider=held.provider)

    def share(self, held: Held) -> None:
        """Share with the household, for five weeks."""
        if not held.holder.family or held.pack.policy["sharing"] != "household":
            return
        held.beneficiary = held.holder.family[0]
        self.say("bundle.shared", held.branch, bundle=held.id, beneficiary=held.beneficiary)
        if self.chance(0.5):
            self.after(35, self.bind(self.unshare, held, held.beneficiary))

    def unshare(self, held: Held, beneficiary: str) -> None:
        """End the sharing of a bundle that is still used."""
        if self.alive(held):
            held.beneficiary = None
            self.say("bundle.unshared", held.branch, bundle=held.id, beneficiary=beneficiary)

    def transfer(self, held: Held) -> None:
        """Pass a paid bundle, or two sessions of it, to somebody: family first."""
        rule = held.pack.policy["transfer"]
        if rule == "none" or held.paid < held.price:
            return
        family = [one for one in self.people if one.id in held.holder.family]
        heir = family[0] if family else self.rng.choice([one for one in self.people if one.id != held.holder.id] or [held.holder])
        if heir is held.holder:
            return
        related = "cousin" if not family and rule == "family" else None
        if held.pack.unit == "session" and held.left >= 4 and self.chance(0.3):
            self.transfer_part(held, heir, related)
            return
        fee = "6.05" if "fee_tax" in held.pack.policy and not related else None
        self.say("bundle.transferred", held.branch, bundle=held.id, to_customer=heir.id, relation=related, fee=fee)
        if fee:
            self.money_in(605, held.branch, bundle=held.id)
        self.held[held.holder.id].remove(held)
        held.holder = heir
        self.held[heir.id].append(held)

    def transfer_part(self, held: Held, heir: Person, related: str | None) -> None:
        """Pass two sessions on as a bundle of their own, with the validity of the old one."""
        part = self.contract(held.pack, heir, held.branch)
        part.left, part.sold, part.fixed, part.starts = 2, held.sold, held.fixed, set(held.starts)
        part.provider, part.fate, part.part = held.provider, "", True
        held.left -= 2
        held.part = True
        self.say(
            "bundle.transferred",
            held.branch,
            bundle=held.id,
            to_customer=heir.id,
            relation=related,
            units=2,
            to_bundle=part.id,
        )
        self.after(5, self.bind(self.book, part))

    def refund(self, held: Held) -> None:
        """Give money back where the policy gives any."""
        policy = held.pack.policy
        inside = self.today <= held.sold + timedelta(days=policy.get("refund_window_days", 0))
        if held.refundable < 3000 or policy["refund"] == "none" or (policy["refund"] == "window" and not inside):
            return
        way = self.pick(REFUNDS)
        if way == "units" and (policy["refund_basis"] == "list" or held.pack.unit != "session" or held.left < 3):
            way = "now"
        refund = self.number("R", 4)
        held.ended = way != "units"
        if way == "asked":
            self.say("refund.requested", held.branch, refund=refund, bundle=held.id, reason="moves away")
            self.after(self.rng.randrange(3, 9), self.bind(self.answer, held, refund))
            return
        terms = self.refund_terms(held, way)
        self.say("refund.issued", held.branch, refund=refund, bundle=held.id, **terms)
        if way == "units":
            held.left -= 1
            held.part = True
        elif way == "later":
            self.after(self.rng.randrange(4, 12), self.bind(self.settle, held, refund))
        elif way == "reversed":
            self.after(2, self.bind(self.undo_refund, held, refund))

    def refund_terms(self, held: Held, way: str) -> Json:
        """The members that say how much is paid, when and why."""
        at_once = self.rng.choice(("transfer", "bizum", "cash"))
        if way == "units":
            return {"units": 1, "method": at_once}
        if way == "goodwill":
            return {"amount": _eur(held.paid), "method": at_once, "exception": {"reason": "goodwill", "approver": "manager"}}
        if way == "less":
            accepted = {"reason": "agreed by telephone", "accepted_at": self.stamp()}
            return {"amount": "20.00", "method": at_once, "accepted": accepted}
        return {"method": at_once} if way == "now" else {}

    def answer(self, held: Held, refund: str) -> None:
        """A refund that was asked for is paid as it was quoted, or turned down."""
        if self.chance(0.75):
            self.say("refund.issued", held.branch, refund=refund, bundle=held.id, method="transfer")
            return
        held.ended = False
        why = "agreed with the customer to go on with another therapist"
        self.say("refund.rejected", held.branch, refund=refund, reason=why, approver="manager")
        self.book(held)

    def settle(self, held: Held, refund: str) -> None:
        """Pay an agreed refund."""
        self.say("refund.settled", held.branch, refund=refund, method="transfer")

    def undo_refund(self, held: Held, refund: str) -> None:
        """The customer thinks again: the bundle lives."""
        self.say("refund.reversed", held.branch, refund=refund, reason="the customer stays", approver="manager")
        held.ended = False
        self.book(held)

    def lapse(self, held: Held, last: date) -> None:
        """The validity ends with units left: extend before or after, say so, pay back as an exception, or let the clock."""
        if held.pack.flat:
            if self.chance(0.6):
                self.at(max(self.office(last + DAY), self.now), self.bind(self.sell, held.pack, held.holder, held.branch))
            return
        way = self.pick({"before": 20, "after": 15, "said": 15, "exception": 6, "clock": 44})
        if way == "before" and self.today < last - 3 * DAY:
            self.at(self.office(last - 3 * DAY), self.bind(self.extend, held, "clinical"))
        elif way == "after":
            self.at(self.office(last + self.rng.randrange(5, 21) * DAY), self.bind(self.extend, held, "goodwill"))
        elif way == "said":
            self.at(self.office(last + self.rng.randrange(1, 4) * DAY), self.bind(self.say_expired, held))
        elif way == "exception" and held.pack.policy["refund"] != "none":
            self.at(self.office(last + self.rng.randrange(2, 11) * DAY), self.bind(self.refund_expired, held))

    def extend(self, held: Held, reason: str) -> None:
        """Give more time, and go on."""
        if held.ended or not held.left or not held.expires_on:
            return
        held.fixed = max(held.expires_on, self.today) + self.rng.randrange(30, 61) * DAY
        held.fate = ""
        fee = "12.10" if "fee_tax" in held.pack.policy and reason == "goodwill" else None
        until = f"{held.fixed}"
        self.say("bundle.extended", held.branch, bundle=held.id, expires_on=until, reason=reason, approver="manager", fee=fee)
        if fee:
            self.money_in(1210, held.branch, bundle=held.id)
        self.book(held)

    def say_expired(self, held: Held) -> None:
        """Another system reports the expiry that the clock has seen already."""
        held.ended = True
        self.say("bundle.expired", held.branch, bundle=held.id)

    def refund_expired(self, held: Held) -> None:
        """The pro-rata value back after the expiry, for clinical reasons."""
        if held.ended or held.part or held.refundable < 3000:
            return
        held.ended = True
        excuse = {"reason": "clinical", "approver": "manager"}
        self.say("refund.issued", held.branch, refund=self.number("R", 4), bundle=held.id, method="transfer", exception=excuse)

    # beside the bundles

    def visit(self) -> None:
        """A one-off visit, mostly paid at the desk, now and then with a tip."""
        branch = self.branch()
        session, price = self.one_off(self.customer(), self.rng.choice(tuple(VISITS)), branch)
        if self.chance(0.94):
            tip = 200 if self.chance(0.05) else 0
            self.money_in(price, branch, method="card" if tip else None, session=session, tip=tip)
        elif self.chance(0.4):
            self.after(1, lambda: self.say("session.reversed", branch, session=session, reason="entered twice"))

    def one_off(self, customer: Person, service: str, branch: str) -> tuple[str, int]:
        """A visit outside any bundle: its session and price."""
        session, (price, tax) = self.number("S", 5), VISITS[service]
        what = {"session": session, "service": service, "price": _eur(price), "tax": tax, "customer": customer.id}
        self.say("session.completed", branch, **what, provider=self.rng.choice(PROVIDERS[service]))
        return session, price

    def prepay(self) -> None:
        """Money in advance that belongs to no bundle yet."""
        self.money_in(self.rng.choice((5000, 10000)), self.branch(), customer=self.customer().id)


def _eur(minor: int) -> str:
    """An amount as the contract writes it."""
    return money.text(minor, EUR)


def tax_number(who: str) -> str:
    """A well-formed number of the range that was never given out; always the same for the same id."""
    number = 99_900_000 + _digits(who) + (50_000 if who.startswith("PR") else 0)
    return f"{number}{LETTERS[number % 23]}"


def premises(who: str) -> Json:
    """Where a business is; always the same for the same id."""
    number = _digits(who)
    post_code, town = TOWNS[number % len(TOWNS)]
    where = {"address": f"Plaza Supuesta {number % 40 + 1}", "post_code": post_code, "town": town}
    return {"country": "ES", "business": True, **where}


def _digits(who: str) -> int:
    return int("".join(filter(str.isdigit, who)))
