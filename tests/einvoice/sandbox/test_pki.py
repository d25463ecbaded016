"""The sandbox's certificates: used for real, and shaped like those of FNMT."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509.oid import NameOID

from einvoice.keys import holder
from einvoice.sandbox import pki
from tests.einvoice.signers import NOW, authority, client


def _files(folder: Path, name: str, issued: pki.Issued) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(issued.chain_pem())
    key.write_bytes(issued.key_pem())
    return certificate, key


def _contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    now = datetime.now(UTC)  # TLS asks the machine's clock
    root = pki.Authority.create(now)
    trusted = root.trusted_pem().decode()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*_files(folder, "server", root.server(pki.valid(now))))
    server.verify_mode = ssl.CERT_REQUIRED
    visitor = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    visitor.load_cert_chain(*_files(folder, "client", root.client(pki.Holder("ANA", "UNO", "99999999R"), pki.valid(now))))
    for context in (server, visitor):
        context.load_verify_locations(cadata=trusted)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    return server, visitor


def test_client_and_server_certificates_make_a_mutual_tls_connection(tmp_path):
    server, visitor = _contexts(tmp_path)
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with server.wrap_socket(connection, server_side=True) as secure:
                seen.append(secure.getpeercert())
                secure.sendall(b"hello")

        thread = threading.Thread(target=answer)
        thread.start()
        with visitor.wrap_socket(socket.create_connection(listening.getsockname()), server_hostname="127.0.0.1") as secure:
            assert secure.recv(5) == b"hello"
        thread.join(10)
    assert (("serialNumber", "IDCES-99999999R"),) in seen[0]["subject"]


def test_the_root_has_no_common_name_as_that_of_fnmt_has_none():
    assert not authority().root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert authority().issuer.subject.get_attributes_for_oid(NameOID.COMMON_NAME)


def test_a_representative_is_named_with_person_and_company():
    subject = client().certificate.subject
    assert subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value == "IDCES-99999999R"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)[0].value == "VATES-B64717838"


@pytest.mark.parametrize(
    ("who", "number"),
    [
        (pki.Holder("ANA", "UNO", "99999999R"), "99999999R"),
        (pki.Holder("ANA", "UNO", "99999999R", "PRUEBAS SL", "B64717838"), "B64717838"),
        (pki.Holder("ANA", "UNO", ""), ""),
    ],
)
def test_a_certificate_acts_for_the_company_if_it_names_one_else_for_the_person(who, number):
    issued = authority().client(who, pki.valid(NOW), key=client().key)
    assert holder(issued.certificate).number == number
