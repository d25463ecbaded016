"""What is wrong with an invoice whatever its format: EN 16931, exact to the cent, and the Spanish rules for every invoice.

Everything wrong is said at once, as findings. Their codes are stable: the rule's id in EN 16931 (`BR-CO-15`) or Peppol, the
article of the Spanish regulation of invoices (`ROF-6.1.d`: RD 1619/2012), else a word of ours (`ES-NIF`). `codes.toml` has
them all, with their source. Limits and lengths of one format or authority belong to its regime.
"""

from __future__ import annotations

from decimal import Context, localcontext

from einvoice.check import corrections, figures, parties, tax, terms, totals
from einvoice.findings import Finding
from einvoice.model import Invoice

_WORDS = (*terms.RULES, *parties.RULES)
_SUMS = (*totals.RULES, *tax.RULES, *corrections.RULES)
_EXACT = Context(prec=50)  # a quantity times a price: 20 digits each, none is lost


def check(invoice: Invoice) -> tuple[Finding, ...]:
    """Everything that is wrong with an invoice, in the order of its parts; empty when it may be issued.

    What is no number at all is said alone: nothing can be added up with it.
    """
    numbers = figures.doubtful(invoice)
    if unreadable := tuple(figures.unreadable(numbers)):
        return unreadable
    with localcontext(_EXACT):
        words = [finding for rule in _WORDS for finding in rule(invoice)]
        decimals = figures.decimals(numbers)
        return (*words, *decimals, *(finding for rule in _SUMS for finding in rule(invoice)))
