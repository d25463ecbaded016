"""The client of FACe against the pretended FACe, over real TLS and with real signatures."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from lxml import etree

from einvoice.model import Address
from einvoice.regimes.face import build
from einvoice.regimes.face.answer import Refusal, Registration, Standing, States, Taken, read
from einvoice.regimes.face.build import File, NotAttachable, TooMuch
from einvoice.regimes.face.codes import Environment, endpoint, mime, state, states
from einvoice.regimes.face.submit import Client, Unreadable
from einvoice.regimes.facturae.issue import issue
from einvoice.sandbox.face import PATH, Code, Office, Register
from einvoice.sandbox.face.register import NotReceived
from einvoice.sandbox.faults import Fault, Kind
from einvoice.sandbox.pki import Authority
from einvoice.sandbox.server import Reply, Server
from einvoice.sign import sign_soap
from einvoice.transport import SOAP, Dropped, NotSoap, Unknown
from tests.einvoice.documents import TOWN, exempt
from tests.einvoice.sandbox.people import MADRID, Clock, client

NOW = datetime.now(MADRID)  # the certificates are of today, and so are the signatures


@pytest.fixture
def clock():
    return Clock(NOW)


@pytest.fixture
def office(official, clock, authority):
    return Office(Register(), clock, (authority.issuer,))


@pytest.fixture
def url(office, host, authority):
    with Server(office, host, authority.trusted_pem()) as server:
        yield server.address + PATH


@pytest.fixture
def face(url, transport, owner):
    return Client(url, transport, owner)


@pytest.fixture
def xsig(owner):
    def xsig(number="1"):
        town = replace(TOWN, address=Address("Plaza Mayor 1", "50001", "Ningunlugar", "Zaragoza"))
        invoice = replace(exempt(), buyer=town, series="F-", number=f"F-{number}", issued_on=NOW.date())
        return File(f"F-{number}.xsig", issue(invoice, owner, NOW))

    return xsig


def test_an_invoice_is_registered_asked_for_and_paid(face, xsig, office):
    said = face.submit(xsig(), "facturas@example.org", NOW, [File("anexo.pdf", b"%PDF")]).said
    assert isinstance(said, Registration)
    assert (said.issuer, said.series, said.invoice) == ("B64717838", "F-", "1")
    assert (said.accounting_office, said.managing_body, said.processing_unit) == ("L01999999", "L01999998", "L01999997")
    assert said.number == f"{NOW.year}00000001"
    for code, words in (("1200", "Registered"), ("1300", "Registered by the accounting office"), ("2500", "Paid")):
        office.register.process(said.number, code)
        standing = face.status(said.number, NOW).said
        assert isinstance(standing, Standing)
        assert (standing.processing.code, standing.processing.en, standing.cancellation.code) == (code, words, "4100")
    assert standing.processing.final


def test_an_invoice_is_refused_by_the_administration_with_its_reason(face, xsig, office):
    number = face.submit(xsig(), "a@example.org", NOW).said.number
    office.register.process(number, "2600", "falta el número de expediente")
    standing = face.status(number, NOW).said
    assert (standing.processing.code, standing.processing_reason) == ("2600", "falta el número de expediente")


def test_a_cancellation_is_asked_for_and_decided(face, xsig, office):
    number = face.submit(xsig(), "a@example.org", NOW).said.number
    assert face.cancel(number, "emitida por error", NOW).said == Taken(number, "Anulación solicitada")
    standing = face.status(number, NOW).said
    assert (standing.cancellation.code, standing.cancellation_reason) == ("4200", "emitida por error")
    office.register.decide(number, "4300", "conforme")
    office.register.process(number, "3100")
    standing = face.status(number, NOW).said
    assert (standing.processing.code, standing.cancellation.code) == ("3100", "4300")
    assert face.cancel(number, "otra vez", NOW).said.code == Code.TOO_LATE


def test_the_states_are_those_that_we_know(face):
    said = face.states(NOW).said
    assert isinstance(said, States)
    assert said.names == {code: each.es for code, each in states().items()}


def test_what_is_registered_survives_a_restart(tmp_path, face, xsig, office):
    path = tmp_path / "face.db"
    office.register = Register(path)
    number = face.submit(xsig(), "a@example.org", NOW).said.number
    office.register.close()
    office.register = Register(path)
    assert face.status(number, NOW).said.processing.code == "1200"


class TestRefusals:
    """An answer that says no is an answer."""

    def test_a_number_that_nobody_has(self, face, office):
        assert face.status("1", NOW).said.code == Code.UNKNOWN
        assert face.cancel("1", "x", NOW).said.code == Code.UNKNOWN
        with pytest.raises(NotReceived, match="registered as 1"):
            office.register.process("1", "2500")

    def test_a_duplicate_is_told_with_its_number(self, face, xsig, office):
        file = xsig()
        number = face.submit(file, "a@example.org", NOW).said.number
        said = face.submit(file, "a@example.org", NOW).said
        assert (said.code, number in said.message, len(office.register.invoices())) == (Code.DUPLICATE, True, 1)

    def test_one_that_the_test_asks_for(self, face, xsig, office):
        office.plan.add(Fault.of(Kind.REFUSE, 123))
        assert face.submit(xsig(), "a@example.org", NOW).said.code == "123"
        assert office.register.invoices() == ()

    @pytest.mark.parametrize(
        ("pattern", "replacement", "code"),
        [
            (b"<InvoiceTotal>600.00<", b"<InvoiceTotal>600.01<", Code.SIGNATURE),
            (b"<RoleTypeCode>01<", b"<RoleTypeCode>04<", Code.SIGNATURE),
            (b"<InvoiceTotal>600.00<", b"<InvoiceTotal>six<", Code.FORMAT),
            (b"^<", b"<!DOCTYPE a><", Code.FORMAT),
            (b"<ds:Signature.*</ds:Signature>", b"", Code.SIGNATURE),
        ],
    )
    def test_an_invoice_that_was_changed(self, pattern, replacement, code, face, xsig, office):
        file = xsig()
        changed, count = re.subn(pattern, replacement, file.content, count=1, flags=re.DOTALL)
        assert count
        assert face.submit(file._replace(content=changed), "a@example.org", NOW).said.code == code
        assert office.register.invoices() == ()

    def test_an_invoice_that_somebody_unknown_signed(self, face, tmp_path, office):
        """Its request is signed by a recognised certificate, the invoice in it is not."""
        town = replace(TOWN, address=Address("Plaza Mayor 1", "50001", "Ningunlugar", "Zaragoza"))
        stranger = client(Authority.create(NOW), tmp_path)
        file = File("F-1.xsig", issue(replace(exempt(), buyer=town, issued_on=NOW.date()), stranger, NOW))
        said = face.submit(file, "a@example.org", NOW).said
        assert (said.code, "not trusted" in said.message) == (Code.SIGNATURE, True)
        assert office.register.invoices() == ()

    def test_an_invoice_without_offices(self, face, owner):
        town = replace(TOWN, address=Address("Plaza Mayor 1", "50001", "Ningunlugar", "Zaragoza"), offices=None)
        file = File("F-1.xsig", issue(replace(exempt(), buyer=town, issued_on=NOW.date()), owner, NOW))
        assert face.submit(file, "a@example.org", NOW).said.code == Code.OFFICES


class TestSecurity:
    """The server checks the signature of the request by means of its own."""

    def post(self, face, message):
        return read(face.transport.post(face.url, message))

    def test_an_unsigned_request(self, face):
        inner = etree.tostring(build.catalogue()).decode()
        message = f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{inner}</e:Body></e:Envelope>'.encode()
        assert self.post(face, message) == Refusal("401", "La petición no está firmada", fault=True)

    @pytest.mark.parametrize(
        ("pattern", "replacement"),
        [
            (b"<motivo>x", b"<motivo>y"),
            (rb"<wsu:Expires>20", b"<wsu:Expires>21"),
            (rb"(<ds:SignatureValue>)..", rb"\1AA"),
            (rb'URI="#Timestamp"', b'URI="#Token"'),
            (rb'<ds:Reference URI="#Body">.*?</ds:Reference>', b""),
            (rb'URI="#Token"', b'URI="#Other"'),
            (rb"rsa-sha256", b"rsa-sha1"),
            (rb"<ds:SignatureMethod[^>]*>", b""),
            (rb"<ds:SignedInfo>.*</ds:SignedInfo>", b""),
            (rb"<ds:DigestMethod[^>]*>", b""),
            (rb"<ds:DigestValue>.", b"<ds:DigestValue>"),
            (rb"<ds:SignatureValue>.", b"<ds:SignatureValue>"),
            (rb"<wsu:Created>[^<]*", b"<wsu:Created>today"),
            (rb"(<wsse:BinarySecurityToken[^>]*>).", rb"\1"),
            (rb"(<wsse:BinarySecurityToken[^>]*>)MII", rb"\1AAA"),
        ],
    )
    def test_a_request_that_was_changed(self, pattern, replacement, face, owner):
        message = sign_soap(build.cancellation("1", "x"), owner, NOW)
        changed, count = re.subn(pattern, replacement, message, count=1, flags=re.DOTALL)
        assert count
        said = self.post(face, changed)
        assert (said.code, said.fault) == (Code.SIGNATURE, True)

    def test_a_body_that_was_put_beside_the_signed_one(self, face, owner):
        """Signature wrapping: the signed body hides in the header, another one stands in its place."""
        message = sign_soap(build.consultation("1"), owner, NOW).decode()
        body = re.search(r"<soapenv:Body.*</soapenv:Body>", message, re.DOTALL)[0]
        other = body.replace('Id="Body"', 'Id="Other"').replace(">1<", ">2<")
        wrapped = message.replace(body, other).replace("</soapenv:Header>", f"<x>{body}</x></soapenv:Header>")
        assert self.post(face, wrapped.encode()).code == Code.SIGNATURE

    def test_a_request_that_is_no_xml_is_not_called_unsigned(self, face):
        said = self.post(face, b"<a")
        assert (said.code, "is no well-formed XML" in said.message, said.fault) == ("Client", True, True)

    def test_a_time_without_a_zone_is_refused(self, face, owner, monkeypatch):
        monkeypatch.setattr("einvoice.sign.soap._instant", lambda at: f"{at:%Y-%m-%dT%H:%M:%S}")
        said = self.post(face, sign_soap(build.catalogue(), owner, NOW))
        assert (said.code, "no se puede leer" in said.message) == (Code.SIGNATURE, True)

    @pytest.mark.parametrize("minutes", [-10, 10])
    def test_a_request_out_of_its_time(self, minutes, face, owner):
        said = self.post(face, sign_soap(build.catalogue(), owner, NOW + timedelta(minutes=minutes)))
        assert "vale de" in said.message

    def test_a_certificate_of_nobody_known(self, face, tmp_path):
        stranger = client(Authority.create(NOW), tmp_path)
        assert "autoridad" in self.post(face, sign_soap(build.catalogue(), stranger, NOW)).message

    def test_an_envelope_without_an_operation(self, face, owner, monkeypatch):
        """Signed, and empty: the body is taken out before it is signed."""
        operation = etree.Element("x")
        monkeypatch.setattr("einvoice.sandbox.face.office.signer", lambda *_: owner.chain[0])
        message = sign_soap(operation, owner, NOW).replace(b"<x/>", b"")
        assert self.post(face, message) == Refusal("Client", "Petición vacía", fault=True)

    def test_an_operation_that_there_is_not(self, face, owner):
        said = self.post(face, sign_soap(etree.Element("{https://webservice.face.gob.es}borrarFactura"), owner, NOW))
        assert (said.code, said.fault) == ("Client", True)


@pytest.mark.parametrize(
    ("kind", "error", "stored"),
    [(Kind.DROP_BEFORE, Dropped, 0), (Kind.DROP_AFTER, Dropped, 1), (Kind.GARBAGE, NotSoap, 1), (Kind.ERROR, NotSoap, 0)],
)
def test_a_lost_answer_leaves_the_invoice_unknown(kind, error, stored, face, xsig, office):
    office.plan.add(Fault.of(kind))
    with pytest.raises(error) as caught:
        face.submit(xsig(), "a@example.org", NOW)
    assert isinstance(caught.value, Unknown)
    assert len(office.register.invoices()) == stored


@pytest.mark.parametrize(("kind", "code"), [(Kind.SERVER, "Server"), (Kind.CLIENT, "4102")])
def test_a_fault_is_an_answer(kind, code, face, office):
    office.plan.add(Fault.of(kind))
    said = face.states(NOW).said
    assert (said.code, said.fault, said.theirs) == (code, True, kind is Kind.SERVER)


@pytest.mark.parametrize(("code", "theirs"), [("SOAP-ENV:Server", True), ("e:Server.Busy", True), ("e:Client", False)])
def test_a_fault_says_whose_it_is_whatever_its_prefix(code, theirs):
    assert Refusal(code, "", fault=True).theirs is theirs
    assert not Refusal(code, "").theirs  # the code of a result


_NOTHING = "<return><resultado><codigo>0</codigo></resultado><factura/></return>"


@pytest.mark.parametrize(
    "inner",
    [
        "<other/>",
        f"<n:enviarFacturaResponse xmlns:n='x'>{_NOTHING}</n:enviarFacturaResponse>",
        f"<n:consultarFacturaResponse xmlns:n='x'>{_NOTHING}</n:consultarFacturaResponse>",
        f"<n:anularFacturaResponse xmlns:n='x'>{_NOTHING}</n:anularFacturaResponse>",
        "",
    ],
)
def test_an_answer_to_something_else_is_unknown_with_its_bytes(inner, face, xsig, office, monkeypatch):
    raw = f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{inner}</e:Body></e:Envelope>'.encode()
    monkeypatch.setattr(office, "answer", lambda _call: Reply(raw))
    with pytest.raises(Unreadable) as caught:
        face.submit(xsig(), "a@example.org", NOW)
    assert caught.value.raw == raw


def test_too_much_is_said_before_anything_is_sent(face, xsig, office):
    with pytest.raises(TooMuch, match=r"6 attachments; FACe takes 5: attach fewer"):
        face.submit(xsig(), "a@example.org", NOW, [File("a.pdf", b"")] * 6)
    with pytest.raises(TooMuch, match=r"bytes; FACe takes 8388608: attach less"):
        face.submit(xsig(), "a@example.org", NOW, [File("a.pdf", bytes(8_000_000))])
    with pytest.raises(TooMuch, match="split the invoice"):
        face.submit(File("F-1.xsig", bytes(8_000_000)), "a@example.org", NOW)
    with pytest.raises(NotAttachable, match=r"virus\.exe"):
        face.submit(xsig(), "a@example.org", NOW, [File("virus.exe", b"")])
    assert office.register.invoices() == ()


def test_addresses_types_and_states_are_data():
    assert endpoint(Environment.PRODUCTION) == "https://webservice.face.gob.es/facturasspp2"
    assert endpoint(Environment.TEST).startswith("https://se-face-webservice.redsara.es/")
    assert (mime("F-1.xsig"), mime("x.PDF"), mime("x")) == ("application/xml", "application/pdf", None)
    assert (state("2600").final, state("9999").en) == (True, "State 9999")
