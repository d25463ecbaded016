"""How each leg of a posted entry comes about: an amount in numbers that anybody can add up again.

A leg is explained by the first formula of its rule's family whose result IS the posted amount; a mirror by what it
mirrors; what no formula reaches is the rest of its entry. So a formula that is shown is always right to the cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from revrec.app.formulas_tax import agent, taxed
from revrec.app.working import CLAIMS, EARNED, VAT, Case, Formula, both, fold, same
from revrec.core import units
from revrec.core.bundle import Bundle
from revrec.core.clauses import Words, percent
from revrec.core.currency import converted
from revrec.core.dates import DAY
from revrec.core.events import SessionCompleted
from revrec.core.journal import MONEY_ROLES, Posting, Role
from revrec.core.money import share, text
from revrec.core.policy import WHOLE
from revrec.core.units import UNIT, Unit


def explained(case: Case) -> Iterator[tuple[Posting, Formula]]:
    """Each leg of the entry with the formula of its amount."""
    found = tuple(_candidates(case))
    for leg in case.entry.postings:
        match = next((f for f in found if f.amount == leg.amount and leg.role in f.roles), None)
        yield leg, match or _passed_on(case, leg) or _rest(case, leg)


def _candidates(case: Case) -> Iterator[Formula]:
    yield from _mirror(case)
    if (family := _FAMILIES.get(case.entry.rule) or _FAMILIES.get(case.entry.rule.partition(".")[0])) is not None:
        yield from family(case)
    yield from _stated(case)
    yield from agent(case)
    yield from taxed(case)
    yield from _emptied(case)


# what undoes another entry


def _mirror(case: Case) -> Iterator[Formula]:
    if case.original is None:
        return
    about = Words(f"mirror of E-{case.original.number}", f"reflejo de E-{case.original.number}")
    for leg in case.original.postings:
        yield Formula((leg.role,), -leg.amount, about, case.money(abs(leg.amount)))


def _passed_on(case: Case, leg: Posting) -> Formula | None:
    """A leg whose opposite stands on the same role: it moves from one bundle, customer or branch to another."""
    other = leg._replace(amount=-leg.amount)
    if not any((each.role, each.amount) == (other.role, other.amount) for each in case.entry.postings):
        return None
    about = Words("passes from one to the other", "pasa de uno a otro")
    return Formula((leg.role,), leg.amount, about, case.money(abs(leg.amount)))


def _rest(case: Case, leg: Posting) -> Formula:
    """The leg that makes the entry balance."""
    others = [each for each in case.entry.postings if each is not leg]
    sign = -1 if leg.amount > 0 else 1
    parts = "".join(
        f" {'-' if sign * each.amount < 0 else '+'} {text(abs(each.amount), case.currency)} {_name(each.role)}" for each in others
    )
    about = Words("what the other amounts leave", "lo que dejan los demás importes")
    return Formula((leg.role,), leg.amount, about, same(parts.removeprefix(" + ").strip() or "0"), rest=True)


def _name(role: Role) -> str:
    return role.value.replace("-", "_")


# what the fact itself says

_STATED = {
    "amount": Words("the amount of the event", "el importe del evento"),
    "gross": Words("the gross amount of the event", "el importe bruto del evento"),
    "fee": Words("the fee of the event", "el cargo del evento"),
    "price": Words("the price of the event", "el precio del evento"),
    "withheld": Words("the tax that the payer kept back", "la retención del pagador"),
    "tip": Words("the tip", "la propina"),
    "cost": Words("the cost of the session", "el coste de la sesión"),
    "tax_amount": Words("the tax of the invoice", "la cuota de la factura"),
    "withholding": Words("the tax kept back", "la retención"),
    "deferred": Words("the value brought in", "el valor incorporado"),
    "tax_paid": Words("the tax paid before", "el impuesto pagado antes"),
}


def _stated(case: Case) -> Iterator[Formula]:
    every = tuple(Role)
    for name, about in _STATED.items():
        value = getattr(case.fact, name, 0)
        if isinstance(value, int) and value:
            yield from both(value, every, about, case.money(value))
    yield from _sums(case)
    for each in getattr(case.fact, "postings", ()):
        about = Words("as its approver says", "como dice quien lo aprueba")
        yield Formula((Role(each.role),), each.amount, about, case.money(abs(each.amount)))
    for each in getattr(case.fact, "instalments", ()):
        about = Words(f"the instalment due on {each.due_on}", f"el plazo que vence el {each.due_on}")
        yield from both(each.amount, every, about, case.money(each.amount))


# Amounts of one fact that belong together: (the legs, what the sum is, added, taken off).
_SUMS = (
    (tuple(MONEY_ROLES), Words("what arrives", "lo que llega"), ("gross",), ("fee",)),
    (tuple(MONEY_ROLES), Words("what leaves, fee included", "lo que sale, comisión incluida"), ("amount", "fee"), ()),
    ((Role.PROVIDER_PAYABLE,), Words("payable to the provider", "a pagar"), ("amount", "tax_amount"), ("withholding",)),
    ((Role.PROVIDER_COST,), Words("cost with its tax", "coste con su impuesto"), ("amount", "tax_amount"), ()),
    ((Role.OPENING,), Words("brought in with its tax", "incorporado con su impuesto"), ("deferred", "tax_paid"), ()),
)


def _sums(case: Case) -> Iterator[Formula]:
    for roles, about, added, taken in _SUMS:
        plus, minus = ([getattr(case.fact, name, 0) or 0 for name in names] for names in (added, taken))
        if len([value for value in (*plus, *minus) if value]) > 1:
            signed = [f"+ {text(value, case.currency)}" for value in plus] + [
                f"- {text(value, case.currency)}" for value in minus
            ]
            yield from both(sum(plus) - sum(minus), roles, about, same(" ".join(signed).removeprefix("+ ")))


def _emptied(case: Case) -> Iterator[Formula]:
    """All that stood on a role for the bundle."""
    for (_, role), balance in case.balances.items():
        if balance:
            about = Words(f"all that stood on {role.value}", f"todo lo que había en {role.value}")
            yield from both(abs(balance), (role,), about, case.money(abs(balance)))


# sessions


def _session(case: Case) -> Iterator[Formula]:
    yield from _single(case)
    yield from _fees(case)
    bundle = case.after
    if bundle is None or not bundle.units:
        return
    earned = -case.total(*EARNED)
    yield from _cumulative(case, bundle)
    held = max(-case.before(Role.CONTRACT_LIABILITY), 0)
    worth = case.money(earned, "earned", "devengado")
    about = Words("as far as it was prepaid", "hasta donde estaba cobrado por adelantado")
    how = fold("min({}, {})", worth, case.money(held, "contract liability", "anticipo"))
    yield Formula((Role.CONTRACT_LIABILITY,), min(earned, held), about, how)
    about = Words("delivered beyond the money paid", "prestado por encima de lo cobrado")
    how = fold("{} - {}", worth, case.money(min(earned, held), "prepaid", "cobrado"))
    yield Formula(CLAIMS, earned - min(earned, held), about, how)
    yield from _gross(case, bundle, held)
    between = Words("delivered at another branch: its revenue", "prestado en otro centro: su ingreso")
    yield from both(earned, (Role.DUE_TO_BRANCH, Role.DUE_FROM_BRANCH), between, worth)


def _gross(case: Case, bundle: Bundle, held: int) -> Iterator[Formula]:
    """What was delivered with its tax, as far as it was prepaid and beyond (multi-purpose vouchers, unpaid use)."""
    if case.prior is None:
        return
    used, before = same(units.text(bundle.used)), same(units.text(case.prior.used))
    price, count = case.money(bundle.price, "price", "precio"), same(units.text(bundle.units))
    value = share(bundle.price, bundle.used, bundle.units) - share(bundle.price, case.prior.used, bundle.units)
    worth = fold("(round({0} x {1} / {3}) - round({0} x {2} / {3}))", price, used, before, count)
    about = Words("value with tax, as far as it was prepaid", "valor con impuesto, hasta donde estaba cobrado")
    how = fold("min({}, {})", worth, case.money(held, "contract liability", "anticipo"))
    yield Formula((Role.CONTRACT_LIABILITY,), min(value, held), about, how)
    about = Words("value with tax, beyond the money paid", "valor con impuesto, por encima de lo cobrado")
    yield Formula(
        CLAIMS, value - min(value, held), about, fold("{} - {}", worth, case.money(min(value, held), "prepaid", "cobrado"))
    )


def _cumulative(case: Case, bundle: Bundle) -> Iterator[Formula]:
    """The cumulative share of the price, rounded once, less what was earned before (accounting.md 1.4)."""
    used, count = same(units.text(bundle.used)), same(units.text(bundle.units))
    about = Words(
        f"share of the price, {used.en} of {count.en} units used", f"parte del precio, {used.es} de {count.es} unidades usadas"
    )
    before = case.money(case.earned, "earned before", "devengado antes")
    price = case.money(bundle.price, "price", "precio")
    value = share(bundle.price, bundle.used, bundle.units)
    yield Formula(EARNED, case.earned - value, about, fold("round({} x {} / {}) - {}", price, used, count, before))
    value = bundle.value(bundle.used)
    layered = case.money(value, "value of the units used", "valor de las unidades usadas")
    yield Formula(EARNED, case.earned - value, about, fold("{} - {}", layered, before))
    yield from _cumulative_net(case, bundle, about)


def _cumulative_net(case: Case, bundle: Bundle, about: Words) -> Iterator[Formula]:
    """The same of a price with tax: the share of what is billed, without its VAT."""
    net = case.net
    vat = _vat_of(case, bundle)
    billed = net + vat
    if not vat or billed <= 0:
        return
    worth = bundle.value(bundle.used)
    figures = (
        case.money(net, "billed without tax", "facturado sin impuesto"),
        case.money(worth, "value used", "valor usado"),
        case.money(billed, "billed", "facturado"),
        case.money(case.earned, "earned before", "devengado antes"),
        same(units.text(bundle.used)),
        same(units.text(bundle.units)),
        case.money(bundle.price, "price", "precio"),
    )
    exact = share(net * bundle.price, bundle.used, bundle.units * billed)
    if billed == bundle.price:
        exact = share(net, bundle.used, bundle.units)
        yield Formula(EARNED, case.earned - exact, about, fold("round({0} x {4} / {5}) - {3}", *figures))
    yield Formula(EARNED, case.earned - exact, about, fold("round({0} x {6} x {4} / ({5} x {2})) - {3}", *figures))
    value = share(net, worth, billed)
    yield Formula(EARNED, case.earned - value, about, fold("round({0} x {1} / {2}) - {3}", *figures))


def _vat_of(case: Case, bundle: Bundle) -> int:
    """The VAT of what is billed: as it is posted, or as it was paid before these books began."""
    return -sum(case.before(role) for role in VAT) - case.total(*VAT) or bundle.position.vat


def _single(case: Case) -> Iterator[Formula]:
    """Units beyond the bundle at list price, and surcharges."""
    if (surcharge := getattr(case.fact, "surcharge", None)) is not None:
        about = Words("the surcharge of the session", "el suplemento de la sesión")
        yield from both(surcharge.amount, (Role.RECEIVABLE, Role.REVENUE_SINGLE), about, case.money(surcharge.amount))
    bundle, prior = case.after, case.prior
    if bundle is None or prior is None:
        return
    excess = _asked(case, bundle) - (bundle.used - prior.used)
    if excess > 0:
        charged = share(bundle.list_price, excess, UNIT)
        about = Words("units beyond the bundle, at list price", "unidades por encima del bono, a precio suelto")
        price = case.money(bundle.list_price, "list price", "precio suelto")
        how = fold("round({} x {})", price, same(units.text(excess)))
        yield from both(charged, (Role.RECEIVABLE, Role.REVENUE_SINGLE), about, how)


def _asked(case: Case, bundle: Bundle) -> int:
    """The quanta that the session asks for, time rounded up to the policy's step."""
    fact, unit, step = case.fact, bundle.terms.package.unit, bundle.terms.policy.rounding_minutes
    if not isinstance(fact, SessionCompleted):
        return UNIT
    if fact.quantity is None and fact.started_at and fact.ended_at and unit in (Unit.HOUR, Unit.MINUTE):
        seconds = int((fact.ended_at - fact.started_at).total_seconds())
        return units.round_up(units.minutes(unit, -(-seconds // 60)), unit, step)
    return units.round_up(UNIT if fact.quantity is None else fact.quantity, unit, step)


def _fees(case: Case) -> Iterator[Formula]:
    """What the policy charges for a missed session."""
    if case.after is None:
        return
    policy = case.after.terms.policy
    about = Words("the fee of the policy", "el cargo de la política")
    for fee in dict.fromkeys((policy.no_show_fee, policy.late_cancellation_fee)):
        if fee:
            yield from both(fee, (Role.RECEIVABLE, Role.FEE_INCOME), about, case.money(fee))


# money


def _payment(case: Case) -> Iterator[Formula]:
    """Claims first, then the price, then credit of the customer (events.md 4a, Money due)."""
    amount = getattr(case.fact, "amount", 0) + getattr(case.fact, "withheld", 0) - getattr(case.fact, "tip", 0)
    amount = amount or case.total(Role.CUSTOMER_DEPOSIT)
    received = case.money(amount, "received", "cobrado")
    open_claim = max(case.before(Role.RECEIVABLE), 0)
    settled = min(amount, open_claim)
    about = Words("settles what was receivable", "salda lo que se debía")
    yield Formula(
        (Role.RECEIVABLE,), -settled, about, fold("min({}, {})", received, case.money(open_claim, "receivable", "a cobrar"))
    )
    asset = max(case.before(Role.CONTRACT_ASSET), 0)
    left = amount - settled
    about = Words("settles what was delivered and not yet due", "salda lo prestado y aún no exigible")
    after_claims = fold("{} - {}", received, case.money(settled, "receivable", "a cobrar")) if settled else received
    how = fold("min({}, {})", after_claims, case.money(asset, "contract asset", "activo del contrato"))
    yield Formula((Role.CONTRACT_ASSET,), -min(left, asset), about, how)
    claims = -case.total(*CLAIMS)
    yield from _tip(case)
    if case.prior is not None:
        yield from _price(case, received, amount, claims)
        yield from _expected(case, case.prior.terms.policy.refund_expected)
        yield from _exchanged(case, case.prior, received, amount, claims)


def _exchanged(case: Case, bundle: Bundle, received: Words, amount: int, claims: int) -> Iterator[Formula]:
    """Money of another currency: claims take their share at the rate of the sale, the price what is left (IFRIC 22.8-9)."""
    paid, price = getattr(case.fact, "foreign", None), bundle.plan.foreign
    if paid is None or price is None or not claims:
        return
    counted = converted(paid.amount, paid.currency, case.currency, price.rate)
    claim, worth = case.money(claims, "claims", "deuda"), case.money(counted, "at the rate of the sale", "al cambio de la venta")
    settled = share(amount, claims, counted)
    theirs = fold("round({} x {} / {})", received, claim, worth)
    about = Words("claims settled at another rate", "deuda saldada a otro cambio")
    yield from both(claims - settled, (Role.FX_LOSS, Role.FX_GAIN), about, fold("{} - {}", claim, theirs))
    about = Words("what is left counts towards the price", "el resto va a cuenta del precio")
    yield Formula((Role.CONTRACT_LIABILITY,), settled - amount, about, fold("{} - {}", received, theirs))


def _tip(case: Case) -> Iterator[Formula]:
    """The part of the money that is the staff's: no revenue, no VAT."""
    if tip := getattr(case.fact, "tip", 0):
        yield Formula((Role.PROVIDER_PAYABLE,), -tip, _STATED["tip"], case.money(tip))


def _expected(case: Case, expected: int) -> Iterator[Formula]:
    """What of the money is expected to be refunded (IFRS 15.55), and what remains a contract liability."""
    net = -case.total(Role.CONTRACT_LIABILITY, Role.REFUND_LIABILITY, *EARNED)
    if not expected or net <= 0:
        return
    held, part = share(net, expected, WHOLE), same(percent(expected).en.removesuffix(" %"))
    price = case.money(net, "towards the price", "a cuenta del precio")
    about = Words("expected to be refunded", "se espera devolver")
    yield Formula((Role.REFUND_LIABILITY,), -held, about, fold("round({} x {} / 100)", price, part))
    about = Words("not expected to be refunded", "no se espera devolver")
    how = fold("{} - {}", price, case.money(held, "refund liability", "pasivo por reembolso"))
    yield Formula((Role.CONTRACT_LIABILITY, *EARNED), held - net, about, how)


def _price(case: Case, received: Words, amount: int, claims: int) -> Iterator[Formula]:
    """What counts towards the price, and what exceeds it."""
    assert case.prior is not None
    paid = case.prior.position.paid
    room = max(case.prior.price - paid - claims, 0)
    prepaid = min(amount - claims, room)
    price = fold("{} - {}", case.money(case.prior.price, "price", "precio"), case.money(paid, "paid before", "pagado antes"))
    rest = fold("{} - {}", received, case.money(claims, "claims settled", "deuda saldada")) if claims else received
    room_words = fold("{} - {}", price, case.money(claims, "claims settled", "deuda saldada")) if claims else price
    about = Words("counts towards the price", "a cuenta del precio")
    roles = (Role.CONTRACT_LIABILITY, *EARNED)
    yield Formula(roles, -prepaid, about, rest if prepaid == amount - claims else room_words)
    about = Words("exceeds what is owed", "excede de lo debido")
    how = fold("{} - {}", rest, case.money(prepaid, "towards the price", "a cuenta del precio")) if prepaid else rest
    yield Formula((Role.CUSTOMER_CREDIT,), -(amount - claims - prepaid), about, how)


def _returned(case: Case) -> Iterator[Formula]:
    """A payment comes back: out of what it still stands for, the rest is claimed again (events.md 4, payment.reversed)."""
    if case.original is None or case.prior is None:
        return
    legs = case.original.postings
    price = -sum(leg.amount for leg in legs if leg.role in (Role.CONTRACT_LIABILITY, *EARNED, *CLAIMS))
    paid = case.money(price, "of the payment", "del cobro")
    held = max(-case.before(Role.CONTRACT_LIABILITY), 0)
    liability = fold("min({}, {})", paid, case.money(held, "contract liability", "anticipo"))
    earned = -sum(case.before(role) for role in EARNED)
    kept = max(case.prior.position.paid - price, case.prior.value(case.prior.used))
    over = fold("{} - {}", case.money(earned, "earned", "devengado"), case.money(kept, "paid or used", "pagado o usado"))
    revenue = fold("min({}, max({}, 0))", paid, over)
    for role, back, how in (
        (Role.CONTRACT_LIABILITY, min(price, held), liability),
        (Role.REVENUE_PACKAGE, min(price, max(earned - kept, 0)), revenue),
    ):
        yield Formula((role,), back, Words("as far as it still stands there", "hasta donde sigue ahí"), how)
        about = Words("delivered and not paid after all", "prestado y al final no pagado")
        taken = case.money(back, "taken back", "retirado")
        yield Formula(CLAIMS, price - back, about, fold("{} - {}", paid, taken))


def _refund(case: Case) -> Iterator[Formula]:
    """Money paid less the value used less the fee; out of the liability, what exceeds it lowers revenue (events.md 4a)."""
    bundle = case.prior
    if bundle is None:
        return
    out = (*MONEY_ROLES, Role.REFUNDS_PAYABLE)
    liability = -case.before(Role.CONTRACT_LIABILITY)
    yield from both(abs(case.before(Role.REFUNDS_PAYABLE)), out, *_payable(case))
    yield from _quotes(case, bundle, out, liability)
    paid_out, freed = -case.total(*out), case.total(Role.CONTRACT_LIABILITY)
    refunded, released = case.money(paid_out, "refunded", "reembolsado"), case.money(freed, "liability", "anticipo")
    about = Words("refunded beyond the contract liability", "reembolsado por encima del anticipo")
    yield Formula((Role.REFUND_CONTRA,), paid_out - freed, about, fold("{} - {}", refunded, released))
    fee = min(bundle.terms.policy.refund_fee, max(freed - paid_out, 0))
    about = Words("the fee of the policy, out of what is left", "el cargo de la política, de lo que queda")
    charged = case.money(bundle.terms.policy.refund_fee, "fee", "cargo")
    yield Formula((Role.FEE_INCOME,), -fee, about, fold("min({}, {} - {})", charged, released, refunded))
    yield Formula((Role.FEE_INCOME,), -bundle.terms.policy.refund_fee, about, charged)
    kept = -case.total(Role.FEE_INCOME)
    used = share(bundle.list_price, bundle.used, UNIT)
    single = fold("{} x {}", case.money(bundle.list_price, "list price", "precio suelto"), same(units.text(bundle.used)))
    how = fold("round({}) - {}", single, case.money(case.earned, "earned before", "devengado antes"))
    about = Words("used units brought to list price", "unidades usadas llevadas a precio suelto")
    yield Formula(EARNED, case.earned - used, about, how)
    about = Words("kept and not used: breakage", "retenido y no usado: derechos no ejercidos")
    how = fold("{} - {}", released, refunded)
    yield Formula((Role.BREAKAGE,), -(freed - paid_out), about, how)
    how = fold("{} - {} - {}", released, refunded, case.money(kept, "fee", "cargo"))
    yield Formula((Role.BREAKAGE,), -(freed - paid_out - kept), about, how)


def _payable(case: Case) -> tuple[Words, Words]:
    stood = abs(case.before(Role.REFUNDS_PAYABLE))
    return Words("the refund that was payable", "el reembolso pendiente"), case.money(stood)


def _quotes(case: Case, bundle: Bundle, out: tuple[Role, ...], liability: int) -> Iterator[Formula]:
    """The quote of the day, by the price of the bundle or at list price; of all that is left or of part of it."""
    policy, paid = bundle.terms.policy, bundle.position.paid
    fee = case.money(policy.refund_fee, "fee", "cargo")
    money = case.money(paid, "paid", "pagado")
    asked = getattr(case.fact, "units", None)
    about = Words("the quote of the day", "el reembolso que corresponde ese día")
    used, count = same(units.text(bundle.used)), same(units.text(bundle.units))
    contract = bundle.value(bundle.used)
    spent = fold("round({} x {} / {})", case.money(bundle.price, "price", "precio"), used, count)
    listed = share(bundle.list_price, bundle.used, UNIT)
    single = fold("round({} x {})", case.money(bundle.list_price, "list price", "precio suelto"), used)
    earned = case.money(case.earned, "earned before", "devengado antes")
    for value, words in ((contract, spent), (listed, single), (case.earned, earned)):
        whole = max(paid - value, 0)
        how = fold("max({} - {}, 0)", money, words)
        if policy.refund_fee:
            yield Formula(out, -(whole - policy.refund_fee), about, fold("{} - {}", how, fee))
        yield Formula((*out, Role.CONTRACT_LIABILITY), -whole, about, how)
        if asked and bundle.left:
            moved, rest = bundle.price - bundle.value(bundle.units - asked), bundle.price - value
            part = Words(f"{text(moved, case.currency)} of their price", f"{text(moved, case.currency)} de su precio")
            left = case.money(rest, "price left", "precio que queda")
            if rest > 0:
                yield from _part(case, out, about, fold("round({} x {} / {})", how, part, left), share(whole, moved, rest))
    if asked and bundle.left:
        moved, rest = bundle.price - bundle.value(bundle.units - asked), bundle.price - case.earned
        if rest > 0 and liability > 0:
            about = Words("the share of the units in the liability", "la parte de las unidades en el anticipo")
            stood = case.money(liability, "liability", "anticipo")
            part, left = case.money(moved, "their price", "su precio"), case.money(rest, "price left", "precio que queda")
            how = fold("round({} x {} / {})", stood, part, left)
            yield Formula((Role.CONTRACT_LIABILITY,), share(liability, moved, rest), about, how)


def _part(case: Case, out: tuple[Role, ...], about: Words, how: Words, amount: int) -> Iterator[Formula]:
    assert case.prior is not None
    fee = case.prior.terms.policy.refund_fee
    yield Formula(out, -amount, about, how)
    yield Formula(out, -(amount - fee), about, fold("{} - {}", how, case.money(fee, "fee", "cargo")))


def _payout(case: Case) -> Iterator[Formula]:
    """Money of another currency leaves at what the account carried it for; the difference is realised (IAS 21.28)."""
    carried, worth = -case.total(*MONEY_ROLES) + case.total(Role.BANK), getattr(case.fact, "gross", 0)
    about = Words("carried at another rate than it was exchanged", "contabilizado a otro cambio")
    how = fold("{} - {}", case.money(carried, "carried", "en libros"), case.money(worth, "gross", "bruto"))
    yield from both(carried - worth, (Role.FX_LOSS, Role.FX_GAIN), about, how)


# the calendar and transfers


def _release(case: Case) -> Iterator[Formula]:
    """What is left of the price, or what comes back of it."""
    roles = (Role.CONTRACT_LIABILITY, Role.BREAKAGE, Role.COMMISSION_INCOME, Role.CLIENT_MONEY, Role.REFUND_LIABILITY)
    left = case.before(Role.CONTRACT_LIABILITY)
    about = Words("what is left of the price", "lo que queda del precio")
    if case.entry.rule != "breakage.expiry" and left > 0:
        about = Words("what was taken beyond the contract liability", "lo tomado por encima del anticipo")
    yield from both(abs(left), roles, about, case.money(abs(left)))
    yield from _in_proportion(case)
    if case.entry.rule == "refund-window.released":
        held = abs(case.before(Role.REFUND_LIABILITY))
        yield from both(held, roles, Words("what was held for refunds", "lo reservado para reembolsos"), case.money(held))
    released = -case.before(Role.BREAKAGE)
    about = Words("what had been released", "lo que se había liberado")
    yield from both(abs(released), roles, about, case.money(abs(released)))


def _in_proportion(case: Case) -> Iterator[Formula]:
    """Breakage in proportion to use, on the share that is expected to be used (IFRS 15.B46; accounting.md 1.3)."""
    bundle = case.after
    if bundle is None or not bundle.units:
        return
    expected: int = getattr(bundle, "estimate", bundle.terms.policy.expected_used)
    booked = -case.before(Role.BREAKAGE)
    if expected:
        figures = (
            case.money(case.net, "price", "precio"),
            same(units.text(bundle.used)),
            same(units.text(bundle.units)),
            same(percent(expected).en.removesuffix(" %")),
            case.money(case.earned, "earned", "devengado"),
            case.money(booked, "breakage before", "no ejercidos antes"),
        )
        about = Words(
            f"in proportion to use, {percent(expected).en} expected to be used",
            f"en proporción al uso, se espera usar el {percent(expected).es}",
        )
        amount = share(max(case.net, 0) * bundle.used, WHOLE, bundle.units * expected) - case.earned - booked
        how = fold("round({} x {} / ({} x {} / 100)) - {} - {}", *figures)
        yield from both(amount, (Role.BREAKAGE, Role.CONTRACT_LIABILITY), about, how)
        billed = case.net + _vat_of(case, bundle)
        if 0 < billed != bundle.price:
            whole = (case.money(bundle.price, "price", "precio"), case.money(billed, "billed", "facturado"))
            total = share(max(case.net, 0) * bundle.price * bundle.used, WHOLE, bundle.units * billed * expected)
            how = fold("round({0} x {6} x {1} / ({2} x {7} x {3} / 100)) - {4} - {5}", *figures, *whole)
            yield from both(total - case.earned - booked, (Role.BREAKAGE, Role.CONTRACT_LIABILITY), about, how)


def _reclassified(case: Case) -> Iterator[Formula]:
    """A fact recorded late: until the fact that it was booked on, the amount stands on the other side (IFRS 15.105)."""
    for role in (Role.CONTRACT_LIABILITY, *CLAIMS):
        balance = case.on_day.get(role, 0)
        name = role.value
        about = Words(f"{name} would stand there on that day, and may not", f"ese día {name} quedaría así, y no puede")
        yield from both(abs(balance), (Role.CONTRACT_LIABILITY, *CLAIMS), about, case.money(abs(balance)))


def _straight_line(case: Case) -> Iterator[Formula]:
    """The days elapsed of all days, both ends counted, cumulative (events.md 4a, Straight line)."""
    bundle = case.after
    if bundle is None or bundle.expires_on is None:
        return
    plan = getattr(bundle, "plan", None)
    first, base = getattr(plan, "line_from", None) or bundle.sold_on, getattr(plan, "line_base", 0)
    last, day = bundle.expires_on, case.entry.effective or case.entry.date
    elapsed, every = max((min(day, last) - first + DAY).days, 0), (last - first + DAY).days
    if every <= 0:
        return
    about = Words(f"{elapsed} of {every} days have passed", f"han pasado {elapsed} de {every} días")
    net = case.net
    before = case.money(case.earned, "earned before", "devengado antes")
    for total, en, es in ((bundle.price, "price", "precio"), (net, "without tax", "sin impuesto")):
        how = fold("round({} x {} / {}) - {}", case.money(total, en, es), same(str(elapsed)), same(str(every)), before)
        yield from both(share(total, elapsed, every) - case.earned, _LINE, about, how)
    rest = fold("({} - {})", case.money(bundle.price, "price", "precio"), case.money(base, "accrued before", "devengado antes"))
    how = fold("round({} x {} / {})", rest, same(str(elapsed)), same(str(every)))
    done = share(bundle.price - base, elapsed, every)
    how = fold("{} + {} - {}", case.money(base, "accrued before", "devengado antes"), how, before)
    yield from both(base + done - case.earned, _LINE, about, how)
    if 0 < net != bundle.price:
        gross = share(bundle.price, elapsed, every)
        figures = (case.money(net, "without tax", "sin impuesto"), case.money(bundle.price, "price", "precio"), before)
        how = fold("round({0} x round({1} x {3} / {4}) / {1}) - {2}", *figures, same(str(elapsed)), same(str(every)))
        yield from both(share(net, gross, bundle.price) - case.earned, _LINE, about, how)


_LINE = (*EARNED, Role.CONTRACT_LIABILITY, Role.RECEIVABLE, Role.CONTRACT_ASSET)


def _transfer(case: Case) -> Iterator[Formula]:
    """The liability follows the holder, or the units by their price."""
    stood, bundle, asked = -case.before(Role.CONTRACT_LIABILITY), case.prior, getattr(case.fact, "units", None)
    if asked and bundle is not None:
        moved, rest = bundle.price - bundle.value(bundle.units - asked), bundle.price - case.earned
        if rest > 0:
            about = Words("the share of the units in the liability", "la parte de las unidades en el anticipo")
            part, left = case.money(moved, "their price", "su precio"), case.money(rest, "price left", "precio que queda")
            how = fold("round({} x {} / {})", case.money(stood, "liability", "anticipo"), part, left)
            yield from both(share(stood, moved, rest), (Role.CONTRACT_LIABILITY,), about, how)
    for role in (Role.CONTRACT_LIABILITY, *CLAIMS):
        balance = case.before(role)
        about = Words("all of it passes to the new holder", "todo pasa al nuevo titular")
        yield from both(abs(balance), (role,), about, case.money(abs(balance)))


_FAMILIES: dict[str, Callable[[Case], Iterator[Formula]]] = {
    "session": _session,
    "payment": _payment,
    "deposit": _payment,
    "payment.reversed": _returned,
    "payout": _payout,
    "refund": _refund,
    "breakage": _release,
    "contract": _reclassified,
    "refund-window": _release,
    "accrual": _straight_line,
    "transfer": _transfer,
    "fee": _fees,
}
