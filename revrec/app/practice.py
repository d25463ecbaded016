"""The demo practice on paper: its packages, rates and invented people, and the generator's view of one sold bundle."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any, Final

from revrec.core import money
from revrec.core.dates import add_months

EUR: Final = "EUR"
BRANCHES: Final = ("bcn", "mad")
TAX: Final = "es-health"

# Of ordinary appointments; the rest is moved without a word in the books. With the sessions of stories, which all take
# place, and gift cards they come to the rates of a real clinic: 76 % attended, 16 % cancelled, 6 % missed.
ATTENDED, CANCELLED, MISSED = 0.745, 0.172, 0.064
LATE_SHARE = 0.25  # of the cancellations

FIRST_NAMES: Final = ("Ana", "Bruno", "Carla", "Dario", "Elena", "Fermin", "Gala", "Hugo", "Irene", "Joan", "Laia", "Marc")
SURNAMES: Final = ("Prueba", "Ejemplo", "Muestra", "Ficticio", "Inventado", "Modelo", "Ensayo", "Borrador", "Supuesto")
TOWNS: Final = (("08001", "Barcelona"), ("08020", "Barcelona"), ("28001", "Madrid"), ("28015", "Madrid"))
PROVIDERS: Final = {
    "psychology": ("PR-01", "PR-02", "PR-03"),
    "physiotherapy": ("PR-11", "PR-12", "PR-13"),
    "pilates": ("PR-21", "PR-22"),
    "gym": ("PR-23",),
    "nutrition": ("PR-31", "PR-32"),
    "laser": ("PR-41", "PR-42"),
    "any": ("PR-01", "PR-11"),
}
# One-off visits: the price in minor units and its tax. Laser is delivered by technicians who are paid by the session.
VISITS: Final = {"psychology": (6500, TAX), "physiotherapy": (4800, TAX), "pilates": (1815, "es-21")}
COSTS: Final = {"laser": 4000}
# Companies that pay for their people: (id, name, tax id, whether they keep back income tax); all invented.
COMPANIES: Final = (
    ("K-0001", "Seguros de Muestra SA", "A00000018", False),
    ("K-0002", "Talleres Ficticios SA", "A00000026", False),
    ("K-0003", "Inventos Supuestos SL", "B00000034", True),
)
METHODS: Final = {"card": 45, "transfer": 18, "bizum": 17, "cash": 12, "direct_debit": 6, "paypal": 2}
CLEARED: Final = frozenset({"card", "paypal"})  # collected by a payment service and paid out once a month
ABROAD: Final = "GBP"  # customers in London see their psychologist online
# How often each package is asked for.
MIX: Final = {
    "PSY-10": 16,
    "PSY-5": 15,
    "PSY-OWN-10": 8,
    "PHY-10": 12,
    "PHY-5": 12,
    "PHY-3-1": 9,
    "PSY-300M": 4,
    "PHY-6H": 4,
    "WALLET-200": 3,
    "PIL-10": 7,
    "GYM-MONTH": 4,
    "NUT-6": 3,
    "LAS-8": 2,
    "GIFT-150": 2,
}
# What becomes of a bundle beside being used up; the rest is simply used.
FATES: Final = {"slow": 15, "refund": 8, "transfer": 7, "share": 6, "provider": 3, "terminate": 2, "void": 1.5}
# How a refund goes.
REFUNDS: Final = {"now": 34, "later": 24, "asked": 22, "reversed": 10, "goodwill": 8, "less": 4, "units": 6}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pack:
    """What the generator needs of a package; `units` in sessions, minutes or cents, money in minor units."""

    id: str
    unit: str
    units: int
    price: int
    list_price: int
    service: str
    months: int
    tax: str
    policy: Json

    @property
    def bound(self) -> bool:
        """Whether the price is owed whatever becomes of the sessions."""
        return bool(self.policy["obligation"] == "noncancellable")

    @property
    def flat(self) -> bool:
        """Whether time is sold, not sessions: a month of the gym."""
        return bool(self.policy["recognition"] == "straight_line")

    @property
    def passed_on(self) -> int:
        """What a provider who is sold for earns with one unit: the price less commission and the VAT on it, rounded down."""
        commission = self.price * int(100 * float(self.policy["commission_rate"])) // 100
        return (self.price - commission - commission * 21 // 100) // self.units

    @property
    def no_show_fee(self) -> str:
        """What a no-show costs where it costs money."""
        return str(self.policy.get("no_show_fee", self.policy["late_cancellation_fee"]))

    @property
    def modalities(self) -> list[str]:
        """The modalities that the policy allows."""
        return list(self.policy["modalities"])


@dataclass(frozen=True, slots=True)
class Person:
    """A customer; `family` are the other ids of the household."""

    id: str
    household: str | None
    family: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Held:
    """A sold bundle as the generator sees it; `left` in the pack's own small units."""

    id: str
    pack: Pack
    holder: Person
    branch: str
    sold: date
    price: int
    left: int
    provider: str | None
    fate: str
    fate_after: int
    beneficiary: str | None = None
    paid: int = 0
    uses: int = 0
    ended: bool = False
    part: bool = False  # its units or price are not the pack's any more: no refund is made of it
    late: bool = False  # a session of it waits to be written down
    fixed: date | None = None
    starts: set[tuple[date, str]] = field(default_factory=set)

    @property
    def used_value(self) -> int:
        """What the used units are worth in a refund, in minor units, rounded up."""
        used = self.pack.units - self.left
        contract = -(-self.price * used // self.pack.units)
        return max(contract, used * self.pack.list_price) if self.pack.policy["refund_basis"] == "list" else contract

    @property
    def refundable(self) -> int:
        """A lower bound of the refund quote, in minor units."""
        return self.paid - self.used_value - money.parse(self.pack.policy["refund_fee"], EUR)

    @property
    def last_day(self) -> date | None:
        """The last day of use with grace, or None."""
        policy = self.pack.policy
        day = self.expires_on
        return day + timedelta(days=policy["grace_days"]) if day and policy["expiry_kind"] == "soft" else day

    @property
    def expires_on(self) -> date | None:
        """The last day of use without grace, or None."""
        start = self.pack.policy["expiry_from"]
        if self.fixed:
            return self.fixed
        if start == "sale":
            return add_months(self.sold, self.pack.months)
        if self.starts:
            return add_months(min(self.starts)[0], self.pack.months)
        return add_months(self.sold, self.pack.policy["latest_start_months"]) if start == "first_use" else None


def rate(day: date) -> str:
    """Euros for a pound on a day: invented, a little different every month."""
    return f"1.{150 + day.month * 7 % 11 * 3}"


def pounds(minor: int, day: date) -> int:
    """Pence in euro cents at the rate of a day, rounded half up."""
    return (minor * int(rate(day).replace(".", "")) + 500) // 1000


def policy_text() -> str:
    """The demo practice's `policy.toml`."""
    return resources.files("revrec").joinpath("templates", "demo-policy.toml").read_text("utf-8")


@cache
def packs() -> dict[str, Pack]:
    """The catalogue of the demo practice."""
    parsed = tomllib.loads(policy_text())
    policies = {row["id"]: row for row in parsed["policy"]}
    return {row["id"]: _pack(row, policies[row["policy"]]) for row in parsed["package"]}


def _pack(row: Json, policy: Json) -> Pack:
    scale = {"session": 1, "minute": 1, "hour": 60, "money": 100}[row["unit"]]
    return Pack(
        id=row["id"],
        unit=row["unit"],
        units=int((float(row["units"]) + row["bonus_units"]) * scale),
        price=money.parse(row["price"], EUR),
        list_price=money.parse(row["list_price"], EUR) // scale,
        service=row["service"],
        months=row["expiry_months"] if "expiry_months" in row else policy["expiry_months"],
        tax=row["tax"],
        policy=policy,
    )
