"""An invoice to a public administration: sent to the pretended FACe once, asked after, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from einvoice.keys import load
from einvoice.regimes.face.submit import Client
from einvoice.sandbox.face import PATH, Office, Register
from einvoice.sandbox.faults import Fault, Kind
from einvoice.sandbox.pki import Authority, Holder, valid
from einvoice.sandbox.server import Server
from einvoice.transport import Limits, Transport
from revrec.app import face
from revrec.app.signer import DocumentRefused
from revrec.app.workspace import open_workspace
from revrec.store.papers import Papers
from tests.app.desk import COMPANY, Desk, paid, registered, sold

NOW = datetime.now(UTC)
TODAY = f"{NOW:%Y-%m-%d}"
OWNER = Holder("Titular", "de Pruebas", "00000000T", "Centro de Pruebas SL", "B64717838")
OFFICES = {"accounting_office": "L01280796", "managing_body": "L01280796", "processing_unit": "L01280796"}
TOWN = {**COMPANY, "name": "Ayuntamiento de Ningunlugar", "tax_id": "P2807900B", "dir3": OFFICES}


@pytest.fixture
def office(official: None) -> tuple[Office, Authority]:
    authority = Authority.create(NOW)
    return Office(Register(), lambda: datetime.now(UTC), (authority.issuer,)), authority


@pytest.fixture
def client(office: tuple[Office, Authority], tmp_path: Path) -> Iterator[Client]:
    served, authority = office
    (tmp_path / "ca.pem").write_bytes(authority.trusted_pem())
    (tmp_path / "client.p12").write_bytes(authority.client(OWNER, valid(NOW)).pkcs12("secret"))
    signer = load(tmp_path / "client.p12", "secret", NOW)
    transport = Transport(signer, trust=tmp_path / "ca.pem", limits=Limits(connect=5, answer=5))
    with Server(served, authority.server(valid(NOW)), authority.trusted_pem()) as server:
        yield Client(server.address + PATH, transport, signer)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "books", '[submission]\nemail = "facturas@example.org"\n')
    made.say((TODAY, "customer.registered", {"customer": "TOWN", **TOWN}), registered("C-1", tax_id="12345678Z"), at=NOW)
    made.say(sold("B-1", "TAXED", "TOWN", day=TODAY), paid("P-1", "B-1", "100.00", TODAY), at=NOW)
    made.say(sold("B-2", "TAXED", "C-1", day=TODAY), paid("P-2", "B-2", "100.00", TODAY), at=NOW)
    return made


def ask(desk: Desk, client: Client, what, number: str, *more: str) -> face.Told:
    with open_workspace(desk.root) as ws:
        return what(ws, client, number, *more, now=datetime.now(UTC))


def again(desk: Desk, client: Client, number: str) -> face.Told:
    with open_workspace(desk.root) as ws:
        return face.submit(ws, client, number, now=datetime.now(UTC), again=True)


def first(desk: Desk) -> str:
    return desk.papers()[0][0]


def test_what_makes_no_facturae_waits_instead_of_taking_a_number(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "books", '[submission]\nemail = "facturas@example.org"\n')
    desk.say((TODAY, "customer.registered", {"customer": "TOWN", **TOWN, "name": "Ayuntamiento " * 7}), at=NOW)
    desk.say(sold("B-1", "TAXED", "TOWN", day=TODAY), paid("P-1", "B-1", "100.00", TODAY), at=NOW)
    (waits,) = desk.asked(lambda ws: Papers(ws.store).waiting())
    assert [field for field, *_ in waits.findings] == ["buyer.name"]
    assert desk.papers() == []


def test_an_invoice_is_registered_once_and_asked_after(desk: Desk, client: Client) -> None:
    number = first(desk)
    sent = ask(desk, client, face.submit, number)
    assert sent.registration
    again = ask(desk, client, face.submit, number)
    assert (again.registration, again.said[:18]) == (sent.registration, "it was sent before")
    assert "1200" in ask(desk, client, face.status, number).said


def test_a_cancellation_is_asked_for(desk: Desk, client: Client) -> None:
    number = first(desk)
    ask(desk, client, face.submit, number)
    assert "asked for" in ask(desk, client, face.cancel, number, "enviada dos veces").said
    assert "cancellation" in ask(desk, client, face.status, number).said


def test_who_is_no_administration_gets_nothing_through_face(desk: Desk, client: Client) -> None:
    with pytest.raises(face.NotForFace, match="dir3"):
        ask(desk, client, face.submit, desk.papers()[1][0])
    with pytest.raises(face.NotForFace, match="has no registration of FACe"):
        ask(desk, client, face.status, first(desk))


def test_a_refusal_is_told_and_the_invoice_can_be_sent_again(
    desk: Desk, client: Client, office: tuple[Office, Authority]
) -> None:
    office[0].plan.add(Fault.of(Kind.REFUSE))
    with pytest.raises(face.RefusedByFace, match=r"999.*Mend what it names"):
        ask(desk, client, face.submit, first(desk))
    office[0].plan.add(Fault.of(Kind.SERVER))
    with pytest.raises(face.RefusedByFace, match="its own: try again later"):
        ask(desk, client, face.submit, first(desk))
    assert ask(desk, client, face.submit, first(desk)).registration


def test_after_a_lost_answer_nothing_is_sent_until_somebody_has_looked(
    desk: Desk, client: Client, office: tuple[Office, Authority]
) -> None:
    number = first(desk)
    office[0].plan.add(Fault.of(Kind.DROP_BEFORE))
    look = f"may have arrived\\. Look in FACe's portal whether it came in: .*`revrec face submit {number} --again` if it did not"
    with pytest.raises(face.MayHaveArrived, match=look):
        ask(desk, client, face.submit, number)
    with pytest.raises(face.MayHaveArrived, match=f"{number} was sent at 20.* nothing came back: it {look}"):
        ask(desk, client, face.submit, number)
    with pytest.raises(face.NotForFace, match="has no registration of FACe"):
        ask(desk, client, face.status, number)
    assert again(desk, client, number).registration


def test_what_the_portal_shows_after_a_lost_answer_is_entered_once_face_knows_it(
    desk: Desk, client: Client, office: tuple[Office, Authority]
) -> None:
    number = first(desk)
    office[0].plan.add(Fault.of(Kind.DROP_AFTER))
    with pytest.raises(face.MayHaveArrived, match=f"`revrec face enter {number} REGISTRATION` if it did"):
        ask(desk, client, face.submit, number)
    with pytest.raises(face.RefusedByFace):
        ask(desk, client, face.enter, number, "209900000001")
    with pytest.raises(face.NotForFace, match="has no registration of FACe"):
        ask(desk, client, face.status, number)
    (received,) = office[0].register.invoices()
    assert "1200" in ask(desk, client, face.enter, number, received.number).said
    assert ask(desk, client, face.enter, number, received.number).registration == received.number  # twice is once
    with pytest.raises(face.NotForFace, match=f"is registered at FACe as {received.number}: nothing was changed"):
        ask(desk, client, face.enter, number, "209900000001")
    assert "sent before" in ask(desk, client, face.submit, number).said
    assert "asked for" in ask(desk, client, face.cancel, number, "enviada dos veces").said


def test_a_sending_that_was_killed_may_have_arrived(desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Client, "submit", killed)
        with pytest.raises(KeyboardInterrupt):
            ask(desk, client, face.submit, first(desk))
    with pytest.raises(face.MayHaveArrived, match="nothing came back"):
        ask(desk, client, face.submit, first(desk))


def test_what_surely_did_not_arrive_is_sent_again_without_a_word(desk: Desk, client: Client) -> None:
    nobody = replace(client, url="https://127.0.0.1:1/")
    with pytest.raises(DocumentRefused, match=r"127\.0\.0\.1:1"):
        ask(desk, nobody, face.submit, first(desk))
    assert ask(desk, client, face.submit, first(desk)).registration


def test_a_cancellation_whose_answer_is_lost_can_be_asked_after(
    desk: Desk, client: Client, office: tuple[Office, Authority]
) -> None:
    number = first(desk)
    ask(desk, client, face.submit, number)
    office[0].plan.add(Fault.of(Kind.DROP_AFTER))
    with pytest.raises(face.MayHaveArrived, match=f"`revrec face status {number}` says whether"):
        ask(desk, client, face.cancel, number, "enviada dos veces")
    assert "Cancellation asked for" in ask(desk, client, face.status, number).said
