"""A policy in plain sentences, Spanish and English: at most two a rule, made from the pinned values and nothing else.

Two different policies never give the same text, so the digest of the text names the rules as well as the words.
The wording belongs to its `EDITION`: a sentence that changes needs a new letter, because its digest is pinned at sale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from revrec.core import units
from revrec.core.money import text as decimal
from revrec.core.policy import (
    OUTSIDE,
    WHOLE,
    Bonus,
    Breakage,
    Charge,
    ExpiryFrom,
    ExpiryKind,
    Invoicing,
    Modification,
    Obligation,
    Overage,
    Owner,
    Package,
    Policy,
    Recognition,
    Refund,
    RefundBasis,
    Sharing,
    Tax,
    Transfer,
    UnpaidUse,
)

EDITION = "A"
LANGUAGES = ("es", "en")


class Words(NamedTuple):
    """The same in English and in Spanish."""

    en: str
    es: str

    def then(self, other: Words) -> Words:
        """One after the other."""
        return Words(self.en + other.en, self.es + other.es)

    def in_language(self, language: str) -> str:
        """The words of a language, `es` or `en`."""
        return self.es if language == "es" else self.en


class Clause(NamedTuple):
    """One rule of a policy in words; `keys` are the policy keys that it says, `staff` whether only staff needs it."""

    rule: str
    keys: tuple[str, ...]
    staff: bool
    words: Words

    @property
    def title(self) -> Words:
        """What the rule is about, in a word or two; no part of the text that is pinned."""
        return _TITLES.get(self.rule, Words(self.rule, self.rule))


NOTHING = Words("", "")


def amount(minor: int, currency: str) -> Words:
    """An amount as each language writes it: `20.00 EUR`, `20,00 EUR`."""
    plain = f"{decimal(minor, currency)} {currency}"
    return Words(plain, plain.replace(".", ","))


def percent(millionths: int) -> Words:
    """A share as each language writes it: 900000 is `90 %`, 125000 is `12.5 %`."""
    whole, rest = divmod(millionths, WHOLE // 100)
    plain = f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + " %"
    return Words(plain, plain.replace(".", ","))


def _many(number: int, en: tuple[str, str], es: tuple[str, str]) -> Words:
    place = 0 if number == 1 else 1
    return Words(f"{number} {en[place]}", f"{number} {es[place]}")


def _months(number: int) -> Words:
    return _many(number, ("month", "months"), ("mes", "meses"))


def _days(number: int) -> Words:
    return _many(number, ("day", "days"), ("día", "días"))


def _time(minutes: int) -> Words:
    hours, rest = divmod(minutes, 60)
    whole = _many(hours, ("hour", "hours"), ("hora", "horas"))
    part = _many(rest, ("minute", "minutes"), ("minuto", "minutos"))
    if not rest:
        return whole
    return whole.then(Words(" and ", " y ")).then(part) if hours else part


_FROM = {
    ExpiryFrom.SALE: Words("the sale", "la venta"),
    ExpiryFrom.FIRST_USE: Words("the first use", "el primer uso"),
    ExpiryFrom.PAYMENT: Words("the first payment", "el primer pago"),
}


def _expiry(policy: Policy, currency: str) -> Words:
    start, late, grace = _FROM[policy.expiry_from], NOTHING, NOTHING
    if policy.latest_start_months:
        limit = _months(policy.latest_start_months)
        late = Words(
            f", and ends {limit.en} after the sale if it was never used",
            f", y termina {limit.es} después de la venta si no se usó",
        )
    if policy.expiry_kind is ExpiryKind.SOFT:
        more = _days(policy.grace_days)
        grace = Words(f" After its last day {more.en} of grace follow.", f" Tras el último día se conceden {more.es} de gracia.")
    if not policy.expiry_months:
        return Words(
            f"The bundle has no last day of use unless its package sets one, counted from {start.en}{late.en}.",
            f"El bono no caduca salvo que su paquete lo diga, a contar desde {start.es}{late.es}.",
        ).then(grace)
    months = _months(policy.expiry_months)
    return Words(
        f"The bundle may be used for {months.en} from {start.en}{late.en}; what is not used in time is lost.",
        f"El bono puede usarse durante {months.es} desde {start.es}{late.es}; lo que no se use a tiempo se pierde.",
    ).then(grace)


_BASIS = {
    RefundBasis.CONTRACT: Words("what was used at the price of the bundle", "lo usado al precio del bono"),
    RefundBasis.LIST: Words("what was used at the price of single units", "lo usado al precio de unidades sueltas"),
}


def _refund(policy: Policy, currency: str) -> Words:
    basis, fee = _BASIS[policy.refund_basis], NOTHING
    if policy.refund_fee:
        kept = amount(policy.refund_fee, currency)
        fee = Words(f" and less a fee of {kept.en}", f" y menos un cargo de {kept.es}")
    if policy.refund is Refund.PRO_RATA:
        return Words(
            f"Until the bundle expires, the money paid is given back less {basis.en}{fee.en}.",
            f"Hasta que el bono caduque se devuelve lo pagado menos {basis.es}{fee.es}.",
        )
    if policy.refund is Refund.WINDOW:
        days = _days(policy.refund_window_days)
        return Words(
            f"Within {days.en} of the sale an unused bundle is paid back in full, a used one less {basis.en}{fee.en}. "
            "After that nothing is given back.",
            f"En los {days.es} siguientes a la venta el bono sin usar se devuelve entero, y el usado menos {basis.es}{fee.es}. "
            "Después no se devuelve nada.",
        )
    return Words(
        "Nothing is given back, unless somebody entitled approves an exception.",
        "No se devuelve nada, salvo excepción aprobada por quien corresponda.",
    ).then(_without_effect(policy, currency))


def _without_effect(policy: Policy, currency: str) -> Words:
    """The choices about refunds that a policy without refunds still names."""
    if policy.refund_basis is RefundBasis.CONTRACT and not policy.refund_fee:
        return NOTHING
    basis, kept = _BASIS[policy.refund_basis], amount(policy.refund_fee, currency)
    return Words(
        f" So these choices have no effect: less {basis.en}, less a fee of {kept.en}.",
        f" Por eso no tienen efecto estas opciones: menos {basis.es}, menos un cargo de {kept.es}.",
    )


def _charged(charge: Charge, fee: int, currency: str) -> Words:
    cost = amount(fee, currency)
    if charge is Charge.FEE:
        return Words(f"costs {cost.en} and leaves the unit", f"cuesta {cost.es} y no consume la unidad")
    done = Words("uses one unit", "consume una unidad") if charge is Charge.DEDUCT else Words("is free", "no cuesta nada")
    unused = Words(f" (the fee of {cost.en} is not charged)", f" (el cargo de {cost.es} no se cobra)")
    return done.then(unused) if fee else done


def _late_cancellation(policy: Policy, currency: str) -> Words:
    done = _charged(policy.late_cancellation, policy.late_cancellation_fee, currency)
    notice = _time(policy.late_cancellation_minutes)
    return Words(
        f"A session cancelled with less than {notice.en} of notice {done.en}. With that notice or more, cancelling is free.",
        f"La sesión anulada con menos de {notice.es} de antelación {done.es}. Con esa antelación o más, anular es gratis.",
    )


def _no_show(policy: Policy, currency: str) -> Words:
    done = _charged(policy.no_show, policy.no_show_fee, currency)
    return Words(f"A session missed without a word {done.en}.", f"La sesión a la que no se acude sin avisar {done.es}.")


_TRANSFER = {
    Transfer.NONE: Words("The bundle is personal and may not be transferred.", "El bono es personal y no puede transmitirse."),
    Transfer.FAMILY: Words(
        "The bundle may be transferred within the household or to a relation who is named.",
        "El bono puede transmitirse dentro del hogar o a un familiar que se nombre.",
    ),
    Transfer.ANY: Words("The bundle may be transferred to anybody.", "El bono puede transmitirse a cualquiera."),
}
_SHARING = {
    Sharing.NONE: Words("Only its holder may use the bundle.", "Solo su titular puede usar el bono."),
    Sharing.HOUSEHOLD: Words(
        "People of one household may use the bundle together.", "Las personas de un mismo hogar pueden usar el bono juntas."
    ),
}
_OWNER = {
    Owner.CENTRE: Words("Any provider of the centre may deliver.", "Puede prestar el servicio cualquier profesional del centro."),
    Owner.PROVIDER: Words(
        "Only the provider of the bundle may deliver, until another one is agreed.",
        "Solo presta el servicio el profesional del bono, hasta que se acuerde otro.",
    ),
}
_MODALITY = {"in_person": Words("in person", "en persona"), "online": Words("online", "por internet")}


def _modalities(policy: Policy, currency: str) -> Words:
    ways = [_MODALITY.get(name, Words(name, name)) for name in policy.modalities]
    en, es = " or ".join(way.en for way in ways), " o ".join(way.es for way in ways)
    return (
        Words(f"Sessions may be held {en}.", f"Las sesiones pueden hacerse {es}.")
        if ways
        else Words("The policy names no way of holding sessions.", "La política no dice cómo se hacen las sesiones.")
    )


_OVERAGE = {
    Overage.CHARGE: Words(
        "What is used beyond the bundle is charged at the price of single units.",
        "Lo que se use por encima del bono se cobra al precio de unidades sueltas.",
    ),
    Overage.ABSORB: Words(
        "What is used beyond the bundle in its last session is not charged.",
        "Lo que la última sesión use por encima del bono no se cobra.",
    ),
    Overage.REJECT: Words("No more may be used than the bundle holds.", "No puede usarse más de lo que el bono contiene."),
}
_UNPAID = {
    UnpaidUse.ALLOW: Words("Units may be used before they are paid.", "Las unidades pueden usarse antes de pagarlas."),
    UnpaidUse.REJECT: Words(
        "Units may be used only as far as the money paid covers them.",
        "Las unidades solo pueden usarse hasta donde alcance lo pagado.",
    ),
}


def _rounding(policy: Policy, currency: str) -> Words:
    step = _time(policy.rounding_minutes)
    return Words(
        f"Time is counted in steps of {step.en}, rounded up.", f"El tiempo se cuenta por tramos de {step.es}, por exceso."
    )


_TOP_UP = {
    Modification.AUTO: Words(
        "Units added at the price of single units are a contract of their own, used after the older ones. "
        "Added at another price, they share one new price with the units left.",
        "Las unidades añadidas al precio de unidades sueltas son un contrato aparte y se usan después de las anteriores. "
        "A otro precio, comparten un precio nuevo con las que queden.",
    ),
    Modification.SEPARATE: Words(
        "Units added later are a contract of their own, used after the older ones.",
        "Las unidades añadidas después son un contrato aparte y se usan después de las anteriores.",
    ),
    Modification.PROSPECTIVE: Words(
        "Units added later share one new price with the units left.",
        "Las unidades añadidas después comparten un precio nuevo con las que queden.",
    ),
}
_INVOICING = {
    Invoicing.AT_PURCHASE: Words(
        "One invoice is issued for the whole price, when it is paid or due.",
        "Se emite una factura por todo el precio, al pagarse o ser exigible.",
    ),
    Invoicing.PER_PAYMENT: Words("Each payment is invoiced.", "Se factura cada pago."),
    Invoicing.PER_SESSION: Words("Each session is invoiced.", "Se factura cada sesión."),
    Invoicing.NONE: Words("No invoice is issued by revrec.", "revrec no emite factura."),
}
_RECOGNITION = {
    Recognition.PER_SESSION: Words(
        "The price becomes revenue session by session, on the day of delivery. Until then it is a contract liability.",
        "El precio se devenga sesión a sesión, el día en que se prestan. Hasta entonces es un anticipo de clientes.",
    ),
    Recognition.AT_PURCHASE: Words(
        "Money is revenue when it is received. This is the cash criterion, not PGC NRV 14 / IFRS 15.",
        "El dinero es ingreso cuando se cobra. Es el criterio de caja, no PGC NRV 14 / NIIF 15.",
    ),
    Recognition.STRAIGHT_LINE: Words(
        "The price becomes revenue evenly from the day of sale to the last day of use. "
        "For a bundle of counted units this is not PGC NRV 14 / IFRS 15.",
        "El precio se devenga por igual desde el día de la venta hasta el último día de uso. "
        "Para un bono de unidades contadas no es PGC NRV 14 / NIIF 15.",
    ),
}
_BONUS = {
    Bonus.EQUAL: Words(
        "Free units earn the same share of the price as the others.", "Las unidades gratuitas devengan la misma parte del precio."
    ),
    Bonus.LAST: Words(
        "Free units come last and earn nothing. This is not IFRS 15.",
        "Las unidades gratuitas van al final y no devengan nada. No es NIIF 15.",
    ),
}
_OBLIGATION = {
    Obligation.CANCELLABLE: Words(
        "The customer may walk away from what is not delivered: nothing is due before money or use.",
        "El cliente puede renunciar a lo no prestado: nada se debe antes de pagar o usar.",
    ),
    Obligation.NONCANCELLABLE: Words(
        "The customer may not walk away: the price is due on the day of sale, or each instalment on its day.",
        "El cliente no puede renunciar: el precio se debe el día de la venta, o cada plazo en su día.",
    ),
}


def _breakage(policy: Policy, currency: str) -> Words:
    if policy.breakage is Breakage.AT_EXPIRY:
        return Words(
            "What is left of the price on the last day of use is revenue from unused rights on that day.",
            "Lo que quede del precio el último día de uso es ese día ingreso por derechos no ejercidos.",
        )
    if policy.breakage is Breakage.REMOTE:
        return Words(
            "What is left of the price is revenue from unused rights once it is approved that the customer will not return.",
            "Lo que quede del precio es ingreso por derechos no ejercidos cuando se aprueba que el cliente no volverá.",
        )
    used = percent(policy.expected_used)
    return Words(
        f"Of all rights sold, {used.en} are expected to be used. "
        "The rest is revenue in proportion to use, never above the price.",
        f"De todos los derechos vendidos se espera que se use el {used.es}. "
        "El resto es ingreso en proporción al uso, sin pasar del precio.",
    )


def _refund_expected(policy: Policy, currency: str) -> Words:
    if not policy.refund_expected:
        return Words("No refunds are expected, so none are provided for.", "No se esperan reembolsos, así que no se provisionan.")
    share = percent(policy.refund_expected)
    return Words(
        f"{share.en} of each sale stands as refund liability until the refund window ends.",
        f"El {share.es} de cada venta es pasivo por reembolso hasta que acabe el plazo de devolución.",
    )


def _principal(policy: Policy, currency: str) -> Words:
    if policy.principal:
        return Words(
            "The practice sells in its own name: the whole price is its own.",
            "El centro vende en nombre propio: todo el precio es suyo.",
        )
    share, tax = percent(policy.commission_rate), policy.commission_tax
    bears = (
        Words(f"It bears the tax {tax}.", f"Lleva el impuesto {tax}.") if tax else Words("It bears no tax.", "No lleva impuesto.")
    )
    return Words(
        f"The practice is agent: {share.en} of the price is its commission, the rest is the provider's money. ",
        f"El centro es intermediario: el {share.es} del precio es su comisión, el resto es dinero del profesional. ",
    ).then(bears)


def _fee_tax(policy: Policy, currency: str) -> Words:
    if policy.fee_tax is None:
        return Words("The policy names no tax for fees.", "La política no nombra impuesto para los cargos.")
    if policy.fee_tax == OUTSIDE:
        return Words(
            "Fees for missed sessions are compensation, outside the scope of VAT.",
            "Los cargos por sesiones perdidas son indemnización, no sujeta a IVA.",
        )
    return Words(f"Fees include the tax {policy.fee_tax}.", f"Los cargos incluyen el impuesto {policy.fee_tax}.")


_Say = Callable[[Policy, str], Words]

# (rule, the policy keys that it says, for staff only, how it is said), in order of the text.
_RULES: tuple[tuple[str, tuple[str, ...], bool, _Say], ...] = (
    ("expiry", ("expiry_months", "expiry_from", "latest_start_months", "expiry_kind", "grace_days"), False, _expiry),
    ("refund", ("refund", "refund_basis", "refund_window_days", "refund_fee"), False, _refund),
    (
        "late-cancellation",
        ("late_cancellation_minutes", "late_cancellation", "late_cancellation_fee"),
        False,
        _late_cancellation,
    ),
    ("no-show", ("no_show", "no_show_fee"), False, _no_show),
    ("transfer", ("transfer",), False, lambda policy, _: _TRANSFER[policy.transfer]),
    ("sharing", ("sharing",), False, lambda policy, _: _SHARING[policy.sharing]),
    ("provider", ("owner",), False, lambda policy, _: _OWNER[policy.owner]),
    ("modality", ("modalities",), False, _modalities),
    ("overage", ("overage",), False, lambda policy, _: _OVERAGE[policy.overage]),
    ("unpaid-use", ("unpaid_use",), False, lambda policy, _: _UNPAID[policy.unpaid_use]),
    ("rounding", ("rounding_minutes",), False, _rounding),
    ("top-up", ("modification",), False, lambda policy, _: _TOP_UP[policy.modification]),
    ("invoicing", ("invoicing",), False, lambda policy, _: _INVOICING[policy.invoicing]),
    ("revenue", ("recognition",), True, lambda policy, _: _RECOGNITION[policy.recognition]),
    ("free-units", ("bonus",), True, lambda policy, _: _BONUS[policy.bonus]),
    ("breakage", ("breakage", "expected_used"), True, _breakage),
    ("price-due", ("obligation",), True, lambda policy, _: _OBLIGATION[policy.obligation]),
    ("refund-liability", ("refund_expected",), True, _refund_expected),
    ("agent", ("principal", "commission_rate", "commission_tax"), True, _principal),
    ("fee-tax", ("fee_tax",), True, _fee_tax),
)


def clauses(policy: Policy, currency: str) -> tuple[Clause, ...]:
    """Every rule of a policy in words, those of the customer first; `currency` is that of its fees."""
    return tuple(Clause(rule, keys, staff, say(policy, currency)) for rule, keys, staff, say in _RULES)


def text(policy: Policy, currency: str) -> str:
    """The text whose digest is pinned at sale: name and edition, then every rule in Spanish and in English."""
    found = clauses(policy, currency)
    lines = [f"{policy.version} {EDITION}"]
    lines += [f"{language} {clause.rule}: {clause.words.in_language(language)}" for language in LANGUAGES for clause in found]
    return "".join(f"{line}\n" for line in lines)


def digest(policy: Policy, currency: str) -> str:
    """SHA-256 (hex) of the UTF-8 bytes of `text`: what `policy show`, `bundle show` and the invoice print."""
    return hashlib.sha256(text(policy, currency).encode()).hexdigest()


_UNIT = {
    "session": Words("sessions", "sesiones"),
    "hour": Words("hours", "horas"),
    "minute": Words("minutes", "minutos"),
}


def of_package(package: Package, tax: Tax | None, currency: str) -> tuple[Clause, ...]:
    """What a package adds to its policy, in words: units, price, tax, its own expiry and branches."""
    noun = _UNIT.get(package.unit, Words(currency, currency))
    price, single = amount(package.price, currency), amount(package.list_price, currency)
    count, free = units.text(package.units), units.text(package.bonus_units)
    more = Words(f" and {free} free", f" y {free} gratis") if package.bonus_units else NOTHING
    said = Words(
        f"{count} {noun.en}{more.en} of {package.service} for {price.en}; one alone costs {single.en}.",
        f"{count} {noun.es}{more.es} de {package.service} por {price.es}; una suelta cuesta {single.es}.",
    )
    return (
        Clause("package", ("units", "bonus_units", "unit", "price", "list_price", "service"), False, said),
        Clause("package-tax", ("tax",), True, _package_tax(package, tax)),
        *_overrides(package),
    )


def _package_tax(package: Package, tax: Tax | None) -> Words:
    if tax is None:
        return Words(f"The price includes the tax {package.tax}.", f"El precio incluye el impuesto {package.tax}.")
    why = f", {tax.exemption}" if tax.exemption else ""
    named = f"{tax.id} ({tax.rate} %, {tax.category}{why})"
    return Words(f"The price includes the tax {named}.", f"El precio incluye el impuesto {named}.")


def _overrides(package: Package) -> tuple[Clause, ...]:
    found = []
    if package.expiry_months is not None:
        months = _months(package.expiry_months)
        own = Words(
            f"Instead of the policy's, this package has an expiry of {months.en}.",
            f"En lugar de la de la política, este paquete tiene una caducidad de {months.es}.",
        )
        never = Words(
            "Other than its policy says, this package never expires.", "Este paquete no caduca, diga lo que diga su política."
        )
        found.append(Clause("package-expiry", ("expiry_months",), False, own if package.expiry_months else never))
    if package.branches is not None:
        en, es = " or ".join(package.branches), " o ".join(package.branches)
        found.append(
            Clause(
                "package-branches", ("branches",), False, Words(f"It may be used at {en} only.", f"Solo puede usarse en {es}.")
            )
        )
    return tuple(found)


_TITLES = {
    "expiry": Words("expiry", "caducidad"),
    "refund": Words("refund", "reembolso"),
    "late-cancellation": Words("late cancellation", "anulación tardía"),
    "no-show": Words("missed session", "ausencia"),
    "transfer": Words("transfer", "transmisión"),
    "sharing": Words("sharing", "uso compartido"),
    "provider": Words("provider", "profesional"),
    "modality": Words("modality", "modalidad"),
    "overage": Words("beyond the bundle", "exceso de uso"),
    "unpaid-use": Words("use before payment", "uso sin pagar"),
    "rounding": Words("steps of time", "tramos de tiempo"),
    "top-up": Words("top-up", "ampliación"),
    "invoicing": Words("invoices", "facturas"),
    "revenue": Words("revenue", "ingreso"),
    "free-units": Words("free units", "unidades gratis"),
    "breakage": Words("unused rights", "no ejercidos"),
    "price-due": Words("when it is due", "exigibilidad"),
    "refund-liability": Words("expected refunds", "devolución prevista"),
    "agent": Words("principal or agent", "principal o agente"),
    "fee-tax": Words("tax of fees", "IVA de los cargos"),
    "package": Words("package", "paquete"),
    "package-tax": Words("tax", "impuesto"),
    "package-expiry": Words("own expiry", "caducidad propia"),
    "package-branches": Words("branches", "centros"),
}

# Which rules of the policy decide what a posting rule posts; a rule that no policy decides is absent.
_DECIDES = {
    "opening": ("revenue",),
    "payment": ("revenue", "price-due"),
    "credit": ("revenue", "price-due"),
    "deposit": ("revenue", "price-due"),
    "chargeback": ("price-due",),
    "receivable": ("price-due",),
    "session.earned": ("revenue", "free-units", "overage"),
    "session.no-show": ("no-show", "late-cancellation"),
    "session.fee": ("no-show", "late-cancellation", "fee-tax"),
    "session.waived": ("no-show", "late-cancellation"),
    "session.cost": ("agent", "provider"),
    "instalment": ("price-due",),
    "accrual": ("revenue",),
    "refund-window": ("refund-liability", "refund"),
    "breakage": ("expiry", "breakage"),
    "transfer": ("transfer",),
    "fee": ("fee-tax",),
    "modification": ("top-up",),
    "refund": ("refund",),
    "contract": ("price-due", "invoicing"),
    "default": ("price-due",),
    "provider": ("agent", "provider"),
}


def deciding(rule: str) -> tuple[str, ...]:
    """The policy rules (`Clause.rule`) that decide a posting rule of an entry under a policy."""
    return _DECIDES.get(rule) or _DECIDES.get(rule.partition(".")[0], ())
