"""What was taken over from an earlier system, bundle by bundle; tied to what was opened in the ledger."""

from __future__ import annotations

from revrec.core.events import BundleOpened, Event, OriginalInvoice
from revrec.core.reports.opening import report
from revrec.core.units import UNIT
from tests.core.kept import Kept, asked, cells, day, leg

SOLD = day("2025-12-01")


def books() -> Kept:
    """Two bundles taken in after other entries, the old bank balance in between."""
    made = Kept()
    made.pay("01-02", 100, bundle="B-0")
    for number, (bundle, deferred, tax) in enumerate((("B-1", 20000, 4200), ("B-2", 7001, 0)), start=2):
        legs = leg("opening", deferred + tax), leg("contract-liability", -deferred), leg("vat-output", -tax)
        made.post("01-03", "opening.bundle", *(each for each in legs if each.amount), bundle=bundle, event=f"e-{number}")
        invoice = OriginalInvoice("F-9", SOLD) if tax else None
        fact = BundleOpened(
            bundle,
            "P10",
            "C-1",
            4 * UNIT,
            deferred,
            day("2025-12-01"),
            tax_paid=tax,
            expires_on=day("06-30"),
            original_invoice=invoice,
        )
        made.facts[f"e-{number}"] = Event(f"e-{number}", "desk", "bundle.opened", day("01-03"), fact, "bcn")
        made.pay("01-04", 50, bundle="B-0")
    return made


def test_every_bundle_taken_in_has_a_line_with_what_was_left_of_it():
    made = report(books(), asked())
    keys = "bundle", "customer", "package", "sold_on", "expires_on"
    assert cells(made, *keys) == [
        ("B-1", "C-1", "P10", SOLD, day("06-30")),
        ("B-2", "C-1", "P10", SOLD, day("06-30")),
    ]
    assert [row[5:] for row in made.rows] == [
        (4 * UNIT, 20000, 4200, "F-9", "standard@2026-01-01", "E-2"),
        (4 * UNIT, 7001, 0, None, "standard@2026-01-01", "E-4"),
    ]
    assert made.total == ("Total", None, None, None, None, 8 * UNIT, 27001, 4200, None, None, None)
    assert made.tied
    assert made.notes == (
        (
            "The opening account stands at 312.01 EUR; it is 0.00 once the old balances (bank, receivables, equity) "
            "are entered, here or in manual/."
        ),
    )


def test_once_the_old_balances_are_in_nothing_is_in_transit():
    made = books()
    made.post("01-05", "adjustment", leg("bank", 31201), leg("opening", -31201), bundle=None)
    assert report(made, asked()).notes == ()
    assert report(made, asked()).tied


def test_a_branch_shows_what_it_took_in():
    assert report(books(), asked(branch="mad")).rows == ()
    assert report(books(), asked(last="01-02")).total is None
