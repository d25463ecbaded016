"""The documents of a practice in its reports: listed, tied to the ledger, named where they wait."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from revrec.app import bundles, invoices, outbox, report
from revrec.app.record import FileRefused
from revrec.app.trace import trace
from revrec.app.verify import verify
from revrec.store.papers import Answer, Message, Papers, State
from tests.app.desk import PERSON, Desk, package, paid, policy, registered, sold, used
from tests.app.shelf import checked, tamper

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
NIF = "12345678Z"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "books")


def busy(desk: Desk) -> None:
    """Invoices, a correction, a visit, a voucher, a policy without invoices and one that waits."""
    desk.say(
        registered("C-1", tax_id=NIF),
        sold("B-1", "TAXED", day="2026-02-01"),
        paid("P-1", "B-1", "100.00", "2026-02-01"),
        used("S-1", "B-1", "2026-02-03"),
        sold("B-2", "EACH"),
        paid("P-2", "B-2", "121.00"),
        used("S-2", "B-2"),
        sold("B-3", "NONE"),
        paid("P-3", "B-3", "500.00"),
        sold("B-4", "HEALTH", "C-9"),
        paid("P-4", "B-4", "500.00"),
    )
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))


def test_the_documents_of_a_period_are_listed_and_tie_to_the_ledger(desk: Desk) -> None:
    busy(desk)
    made = desk.asked(report.run, "invoices", FIRST, LAST)
    assert made.tied, [tie.sentence("EUR") for tie in made.ties]
    listed = [(row["number"], str(row["operated_on"]), row["corrects"], row["total"]) for row in made.to_json()["rows"]]
    assert listed == [
        ("F2026-000001", "2026-02-01", None, "100.00"),
        ("F2026-000002", "2026-03-20", None, "12.10"),
        ("R2026-000001", "2026-03-20", "F2026-000001", "-90.00"),
    ]
    assert made.to_json()["total"]["total"] == "22.10"
    assert "  Documents that wait: 500.00" in made.notes
    assert "  Policies under which revrec issues no invoices: 500.00" in made.notes
    assert desk.asked(report.run, "invoices", FIRST, date(2026, 3, 19)).rows == ()


def test_the_ledger_of_the_report_is_the_entries_and_not_the_accounts(desk: Desk) -> None:
    busy(desk)
    tamper(desk.root, "DELETE FROM accounts WHERE account = 'bundle:B-1'")
    made = desk.asked(report.run, "invoices", FIRST, LAST)
    assert made.tied  # all that B-1 was billed of is on documents: nothing had to be explained
    tamper(desk.root, "UPDATE invoices SET gross = gross + 1 WHERE n = 1", "DELETE FROM invoices WHERE n = 2")
    made = desk.asked(report.run, "invoices", FIRST, LAST)
    assert not made.tied


def test_what_was_recorded_before_the_books_issued_was_invoiced_elsewhere_whatever_day_is_set_later(desk: Desk) -> None:
    settings = desk.root / "revrec.toml"
    issuing = settings.read_text("utf-8")
    settings.write_text(issuing.replace("invoicing_from = 2026-01-01\n", ""), encoding="utf-8")
    desk.say(sold("B-1", "TAXED"), paid("P-1", "B-1", "121.00"))
    settings.write_text(issuing, encoding="utf-8")
    desk.say(registered("C-1", tax_id=NIF), sold("B-2", "TAXED"), paid("P-2", "B-2", "121.00"))
    made = desk.asked(report.run, "invoices", FIRST, LAST)
    assert [tie.difference for tie in made.ties] == [0, 0]
    assert "  Of before the invoicing began: 100.00 (VAT 17.36)" in made.notes


@pytest.mark.parametrize(
    ("old", "new", "price", "rows"),
    [
        ("SPORT", "HEALTH", "605.00", {"B-1": ("60.50", "60.50", "0.00"), "B-2": ("500.00", "500.00", "0.00")}),
        ("SPORT", "SPORT", "605.00", {"B-1": ("605.00", "605.00", "0.00")}),
        ("EACH", "EACH", "121.00", {"B-1": ("12.10", "12.10", "0.00"), "B-2": ("108.90", "0.00", "108.90")}),
        ("NONE", "HEALTH", "500.00", {"B-1": ("50.00", "0.00", "50.00"), "B-2": ("450.00", "450.00", "0.00")}),
    ],
    ids=["another-tax", "same-tax", "voucher", "other-policy"],
)
def test_money_that_counts_on_a_new_pack_is_collected_where_its_documents_are(
    desk: Desk, old: str, new: str, price: str, rows: dict[str, tuple[str, str, str]]
) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", old), paid("P-1", "B-1", price), used("S-1", "B-1"))
    upgrade = {"bundle": "B-1", "to_bundle": "B-2", "mode": "new_pack", "to_package": new}
    desk.say(("2026-03-20", "bundle.upgraded", upgrade))
    made = desk.asked(report.run, "uninvoiced", FIRST, LAST)
    assert made.tied
    found = {row["bundle"]: (row["collected"], row["invoiced"], row["uninvoiced"]) for row in made.to_json()["rows"]}
    assert found.pop("on account", None) == (("44.50", "0.00", "44.50") if (old, new) == ("SPORT", "HEALTH") else None)
    assert found == rows


def test_what_is_collected_and_not_invoiced_is_named_with_its_reason(desk: Desk) -> None:
    busy(desk)
    made = desk.asked(report.run, "uninvoiced", FIRST, LAST)
    assert made.tied
    rows = {row["bundle"]: (row["collected"], row["invoiced"], row["uninvoiced"]) for row in made.to_json()["rows"]}
    assert rows == {
        "B-1": ("10.00", "10.00", "0.00"),
        "B-2": ("121.00", "12.10", "108.90"),
        "B-3": ("500.00", "0.00", "500.00"),
        "B-4": ("500.00", "0.00", "500.00"),
    }
    (waits,) = [note for note in made.notes if note.startswith("Waits: ")]
    assert waits.startswith("Waits: 500.00 EUR for bundle:B-4, event e11 of 2026-03-20: buyer: ")


def test_the_list_of_postings_names_the_document_of_an_entry(desk: Desk) -> None:
    busy(desk)
    desk.say(registered("C-9", tax_id="00000000T"))
    made = desk.asked(report.run, "trace", FIRST, LAST)
    named = {row["event"]: row["invoice"] for row in made.to_json()["rows"] if row["invoice"]}
    assert named == {"e3": "F2026-000001", "e7": "F2026-000002", "e12": "R2026-000001", "e11": "F2026-000003"}


def numbers(desk: Desk, name: str) -> list[str]:
    """The documents that an id leads to."""
    return desk.asked(lambda ws: [view.issued.number for view in trace(ws, name).documents])


def test_session_payment_bundle_event_and_entry_lead_to_their_documents(desk: Desk) -> None:
    busy(desk)
    for name in ("S-1", "P-1", "bundle:B-1", "event:e3"):
        assert "F2026-000001" in numbers(desk, name), name
    assert numbers(desk, "bundle:B-1") == ["F2026-000001", "R2026-000001"]
    assert numbers(desk, "S-2") == ["F2026-000002"]
    assert numbers(desk, "refund:R-1") == ["F2026-000001", "R2026-000001"]
    entry = desk.issued("F2026-000002").entry
    assert numbers(desk, f"entry:E-{entry}") == ["F2026-000002"]
    assert numbers(desk, "bundle:B-3") == []


def test_a_document_leads_back_to_its_event_bundle_entry_and_correction(desk: Desk) -> None:
    busy(desk)
    for name in ("R2026-000001", "invoice:R2026-000001"):
        found = desk.asked(trace, name)
        assert found.kind == "invoice"
        assert [event.id for event in found.events] == ["e12"]
        assert [bundle.id for bundle in found.bundles] == ["B-1"]
        assert desk.issued("R2026-000001").entry in [view.entry.number for view in found.entries]
        first, second = found.documents
        assert (first.issued.number, first.corrected_by) == ("F2026-000001", ("R2026-000001",))
        assert second.issued.corrects == "F2026-000001"
        text = "\n".join(found.lines())
        assert "corrects F2026-000001" in text
        assert f"huella {second.records[0].huella}" in text


def test_a_document_leads_to_its_record_message_and_answer(desk: Desk) -> None:
    busy(desk)
    (record,) = desk.asked(trace, "F2026-000001").documents[0].records
    assert (record.place, record.message, record.state) == (1, None, "pending")

    def sent(ws) -> None:
        papers = Papers(ws.store)
        with ws.store.transaction():
            papers.add_message(Message(1, 1, 2, "2026-03-20T12:00:01Z", incident=False, sha256="0" * 64))

    def answered(ws) -> None:
        papers = Papers(ws.store)
        with ws.store.transaction():
            papers.add_answer(Answer(1, "2026-03-20T12:00:02Z", "answered", 60, b""))
            papers.put_states([State(1, "rejected", "1109", "El NIF no está identificado", 1)])

    desk.asked(sent)
    (record,) = desk.asked(trace, "F2026-000001").documents[0].records
    assert (record.message, record.sent_at, record.state) == (1, "2026-03-20T12:00:01Z", "no answer yet")
    desk.asked(answered)
    (record,) = desk.asked(trace, "F2026-000001").documents[0].records
    assert "message 1 of 2026-03-20T12:00:01Z, rejected 1109 El NIF no está identificado" in record.line()
    assert desk.asked(trace, "F2026-000002").to_json()["invoices"][0]["records"][0]["state"].startswith("no answer for")


def test_a_document_that_waits_is_named_with_what_it_waits_for(desk: Desk) -> None:
    busy(desk)
    found = desk.asked(trace, "P-4")
    assert found.documents == ()
    text = "\n".join(found.lines())
    assert "no invoice yet of 500.00 EUR for bundle:B-4, event e11 of 2026-03-20" in text
    assert found.to_json()["waiting"][0]["why"]
    desk.say(registered("C-9", tax_id="00000000T"))
    assert numbers(desk, "P-4") == ["F2026-000003"]


def test_the_history_and_the_card_of_a_bundle_name_its_documents(desk: Desk) -> None:
    busy(desk)
    desk.say(registered("C-9", tax_id="00000000T"))
    steps = desk.asked(bundles.history, "B-1")
    assert [(step.type, [each.number for each in step.documents]) for step in steps if step.documents] == [
        ("payment.received", ["F2026-000001"]),
        ("refund.issued", ["R2026-000001"]),
    ]
    assert "R2026-000001 of 2026-03-20: -90.00 EUR, corrects F2026-000001" in "\n".join(steps[-1].lines())
    later = desk.asked(bundles.history, "B-4")
    assert [each.number for step in later for each in step.documents] == ["F2026-000003"]
    card = desk.asked(bundles.show, "B-1", date(2026, 3, 20))
    assert [each["number"] for each in card.to_json()["invoices"]] == ["F2026-000001", "R2026-000001"]
    assert "invoices" not in desk.asked(bundles.show, "B-3", date(2026, 3, 20)).to_json()


def test_a_payment_that_names_an_invoice_stands_in_the_history_of_its_bundle(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED", day="2026-03-01"), used("S-1", "B-1", "2026-03-02"))
    owed = {"payment": "P-1", "invoice": "F2026-000001", "amount": "10.00", "method": "card"}
    desk.say(("2026-03-03", "payment.received", owed))
    desk.say(used("S-2", "B-1"))
    assert desk.asked(bundles.show, "B-1", date(2026, 3, 4)).to_json()["paid"] == "10.00"
    assert desk.asked(report.run, "invoices", FIRST, LAST).tied


def erased(desk: Desk, customer: str = "C-1", day: str = "2026-03-20") -> str:
    """What becomes of a person who asks to be erased."""
    done = desk.say((day, "customer.erased", {"customer": customer, "reason": "asked by letter"}))
    return str(done.erasures[0])


def accepted(desk: Desk, count: int) -> None:
    """The tax office took the first records, and the books keep its answer."""

    def answered(ws) -> None:
        papers = Papers(ws.store)
        rows = [row for row in papers.records() if row.place <= count]
        message = Message(1, 1, count, "2026-03-20T12:00:00Z", incident=False, sha256="0" * 64)
        said = answer_to(rows)
        with ws.store.transaction():
            papers.add_message(message)
            papers.add_answer(Answer(1, "2026-03-20T12:00:01Z", "answered", 60, papers.seal("", "answer 1", said)))
            links = [outbox.link(row, "B64717838") for row in rows]
            papers.put_states(outbox.after({}, message, outbox.Outcome.ANSWERED, said, links))

    desk.asked(answered)


def answer_to(rows) -> bytes:
    """What the tax office says when it takes all of it."""
    base = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
    lines = "".join(
        f"<r:RespuestaLinea><r:IDFactura><i:IDEmisorFactura>B64717838</i:IDEmisorFactura>"
        f"<i:NumSerieFactura>{row.number}</i:NumSerieFactura><i:FechaExpedicionFactura>"
        f"{row.issued_on[8:]}-{row.issued_on[5:7]}-{row.issued_on[:4]}</i:FechaExpedicionFactura></r:IDFactura>"
        "<r:Operacion><i:TipoOperacion>Alta</i:TipoOperacion></r:Operacion><r:EstadoRegistro>Correcto</r:EstadoRegistro>"
        "</r:RespuestaLinea>"
        for row in rows
    )
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<r:RespuestaRegFactuSistemaFacturacion xmlns:r="{base}RespuestaSuministro.xsd"'
        f' xmlns:i="{base}SuministroInformacion.xsd">'
        f"<r:CSV>A-1</r:CSV><r:TiempoEsperaEnvio>60</r:TiempoEsperaEnvio><r:EstadoEnvio>Correcto</r:EstadoEnvio>{lines}"
        "</r:RespuestaRegFactuSistemaFacturacion></s:Body></s:Envelope>"
    ).encode()


def test_who_was_invoiced_is_blocked_until_the_law_lets_go_and_the_invoices_are_named(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    accepted(desk, 2)
    said = erased(desk)
    assert said.startswith("customer C-1: blocked until 2032-03-20, Código de Comercio art. 30")
    assert "(invoice F2026-000001, invoice R2026-000001)" in said
    with pytest.raises(invoices.Erased):
        desk.text("F2026-000001")
    assert checked(desk.root) == ()


def test_a_record_that_was_not_answered_is_still_sent_when_its_person_is_blocked(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    accepted(desk, 1)
    assert "invoice R2026-000001 not answered by the tax office" in erased(desk)

    def opened(ws) -> tuple[bool, bytes | None]:
        papers = Papers(ws.store)
        record = papers.record(2)
        return papers.unseal(record.customer, "record 2", record.xml) is None, papers.for_authority(record)

    shut, sent = desk.asked(opened)
    assert shut
    assert NIF.encode() in sent


def test_when_the_years_have_passed_the_key_goes_and_the_proofs_stay(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    later = datetime(2033, 1, 2, 12, tzinfo=UTC)
    erasure = ("2033-01-02", "customer.erased", {"customer": "C-1", "reason": "asked by letter"})
    assert "not answered by the tax office" in str(desk.say(erasure, at=later).erasures[0])
    accepted(desk, 2)
    assert "the key of the personal data is destroyed" in str(desk.say(erasure, at=later).erasures[0])
    assert desk.asked(lambda ws: Papers(ws.store).for_authority(Papers(ws.store).record(1))) is None
    assert checked(desk.root) == ()
    assert desk.asked(report.run, "invoices", FIRST, LAST).tied


def test_nobody_is_erased_while_a_document_for_the_person_waits(desk: Desk) -> None:
    unnamed = {name: value for name, value in PERSON.items() if name != "tax_id"}
    desk.say(("2026-01-02", "customer.registered", {"customer": "C-1", **unnamed}))
    desk.say(sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"))
    with pytest.raises(FileRefused, match=r"for bundle:B-1 \(event e3\) is due and waits"):
        erased(desk)


def item(desk: Desk, day: str) -> tuple[str, str]:
    """Outcome and evidence of item 10 of a month's checklist."""
    made = desk.asked(report.run, "checklist", date.fromisoformat(day), date.fromisoformat(day))
    return next((row["outcome"], row["evidence"]) for row in made.to_json()["rows"] if row["number"] == "10")


def test_the_closing_compares_the_vat_of_the_month_with_the_documents(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    assert item(desk, "2026-03-31") == (
        "pass",
        "documents of the month 17.36 of VAT, all tie to the ledger, none is overdue",
    )
    tamper(desk.root, "UPDATE invoices SET vat = vat - 1, parts = CAST(replace(CAST(parts AS TEXT), '1736', '1735') AS BLOB)")
    outcome, evidence = item(desk, "2026-03-31")
    assert outcome == "FAIL"
    assert "difference 0.01" in evidence


def due_at_once(desk: Desk) -> None:
    """A sale of 27 February whose price the calendar makes due when it next runs."""
    with (desk.root / "policy.toml").open("a") as file:
        file.write(policy("firm", obligation="noncancellable") + package("FIRM", "es-21", "181.50", "firm"))
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "FIRM", day="2026-02-27"), at=datetime(2026, 2, 27, 12, tzinfo=UTC))


def test_what_the_calendar_of_a_closing_bills_first_is_invoiced_by_these_books_and_named_in_the_closed_files(desk: Desk) -> None:
    due_at_once(desk)
    desk.say(("2026-03-02", "period.closed", {"period": "2026-01", "approver": "A"}), at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert desk.papers() == [("F2026-000001", "F1", 18150)]
    made = desk.asked(report.run, "invoices", FIRST, LAST)
    assert [tie.difference for tie in made.ties] == [0, 0]
    assert not any("before the invoicing began" in note for note in made.notes)


def test_a_closing_keeps_the_digests_of_files_that_name_the_documents_of_its_own_calendar(desk: Desk) -> None:
    due_at_once(desk)
    desk.say(("2026-03-02", "period.closed", {"period": "2026-02", "approver": "A"}), at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert "^invoice-F2026-000001" in (desk.root / "journal/2026/2026-02-27.beancount").read_text()
    assert desk.asked(verify) == ()


def test_a_month_does_not_pass_while_a_document_is_past_its_day(desk: Desk) -> None:
    desk.say(sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"))
    outcome, evidence = item(desk, "2026-03-31")
    assert outcome == "FAIL"
    assert "not issued in time: for bundle:B-1, due 2026-03-20 (buyer" in evidence
    assert item(desk, "2026-02-28")[0] == "pass"
    desk.say(registered("C-1", tax_id=NIF))
    assert item(desk, "2026-03-31")[0] == "pass"
