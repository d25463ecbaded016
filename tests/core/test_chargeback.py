"""Payments that the payer's bank disputes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.book import Book
from revrec.core.events import (
    BundleTerminated,
    ChargebackLost,
    ChargebackOpened,
    ChargebackWon,
    CreditApplied,
    Instalment,
    Method,
    PaymentReceived,
    PaymentReversed,
    ReceivableRecovered,
    ReceivableVatRecovered,
    RefundIssued,
    SessionCompleted,
    SessionReversed,
)
from revrec.core.policy import Breakage, Obligation, Recognition, Refund, Regime
from tests.core.practice import PACKAGE, STANDARD, Practice, Shelf
from tests.core.telling import books, clock, house, on, paid, refused, sold, tell, used, uses

TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
BEGUN = (sold(), paid(), *uses(4))
VISIT = on("01-20", SessionCompleted("V-1", customer="C-1", service="yoga", price=12100, tax="es-21"))


def disputed(amount=50000, day="02-15", fee=0, payment="P-1"):
    return on(day, ChargebackOpened(payment, amount, fee))


def won(day="03-02", payment="P-1"):
    return on(day, ChargebackWon(payment))


def lost(day="03-20", payment="P-1"):
    return on(day, ChargebackLost(payment))


def back(day, payment="P-1"):
    return on(day, PaymentReversed(payment, "returned", "manager"))


def paid_for(amount, day="01-21", **of):
    return on(day, PaymentReceived("P-1", amount, Method.CARD, **of))


LOST = (*BEGUN, disputed(), lost())


def test_a_disputed_payment_is_a_claim_and_its_fee_an_expense():
    assert books(disputed(fee=2000), after=BEGUN) == [
        "2026-02-15 chargeback.opened  receivable-disputed 500.00  psp-fees 20.00  psp-clearing -500.00  psp-clearing -20.00"
    ]


def test_the_money_leaves_the_account_that_it_came_to():
    assert books(disputed(), after=(sold(), paid(method=Method.DIRECT_DEBIT))) == [
        "2026-02-15 chargeback.opened  receivable-disputed 500.00  bank -500.00"
    ]


def test_while_it_is_disputed_sessions_go_on():
    assert books(used("S-9", "02-20"), after=(*BEGUN, disputed())) == [
        "2026-02-20 session.earned  contract-liability 50.00  revenue-package -50.00"
    ]


def test_a_dispute_that_is_won_leaves_only_its_fee():
    assert books(won(), after=(*BEGUN, disputed(fee=2000))) == [
        "2026-03-02 chargeback.won  psp-clearing 500.00  receivable-disputed -500.00  corrects E-6"
    ]


def test_a_payment_may_come_back_after_its_dispute_was_won():
    assert books(back("03-03"), after=(*BEGUN, disputed(), won())) == [
        "2026-03-03 payment.reversed  contract-liability 300.00  contract-asset 200.00  psp-clearing -500.00  corrects E-1"
    ]


# Lost


def test_unused_money_leaves_the_liability_and_used_money_is_bad_debt():
    assert books(lost(), clock("12-31"), after=(*BEGUN, disputed())) == [
        "2026-03-20 chargeback.lost  contract-liability 300.00  bad-debt 200.00  receivable-disputed -500.00"
    ]


def test_what_other_payments_left_is_breakage():
    after = (sold(), paid(20000), paid(30000, payment="P-2"), *uses(4), disputed(20000))
    assert books(lost(), after=after) == [
        "2026-03-20 chargeback.lost  contract-liability 300.00  breakage -100.00  receivable-disputed -200.00"
    ]


def test_part_of_a_payment_takes_unused_money_first():
    assert books(lost(), after=(*BEGUN, disputed(40000))) == [
        "2026-03-20 chargeback.lost  contract-liability 300.00  bad-debt 100.00  receivable-disputed -400.00"
    ]


def test_the_vat_of_unused_money_goes_and_that_of_used_money_stays_until_it_is_taken_back():
    told = (
        lost(),
        on("08-01", ReceivableVatRecovered(4200, date(2026, 7, 15), bundle="B-1")),
        on("09-01", ReceivableRecovered(24200, bundle="B-1")),
        paid(24200, "09-02", payment="P-2"),
    )
    assert books(*told, after=(sold(), paid(60500), *uses(4), disputed(60500)), package=TAXED) == [
        ("2026-03-20 chargeback.lost  contract-liability 300.00  vat-output 63.00  bad-debt 242.00  receivable-disputed -605.00"),
        "2026-08-01 receivable.vat-recovered  vat-output 42.00  bad-debt -42.00",
        "2026-09-01 receivable.recovered  contract-asset 242.00  bad-debt -200.00  vat-output -42.00",
        "2026-09-02 payment.bundle  psp-clearing 242.00  contract-asset -242.00",
    ]


def test_in_the_cash_scheme_the_vat_of_money_that_is_gone_waits_again():
    game = Practice(Book(Shelf(STANDARD, TAXED), regime=Regime(vat_cash=True)))
    tell(game, sold(), paid(60500), *uses(4), disputed(60500))
    assert tell(game, lost()) == [
        (
            "2026-03-20 chargeback.lost  contract-liability 300.00  vat-output 105.00  bad-debt 242.00"
            "  vat-output-pending -42.00  receivable-disputed -605.00"
        )
    ]


def test_what_fell_due_for_frozen_rights_is_not_owed():
    parts = (Instalment(date(2026, 1, 5), 30000), Instalment(date(2026, 2, 5), 20000))
    after = (sold(instalments=parts), paid(30000), *uses(4), disputed(30000))
    assert books(lost(), clock("12-31"), after=after, obligation=Obligation.NONCANCELLABLE) == [
        (
            "2026-03-20 chargeback.lost  contract-liability 300.00  bad-debt 200.00  receivable -200.00"
            "  receivable-disputed -300.00"
        )
    ]


def test_at_purchase_the_unused_part_lowers_revenue():
    assert books(lost(), after=(*BEGUN, disputed()), recognition=Recognition.AT_PURCHASE) == [
        "2026-03-20 chargeback.lost  refund-contra 300.00  bad-debt 200.00  receivable-disputed -500.00"
    ]


def test_a_straight_line_accrues_to_the_day_before():
    after = (sold(), paid(), disputed(day="01-20"), clock("01-31"))
    assert books(lost("02-11"), clock("12-31"), after=after, recognition=Recognition.STRAIGHT_LINE, expiry_months=2) == [
        "2026-02-11 accrual.straight-line  contract-liability 83.33  revenue-package -83.33",
        "2026-02-11 chargeback.lost  contract-liability 191.67  bad-debt 308.33  receivable-disputed -500.00",
    ]


def test_rights_that_had_expired_were_earned_and_are_bad_debt():
    after = (*BEGUN, clock("02-20"), disputed(day="03-01"))
    assert books(lost(), after=after, expiry_months=1) == [
        "2026-03-20 chargeback.lost  bad-debt 500.00  receivable-disputed -500.00"
    ]


def test_a_bundle_given_up_stays_given_up():
    game = house()
    tell(game, *BEGUN, on("01-20", BundleTerminated("B-1")), disputed())
    assert tell(game, lost()) == ["2026-03-20 chargeback.lost  bad-debt 500.00  receivable-disputed -500.00"]
    bundle = game.book.bundle("B-1")
    assert bundle is not None
    assert bundle.status == "terminated"


def test_breakage_earned_in_proportion_counts_as_used():
    policy = {"breakage": Breakage.PROPORTIONAL, "expected_used": 800_000, "refund": Refund.NONE}
    assert books(lost(), after=(*BEGUN, disputed()), **policy) == [
        "2026-03-20 chargeback.lost  contract-liability 250.00  bad-debt 250.00  receivable-disputed -500.00"
    ]


def test_money_paid_back_before_is_gone_twice():
    after = (*BEGUN, on("01-20", RefundIssued("R-1", "B-1", method=Method.CARD)), disputed())
    assert books(lost(), after=after) == ["2026-03-20 chargeback.lost  bad-debt 500.00  receivable-disputed -500.00"]


def test_an_agent_bears_the_loss_and_owes_the_provider_still():
    assert books(lost(), after=(*BEGUN, disputed()), principal=False, commission_rate=300_000) == [
        (
            "2026-03-20 chargeback.lost  contract-liability 90.00  client-money 210.00  bad-debt 200.00"
            "  receivable-disputed -500.00"
        )
    ]


def test_the_credit_that_a_payment_gave_goes_as_far_as_it_is_there():
    after = (sold(), paid(60000), sold(bundle="B-2"))
    assert books(disputed(60000), lost(), after=after)[1:] == [
        "2026-03-20 chargeback.lost  contract-liability 500.00  customer-credit 100.00  receivable-disputed -600.00"
    ]
    spent = (*after, on("01-06", CreditApplied("C-1", 7000, "B-2")))
    assert books(disputed(60000), lost(), after=spent)[1:] == [
        (
            "2026-03-20 chargeback.lost  contract-liability 500.00  bad-debt 70.00  customer-credit 30.00"
            "  receivable-disputed -600.00"
        )
    ]


def test_a_session_recorded_late_was_used_before_the_rights_were_frozen():
    assert books(used("S-9", "02-01"), after=LOST) == [
        "2026-02-01 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-03-20 contract.reclassified  bad-debt 50.00  contract-liability -50.00  corrects E-7",
    ]


def test_a_session_undone_after_the_loss_is_no_loss():
    assert books(on("04-01", SessionReversed("S-4")), after=LOST) == [
        "2026-04-01 session.reversed  revenue-package 50.00  bad-debt -50.00  corrects E-5"
    ]


# Visits and customers


def test_a_visit_whose_payment_is_gone_is_bad_debt_and_may_be_recovered():
    told = (disputed(15000), lost(), on("05-01", ReceivableRecovered(12100, customer="C-1")))
    assert books(*told, after=(VISIT, paid_for(15000, session="V-1")))[1:] == [
        "2026-03-20 chargeback.lost  bad-debt 121.00  customer-credit 29.00  receivable-disputed -150.00",
        "2026-05-01 receivable.recovered  receivable 121.00  bad-debt -121.00",
    ]


def test_a_visit_undone_before_its_payment_was_lost_gives_its_credit_back():
    after = (VISIT, paid_for(12100, session="V-1"), on("01-25", SessionReversed("V-1")))
    assert books(disputed(12100), lost(), after=after)[1:] == [
        "2026-03-20 chargeback.lost  customer-credit 121.00  receivable-disputed -121.00"
    ]


def test_a_customers_payment_is_taken_out_of_the_credit_and_beyond_it_bad_debt():
    after = (paid_for(5000, "01-05", customer="C-1"), sold(), on("01-06", CreditApplied("C-1", 2000, "B-1")))
    assert books(disputed(5000), won(), after=after) == [
        "2026-02-15 chargeback.opened  receivable-disputed 50.00  psp-clearing -50.00",
        "2026-03-02 chargeback.won  psp-clearing 50.00  receivable-disputed -50.00  corrects E-3",
    ]
    assert books(disputed(5000), lost(), after=after)[1:] == [
        "2026-03-20 chargeback.lost  bad-debt 20.00  customer-credit 30.00  receivable-disputed -50.00"
    ]


# Refused

END = "[events.md 4 chargeback.won, chargeback.lost] payment"
OPENED = "[events.md 4 chargeback.opened]"
REVERSED = "[events.md 4 payment.reversed, chargeback.opened] payment"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ((disputed(50001),), f"payment P-1: 500.01 EUR disputed is more than the 500.00 EUR paid {OPENED} amount"),
        (
            (disputed(), disputed()),
            (
                "payment P-1 was disputed before; one payment has one chargeback. If its money is gone after a dispute that was "
                f"won, record payment.reversed {OPENED} payment"
            ),
        ),
        (
            (back("02-01"), disputed()),
            f"payment P-1 was reversed; there is nothing left to dispute {OPENED} payment",
        ),
        (
            (disputed(day="01-04"),),
            (
                "payment P-1 is of 2026-01-05; it cannot be undone or settled on 2026-01-04, before it happened "
                "[events.md 4a Late events] time"
            ),
        ),
        ((lost(),), f"payment P-1 is not disputed; record its chargeback.opened first {END}"),
        ((disputed(), won(), lost()), f"the chargeback of payment P-1 was won on 2026-03-02; it has one end {END}"),
        ((disputed(), lost(), won("04-01")), f"the chargeback of payment P-1 was lost on 2026-03-20; it has one end {END}"),
        (
            (disputed(), lost("02-14")),
            (
                "the chargeback of payment P-1 is of 2026-02-15; it cannot be undone or settled on 2026-02-14, before it "
                "happened [events.md 4a Late events] time"
            ),
        ),
        (
            (disputed(), back("02-16")),
            f"payment P-1 is disputed; record how the chargeback ends (chargeback.won, chargeback.lost) {REVERSED}",
        ),
        (
            (disputed(), lost(), back("04-16")),
            f"payment P-1 was lost in a chargeback (chargeback.won, chargeback.lost) {REVERSED}",
        ),
    ],
)
def test_refused(told, why):
    assert refused(*BEGUN, *told) == why


def test_frozen_rights_are_neither_used_nor_refunded():
    assert refused(*LOST, used("S-9", "04-01")).startswith("bundle B-1 was charged_back; nothing can be used.")
    assert refused(*LOST, on("04-01", RefundIssued("R-1", "B-1"))).startswith("bundle B-1 was charged_back; nothing is left")


# To the cent


def test_what_is_disputed_beyond_the_price_comes_out_of_the_credit():
    assert books(disputed(55000), lost(), after=(sold(), paid(60000)))[1:] == [
        "2026-03-20 chargeback.lost  contract-liability 500.00  customer-credit 50.00  receivable-disputed -550.00"
    ]


def test_a_visit_undone_gives_back_what_was_paid_for_it_and_beyond_it():
    after = (VISIT, paid_for(15000, session="V-1"), on("01-25", SessionReversed("V-1")))
    assert books(disputed(15000), lost(), after=after)[1:] == [
        "2026-03-20 chargeback.lost  customer-credit 150.00  receivable-disputed -150.00"
    ]


def test_a_customers_payment_that_was_spent_is_all_bad_debt():
    after = (paid_for(5000, "01-05", customer="C-1"), sold(), on("01-06", CreditApplied("C-1", 5000, "B-1")))
    assert books(disputed(5000), lost(), after=after)[1:] == [
        "2026-03-20 chargeback.lost  bad-debt 50.00  receivable-disputed -50.00"
    ]


def test_in_the_cash_scheme_the_vat_of_a_visit_waits_for_all_that_is_unpaid():
    game = Practice(Book(Shelf(STANDARD, TAXED), regime=Regime(vat_cash=True)))
    tell(game, VISIT, paid_for(6050, session="V-1"), disputed(6050))
    told = (
        lost(),
        on("05-04", ReceivableRecovered(6050, customer="C-1")),
        on("05-05", PaymentReceived("P-9", 12100, Method.CASH, session="V-1")),
    )
    assert tell(game, *told) == [
        "2026-03-20 chargeback.lost  bad-debt 60.50  vat-output 10.50  vat-output-pending -10.50  receivable-disputed -60.50",
        "2026-05-04 receivable.recovered  receivable 60.50  bad-debt -60.50",
        "2026-05-05 payment.visit  cash 121.00  receivable -121.00  vat-output-pending 21.00  vat-output -21.00",
    ]


def test_the_vat_that_goes_is_that_of_the_disputed_document():
    begun = (sold(), paid(33333), paid(27167, "01-06", payment="P-2"), *uses(6))
    assert books(disputed(20000), lost(), after=begun, package=TAXED)[1:] == [
        "2026-03-20 chargeback.lost  contract-liability 200.00  vat-output 34.71  breakage -34.71  receivable-disputed -200.00"
    ]
    assert books(disputed(33333), lost(), after=begun, package=TAXED)[1:] == [
        "2026-03-20 chargeback.lost  contract-liability 200.00  vat-output 42.00  bad-debt 91.33  receivable-disputed -333.33"
    ]
