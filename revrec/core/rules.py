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
        "instalment.due",
        "An instalment that the customer may not refuse is a receivable from its day on; what is not delivered is owed.",
        "El plazo que el cliente no puede rechazar es un derecho de cobro desde su día; lo no prestado se debe.",
        "IFRS 15.105-108, IE38; RICAC 33.3; VAT: LIVA 75.Uno, 75.Dos; PGC 430, 438, 4778",
    ),
    Rule(
        "accrual.straight-line",
        "Over the validity, each day earns the same share of the price, cumulative and rounded once.",
        "Cada día de vigencia devenga la misma parte del precio, acumulada y redondeada una sola vez.",
        "IFRS 15.35(a), B18, IE92-IE94; RICAC 34.2; policy recognition = straight_line",
    ),
    Rule(
        "refund-window.released",
        "The refund window has ended: what was held for refunds is owed as sessions.",
        "Ha terminado el plazo de devolución: lo reservado para reembolsos se debe en sesiones.",
        "IFRS 15.55, B20-B27; RICAC 13.4; PGC 4999",
    ),
    Rule(
        "breakage.proportional",
        "Rights that will not be used are earned in proportion to those that are, by the estimate of the portfolio.",
        "Los derechos que no se usarán se devengan en proporción a los usados, según la estimación de la cartera.",
        "IFRS 15.B46; RICAC 28.2; accounting.md 1.3",
    ),
    Rule(
        "breakage.estimated",
        "A new estimate of use catches up at once, in the open period.",
        "La nueva estimación de uso se ajusta de una vez, en el periodo abierto.",
        "IFRS 15.B46; IAS 8.36; PGC NRV 22",
    ),
    Rule(
        "breakage.remote",
        "The customer is not expected to return: what is left of the price is breakage.",
        "No se espera que el cliente vuelva: lo que queda del precio es ingreso por derechos no ejercidos.",
        "IFRS 15.B46; RICAC 28.2; policy breakage = remote",
    ),
    Rule(
        "breakage.returned",
        "The customer returns: what was deemed remote is owed again, a change in estimate.",
        "El cliente vuelve: lo que se dio por remoto se debe de nuevo, un cambio de estimación.",
        "accounting.md 1.3; IAS 8.36; PGC NRV 22",
    ),
    Rule(
        "sale.voided",
        "A sale that is voided leaves nothing owed.",
        "La venta anulada no deja nada debido.",
        "events.md 4 bundle.voided; IFRS 15.105",
    ),
    Rule(
        "modification.topped-up",
        "More units for more money: a separate contract at the stand-alone price, else one price for all that is left.",
        "Más unidades por más dinero: contrato separado al precio de venta independiente; si no, un solo precio para el resto.",
        "IFRS 15.20, 15.21(a); RICAC 5.2, 5.3.a",
    ),
    Rule(
        "modification.upgraded",
        "An upgrade counts the unused value as paid; sessions delivered keep their price.",
        "La mejora computa como pagado el valor no usado; las sesiones prestadas conservan su precio.",
        "IFRS 15.21(a), IE33-IE36; RICAC 5.3.a",
    ),
    Rule(
        "modification.price-reduced",
        "A price concession lowers what is still to be delivered; what was paid above it is the customer's credit.",
        "La rebaja reduce lo que falta por prestar; lo pagado de más es del cliente; el exceso minora ingresos.",
        "IFRS 15.21(a), 15.51-52; RICAC 14; LIVA 80.Uno; PGC 708",
    ),
    Rule(
        "credit.granted",
        "A concession that the customer may spend later lowers revenue at once; it is owed, and it is no revenue.",
        "La compensación que el cliente podrá gastar minora ingresos al concederse; se debe, y no es ingreso.",
        "IFRS 15.51-52, 15.70-72; RICAC 14, 16; LIVA 80.Uno; PGC 708, 438",
    ),
    Rule(
        "credit.applied",
        "Credit of the customer pays for a bundle as money does, VAT included.",
        "El saldo a favor del cliente paga un bono como el dinero, con su IVA.",
        "events.md 4a Money due; IFRS 15.106; LIVA 75.Dos; PGC 438",
    ),
    Rule(
        "deposit.received",
        "A deposit that is fully returnable is owed to the customer; no revenue, no VAT.",
        "La fianza que puede devolverse por entero se debe al cliente; ni ingreso ni IVA.",
        "IFRS 15.105; LIVA 75.Dos; PGC 561",
    ),
    Rule(
        "deposit.applied",
        "A deposit pays for a bundle or a visit as money does; from then on it bears VAT.",
        "La fianza paga un bono o una visita como el dinero; desde entonces lleva IVA.",
        "events.md 4a Money due; IFRS 15.106; LIVA 75.Dos; PGC 561",
    ),
    Rule(
        "deposit.returned",
        "A deposit is paid back whole.",
        "La fianza se devuelve por entero.",
        "events.md 4 deposit.returned; PGC 561",
    ),
    Rule(
        "deposit.forfeited",
        "A deposit that the customer loses is fee income, with the VAT that the policies name for fees.",
        "La fianza que el cliente pierde es un ingreso por cargos, con el IVA que las políticas fijan para ellos.",
        "events.md 4 deposit.forfeited; policy fee_tax; CJEU C-277/05, C-295/17; PGC 759",
    ),
    Rule(
        "opening.bundle",
        "A bundle sold before these books began: what was paid for and not delivered comes in net of its VAT, declared before.",
        "Bono vendido antes de estos libros: lo cobrado y no prestado entra sin su IVA, ya declarado.",
        "events.md 4 bundle.opened; IFRS 15.106; RICAC 33.3; PGC 438",
    ),
    Rule(
        "session.cost",
        "What a session costs is owed to the provider who delivered it, until the invoice comes.",
        "El coste de una sesión se debe al profesional que la prestó, hasta que llegue su factura.",
        "accounting.md 1.2; PGC 607, 410 (accrual: PGC Marco 3.2)",
    ),
    Rule(
        "provider.invoiced",
        "A provider's invoice: its cost with the VAT that cannot be deducted, the VAT that can, and the tax that is kept back.",
        "Factura de un profesional: su coste con el IVA no deducible, el IVA deducible y la retención practicada.",
        "PGC 623, 472, 4751; LIVA 92, 94, 102; RIRPF 95",
    ),
    Rule(
        "provider.paid",
        "A provider is paid what is owed for what was delivered.",
        "Se paga al profesional lo que se le debe por lo prestado.",
        "accounting.md 1.2; PGC 410",
    ),
    Rule(
        "payout.settled",
        "A payment provider pays out to the bank: revenue stays gross, its fee is an expense.",
        "La pasarela de pago liquida al banco: el ingreso queda íntegro y su comisión es un gasto.",
        "accounting.md 1.2, invariant 28; PGC 440, 626",
    ),
    Rule(
        "branch.settled",
        "One branch pays another what it owes for sessions delivered there.",
        "Un centro paga a otro lo que le debe por las sesiones prestadas allí.",
        "accounting.md 1.2, invariant 16; PGC 551",
    ),
    Rule(
        "currency.revalued",
        "Money held in another currency is stated at the day's rate; the contract liability keeps the rates of its receipts.",
        "El dinero en otra moneda se valora al cambio del día; los anticipos de clientes conservan el de su cobro.",
        "IAS 21.23, 21.28; IFRIC 22; PGC NRV 11.1, 668, 768",
    ),
    Rule(
        "receivable.written-off",
        "A claim that will not be paid: what was delivered is bad debt with its VAT; what was due and not delivered is not owed.",
        "Crédito incobrable: lo prestado es pérdida con su IVA; lo vencido y no prestado deja de deberse.",
        "IFRS 9 5.4.4; IFRS 15.105, 15.108; accounting.md 1.6; PGC 650, NRV 9; LIVA 80.Dos",
    ),
    Rule(
        "receivable.recovered",
        "A claim that was written off comes back, with the VAT that had been taken back on it; its money follows as a payment.",
        "Vuelve el crédito dado por perdido, con el IVA que se había recuperado; su cobro llega como pago.",
        "events.md 4a Chargeback lost, write-off; PGC 650; LIVA 80.Cuatro.C",
    ),
    Rule(
        "receivable.vat-recovered",
        "After the statutory wait, the VAT of a claim written off is taken back from the tax authority.",
        "Pasado el plazo legal, se recupera de Hacienda el IVA del crédito incobrable.",
        "LIVA 80.Cuatro; RIVA 24; PGC 477, 650",
    ),
    Rule(
        "default.cancelled",
        "Cancelled for default: what is undelivered is not owed, what was delivered and not paid is bad debt.",
        "Resuelto por impago: lo no prestado deja de deberse; lo prestado y no pagado es pérdida por incobrable.",
        "accounting.md 1.6; IFRS 15.105, 15.108; IFRS 9 5.4.4; LIVA 80.Dos; PGC 650",
    ),
    Rule(
        "chargeback.opened",
        "A payment that the payer's bank disputes is a claim in dispute; the bank's fee is an expense.",
        "El cobro que impugna el banco del pagador es un crédito en litigio; la comisión del banco es un gasto.",
        "accounting.md 1.2 chargeback opened; PGC 436, 626",
    ),
    Rule(
        "chargeback.won",
        "The dispute is won: the money comes back, the fee stays.",
        "Impugnación ganada: el dinero vuelve; la comisión queda.",
        "accounting.md 1.2 chargeback won, invariant 29; PGC 436",
    ),
    Rule(
        "chargeback.lost",
        "The dispute is lost: unused money leaves the contract liability, used money is bad debt, what is left is breakage.",
        "Impugnación perdida: lo no usado sale del anticipo; lo usado es pérdida; el resto, derechos no ejercidos.",
        "accounting.md 1.2 chargeback lost; events.md 4a; IFRS 15.B46; LIVA 80.Dos; PGC 438, 650, 436",
    ),
    Rule(
        "adjustment",
        "An approved adjustment posts what its approver says.",
        "El ajuste aprobado contabiliza lo que dice quien lo aprueba.",
        "events.md 4 adjustment.posted",
    ),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}
