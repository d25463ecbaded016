"""The VAT of one document in cents, and of the money that goes back in parts (events.md 4a, VAT; LIVA 80.Dos, 89)."""

from __future__ import annotations

from revrec.core.tax import Receipt, give, held, included, on_top, take

FIRST, SECOND = Receipt("P-1", 33333, 5785), Receipt("P-2", 27167, 4715)
RECEIPTS = (FIRST, SECOND)


def test_the_vat_in_a_price_is_what_its_rounded_base_leaves():
    assert (included(12100, 2100), included(3333, 2100), included(1, 2100), included(1100, 1000)) == (2100, 578, 0, 100)
    assert included(12100, 0) == 0


def test_the_vat_on_a_base_is_rounded_half_up():
    assert (on_top(10000, 2100), on_top(50, 2100), on_top(50, 1000), on_top(0, 2100)) == (2100, 11, 5, 0)


def test_a_receipt_holds_all_its_money_until_some_goes_back():
    assert (FIRST.left, FIRST.vat_left) == (33333, 5785)
    part = Receipt("P-1", 33333, 5785, 10000)
    assert (part.left, part.vat_left) == (23333, 4049)
    assert Receipt("P-1", 33333, 5785, 33333).vat_left == 0
    assert Receipt("P-1", 0, 7).vat_left == 0


def test_money_goes_back_newest_first_with_the_vat_of_its_document():
    receipts, vat = take(RECEIPTS, 30000)
    assert receipts == (Receipt("P-1", 33333, 5785, 2833), Receipt("P-2", 27167, 4715, 27167))
    assert vat == 4715 + 492


def test_what_goes_back_in_parts_adds_up_to_the_document():
    receipts, vats = RECEIPTS, []
    for part in (10000, 10000, 20000, 20500):
        receipts, vat = take(receipts, part)
        vats.append(vat)
    assert vats == [1736, 1735, 3471, 3558]
    assert (sum(vats), held(receipts)) == (5785 + 4715, 0)


def test_no_more_goes_back_than_is_held():
    assert take(RECEIPTS, 70000)[1] == 10500
    assert take((), 100) == ((), 0)


def test_what_comes_back_fills_the_oldest_first():
    gone, _ = take(RECEIPTS, 50000)
    assert gone == (Receipt("P-1", 33333, 5785, 22833), Receipt("P-2", 27167, 4715, 27167))
    back, vat = give(gone, 30000)
    assert back == (FIRST, Receipt("P-2", 27167, 4715, 20000))
    assert vat == 3963 + 1244
    assert give(back, 20000) == (RECEIPTS, 3471)


def test_what_comes_back_in_part_leaves_the_rest_gone():
    gone, _ = take(RECEIPTS, 50000)
    assert give(gone, 10000) == ((Receipt("P-1", 33333, 5785, 12833), gone[1]), 1736)
