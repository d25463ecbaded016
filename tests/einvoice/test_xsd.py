"""Documents against the official schemas: what breaks them, where; and that nothing is looked up on the network."""

from __future__ import annotations

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from einvoice import xsd
from einvoice.schemas import Catalogue, SchemaUnknown
from einvoice.xml import parse

USED = ["SuministroLR", "SuministroInformacion", "RespuestaSuministro", "ConsultaLR", "RespuestaConsultaLR"]
IDS = [*(f"verifactu/{name}" for name in USED), "facturae/3.2.2", "xmldsig", "xades/1.3.2"]
BASE = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
FACTURAE = "http://www.facturae.gob.es/formato/Versiones/Facturaev3_2_2.xml"
XS = "http://www.w3.org/2001/XMLSchema"
DS = "http://www.w3.org/2000/09/xmldsig#"


@pytest.mark.parametrize("schema_id", IDS)
def test_each_official_schema_compiles_with_its_imports(official, schema_id):
    assert xsd.compiled(schema_id, official) is not None


def test_a_schema_is_compiled_once(official):
    assert xsd.schema("xmldsig") is xsd.schema("xmldsig")


def test_a_valid_document_has_no_findings(official):
    key = parse(f'<KeyInfo xmlns="{DS}"><KeyName>k</KeyName></KeyInfo>'.encode())
    assert xsd.schema("xmldsig").findings(key) == ()


def test_a_finding_names_line_path_and_what_was_expected(official):
    data = f'<fe:Facturae xmlns:fe="{FACTURAE}"><FileHeader>\n<SchemaVersion>3</SchemaVersion></FileHeader></fe:Facturae>'
    first, second, third = xsd.schema("facturae/3.2.2").findings(parse(data.encode()))
    assert (first.code, first.field) == ("XSD", "/Facturae/FileHeader/SchemaVersion")
    assert (
        first.message
        == "line 2: Element 'SchemaVersion': [facet 'enumeration'] The value '3' is not an element of the set {'3.2.2'}"
    )
    assert (second.field, third.field) == ("/Facturae/FileHeader", "/Facturae")
    assert "Expected is ( Modality )" in second.message
    assert third.remedy == "See the schema facturae/3.2.2"


@pytest.mark.parametrize("prefix", ["", "sum:"])
def test_a_finding_counts_the_siblings_whatever_the_prefix(official, prefix):
    xmlns = f"xmlns{':sum' if prefix else ''}"
    lines = "".join(f"<{prefix}IDFactura><{prefix}x/></{prefix}IDFactura>" for _ in range(2))
    data = f'<{prefix}RegistroAlta {xmlns}="{BASE}SuministroInformacion.xsd">{lines}</{prefix}RegistroAlta>'
    found = xsd.schema("verifactu/SuministroInformacion").findings(parse(data.encode()))
    assert "/RegistroAlta/IDFactura[1]" in {each.field for each in found}
    assert all(BASE not in each.message for each in found)


def test_a_prefix_of_two_meanings_leaves_the_path_of_the_parser(official):
    data = f'<s:RegistroAlta xmlns:s="{BASE}SuministroInformacion.xsd"><s:b xmlns:s="urn:b"/></s:RegistroAlta>'
    assert xsd.schema("verifactu/SuministroInformacion").findings(parse(data.encode()))


def test_the_wsdl_is_no_schema_and_says_so(official):
    with pytest.raises(xsd.NotASchema, match="verifactu/wsdl"):
        xsd.schema("verifactu/wsdl")


def test_an_import_that_the_catalogue_does_not_name_is_not_looked_up(official, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        location = f"http://127.0.0.1:{server.getsockname()[1]}/u.xsd"
        text = f'<xs:schema xmlns:xs="{XS}"><xs:import namespace="u" schemaLocation="{location}"/></xs:schema>'
        entry = replace(official.entry("xmldsig"), sha256=hashlib.sha256(text.encode()).hexdigest())
        (tmp_path / entry.sha256).write_text(text, "utf-8")
        with pytest.raises(SchemaUnknown, match=f"{location}: the catalogue has no such entry"):
            xsd.compiled("xmldsig", Catalogue({"xmldsig": entry}, tmp_path))
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_schema_location_in_a_document_is_not_looked_up(official):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        location = f"{DS} http://127.0.0.1:{server.getsockname()[1]}/u.xsd"
        key = f'<KeyInfo xmlns="{DS}" xmlns:i="{XS}-instance" i:schemaLocation="{location}"><KeyName>k</KeyName></KeyInfo>'
        assert xsd.schema("xmldsig").findings(parse(key.encode())) == ()
        with pytest.raises(BlockingIOError):
            server.accept()


def test_threads_that_share_a_schema_get_the_findings_of_their_own_document(official):
    compiled = xsd.schema("xmldsig")
    roots = [parse(f'<KeyInfo xmlns="{DS}"><Wrong{n}/></KeyInfo>'.encode()) for n in range(200)]
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(compiled.findings, roots))
    assert all(f"Wrong{n}" in found[0].message for n, found in enumerate(told))
