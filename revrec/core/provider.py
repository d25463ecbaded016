"""Who delivers for the practice and invoices it: the invoice with its VAT and withholding, and its payment."""

from __future__ import annotations

from revrec.core.book import Kind, Movement
from revrec.core.errors import Refused
from revrec.core.events import ProviderInvoiced, ProviderPaid
from revrec.core.journal import Posting, Role
from revrec.core.money import share
from revrec.core.policy import WHOLE
from revrec.core.recording import Recording
from revrec.core.sessions import Used, delivered_by


def post_invoiced(rec: Recording, fact: ProviderInvoiced) -> None:
    """Cost with the VAT that cannot be deducted, the VAT that can, and what is kept back for the tax office.

    What the session had accrued for it is settled with it, so that the cost stands once (LIVA 92, 94, 102; RIRPF 95).
    """
    _check_withholding(rec, fact)
    of = _session(rec, fact)
    accrued = _accrued(rec, of)
    deductible = share(fact.tax_amount, rec.book.regime.share(rec.event.date), WHOLE)
    postings = (
        Posting(Role.PROVIDER_COST, fact.amount + fact.tax_amount - deductible),
        Posting(Role.VAT_INPUT, deductible),
        Posting(Role.PROVIDER_PAYABLE, accrued),
        Posting(Role.SESSION_COST, -accrued),
        Posting(Role.PROVIDER_PAYABLE, fact.withholding - fact.amount - fact.tax_amount),
        Posting(Role.WITHHOLDING_PAYABLE, -fact.withholding),
    )
    bundle = rec.bundle(of.bundle) if of and of.bundle else None
    customer = of.customer if of else None
    number = rec.entry("provider.invoiced", postings, bundle, session=fact.session, customer=customer, provider=fact.provider)
    if of is None:
        return
    rec.changes.bundle, rec.changes.customer = of.bundle, customer
    rec.move(Movement(Kind.COST, of.ref, rec.seq, rec.event.date, of.bundle, customer, entry=number, parts=(accrued,)))


def _check_withholding(rec: Recording, fact: ProviderInvoiced) -> None:
    if fact.withholding > fact.amount:
        raise Refused(
            f"the withholding of {rec.money(fact.withholding)} is more than the {rec.money(fact.amount)} "
            f"that provider {fact.provider} invoiced",
            rule="events.md 4 provider.invoiced",
            field="withholding",
        )


def _session(rec: Recording, fact: ProviderInvoiced) -> Movement | None:
    """The session that is invoiced, if the invoice names one: known, this provider's, and not invoiced before."""
    if fact.session is None:
        return None
    movement = rec.movement(Kind.SESSION, fact.session) or rec.movement(Kind.VISIT, fact.session)
    if movement is None:
        raise Refused(
            f"session {fact.session} is not known; record it first, or leave `session` out",
            rule="events.md 4 provider.invoiced",
            field="session",
        )
    rec.unused(Kind.COST, fact.session, "the provider's invoice of session", "session")
    rec.not_before(movement, "session")
    delivered = delivered_by(rec, movement)
    if delivered is not None and delivered != fact.provider:
        raise Refused(
            f"session {fact.session} was delivered by provider {delivered}, not by {fact.provider}",
            rule="events.md 4 provider.invoiced",
            field="provider",
        )
    return movement


def _accrued(rec: Recording, movement: Movement | None) -> int:
    """What the session left owing to its provider; nothing once it was undone."""
    if movement is None or rec.movement(Kind.SESSION_UNDONE, movement.ref) is not None:
        return 0
    visit = rec.book.visit(movement.ref) if movement.kind is Kind.VISIT else None
    return 0 if visit is not None and visit.undone else Used(*movement.parts).cost


def post_paid(rec: Recording, fact: ProviderPaid) -> None:
    """A provider is paid; more than is owed stands as paid in advance."""
    postings = (
        Posting(Role.PROVIDER_PAYABLE, fact.amount),
        Posting(rec.money_role(fact.method), -fact.amount, method=fact.method.value),
    )
    rec.entry("provider.paid", postings, provider=fact.provider)
