"""What a member's own kind cannot say: members that belong together, exclude each other or must add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from revrec.core import money
from revrec.wire.context import Context, utc
from revrec.wire.errors import Problem
from revrec.wire.facts import APPROVED, SEALED
from revrec.wire.kinds import card_number

Data = dict[str, Any]
Members = frozenset[str]
Check = Callable[[Data, Context], Iterator[Problem]]
Shape = Callable[[Members], Iterator[Problem]]
RULE = "events.md 4"
AMOUNT_NAMES = frozenset(
    "amount price list_price fee deferred tax_paid withheld tip gross cost tax_amount withholding".split(),
)
COUNT_NAMES = frozenset({"units", "bonus_units", "units_left", "quantity", "notice_hours", "expected_used"})
DAY_NAMES = frozenset({"effective_date", "expires_on", "sold_on", "notified_on", "to"})
INSTANT_NAMES = frozenset({"policy_accepted_at", "started_at", "ended_at"})
TEXT_NAMES = frozenset({"note", "reference", "reason", "relation", "proof", "claim_proof", "evidence"})
POSITIVE = frozenset({"units", "units_left", "quantity", "expected_used"})

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
    rated: bool
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

    sealed = kind == "customer.registered" or not {"note", "accepted", *SEALED.get(kind, ())}.isdisjoint(members)
    amounts = () if kind == "adjustment.posted" else these(AMOUNT_NAMES)
    check = CHECKS.get(kind) if kind not in NEEDED or NEEDED[kind] & set(members) else None
    wrong = tuple(_wrong_members(kind, frozenset(members)))
    rated = not {"currency", "rate"}.isdisjoint(members)
    done = these(AMOUNT_NAMES | COUNT_NAMES | DAY_NAMES | INSTANT_NAMES | TEXT_NAMES | {"metadata"})
    return Plan(
        amounts,
        these(COUNT_NAMES),
        these(DAY_NAMES | INSTANT_NAMES),
        rated,
        these(TEXT_NAMES),
        "metadata" in members,
        wrong,
        check,
        sealed,
        bool(done or wrong or check or rated),
    )


def _wrong_members(kind: str, members: Members) -> Iterator[Problem]:
    shape = SHAPES.get(kind)
    if shape:
        yield from shape(members)
    if "correction" in members and "approver" not in members:
        yield Problem("data.approver", RULE, "missing", "a correction of a prior period needs who approved it")
    if "approver" in members and "correction" not in members and kind not in APPROVED:
        yield Problem("data.approver", RULE, "only beside `correction`", f"leave approver out: {kind} needs nobody's approval")


def normalise(plan: Plan, data: Data, context: Context) -> list[Problem]:
    """Rewrite numbers canonically in place; what cannot be read in the taxpayer's currency or calendar is a problem."""
    problems = list(plan.shape)
    if plan.rated:
        context = _abroad(data, context, problems)
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


def _abroad(data: Data, context: Context, problems: list[Problem]) -> Context:
    """Where the event's amounts are read; the rate is written canonically."""
    currency = data.get("currency")
    if currency == context.currency:
        what = f"only said where it is not the taxpayer's ({context.currency})"
        problems.append(Problem("data.currency", "events.md 3", what, "leave currency and rate out"))
        return context
    if currency is None or "rate" not in data:
        what, hint = "currency and rate come together", "both for amounts in another currency, else neither"
        problems.append(Problem(f"data.{'rate' if currency else 'currency'}", "events.md 3", what, hint))
        return context
    data["rate"] = context.rates[data["rate"]][1]
    return context.abroad(currency, data["rate"])


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


def _minor(data: Data, name: str, context: Context) -> int | None:
    """An amount in minor units, or None where there is none that can be read: that has been said already."""
    try:
        return context.amounts[data[name]][0] if name in data else None
    except ValueError:
        return None


def _zero(field: str) -> Problem:
    return Problem(field, RULE, "0 moves no money", "above 0")


def _not_above(data: Data, part: str, whole: str, context: Context) -> Iterator[Problem]:
    one, other = _minor(data, part, context), _minor(data, whole, context)
    if one is not None and other is not None and one > other:
        what = f"{part} {data[part]} is more than {whole} {data[whole]}"
        yield Problem(f"data.{part}", RULE, what, f"{part} is a part of {whole}")


def bundle_sold(data: Data, context: Context) -> Iterator[Problem]:
    """The coupon's amount is an amount; instalments fall due one after the other; a payer is named once."""
    found: list[Problem] = []
    if "discount" in data:
        _amount(data["discount"], "amount", "data.discount.amount", context, found)
    if "instalments" in data:
        _listed(data, "instalments", context, found)
        found += _rising(data["instalments"], context)
    if "payers" in data:
        _listed(data, "payers", context, found)
        names = [payer["customer"] for payer in data["payers"]]
        found += [
            Problem(f"data.payers[{i}].customer", RULE, f'"{name}" stands twice', "one amount for each payer")
            for i, name in enumerate(names)
            if name in names[:i]
        ]
    yield from found


def _listed(data: Data, name: str, context: Context, problems: list[Problem]) -> None:
    """The amounts of a list: each above 0, together no more than an amount may hold."""
    before = len(problems)
    for i, entry in enumerate(data[name]):
        field = f"data.{name}[{i}].amount"
        _amount(entry, "amount", field, context, problems)
        if _minor(entry, "amount", context) == 0:
            problems.append(_zero(field))
    if len(problems) == before:
        try:
            context.amounts.parts(entry["amount"] for entry in data[name])
        except ValueError as error:
            problems.append(Problem(f"data.{name}", "events.md 3, amounts", str(error), "amounts are refused, never rounded"))


def _rising(instalments: list[Data], context: Context) -> Iterator[Problem]:
    before = None
    for i, instalment in enumerate(instalments):
        field = f"data.instalments[{i}].due_on"
        found: list[Problem] = []
        _calendar(context.days.__getitem__, instalment["due_on"], field, found)
        if not found and before is not None and context.days[instalment["due_on"]] <= context.days[before]:
            found.append(Problem(field, RULE, f"{instalment['due_on']} is not after {before}", "each falls due on a later day"))
        yield from found
        before = before if found else instalment["due_on"]


def above_zero(data: Data, context: Context) -> Iterator[Problem]:
    """The event moves money."""
    if _minor(data, "amount", context) == 0:
        yield _zero("data.amount")


def payment_received(data: Data, context: Context) -> Iterator[Problem]:
    """Money arrives; the tip is a part of it."""
    yield from above_zero(data, context)
    if "tip" in data:
        yield from _not_above(data, "tip", "amount", context)


def payout_settled(data: Data, context: Context) -> Iterator[Problem]:
    """Money is paid out; the fee is a part of it."""
    if _minor(data, "gross", context) == 0:
        yield _zero("data.gross")
    yield from _not_above(data, "fee", "gross", context)


def provider_invoiced(data: Data, context: Context) -> Iterator[Problem]:
    """The withholding is a part of what is invoiced."""
    yield from above_zero(data, context)
    yield from _not_above(data, "withholding", "amount", context)


def branch_settled(data: Data, context: Context) -> Iterator[Problem]:
    """Money goes from one branch to another."""
    yield from above_zero(data, context)
    if data["from_branch"] == data["to_branch"]:
        yield Problem("data.to_branch", RULE, "a branch owes itself nothing", "name two branches")


def bundle_upgraded(data: Data, _context: Context) -> Iterator[Problem]:
    """A new pack has an id of its own; in place there is none."""
    if data["mode"] == "new_pack" and "to_bundle" not in data:
        yield Problem("data.to_bundle", RULE, "missing", "mode new_pack makes a bundle: name it")
    if data["mode"] == "in_place" and "to_bundle" in data:
        yield Problem("data.to_bundle", RULE, "mode in_place makes no other bundle", "leave to_bundle out")
    if data.get("to_bundle") == data["bundle"]:
        yield Problem("data.to_bundle", RULE, "the same id as bundle", "a new pack has an id of its own")


def bundle_opened(data: Data, context: Context) -> Iterator[Problem]:
    """The invoice of before has a day; the bundle does not end before it was sold."""
    found: list[Problem] = []
    if "original_invoice" in data:
        _invoice_day(data, context, found)
    if data.get("expires_on", data["sold_on"]) < data["sold_on"]:
        found.append(Problem("data.expires_on", RULE, "the bundle ends before it was sold", "expires_on is the last day of use"))
    yield from found


def _invoice_day(data: Data, context: Context, problems: list[Problem]) -> None:
    day = data["original_invoice"]["issued_on"]
    _calendar(context.days.__getitem__, day, "data.original_invoice.issued_on", problems)


def one_of(*names: str, words: str = "") -> Shape:
    """A check that exactly one of these members is there; `words` lists them for people."""

    def check(members: Members) -> Iterator[Problem]:
        targets = sorted(members.intersection(names))
        if len(targets) != 1:
            what = "names " + (" and ".join(targets) if targets else "nothing that it is for")
            yield Problem("data", RULE, what, f"name exactly one of {words or ', '.join(names)}")

    return check


def one_kind_of_upgrade(members: Members) -> Iterator[Problem]:
    """To a package, or by units and price."""
    given = members & {"to_package", "units", "price"}
    if given not in ({"to_package"}, {"units", "price"}):
        what = f"names {' and '.join(sorted(given))}" if given else "does not say to what"
        yield Problem("data", RULE, what, "name to_package, or both units and price")


def credited(members: Members) -> Iterator[Problem]:
    """Credit is spent on something."""
    if len(members & {"bundle", "invoice"}) != 1:
        yield Problem("data.bundle", RULE, "missing, or not alone", "name the bundle or the invoice that the credit pays for")


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
    if "cost" in members and "provider" not in members:
        yield Problem("data.provider", RULE, "missing", "`cost` is what a provider is owed: name the provider")


def _beside_bundle(members: Members) -> Iterator[Problem]:
    for name, why in (("customer", "`beneficiary` says who came"), ("price", "a one-off visit has no bundle")):
        if name in members:
            yield Problem(f"data.{name}", RULE, f"{name} and bundle exclude each other", f"leave {name} out: {why}")


def part_in_pairs(members: Members) -> Iterator[Problem]:
    """A part goes to a bundle of its own."""
    if ("units" in members) != ("to_bundle" in members):
        yield Problem("data", RULE, "units and to_bundle come together", "both for a part of the bundle, neither for all of it")


def session_completed(data: Data, context: Context) -> Iterator[Problem]:
    """A session takes time; its surcharge is an amount."""
    if "surcharge" in data:
        found: list[Problem] = []
        _amount(data["surcharge"], "amount", "data.surcharge.amount", context, found)
        if _minor(data["surcharge"], "amount", context) == 0:
            found.append(_zero("data.surcharge.amount"))
        yield from found
    if "ended_at" in data:
        yield from _ends_after_start(data)


def _ends_after_start(data: Data) -> Iterator[Problem]:
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
        _invoice_day(data, context, found)
    yield from found


def adjustment_posted(data: Data, context: Context) -> Iterator[Problem]:
    """Debits and credits add up to 0."""
    found: list[Problem] = []
    for i, leg in enumerate(data["postings"]):
        _amount(leg, "amount", f"data.postings[{i}].amount", context, found)
    amounts = context.amounts
    if not found and (rest := sum(amounts.written(leg["amount"]) for leg in data["postings"])):
        what = f"the legs add up to {money.text(rest, amounts.currency)} {amounts.currency}"
        found.append(Problem("data.postings", RULE, what, "debit +, credit −, together 0"))
    yield from found


CLAIM = one_of("bundle", "customer", "invoice", words="bundle, customer (one-off visits), invoice")
SHAPES: dict[str, Shape] = {
    "payment.received": one_of(
        "bundle",
        "session",
        "customer",
        "invoice",
        words="bundle, session (a one-off visit), customer (kept as credit), invoice",
    ),
    "session.completed": one_kind_of_session,
    "bundle.transferred": part_in_pairs,
    "bundle.upgraded": one_kind_of_upgrade,
    "deposit.applied": one_of("bundle", "session", words="bundle, session (a one-off visit)"),
    "receivable.written_off": CLAIM,
    "receivable.recovered": CLAIM,
    "receivable.vat_recovered": CLAIM,
    "credit.applied": credited,
}
CHECKS: dict[str, Check] = {
    **dict.fromkeys(
        (
            "payment.failed",
            "deposit.received",
            "chargeback.opened",
            "bundle.price_reduced",
            "receivable.written_off",
            "receivable.recovered",
            "receivable.vat_recovered",
            "credit.granted",
            "credit.applied",
            "provider.paid",
        ),
        above_zero,
    ),
    "bundle.sold": bundle_sold,
    "bundle.opened": bundle_opened,
    "bundle.upgraded": bundle_upgraded,
    "payment.received": payment_received,
    "payout.settled": payout_settled,
    "session.completed": session_completed,
    "refund.issued": refund_issued,
    "branch.settled": branch_settled,
    "provider.invoiced": provider_invoiced,
    "adjustment.posted": adjustment_posted,
}
# Checks that are needed only where these members are there.
NEEDED: dict[str, Members] = {
    "bundle.sold": frozenset({"discount", "instalments", "payers"}),
    "session.completed": frozenset({"ended_at", "surcharge"}),
    "refund.issued": frozenset({"accepted", "original_invoice"}),
}
