"""A small TLS server with client certificates, on this machine only: what stands behind every pretended authority."""

from __future__ import annotations

import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self

from cryptography import x509

from einvoice.transport import present

HOST = "127.0.0.1"
MAX_BODY = 32 * 1024 * 1024
_PATIENCE = 30.0  # seconds for a handshake or for a request to arrive
_LINGER = 1.0  # seconds for a refused client to read why
_FAREWELL = 5.0  # seconds for a client that is being answered when the server stops


def _nothing(_left: bool) -> None:
    """What most replies have to do when they are gone."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its path, body and the certificate of its client; `gone` says whether that client has hung up."""

    path: str
    body: bytes
    certificate: x509.Certificate
    gone: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer, `delay` seconds late; or how to fail: `drop` breaks the connection, `cut` sends half of the body.

    `after` is called once the reply is over, with True if all of it left to a client that was still there.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "text/xml; charset=utf-8"
    location: str = ""
    delay: float = 0.0
    drop: bool = False
    cut: bool = False
    after: Callable[[bool], None] = field(default=_nothing)


class Presented(Protocol):
    """What a server shows of itself: `pki.Issued` is one, a folder's `Shown` another."""

    def chain_pem(self) -> bytes:
        """The certificate and its issuers as PEM."""

    def key_pem(self) -> bytes:
        """The private key as unencrypted PEM."""


class Service(Protocol):
    """What a server serves."""

    def answer(self, call: Call) -> Reply:
        """The reply to one request; called from many threads at once."""


class Server:
    """Serves `service` as `shown` to holders of certificates that `trusted` (PEM) signed; port 0 takes a free one.

    The port is bound, and `address` known, from the beginning; `start` serves in the background until `stop`.
    """

    def __init__(self, service: Service, shown: Presented, trusted: bytes, *, port: int = 0) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=trusted.decode())
        present(context, shown.chain_pem(), shown.key_pem())
        self._http = _Http(service, context, port)
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """`https://127.0.0.1:PORT`."""
        return f"https://{HOST}:{self._http.server_address[1]}"

    def start(self) -> Self:
        """Serve in the background; requests are taken from now on."""
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve in this thread until it is interrupted."""
        try:
            self._http.serve_forever(poll_interval=0.1)
        finally:
            self._http.stopping.set()
            self._http.server_close()

    def stop(self) -> None:
        """Take no more requests and give the port back; late replies are dropped."""
        self._http.stopping.set()
        if self._thread:
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()
        self._http.finish()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, service: Service, context: ssl.SSLContext, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.service = service
        self.context = context
        self.stopping = threading.Event()
        self._working: set[threading.Thread] = set()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One client, in a thread that `finish` waits for."""
        thread = threading.current_thread()
        self._working.add(thread)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._working.discard(thread)

    def finish(self) -> None:
        """Wait for who is still being answered: what the service keeps may be closed afterwards."""
        for thread in tuple(self._working):
            thread.join(_FAREWELL)

    def get_request(self) -> tuple[Any, Any]:
        plain, client = super().get_request()
        plain.settimeout(_PATIENCE)
        # The handshake waits for the client, so it belongs to the client's own thread.
        return self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), client

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            request.do_handshake()
        except OSError:
            _linger(request)
        else:
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off in the middle is no error here; a service that fails is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _linger(connection: socket.socket) -> None:
    """Let a refused client read the alert: closing with its request unread would reset the connection and lose it."""
    with suppress(OSError):
        connection.settimeout(_LINGER)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "sandbox", ""

    def do_POST(self) -> None:
        self.close_connection = True
        body = self._body()
        if body is None:
            return
        certificate = x509.load_der_x509_certificate(self.connection.getpeercert(binary_form=True))
        reply = self.server.service.answer(Call(self.path, body, certificate, self._gone))
        left = False
        try:
            left = self._send(reply)
        finally:
            reply.after(left)

    def _body(self) -> bytes | None:
        stated = self.headers.get("Content-Length", "")
        size = int(stated) if stated.isascii() and stated.isdigit() else -1
        if not 0 <= size <= MAX_BODY:
            self.send_error(411 if size < 0 else 413)
            return None
        body = self.rfile.read(size)
        return body if len(body) == size else None

    def _gone(self) -> bool:
        """A client says nothing after its request but goodbye."""
        try:
            return bool(select.select([self.connection], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def _send(self, reply: Reply) -> bool:
        if reply.delay and self.server.stopping.wait(reply.delay):
            return False
        if reply.drop or self._gone():
            return False
        self.send_response(reply.status)
        if reply.location:
            self.send_header("Location", reply.location)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        self.wfile.flush()
        return not reply.cut

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal: services keep their own record."""
