"""The input of the benchmarks: a practice's year, thirteen events a bundle, in order of time, cheap to write.

Bundles start evenly over the days and are used once a week, so that every day sees sales and sessions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

SESSIONS = 10
EVENTS = 3 + SESSIONS  # of one bundle: customer, sale, payment, sessions
FIRST_DAY = date(2025, 1, 1)
YEARS = 10
LAST_START = 283  # so that the last session falls on 20 December, and days of December are left to append

POLICY = """\
[[policy]]
id = "standard"
since = 2016-01-01
why = "For measuring"
recognition = "per_session"
breakage = "at_expiry"
obligation = "cancellable"
invoicing = "at_purchase"
refund = "pro_rata"
refund_basis = "contract"
refund_expected = "0.00"
refund_fee = "0.00"
expiry_months = 12
expiry_from = "sale"
expiry_kind = "hard"
late_cancellation_hours = 24
late_cancellation = "deduct"
late_cancellation_fee = "0.00"
no_show = "deduct"
transfer = "family"
sharing = "household"
owner = "centre"
principal = true
modalities = ["in_person", "online"]
modification = "auto"
bonus = "equal"
overage = "reject"
unpaid_use = "allow"
rounding_minutes = 1

[[tax]]
id = "es-health"
category = "E"
rate = "0"
exemption = "VATEX-EU-132-1C"

[[package]]
id = "PSY-10"
since = 2016-01-01
name = { es = "Bono 10 sesiones", en = "10 sessions" }
policy = "standard"
tax = "es-health"
units = 10
bonus_units = 0
unit = "session"
price = "500.00"
list_price = "60.00"
service = "psychology"
"""

Name = Callable[[str, int], str]


def in_order(kind: str, number: int) -> str:
    """Ids as people count: B-0000012."""
    return f"{kind}-{number:07d}"


def uuids(kind: str, number: int) -> str:
    """Ids as programs make them: a random-looking UUID, the same each time."""
    return str(UUID(bytes=hashlib.md5(f"{kind}{number}".encode()).digest(), version=4))


def write_year(path: Path, bundles: int, name: Name = in_order, hold: int = 0) -> int:
    """Write the year of that many bundles; `hold` of them keep their last session for later; the number of events."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in _year(bundles, name, held(bundles, hold)):
            file.write(line)
            count += 1
    return count


def held(bundles: int, hold: int) -> frozenset[int]:
    """The bundles that keep their last session, spread evenly over the year."""
    return frozenset(number * bundles // hold for number in range(hold)) if hold else frozenset()


def write_day(path: Path, day: date, bundles: int, using: list[int], name: Name = in_order) -> int:
    """Write one more day: two sales, and the last session of some bundles that kept it; the number of events."""
    new = bundles + 10 * (day.timetuple().tm_yday + 1)
    lines = [*_sale(day, new, name), *_sale(day, new + 1, name), *(_session(day, number, SESSIONS, name) for number in using)]
    path.write_text("".join(lines), encoding="utf-8")
    return len(lines)


def write_sales(path: Path, bundles: int) -> int:
    """Write one paid sale each to customers of whom everything is known that an invoice needs; the number of events."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for number in range(bundles):
            file.writelines(_sale(FIRST_DAY, number, in_order, _known(number)))
    return 3 * bundles


def _known(number: int) -> str:
    """The tax number of an invented person (its letter is the remainder by 23), and an address."""
    nif = f"{10_000_000 + number:08d}{'TRWAGMYFPDXBNJZSQVHLCKE'[(10_000_000 + number) % 23]}"
    return f',"tax_id":"{nif}","address":"Calle Inventada {number}","post_code":"08001","town":"Barcelona","province":"Barcelona"'


def write_decade(path: Path, bundles: int) -> int:
    """Write ten years with a tenth of the bundles each, the last of them the year of `write_year`; the number of events."""
    of_year = bundles // YEARS
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for nth in range(YEARS):
            first = FIRST_DAY.replace(year=FIRST_DAY.year - YEARS + 1 + nth)
            file.writelines(_year(of_year, in_order, frozenset(), first, nth * of_year))
    return YEARS * of_year * EVENTS


def _year(bundles: int, name: Name, kept: frozenset[int], first: date = FIRST_DAY, base: int = 0) -> Iterator[str]:
    """The events of a year that begins on `first`; its bundles are numbered from `base` on."""
    starts = [base + _started_before(day, bundles) for day in range(LAST_START + 2)]
    for offset in range(LAST_START + 7 * SESSIONS + 1):
        day = first + timedelta(days=offset)
        if offset <= LAST_START:
            for number in range(starts[offset], starts[offset + 1]):
                yield from _sale(day, number, name)
        for week in range(1, SESSIONS + 1):
            start = offset - 7 * week
            if 0 <= start <= LAST_START:
                for number in range(starts[start], starts[start + 1]):
                    if week < SESSIONS or number not in kept:
                        yield _session(day, number, week, name)


def _started_before(day: int, bundles: int) -> int:
    return day * bundles // (LAST_START + 1)


@cache
def _last_sunday(year: int, month: int) -> date:
    """The last Sunday of a month of 31 days."""
    end = date(year, month, 31)
    return end - timedelta(days=end.isoweekday() % 7)


def _envelope(day: date, kind: str, event: str, data: str, hour: int) -> str:
    zone = "+02:00" if _last_sunday(day.year, 3) <= day < _last_sunday(day.year, 10) else "+01:00"
    return (
        f'{{"specversion":"1.0","id":"{event}","source":"bench","type":"{kind}","time":"{day}T{hour:02d}:00:00{zone}",'
        f'"branch":"bcn","actor":"reception","data":{{{data}}}}}\n'
    )


def _sale(day: date, number: int, name: Name, more: str = "") -> tuple[str, ...]:
    customer, bundle = name("C", number), name("B", number)
    return (
        _envelope(
            day,
            "customer.registered",
            name("R", number),
            f'"customer":"{customer}","name":"Ana","first_surname":"Prueba","person":"natural","country":"ES"{more}',
            9,
        ),
        _envelope(day, "bundle.sold", name("V", number), f'"bundle":"{bundle}","package":"PSY-10","customer":"{customer}"', 9),
        _envelope(
            day,
            "payment.received",
            name("M", number),
            f'"payment":"{name("P", number)}","amount":"500.00","method":"transfer","bundle":"{bundle}"',
            9,
        ),
    )


def _session(day: date, number: int, week: int, name: Name) -> str:
    nth = number * SESSIONS + week
    data = f'"session":"{name("S", nth)}","bundle":"{name("B", number)}","provider":"PR-01"'
    return _envelope(day, "session.completed", name("U", nth), data, 10)
