"""A demo practice: a seeded stream of events that reads like a real clinic's year.

The generator keeps its own small count of units, money and validity, so that nothing it says is refused; it asks
neither the clock nor the engine. The same arguments give the same events, byte for byte.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from revrec.app.practice import (
    ATTENDED,
    BRANCHES,
    CANCELLED,
    CLEARED,
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
    TAX,
    TOWNS,
    Held,
    Json,
    Pack,
    Person,
    packs,
)
from revrec.core import money
from revrec.core.dates import DAY, add_months, month_start

SEED: Final = 7
BUNDLES: Final = 900
MONTHS: Final = 12
START: Final = date(2025, 1, 1)
TAXPAYER: Final = "ES-B64717838"
ZONE: Final = ZoneInfo("Europe/Madrid")
HOUR: Final = timedelta(hours=1)


def simulate(
    seed: int = SEED,
    bundles: int = BUNDLES,
    months: int = MONTHS,
    *,
    start: date = START,
    taxpayer: str = TAXPAYER,
) -> Iterator[Json]:
    """Events of a demo practice that sells `bundles` bundles in `months` months, in order of arrival.

    Events recorded late stand where they arrive, with the time at which they happened.
    """
    practice = _Practice(seed, start, add_months(start, months), taxpayer)
    practice.plan(bundles)
    return practice.run()


class _Practice:
    """The running practice: an agenda of things to come, and what was said so far."""

    def __init__(self, seed: int, start: date, end: date, taxpayer: str) -> None:
        self.rng = random.Random(seed)  # noqa: S311  # a reproducible demo, no secret
        self.start, self.end, self.taxpayer, self.source = start, end, taxpayer, f"simulate.{seed}"
        self.now = datetime.combine(start, time())
        self.agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self.said: list[Json] = []
        self.counters: dict[str, count[int]] = defaultdict(lambda: count(1))
        self.people: list[Person] = []
        self.held: dict[str, list[Held]] = defaultdict(list)
        self.cleared = 0

    def run(self) -> Iterator[Json]:
        """Work the agenda off until the last day."""
        limit = datetime.combine(self.end, time())
        while self.agenda and self.agenda[0][0] < limit:
            self.now, _, action = heapq.heappop(self.agenda)
            action()
            yield from self.said
            self.said.clear()

    # the agenda

    def at(self, when: datetime, action: Callable[[], None]) -> None:
        """Put something on the agenda."""
        heapq.heappush(self.agenda, (when, next(self.counters["agenda"]), action))

    def after(self, days: int, action: Callable[[], None]) -> None:
        """Put something on the agenda in some days, in office hours, never on a Sunday."""
        self.at(self.office(self.now.date() + days * DAY), action)

    def office(self, day: date) -> datetime:
        """A time in office hours of that day, of Monday if it is a Sunday."""
        day = day + DAY if day.weekday() == 6 else day
        return datetime.combine(day, time(9)) + self.rng.randrange(0, 11 * 60, 5) * timedelta(minutes=1)

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.rng.random() < share

    def pick(self, weights: Mapping[str, float]) -> str:
        """One of the keys, as often as its weight says."""
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def number(self, prefix: str, width: int) -> str:
        """The next id with that prefix."""
        return f"{prefix}-{next(self.counters[prefix]):0{width}d}"

    def event(self, kind: str, branch: str | None, data: Json, *, when: datetime | None = None) -> Json:
        """An event; members of `data` that are None are left out."""
        stamp = (when or self.now).replace(tzinfo=ZONE).isoformat()
        return {
            "specversion": "1.0",
            "id": self.number("ev", 6),
            "source": self.source,
            "type": kind,
            "time": stamp,
            "taxpayer": self.taxpayer,
            **({"branch": branch, "actor": f"reception.{branch}"} if branch else {"actor": "office"}),
            "data": {key: value for key, value in data.items() if value is not None},
        }

    def say(self, kind: str, branch: str | None, **data: object) -> None:
        """Say an event now."""
        self.said.append(self.event(kind, branch, data))

    # what is planned from the start

    def plan(self, bundles: int) -> None:
        """Spread sales, visits, prepayments and month ends over the time."""
        days = (self.end - self.start).days
        for _ in range(bundles):
            self.at(self.office(self.start + self.rng.randrange(days) * DAY), self.sell)
        for _ in range(bundles // 4):
            self.at(self.office(self.start + self.rng.randrange(days) * DAY), self.visit)
        for _ in range(bundles // 80):
            self.at(self.office(self.start + self.rng.randrange(days) * DAY), self.prepay)
        self.plan_months()

    def plan_months(self) -> None:
        """Payout, freelancers' fees and the closing of each month; one month is opened again."""
        month, closings = self.start, 0
        while month < self.end:
            following = add_months(month_start(month), 1)
            self.at(datetime.combine(following + DAY, time(19)), self.payout)
            self.at(datetime.combine(following + 2 * DAY, time(19)), self.bind(self.freelancers, month))
            self.at(datetime.combine(following + 4 * DAY, time(20)), self.bind(self.close, month))
            closings += 1
            if closings == 4:
                self.at(datetime.combine(following + 8 * DAY, time(8)), self.bind(self.reopen, month))
                self.at(datetime.combine(following + 9 * DAY, time(21)), self.bind(self.close, month))
            month = following

    @staticmethod
    def bind(action: Callable[..., None], *given: object) -> Callable[[], None]:
        """The action with its arguments."""
        return lambda: action(*given)

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

    def register(self, customer: str, household: str | None, family: str) -> None:
        """Say who a customer is; every name is invented."""
        post_code, town = self.rng.choice(TOWNS)
        self.say(
            "customer.registered",
            self.rng.choice(BRANCHES),
            customer=customer,
            name=self.rng.choice(FIRST_NAMES),
            first_surname=family,
            second_surname=self.rng.choice(SURNAMES),
            person="natural",
            country="ES",
            address=f"Calle Inventada {self.rng.randrange(1, 200)}",
            post_code=post_code,
            town=town,
            email=f"{customer.lower()}@example.com",
            household=household,
        )

    # sales and money

    def sell(self) -> None:
        """Sell a bundle, and plan its payment, its first appointment and its fate."""
        pack, buyer, branch = packs()[self.pick(MIX)], self.customer(), self.rng.choice(BRANCHES)
        held = self.contract(pack, buyer, branch)
        discount = {"code": "FRIENDS", "amount": "20.00"} if pack.unit != "money" and self.chance(0.05) else None
        held.price -= 2000 if discount else 0
        if not held.fate and buyer.family and pack.policy["sharing"] == "household" and self.chance(0.2):
            held.beneficiary = buyer.family[0]
        self.say(
            "bundle.sold",
            branch,
            bundle=held.id,
            package=pack.id,
            customer=buyer.id,
            beneficiary=held.beneficiary,
            provider=held.provider,
            discount=discount,
            policy_accepted_at=self.now.replace(tzinfo=ZONE).isoformat() if self.chance(0.6) else None,
        )
        if held.fate == "void":
            self.after(1, self.bind(self.void, held))
            return
        self.collect(held)
        self.at(self.office(self.now.date() + self.rng.randrange(1, 8) * DAY), self.bind(self.book, held))

    def contract(self, pack: Pack, holder: Person, branch: str) -> Held:
        """A new bundle in the generator's own books."""
        owned = pack.policy["owner"] == "provider"
        fate = self.pick({**FATES, "": 100 - sum(FATES.values())})
        held = Held(
            id=self.number("B", 5),
            pack=pack,
            holder=holder,
            branch=branch,
            sold=self.now.date(),
            price=pack.price,
            left=pack.units,
            provider=self.rng.choice(PROVIDERS[pack.service]) if owned else None,
            fate=fate,
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
            self.fail(held)
            self.after(3, self.bind(self.pay, held, held.price))

    def fail(self, held: Held) -> None:
        """A direct debit that the bank turns down."""
        self.say(
            "payment.failed",
            held.branch,
            payment=self.number("P", 5),
            amount=_eur(held.price),
            method="direct_debit",
            bundle=held.id,
            code="AM04",
        )

    def pay(self, held: Held, amount: int) -> None:
        """Money for a bundle that lives; now and then it is entered twice or comes back."""
        if held.ended:
            return
        payment, method = self.money_in(amount, held.branch, bundle=held.id, payer=held.holder.id if self.chance(0.1) else None)
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
        if held.pack.policy["expiry_from"] == "payment":
            held.starts.add((self.now.date(), payment))

    def money_in(self, amount: int, branch: str, **target: str | None) -> tuple[str, str]:
        """A payment: its id and method."""
        payment, method = self.number("P", 5), self.pick(METHODS)
        reference = f"TPV{self.rng.randrange(10**6):06d}" if method == "card" else None
        self.say("payment.received", branch, payment=payment, amount=_eur(amount), method=method, **target, reference=reference)
        self.clear(method, amount)
        return payment, method

    def clear(self, method: str, amount: int) -> None:
        """Count what the payment service owes since its last payout."""
        if method in CLEARED:
            self.cleared += amount

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
        if held.fate not in {"", "slow"} and held.uses >= held.fate_after and held.paid:
            self.meet_fate(held)
            return
        days = self.rng.randrange(18, 46) if held.fate == "slow" else self.rng.choice((6, 7, 7, 7, 8, 14))
        self.appoint(held, self.office(self.now.date() + days * DAY), self.number("S", 5))

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
        late = self.chance(LATE_SHARE)
        halves = self.rng.randrange(2, 22) if late else self.rng.randrange(50, 140)
        called = max(when - halves * HOUR / 2, self.now + HOUR / 4)
        halves = int((when - called) / (HOUR / 2))
        self.at(called, self.bind(self.cancel, held, session, halves, when))

    def alive(self, held: Held) -> bool:
        """Whether the bundle can be used today."""
        last = held.last_day
        return not held.ended and held.left > 0 and (last is None or self.now.date() <= last)

    def attend(self, held: Held, session: str) -> None:
        """A session takes place; a few are written down days later."""
        if not self.alive(held):
            return
        data, units, over = self.quantity(held)
        days = 0 if over else self.rng.choices((0, 1, 3, 9), (955, 25, 12, 8))[0]
        data |= {"bundle": held.id, "beneficiary": held.beneficiary} if days else self.drawn(held)
        event = self.event("session.completed", self.where(held), {"session": session, **data, **self.who(held)})
        held.left -= units
        held.uses += 1
        if held.pack.policy["expiry_from"] == "first_use":
            held.starts.add((self.now.date(), session))
        if days:
            self.after(days, self.bind(self.write_late, held, event))
            return
        self.said.append(event)
        if over:
            self.money_in(over, held.branch, bundle=held.id)
        elif self.chance(0.008):
            self.after(self.rng.randrange(1, 3), self.bind(self.undo, held, session, units))
            return
        self.book(held)

    def write_late(self, held: Held, event: Json) -> None:
        """Say an event of some days ago."""
        self.said.append(event)
        self.book(held)

    def drawn(self, held: Held) -> Json:
        """Names the bundle, or only the customer where the practice can tell which bundle is meant."""
        others = [other for other in self.held[held.holder.id] if other is not held and not other.ended and other.left]
        if held.pack.unit == "session" and not others and not held.beneficiary and self.chance(0.1):
            return {"customer": held.holder.id}
        return {"bundle": held.id, "beneficiary": held.beneficiary}

    def quantity(self, held: Held) -> tuple[Json, int, int]:
        """How much a session takes: its data, the units, and what goes beyond the bundle in minor units."""
        if held.pack.unit == "session":
            return {}, 1, 0
        if held.pack.unit == "money":
            cents = min(held.left, self.rng.choice((3500, 4800, 6000)))
            return {"quantity": _eur(cents)}, cents, 0
        minutes = self.rng.choice((45, 50, 52, 55, 60))
        stamps = {"started_at": self.now - minutes * HOUR / 60, "ended_at": self.now}
        data = {key: stamp.replace(tzinfo=ZONE).isoformat() for key, stamp in stamps.items()}
        rounded = -(-minutes // 5) * 5
        taken = min(rounded, held.left)
        hourly = held.pack.list_price
        return data, taken, (rounded - taken) * hourly

    def who(self, held: Held) -> Json:
        """Provider and modality of a session."""
        provider = held.provider or (self.rng.choice(PROVIDERS[held.pack.service]) if self.chance(0.7) else None)
        modality = self.rng.choice(held.pack.modalities) if self.chance(0.5) else None
        return {"provider": provider, "modality": modality}

    def where(self, held: Held) -> str:
        """Mostly the branch that sold the bundle."""
        return held.branch if self.chance(0.92) else self.rng.choice(BRANCHES)

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
        if rule != "waive" and self.chance(0.2):
            self.after(self.rng.randrange(1, 4), self.bind(self.forgive, held, session, int(rule == "deduct")))
            return
        if rule == "fee" and self.chance(0.7):
            self.after(2, self.bind(self.pay_fee, held, money.parse(fee, EUR)))
            return
        self.book(held)

    def pay_fee(self, held: Held, fee: int) -> None:
        self.money_in(fee, held.branch, bundle=held.id)
        self.book(held)

    def forgive(self, held: Held, session: str, units: int) -> None:
        """Waive what a late cancellation or a no-show cost."""
        self.say("session.waived", held.branch, session=session, reason="first time", approver="manager")
        held.left += units
        self.book(held)

    def undo(self, held: Held, session: str, units: int) -> None:
        """A session that was written down by mistake."""
        self.say("session.reversed", held.branch, session=session, reason="entered for the wrong person")
        held.left += units
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
        self.say("bundle.transferred", held.branch, bundle=held.id, to_customer=heir.id, relation=related)
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
        inside = self.now.date() <= held.sold + timedelta(days=policy.get("refund_window_days", 0))
        if held.refundable < 3000 or policy["refund"] == "none" or (policy["refund"] == "window" and not inside):
            return
        way = self.pick(REFUNDS)
        if way == "units" and (policy["refund_basis"] == "list" or held.pack.unit != "session" or held.left < 3):
            way = "now"
        refund = self.number("R", 4)
        held.ended = way != "units"
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
            accepted = {"reason": "agreed by telephone", "accepted_at": self.now.replace(tzinfo=ZONE).isoformat()}
            return {"amount": "20.00", "method": at_once, "accepted": accepted}
        return {"method": at_once} if way == "now" else {}

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
        way = self.pick({"before": 20, "after": 15, "said": 15, "exception": 6, "clock": 44})
        if way == "before" and self.now.date() < last - 3 * DAY:
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
        held.fixed = max(held.expires_on, self.now.date()) + self.rng.randrange(30, 61) * DAY
        held.fate = ""
        self.say("bundle.extended", held.branch, bundle=held.id, expires_on=f"{held.fixed}", reason=reason, approver="manager")
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
        """A one-off visit, mostly paid at the desk."""
        service = self.rng.choice(tuple(PROVIDERS))
        price = {"psychology": 6500, "physiotherapy": 4800}[service]
        session, branch, customer = self.number("S", 5), self.rng.choice(BRANCHES), self.customer()
        self.say(
            "session.completed",
            branch,
            session=session,
            service=service,
            price=_eur(price),
            tax=TAX,
            customer=customer.id,
            provider=self.rng.choice(PROVIDERS[service]),
        )
        if self.chance(0.94):
            self.money_in(price, branch, session=session)
        elif self.chance(0.4):
            self.after(1, lambda: self.say("session.reversed", branch, session=session, reason="entered twice"))

    def prepay(self) -> None:
        """Money in advance that belongs to no bundle yet."""
        self.money_in(self.rng.choice((5000, 10000)), self.rng.choice(BRANCHES), customer=self.customer().id)

    # the month

    def adjust(self, reason: str, effective: date | None, *legs: tuple[str, int]) -> None:
        """A manual entry of two or more legs, debit positive."""
        postings = [{"role": role, "amount": money.text(amount, EUR), "branch": "bcn"} for role, amount in legs if amount]
        self.say(
            "adjustment.posted",
            None,
            postings=postings,
            reason=reason,
            approver="controller",
            effective_date=f"{effective}" if effective else None,
        )

    def payout(self) -> None:
        """What the payment service collected comes to the bank, less 1.2 %."""
        gross, self.cleared = self.cleared, 0
        fee = gross * 12 // 1000
        if gross > 0:
            self.adjust("payout of the payment service", None, ("bank", gross - fee), ("psp-fees", fee), ("psp-clearing", -gross))

    def freelancers(self, month: date) -> None:
        """Freelance providers are paid for the month, on its last day."""
        last = add_months(month_start(month), 1) - DAY
        self.adjust("freelance providers of the month", last, ("provider-cost", 125000), ("provider-payable", -125000))
        self.adjust("freelance providers paid", None, ("provider-payable", 125000), ("bank", -125000))

    def close(self, month: date) -> None:
        """Close the month."""
        self.say("period.closed", None, period=f"{month:%Y-%m}", approver="controller")

    def reopen(self, month: date) -> None:
        """Open a closed month again: something was forgotten."""
        self.say("period.reopened", None, period=f"{month:%Y-%m}", approver="controller", reason="a supplier's note came late")
        last = add_months(month_start(month), 1) - DAY
        self.adjust("supplier's note of the month", last, ("provider-cost", 8640), ("bank", -8640))


def _eur(minor: int) -> str:
    """An amount as the contract writes it."""
    return money.text(minor, EUR)
