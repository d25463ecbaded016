"""The pinned versions: the rules under which something was sold, whatever the file says today."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from revrec.core.policy import Package, Policy, Tax, Terms

SETTINGS = "settings"
Version = Policy | Package | Tax
Restore = Callable[[str, bytes], Any]  # (kind, content) -> the version that was pinned


class Pin(NamedTuple):
    """One pinned version: `digest` is SHA-256 of `content`, `seq` the event that pinned it first."""

    kind: str
    id: str
    since: str
    seq: int
    digest: bytes
    content: bytes


def pin_of(kind: str, version: str, since: date, content: bytes, seq: int = 0) -> Pin:
    """The pin of a content."""
    return Pin(kind, version, since.isoformat(), seq, hashlib.sha256(content).digest(), content)


@dataclass(slots=True)
class Pins:
    """All pins of a taxpayer; a few dozen rows, held in memory."""

    restore: Restore
    rows: dict[tuple[str, str, str], Pin] = field(default_factory=dict)
    _terms: dict[str, Terms] = field(default_factory=dict)
    _versions: dict[tuple[str, str, str], Version] = field(default_factory=dict)

    def add(self, pin: Pin) -> None:
        """Take a pin in."""
        self.rows[pin.kind, pin.id, pin.since] = pin

    def get(self, kind: str, version: str, since: str) -> Pin | None:
        """The pin, or None."""
        return self.rows.get((kind, version, since))

    def version(self, kind: str, version: str, since: str) -> Version:
        """The rules of a pinned version."""
        key = (kind, version, since)
        if key not in self._versions:
            self._versions[key] = self.restore(kind, self.rows[key].content)
        return self._versions[key]

    def terms(self, key: str) -> Terms:
        """The terms that `Terms.key` names."""
        found = self._terms.get(key)
        if found is None:
            names = [part.rpartition("@") for part in key.split("/")]
            package, policy, tax = (
                self.version(kind, name, since)
                for kind, (name, _, since) in zip(("package", "policy", "tax"), names, strict=True)
            )
            assert isinstance(package, Package) and isinstance(policy, Policy) and isinstance(tax, Tax)  # noqa: PT018
            found = self._terms[key] = Terms(package, policy, tax)
        return found

    def remember(self, terms: Terms) -> Terms:
        """Terms about to be pinned: bundles sold under them share one object, and are read back without the file."""
        return self._terms.setdefault(terms.key, terms)

    def settings(self, seq: int) -> Pin | None:
        """The settings in force at an event: the latest pinned up to it."""
        return max((pin for pin in self.every_settings() if pin.seq <= seq), key=lambda pin: pin.seq, default=None)

    def every_settings(self) -> list[Pin]:
        """All settings that were ever in force, each from its event on, in their order."""
        return sorted((pin for pin in self.rows.values() if pin.kind == SETTINGS), key=lambda pin: pin.seq)

    def candidates(self, kind: str, version: str, day: date, seq: int) -> list[Version]:
        """Versions of an id pinned up to an event and in force on a day, newest first."""
        found = [
            pin.since
            for pin in self.rows.values()
            if pin.kind == kind and pin.id == version and pin.seq <= seq and pin.since <= day.isoformat()
        ]
        return [self.version(kind, version, since) for since in sorted(found, reverse=True)]
