"""The pages of the books in Fava, each tied to the ledger that it stands beside.

Fava finds them through `custom "fava-extension" "revrec.fava"` in `main.beancount`; where revrec is not installed
Fava reports that it could not import it, and the books open all the same.
"""

from __future__ import annotations

from revrec.fava.breakage import RevrecBreakage
from revrec.fava.bundles import RevrecBundles
from revrec.fava.close import RevrecClose
from revrec.fava.invoices import RevrecInvoices
from revrec.fava.margin import RevrecMargin
from revrec.fava.rollforward import RevrecRollforward
from revrec.fava.trace import RevrecTrace

__all__ = ["RevrecBreakage", "RevrecBundles", "RevrecClose", "RevrecInvoices", "RevrecMargin", "RevrecRollforward", "RevrecTrace"]
