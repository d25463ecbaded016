"""A new workspace: settings, policies, a chart, an empty ledger, a database and two keys, made whole or not at all."""

from __future__ import annotations

import difflib
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from revrec import settings
from revrec.app import audit_key
from revrec.books import plugin
from revrec.books.chart import Chart
from revrec.books.write import Books, Writer
from revrec.core.errors import RevrecError
from revrec.settings import Settings, Territory, Unfit, check_currency, check_name, check_taxpayer
from revrec.store import keys, store

__all__ = [
    "Answers",
    "check_chart",
    "check_currency",
    "check_name",
    "check_taxpayer",
    "check_territory",
    "check_zone",
    "init",
    "usual",
]

CHARTS = ("pgc", "generic")
_EURO = frozenset(
    {"AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PT", "SI", "SK"}
)
_CURRENCIES = {
    "AR": "ARS", "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CL": "CLP", "CO": "COP", "CZ": "CZK", "DK": "DKK",
    "GB": "GBP", "HU": "HUF", "JP": "JPY", "MX": "MXN", "MY": "MYR", "NO": "NOK", "NZ": "NZD", "PE": "PEN", "PL": "PLN",
    "RO": "RON", "SE": "SEK", "US": "USD", "UY": "UYU",
}  # fmt: skip


class Occupied(RevrecError):
    """The folder holds something that would be overwritten."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}. Hint: name another folder; nothing was changed")


class Usual(NamedTuple):
    """What a taxpayer of a country most likely answers; None where nothing can be guessed."""

    chart: str
    zone: str | None
    currency: str | None
    territory: str | None


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` needs to know, each checked already."""

    taxpayer: str
    name: str
    chart: str
    zone: str
    currency: str
    territory: str | None
    open_on: date = date(1970, 1, 1)


def usual(taxpayer: str) -> Usual:
    """The answers that follow from the taxpayer's country."""
    country = taxpayer[:2]
    if country == "ES":
        return Usual("pgc", "Europe/Madrid", "EUR", Territory.COMMON.value)
    currency = "EUR" if country in _EURO else _CURRENCIES.get(country)
    return Usual("generic", _zone_of(country), currency, None)


def check_chart(value: str) -> str:
    """One of the shipped charts; raises Unfit."""
    if value not in CHARTS:
        raise Unfit(f"there is no chart {value!r}", f"write one of {', '.join(CHARTS)}")
    return value


def check_territory(value: str) -> str:
    """One of the tax territories; raises Unfit."""
    if value not in list(Territory):
        near = difflib.get_close_matches(value, list(Territory), n=1)
        raise Unfit(
            f"there is no territory {value!r}", f"did you mean {near[0]}?" if near else f"write one of {', '.join(Territory)}"
        )
    return value


def check_zone(value: str) -> str:
    """The name of an IANA time zone; raises Unfit."""
    return settings.check_zone(value).key


def init(root: Path, answers: Answers, *, now: datetime) -> Settings:
    """Make the workspace `root`; raises Occupied when files of a workspace stand there already.

    Everything is made in a folder beside it and then moved, so that a failure leaves nothing behind.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100  `resolve` would follow a link that the user made on purpose
    _refuse_occupied(root)
    beside = root.parent / f".{root.name}.{secrets.token_hex(4)}"
    beside.mkdir(parents=True)
    try:
        _fill(beside, answers, now.astimezone(ZoneInfo(answers.zone)).year)
        _refuse_clash(root, beside)
        root.mkdir(exist_ok=True)
        for child in sorted(beside.iterdir()):
            child.rename(root / child.name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return settings.load(root, os.environ)


def _refuse_occupied(root: Path) -> None:
    if (root / settings.FILE).exists():
        raise Occupied(root, "this is a workspace already")
    if root.exists() and not root.is_dir():
        raise Occupied(root, "this is a file, not a folder")


def _refuse_clash(root: Path, beside: Path) -> None:
    for child in sorted(beside.iterdir()):
        if (root / child.name).exists():
            raise Occupied(root, f"the folder holds {child.name} already, which would be overwritten")


def _fill(root: Path, answers: Answers, year: int) -> None:
    """Write every file of the workspace into the empty folder `root`, then the database."""
    values = _values(answers, year)
    for name, template in (
        (settings.FILE, "revrec.toml"),
        ("policy.toml", "policy.toml"),
        ("main.beancount", "main.beancount"),
        (f"manual/{year}.beancount", "manual.beancount"),
        ("documents/README.md", "documents.md"),
        (".gitignore", "gitignore"),
    ):
        _write(root / name, _filled(_template(template), values))
    _write(root / "chart.beancount", _chart(answers))
    _write_key(root / "revrec.key")
    audit_key.write(root / audit_key.FILE)
    _begin(settings.load(root, os.environ))


def _begin(made: Settings) -> None:
    """The empty store and the empty books of a new workspace."""
    store.create(made.url, made.taxpayer)
    plugin.install(made.root)
    chart = Chart.load(made.root / "chart.beancount")
    Writer(made.root, chart, made.currency).write(Books(entries=lambda _: (), days={}, months=(), last_day=None))


def _values(answers: Answers, year: int) -> Mapping[str, str]:
    """What stands for each @WORD@ of the templates. A name in quotes is written alike in TOML and in Beancount."""
    quoted = json.dumps(answers.name, ensure_ascii=False)[1:-1]
    spanish = answers.taxpayer.startswith("ES-")
    return {
        "TAXPAYER": answers.taxpayer,
        "NAME": quoted,
        "PERSON": settings.person_of(answers.taxpayer).value,
        "ZONE": answers.zone,
        "CURRENCY": answers.currency,
        "LANGUAGE": "es" if answers.chart == "pgc" else "en",
        "TERRITORY": _territory(answers.territory),
        "TAX": "es-health" if spanish else "health",
        "YEAR": str(year),
        "NEXT_YEAR": str(year + 1),
    }


def _territory(territory: str | None) -> str:
    """The line of revrec.toml."""
    if territory is None:
        return "# territory = ...                    # of Spanish taxpayers only"
    return f"""{f'territory = "{territory}"':<36} # {" | ".join(Territory)}"""


def _zone_of(country: str) -> str | None:
    """The first time zone of a country in the IANA table, or None."""
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return next((row[2] for row in rows if row[0] == country), None)


def _chart(answers: Answers) -> str:
    """The shipped chart with the taxpayer's currency and the day on which its accounts open."""
    text = _template(f"chart_{answers.chart}.beancount")
    return re.sub(r"(?m)^(;?\s*)1970-01-01 open (\S+) EUR$", rf"\g<1>{answers.open_on} open \2 {answers.currency}", text)


def _template(name: str) -> str:
    return (resources.files("revrec.templates") / name).read_text("utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def _write_key(path: Path) -> None:
    """A new key, readable by the owner alone."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(keys.new_key() + "\n")
