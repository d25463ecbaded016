"""The local tax office over real TLS: what it accepts, refuses and remembers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

import einvoice.sandbox.aeat as sandbox
from einvoice.chain import Link, alta_text, huella
from einvoice.model import IdScheme, TaxId
from einvoice.regimes.verifactu.answer import Answer, Fault, Source
from einvoice.regimes.verifactu.build import Amendment
from einvoice.regimes.verifactu.message import Taxpayer
from einvoice.regimes.verifactu.submit import send as submit
from einvoice.sandbox.aeat import PATH, Census, Office, Outcome, Register, ViolationKind
from einvoice.sandbox.aeat.codes import text
from einvoice.sandbox.faults import Fault as Wrong
from einvoice.sandbox.faults import Kind
from einvoice.sandbox.pki import Authority, Holder, valid
from einvoice.sandbox.server import Call
from einvoice.transport import SOAP, Limits, TimedOut, Transport, Unknown
from einvoice.xml import parse
from einvoice.xsd import schema
from tests.einvoice.documents import PATIENT, corrective, exempt, simplified, substitution, taxed, through_agent
from tests.einvoice.sandbox.people import NIF, STRANGER, Clinic, client, envelope, until

TAXED = replace(taxed(), operation_on=None)  # its own customer stands in the census


@pytest.fixture
def send(transport, url, clock):
    """Posts records once the waiting time is over, and reads the answer, which the XSD must accept."""

    def send(*records, raw=None, **how):
        reply = submit(raw or envelope(*records, **how), url, transport)
        body = parse(reply.raw).find(f"{{{SOAP}}}Body")[0]
        if isinstance(reply.said, Answer):
            assert schema("verifactu/RespuestaSuministro").findings(parse(_alone(body))) == ()
        clock.move(60)
        return reply.said

    return send


def _alone(element):
    return etree.tostring(element, method="c14n")


def edited(record, pattern, replacement, times=1):
    """The record with its XML changed; the huella inside is no longer right unless it was not hashed."""
    changed, count = re.subn(pattern, replacement, record.xml.decode(), count=times)
    assert count
    return replace(record, xml=changed.encode())


def outcomes(answer):
    return [(line.verdict, line.code) for line in answer.lines]


def test_a_chain_of_records_is_accepted_and_kept(office, clinic, send, clock):
    answer = send(*clinic.altas(3))
    assert outcomes(answer) == [("Correcto", "")] * 3
    assert (answer.outcome, answer.wait_seconds, answer.presenter) == ("Correcto", 60, NIF)
    assert re.fullmatch(r"A-[0-9A-F]{14}", answer.csv)
    assert answer.presented_at == "2026-03-02T12:00:00+01:00"
    assert [record.huella for record in office.records()] == [record.huella for record in clinic.made]
    assert outcomes(send(clinic.alta("F-4"), clinic.anulacion("F-2"))) == [("Correcto", "")] * 2
    assert office.violations() == ()


@pytest.mark.parametrize("document", [exempt(), TAXED, simplified(), corrective(), substitution()], ids=lambda each: each.number)
def test_every_kind_of_document_is_accepted(document, clinic, send):
    assert outcomes(send(clinic.alta("X-1", document))) == [("Correcto", "")]


def test_what_is_kept_survives_a_restart(tmp_path, clinic, clock, official):
    path = tmp_path / "office.db"
    register = Register(path)
    office = Office(register, clock)
    office.answer(_call(envelope(*clinic.altas(2))))
    register.close()
    again = Office(Register(path), clock)
    assert [record.key.number for record in again.records()] == ["F-1", "F-2"]
    reply = again.answer(_call(envelope(clinic.made[0])))
    assert b">3000<" in reply.body


def _call(body, nif=NIF):
    """A message of the holder of a certificate, without a socket."""
    return Call(PATH, body, _certificate(nif), lambda: False)


@cache
def _certificate(nif):
    now = datetime.now(UTC)
    return Authority.create(now).client(Holder("A", "B", nif), valid(now)).certificate


def test_a_duplicate_is_told_with_the_state_of_what_is_there(clinic, send):
    first = clinic.alta("F-1")
    send(first)
    line = send(first).lines[0]
    assert (line.verdict, line.code) == ("Incorrecto", "3000")
    assert (line.duplicate.stored, line.duplicate.request) == ("Correcta", "00000000000000000001")


def test_a_duplicate_of_a_cancelled_invoice_says_so(clinic, send):
    first = clinic.alta("F-1")
    send(first, clinic.anulacion("F-1"))
    assert send(first).lines[0].duplicate.stored == "Anulada"


def test_a_duplicate_of_one_accepted_with_errors_says_which(clinic, send):
    first = edited(clinic.alta("F-1"), "<sum1:ImporteTotal>600.00", "<sum1:ImporteTotal>700.00")
    answer = send(first)
    assert outcomes(answer) == [("AceptadoConErrores", "2005")]
    assert answer.outcome == "ParcialmenteCorrecto"
    found = send(first).lines[0].duplicate
    assert (found.stored, found.code) == ("AceptadaConErrores", "2005")


class TestAmendments:
    """Flags of spain.md 1.7: what an amendment must say of the past."""

    @pytest.mark.parametrize(
        ("amendment", "there", "code"),
        [
            (None, False, ""),
            (None, True, "3000"),
            (Amendment.ACCEPTED, True, ""),
            (Amendment.ACCEPTED, False, "3002"),
            (Amendment.REJECTED, True, ""),
            (Amendment.REJECTED, False, "3002"),
            (Amendment.UNKNOWN, False, ""),
            (Amendment.UNKNOWN, True, "3000"),
        ],
    )
    def test_an_alta(self, amendment, there, code, clinic, send):
        send(clinic.alta("F-1" if there else "F-0"))
        assert [line.code for line in send(clinic.alta("F-1", amendment=amendment)).lines] == [code]

    @pytest.mark.parametrize(
        ("how", "there", "code"),
        [
            ({}, True, ""),
            ({}, False, "3002"),
            ({"rejected": True}, True, ""),
            ({"unregistered": True}, False, ""),
            ({"unregistered": True}, True, "3000"),
        ],
    )
    def test_an_anulacion(self, how, there, code, clinic, send):
        send(clinic.alta("F-1" if there else "F-0"))
        assert [line.code for line in send(clinic.anulacion("F-1", **how)).lines] == [code]

    def test_an_anulacion_of_what_is_cancelled(self, clinic, send):
        send(clinic.alta("F-1"), clinic.anulacion("F-1"))
        assert outcomes(send(clinic.anulacion("F-1"))) == [("Incorrecto", "3001")]

    def test_an_amendment_brings_a_cancelled_invoice_back(self, clinic, send):
        send(clinic.alta("F-1"), clinic.anulacion("F-1"), clinic.alta("F-1", amendment=Amendment.ACCEPTED))
        assert outcomes(send(clinic.anulacion("F-1"))) == [("Correcto", "")]

    def test_an_amendment_sent_twice_is_kept_once(self, clinic, send, office):
        send(clinic.alta("F-1"))
        office.plan.add(Wrong.of(Kind.TRUNCATED))
        amendment = clinic.alta("F-1", amendment=Amendment.ACCEPTED)
        with pytest.raises(Unknown):
            send(amendment)
        assert outcomes(send(amendment)) == [("Correcto", "")]
        assert len(office.records()) == 2
        assert office.violations() == ()

    @pytest.mark.parametrize(("flag", "code"), [("X", "1153"), ("S", "1161")])
    def test_a_rejection_before_needs_an_amendment(self, flag, code, clinic, send):
        record = edited(clinic.alta("F-1"), "(<sum1:TipoFactura>)", rf"<sum1:RechazoPrevio>{flag}</sum1:RechazoPrevio>\1")
        assert outcomes(send(record)) == [("Incorrecto", code)]


_SUBSTITUTED = (
    "<sum1:FacturasSustituidas><sum1:IDFacturaSustituida><sum1:IDEmisorFactura>B64717838</sum1:IDEmisorFactura>"
    "<sum1:NumSerieFactura>S1</sum1:NumSerieFactura><sum1:FechaExpedicionFactura>01-03-2026</sum1:FechaExpedicionFactura>"
    "</sum1:IDFacturaSustituida></sum1:FacturasSustituidas>"
)
_AMOUNTS = (
    "<sum1:ImporteRectificacion><sum1:BaseRectificada>1</sum1:BaseRectificada><sum1:CuotaRectificada>0</sum1:CuotaRectificada>"
    "</sum1:ImporteRectificacion>"
)
# Each row: what is changed in a good record (pattern, replacement), and the code that comes back. The huella is made right again
# where a hashed text changes, so that nothing but the rule itself speaks.
CHANGES = [
    ("NumSerieFactura>X-1", "NumSerieFactura> X-1", 1104),
    ("NumSerieFactura>X-1", "NumSerieFactura>Nº1", 1130),
    ("NumSerieFactura>X-1", "NumSerieFactura>X=1", 1287),
    ("FechaExpedicionFactura>02-03-2026", "FechaExpedicionFactura>03-03-2026", 1112),
    ("FechaExpedicionFactura>02-03-2026", "FechaExpedicionFactura>27-10-2024", 1152),
    ("FechaExpedicionFactura>02-03-2026", "FechaExpedicionFactura>31-02-2026", 1100),
    ("(<sum1:DescripcionOperacion>)", r"<sum1:FechaOperacion>03-03-2026</sum1:FechaOperacion>\1", 1173),
    ("(<sum1:DescripcionOperacion>)", r"<sum1:FechaOperacion>01-03-2006</sum1:FechaOperacion>\1", 1134),
    ("(<sum1:DescripcionOperacion>)", r"<sum1:FechaOperacion>01-01-2028</sum1:FechaOperacion>\1", 1125),
    ("DescripcionOperacion>[^<]+", "DescripcionOperacion>", 1100),
    ("TipoFactura>F1", "TipoFactura>R1", 1114),
    ("TipoFactura>F1", "TipoFactura>F2", 1190),
    ("<sum1:Destinatarios>.*</sum1:Destinatarios>", "", 1189),
    ("(<sum1:DescripcionOperacion>)", r"<sum1:TipoRectificativa>I</sum1:TipoRectificativa>\1", 1115),
    (
        "(<sum1:DescripcionOperacion>)",
        _SUBSTITUTED + r"\1",
        1116,
    ),
    (
        "(<sum1:DescripcionOperacion>)",
        _AMOUNTS + r"\1",
        1119,
    ),
    (
        "(</sum1:DescripcionOperacion>)",
        r"\1<sum1:FacturaSinIdentifDestinatarioArt61d>S</sum1:FacturaSinIdentifDestinatarioArt61d>",
        1185,
    ),
    ("(</sum1:DescripcionOperacion>)", r"\1<sum1:Macrodato>S</sum1:Macrodato>", 1139),
    ("(<sum1:Desglose>)", r"<sum1:Cupon>S</sum1:Cupon>\1", 1157),
    (
        "(</sum1:DescripcionOperacion>)",
        r"\1<sum1:EmitidaPorTerceroODestinatario>T</sum1:EmitidaPorTerceroODestinatario>",
        1158,
    ),
    ("<sum1:ClaveRegimen>01</sum1:ClaveRegimen>", "", 1245),
    ("ClaveRegimen>01", "ClaveRegimen>21", 1246),
    ("ClaveRegimen>01", "ClaveRegimen>08", 1252),
    ("OperacionExenta>E1", "OperacionExenta>E2", 1199),
    ("OperacionExenta>E1", "OperacionExenta>E7", 1182),
    ("OperacionExenta>E1", "OperacionExenta>E9", 1100),
    ("(</sum1:OperacionExenta>)", r"\1<sum1:TipoImpositivo>21</sum1:TipoImpositivo>", 1238),
    ("<sum1:OperacionExenta>E1</sum1:OperacionExenta>", "<sum1:CalificacionOperacion>S1</sum1:CalificacionOperacion>", 1208),
    ("ImporteTotal>600.00", "ImporteTotal>610.01", 2005),
    ("CuotaTotal>0.00", "CuotaTotal>-10.01", 2006),
    ("IdSistemaInformatico>RR", "IdSistemaInformatico>rr", 1177),
    ("FechaHoraHusoGenRegistro>2026-03-02T12:00:00\\+01:00", "FechaHoraHusoGenRegistro>2026-03-02T11:00:00Z", 1244),
    ("FechaHoraHusoGenRegistro>2026-03-02T12:00:00", "FechaHoraHusoGenRegistro>2026-03-02T11:55:59", 2004),
    ("FechaHoraHusoGenRegistro>2026-03-02T12:00:00", "FechaHoraHusoGenRegistro>2026-03-02T11:56:00", 0),
    ("NombreRazon>María Ejemplo Núñez", "NombreRazon>", 1100),
    ("NIF>12345678Z", "NIF>12345678A", 1239),
]


@pytest.mark.parametrize(("pattern", "replacement", "code"), CHANGES, ids=[f"{row[2]}-{at}" for at, row in enumerate(CHANGES)])
def test_a_rule_speaks_with_its_code(pattern, replacement, code, clinic, send):
    record = resealed(edited(clinic.alta("X-1"), pattern, replacement))
    line = send(record).lines[0]
    admitted = 2000 <= code < 3000
    assert line.code == (str(code) if code else "")
    assert line.verdict == ("AceptadoConErrores" if admitted else "Incorrecto" if code else "Correcto")
    assert line.message.startswith(text(code)) if code else not line.message


TAXES = [
    ("TipoImpositivo>21<", "TipoImpositivo>20<", 1124),
    ("TipoImpositivo>21<", "TipoImpositivo>5<", 1194),
    ("TipoImpositivo>21<", "TipoImpositivo>2<", 1235),
    ("TipoImpositivo>21<", "TipoImpositivo>7.5<", 1236),
    ("CuotaRepercutida>600.16", "CuotaRepercutida>610.17", 1142),
    ("CuotaRepercutida>600.16", "CuotaRepercutida>610.15", 0),
    ("CalificacionOperacion>S1", "CalificacionOperacion>S2", 1198),
    ("CalificacionOperacion>S1", "CalificacionOperacion>N2", 1237),
    ("ClaveRegimen>0[17]", "ClaveRegimen>02", 1286),
    ("ClaveRegimen>0[17]", "ClaveRegimen>10", 1205),
]


@pytest.mark.parametrize(("pattern", "replacement", "code"), TAXES, ids=[f"{row[2]}-{at}" for at, row in enumerate(TAXES)])
def test_a_taxed_line_is_looked_at(pattern, replacement, code, clinic, send):
    record = clinic.alta("X-1", TAXED)
    changed = re.sub("TipoImpositivo>21.00<", "TipoImpositivo>21<", record.xml.decode())
    record = resealed(edited(replace(record, xml=changed.encode()), pattern, replacement))
    assert send(record).lines[0].code == (str(code) if code else "")


_OTHER_ID = "<sum1:IDOtro>{}<sum1:IDType>{}</sum1:IDType><sum1:ID>1</sum1:ID></sum1:IDOtro>"
_ES = "<sum1:CodigoPais>ES</sum1:CodigoPais>"
_BUYER = "<sum1:NIF>12345678Z</sum1:NIF>"
OTHERS = [
    (corrective(), "TipoFactura>R1", "TipoFactura>F1", 1115),
    (corrective(), "<sum1:TipoRectificativa>I</sum1:TipoRectificativa>", "", 1114),
    (corrective(), "(FacturasRectificadas>.*?)B64717838", r"\1B64717839", 1123),
    (corrective(), "TipoFactura>R1(.*)<sum1:TipoRectificativa>I</sum1:TipoRectificativa>", r"TipoFactura>F1\1", 1117),
    (substitution(), "<sum1:ImporteRectificacion>.*</sum1:ImporteRectificacion>", "", 1118),
    (exempt(), "ImporteTotal>600.00", "ImporteTotal>100000000.00", 1138),
    (exempt(), "ImporteTotal>600.00", "ImporteTotal>-99999999.99", 2005),
    (
        simplified(),
        "(</sum1:DescripcionOperacion>)",
        r"\1<sum1:FacturaSimplificadaArt7273>S</sum1:FacturaSimplificadaArt7273>",
        1183,
    ),
    (through_agent(), "<sum1:EmitidaPorTerceroODestinatario>T</sum1:EmitidaPorTerceroODestinatario>", "", 1159),
    (through_agent(), "B12345674(.*</sum1:Tercero>)", r"B64717838\1", 1188),
    (through_agent(), "B12345674(.*</sum1:Tercero>)", r"B12345675\1", 1178),
    (exempt(), _BUYER, _OTHER_ID.format("", "06"), 1111),
    (exempt(), _BUYER, _OTHER_ID.format("", "02"), 0),
    (exempt(), _BUYER, _OTHER_ID.format(_ES, "06"), 1126),
    (exempt(), _BUYER, _OTHER_ID.format(_ES, "03"), 0),
    (exempt(), _BUYER, _OTHER_ID.format(_ES, "07"), 2001),
    (exempt(), _BUYER, _OTHER_ID.format("<sum1:CodigoPais>FR</sum1:CodigoPais>", "07"), 1126),
    (exempt(), _BUYER, _OTHER_ID.format("<sum1:CodigoPais>GP</sum1:CodigoPais>", "06"), 1100),
    (exempt(), "ClaveRegimen>01(.*)OperacionExenta>E1", r"ClaveRegimen>07\1OperacionExenta>E2", 1203),
    (exempt(), "ClaveRegimen>01", "ClaveRegimen>11", 1206),
    (exempt(), "Impuesto>01(.*)<sum1:ClaveRegimen>01</sum1:ClaveRegimen>", r"Impuesto>02\1", 2009),
    (exempt(), "Impuesto>01(.*)<sum1:ClaveRegimen>01</sum1:ClaveRegimen>", r"Impuesto>05\1", 0),
    (exempt(), "Impuesto>01", "Impuesto>02", 0),
    (simplified(), "CalificacionOperacion>S1", "CalificacionOperacion>S2", 1197),
    (simplified(), "Impuesto>01(.*)CalificacionOperacion>S1", r"Impuesto>03\1CalificacionOperacion>N2", 1207),
    (simplified(), "TipoImpositivo>[0-9.]+<(.*)CuotaRepercutida>10.41", r"TipoImpositivo>4<\1CuotaRepercutida>-0.10", 1143),
    (
        simplified(),
        "(</sum1:BaseImponibleOimporteNoSujeto>)",
        r"\1<sum1:BaseImponibleACoste>100.00</sum1:BaseImponibleACoste>",
        1144,
    ),
    (
        simplified(),
        "(</sum1:BaseImponibleOimporteNoSujeto>)(.*)CuotaRepercutida>10.41",
        r"\1<sum1:BaseImponibleACoste>1.00</sum1:BaseImponibleACoste>\2CuotaRepercutida>-0.10",
        1140,
    ),
]


@pytest.mark.parametrize(
    ("document", "pattern", "replacement", "code"), OTHERS, ids=[f"{row[3]}-{at}" for at, row in enumerate(OTHERS)]
)
def test_a_rule_of_another_kind_of_document_speaks_too(document, pattern, replacement, code, clinic, send):
    said = send(resealed(edited(clinic.alta("X-1", document), pattern, replacement)))
    assert (said.code if isinstance(said, Fault) else said.lines[0].code) == (str(code) if code else "")


def test_an_anulacion_that_names_half_of_who_made_it(clinic, send):
    send(clinic.alta("X-1"))
    half = edited(clinic.anulacion("X-1"), "(<sum1:Encadenamiento>)", r"<sum1:GeneradoPor>E</sum1:GeneradoPor>\1")
    assert outcomes(send(half)) == [("Incorrecto", "1224")]


def resealed(record):
    """The record with the huella that its changed texts have, computed by the other implementation."""
    xml = record.xml.decode()

    def value(name):
        return (re.search(f"<sum1:{name}>([^<]*)<", xml) or ["", ""])[1].strip()

    key = (value("IDEmisorFactura"), value("NumSerieFactura"), value("FechaExpedicionFactura"))
    parts = (value("TipoFactura"), value("CuotaTotal"), value("ImporteTotal"))
    seal = huella(alta_text(key, *parts, record.previous.huella if record.previous else "", value("FechaHoraHusoGenRegistro")))
    xml = re.sub(
        r"<sum1:Huella>[0-9A-F]{64}</sum1:Huella></sum1:RegistroAlta>",
        f"<sum1:Huella>{seal}</sum1:Huella></sum1:RegistroAlta>",
        xml,
    )
    return replace(record, xml=xml.encode())


def test_a_simplified_invoice_has_its_ceiling_and_ten_euros_of_grace(clinic, send):
    at_ceiling, above = (_simplified(Decimal(total)) for total in ("3010.00", "3010.01"))
    assert outcomes(send(clinic.alta("S-1", at_ceiling), clinic.alta("S-2", above))) == [("Correcto", ""), ("Incorrecto", "1150")]


def _simplified(total):
    document = exempt()
    line = replace(document.lines[0], unit_price=total / 10, net=total)
    totals = replace(document.totals, net=total, gross=total)
    return replace(
        document,
        simplified=True,
        buyer=None,
        lines=(line,),
        vat=(replace(document.vat[0], base=total),),
        totals=totals,
    )


def test_a_recipient_out_of_the_census_is_accepted_with_errors_as_such(clinic, send):
    unknown = replace(PATIENT, tax_id=TaxId("12345678Z", "ES", IdScheme.UNREGISTERED))
    assert outcomes(send(clinic.alta("X-1", replace(exempt(), buyer=unknown)))) == [("AceptadoConErrores", "2001")]


class TestHuellas:
    """2000, 2002, 2003, 2007, 2008: what breaks the chain is accepted with errors."""

    def test_a_wrong_one(self, clinic, send):
        record = edited(clinic.alta("X-1"), "DescripcionOperacion>Bono", "DescripcionOperacion>Tono")
        assert outcomes(send(record)) == [("Correcto", "")]  # not hashed
        record = edited(clinic.alta("X-2"), "CuotaTotal>0.00", "CuotaTotal>0.0")
        assert outcomes(send(record)) == [("AceptadoConErrores", "2000")]

    @pytest.mark.parametrize(("before", "code"), [("A" * 63, "2002"), ("a" * 64, "2003")])
    def test_a_malformed_previous_one(self, before, code, clinic, send):
        clinic.previous = Link(NIF, "F-0", "01-03-2026", before)
        assert outcomes(send(clinic.alta("X-1"))) == [("AceptadoConErrores", code)]

    def test_a_second_beginning(self, clinic, send, office):
        send(clinic.alta("X-1"))
        clinic.previous = None
        assert outcomes(send(clinic.alta("X-2"))) == [("AceptadoConErrores", "2007")]
        assert [violation.kind for violation in office.violations()] == [ViolationKind.FORK]

    def test_another_installation_has_a_chain_of_its_own(self, clinic, send, office, clock):
        send(clinic.alta("X-1"))
        other = Clinic(clock, replace(clinic.system, installation="2"))
        assert outcomes(send(other.alta("Y-1"))) == [("Correcto", "")]
        assert office.violations() == ()


class TestClock:
    def test_late_records_of_an_incident_are_no_error(self, clinic, send, clock):
        late = clinic.alta("X-1")
        clock.move(3600)
        assert outcomes(send(late, incident=True)) == [("Correcto", "")]

    def test_late_records_without_incident_are(self, clinic, send, clock):
        late = clinic.alta("X-1")
        clock.move(241)
        assert outcomes(send(late)) == [("AceptadoConErrores", "2004")]


class TestWholeMessage:
    """What is refused as a whole, with a SOAP fault of the client's."""

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"<a", "4103"),
            (b"<!DOCTYPE a><a/>", "4103"),
            (b"\xff\xfe<\x00a", "4119"),
            (b"<a/>", "4118"),
            (f'<e:Envelope xmlns:e="{SOAP}"><e:Body/></e:Envelope>'.encode(), "4118"),
            (f'<e:Envelope xmlns:e="{SOAP}"><e:Body><a/></e:Body></e:Envelope>'.encode(), "4118"),
        ],
    )
    def test_what_is_no_submission(self, raw, code, send):
        said = send(raw=raw)
        assert isinstance(said, Fault)
        assert (said.source, said.code) == (Source.CLIENT, code)

    def test_a_missing_element(self, clinic, send, office):
        said = send(edited(clinic.alta("X-1"), "<sum1:TipoHuella>01</sum1:TipoHuella>", ""))
        assert (said.source, said.code) == (Source.CLIENT, "4102")
        assert "TipoHuella" in said.message
        assert office.attempts() == ()

    def test_too_many_records(self, clinic, send):
        body = envelope(clinic.alta("X-1")).decode()
        item = re.search("<sum:RegistroFactura>.*</sum:RegistroFactura>", body)[0]
        assert send(raw=body.replace(item, item * 1001).encode()).code == "4114"

    def test_a_taxpayer_whose_certificate_is_another(self, clinic, url, authority, trust, tmp_path):
        said = submit(envelope(clinic.alta("X-1")), url, Transport(client(authority, tmp_path, STRANGER), trust=trust)).said
        assert (said.source, said.code) == (Source.CLIENT, "4112")

    def test_a_certificate_without_a_tax_number_presents_for_nobody(self, clinic, office):
        nameless = _call(envelope(clinic.alta("X-1")), "")
        assert b"Codigo[4112]" in office.answer(nameless).body
        assert office.attempts() == ()

    def test_a_representative_named_in_the_message_may_present(self, clinic, url, authority, trust, tmp_path):
        stranger = Transport(client(authority, tmp_path, STRANGER), trust=trust)
        body = envelope(clinic.alta("X-1"), representative=Taxpayer("Juan Español", STRANGER.nif))
        assert submit(body, url, stranger).said.presenter == STRANGER.nif

    def test_a_wrong_tax_number(self, clinic, send):
        raw = envelope(clinic.alta("X-1")).replace(b"<sum1:NIF>B64717838", b"<sum1:NIF>B64717839", 1)
        assert send(raw=raw).code == "4116"

    @pytest.mark.parametrize(
        ("end", "code"), [("31-12-2026", ""), ("31-12-2025", ""), ("30-12-2026", "4120"), ("31-12-2027", "4120")]
    )
    def test_the_end_of_verifactu_is_a_last_day_of_a_year(self, end, code, clinic, send):
        day = datetime.strptime(end, "%d-%m-%Y").date()  # noqa: DTZ007
        assert getattr(send(clinic.alta("X-1"), ends_on=day), "code", "") == code

    def test_a_record_of_another_issuer_is_rejected_alone(self, clinic, send):
        first, foreign = clinic.altas(2)
        raw = envelope(first, foreign)
        head, mark, tail = raw.rpartition(b"<sum1:IDFactura>")
        raw = head + mark + tail.replace(b"B64717838", b"A58818501", 1)
        assert [line.code for line in send(raw=raw).lines] == ["", "1108"]


def test_who_is_in_no_census_is_refused(official, clock, clinic):
    office = Office(Register(), clock, census=Census(missing=frozenset({NIF})))
    assert b"Codigo[4107]" in office.answer(_call(envelope(clinic.alta("X-1")))).body
    office = Office(Register(), clock, census=Census(missing=frozenset({PATIENT.tax_id.number})))
    assert b">1239<" in office.answer(_call(envelope(clinic.made[0]))).body


def test_a_delegate_may_present(official, clock, clinic):
    office = Office(Register(), clock, census=Census(delegates=frozenset({(STRANGER.nif, NIF)})))
    assert b">Correcto<" in office.answer(_call(envelope(clinic.alta("X-1")), STRANGER.nif)).body


class TestDiscipline:
    """What a good sender never does is refused where it can be mended, and remembered."""

    def test_haste(self, clinic, transport, url, office, clock):
        submit(envelope(clinic.alta("X-1")), url, transport)
        clock.move(58)
        said = submit(envelope(clinic.alta("X-2")), url, transport).said
        assert (said.source, said.code) == (Source.SERVER, "")
        assert [violation.kind for violation in office.violations()] == [ViolationKind.EARLY]
        clock.move(1)  # a second of grace: a sender counts from when it sent
        assert isinstance(submit(envelope(clinic.made[1]), url, transport).said, Answer)

    def test_a_full_message_need_not_wait(self, clinic, owner, trust, url, office):
        patient = Transport(owner, trust=trust, limits=Limits(answer=30))
        submit(envelope(clinic.alta("X-1")), url, patient)
        said = submit(envelope(*clinic.altas(1000)), url, patient).said
        assert {line.verdict for line in said.lines} == {"Correcto"}
        assert len(office.records()) == 1001
        assert office.violations() == ()

    def test_two_messages_of_a_chain_at_once(self, clinic, office):
        first, second = (_call(envelope(record)) for record in clinic.altas(2))
        office.answer(first)  # whose reply is still on its way
        refused = office.answer(second)
        assert (b"env:Server" in refused.body, len(office.records())) == (True, 1)
        assert [violation.kind for violation in office.violations()] == [ViolationKind.PARALLEL]

    def test_a_message_whose_sender_has_hung_up_is_under_way_no_more(self, clinic, office):
        first, second = (_call(envelope(record)) for record in clinic.altas(2))
        gone = []
        office.answer(replace(first, gone=lambda: bool(gone)))
        gone.append(True)
        office.answer(second).after(True)
        assert (len(office.records()), office.violations()) == (2, ())

    def test_a_message_whose_sender_hung_up_before_its_turn_is_not_taken_up(self, clinic, office, clock):
        """A killed sender's message that a slow office looks at only after its successor's: no haste, no clock gone wrong."""
        body = envelope(*clinic.altas(2))
        office.answer(_call(body)).after(True)
        late = office.answer(replace(_call(body), gone=lambda: True))
        assert (late.drop, len(office.attempts()), office.violations()) == (True, 2, ())

    def test_a_sender_that_gave_up_waiting_may_try_again(self, clinic, send, office, owner, trust, url):
        office.plan.add(Wrong.of(Kind.SLOW, 30))
        record = clinic.alta("X-1")
        with pytest.raises(TimedOut):
            submit(envelope(record), url, Transport(owner, trust=trust, limits=Limits(answer=2)))
        until(office.records)
        assert [line.code for line in send(record).lines] == ["3000"]
        assert office.violations() == ()

    def test_a_record_before_the_one_it_is_chained_to(self, clinic, send, office):
        first, second, third = clinic.altas(3)
        send(first)
        said = send(third)
        assert (said.source, said.code) == (Source.CLIENT, "")
        assert [violation.kind for violation in office.violations()] == [ViolationKind.OUT_OF_ORDER]
        assert outcomes(send(second, third)) == [("Correcto", "")] * 2

    def test_a_record_made_before_the_last_one(self, clinic, send, office, clock):
        send(clinic.alta("X-1"))
        clock.now -= timedelta(seconds=200)
        late = clinic.alta("X-2")
        clock.now += timedelta(seconds=200)
        said = send(late)
        assert (said.source, office.violations()[0].kind) == (Source.CLIENT, ViolationKind.OUT_OF_ORDER)

    def test_two_records_on_the_same_one(self, clinic, send, office):
        send(clinic.alta("X-1"))
        tail = clinic.previous
        send(clinic.alta("X-2"))
        clinic.previous = tail
        assert outcomes(send(clinic.alta("X-3"))) == [("Correcto", "")]
        assert [violation.kind for violation in office.violations()] == [ViolationKind.FORK]

    def test_the_same_as_new_after_its_answer(self, clinic, send, office):
        record = clinic.alta("X-1")
        send(record)
        send(record)
        assert [violation.kind for violation in office.violations()] == [ViolationKind.REPEATED]

    def test_a_rejected_record_stays_in_the_chain(self, clinic, send, office):
        clock = clinic.clock
        clock.move(86400)
        tomorrow = clinic.alta("X-1")
        clock.move(-86400)
        answer = send(tomorrow)
        clock.move(86400)
        assert outcomes(answer) == [("Incorrecto", "1112")]
        assert (answer.outcome, answer.csv) == ("Incorrecto", "")
        assert outcomes(send(clinic.alta("X-2"))) == [("Correcto", "")]
        assert office.attempts()[0].outcome is Outcome.REJECTED
        assert office.violations() == ()


def test_every_code_that_the_rules_give_has_a_text():
    folder = Path(sandbox.__file__).parent
    rules = "".join((folder / name).read_text(encoding="utf-8") for name in ("rules.py", "breakdown.py", "judge.py"))
    given = {int(code) for code in re.findall(r"(?:yield|else|return|\*codes,|\()\s*\(?(\d{4})\b", rules)}
    assert len(given) > 60
    assert [code for code in given if text(code) == "Error de prueba"] == []
