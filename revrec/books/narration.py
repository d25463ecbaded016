"""What an entry says in words: a short English sentence made from its rule and its ids, no personal data."""

from __future__ import annotations

from collections.abc import Callable

from revrec.core.journal import JournalEntry

_Words = dict[str, Callable[[JournalEntry], str]]

_RULES: _Words = {
    "payment.bundle": lambda e: f"Payment for bundle {e.bundle}",
    "payment.at-purchase": lambda e: f"Payment for bundle {e.bundle}, revenue at purchase",
    "payment.visit": lambda e: f"Payment for visit {e.session}" if e.session else f"Payment of customer {e.customer} for a visit",
    "payment.customer": lambda e: f"Payment held for customer {e.customer}",
    "payment.reversed": lambda e: f"Payment taken back{_of(e)}",
    "session.earned": lambda e: f"Session {e.session} of bundle {e.bundle}",
    "session.no-show": lambda e: f"Session {e.session} of bundle {e.bundle} not attended",
    "session.single": lambda e: f"Visit {e.session} of customer {e.customer}",
    "session.fee": lambda e: f"Fee for session {e.session} of bundle {e.bundle}",
    "session.reversed": lambda e: f"Session {e.session} rolled back",
    "session.waived": lambda e: f"Session {e.session} waived",
    "contract.reclassified": lambda e: f"Bundle {e.bundle}: a claim until its money came",
    "breakage.expiry": lambda e: f"Bundle {e.bundle} expired, the rest is breakage",
    "breakage.correction": lambda e: f"Breakage of bundle {e.bundle} corrected",
    "breakage.reinstated": lambda e: f"Bundle {e.bundle} lives again, breakage taken back",
    "breakage.termination": lambda e: f"Bundle {e.bundle} terminated, the rest is breakage",
    "transfer.holder": lambda e: f"Bundle {e.bundle} to another holder",
    "transfer.units": lambda e: f"Units of bundle {e.bundle} to another bundle",
    "fee.transfer": lambda e: f"Fee for the transfer of bundle {e.bundle}",
    "fee.extension": lambda e: f"Fee for the extension of bundle {e.bundle}",
    "refund.issued": lambda e: f"Refund of bundle {e.bundle}",
    "refund.at-purchase": lambda e: f"Refund of bundle {e.bundle}, revenue at purchase",
    "refund.settled": lambda e: f"Refund of bundle {e.bundle} paid",
    "refund.reversed": lambda e: f"Refund of bundle {e.bundle} taken back",
    "credit.granted": lambda e: f"Credit granted to customer {e.customer}",
    "credit.applied": lambda e: f"Credit applied to bundle {e.bundle}",
    "deposit.received": lambda e: f"Deposit of customer {e.customer}",
    "deposit.applied": lambda e: f"Deposit applied{_of(e)}",
    "deposit.returned": lambda e: f"Deposit of customer {e.customer} paid back",
    "deposit.forfeited": lambda e: f"Deposit of customer {e.customer} forfeited",
    "opening.bundle": lambda e: f"Bundle {e.bundle}, sold before these books",
    "session.cost": lambda e: f"Cost of session {e.session}",
    "provider.invoiced": lambda e: f"Invoice of provider {_provider(e)}{_of(e)}",
    "provider.paid": lambda e: f"Provider {_provider(e)} paid",
    "branch.settled": lambda e: f"Branch {e.branch} settles with {_other_branch(e)}",
    "receivable.written-off": lambda e: f"Claim written off{_of(e)}",
    "receivable.recovered": lambda e: f"Claim written off is recovered{_of(e)}",
    "receivable.vat-recovered": lambda e: f"VAT of a claim written off taken back{_of(e)}",
    "default.cancelled": lambda e: f"Bundle {e.bundle} cancelled for default",
    "chargeback.opened": lambda e: f"Payment disputed{_of(e)}",
    "chargeback.won": lambda e: f"Disputed payment won{_of(e)}",
    "chargeback.lost": lambda e: f"Disputed payment lost{_of(e)}",
    "adjustment": lambda e: f"Adjustment{_of(e)}",
}


def _provider(entry: JournalEntry) -> str:
    return dict(entry.metadata).get("provider", "")


def _other_branch(entry: JournalEntry) -> str:
    return next((leg.branch for leg in entry.postings if leg.branch), "")


def _of(entry: JournalEntry) -> str:
    """What an entry is about, as the end of a sentence: ` of session S-1 of bundle B-1`, or nothing."""
    parts = (("session", entry.session), ("bundle", entry.bundle), ("customer", entry.customer))
    return "".join(f" of {noun} {name}" for noun, name in parts if name and (noun != "customer" or not entry.bundle))


def _any(entry: JournalEntry) -> str:
    """The sentence of a rule without its own words: `Payout settled`."""
    return entry.rule.replace(".", " ").replace("-", " ").capitalize() + _of(entry)


def narration(entry: JournalEntry) -> str:
    """The sentence of an entry, not yet escaped; a correction names the entry that it changes."""
    words = _RULES.get(entry.rule, _any)(entry)
    return words if entry.corrects is None else f"{words} (corrects E-{entry.corrects})"
