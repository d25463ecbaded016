"""The rules that people read: one policy version in sentences, all versions, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.app.catalogue import differing
from revrec.core import clauses
from revrec.core.clauses import LANGUAGES, Clause
from revrec.core.errors import RevrecError
from revrec.core.policy import Package, Policy, Tax, in_force
from revrec.wire.policies import canonical, restored
from revrec.wire.policy_rules import lacking, suggestion

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

WIDTH = 110  # columns that a terminal has
_MARGIN = 22
_TITLES = {"es": ("Para el cliente", "Para el centro"), "en": ("For the customer", "For the practice")}


class UnknownPolicy(RevrecError):
    """No version of a policy (or package) is in force on a day, or none is called so."""

    def __init__(self, kind: str, name: str, known: list[str], on: date | None = None) -> None:
        begun = f"no version of {kind} {name} is in force on {on}" if on else f"there is no {kind} {name}"
        hint = suggestion(name, known) or f". There are: {', '.join(known) or 'none'}"
        super().__init__(f"{begun}{hint}")


class UnfinishedPolicy(RevrecError):
    """A policy of the file that lacks a choice, so that it cannot be said."""

    def __init__(self, version: str, keys: list[str]) -> None:
        super().__init__(f"policy {version} lacks {', '.join(keys)}; add the missing choice to policy.toml")


class Version(NamedTuple):
    """One version of a policy: as it was pinned by a sale if there was one, else as the file says it.

    `changed` says how the file differs from what was pinned, `lacks` which keys it still needs (then `policy` is None).
    """

    id: str
    since: date
    policy: Policy | None
    pinned: bool
    changed: str = ""
    lacks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`standard@2026-01-01`."""
        return f"{self.id}@{self.since}"


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy version in words; `extra` is what a package adds, which is no part of the digest."""

    policy: Policy
    currency: str
    languages: tuple[str, ...]
    pinned: bool
    changed: str = ""
    package: str | None = None
    extra: tuple[Clause, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The text as JSON; `digest` is the SHA-256 of `text`, whatever languages are asked for."""
        return {
            "policy": self.policy.id,
            "since": self.policy.since.isoformat(),
            "digest": clauses.digest(self.policy, self.currency),
            "pinned": self.pinned,
            "changed": self.changed or None,
            "rules": [self._clause(clause) for clause in clauses.clauses(self.policy, self.currency)],
            "package": self.package,
            "package_rules": [self._clause(clause) for clause in self.extra],
            "text": clauses.text(self.policy, self.currency),
        }

    def _clause(self, clause: Clause) -> dict[str, Any]:
        said = {language: clause.words.in_language(language) for language in self.languages}
        return {"rule": clause.rule, "keys": list(clause.keys), "for": "staff" if clause.staff else "customer"} | said

    def lines(self) -> Iterator[str]:
        """The text for people, a language after the other."""
        sold = "under which bundles were sold" if self.pinned else "under which nothing was sold yet"
        yield f"Policy {self.policy.version}, {sold}"
        yield f"  digest {clauses.digest(self.policy, self.currency)}"
        if self.changed:
            yield f"  policy.toml says otherwise now ({self.changed}): nothing more is sold under this version"
        found = clauses.clauses(self.policy, self.currency)
        for language in self.languages:
            for title, staff in zip(_TITLES[language], (False, True), strict=True):
                yield ""
                yield title
                yield from _said((*found, *self.extra), language, staff=staff)


def _said(found: tuple[Clause, ...], language: str, *, staff: bool) -> Iterator[str]:
    for clause in found:
        if clause.staff is staff:
            first, *more = wrap(clause.words.in_language(language), WIDTH - _MARGIN)
            yield f"  {clause.title.in_language(language):<{_MARGIN - 2}}{first}"
            yield from (" " * _MARGIN + line for line in more)


@dataclass(frozen=True, slots=True)
class PolicyList:
    """Every version of every policy, and where packages do not follow theirs."""

    currency: str
    versions: tuple[Version, ...]
    overrides: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The list as JSON."""
        return {"policies": [self._version(version) for version in self.versions], "overrides": list(self.overrides)}

    def _version(self, version: Version) -> dict[str, Any]:
        return {
            "policy": version.id,
            "since": version.since.isoformat(),
            "pinned": version.pinned,
            "digest": clauses.digest(version.policy, self.currency) if version.policy else None,
            "changed": version.changed or None,
            "lacks": list(version.lacks),
        }

    def lines(self) -> Iterator[str]:
        """One line a version, then the packages that override one."""
        for version in self.versions:
            state = "sold under" if version.pinned else "not sold under yet"
            said = f"digest {clauses.digest(version.policy, self.currency)[:12]}" if version.policy else ""
            lacks = f"lacks {', '.join(version.lacks)}" if version.lacks else ""
            yield f"{version.name:<32} {state:<19} {said}{lacks}"
        yield from self.overrides or ("No package overrides its policy.",)


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """The rules in which two versions differ; empty when they say the same."""

    before: Policy
    after: Policy
    currency: str
    languages: tuple[str, ...]
    overrides: tuple[str, ...]

    @property
    def rules(self) -> list[tuple[Clause, Clause]]:
        """The rules that differ, before and after."""
        pairs = zip(clauses.clauses(self.before, self.currency), clauses.clauses(self.after, self.currency), strict=True)
        return [(was, becomes) for was, becomes in pairs if was.words != becomes.words]

    def to_json(self) -> dict[str, Any]:
        """The differences as JSON."""
        return {
            "before": self.before.version,
            "after": self.after.version,
            "rules": [
                {"rule": was.rule, "keys": list(was.keys)}
                | {name: [was.words.in_language(name), becomes.words.in_language(name)] for name in self.languages}
                for was, becomes in self.rules
            ],
            "overrides": list(self.overrides),
        }

    def lines(self) -> Iterator[str]:
        """The differences for people: what was said, what is said."""
        if not self.rules:
            yield f"{self.before.version} and {self.after.version} say the same."
        for was, becomes in self.rules:
            yield f"{was.rule} ({', '.join(was.keys)})"
            for language in self.languages:
                yield f"  - {was.words.in_language(language)}"
                yield f"  + {becomes.words.in_language(language)}"
        yield from self.overrides


def digest_of(ws: Workspace, policy: Policy) -> str:
    """The digest of the text of a policy version: the one of `policy show`, `bundle show` and the invoice."""
    return clauses.digest(policy, ws.settings.currency)


def show(ws: Workspace, policy: str, on: date, languages: tuple[str, ...] = LANGUAGES, package: str | None = None) -> PolicyText:
    """The version in force on a day in words, with what a package adds; raises UnknownPolicy, UnfinishedPolicy."""
    version = _in_force(ws, policy, on)
    extra = _package(ws, package, on) if package else ()
    return PolicyText(_complete(version), ws.settings.currency, languages, version.pinned, version.changed, package, extra)


def listing(ws: Workspace) -> PolicyList:
    """Every version of every policy, and the packages that override theirs."""
    found = tuple(version for name in _names(ws) for version in versions(ws, name))
    return PolicyList(ws.settings.currency, found, tuple(_overrides(ws, None)))


def diff(ws: Workspace, before: str, after: str, languages: tuple[str, ...] = LANGUAGES) -> PolicyDiff:
    """What differs between two versions, `standard@2026-01-01` each; raises UnknownPolicy, UnfinishedPolicy."""
    one, other = _complete(_named(ws, before)), _complete(_named(ws, after))
    return PolicyDiff(one, other, ws.settings.currency, languages, tuple(_overrides(ws, {one.id, other.id})))


def versions(ws: Workspace, policy: str) -> list[Version]:
    """Every version of a policy, oldest first: those of the file, and those pinned that the file no longer has."""
    written = {table.since.isoformat(): table for table in ws.catalogue.policies(policy)}
    pinned = {pin.since: pin for pin in ws.store.pins.rows.values() if (pin.kind, pin.id) == ("policy", policy)}
    found = []
    for since in sorted(written.keys() | pinned.keys()):
        table, pin, day = written.get(since), pinned.get(since), date.fromisoformat(since)
        if pin is not None:
            rules = restored("policy", pin.content, ws.settings.currency)
            changed = differing(pin.content, canonical(table)) if table else "the version is not there"
            found.append(Version(policy, day, rules, pinned=True, changed=changed))
        elif table is not None:
            lacks = tuple(lacking(table))
            rules = None if lacks else restored("policy", canonical(table), ws.settings.currency)
            found.append(Version(policy, day, rules, pinned=False, lacks=lacks))
    return found


def _names(ws: Workspace) -> list[str]:
    """Every policy of the file, then those that only sales know."""
    written = (table.id for table in ws.catalogue.tables["policy"])
    pinned = (pin.id for pin in ws.store.pins.rows.values() if pin.kind == "policy")
    return list(dict.fromkeys((*written, *pinned)))


def _in_force(ws: Workspace, policy: str, on: date) -> Version:
    found = versions(ws, policy)
    if not found:
        raise UnknownPolicy("policy", policy, _names(ws))
    version = in_force(found, on)
    if version is None:
        raise UnknownPolicy("policy", policy, [version.name for version in found], on)
    return version


def _named(ws: Workspace, name: str) -> Version:
    policy, _, since = name.partition("@")
    found = versions(ws, policy)
    version = next((each for each in found if each.since.isoformat() == since), None)
    if version is None:
        raise UnknownPolicy("policy version", name, [each.name for each in found] or _names(ws))
    return version


def _complete(version: Version) -> Policy:
    if version.policy is None:
        raise UnfinishedPolicy(version.name, list(version.lacks))
    return version.policy


def _package(ws: Workspace, package: str, on: date) -> tuple[Clause, ...]:
    """What a package of the file adds on a day."""
    currency, tables = ws.settings.currency, ws.catalogue.tables
    table = in_force((each for each in tables["package"] if each.id == package), on)
    if table is None:
        raise UnknownPolicy("package", package, ws.catalogue.packages(), on)
    found: Package = restored("package", canonical(table), currency)
    rate = in_force((each for each in tables["tax"] if each.id == found.tax), on)
    tax: Tax | None = restored("tax", canonical(rate), currency) if rate else None
    return clauses.of_package(found, tax, currency)


def _overrides(ws: Workspace, policies: set[str] | None) -> Iterator[str]:
    """The packages, of some policies or of all, that set an expiry or branches of their own."""
    for table in ws.catalogue.tables["package"]:
        values = table.values
        if policies is not None and values["policy"] not in policies:
            continue
        own = [f"expiry_months = {values['expiry_months']}"] if "expiry_months" in values else []
        own += [f"branches = {', '.join(values['branches'])}"] if "branches" in values else []
        if own:
            yield f"package {table.version} overrides policy {values['policy']}: {', '.join(own)}"
