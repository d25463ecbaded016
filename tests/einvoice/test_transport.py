"""The client's socket over real TLS: whom each side trusts, and whether a failed message may have arrived."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
import time
from datetime import datetime

import pytest

from einvoice.sandbox.pki import Authority, expired, not_yet, valid
from einvoice.sandbox.server import Call, Reply, Server
from einvoice.transport import (
    SOAP,
    AnswerTooLarge,
    BadAddress,
    Busy,
    CertificateUnknown,
    Dropped,
    Limits,
    NotSent,
    NotSoap,
    Refused,
    ServerUntrusted,
    TimedOut,
    Transport,
    TrustMissing,
    Unknown,
    Unreachable,
    present,
)
from tests.einvoice.sandbox.people import MADRID, client, signer, until

ENVELOPE = f'<e:Envelope xmlns:e="{SOAP}"><e:Body/></e:Envelope>'.encode()
NOW = datetime.now(MADRID)


class Desk:
    """A service that answers what it was told, and keeps what came."""

    def __init__(self) -> None:
        self.reply = Reply(ENVELOPE)
        self.calls: list[Call] = []

    def answer(self, call: Call) -> Reply:
        self.calls.append(call)
        return self.reply


@pytest.fixture(scope="module")
def authority():
    return Authority.create(NOW)


@pytest.fixture(scope="module")
def trust(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    path.write_bytes(authority.trusted_pem())
    return path


@pytest.fixture(scope="module")
def owner(authority, tmp_path_factory):
    return client(authority, tmp_path_factory.mktemp("owner"))


@pytest.fixture(scope="module")
def host(authority):
    return authority.server(valid(NOW))


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def server(desk, host, authority):
    with Server(desk, host, authority.trusted_pem()) as server:
        yield server


@pytest.fixture
def transport(owner, trust):
    return Transport(owner, trust=trust, limits=Limits(connect=5, answer=10))


def test_the_answer_to_a_message_comes_back_and_both_know_each_other(transport, server, desk, owner):
    assert transport.post(server.address + "/path", b"<message/>") == ENVELOPE
    (call,) = desk.calls
    assert (call.path, call.body, call.certificate) == ("/path", b"<message/>", owner.chain[0])


def test_a_fault_is_an_answer_though_its_status_is_500(transport, server, desk):
    desk.reply = Reply(ENVELOPE, status=500)
    assert transport.post(server.address, b"<m/>") == ENVELOPE


@pytest.mark.parametrize(
    ("reply", "error", "arrived"),
    [
        (Reply(drop=True), Dropped, True),
        (Reply(ENVELOPE, cut=True), Dropped, True),
        (Reply(b"<html>", status=503), NotSoap, True),
        (Reply(b"", status=500), NotSoap, True),
        (Reply(b"nonsense"), NotSoap, True),
        (Reply(b"<html/>"), NotSoap, True),
        (Reply(ENVELOPE + b"<second/>"), NotSoap, True),
        (Reply(b"<!DOCTYPE a [<!ENTITY e 'x'>]>" + ENVELOPE), NotSoap, True),
        (Reply(ENVELOPE + b" " * 5000), AnswerTooLarge, True),
        (Reply(status=302, location="https://example.org/erro4011.html"), CertificateUnknown, False),
        (Reply(status=301, location="/elsewhere"), CertificateUnknown, False),
        (Reply(status=401), CertificateUnknown, False),
        (Reply(status=403), CertificateUnknown, False),
        (Reply(status=404), Refused, False),
        (Reply(status=413), Refused, False),
        (Reply(status=429), Busy, False),
    ],
)
def test_what_is_no_answer_has_a_name_and_says_whether_the_message_may_have_arrived(
    reply, error, arrived, owner, trust, server, desk
):
    desk.reply = reply
    transport = Transport(owner, trust=trust, limits=Limits(answer=10, size=4096))
    with pytest.raises(error, match=server.address) as caught:
        transport.post(server.address, b"<m/>")
    assert isinstance(caught.value, Unknown if arrived else NotSent)
    assert "correct file" not in str(caught.value)  # what the reader of a file would be told to do
    assert len(desk.calls) == 1  # no redirect is followed, nothing is tried again


def test_a_silent_server_may_have_the_message(owner, trust, server, desk):
    desk.reply = Reply(ENVELOPE, delay=30)
    with pytest.raises(TimedOut, match=r"within 0\.2 seconds"):
        Transport(owner, trust=trust, limits=Limits(answer=0.2)).post(server.address, b"<m/>")
    until(lambda: desk.calls)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + ENVELOPE,
        b"HTTP/1.1 200 OK\r\nX-Endless: ",
        b"HTTP/1.1 ",
    ],
    ids=["body", "body of no stated length", "header", "status line"],
)
def test_a_server_that_drips_does_not_hold_us_for_ever(head, owner, trust, host, authority):
    """Every drop comes in time; the whole does not."""
    began = time.monotonic()
    with Dripping(host, authority, head) as address, pytest.raises(TimedOut):
        Transport(owner, trust=trust, limits=Limits(answer=0.3)).post(address, b"<m/>")
    assert time.monotonic() - began < 10


class Dripping:
    """Sends the beginning of an answer that never ends: a byte every twentieth of a second, for a minute."""

    def __init__(self, host, authority, head) -> None:
        self.head = head
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        with tempfile.NamedTemporaryFile() as file:
            file.write(host.chain_pem() + host.key_pem())
            file.flush()
            self.context.load_cert_chain(file.name)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.over = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._drip, daemon=True).start()
        return f"https://127.0.0.1:{self.socket.getsockname()[1]}"

    def __exit__(self, *_):
        self.over.set()
        self.socket.close()

    def _drip(self):
        connection, _ = self.socket.accept()
        try:
            with self.context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(65536)
                tls.sendall(self.head)
                for _ in range(1200):
                    if self.over.wait(0.05):
                        return
                    tls.sendall(b" ")
        except OSError:
            return


def test_a_closed_port_is_not_reached(transport):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="try again later"):
        transport.post(f"https://127.0.0.1:{port}", b"<m/>")


def test_a_name_that_nobody_has_is_not_reached(transport):
    with pytest.raises(Unreachable):
        transport.post("https://nobody.invalid/", b"<m/>")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "127.0.0.1", "", "https://", "ftp://x/", "https://\x00/", "https://a..b/", f"https://{'a' * 64}.es/"],
)
def test_only_tls_addresses_are_used(url, transport):
    with pytest.raises(BadAddress, match="nothing was sent"):
        transport.post(url, b"<m/>")


class TestCertificates:
    """Nothing reaches the service unless each side trusts the other."""

    def refused(self, certificate, error, server, desk, trust):
        with pytest.raises(error) as caught:
            Transport(certificate, trust=trust, limits=Limits(answer=10)).post(server.address, b"<m/>")
        assert isinstance(caught.value, NotSent)
        assert desk.calls == []

    @pytest.mark.parametrize("validity", [expired, not_yet], ids=["expired", "not yet valid"])
    def test_a_client_certificate_out_of_its_time(self, validity, authority, tmp_path, server, desk, trust):
        self.refused(client(authority, tmp_path, validity=validity(NOW)), CertificateUnknown, server, desk, trust)

    def test_a_client_certificate_of_somebody_elses_authority(self, tmp_path, server, desk, trust):
        self.refused(client(Authority.create(NOW), tmp_path), CertificateUnknown, server, desk, trust)

    def test_a_server_certificate_is_no_clients(self, authority, tmp_path, server, desk, trust):
        self.refused(signer(tmp_path, authority.server(valid(NOW)), NOW), CertificateUnknown, server, desk, trust)

    def test_a_client_without_a_certificate(self, server, trust, desk):
        context = ssl.create_default_context(cafile=trust)
        with pytest.raises(ssl.SSLError, match=r"ALERT|alert"):
            raw(server, context, b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        assert desk.calls == []

    def test_a_server_of_an_authority_that_is_not_trusted(self, owner, server, desk, tmp_path):
        other = tmp_path / "other.pem"
        other.write_bytes(Authority.create(NOW).trusted_pem())
        self.refused(owner, ServerUntrusted, server, desk, other)

    def test_a_sandbox_is_not_trusted_unless_it_is_named(self, owner, server, desk):
        self.refused(owner, ServerUntrusted, server, desk, None)

    def test_a_server_with_a_certificate_for_another_host(self, owner, desk, trust, authority):
        with Server(desk, authority.server(valid(NOW), ["example.org"]), authority.trusted_pem()) as server:
            self.refused(owner, ServerUntrusted, server, desk, trust)

    def test_a_server_whose_certificate_has_expired(self, owner, desk, trust, authority):
        with Server(desk, authority.server(expired(NOW)), authority.trusted_pem()) as server:
            self.refused(owner, ServerUntrusted, server, desk, trust)


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_trust_file_that_says_nothing_is_named(content, owner, tmp_path):
    path = tmp_path / "ca.pem"
    if content:
        path.write_bytes(content)
    with pytest.raises(TrustMissing, match=str(path)):
        Transport(owner, trust=path)


def test_no_key_stays_on_the_disk(owner, trust, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Transport(owner, trust=trust)
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(transport, server, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert transport.post(server.address, b"<m/>") == ENVELOPE
    with pytest.raises(Unreachable):
        transport.post("https://elsewhere.invalid/", b"<m/>")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST / HTTP/1.1\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\n\r\n", b"501"),
    ],
)
def test_a_server_takes_messages_of_a_length_that_it_can_hold(request_, status, server, owner, trust, desk):
    context = ssl.create_default_context(cafile=trust)
    present(context, owner.chain_pem(), owner.key_pem(b"x"), b"x")
    assert raw(server, context, request_).startswith(b"HTTP/1.1 " + status)
    assert desk.calls == []


def raw(server, context, request):
    """What the server says first to these bytes."""
    port = int(server.address.rpartition(":")[2])
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    with plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
        tls.sendall(request)
        return tls.recv(4096)
