"""The tax authority's records of this installation and taxpayer: generated one behind the other, checked, kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from einvoice import xml, xsd
from einvoice.chain import Link, Record, text_of
from einvoice.model import Invoice
from einvoice.regimes.verifactu import build
from einvoice.regimes.verifactu.build import NotRecordable
from einvoice.schemas import SchemaMissing
from revrec import __version__
from revrec.app.paper import tax_id_of
from revrec.settings import Settings
from revrec.store.format import instant
from revrec.store.papers import Kept, Papers

SYSTEM_NAME, SYSTEM_ID = "revrec", "RV"
_SCHEMA = "verifactu/SuministroInformacion"


class End(NamedTuple):
    """Where the chain ends: the last place, and what the next record says of the one that stands there."""

    place: int
    link: Link | None


class RecordChain:
    """The chain for one run of a writing command; `flush` writes what was kept, inside the run's transaction.

    `now` is the moment of generation in the taxpayer's time zone.
    """

    def __init__(self, settings: Settings, papers: Papers, now: datetime) -> None:
        self.settings = settings
        self.papers = papers
        self.now = now
        self._rows: list[Kept] = []

    @cached_property
    def system(self) -> build.System:
        """This installation; the first record makes its number."""
        installation = self.papers.installation()
        if installation is None:
            installation = f"{self.settings.taxpayer[3:]}-{secrets.token_hex(4).upper()}"
            self.papers.add_installation(installation, instant(self.now))
        return system_of(self.settings, installation)

    @cached_property
    def end(self) -> End:
        """Where it ends now; a new installation begins a new chain."""
        last = self.papers.last_record()
        if last is None or last.installation != self.system.installation:
            return End(last.place if last else 0, None)
        day = build.day(date.fromisoformat(last.issued_on))
        return End(last.place, Link(self.settings.taxpayer[3:], last.number, day, last.huella))

    def register(self, invoices: Iterable[Invoice]) -> list[Record]:
        """The altas of some invoices, the next of the chain in this order; none is kept yet. Raises NotRecordable."""
        records: list[Record] = []
        link = self.end.link
        for invoice in invoices:
            record = build.register(invoice, self.system, link, self.now)
            records.append(record)
            link = record.link
        self._validate(records)
        return records

    def add(self, record: Record, customer: str, amends: str) -> int:
        """Keep one record that was just generated; answers its place. Raises NotRecordable."""
        self._validate([record])
        return self.keep(record, customer, amends)

    def keep(self, record: Record, customer: str, amends: str = "") -> int:
        """Take the next record in, sealed for the customer whom it names; answers its place."""
        place = self.end.place + 1
        self.end = End(place, record.link)
        self._rows.append(
            Kept(
                place,
                self.system.installation,
                record.kind.value,
                amends,
                record.number,
                "-".join(reversed(record.issued_on.split("-"))),  # ISO 8601
                record.generated_at,
                text_of(record),
                record.huella,
                customer,
                self.papers.seal(customer, f"record {place}", record.xml),
            )
        )
        return place

    def _validate(self, records: Iterable[Record]) -> None:
        """The official schema, where it is at hand: what it refuses, our rules should have found before."""
        try:
            schema = xsd.schema(_SCHEMA)
        except SchemaMissing:
            return  # checked again before it is sent, which is not possible without
        for record in records:
            if found := schema.findings(xml.parse_own(record.xml)):
                raise NotRecordable(f"the record of {record.number} breaks the official schema: {found[0]}")

    def flush(self) -> None:
        """Write what was kept."""
        self.papers.add_records(self._rows)
        self._rows = []


def system_of(settings: Settings, installation: str) -> build.System:
    """This invoicing system as its records describe it; the producer is the taxpayer where the settings name none."""
    producer = settings.producer
    who = producer.tax_id or settings.taxpayer
    return build.System(
        producer=producer.name or settings.name,
        producer_id=tax_id_of(who[3:], who[:2], business=True),
        name=SYSTEM_NAME,
        id=SYSTEM_ID,
        version=__version__,
        installation=installation,
    )
