"""What AEAT asks of one record beyond the XSD: codes that reject it, and codes with which it is admitted (Validaciones 1.2.0)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from stdnum.es import nif

from einvoice.sandbox.aeat.breakdown import breakdown, lines, totals
from einvoice.sandbox.aeat.codes import limits
from einvoice.sandbox.aeat.node import Node
from einvoice.sandbox.aeat.record import Record, RecordKind, day

Codes = Iterator[int]
_SIMPLIFIED = frozenset({"F2", "R5"})
_CORRECTIVE = frozenset({"R1", "R2", "R3", "R4", "R5"})
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_FORBIDDEN = frozenset("\"'<>=")
_SYSTEM = re.compile(r"[A-Z0-9]{2}")
_HUELLA = re.compile(r"[0-9A-F]{64}")
# Seconds and an offset: neither Z nor fractions (DsRegistro: YYYY-MM-DDThh:mm:ssTZD).
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Situation:
    """What the office knows when it judges: its clock, whether the message tells of an incident, who is in the census."""

    now: datetime
    incident: bool
    registered: Callable[[str], bool]

    @property
    def today(self) -> date:
        """The day of the office's clock."""
        return self.now.date()


def check(record: Record, situation: Situation) -> tuple[int, ...]:
    """The codes that a record by itself earns, in the order of its elements; what was registered before is not looked at."""
    if record.broken:
        return (1100,)
    rules = _ALTA if record.kind is RecordKind.ALTA else _ANULACION
    return tuple(code for rule in rules for code in rule(record, situation))


def _identity(record: Record, _: Situation) -> Codes:
    key = record.key
    if key.issuer != record.obligado:
        yield 1108
    if not nif.is_valid(key.issuer):
        yield 1123
    if _raw_number(record) != key.number or not key.number:
        yield 1104
    if not _PRINTABLE.fullmatch(key.number):
        yield 1130
    if _FORBIDDEN & set(key.number):
        yield 1287


def _raw_number(record: Record) -> str:
    """The number with the white space that may not stand around it."""
    place = record.node.at("IDFactura")
    name = "NumSerieFactura" if record.kind is RecordKind.ALTA else "NumSerieFacturaAnulada"
    found = place.at(name) if place else None
    return found.element.text or "" if found else ""


def _issued(record: Record, situation: Situation) -> Codes:
    issued = day(record.key.issued_on)
    if issued is None:
        yield 1100
        return
    if issued > situation.today:
        yield 1112
    if issued < limits().first_date:
        yield 1152


def _operated(record: Record, situation: Situation) -> Codes:
    if not (text := record.node.text("FechaOperacion")):
        return
    operation, issued, today = day(text), day(record.key.issued_on), situation.today
    if operation is None or issued is None:
        yield 1100
        return
    if operation < _years_before(today, limits().years_back):
        yield 1134
    if operation.year > today.year + 1:
        yield 1125
    # Certifications of public works and continuous supplies may name a day to come (ClaveRegimen 14 and 15).
    if any(line.text("ClaveRegimen") in {"14", "15"} for line in lines(record)):
        return
    if operation > today:
        yield 1173
    if issued < operation:
        yield 1146


def _years_before(today: date, years: int) -> date:
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # the 29th of February
        return today.replace(year=today.year - years, day=28)


def _rejection(record: Record, _: Situation) -> Codes:
    if not record.amends:
        yield from {"X": (1153,), "S": (1161,)}.get(record.node.text("RechazoPrevio"), ())


def _method(record: Record, _: Situation) -> Codes:
    node, kind = record.node, record.node.text("TipoFactura")
    method = node.text("TipoRectificativa")
    if (kind in _CORRECTIVE) != bool(method):
        yield 1115 if method else 1114
    if "FacturasSustituidas" in node and kind != "F3":
        yield 1116
    if "FacturasRectificadas" in node and kind not in _CORRECTIVE:
        yield 1117
    if (method == "S") != ("ImporteRectificacion" in node):
        yield 1118 if method == "S" else 1119


def _marks(record: Record, _: Situation) -> Codes:
    node, kind = record.node, record.node.text("TipoFactura")
    if not node.text("DescripcionOperacion"):
        yield 1100
    if node.text("FacturaSimplificadaArt7273") == "S" and kind in _SIMPLIFIED:
        yield 1183
    if node.text("FacturaSinIdentifDestinatarioArt61d") == "S" and kind not in _SIMPLIFIED:
        yield 1185
    if node.text("Cupon") == "S" and kind not in {"R1", "R5"}:
        yield 1157


def _corrected(record: Record, _: Situation) -> Codes:
    for block in ("FacturasRectificadas", "FacturasSustituidas"):
        for reference in (child for group in record.node.all(block) for child in group.element):
            if not nif.is_valid(Node(reference).text("IDEmisorFactura")):
                yield 1123


def _size(record: Record, _: Situation) -> Codes:
    node = record.node
    big = abs(Decimal(node.text("ImporteTotal"))) >= limits().macrodata
    if big and node.text("Macrodato") != "S":
        yield 1138
    if not big and node.text("Macrodato") == "S":
        yield 1139
    # Invoices without a named recipient by agreement (art. 6.1.d) have no ceiling.
    free = node.text("FacturaSinIdentifDestinatarioArt61d") == "S" or "NumRegistroAcuerdoFacturacion" in node
    if node.text("TipoFactura") == "F2" and not free and _taxed_total(record) > limits().simplified_total + limits().tolerance:
        yield 1150


def _taxed_total(record: Record) -> Decimal:
    texts = (line.text(name) for line in lines(record) for name in ("BaseImponibleOimporteNoSujeto", "CuotaRepercutida"))
    return sum((Decimal(text) for text in texts if text), Decimal(0))


def _third_party(record: Record, situation: Situation) -> Codes:
    by, third = record.node.text("EmitidaPorTerceroODestinatario"), record.node.at("Tercero")
    if by == "T" and third is None:
        yield 1158
    if by != "T" and third is not None:
        yield 1159
    if third is None:
        return
    number = third.text("NIF")
    if number == record.key.issuer:
        yield 1188
    if "IDOtro" in third:
        yield from _other_id(third)
    elif not nif.is_valid(number) or not situation.registered(number):
        yield 1178


def _recipients(record: Record, situation: Situation) -> Codes:
    block = record.node.at("Destinatarios")
    if (record.node.text("TipoFactura") in _SIMPLIFIED) == (block is not None):
        yield 1189 if block is None else 1190
    for recipient in block.all("IDDestinatario") if block else ():
        if not recipient.text("NombreRazon"):
            yield 1100
        if "IDOtro" in recipient:
            yield from _other_id(recipient)
        elif not nif.is_valid(recipient.text("NIF")) or not situation.registered(recipient.text("NIF")):
            yield 1239


def _other_id(party: Node) -> Codes:
    country, scheme = party.text("IDOtro", "CodigoPais"), party.text("IDOtro", "IDType")
    if not country and scheme != "02":
        yield 1111
    if country == "ES" and scheme not in {"03", "07"}:
        yield 1126
    if scheme == "07":
        yield 2001 if country == "ES" else 1126


def _generator(record: Record, _: Situation) -> Codes:
    if ("GeneradoPor" in record.node) != ("Generador" in record.node):
        yield 1224


def _system(record: Record, _: Situation) -> Codes:
    if not _SYSTEM.fullmatch(record.node.text("SistemaInformatico", "IdSistemaInformatico")):
        yield 1177


def _moment(record: Record, situation: Situation) -> Codes:
    at = record.generated_at
    if at is None or not _MOMENT.fullmatch(record.node.text("FechaHoraHusoGenRegistro")):
        yield 1244
    elif abs(at - situation.now) > timedelta(seconds=limits().clock_seconds) and not situation.incident:
        yield 2004


def _links(record: Record, _: Situation) -> Codes:
    if record.huella != record.recomputed():
        yield 2000
    if record.first:
        return
    if len(record.previous) != 64:
        yield 2002
    elif not _HUELLA.fullmatch(record.previous):
        yield 2003
    if record.previous == record.huella:
        yield 2008


def _breakdown(record: Record, _: Situation) -> Codes:
    yield from breakdown(record)
    yield from totals(record)


Rule = Callable[[Record, Situation], Codes]
_ALTA: tuple[Rule, ...] = (
    _identity,
    _issued,
    _operated,
    _rejection,
    _method,
    _marks,
    _corrected,
    _size,
    _third_party,
    _recipients,
    _breakdown,
    _system,
    _moment,
    _links,
)
_ANULACION: tuple[Rule, ...] = (_identity, _generator, _system, _moment, _links)
