"""What a member's own kind cannot say: members that belong together, exclude each other or must add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from revrec.core import money
from revrec.wire.context import Context, utc
from revrec.wire.errors import Problem
from revrec.wire.facts import SEALED
from revrec.wire.kinds import card_number

Data = dict[str, Any]
Members = frozenset[str]
Check = Callable[[Data, Context], Iterator[Problem]]
Shape = Callable[[Members], Iterator[Problem]]
RULE = "events.md 4"
AMOUNT_NAMES = frozenset({"amount", "price", "list_price", "fee"})
COUNT_NAMES = frozenset({"units", "bonus_units", "quantity", "notice_hours"})
DAY_NAMES = frozenset({"effective_date", "expires_on", "to"})
INSTANT_NAMES = frozenset({"policy_accepted_at", "started_at", "ended_at"})
TEXT_NAMES = frozenset({"note", "reference", "reason", "relation"})
POSITIVE = frozenset({"units", "quantity"})

# Keys that the books write themselves or that Beancount keeps for itself.
RESERVED = frozenset(
    "entry event event-source bundle session customer branch service policy rule corrects effective-date late tax-date "
    "filename lineno".split(),
)


class Plan(NamedTuple):
    """What is to be done with events of one type that carry the same members; found once, used a million times.

    `shape` holds the mistakes that lie in which members are there, whatever their values.
    """

    amounts: tuple[str, ...]
    counts: tuple[str, ...]
    calendar: tuple[str, ...]
    texts: tuple[str, ...]
    metadata: bool
    shape: tuple[Problem, ...]
    check: Check | None
    sealed: bool
    work: bool  # anything for `normalise` to do


PLANS: dict[tuple[str, tuple[str, ...]], Plan] = {}
MAX_PLANS = 5_000


def plan(kind: str, members: tuple[str, ...]) -> Plan:
    """The plan for a type and its members, in the order of the contract."""
    found = PLANS.get((kind, members))
    if found is None:
        if len(PLANS) > MAX_PLANS:
            PLANS.clear()
        found = PLANS[kind, members] = _plan(kind, members)
    return found


def _plan(kind: str, members: tuple[str, ...]) -> Plan:
    def these(names: frozenset[str]) -> tuple[str, ...]:
        return tuple(name for name in members if name in names)

    shape = SHAPES.get(kind)
    sealed = kind == "customer.registered" or not {"note", "accepted", *SEALED.get(kind, ())}.isdisjoint(members)
    amounts = () if kind == "adjustment.posted" else these(AMOUNT_NAMES)
    check = CHECKS.get(kind) if kind not in NEEDED or NEEDED[kind] & set(members) else None
    wrong = tuple(shape(frozenset(members))) if shape else ()
    done = these(AMOUNT_NAMES | COUNT_NAMES | DAY_NAMES | INSTANT_NAMES | TEXT_NAMES | {"metadata"})
    return Plan(
        amounts,
        these(COUNT_NAMES),
        these(DAY_NAMES | INSTANT_NAMES),
        these(TEXT_NAMES),
        "metadata" in members,
        wrong,
        check,
        sealed,
        bool(done or wrong or check),
    )


def normalise(plan: Plan, data: Data, context: Context) -> list[Problem]:
    """Rewrite numbers canonically in place; what cannot be read in the taxpayer's currency or calendar is a problem."""
    problems = list(plan.shape)
    for name in plan.amounts:
        _amount(data, name, f"data.{name}", context, problems)
    for name in plan.counts:
        number, data[name] = context.quantities[data[name]]
        if not number and name in POSITIVE:
            problems.append(Problem(f"data.{name}", RULE, "0 is too few", "above 0"))
    for name in plan.calendar:
        _calendar(context.days.__getitem__ if name in DAY_NAMES else utc, data[name], f"data.{name}", problems)
    if plan.metadata:
        problems.extend(_metadata(data["metadata"]))
    problems.extend(_card(f"data.{name}") for name in plan.texts if card_number(data[name]))
    if plan.check and not plan.shape:
        problems.extend(plan.check(data, context))
    return problems


def _amount(data: Data, name: str, path: str, context: Context, problems: list[Problem]) -> None:
    try:
        data[name] = context.amounts[data[name]][1]
    except ValueError as error:
        problems.append(Problem(path, "events.md 3, amounts", str(error), "amounts are refused, never rounded"))


def _calendar(read: Callable[[str], object], text: str, path: str, problems: list[Problem]) -> None:
    try:
        read(text)
    except ValueError:
        problems.append(Problem(path, RULE, f'"{text}" is not in the calendar', "look at day and month"))


def _card(path: str) -> Problem:
    return Problem(path, "no card numbers", "holds what reads as a payment card number", "keep at most its last four digits")


def _metadata(metadata: dict[str, str]) -> Iterator[Problem]:
    for key, value in metadata.items():
        if key in RESERVED:
            yield Problem(f"data.metadata.{key}", RULE, "the books use this key themselves", "choose another name")
        if card_number(value):
            yield _card(f"data.metadata.{key}")


def bundle_sold(data: Data, context: Context) -> Iterator[Problem]:
    """The coupon's amount is an amount."""
    found: list[Problem] = []
    _amount(data["discount"], "amount", "data.discount.amount", context, found)
    yield from found


def above_zero(data: Data, _context: Context) -> Iterator[Problem]:
    """A payment moves money."""
    if not data["amount"].strip("0."):
        yield Problem("data.amount", RULE, "0 is no payment", "above 0")


def one_target(members: Members) -> Iterator[Problem]:
    """Exactly one thing is paid."""
    targets = sorted(members & {"bundle", "session", "customer"})
    if len(targets) != 1:
        what = "names " + (" and ".join(targets) if targets else "nothing that it is for")
        yield Problem("data", RULE, what, "name exactly one of bundle, session (a one-off visit), customer (kept as credit)")


def one_kind_of_session(members: Members) -> Iterator[Problem]:
    """One of three shapes: on a bundle, drawn from the customer's bundles, a one-off visit; times in pairs."""
    if "bundle" in members:
        yield from _beside_bundle(members)
    elif not members.isdisjoint({"price", "tax"}):
        for name in ("service", "price", "tax", "customer"):
            if name not in members:
                yield Problem(f"data.{name}", RULE, "missing", "a one-off visit needs service, price, tax and customer")
    elif "customer" not in members:
        hint = "name `bundle`, or `customer` (drawn from the customer's bundles), or service, price, tax and customer of a visit"
        yield Problem("data.bundle", RULE, "missing", hint)
    if ("started_at" in members) != ("ended_at" in members):
        yield Problem("data", RULE, "started_at and ended_at come together", "give both or neither")


def _beside_bundle(members: Members) -> Iterator[Problem]:
    for name, why in (("customer", "`beneficiary` says who came"), ("price", "a one-off visit has no bundle")):
        if name in members:
            yield Problem(f"data.{name}", RULE, f"{name} and bundle exclude each other", f"leave {name} out: {why}")
    for name in sorted(members & {"service", "tax"}):
        what = "beside bundle only for a multi-purpose voucher: known, not built in this release"
        yield Problem(f"data.{name}", RULE, what, f"leave {name} out: the package says it")


def part_in_pairs(members: Members) -> Iterator[Problem]:
    """A part goes to a bundle of its own."""
    if ("units" in members) != ("to_bundle" in members):
        yield Problem("data", RULE, "units and to_bundle come together", "both for a part of the bundle, neither for all of it")


def ends_after_start(data: Data, _context: Context) -> Iterator[Problem]:
    """A session takes time."""
    try:
        wrong = utc(data["ended_at"]) <= utc(data["started_at"])
    except ValueError:
        return  # the calendar check has said so
    if wrong:
        yield Problem("data.ended_at", RULE, "the session ends before or when it starts", "ended_at lies after started_at")


def refund_issued(data: Data, context: Context) -> Iterator[Problem]:
    """The instant of acceptance and the day of the invoice are in the calendar; no card number in the reason."""
    found: list[Problem] = []
    if "accepted" in data:
        _calendar(utc, data["accepted"]["accepted_at"], "data.accepted.accepted_at", found)
        if card_number(data["accepted"]["reason"]):
            found.append(_card("data.accepted.reason"))
    if "original_invoice" in data:
        _calendar(context.days.__getitem__, data["original_invoice"]["issued_on"], "data.original_invoice.issued_on", found)
    yield from found


def adjustment_posted(data: Data, context: Context) -> Iterator[Problem]:
    """Debits and credits add up to 0."""
    found: list[Problem] = []
    for i, leg in enumerate(data["postings"]):
        _amount(leg, "amount", f"data.postings[{i}].amount", context, found)
    if not found and (rest := sum(context.amounts[leg["amount"]][0] for leg in data["postings"])):
        what = f"the legs add up to {money.text(rest, context.currency)} {context.currency}"
        found.append(Problem("data.postings", RULE, what, "debit +, credit −, together 0"))
    yield from found


SHAPES: dict[str, Shape] = {
    "payment.received": one_target,
    "session.completed": one_kind_of_session,
    "bundle.transferred": part_in_pairs,
}
CHECKS: dict[str, Check] = {
    "bundle.sold": bundle_sold,
    "payment.received": above_zero,
    "payment.failed": above_zero,
    "session.completed": ends_after_start,
    "refund.issued": refund_issued,
    "adjustment.posted": adjustment_posted,
}
# Checks that are needed only where these members are there.
NEEDED: dict[str, Members] = {
    "bundle.sold": frozenset({"discount"}),
    "session.completed": frozenset({"ended_at"}),
    "refund.issued": frozenset({"accepted", "original_invoice"}),
}
