"""`revrec.toml` and the environment, read once into frozen `Settings` (events.md 1)."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from revrec.core.errors import RevrecError
from revrec.core.events import Method
from revrec.core.journal import MONEY_ROLES, Role
from revrec.core.policy import WHOLE, Regime

FILE = "revrec.toml"
MOST_YEARS = 30  # how long a setting may ask to keep a person's data
_TAXPAYER = re.compile(r"[A-Z]{2}-[A-Z0-9][A-Z0-9.]{1,29}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_SERIES = re.compile(r"[A-Za-z0-9._/-]{1,20}")
_SHARE = re.compile(r"[01](\.[0-9]{1,6})?")
_RATE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2})?")

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
D = TypeVar("D", "DatedRate", "DatedShare")


class Person(StrEnum):
    """What the taxpayer is in law."""

    LEGAL = "legal"
    NATURAL = "natural"


class Purpose(StrEnum):
    """Whether these books are the statutory ones or a management view (`book`)."""

    STATUTORY = "statutory"
    MANAGEMENT = "management"


class Territory(StrEnum):
    """The tax territory of a Spanish taxpayer: it decides which authority's rules apply to documents."""

    COMMON = "common"
    NAVARRE = "navarre"
    BASQUE_ARABA = "basque-araba"
    BASQUE_BIZKAIA = "basque-bizkaia"
    BASQUE_GIPUZKOA = "basque-gipuzkoa"
    CANARY = "canary"
    CEUTA_MELILLA = "ceuta-melilla"


class VatScheme(StrEnum):
    """General, or the special scheme of the cash criterion."""

    GENERAL = "general"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the taxpayer is established, as documents will print it."""

    address: str | None = None
    post_code: str | None = None
    town: str | None = None
    province: str | None = None


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A percentage from a day on."""

    since: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Irpf:
    """Spanish income tax kept back by business customers: whether the taxpayer is a professional, and the dated rates."""

    professional: bool = False
    rates: tuple[DatedRate, ...] = ()


@dataclass(frozen=True, slots=True)
class DatedShare:
    """A share between 0 and 1 from a day on."""

    since: date
    share: Decimal


class TaxOffice(StrEnum):
    """Which environment of the tax authority documents name and records go to."""

    PRODUCTION = "production"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Producer:
    """Who answers for this invoicing system (RD 1007/2023 art. 13); None: the taxpayer, who uses it for themselves."""

    name: str | None = None
    tax_id: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """Where records go: `endpoint` and `trust` (a file of certificates) only for a local office such as the sandbox.

    `seal`: the certificate is one of an entity's seal, which has hosts of its own. `face` is the endpoint of FACe.
    """

    environment: TaxOffice = TaxOffice.PRODUCTION
    endpoint: str | None = None
    trust: Path | None = None
    seal: bool = False
    face: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What `revrec.toml` says, checked; `database` is an SQLAlchemy URL, `key` the text of REVREC_KEY if it is set.

    `audit_key` is that of REVREC_AUDIT_KEY, `signer_password` that of REVREC_SIGNER_PASSWORD; `methods` holds only the
    payment methods whose role differs from the usual one; `vat_deductible` the deductible share of input VAT, oldest
    first: before the first row nothing is deductible.
    `keep_years` lengthens the years for which the data of a person who asked to be erased is kept, blocked.
    """

    root: Path
    taxpayer: str
    name: str
    person: Person
    zone: ZoneInfo
    currency: str
    database: str
    chart_language: str = "en"
    book: Purpose = Purpose.STATUTORY
    territory: Territory | None = None
    sii: bool = False
    vat_scheme: VatScheme = VatScheme.GENERAL
    address: Address = Address()
    vat_deductible: tuple[DatedShare, ...] = ()
    irpf: Irpf = Irpf()
    methods: Mapping[str, Role] = field(default_factory=dict)
    invoicing_from: date | None = None
    invoiced_by: str | None = None
    series: Mapping[str, str] = field(default_factory=dict)
    signer: Path | None = None
    producer: Producer = Producer()
    submission: Submission = Submission()
    keep_years: int = 0
    key: str | None = field(default=None, repr=False)
    signer_password: str | None = field(default=None, repr=False)
    audit_key: str | None = field(default=None, repr=False)

    @property
    def country(self) -> str:
        """ISO 3166 code of the taxpayer's country: what its id starts with."""
        return self.taxpayer[:2]

    @property
    def regime(self) -> Regime:
        """The VAT rules of the taxpayer that postings follow."""
        shares = tuple((row.since, int(row.share * WHOLE)) for row in self.vat_deductible)
        return Regime(self.vat_scheme is VatScheme.CASH, shares)

    @property
    def database_path(self) -> Path:
        """The SQLite file; a relative one lies in the workspace."""
        return self.root / unquote(self.database.removeprefix("sqlite:///"))

    @property
    def url(self) -> str:
        """The database as the store opens it: an SQLAlchemy URL with the whole path."""
        return f"sqlite:///{self.database_path}"

    @property
    def key_path(self) -> Path:
        """The file of the key that wraps the keys of personal data."""
        return self.root / "revrec.key"

    @property
    def audit_key_path(self) -> Path:
        """The file of the workspace's own signing key, which signs where no certificate does."""
        return self.root / "audit.key"


class SettingsError(RevrecError):
    """A setting that cannot stand: `file:line: key: what is wrong. Hint: what to do`."""

    def __init__(self, where: str, key: str, reason: str, hint: str) -> None:
        super().__init__(f"{where}: {key}: {reason}. Hint: {hint}")
        self.key = key
        self.reason = reason
        self.hint = hint


class NoWorkspace(RevrecError):
    """The folder holds no `revrec.toml`."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            f"{root}: no workspace here ({FILE} is missing). Hint: make one with `revrec init`, or name it with -C DIR"
        )


class Unfit(ValueError):
    """A value that cannot stand, before it is known where it was written: reason and remedy."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def load(root: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of the workspace `root`; raises NoWorkspace or SettingsError."""
    path = root / FILE
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NoWorkspace(root) from None
    try:
        text = raw.decode()
        table = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(str(path), "syntax", f"this is no TOML: {error}", "strings stand in quotes, dates do not") from None
    return parse(table, root=root, text=text, environ=environ)


def parse(table: Mapping[str, Any], *, root: Path, text: str = "", environ: Mapping[str, str]) -> Settings:
    """Settings from a parsed table; `text` is only used to name lines in errors."""
    top = _Table(table, _Origin(root / FILE, text))
    who = top.table("taxpayer")
    taxpayer = who.need("id", str, check_taxpayer, 'the tax id with its country, such as `id = "ES-B64717838"`')
    spanish = taxpayer.startswith("ES-")
    settings = Settings(
        root=root,
        taxpayer=taxpayer,
        name=who.need("name", str, check_name, "the legal name, as documents print it"),
        person=who.choice("person", Person) or person_of(taxpayer),
        address=Address(*(who.get(key, str) for key in ("address", "post_code", "town", "province"))),
        zone=top.need("time_zone", str, check_zone, 'an IANA name such as `time_zone = "Europe/Madrid"`'),
        currency=top.need("currency", str, check_currency, 'an ISO 4217 code such as `currency = "EUR"`'),
        database=_database(top, environ),
        chart_language=top.get("chart_language", str, _language) or ("es" if spanish else "en"),
        book=top.choice("book", Purpose) or Purpose.STATUTORY,
        territory=top.choice("territory", Territory) or (Territory.COMMON if spanish else None),
        sii=top.get("sii", bool) or False,
        vat_scheme=top.choice("vat_scheme", VatScheme) or VatScheme.GENERAL,
        vat_deductible=_deductible(top),
        irpf=_irpf(top.table("irpf")),
        methods=_methods(top.table("methods")),
        invoicing_from=top.get("invoicing_from", date),
        invoiced_by=top.get("invoiced_by", str, _filled),
        series=_series(top.table("series")),
        signer=_below(root, top.get("signer", str, _filled)),
        keep_years=top.get("keep_years", int, _years) or 0,
        producer=_producer(top.table("producer")),
        submission=_submission(root, top.table("submission")),
        key=environ.get("REVREC_KEY") or None,
        signer_password=environ.get("REVREC_SIGNER_PASSWORD"),
        audit_key=environ.get("REVREC_AUDIT_KEY") or None,
    )
    who.done()
    top.done()
    _check_issuing(settings, top)
    return settings


# Where another regime than VERI*FACTU applies: it is named, and nothing is issued (spain.md 0, 3; RD 1007/2023 art. 3).
_OTHER_REGIMES = {
    Territory.NAVARRE: "the foral regime of Navarre applies there",
    Territory.BASQUE_ARABA: "TicketBAI of Araba applies there",
    Territory.BASQUE_BIZKAIA: "TicketBAI of Bizkaia (Batuz, LROE) applies there",
    Territory.BASQUE_GIPUZKOA: "TicketBAI of Gipuzkoa applies there",
    Territory.CANARY: "IGIC and its own rules apply in the Canary Islands",
    Territory.CEUTA_MELILLA: "IPSI applies in Ceuta and Melilla",
}


def _check_issuing(settings: Settings, top: _Table) -> None:
    """Refuses to issue where the regime that applies is not built, naming it; the books work everywhere."""
    if settings.invoicing_from is None:
        return
    hint = "leave `invoicing_from` out: the books work, and `invoiced_by` names the system that issues the invoices"
    if settings.territory in _OTHER_REGIMES:
        raise top.error("territory", f"no invoice can be issued: {_OTHER_REGIMES[settings.territory]}; it is not built", hint)
    if settings.sii:
        reason = "no invoice can be issued: the SII applies, which excludes VERI*FACTU (RD 1007/2023 art. 3); it is not built"
        raise top.error("sii", reason, hint)
    if settings.invoiced_by is not None:
        raise top.error("invoiced_by", "another system issues the invoices, and `invoicing_from` says that this one does", hint)


def _producer(table: _Table) -> Producer:
    found = Producer(table.get("name", str, check_name), table.get("tax_id", str, check_taxpayer))
    table.done()
    return found


def _submission(root: Path, table: _Table) -> Submission:
    found = Submission(
        table.choice("environment", TaxOffice) or TaxOffice.PRODUCTION,
        table.get("endpoint", str, _https),
        _below(root, table.get("trust", str, _filled)),
        table.get("seal", bool) or False,
        table.get("face", str, _https),
        table.get("email", str, _filled),
    )
    table.done()
    return found


def _https(value: str) -> str:
    if not value.startswith("https://"):
        raise Unfit(f"{value!r} is no address that a tax authority answers at", "write one that begins with https://")
    return value


def check_taxpayer(value: str) -> str:
    """A tax id with its country, `ES-B64717838`; raises Unfit, with the reason, when a Spanish one is mistyped."""
    if not _TAXPAYER.fullmatch(value):
        raise Unfit(
            f"{value!r} is not a tax id with its country",
            "write the two letters of the country, a hyphen and the number in capitals without spaces: ES-B64717838",
        )
    if value.startswith("ES-"):
        from stdnum.es import nif
        from stdnum.exceptions import InvalidChecksum, ValidationError

        try:
            nif.validate(value[3:])
        except InvalidChecksum:
            raise Unfit(f"{value!r}: the check character does not fit the number", "compare it with the tax card (NIF)") from None
        except ValidationError as error:
            raise Unfit(f"{value!r} is not a Spanish NIF: {error}", "compare it with the tax card (NIF)") from None
    return value


def check_name(value: str) -> str:
    """A legal name: one line, no control characters; raises Unfit."""
    if not value.isprintable():
        raise Unfit(f"{value!r} holds a control character", "write the name in one line")
    if "<" in value or ">" in value:
        raise Unfit(f"{value!r} holds < or >, which browsers take for markup", "write the name as the register has it")
    if not value.strip():
        raise Unfit("the name is empty", "write the legal name")
    return _filled(value)


def person_of(taxpayer: str) -> Person:
    """What a Spanish NIF says of its holder (DNI, NIE, K, L, M: natural); elsewhere legal."""
    return Person.NATURAL if re.match(r"ES-[0-9XYZKLM]", taxpayer) else Person.LEGAL


def check_zone(value: str) -> ZoneInfo:
    """An IANA time zone; raises Unfit, with the nearest name, when there is none."""
    zones = available_timezones()
    if value not in zones:
        near = difflib.get_close_matches(value, sorted(zones), n=1)
        raise Unfit(
            f"there is no time zone {value!r}", f"did you mean {near[0]}?" if near else "write a name such as Europe/Madrid"
        )
    return ZoneInfo(value)


def check_currency(value: str) -> str:
    """An ISO 4217 code by its form; raises Unfit."""
    if not _CURRENCY.fullmatch(value):
        raise Unfit(f"{value!r} is not a currency code", "write three capitals (ISO 4217), such as EUR")
    return value


def check_database(value: str) -> str:
    """An SQLite URL; raises Unfit for every other database."""
    if value.startswith(("postgresql", "postgres:")):
        raise Unfit("PostgreSQL is refused until the service release", 'use `database = "sqlite:///revrec.db"`')
    name = value.removeprefix("sqlite:///")
    if name == value or not name or name == ":memory:":
        raise Unfit(
            f"{value!r} is no database that revrec can use", 'use `database = "sqlite:///revrec.db"` (a file in the workspace)'
        )
    return value


def _database(top: _Table, environ: Mapping[str, str]) -> str:
    written = top.get("database", str, check_database)
    if not (override := environ.get("REVREC_DATABASE")):
        return written or "sqlite:///revrec.db"
    try:
        return check_database(override)
    except Unfit as unfit:
        raise SettingsError("environment", "REVREC_DATABASE", unfit.reason, unfit.hint) from None


def _filled(value: str) -> str:
    if not value.strip():
        raise Unfit("it is empty", "write it, or leave the line out")
    return value.strip()


def _years(value: int) -> int:
    if not 0 <= value <= MOST_YEARS:
        raise Unfit(f"{value} years", f"write a number from 0 to {MOST_YEARS}; 0: as long as the law says")
    return value


def _language(value: str) -> str:
    if value not in ("es", "en"):
        raise Unfit(f"there is no chart in {value!r}", "write es or en")
    return value


def _irpf(table: _Table) -> Irpf:
    rates = []
    for row in table.tables("rate"):
        rates.append(
            DatedRate(
                row.need("since", date, _same, "a day"), row.need("rate", str, _percent, 'a percentage such as `rate = "15"`')
            )
        )
        row.done()
    irpf = Irpf(table.get("professional", bool) or False, _dated(table, "rate", rates))
    table.done()
    return irpf


def _deductible(table: _Table) -> tuple[DatedShare, ...]:
    rows = []
    for row in table.tables("vat_deductible"):
        since = row.need("since", date, _same, "a day such as `since = 2026-01-01`")
        rows.append(DatedShare(since, row.need("share", str, _share, 'a share such as `share = "0.35"`')))
        row.done()
    return _dated(table, "vat_deductible", rows)


def _dated(table: _Table, key: str, rows: list[D]) -> tuple[D, ...]:
    """Rows by their first day, which no two may share."""
    found = tuple(sorted(rows, key=lambda row: row.since))
    for before, after in pairwise(found):
        if before.since == after.since:
            raise table.error(key, f"two rows begin on {after.since}", "give one of them another `since`")
    return found


def _share(value: str) -> Decimal:
    if not _SHARE.fullmatch(value) or Decimal(value) > 1:
        raise Unfit(f"{value!r} is not a share", 'write a decimal between 0 and 1 in quotes, such as "0.35"')
    return Decimal(value)


def _percent(value: str) -> Decimal:
    if not _RATE.fullmatch(value):
        raise Unfit(f"{value!r} is not a percentage", 'write digits in quotes, such as "15" or "7.5"')
    return Decimal(value)


def _methods(table: _Table) -> Mapping[str, Role]:
    found = {method.value: table.get(method, str, _money_role) for method in Method}
    table.done()
    return {method: role for method, role in found.items() if role}


def _money_role(value: str) -> Role:
    roles = sorted(MONEY_ROLES)
    if value not in roles:
        raise Unfit(f"{value!r} is no role of money", f"write one of {', '.join(roles)}")
    return Role(value)


def _series(table: _Table) -> Mapping[str, str]:
    found = {kind: table.get(kind, str, _prefix) for kind in ("invoice", "simplified", "corrective", "commission")}
    table.done()
    return {kind: prefix for kind, prefix in found.items() if prefix}


def _prefix(value: str) -> str:
    if not _SERIES.fullmatch(value):
        raise Unfit(f"{value!r} is no prefix of a series", "write at most 20 of A-Z a-z 0-9 . _ / -")
    return value


def _below(root: Path, name: str | None) -> Path | None:
    return root / name if name else None


def _same(value: T) -> T:
    return value


class _Origin:
    """Where a table was written, to name file and line in errors."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text

    def where(self, section: str, key: str) -> str:
        """`revrec.toml:12`, or the file alone when the key is not written there."""
        current = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[+\s*([\w.]+)\s*]", line):
                current = header[1]
                if current == (f"{section}.{key}" if section else key):
                    return f"{self.path}:{number}"
            elif current == section and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
                return f"{self.path}:{number}"
        return str(self.path)


class _Table:
    """One table being read: every key is asked for by name, and `done` refuses what was not."""

    def __init__(self, values: Mapping[str, Any], origin: _Origin, section: str = "") -> None:
        self.values = values
        self.origin = origin
        self.section = section
        self.known: list[str] = []

    def get(self, key: str, kind: type[Any], check: Any = _same) -> Any:
        """The checked value, or None when the key is absent."""
        self.known.append(key)
        value = self.values.get(key)
        if value is None:
            return None
        if type(value) is not kind:
            raise self.error(key, f"{value!r} is not {_KINDS[kind]}", f"write {_KINDS[kind]}")
        try:
            return check(value)
        except Unfit as unfit:
            raise self.error(key, unfit.reason, unfit.hint) from None

    def need(self, key: str, kind: type[Any], check: Any, hint: str) -> Any:
        """The checked value of a key that must be there."""
        value = self.get(key, kind, check)
        if value is None:
            raise self.error(key, "it is missing", f"add {hint}")
        return value

    def choice(self, key: str, choices: type[E]) -> E | None:
        """A member of an enumeration, or None."""
        value = self.get(key, str)
        if value is not None and value not in list(choices):
            raise self.error(key, f"{value!r} is not one of its values", f"write one of {', '.join(choices)}")
        return None if value is None else choices(value)

    def table(self, key: str) -> _Table:
        """A sub-table; an absent one is empty."""
        return self._sub(key, self.get(key, dict) or {})

    def tables(self, key: str) -> list[_Table]:
        """The rows of a list of tables."""
        rows = self.get(key, list) or []
        if not all(isinstance(row, dict) for row in rows):
            raise self.error(key, "it is not a list of tables", f"write [[{self._name(key)}]]")
        return [self._sub(key, row) for row in rows]

    def done(self) -> None:
        """Refuses the first key that nobody asked for."""
        for key in self.values:
            if key in self.known:
                continue
            near = difflib.get_close_matches(key, self.known, n=1)
            if "password" in key:
                raise self.error(key, "a password never stands in a file", "set REVREC_SIGNER_PASSWORD")
            raise self.error(key, "unknown key", f"did you mean {near[0]}?" if near else f"known keys: {', '.join(self.known)}")

    def error(self, key: str, reason: str, hint: str) -> SettingsError:
        """The error about one key of this table."""
        return SettingsError(self.origin.where(self.section, key), self._name(key), reason, hint)

    def _sub(self, key: str, values: Mapping[str, Any]) -> _Table:
        return _Table(values, self.origin, self._name(key))

    def _name(self, key: str) -> str:
        return f"{self.section}.{key}" if self.section else key


_KINDS: Mapping[type[Any], str] = {
    str: "a text in quotes",
    bool: "true or false",
    date: "a date without quotes, such as 2026-01-01",
    dict: "a table",
    list: "a list",
}
