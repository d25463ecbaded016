"""What recording issues: which document, to whom, under which number, and what waits instead of being rejected."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from einvoice.model import Category, CorrectionCode, CorrectionMethod, IdScheme
from einvoice.regimes.verifactu import rules
from revrec.app import correct, invoices
from revrec.app.record import FileRefused
from revrec.app.verify import verify
from revrec.settings import SettingsError
from revrec.store.papers import Papers
from tests.app.desk import COMPANY, NOW, Desk, package, paid, policy, registered, sold, used

NIF = "12345678Z"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "books")


def test_a_paid_bundle_is_a_full_invoice_to_whom_it_may_name(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"))
    assert desk.papers() == [("F2026-000001", "F1", 50000)]
    invoice = desk.text("F2026-000001")
    assert (invoice.buyer.name, invoice.buyer.tax_id.number) == ("Ana García López", NIF)
    assert invoice.lines[0].description == "Bono de asistencia sanitaria"
    assert invoice.vat[0].vat.category is Category.EXEMPT
    assert "20.Uno.3" in invoice.legal[0]
    assert (invoice.totals.gross, invoice.totals.payable) == (Decimal("500.00"), Decimal("0.00"))


def test_a_producer_whom_no_record_may_name_is_said_before_a_number_is_used(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "books")
    with (desk.root / "revrec.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[producer]\nname = "{"Software " * 14}SL"\ntax_id = "ES-A28015865"\n')
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    (waits,) = desk.asked(lambda ws: Papers(ws.store).waiting())
    assert [field for field, *_ in waits.findings] == ["system.producer"]
    assert desk.papers() == []


def test_an_agents_commission_never_goes_to_the_customer(desk: Desk) -> None:
    agent = policy("agent").replace("principal = true", 'principal = false\ncommission_rate = "0.30"\ncommission_tax = "es-21"')
    with (desk.root / "policy.toml").open("a", encoding="utf-8") as file:
        file.write(agent + package("AGENT", "es-21", "605.00", "agent"))
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "AGENT"), paid("P-1", "B-1", "605.00"))
    assert desk.papers() == []
    (waits,) = desk.asked(lambda ws: Papers(ws.store).waiting())
    assert [(field, remedy) for field, _, remedy, _ in waits.findings] == [("buyer", "record bundle.provider_changed")]


def test_no_document_names_a_speciality_or_the_beneficiary(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED", beneficiary="CHILD"), paid("P-1", "B-1", "100.00"))
    assert "psycho" not in repr(desk.text("F2026-000001"))
    assert "secret" not in repr(desk.text("F2026-000001"))
    assert "CHILD" not in repr(desk.text("F2026-000001"))


def test_the_vat_of_the_document_is_the_ledgers_to_the_cent(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "33.33"), paid("P-2", "B-1", "66.67"))
    first, second = desk.text("F2026-000001"), desk.text("F2026-000002")
    assert (first.totals.net, first.totals.tax) == (Decimal("27.55"), Decimal("5.78"))
    assert (second.totals.net, second.totals.tax) == (Decimal("55.10"), Decimal("11.57"))
    assert first.lines[0].description.endswith("(pago a cuenta)")


def test_without_a_tax_number_a_small_amount_is_a_simplified_invoice(desk: Desk) -> None:
    desk.say(sold("B-1", "TAXED", "UNKNOWN"), paid("P-1", "B-1", "100.00"))
    assert desk.papers() == [("S2026-000001", "F2", 10000)]
    assert desk.text("S2026-000001").buyer is None


def test_two_payments_of_one_day_are_one_operation_for_the_limit(desk: Desk) -> None:
    done = desk.say(sold("B-1", "HEALTH"), paid("P-1", "B-1", "300.00"), paid("P-2", "B-1", "200.00"))
    assert [each.kind for each in done.issued] == ["F2"]
    (waits,) = done.waiting
    assert "buyer" in {found[0] for found in waits.findings}
    assert waits.draft.gross == 20000


def test_an_activity_of_the_laws_list_has_its_own_limit(desk: Desk) -> None:
    desk.say(sold("B-1", "SPORT"), paid("P-1", "B-1", "605.00"))
    assert desk.papers() == [("S2026-000001", "F2", 60500)]


def test_what_would_be_rejected_waits_without_a_number_and_is_issued_when_the_person_is_known(desk: Desk) -> None:
    done = desk.say(sold("B-1", "HEALTH", day="2026-03-01"), paid("P-1", "B-1", "500.00", "2026-03-01"))
    assert done.entries == 1  # the money is booked
    assert desk.papers() == []
    (held,) = desk.asked(invoices.pending, date(2026, 3, 20)).rows
    assert (held.until, held.overdue) == (date(2026, 3, 1), True)
    assert held.waiting.findings[0][0] == "buyer"
    desk.say(registered("C-1", tax_id=NIF))
    assert desk.papers() == [("F2026-000001", "F1", 50000)]
    assert desk.asked(invoices.pending, date(2026, 3, 20)).rows == ()
    invoice = desk.text("F2026-000001")
    assert (invoice.issued_on, invoice.operation_on) == (date(2026, 3, 20), date(2026, 3, 1))


def test_what_waits_is_issued_in_the_same_file_once_the_person_is_known(desk: Desk) -> None:
    done = desk.say(sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"), registered("C-1", tax_id=NIF))
    assert desk.papers() == [("F2026-000001", "F1", 50000)]
    assert done.waiting == ()


SPLIT = ("2026-03-20", "bundle.transferred", {"bundle": "B-1", "to_customer": "C-2", "to_bundle": "B-2", "units": 4})
PART_BACK = ("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-2", "method": "card"})


def split_sale() -> list[tuple[str, str, dict[str, Any]]]:
    """A document of 500.00 that waits for who C-1 is; 200.00 of what it covers now stand in the bundle of another."""
    return [registered("C-2", tax_id=NIF), sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"), SPLIT]


def test_what_is_paid_back_of_a_part_given_away_makes_the_waiting_document_less(desk: Desk) -> None:
    done = desk.say(*split_sale(), registered("C-1"), PART_BACK)  # registered, and still without the number that it needs
    assert [waits.draft.gross for waits in done.waiting] == [30000]
    assert desk.asked(verify) == ()


def test_a_document_that_became_less_while_it_waited_covers_what_is_left_of_a_part_given_away(desk: Desk) -> None:
    day, kind, data = PART_BACK
    desk.say(*split_sale(), (day, kind, {**data, "units": 3}), registered("C-1", tax_id="00000000T"))
    assert desk.papers() == [("F2026-000001", "F1", 35000)]
    assert desk.asked(verify) == ()
    desk.say((day, kind, {**data, "refund": "R-2"}))
    assert desk.papers()[1:] == [("R2026-000001", "R1", -5000)]
    assert desk.asked(verify) == ()


@pytest.mark.parametrize("files", [1, 2])
def test_what_is_paid_back_of_a_part_given_away_corrects_the_document_that_waited_then(desk: Desk, files: int) -> None:
    told = [*split_sale(), registered("C-1", tax_id="00000000T"), PART_BACK]
    for some in (told,) if files == 1 else (told[:-1], told[-1:]):
        desk.say(*some)
    assert desk.papers() == [("F2026-000001", "F1", 50000), ("R2026-000001", "R1", -20000)]
    assert desk.issued("R2026-000001").corrects == "F2026-000001"
    assert desk.asked(verify) == ()


def test_what_is_paid_back_of_a_part_given_away_corrects_the_document_in_the_place_of_a_wrong_one(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id="00000000T"), *split_sale())
    desk.asked(correct.correct, "F2026-000001", correct.Change("wrong name"), now=NOW)
    desk.say(PART_BACK)
    assert desk.issued("R2026-000002").corrects == "R2026-000001"
    assert desk.asked(verify) == ()


def test_a_document_of_the_calendar_covers_what_the_same_event_gives_away(desk: Desk) -> None:
    with (desk.root / "policy.toml").open("a", encoding="utf-8") as file:
        file.write(policy("owed", obligation="noncancellable") + package("OWED", "es-21", "300.00", "owed"))
    people = registered("C-1", tax_id=NIF), registered("C-2", tax_id="00000000T")
    sale = sold("B-1", "OWED", day="2026-03-10"), paid("P-1", "B-1", "70.00", "2026-03-10")
    desk.say(*people, *sale, SPLIT, PART_BACK)  # the rest is due by the calendar, before a part is given away
    assert desk.papers() == [("F2026-000001", "F1", 7000), ("F2026-000002", "F1", 13800), ("R2026-000001", "R1", -2800)]
    assert desk.asked(verify) == ()


def test_of_two_payers_with_equal_parts_each_document_is_known_by_its_own(desk: Desk) -> None:
    payers = [{"customer": "C-1", "amount": "50.00"}, {"customer": "C-2", "amount": "50.00"}]
    desk.say(registered("C-1", tax_id="12345678A"), sold("B-1", "TAXED", "C-3", payers=payers), paid("P-1", "B-1", "100.00"))
    assert desk.papers() == [("S2026-000001", "F2", 5000)]  # of C-2, whom nobody knows; that of C-1 waits
    assert desk.asked(verify) == ()
    desk.say(registered("C-1", tax_id=NIF))
    assert desk.papers()[1:] == [("F2026-000001", "F1", 5000)]
    assert desk.asked(verify) == ()


def test_a_document_names_whom_the_books_knew_when_it_was_due(desk: Desk) -> None:
    sale = (sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"))
    desk.say(registered("C-1", tax_id=NIF), *sale, registered("C-1", tax_id=NIF, name="Eva"))
    assert desk.text("F2026-000001").buyer.name == "Ana García López"


def test_what_only_the_schema_refuses_waits_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "check", lambda *_, **__: ())  # a rule of ours that does not see it
    long = registered("C-2", tax_id=NIF, first_surname="García " * 20)
    sales = [(sold(f"B-{nth}", "TAXED", f"C-{nth}"), paid(f"P-{nth}", f"B-{nth}", "50.00")) for nth in (1, 2, 3)]
    done = desk.say(registered("C-1", tax_id=NIF), long, registered("C-3", tax_id=NIF), *sum(sales, ()))
    assert [(each.number, each.bundle) for each in done.issued] == [("F2026-000001", "B-1"), ("F2026-000002", "B-3")]
    (waits,) = done.waiting
    assert (waits.draft.bundle, [code for *_, code in waits.findings]) == ("B-2", ["unissuable"])
    first, second = desk.asked(lambda ws: list(Papers(ws.store).records()))
    assert f"&Huella={first.huella}&" in second.hashed
    assert desk.asked(verify) == ()


def test_a_business_may_wait_until_the_sixteenth_of_the_next_month(desk: Desk) -> None:
    company = {name: value for name, value in COMPANY.items() if name != "tax_id"}
    desk.say(("2026-01-02", "customer.registered", {"customer": "I-1", **company}))
    desk.say(sold("B-1", "HEALTH", "I-1"), paid("P-1", "B-1", "500.00"))
    (held,) = desk.asked(invoices.pending, date(2026, 3, 20)).rows
    assert (held.until, held.overdue) == (date(2026, 4, 15), False)


def test_numbers_are_gapless_and_rise_with_the_dates(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "50.00"))
    desk.say(paid("P-2", "B-1", "50.00"), at=NOW + timedelta(days=300))
    rows = desk.asked(lambda ws: [(each.number, each.issued_on) for each in Papers(ws.store).invoices()])
    assert rows == [("F2026-000001", date(2026, 3, 20)), ("F2027-000001", date(2027, 1, 14))]


def test_a_clock_that_was_set_back_holds_the_document(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED", day="2026-03-01"), paid("P-1", "B-1", "50.00"))
    done = desk.say(paid("P-2", "B-1", "50.00", "2026-03-19"), at=NOW - timedelta(days=1))
    assert [found[3] for found in done.waiting[0].findings] == ["ROF-6.1.a"]


def test_a_refused_event_uses_no_number(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"))
    with pytest.raises(FileRefused):
        desk.say(paid("P-1", "B-1", "50.00"), used("S-1", "B-404"))
    assert desk.papers() == []
    desk.say(paid("P-1", "B-1", "50.00"))
    assert desk.papers() == [("F2026-000001", "F1", 5000)]


def test_a_refund_is_a_corrective_invoice_that_names_the_one_it_corrects(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"), used("S-1", "B-1"))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    assert desk.papers()[1] == ("R2026-000001", "R1", -9000)
    correction = desk.text("R2026-000001").correction
    assert (correction.code, correction.method) == (CorrectionCode.R1, CorrectionMethod.DIFFERENCES)
    assert [each.number for each in correction.references] == ["F2026-000001"]
    assert desk.text("R2026-000001").buyer == desk.text("F2026-000001").buyer


def test_the_correction_of_a_simplified_invoice_is_r5(desk: Desk) -> None:
    desk.say(sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    assert desk.papers()[1] == ("R2026-000001", "R5", -10000)


def test_each_session_of_a_multi_purpose_voucher_is_invoiced_when_it_is_used(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "EACH"), paid("P-1", "B-1", "121.00"))
    assert desk.papers() == []
    desk.say(used("S-1", "B-1"), used("S-2", "B-1"))
    assert [gross for _, _, gross in desk.papers()] == [1210, 1210]
    assert desk.text("F2026-000001").totals.payable == 0


def test_the_payer_bound_by_the_contract_is_invoiced(desk: Desk) -> None:
    desk.say(("2026-01-02", "customer.registered", {"customer": "I-1", **COMPANY}), registered("C-1", tax_id=NIF))
    payers = [{"customer": "I-1", "amount": "400.00"}, {"customer": "C-1", "amount": "100.00"}]
    desk.say(sold("B-1", "HEALTH", payers=payers), paid("P-1", "B-1", "400.00", payer="I-1"), paid("P-2", "B-1", "100.00"))
    assert [desk.text(number).buyer.name for number, _, _ in desk.papers()] == ["Aseguradora de Pruebas SA", "Ana García López"]


def test_income_tax_is_kept_back_only_from_a_professional_person_by_who_withholds(tmp_path: Path) -> None:
    irpf = '[irpf]\nprofessional = true\n[[irpf.rate]]\nsince = 2026-01-01\nrate = "15"\n'
    desk = Desk(tmp_path / "books", irpf, taxpayer="ES-12345678Z")
    desk.say(("2026-01-02", "customer.registered", {"customer": "I-1", **COMPANY, "withholds": True}))
    desk.say(registered("C-1", tax_id="00000000T"), sold("B-1", "TAXED", "I-1"), paid("P-1", "B-1", "85.00", withheld="15.00"))
    desk.say(sold("B-2", "TAXED", "C-1"), paid("P-2", "B-2", "100.00"))
    kept, free = desk.text("F2026-000001"), desk.text("F2026-000002")
    assert (kept.withholding.rate, kept.withholding.base, kept.withholding.amount) == (15, Decimal("82.64"), Decimal("12.40"))
    assert kept.totals.gross == Decimal("100.00")
    assert free.withholding is None
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "transfer"}))
    back = desk.text("R2026-000001")
    assert back.withholding is None
    assert (back.totals.payable, back.totals.withheld) == (Decimal("-100.00"), 0)  # what left the bank


def test_a_foreigner_is_named_by_the_own_number(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id="X1234567", country="GB"), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    invoice = desk.text("F2026-000001")
    assert (invoice.buyer.tax_id.scheme, invoice.buyer.tax_id.country, invoice.language) == (IdScheme.NATIONAL, "GB", "en")
    assert invoice.lines[0].description == "Bundle of 10 sessions"


def test_what_happened_before_the_invoicing_began_is_never_invoiced(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "books", since="2026-03-01")
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED", day="2026-02-01"), paid("P-1", "B-1", "100.00", "2026-02-01"))
    assert desk.papers() == []
    done = desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    assert done.waiting[0].findings[0][3] == "original-invoice"


def test_the_refund_of_money_invoiced_elsewhere_names_that_invoice(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "books", since="2026-03-01")
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED", day="2026-02-01"), paid("P-1", "B-1", "100.00", "2026-02-01"))
    original = {"number": "A-17", "issued_on": "2026-02-01"}
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card", "original_invoice": original}))
    assert [each.number for each in desk.text("R2026-000001").correction.references] == ["A-17"]


def test_another_regime_is_refused_by_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "books")
    path = desk.root / "revrec.toml"
    path.write_text(path.read_text().replace('territory = "common"', 'territory = "basque-bizkaia"'))
    with pytest.raises(SettingsError, match="Batuz"):
        desk.papers()
    path.write_text(path.read_text().replace('territory = "basque-bizkaia"', 'territory = "common"\nsii = true'))
    with pytest.raises(SettingsError, match="SII"):
        desk.papers()


def test_a_payment_of_an_invoice_pays_its_bundle(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), used("S-1", "B-1"))
    data = {"payment": "P-1", "invoice": "F2026-000001", "amount": "10.00", "method": "cash"}
    desk.say(("2026-03-20", "payment.received", data))
    assert desk.asked(lambda ws: ws.store.bundle("B-1").position.paid) == 1000
    assert len(desk.papers()) == 1
    with pytest.raises(FileRefused, match="there is no invoice F2026-000099"):
        desk.say(("2026-03-20", "payment.received", {**data, "payment": "P-2", "invoice": "F2026-000099"}))


def test_wrong_details_are_corrected_by_a_document_in_place_of_the_first(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.say(registered("C-1", tax_id="00000000T"))
    desk.asked(correct.correct, "F2026-000001", correct.Change("NIF equivocado"), now=NOW)
    invoice = desk.text("R2026-000001")
    assert invoice.buyer.tax_id.number == "00000000T"
    assert (invoice.correction.code, invoice.correction.method) == (CorrectionCode.R4, CorrectionMethod.SUBSTITUTION)
    assert (invoice.correction.replaced_base, invoice.correction.replaced_tax) == (Decimal("82.64"), Decimal("17.36"))
    done = desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    assert done.waiting == ()
    assert [each.number for each in desk.text("R2026-000002").correction.references] == ["R2026-000001"]


def test_a_simplified_invoice_gets_a_full_one_when_the_customer_asks(desk: Desk) -> None:
    desk.say(sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.say(registered("C-1", tax_id=NIF))
    desk.asked(correct.correct, "S2026-000001", correct.Change("pedida", full=True), now=NOW)
    assert desk.papers()[1][:2] == ("F2026-000001", "F3")
    assert [each.number for each in desk.text("F2026-000001").replaces] == ["S2026-000001"]


def test_the_same_events_again_issue_nothing(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.count = 0
    done = desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    assert (done.repeated, done.issued) == (3, ())
    assert len(desk.papers()) == 1


def test_the_books_link_the_document_and_name_its_file(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    day = (desk.root / "journal/2026/2026-03-20.beancount").read_text()
    assert "^invoice-F2026-000001" in day
    assert 'document: "../../documents/Assets/Receivable/Customers/2026-03-20.F2026-000001.pdf"' in day
    assert desk.asked(verify) == ()


def test_a_document_issued_later_is_noted_on_its_day(desk: Desk) -> None:
    desk.say(sold("B-1", "HEALTH", day="2026-03-01"), paid("P-1", "B-1", "500.00", "2026-03-01"))
    desk.say(registered("C-1", tax_id=NIF))
    assert (
        'note Assets:Receivable:Customers "Invoice F2026-000001 of bundle B-1" ^invoice-F2026-000001'
        in (desk.root / "journal/2026/2026-03-20.beancount").read_text()
    )
    assert "invoice" not in (desk.root / "journal/2026/2026-03-01.beancount").read_text()
    assert desk.asked(verify) == ()


def test_a_dry_run_issues_nothing(desk: Desk) -> None:
    from revrec.app.record import record
    from revrec.app.workspace import open_workspace
    from revrec.wire.files import source

    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"))
    desk.count = 10
    path = desk.root / "dry.jsonl"
    path.write_text((desk.root / "events.jsonl").read_text().splitlines()[1].replace('"B-1"', '"B-2"').replace("e2", "e99"))
    with open_workspace(desk.root) as ws:
        record(ws, [source(str(path))], dry_run=True, now=datetime(2026, 3, 20, 12, tzinfo=UTC))
    assert desk.papers() == []
