"""The page of VERI*FACTU's law and error codes, written from `einvoice/regimes/verifactu/codes.toml`."""  # noqa: INP001  docs is no package

from __future__ import annotations

from collections.abc import Iterator, Sequence

from einvoice.regimes.verifactu import codes
from einvoice.regimes.verifactu.codes import Effect, Law

_NAMES = {
    "mandatory.corporation": "duty begins for payers of corporation tax",
    "mandatory.other": "duty begins for everyone else",
    "mandatory.producer": "systems on the market must comply",
    "simplified_limit": "most that a simplified invoice may reach, EUR with VAT",
    "simplified_limit.listed": "the same, for the activities of the law's list",
    "tolerance": "EUR that AEAT overlooks; revrec checks to the cent",
    "first_issue_date": "first issue date that has a record",
    "oldest_years": "years back that an operation may lie",
    "incident_retry_seconds": "seconds between attempts during an incident, at most",
    "clock_seconds": "seconds that a record may be off AEAT's clock",
    "rate": "VAT rate in percent",
}
_EFFECTS = {
    Effect.MESSAGE: ("The whole message is refused", "Nothing of it was stored. The records stay pending, in their order."),
    Effect.RECORD: (
        "The record is rejected",
        "It stays in the chain. What mends it is a new record of the same invoice, chained to the last one generated.",
    ),
    Effect.ACCEPTED: ("The record is accepted with errors", "The invoice is registered; most of these want an amendment."),
}


def page() -> str:
    """The whole page."""
    return "\n".join((*_law(), *_errors())) + "\n"


def _law() -> Iterator[str]:
    yield "# VERI*FACTU: what is law since when, and what each error means"
    yield ""
    yield "Written from `einvoice/regimes/verifactu/codes.toml`, where a change of the law is entered with its date."
    yield ""
    yield "## What is law, since when"
    yield ""
    yield (
        "The Ministry announced on 5 October 2026 that it means to move the two dates of the duty to October 2028. Up to 9 "
        "October no norm in the BOE did so: the dates below are today's law. *Not confirmed*: known from secondary sources; "
        "check the official text before you rely on it. None of this is legal advice."
    )
    yield ""
    versions: Sequence[Law] = (*codes.laws(), *codes.rate_laws())
    rows = ((_NAMES[law.name], law.value, _span(law), law.article, "" if law.confirmed else "not confirmed") for law in versions)
    yield from _table(("what", "value", "holds", "source", ""), rows)


def _errors() -> Iterator[str]:
    for effect, (title, meaning) in _EFFECTS.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield meaning
        yield ""
        entries = (error for error in codes.errors().values() if error.effect is effect)
        yield from _table(("code", "en español", "in English", "what to do"), ((e.code, e.es, e.en, e.remedy) for e in entries))


def _span(law: Law) -> str:
    return f"since {law.since}" if law.until is None else f"{law.since} to {law.until}"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
