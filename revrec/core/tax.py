"""VAT in cents: the pair of base and tax of one document, and how much of it goes back (events.md 4a, VAT)."""

from __future__ import annotations

from typing import NamedTuple

from revrec.core.money import share

FULL = 10_000  # a rate of 100 % in hundredths of a percent


def included(gross: int, percent: int) -> int:
    """The VAT in a price: gross less `gross × 100 ÷ (100 + rate)` rounded half up; `percent` in hundredths of a percent."""
    return gross - share(gross, FULL, FULL + percent) if percent else 0


def on_top(base: int, percent: int) -> int:
    """The VAT on a base without tax, rounded half up."""
    return share(base, percent, FULL)


class Receipt(NamedTuple):
    """Money of one payment that counts towards the price, the VAT in it, and how much of it was paid back."""

    ref: str
    gross: int
    vat: int
    back: int = 0

    @property
    def left(self) -> int:
        """The money of it that is still held."""
        return self.gross - self.back

    @property
    def vat_left(self) -> int:
        """The VAT of it that stands: cumulative, so that what goes back in parts adds up to the document's."""
        return self.vat - share(self.vat, self.back, self.gross) if self.gross else 0


Receipts = tuple[Receipt, ...]


def held(receipts: Receipts) -> int:
    """The VAT of money held."""
    return sum(receipt.vat_left for receipt in receipts)


def take(receipts: Receipts, gross: int) -> tuple[Receipts, int]:
    """Pay back money, newest payment first: (receipts, the VAT that goes with it) (LIVA 80.Dos, 89)."""
    changed = list(receipts)
    for place in range(len(changed) - 1, -1, -1):
        part = min(gross, changed[place].left)
        gross -= part
        changed[place] = changed[place]._replace(back=changed[place].back + part)
    return tuple(changed), held(receipts) - held(tuple(changed))


def give(receipts: Receipts, gross: int) -> tuple[Receipts, int]:
    """Undo `take`, oldest payment first: (receipts, the VAT that comes back)."""
    changed = list(receipts)
    for place, receipt in enumerate(changed):
        part = min(gross, receipt.back)
        gross -= part
        changed[place] = receipt._replace(back=receipt.back - part)
    return tuple(changed), held(tuple(changed)) - held(receipts)
