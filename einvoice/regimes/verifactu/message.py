"""Messages to the tax office: up to 1,000 records in the order of generation, and when the next one may go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from typing import Generic, NamedTuple, TypeVar

from einvoice.errors import EinvoiceError
from einvoice.regimes.verifactu.build import INFORMATION, Record, day
from einvoice.regimes.verifactu.codes import law
from einvoice.xml import escaped

SUPPLY = INFORMATION.replace("SuministroInformacion", "SuministroLR")
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MOST = 1000  # maxOccurs of RegistroFactura
# A message is on its way for a while, and AEAT's clock is not ours: who reports an incident only at the last second is too late.
MARGIN = timedelta(seconds=60)

_HEAD = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Header/><soapenv:Body>'
).encode()

T = TypeVar("T")


class MessageSize(EinvoiceError):
    """A message without records, or with more than the tax office takes."""


class ForeignRecord(EinvoiceError):
    """A record of one taxpayer in the message of another (AEAT error 1108)."""


class Taxpayer(NamedTuple):
    """Who must issue the invoices, or who represents them: name as in AEAT's census, Spanish NIF."""

    name: str
    nif: str


class Batch(NamedTuple, Generic[T]):
    """Records that go in one message; `incident`: they were generated while the way to the tax office was down."""

    records: tuple[T, ...]
    incident: bool


class Pace(NamedTuple):
    """Flow control: when the last message of a chain went, and the seconds to wait then.

    Each answer says them anew (`Answer.wait_seconds`); before the first they are 60 (Orden HAC/1177/2024 art. 16).
    """

    sent_at: datetime
    wait_seconds: int = 60

    def due(self, waiting: int, now: datetime) -> bool:
        """Whether the next message may go: the wait is over, or a full message stands ready."""
        return waiting >= MOST or now >= self.sent_at + timedelta(seconds=self.wait_seconds)


def is_delayed(record: Record, now: datetime) -> bool:
    """Whether a record is so old that AEAT may take its clock for wrong (error 2004) when the message arrives.

    Its message must report an incident. A minute is kept for the way.
    """
    allowed = timedelta(seconds=int(law("clock_seconds", now.date()).value)) - MARGIN
    return now - datetime.fromisoformat(record.generated_at) > allowed


def batches(waiting: Iterable[tuple[T, bool]]) -> Iterator[Batch[T]]:
    """Records with whether an incident delayed them, as messages: order kept, at most 1,000 each, the two kinds never mixed."""
    for incident, group in groupby(waiting, key=lambda entry: entry[1]):
        records = (record for record, _ in group)
        while batch := tuple(islice(records, MOST)):
            yield Batch(batch, incident)


def message(
    taxpayer: Taxpayer,
    records: Sequence[Record],
    *,
    incident: bool = False,
    representative: Taxpayer | None = None,
    ends_on: date | None = None,
) -> bytes:
    """The SOAP 1.1 envelope of the records' own bytes, in UTF-8.

    `incident`: an outage delayed them (Orden HAC/1177/2024 art. 16.4); `ends_on`: the taxpayer leaves VERI*FACTU on 31 December.
    MessageSize for none or more than 1,000, ForeignRecord for one of another taxpayer.
    """
    inner = body(taxpayer, records, incident=incident, representative=representative, ends_on=ends_on)
    return _HEAD + inner + b"</soapenv:Body></soapenv:Envelope>"


def body(
    taxpayer: Taxpayer,
    records: Sequence[Record],
    *,
    incident: bool = False,
    representative: Taxpayer | None = None,
    ends_on: date | None = None,
) -> bytes:
    """What stands in the envelope: `RegFactuSistemaFacturacion`, as the schema SuministroLR describes it; errors as `message`."""
    if not 0 < len(records) <= MOST:
        raise MessageSize(f"{len(records)} records: a message takes 1 to {MOST}; split them with batches()")
    for record in records:
        if record.issuer != taxpayer.nif:
            raise ForeignRecord(f"{record.number} was issued by {record.issuer}: it cannot go in a message of {taxpayer.nif}")
    represented = f"<sum1:Representante>{_party(representative)}</sum1:Representante>" if representative else ""
    head = (
        f'<sum:RegFactuSistemaFacturacion xmlns:sum="{SUPPLY}" xmlns:sum1="{INFORMATION}"><sum:Cabecera>'
        f"<sum1:ObligadoEmision>{_party(taxpayer)}</sum1:ObligadoEmision>{represented}{_voluntary(ends_on, incident=incident)}"
        "</sum:Cabecera>"
    )
    items = b"".join(b"<sum:RegistroFactura>" + record.xml + b"</sum:RegistroFactura>" for record in records)
    return head.encode() + items + b"</sum:RegFactuSistemaFacturacion>"


def _voluntary(ends_on: date | None, *, incident: bool) -> str:
    if ends_on is None and not incident:
        return ""
    end = f"<sum1:FechaFinVeriFactu>{day(ends_on)}</sum1:FechaFinVeriFactu>" if ends_on else ""
    happened = "<sum1:Incidencia>S</sum1:Incidencia>" if incident else ""
    return f"<sum1:RemisionVoluntaria>{end}{happened}</sum1:RemisionVoluntaria>"


def _party(party: Taxpayer) -> str:
    return f"<sum1:NombreRazon>{escaped(party.name)}</sum1:NombreRazon><sum1:NIF>{escaped(party.nif)}</sum1:NIF>"
