"""The list of documents ties to the ledger after any history, and every difference between them has its name."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from revrec.core.billing import OUTSIDE_BOOKS, Amount
from revrec.core.events import BundlePriceReduced, Method, RefundIssued, SessionCancelled, SessionCompleted
from revrec.core.invoicing import Draft
from revrec.core.policy import OUTSIDE, Charge, Invoicing
from revrec.core.reports.invoices import Document, Paperwork, Reason, reconciled, report
from tests.core.kept import asked, cells, kept
from tests.core.office import Office
from tests.core.practice import History, World, histories, worlds
from tests.core.test_invoicing import FEB, HISTORIES, MAR, PHASES, follow, office, paid, sold, used


def papers(desk: Office) -> Paperwork:
    """What the office issued, as a report reads it."""
    documents = [document(number, draft) for number, draft in desk.documents.items()]
    waiting = [(draft, "buyer: unknown") for draft in desk.waiting.values() if draft.parts]
    return Paperwork(desk.since, documents, waiting, desk.accounts)


def document(number: str, draft: Draft) -> Document:
    kind = "R1" if draft.corrects is not None else "F1"
    who = draft.recipient or ""
    return Document(
        number, draft.operated_on, draft.operated_on, who, draft.bundle, draft.account, "bcn", kind, draft.corrects,
        draft.gross, draft.vat, draft.parts, "pending",
    )  # fmt: skip


def between(desk: Office) -> dict[Reason, Amount]:
    found = reconciled(kept(desk.game), papers(desk))
    assert [tie.difference for tie in found.ties()] == [0, 0], found.between
    return {reason: amount for reason, amount in found.between.items() if any(amount)}


@settings(max_examples=max(HISTORIES // 5, 20), deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(worlds, histories)
def test_after_any_history_documents_tie_to_the_ledger(world: World, history: History):
    desk = follow(world, history)
    found = reconciled(kept(desk.game), papers(desk))
    assert [tie.difference for tie in found.ties()] == [0, 0], found.between


def test_what_is_invoiced_needs_no_explanation():
    desk = office("es-21", 12100)
    sold(desk)
    paid(desk, 12100)
    assert between(desk) == {}
    made = report(kept(desk.game), asked(), papers(desk))
    assert cells(made, "number", "customer", "bundle", "kind", "base", "vat", "total", "state") == [
        ("F-1", "C-1", "B-1", "F1", 10000, 2100, 12100, "pending")
    ]
    assert made.total[7:] == (10000, 2100, 12100, None)


def test_a_document_that_is_gone_is_a_difference_and_so_is_one_too_many():
    desk = office("es-21", 12100)
    sold(desk)
    paid(desk, 12100)
    whole = papers(desk)
    for documents, differences in ((), [12100, 2100]), ((*whole.documents, *whole.documents), [-12100, -2100]):
        found = reconciled(kept(desk.game), whole._replace(documents=documents))
        assert [tie.difference for tie in found.ties()] == differences


def test_an_amount_of_vat_that_the_document_has_not_from_the_ledger_is_a_difference():
    desk = office("es-21", 12100)
    sold(desk)
    paid(desk, 12100)
    whole = papers(desk)
    (only,) = whole.documents
    part = only.parts[0]._replace(vat=2000)
    found = reconciled(kept(desk.game), whole._replace(documents=[only._replace(vat=2000, parts=(part,))]))
    assert [tie.difference for tie in found.ties()] == [0, 100]


def test_a_policy_without_invoices_a_fee_outside_vat_and_what_was_before_have_their_lines():
    silent = office(invoicing=Invoicing.NONE)
    sold(silent)
    paid(silent, 50000)
    assert between(silent) == {Reason.NO_INVOICES: Amount(50000, 0)}
    charged = office(late_cancellation=Charge.FEE, late_cancellation_fee=1500, fee_tax=OUTSIDE)
    sold(charged)
    charged.record(SessionCancelled("S-1", "B-1", 60), FEB)
    assert between(charged) == {Reason.OUTSIDE: Amount(1500, 0)}
    early = office("es-21", 12100, since=FEB)
    sold(early)
    paid(early, 12100)
    assert between(early) == {Reason.EARLIER: Amount(12100, 2100)}
    early.record(RefundIssued("R-1", "B-1", method=Method.CARD), MAR)
    assert [draft.corrects for draft in early.documents.values()] == [OUTSIDE_BOOKS]
    assert between(early) == {Reason.EARLIER: Amount(12100, 2100)}


def test_what_the_policy_keeps_back_and_what_waits_have_their_lines():
    desk = office("es-21m", 12100, invoicing=Invoicing.PER_SESSION)
    sold(desk)
    paid(desk, 12100)
    assert between(desk) == {Reason.NOT_USED: Amount(12100, 0)}
    used(desk, "S-1")
    assert between(desk) == {Reason.NOT_USED: Amount(10890, 0)}
    held = office("es-21", 12100)
    held.waits = lambda _draft: True
    sold(held)
    paid(held, 12100)
    assert between(held) == {Reason.WAITING: Amount(12100, 2100)}


def test_what_is_conceded_beyond_any_invoice_has_its_line():
    desk = office("es-21", 12100)
    sold(desk)
    desk.record(BundlePriceReduced("B-1", 1210), FEB)
    assert between(desk).keys() <= {Reason.GOODWILL}


def test_a_visit_without_the_duty_has_its_line():
    desk = office()
    desk.record(SessionCompleted("V-1", customer="C-2", service="physio", price=6050, tax="es-21"), FEB)
    whole = papers(desk)
    account = whole.accounts["visit:V-1"]
    bare = whole._replace(documents=(), accounts={}, no_duty=frozenset({"V-1"}))
    found = reconciled(kept(desk.game), bare)
    assert account.items
    assert [tie.difference for tie in found.ties()] == [0, 0]
    assert found.between[Reason.NO_DUTY] == Amount(6050, 1050)


def test_a_correction_of_the_vat_alone_names_the_base_that_it_was_on():
    desk = office("es-21", 12100)
    sold(desk)
    paid(desk, 12100)
    whole = papers(desk)
    (only,) = whole.documents
    parts = (only.parts[0]._replace(gross=-2100, vat=-2100),)
    recovered = only._replace(number="R-1", corrects="F-1", gross=-12100, vat=-2100, parts=parts)
    found = reconciled(kept(desk.game), whole._replace(documents=[only, recovered]))
    assert found.between[Reason.BASES] == Amount(10000, 0)
    assert [tie.difference for tie in found.ties()] == [2100, 2100]  # the ledger of this test took no VAT back


def test_books_without_invoicing_say_so():
    desk = office("es-21", 12100)
    sold(desk)
    desk.game.record(SessionCompleted("S-1", bundle="B-1"), FEB)
    made = report(kept(desk.game), asked(), Paperwork())
    assert made.tied
    assert made.rows == ()
    assert made.notes[-1] == "These books issue no invoices: `invoicing_from` is not set."
