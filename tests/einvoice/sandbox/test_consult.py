"""ConsultaFactuSistemaFacturacion, and that both operations are those of the official WSDL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import etree

from einvoice.regimes.verifactu.build import Amendment
from einvoice.regimes.verifactu.submit import send as submit
from einvoice.sandbox.aeat.consult import consult
from einvoice.sandbox.aeat.message import CONSULTATION, SUBMISSION
from einvoice.sandbox.aeat.node import ANSWER, INFO, QUERY, QUERY_ANSWER, Node
from einvoice.transport import SOAP
from einvoice.xml import parse
from einvoice.xsd import schema
from tests.einvoice.documents import corrective, substitution, taxed
from tests.einvoice.sandbox.people import CLINIC, envelope


def asked(period="03", more="", extra=""):
    """A consultation of a month of 2026."""
    return (
        f'<e:Envelope xmlns:e="{SOAP}"><e:Body><c:ConsultaFactuSistemaFacturacion xmlns:c="{QUERY}" xmlns:s="{INFO}"><c:Cabecera>'
        f"<s:IDVersion>1.0</s:IDVersion><s:ObligadoEmision><s:NombreRazon>{CLINIC.name}</s:NombreRazon><s:NIF>{CLINIC.nif}</s:NIF>"
        "</s:ObligadoEmision></c:Cabecera><c:FiltroConsulta><c:PeriodoImputacion><s:Ejercicio>2026</s:Ejercicio>"
        f"<s:Periodo>{period}</s:Periodo></c:PeriodoImputacion>{more}</c:FiltroConsulta>{extra}"
        "</c:ConsultaFactuSistemaFacturacion></e:Body></e:Envelope>"
    ).encode()


def dated(text):
    """A filter by date of issue."""
    return f"<c:FechaExpedicionFactura>{text}</c:FechaExpedicionFactura>"


@pytest.fixture
def filled(clinic, transport, url, clock):
    """Four invoices: correct, cancelled, accepted with errors, and brought back after a cancellation."""
    records = [clinic.alta("F-1", taxed()), clinic.alta("F-2"), clinic.anulacion("F-2"), clinic.alta("F-3", corrective())]
    records += [clinic.alta("F-4", substitution()), clinic.anulacion("F-4")]
    records.append(clinic.alta("F-4", substitution(), amendment=Amendment.ACCEPTED))
    clock.now += timedelta(seconds=300)  # the last one is of now, the others are late
    records.append(clinic.alta("F-5"))
    submit(envelope(*records), url, transport)


def rows(answer):
    """Number and state of each invoice; the answer must be valid."""
    content = parse(answer).find(f"{{{SOAP}}}Body")[0]
    assert schema("verifactu/RespuestaConsultaLR").findings(parse(etree.tostring(content, method="c14n"))) == ()
    name = "RegistroRespuestaConsultaFactuSistemaFacturacion"
    return [
        (row.text("IDFactura", "NumSerieFactura"), row.text("EstadoRegistro", "EstadoRegistro"))
        for row in Node(content).all(name)
    ]


@pytest.mark.usefixtures("filled")
class TestConsultation:
    def test_a_month_is_told_with_its_states(self, transport, url):
        assert rows(transport.post(url, asked())) == [
            ("F-1", "AceptadoConErrores"),
            ("F-2", "Anulado"),
            ("F-3", "AceptadoConErrores"),
            ("F-4", "AceptadoConErrores"),
            ("F-5", "Correcto"),
        ]

    def test_another_month_has_nothing(self, transport, url):
        answer = transport.post(url, asked("04"))
        assert rows(answer) == []
        assert b">SinDatos<" in answer

    @pytest.mark.parametrize(
        ("more", "found"),
        [
            ("<c:NumSerieFactura>F-2</c:NumSerieFactura>", 1),
            (dated("<s:FechaExpedicionFactura>02-03-2026</s:FechaExpedicionFactura>"), 5),
            (dated("<s:RangoFechaExpedicion><s:Desde>03-03-2026</s:Desde></s:RangoFechaExpedicion>"), 0),
            (dated("<s:RangoFechaExpedicion><s:Hasta>01-03-2026</s:Hasta></s:RangoFechaExpedicion>"), 0),
            ("<c:RefExterna>none</c:RefExterna>", 0),
        ],
    )
    def test_a_filter_leaves_out(self, more, found, transport, url):
        assert len(rows(transport.post(url, asked(more=more)))) == found

    def test_name_and_system_are_shown_on_demand(self, transport, url):
        extra = (
            "<c:DatosAdicionalesRespuesta><c:MostrarNombreRazonEmisor>S</c:MostrarNombreRazonEmisor>"
            "<c:MostrarSistemaInformatico>S</c:MostrarSistemaInformatico></c:DatosAdicionalesRespuesta>"
        )
        plain, full = transport.post(url, asked()), transport.post(url, asked(extra=extra))
        assert (b"NombreSistemaInformatico" in plain, b"NombreSistemaInformatico" in full) == (False, True)
        assert len(rows(full)) == 5

    def test_pages_follow_each_other(self, office):
        register = office._register
        first = consult(_query(asked()), register, page=2)
        assert rows(first) == [("F-1", "AceptadoConErrores"), ("F-2", "Anulado")]
        key = (
            f"<c:ClavePaginacion><s:IDEmisorFactura>{CLINIC.nif}</s:IDEmisorFactura><s:NumSerieFactura>F-2</s:NumSerieFactura>"
            "<s:FechaExpedicionFactura>02-03-2026</s:FechaExpedicionFactura></c:ClavePaginacion>"
        )
        assert b">F-2</tik:NumSerieFactura><tik:FechaExpedicionFactura>02-03-2026<" in first.rpartition(b"ClavePaginacion>")[0]
        assert [number for number, _ in rows(consult(_query(asked(more=key)), register, page=5))] == ["F-3", "F-4", "F-5"]


def _query(message):
    return Node(parse(message).find(f"{{{SOAP}}}Body")[0])


def test_a_malformed_consultation_is_a_fault(transport, url):
    assert b"Codigo[4102]" in transport.post(url, asked("13"))


def test_the_operations_are_those_of_the_official_wsdl(official, clinic, transport, url):
    wsdl = parse(official.read("verifactu/wsdl"))
    names = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/"}

    def qualified(part):
        prefix, _, name = part.get("element").partition(":")
        return f"{{{part.nsmap[prefix]}}}{name}"

    elements = [qualified(part) for part in wsdl.xpath("w:message/w:part", namespaces=names)]
    answers = [f"{{{ANSWER}}}RespuestaRegFactuSistemaFacturacion", f"{{{QUERY_ANSWER}}}RespuestaConsultaFactuSistemaFacturacion"]
    assert elements == [SUBMISSION, CONSULTATION, *answers]
    said = [transport.post(url, body) for body in (envelope(clinic.alta("F-1")), asked())]
    assert [parse(each).find(f"{{{SOAP}}}Body")[0].tag for each in said] == answers
    assert set(wsdl.xpath("//s:operation/@soapAction", namespaces=names)) == {""}
    assert set(wsdl.xpath("//s:binding/@style", namespaces=names)) == {"document"}
