from __future__ import annotations

from revrec.core.events import (
    BundleSold,
    BundleTransferred,
    Method,
    Payer,
    PaymentReceived,
    PaymentReversed,
    SessionCompleted,
    Surcharge,
)
from revrec.core.reports.frame import Identity
from revrec.core.reports.third_parties import SPAIN, limits_of, report
from tests.core.kept import Kept, asked, cells, day, kept, leg, total
from tests.core.practice import practice

ANA = Identity("Ana Vila", "12345678Z", "ES")
LAW = [("2008-01-01", 300506, 600000)]  # RD 1065/2007 art. 33.1 and 34.1 h
KEYS = ("tax_id", "customers", "q1", "q2", "q3", "q4", "operations", "cash", "declare")


def test_a_customer_above_the_limit_is_declared_by_quarter_and_the_rest_together():
    books = Kept(people={"C-1": ANA})
    books.pay("02-01", 200000, role="cash")
    books.pay("05-01", 100507)
    books.pay("05-02", 300506, customer="C-2", bundle="B-2")
    made = report(books, asked(), SPAIN)
    assert cells(made, *KEYS) == [
        ("12345678Z", "C-1", 200000, 100507, 0, 0, 300507, 200000, "operations"),
        (None, "1 below the limit", 0, 300506, 0, 0, 300506, 0, "no"),
    ]
    assert total(made, "operations") == 601013
    assert made.tied
    assert made.findings == ()


def test_it_counts_what_is_collected_or_delivered_whichever_is_first_and_once():
    books = Kept(people={"C-1": ANA})
    books.post("03-30", "session.earned", leg("receivable", 400000), leg("revenue-package", -400000))
    books.post("04-02", "payment.bundle", leg("bank", 500000), leg("receivable", -400000), leg("contract-liability", -100000))
    books.use("04-05", 100000)
    books.post("08-01", "breakage.expiry", leg("contract-liability", 0), leg("breakage", 0))
    assert cells(report(books, asked(), SPAIN), "q1", "q2", "q3", "operations") == [(400000, 100000, 0, 500000)]


def test_vat_is_included_and_a_refund_lowers_its_own_quarter():
    books = Kept(people={"C-1": ANA})
    books.pay("02-01", 605000, 105000)
    books.post("07-01", "refund.issued", leg("contract-liability", 100000), leg("vat-output", 21000), leg("bank", -121000))
    assert cells(report(books, asked(), SPAIN), "q1", "q3", "operations") == [(605000, -121000, 484000)]


def test_customers_of_one_tax_id_are_one_party():
    books = Kept(people={"C-1": ANA, "C-2": ANA})
    books.pay("02-01", 200000)
    books.pay("02-02", 200000, customer="C-2", bundle="B-2")
    assert cells(report(books, asked(), SPAIN), "tax_id", "customers", "operations") == [("12345678Z", "C-1, C-2", 400000)]


def test_cash_above_its_limit_is_said_apart():
    books = Kept(people={"C-1": ANA})
    books.pay("02-01", 600001, role="cash")
    assert cells(report(books, asked(), SPAIN), "cash", "declare") == [(600001, "operations, cash")]


def test_who_must_be_declared_without_a_tax_id_is_a_finding():
    books = Kept()
    books.pay("02-01", 400000)
    assert report(books, asked(), SPAIN).findings == (
        (
            "customer C-1: 4000.00 EUR of 2026 must be declared and no tax id is known. "
            "Hint: record `customer.registered` with its `tax_id`; a blocked person's is behind `customer show --legal-role`"
        ),
    )


def test_a_transfer_an_opening_balance_and_a_tax_without_invoices_are_nobodys_operation():
    books = Kept(people={"C-1": ANA})
    books.sell("B-3", invoice_duty=False)
    books.pay("01-06", 400000, bundle="B-3")
    books.post("01-07", "opening.bundle", leg("opening", 400000), leg("contract-liability", -400000))
    legs = (leg("contract-liability", 400000), leg("contract-liability", -400000, customer="C-2"))
    books.post("01-08", "transfer.holder", *legs)
    made = report(books, asked(), SPAIN)
    assert made.rows == ()
    assert made.tied


def test_each_year_stands_by_itself():
    books = Kept(people={"C-1": ANA})
    books.pay("12-31", 400000)
    books.pay("2027-01-01", 300000)
    made = report(books, asked("01-01", "2027-12-31"), SPAIN)
    assert cells(made, "year", "operations", "declare") == [("2026", 400000, "operations"), ("2027", 300000, "no")]


def test_income_tax_kept_back_is_shown():
    books = Kept(people={"C-1": ANA})
    legs = (leg("bank", 340000), leg("withheld-tax", 60000), leg("contract-liability", -400000))
    books.post("02-01", "payment.bundle", *legs)
    assert cells(report(books, asked(), SPAIN), "withheld", "operations") == [(60000, 400000)]


def test_where_no_limits_are_known_everybody_is_listed():
    books = Kept()
    books.pay("02-01", 100)
    assert cells(report(books, asked()), "customers", "declare") == [("C-1", "no")]


def test_what_names_no_customer_is_listed_below_the_limit_so_that_the_ledger_ties():
    books = Kept()
    books.post("02-01", "adjustment", leg("bank", 900000), leg("fee-income", -900000), customer=None, bundle=None)
    made = report(books, asked(), SPAIN)
    assert total(made, "operations") == 900000
    assert made.findings == ()
    assert made.tied


def test_the_limits_are_dated():
    assert limits_of(day("2007-12-31"), SPAIN) is None
    assert limits_of(day("2008-01-01"), SPAIN) == SPAIN[0]


def test_a_tax_point_of_another_year_counts_in_the_quarter_of_the_books():
    books = Kept(people={"C-1": ANA})
    for on, amount in (("2027-01-02", 400000), ("2027-04-02", 500000)):
        legs = (leg("bank", amount), leg("contract-liability", -amount))
        books.post(on, "payment.bundle", *legs, effective=day("12-30"))
    made = report(books, asked("01-01", "2027-12-31"), SPAIN)
    assert cells(made, "year", "q1", "q2", "q3", "q4") == [("2027", 400000, 500000, 0, 0)]


def shared(*facts, payers=(("INS", 40_000), ("C-1", 10_000))):
    """Books of one bundle of 500.00 for which an insurer is bound to pay 400.00; (day, fact) after its sale on 1 January."""
    game = practice()
    game.record(BundleSold("B-1", "P10", "C-1", payers=tuple(Payer(*each) for each in payers)), day("01-01"))
    for on, fact in facts:
        game.record(fact, day(on))
    return kept(game)


def money(number, amount, payer=None, method=Method.CARD):
    return PaymentReceived(f"P-{number}", amount, method, bundle="B-1", payer=payer)


def uses(*dates):
    return [(on, SessionCompleted(f"S-{on}", bundle="B-1")) for on in dates]


def test_an_operation_belongs_to_the_payer_to_whom_it_is_invoiced():
    books = shared(("01-10", money(1, 10_000)), ("04-10", money(2, 40_000, "INS")), *uses("05-01", "07-01"))
    made = report(books, asked(), ())
    assert made.tied
    assert cells(made, "customers", "q1", "q2", "q3") == [("INS", 0, 40_000, 0), ("C-1", 10_000, 0, 0)]


def test_what_is_delivered_unpaid_is_an_operation_with_each_payer_who_owes_it():
    books = shared(*uses("01-10", "02-10"), ("04-10", money(1, 8_000, "INS")), ("07-10", money(2, 10_000)))
    made = report(books, asked(), ())
    assert made.tied
    assert cells(made, "customers", "q1", "q2", "q3") == [("C-1", 2_000, 0, 8_000), ("INS", 8_000, 0, 0)]


def test_a_fee_is_an_operation_with_the_customer():
    use = SessionCompleted("S-1", bundle="B-1", surcharge=Surcharge(1_500, "es-health"))
    made = report(shared(("01-10", use)), asked(), ())
    assert made.tied
    assert cells(made, "customers", "q1") == [("INS", 4_000), ("C-1", 2_500)]


def test_a_transfer_moves_no_operation_of_the_past():
    books = shared(*uses("01-10"), ("04-10", BundleTransferred("B-1", "C-2")), *uses("07-10"))
    made = report(books, asked(), ())
    assert made.tied
    assert cells(made, "customers", "q1", "q2", "q3") == [("INS", 4_000, 0, 4_000), ("C-1", 1_000, 0, 0), ("C-2", 0, 0, 1_000)]


def test_a_payer_who_takes_over_what_another_owes_takes_over_the_operation():
    books = shared(*(uses(*[f"01-{on}" for on in range(10, 20)])), ("04-10", money(1, 45_000, "INS")))
    made = report(books, asked(), ())
    assert made.tied
    assert cells(made, "customers", "q1", "q2") == [("INS", 40_000, 0), ("C-1", 10_000, 0)]


def test_cash_is_declared_with_the_person_who_paid_it_and_taken_back_with_the_same():
    paid = money(1, 10_000, "GRANDMOTHER", Method.CASH)
    made = report(shared(("01-10", paid)), asked(), ())
    assert cells(made, "customers", "operations", "cash") == [("C-1", 10_000, 0), ("GRANDMOTHER", 0, 10_000)]
    made = report(shared(("01-10", paid), ("01-20", PaymentReversed("P-1", "mistake", "manager"))), asked(), ())
    assert total(made, "cash") == 0
    assert made.tied


def test_two_periods_of_a_bundle_with_several_payers_are_the_whole():
    books = shared(*uses("01-10", "02-10"), ("04-10", money(1, 40_000, "INS")), ("07-10", money(2, 10_000)))
    halves = [report(books, asked(*days), ()) for days in (("01-01", "03-31"), ("04-01", "12-31"))]
    assert all(half.tied for half in halves)
    assert [cells(half, "customers", "operations") for half in halves] == [
        [("INS", 8_000), ("C-1", 2_000)],
        [("INS", 32_000), ("C-1", 8_000)],  # of what the insurer paid ahead, 20.00 covered C-1's part until C-1 paid it
    ]


def test_the_limits_are_those_of_the_law():
    assert [(str(limits.since), limits.operations, limits.cash) for limits in SPAIN] == LAW


def test_the_largest_party_stands_first_and_equal_ones_by_customer():
    books = Kept()
    for number, amount in enumerate((400000, 900000, 400000, 600000), 1):
        books.pay("02-01", amount, customer=f"C-{5 - number}", bundle=f"B-{number}")
    books.post("02-02", "refund.issued", leg("refund-contra", 700000), leg("bank", -700000), customer="C-9", bundle="B-9")
    assert cells(report(books, asked()), "customers", "operations") == [
        ("C-3", 900000),
        ("C-9", -700000),
        ("C-1", 600000),
        ("C-2", 400000),
        ("C-4", 400000),
    ]


def test_what_was_taxed_before_its_year_counts_in_the_quarter_of_its_entry():
    books = Kept()
    books.post("2027-05-03", "refund.issued", leg("refund-contra", 5000), leg("bank", -5000), effective=day("2026-11-02"))
    books.post("2026-12-31", "session.earned", leg("bank", 7000), leg("revenue-package", -7000), effective=day("2026-07-01"))
    made = report(books, asked(last="2027-12-31"))
    assert cells(made, "year", "q1", "q2", "q3", "q4", "operations") == [
        ("2026", 0, 0, 7000, 0, 7000),
        ("2027", 0, -5000, 0, 0, -5000),
    ]
