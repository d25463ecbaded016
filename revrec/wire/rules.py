"""What a member's own kind cannot say: members that belong together, exclude each other or must add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from revrec.wire.context import Context, utc
from revrec.wire.errors import Problem
from revrec.wire.facts import DATA
from revrec.wire.kinds import card_number

Data = dict[str, Any]
RULE = "events.md 4"
AMOUNT_NAMES = frozenset({"amount", "price", "list_price", "fee"})
COUNT_NAMES = frozenset({"units", "bonus_units", "quantity", "notice_hours"})
DAY_NAMES = frozenset({"effective_date", "expires_on", "to"})
INSTANT_NAMES = frozenset({"policy_accepted_at", "started_at", "ended_at"})
TEXT_NAMES = ("note", "reference", "reason", "relation")
POSITIVE = frozenset({"units", "quantity"})

# Keys that the books write themselves or that Beancount keeps for itself.
RESERVED = frozenset(
    "entry event event-source bundle session customer branch service policy rule corrects effective-date late tax-date "
    "filename lineno".split(),
)


def _members(names: frozenset[str]) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(sorted(names & set(cls.__annotations__))) for kind, cls in DATA.items()}


AMOUNTS, COUNTS, DAYS, INSTANTS = (_members(n) for n in (AMOUNT_NAMES, COUNT_NAMES, DAY_NAMES, INSTANT_NAMES))


def normalise(kind: str, data: Data, context: Context) -> list[Problem]:
    """Rewrite numbers canonically in place; what cannot be read in the taxpayer's currency or calendar is a problem."""
    problems: list[Problem] = []
    for name in AMOUNTS[kind]:
        if name in data:
            _amount(data, name, f"data.{name}", context, problems)
    for name in COUNTS[kind]:
        if name in data:
            number, data[name] = context.quantities[data[name]]
            if not number and name in POSITIVE:
                problems.append(Problem(f"data.{name}", RULE, "0 is too few", "above 0"))
    for name in DAYS[kind]:
        if name in data:
            _calendar(context.days.__getitem__, data[name], f"data.{name}", problems)
    for name in INSTANTS[kind]:
        if name in data:
            _calendar(utc, data[name], f"data.{name}", problems)
    check = CHECKS.get(kind)
    if check:
        problems.extend(check(data, context))
    if "metadata" in data:
        problems.extend(_metadata(data["metadata"]))
    for name in TEXT_NAMES:
        if name in data and card_number(data[name]):
            problems.append(_card(f"data.{name}"))
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
    if "discount" in data:
        found: list[Problem] = []
        _amount(data["discount"], "amount", "data.discount.amount", context, found)
        yield from found


def payment_received(data: Data, context: Context) -> Iterator[Problem]:
    """Exactly one thing is paid, and something is paid for it."""
    targets = [name for name in ("bundle", "session", "customer") if name in data]
    if len(targets) != 1:
        what = "names " + (" and ".join(targets) if targets else "nothing that it is for")
        yield Problem("data", RULE, what, "name exactly one of bundle, session (a one-off visit), customer (kept as credit)")
    yield from above_zero(data, context)


def above_zero(data: Data, _context: Context) -> Iterator[Problem]:
    """A payment moves money."""
    if not data["amount"].strip("0."):
        yield Problem("data.amount", RULE, "0 is no payment", "above 0")


def session_completed(data: Data, _context: Context) -> Iterator[Problem]:
    """One of three shapes: on a bundle, drawn from the customer's bundles, a one-off visit; times in pairs."""
    yield from _shape(data)
    if ("started_at" in data) != ("ended_at" in data):
        yield Problem("data", RULE, "started_at and ended_at come together", "give both or neither")
    elif "started_at" in data and _not_after(data["ended_at"], data["started_at"]):
        yield Problem("data.ended_at", RULE, "the session ends before or when it starts", "ended_at lies after started_at")


def _shape(data: Data) -> Iterator[Problem]:
    if "bundle" in data:
        for name in ("customer", "price"):
            if name in data:
                hint = "`beneficiary` says who came" if name == "customer" else "a one-off visit has no bundle"
                yield Problem(f"data.{name}", RULE, f"{name} and bundle exclude each other", f"leave {name} out: {hint}")
        for name in ("service", "tax"):
            if name in data:
                what = "beside bundle only for a multi-purpose voucher: known, not built in this release"
                yield Problem(f"data.{name}", RULE, what, f"leave {name} out: the package says it")
    elif "price" in data or "tax" in data:
        for name in ("service", "price", "tax", "customer"):
            if name not in data:
                yield Problem(f"data.{name}", RULE, "missing", "a one-off visit needs service, price, tax and customer")
    elif "customer" not in data:
        hint = "name `bundle`, or `customer` (drawn from the customer's bundles), or a one-off visit's service, price, tax, customer"
        yield Problem("data.bundle", RULE, "missing", hint)


def _not_after(later: str, earlier: str) -> bool:
    try:
        return utc(later) <= utc(earlier)
    except ValueError:
        return False  # said already by the calendar check


def bundle_transferred(data: Data, _context: Context) -> Iterator[Problem]:
    """A part goes to a bundle of its own."""
    if ("units" in data) != ("to_bundle" in data):
        yield Problem("data", RULE, "units and to_bundle come together", "both for a part of the bundle, neither for all of it")


def refund_issued(data: Data, _context: Context) -> Iterator[Problem]:
    """The instant of acceptance and the day of the invoice are in the calendar; no card number in the reason."""
    found: list[Problem] = []
    if "accepted" in data:
        _calendar(utc, data["accepted"]["accepted_at"], "data.accepted.accepted_at", found)
        if card_number(data["accepted"]["reason"]):
            found.append(_card("data.accepted.reason"))
    if "original_invoice" in data:
        _calendar(_context.days.__getitem__, data["original_invoice"]["issued_on"], "data.original_invoice.issued_on", found)
    yield from found


def adjustment_posted(data: Data, context: Context) -> Iterator[Problem]:
    """Debits and credits add up to 0."""
    found: list[Problem] = []
    for i, leg in enumerate(data["postings"]):
        _amount(leg, "amount", f"data.postings[{i}].amount", context, found)
    if not found and (rest := sum(context.amounts[leg["amount"]][0] for leg in data["postings"])):
        found.append(Problem("data.postings", RULE, f"the legs add up to {rest} minor units", "debit +, credit −, together 0"))
    yield from found


CHECKS: dict[str, Callable[[Data, Context], Iterator[Problem]]] = {
    "bundle.sold": bundle_sold,
    "payment.received": payment_received,
    "payment.failed": above_zero,
    "session.completed": session_completed,
    "bundle.transferred": bundle_transferred,
    "refund.issued": refund_issued,
    "adjustment.posted": adjustment_posted,
}
