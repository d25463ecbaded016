"""How VAT and an agent's share come about: bases, cumulative shares of a document's VAT, commissions (events.md 4a)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from revrec.app.working import EARNED, FULL, NET, VAT, Case, Formula, both, fold, same
from revrec.core import units
from revrec.core.clauses import Words, percent
from revrec.core.journal import Role
from revrec.core.money import share
from revrec.core.policy import WHOLE

BASES = (
    *NET,
    Role.REVENUE_SINGLE,
    Role.FEE_INCOME,
    Role.REFUND_CONTRA,
    Role.CUSTOMER_CREDIT,
    Role.DUE_FROM_BRANCH,
    Role.DUE_TO_BRANCH,
)


def taxed(case: Case) -> Iterator[Formula]:
    """Base and VAT of a gross amount: of the whole document, or of a claim (events.md 4a, VAT)."""
    yield from _accrued(case)
    yield from _given_back(case)
    if not any(leg.role in VAT for leg in case.entry.postings) and not any(case.before(role) for role in VAT):
        return
    for rate in case.rates:
        for gross in _grosses(case):
            base = share(gross, FULL, FULL + rate)
            paid, of = case.money(gross, "with tax", "con impuesto"), _rate(rate)
            about = Words("base of a price with tax", "base de un precio con impuesto")
            yield from both(base, BASES, about, fold("round({} x 100 / (100 + {}))", paid, of))
            about = Words("VAT in a price with tax", "IVA de un precio con impuesto")
            yield from both(gross - base, VAT, about, fold("{0} - round({0} x 100 / (100 + {1}))", paid, of))


def _rate(rate: int) -> Words:
    """A rate in hundredths of a percent as people write it: 2100 is `21`."""
    plain = f"{Decimal(rate) / 100:f}"
    return same(plain.rstrip("0").rstrip(".") if "." in plain else plain)


def _grosses(case: Case) -> list[int]:
    """Amounts with tax that the entry may be about, each once: its document, its legs, what the fact names."""
    outside = (leg.amount for leg in case.entry.postings if leg.role not in (*BASES, *VAT))
    found = [abs(sum(outside)), abs(case.total(*BASES, *VAT)), *(abs(leg.amount) for leg in case.entry.postings)]
    named = (getattr(case.fact, name, None) for name in ("amount", "price", "fee"))
    found += [value for value in named if isinstance(value, int)]
    if (surcharge := getattr(case.fact, "surcharge", None)) is not None:
        found.append(surcharge.amount)
    if case.prior is not None:
        found.append(case.prior.terms.policy.refund_fee)
    return list(dict.fromkeys(found))


def _accrued(case: Case) -> Iterator[Formula]:
    """VAT that was pending and is payable now: its share of what is collected or delivered."""
    pending, moved = -case.before(Role.VAT_OUTPUT_PENDING), case.total(Role.VAT_OUTPUT_PENDING)
    about = Words("tax that was pending falls due", "impuesto pendiente que se devenga")
    if moved and case.total(Role.VAT_OUTPUT):
        yield from both(abs(moved), VAT, about, case.money(abs(moved)))
    open_claims, settled = case.before(Role.RECEIVABLE), -case.total(Role.RECEIVABLE)
    if pending > 0 and 0 < settled <= open_claims:
        figures = (
            case.money(pending, "tax pending", "impuesto pendiente"),
            case.money(settled, "settled", "saldado"),
            case.money(open_claims, "receivable", "a cobrar"),
        )
        yield from both(share(pending, settled, open_claims), VAT, about, fold("round({} x {} / {})", *figures))


def _given_back(case: Case) -> Iterator[Formula]:
    """The cumulative share of a document's VAT that goes back or comes again, newest payment first (LIVA 80.Dos, 89)."""
    before = {receipt.ref: receipt for receipt in getattr(getattr(case.prior, "position", None), "receipts", ())}
    total, terms = 0, []
    for now in getattr(getattr(case.after, "position", None), "receipts", ()):
        was = before.get(now.ref)
        if was is None or was.back == now.back or not now.gross:
            continue
        vat, gross = case.money(now.vat, "VAT", "IVA"), case.money(now.gross, "document", "documento")
        back, old = case.money(now.back, "given back", "devuelto"), case.money(was.back, "before", "antes")
        total += share(now.vat, now.back, now.gross) - share(now.vat, was.back, now.gross)
        terms.append(fold("round({0} x {2} / {1}) - round({0} x {3} / {1})", vat, gross, back, old))
    if total > 0:
        about = Words("share of the VAT of its documents", "parte del IVA de sus documentos")
        yield from both(total, VAT, about, Words(" + ".join(t.en for t in terms), " + ".join(t.es for t in terms)))


def agent(case: Case) -> Iterator[Formula]:
    """The commission, the tax on it, and what is the provider's (events.md 4a, Agent)."""
    bundle = case.after
    if bundle is None or bundle.terms.policy.principal:
        return
    yield from _commission(case, bundle.terms.policy.commission_rate)
    if not bundle.units:
        return
    client = -sum(case.before(role) + case.total(role) for role in (Role.CLIENT_MONEY, Role.PROVIDER_PAYABLE))
    used, count = same(units.text(bundle.used)), same(units.text(bundle.units))
    passed = -case.before(Role.PROVIDER_PAYABLE)
    roles = (Role.CLIENT_MONEY, Role.PROVIDER_PAYABLE)
    about = Words("the provider's share of the units used", "la parte del profesional por las unidades usadas")
    before = case.money(passed, "passed on before", "entregado antes")
    how = fold("round({} x {} / {}) - {}", case.money(client, "client money", "dinero del profesional"), used, count, before)
    yield from both(share(client, bundle.used, bundle.units) - passed, roles, about, how)
    about = Words("the commission on the units used", "la comisión de las unidades usadas")
    before = case.money(case.earned, "earned before", "devengado antes")
    how = fold("round({} x {} / {}) - {}", case.money(case.net, "commission", "comisión"), used, count, before)
    yield from both(share(max(case.net, 0), bundle.used, bundle.units) - case.earned, NET, about, how)


def _commission(case: Case, rate: int) -> Iterator[Formula]:
    for gross in _grosses(case):
        commission = share(gross, rate, WHOLE)
        about = Words("the commission of the practice", "la comisión del centro")
        of = same(percent(rate).en.removesuffix(" %"))
        how = fold("round({} x {} / 100)", case.money(gross, "with tax", "con impuesto"), of)
        yield from both(commission, (*EARNED, Role.CONTRACT_LIABILITY), about, how)
        vat = abs(case.total(*VAT))
        how = fold("{} - {}", case.money(gross, "with tax", "con impuesto"), case.money(commission, "commission", "comisión"))
        if vat:
            how = fold("{} - {}", how, case.money(vat, "VAT on it", "su IVA"))
        about = Words("the provider's money", "el dinero del profesional")
        yield from both(gross - commission - vat, (Role.CLIENT_MONEY,), about, how)
        for tax in case.rates:
            about = Words("VAT on the commission", "IVA de la comisión")
            base = case.money(commission, "commission", "comisión")
            yield from both(share(commission, tax, FULL), VAT, about, fold("round({} x {} / 100)", base, _rate(tax)))
