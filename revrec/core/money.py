"""Amounts in integer minor units of a currency, and exact shares of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# ISO 4217 minor units where they are not two.
_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def exponent(currency: str) -> int:
    """Decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of an ISO 4217 currency: `Money(1050, "EUR")` is 10.50 EUR."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{text(self.minor, self.currency)} {self.currency}"


def text(minor: int, currency: str) -> str:
    """An amount with all its decimals and no thousands separator: `-10.50`."""
    places = exponent(currency)
    if not places:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**places)
    return f"{sign}{whole}.{rest:0{places}d}"


def parse(amount: str, currency: str) -> int:
    """Minor units of a decimal string; ValueError when it has more decimals than the currency."""
    whole, _, rest = amount.lstrip("-").partition(".")
    places = exponent(currency)
    if len(rest) > places:
        raise ValueError(f"{amount} has more than {places} decimals, the most that {currency} has")
    minor: int = int(whole) * 10**places + (int(rest.ljust(places, "0")) if places and rest else 0)
    return -minor if amount.startswith("-") else minor


def decimal(minor: int, currency: str) -> Decimal:
    """The amount as an exact Decimal with the currency's decimals."""
    return Decimal(minor).scaleb(-exponent(currency))


def share(total: int, part: int, whole: int) -> int:
    """`total × part ÷ whole`, rounded half up to a minor unit; all arguments non-negative, whole above 0.

    The cumulative share: what was earned after `part` of `whole` units (accounting.md 1.4).
    """
    return (2 * total * part + whole) // (2 * whole)


def allocate(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Shares of a total that add up to it exactly: each is the cumulative share less what went before."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("the weights of a total must add up to more than 0")
    shares, done, seen = [], 0, 0
    for weight in weights:
        seen += weight
        upto = share(total, seen, whole)
        shares.append(upto - done)
        done = upto
    return tuple(shares)
