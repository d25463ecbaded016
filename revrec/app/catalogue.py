"""The versions on offer, each checked against what was pinned before; what a sale relies on is pinned (events.md 2)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from revrec.core.book import METHODS
from revrec.core.errors import Refused
from revrec.core.policy import Package, Policy, Regime, Tax, Terms
from revrec.settings import Settings
from revrec.store.pins import SETTINGS, Pin, Pins, pin_of
from revrec.wire.policies import PolicyFile

_KINDS: dict[type[Package | Policy | Tax], str] = {Package: "package", Policy: "policy", Tax: "tax"}


@dataclass(slots=True)
class PinningCatalogue:
    """The policy file as a catalogue of the core that remembers what the event at hand relied on."""

    file: PolicyFile
    pins: Pins
    settings: Settings
    _touched: dict[tuple[str, str, str], Pin] = field(default_factory=dict)
    _offers: dict[tuple[str, date], tuple[Terms, tuple[Pin, ...]]] = field(default_factory=dict)
    _tax_points: dict[tuple[str, date], tuple[Tax, Pin]] = field(default_factory=dict)
    _settings_pin: Pin | None = None
    _settled: bool = False  # the settings are those of the latest event

    def begin(self) -> None:
        """The next event: nothing is relied on yet."""
        self._touched.clear()

    def terms(self, package: str, day: date) -> Terms:
        """The terms of a sale; Refused when they cannot be sold, or differ from what was pinned under their names."""
        offer = self._offers.get((package, day))
        if offer is None:
            terms = self.pins.remember(self.file.terms(package, day))
            pins = tuple(self._sold(version, day) for version in (terms.package, terms.policy, terms.tax))
            offer = self._offers[package, day] = terms, pins
        terms, pins = offer
        self._rely(pins)
        return terms

    def sellable(self, tax: str, day: date) -> str:
        """The category of the tax of a one-off visit, whose version is pinned too."""
        version = self.file.tax(tax, day)
        self._rely((self._sold(version, day),))
        return version.category

    def tax(self, tax: str, day: date) -> Tax:
        """The version of a tax at a tax point, pinned; Refused when there was never one.

        A version that was pinned goes before what the file says today: money that came in is booked, whatever became of
        the file; the next sale says what was changed.
        """
        version, pin = self._tax_points.get((tax, day)) or self._tax_point(tax, day)
        self._tax_points[tax, day] = version, pin
        self._rely((pin,))
        return version

    def fee_tax(self, day: date) -> str | None:
        """The tax of a fee that is under no policy, and the policy that names it pinned; Refused where policies differ."""
        policy = self.file.fee_policy(day)
        if policy is None:
            return None
        self._rely((self._sold(policy, day),))
        return policy.fee_tax

    def _tax_point(self, tax: str, day: date) -> tuple[Tax, Pin]:
        pinned = next(iter(self.pins.candidates("tax", tax, day, sys.maxsize)), None)
        try:
            version = self.file.tax(tax, day)
        except Refused:
            if pinned is None:
                raise
            version = None
        if pinned is not None and (version is None or version.since <= pinned.since):
            assert isinstance(pinned, Tax)
            return pinned, self.pins.rows["tax", tax, pinned.since.isoformat()]
        assert version is not None
        return version, self._pin(version)

    def take(self, seq: int) -> tuple[list[Pin], list[Pin]]:
        """What event `seq` relied on, in order, and which of that is pinned for the first time; settings stand first."""
        if self._settled and not self._touched:
            return [], []  # most events
        relied = [pin._replace(seq=seq) for pin in self._touched.values()]
        fresh = [pin for pin in relied if self.pins.get(pin.kind, pin.id, pin.since) is None]
        if (settings := self._changed_settings(seq)) is not None:
            relied.insert(0, settings)
            fresh.insert(0, settings)
        self._settled = True
        for pin in fresh:
            self.pins.add(pin)
        return relied, fresh

    def _rely(self, pins: tuple[Pin, ...]) -> None:
        for pin in pins:
            self._touched[pin.kind, pin.id, pin.since] = pin

    def _sold(self, version: Package | Policy | Tax, day: date) -> Pin:
        """The pin of a version that is sold; Refused when a newer one was used before and is gone from the file."""
        kind = _KINDS[type(version)]
        newest = next(iter(self.pins.candidates(kind, version.id, day, sys.maxsize)), None)
        if newest is not None and newest.since > version.since:
            raise Refused(
                f"{kind} {newest.id}@{newest.since}, under which something was sold before, is gone from {self.file.name}. "
                "A version that was used stays: put it back and give the change a new `since`",
                rule="events.md 2: pinned versions",
                field=kind if kind != "policy" else "package",
            )
        return self._pin(version)

    def _pin(self, version: Package | Policy | Tax) -> Pin:
        kind = _KINDS[type(version)]
        name = f"{version.id}@{version.since}"
        shown = name if version.since > date.min else version.id  # a tax may have no `since`
        pin = pin_of(kind, version.id, version.since, self.file.canonical(kind, name))
        before = self.pins.get(kind, pin.id, pin.since)
        if before is not None and before.digest != pin.digest:
            raise Refused(
                f"{kind} {shown} differs from the version under which something was sold before "
                f"({differing(before.content, pin.content)}). A version that was used never changes: "
                "put it back and give the change a new `since`",
                rule="events.md 2: pinned versions",
                field=kind if kind != "policy" else "package",
            )
        return pin

    def _changed_settings(self, seq: int) -> Pin | None:
        """The settings that posting depends on, when they are not those of the latest event."""
        if self._settings_pin is None:
            self._settings_pin = pin_of(SETTINGS, "", date.min, settings_content(self.settings))
        latest = self.pins.settings(seq)
        if latest is not None and latest.digest == self._settings_pin.digest:
            return None
        return self._settings_pin._replace(id=f"{SETTINGS}-{seq}", seq=seq)


def settings_content(settings: Settings) -> bytes:
    """Currency, time zone, the roles of payment methods, the VAT regime and the first day of invoicing as RFC 8785 JSON.

    It is what re-derivation needs of revrec.toml; the general scheme without deduction, and no invoicing, go without saying.
    """
    methods = {method.value: role.value for method, role in METHODS.items()}
    methods |= {str(method): role.value for method, role in settings.methods.items()}
    values: dict[str, Any] = {"currency": settings.currency, "methods": methods, "v": "A", "zone": settings.zone.key}
    if settings.regime.vat_cash:
        values["vat_cash"] = True
    if settings.regime.deductible:
        values["vat_deductible"] = [[since.isoformat(), share] for since, share in settings.regime.deductible]
    if settings.invoicing_from:
        values["invoicing_from"] = settings.invoicing_from.isoformat()
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def regime_of(values: Mapping[str, Any]) -> Regime:
    """The VAT regime that pinned settings name."""
    shares = tuple((date.fromisoformat(since), share) for since, share in values.get("vat_deductible", ()))
    return Regime(values.get("vat_cash", False), shares)


def differing(before: bytes, after: bytes) -> str:
    """The keys in which two versions differ, with both values: `refund_fee "0.00" -> "5.00"`."""
    old, new = orjson.loads(before), orjson.loads(after)
    keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return ", ".join(f"{key} {_shown(old.get(key))} -> {_shown(new.get(key))}" for key in keys)


def _shown(value: object) -> str:
    return "absent" if value is None else orjson.dumps(value).decode()
