"""Money between accounts of the practice: payouts of payment service providers, branches that settle with each other."""

from __future__ import annotations

from revrec.core.currency import moved
from revrec.core.errors import Refused
from revrec.core.events import BranchSettled, PayoutSettled
from revrec.core.journal import Posting, Role
from revrec.core.recording import Recording


def post_payout(rec: Recording, fact: PayoutSettled) -> None:
    """The provider's balance moves to the bank less its fee; revenue stays gross (accounting.md 1.2, invariant 28).

    A payout in another currency is what the provider exchanged: the bank takes the taxpayer's currency at the event's rate.
    """
    role = rec.money_role(fact.method)
    _check_payout(rec, fact, role)
    if fact.foreign is None:
        out: tuple[Posting, ...] = (Posting(role, -fact.gross, method=fact.method.value),)
    else:
        out = moved(rec, role, fact.foreign.currency, -fact.foreign.amount, -fact.gross, fact.method.value)
    rec.entry("payout.settled", (Posting(Role.BANK, fact.gross - fact.fee), Posting(Role.PSP_FEES, fact.fee), *out))


def _check_payout(rec: Recording, fact: PayoutSettled, role: Role) -> None:
    if role is not Role.PSP_CLEARING:
        raise Refused(
            f"money by {fact.method} arrives on {role} at once; no provider pays it out. "
            "Name the method whose provider did, or set its account under [methods] in revrec.toml",
            rule="events.md 4 payout.settled; accounting.md 2",
            field="method",
        )
    if fact.fee > fact.gross:
        raise Refused(
            f"the fee of {rec.money(fact.fee)} is more than the {rec.money(fact.gross)} that were paid out; "
            "`gross` is the amount before the fee",
            rule="events.md 4 payout.settled",
            field="fee",
        )


def post_branch_settled(rec: Recording, fact: BranchSettled) -> None:
    """One branch pays what it owes another; both sides stand in one entry, so that they stay equal (invariant 16)."""
    if fact.from_branch == fact.to_branch:
        raise Refused(
            f"branch {fact.from_branch} cannot settle with itself; name the branch that is paid",
            rule="events.md 4 branch.settled",
            field="to_branch",
        )
    postings = (
        Posting(Role.DUE_TO_BRANCH, fact.amount),
        Posting(Role.BANK, fact.amount, branch=fact.to_branch),
        Posting(Role.BANK, -fact.amount),
        Posting(Role.DUE_FROM_BRANCH, -fact.amount, branch=fact.to_branch),
    )
    rec.entry("branch.settled", postings, branch=fact.from_branch)
