"""Every posting rule: its id, what it says in English and Spanish, and where it comes from."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One posting rule; `id` stands in the metadata of each entry that it made."""

    id: str
    en: str
    es: str
    source: str


_ALL = (
    Rule(
        "payment.bundle",
        "Money for a bundle settles what was delivered and is not yet paid; the rest is owed as sessions: contract liability.",
        "El cobro de un bono salda lo entregado y no pagado; el resto se debe en sesiones: anticipo de clientes.",
        "IFRS 15.106; RICAC 33.3; PGC 438",
    ),
    Rule(
        "payment.at-purchase",
        "Money for a bundle is revenue on receipt: the policy recognises at purchase.",
        "El cobro de un bono es ingreso al recibirse: la política reconoce en la compra.",
        "policy recognition = at_purchase; RIRPF art. 7.2 (cash criterion); not PGC NRV 14 / IFRS 15",
    ),
    Rule(
        "payment.visit",
        "Money for a one-off visit settles its receivable; what exceeds it is customer credit.",
        "El cobro de una visita suelta salda su cuenta a cobrar; el exceso es saldo a favor del cliente.",
        "IFRS 15.108; events.md 4a Money due",
    ),
    Rule(
        "payment.customer",
        "Money that names no bundle is held for the customer.",
        "El dinero que no nombra un bono queda a favor del cliente.",
        "IFRS 15.106; PGC 438",
    ),
    Rule(
        "payment.reversed",
        "A payment that was a mistake or came back leaves the account it came to, and the claim is open again.",
        "Un cobro erróneo o devuelto sale de la cuenta en que entró y la deuda vuelve a estar abierta.",
        "events.md 4 payment.reversed; IFRS 15.105",
    ),
    Rule(
        "session.earned",
        "A session delivered earns its share of the price, cumulative and rounded once.",
        "La sesión prestada devenga su parte del precio, acumulada y redondeada una sola vez.",
        "IFRS 15.31, 15.22(b), B44; PGC NRV 14; RICAC 6.1.b",
    ),
    Rule(
        "session.no-show",
        "A no-show or late cancellation uses the unit when the policy deducts: the entity stood ready.",
        "La ausencia o cancelación tardía consume la unidad si la política lo dice: el centro estuvo a disposición.",
        "IFRS 15.B44-B46; policy no_show, late_cancellation = deduct",
    ),
    Rule(
        "session.single",
        "A one-off visit earns its price when delivered and is owed from that moment.",
        "La visita suelta devenga su precio al prestarse y se debe desde entonces.",
        "IFRS 15.31, 15.108; PGC 430, 705",
    ),
    Rule(
        "session.fee",
        "A late cancellation or no-show charged as a fee leaves the unit and is owed at once.",
        "La cancelación tardía o ausencia con cargo deja la unidad y se debe al momento.",
        "policy late_cancellation, no_show = fee; PGC 759",
    ),
    Rule(
        "session.reversed",
        "The rollback of a session mirrors what it posted.",
        "La anulación de una sesión refleja a la inversa lo que contabilizó.",
        "events.md 4a Cents; accounting.md 1.2 rollback",
    ),
    Rule(
        "session.waived",
        "A late cancellation or no-show forgiven afterwards mirrors what it posted.",
        "La cancelación tardía o ausencia perdonada después refleja a la inversa lo que contabilizó.",
        "events.md 4 session.waived",
    ),
    Rule(
        "contract.reclassified",
        "A fact recorded late lies before the one that it was booked on: until then the amount is a claim, not prepaid money.",
        "Un hecho registrado tarde es anterior a aquel sobre el que se contabilizó: hasta ese día es un derecho, no un anticipo.",
        "IFRS 15.105; accounting.md 4, invariant 3",
    ),
    Rule(
        "breakage.expiry",
        "What is left of the price on the last day of use is breakage.",
        "Lo que queda del precio el último día de uso es ingreso por derechos no ejercidos.",
        "IFRS 15.B44-B46; RICAC 28.2",
    ),
    Rule(
        "breakage.correction",
        "A fact recorded later changes what the clock had released: the difference is posted on the day of the release.",
        "Un hecho registrado después cambia lo que el calendario había liberado: se contabiliza la diferencia en su día.",
        "events.md 4a Late events; accounting.md 1.8",
    ),
    Rule(
        "breakage.reinstated",
        "Rights that had expired live again: breakage returns to the contract liability.",
        "Los derechos caducados reviven: el ingreso por no ejercidos vuelve al anticipo.",
        "accounting.md 1.2 extension after breakage; IFRS 15.B46",
    ),
    Rule(
        "breakage.termination",
        "Rights that the customer gives up are breakage on the day they are given up.",
        "Los derechos a los que el cliente renuncia son ingreso el día de la renuncia.",
        "IFRS 15.B46; RICAC 28.2",
    ),
    Rule(
        "transfer.holder",
        "The contract liability follows the bundle to its new holder; nothing is earned.",
        "El anticipo sigue al bono a su nuevo titular; no se devenga nada.",
        "accounting.md 1.2 transfer, invariant 15",
    ),
    Rule(
        "transfer.units",
        "Units moved to another bundle take their share of the contract liability with them.",
        "Las unidades pasadas a otro bono llevan consigo su parte del anticipo.",
        "accounting.md 1.2 transfer, invariant 15",
    ),
    Rule(
        "fee.transfer",
        "The fee for a transfer is owed at once.",
        "El cargo por transmisión se debe al momento.",
        "accounting.md 1.2 transfer fee; PGC 759",
    ),
    Rule(
        "fee.extension",
        "The fee for an extension is owed at once.",
        "El cargo por prórroga se debe al momento.",
        "accounting.md 1.2 extension fee; PGC 759",
    ),
    Rule(
        "refund.issued",
        "A refund comes out of the contract liability; only what exceeds it lowers revenue.",
        "El reembolso sale del anticipo; solo lo que lo excede minora ingresos.",
        "IFRS 15.51-52, 15.55; RICAC 34.3.a; PGC 708",
    ),
    Rule(
        "refund.at-purchase",
        "Under recognition at purchase the whole refund lowers revenue.",
        "Con reconocimiento en la compra, todo el reembolso minora ingresos.",
        "accounting.md 1.2 column (b); PGC 708",
    ),
    Rule(
        "refund.settled",
        "A refund that was payable is paid.",
        "Se paga un reembolso pendiente.",
        "events.md 4 refund.settled",
    ),
    Rule(
        "refund.reversed",
        "A refund that is undone mirrors what it posted and the bundle lives again.",
        "El reembolso anulado se refleja a la inversa y el bono revive.",
        "events.md 4 refund.reversed",
    ),
    Rule(
        "adjustment",
        "An approved adjustment posts what its approver says.",
        "El ajuste aprobado contabiliza lo que dice quien lo aprueba.",
        "events.md 4 adjustment.posted",
    ),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}
