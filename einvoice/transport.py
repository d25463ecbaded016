"""Messages to the authorities: SOAP over mutual TLS, the only socket of a client.

Every failure says whether the message may have arrived. `NotSent`: surely not, it may be sent again as it is. `Unknown`: perhaps;
only asking again tells. A connection serves one message: none is reused whose other end may have gone.
"""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol, Self

import httpx
from lxml import etree

from einvoice.errors import EinvoiceError
from einvoice.xml import XmlRefused, parse

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ENVELOPE = f"{{{SOAP}}}Envelope"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Alerts by which a server refuses the client's certificate (RFC 8446, 6.2), as OpenSSL names them.
_CERTIFICATE_ALERTS = (
    "BAD_CERTIFICATE",
    "CERTIFICATE_REQUIRED",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN",
    "UNSUPPORTED_CERTIFICATE",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "HANDSHAKE_FAILURE",
)


class TransportError(EinvoiceError):
    """A message that got no answer; the two kinds below say whether it may have arrived."""


class NotSent(TransportError):
    """Surely nothing arrived: the same message may be sent again."""


class Unknown(TransportError):
    """The message may have arrived: only asking, or sending it again and reading the duplicate reply, tells.

    Which of the two is right is known to who sent it, not here: VERI*FACTU takes a second copy, FACe perhaps does not.
    """


class BadAddress(NotSent):
    """An address that is none, or that is not protected by TLS."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url!r} is no https:// address; nothing was sent. Mend the endpoint in the settings.")


class TrustMissing(NotSent):
    """The file of trusted authorities cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: the certificates to trust cannot be read: {why}. Name a PEM file, or none for the usual ones.")


class Unreachable(NotSent):
    """No connection came about."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url} cannot be reached: {why}. Nothing was sent; try again later.")


class ServerUntrusted(NotSent):
    """The server's certificate is not signed by anybody trusted, or not for this host."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"{url} shows a certificate that is not trusted: {why}. Nothing was sent. Check the address; for a sandbox, name its"
            " trust file."
        )


class CertificateUnknown(NotSent):
    """The server knows nothing of our certificate, or wants another."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"{url} refuses our certificate ({why}); nothing was accepted. Use a valid certificate of the taxpayer or its"
            " representative, issued by a recognised authority; a seal has another address."
        )


class Refused(NotSent):
    """The server turned the request away before it read the message."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(
            f"{url} turned the message away (HTTP {status}); nothing was accepted. Check the endpoint in the settings; if it is"
            " right, try again later."
        )


class Busy(NotSent):
    """The server asks for a pause."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} accepts no message for a while (HTTP 429); nothing was sent. Try again later.")


class TimedOut(Unknown):
    """The answer did not come in time."""

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__(f"{url} has not answered within {seconds:g} seconds; the message may have arrived")


class Dropped(Unknown):
    """The connection broke after the message had begun to leave."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url} broke the connection: {why}; the message may have arrived")


class AnswerTooLarge(Unknown):
    """The answer is larger than any that this service gives."""

    def __init__(self, url: str, limit: int) -> None:
        super().__init__(f"{url} answers with more than {limit} bytes; the message may have arrived")


class NotSoap(Unknown):
    """The answer is not what the service says: an error page, half an answer, garbage."""

    def __init__(self, url: str, status: int, why: str) -> None:
        super().__init__(f"{url} answers nothing that can be read (HTTP {status}: {why}); the message may have arrived")


class Identity(Protocol):
    """Whom TLS presents: `keys.FileSigner` is one."""

    def chain_pem(self) -> bytes:
        """The certificate and its issuers as PEM."""

    def key_pem(self, password: bytes) -> bytes:
        """The private key as PKCS#8 PEM, encrypted under `password`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait, in seconds, for a connection and then for the whole answer, and how many bytes of it to read.

    AEAT has taken more than half a minute for a full message.
    """

    connect: float = 10.0
    answer: float = 120.0
    size: int = 16 * 1024 * 1024


class Transport:
    """Posts SOAP messages in somebody's name; `trust` is a PEM file of authorities (default: the usual ones)."""

    def __init__(self, identity: Identity, *, trust: Path | None = None, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._context = _trusting(trust)
        password = secrets.token_hex(32).encode()
        present(self._context, identity.chain_pem(), identity.key_pem(password), password)

    def post(self, url: str, message: bytes, action: str = "") -> bytes:
        """The SOAP envelope that answers `message`, fault or not. Raises NotSent or Unknown."""
        address = _address(url)
        with _Deadline(self._limits.answer) as deadline:
            try:
                status, body = self._asked(url, address, message, action, deadline)
            except httpx.RequestError as error:
                raise (TimedOut(url, self._limits.answer) if deadline.over else self._named(url, error)) from error
        if deadline.over:  # an answer whose length was not stated looks complete where it was cut off
            raise TimedOut(url, self._limits.answer)
        return _soap(url, status, body)

    def _asked(self, url: str, address: httpx.URL, message: bytes, action: str, deadline: _Deadline) -> tuple[int, bytes]:
        """Status and body of the answer."""
        told = {"trace": deadline.trace}
        with (
            self._client(address) as client,
            client.stream("POST", address, content=message, headers=_headers(action), extensions=told) as got,
        ):
            _turned_away(url, got)
            return got.status_code, b"".join(self._chunks(url, got))

    def _client(self, address: httpx.URL) -> httpx.Client:
        limits = self._limits
        return httpx.Client(
            verify=self._context,
            timeout=httpx.Timeout(limits.answer, connect=limits.connect),
            follow_redirects=False,
            trust_env=address.host not in _LOOPBACK,  # a proxy of the environment cannot reach this machine
        )

    def _chunks(self, url: str, answer: httpx.Response) -> Iterator[bytes]:
        size = 0
        for chunk in answer.iter_bytes():
            size += len(chunk)
            if size > self._limits.size:
                raise AnswerTooLarge(url, self._limits.size)
            yield chunk

    def _named(self, url: str, error: httpx.RequestError) -> TransportError:
        tls = _tls(error)
        if tls and (alert := _refusal(tls)):
            return CertificateUnknown(url, alert)
        if isinstance(tls, ssl.SSLCertVerificationError):
            return ServerUntrusted(url, tls.verify_message)
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
                return Unreachable(url, _why(error))
            case httpx.TimeoutException():
                return TimedOut(url, self._limits.answer)
            case _:
                return Dropped(url, _why(error))


class _Deadline:
    """Cuts a connection off when the time for the whole answer is over: httpx bounds each read, not all of them together."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self.over = False

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """What httpx tells of a request: once TLS stands, the time runs."""
        if event.endswith("start_tls.complete"):
            self._stop()
            self._timer = threading.Timer(self._seconds, self._cut, [info["return_value"].get_extra_info("socket")])
            self._timer.daemon = True
            self._timer.start()

    def _cut(self, connection: socket.socket) -> None:
        self.over = True
        with suppress(OSError):  # it may have gone already
            connection.shutdown(socket.SHUT_RDWR)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()


def present(context: ssl.SSLContext, chain: bytes, key: bytes, password: bytes | None = None) -> None:
    """Make a TLS context present `chain` (PEM, own certificate first) with `key` (PEM).

    OpenSSL's loader takes files only: this one is readable by its owner alone, and gone before the function returns.
    """
    with NamedTemporaryFile(suffix=".pem") as file:
        file.write(chain + key)
        file.flush()
        context.load_cert_chain(file.name, password=password)


def _trusting(trust: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=trust) if trust else httpx.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        raise TrustMissing(trust or Path(os.environ.get("SSL_CERT_FILE", "")), str(error)) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
        address.raw_host.decode().encode("idna")  # the resolver's own check, whose error is none of a connection
    except (httpx.InvalidURL, UnicodeError):
        raise BadAddress(url) from None
    if address.scheme != "https" or not address.host:
        raise BadAddress(url)
    return address


def _headers(action: str) -> dict[str, str]:
    return {"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml", "SOAPAction": f'"{action}"'}


def _turned_away(url: str, answer: httpx.Response) -> None:
    """Refusals that come without a SOAP envelope. AEAT sends whom it does not know to an error page (302) or says 401 or 403."""
    status = answer.status_code
    if answer.has_redirect_location or status in {401, 403}:
        raise CertificateUnknown(url, f"HTTP {status} {answer.headers.get('location', '')}".strip())
    if status == 429:
        raise Busy(url)
    if 300 <= status < 500:
        raise Refused(url, status)


def _soap(url: str, status: int, body: bytes) -> bytes:
    """The body if it is a SOAP envelope, whatever the status: SOAP 1.1 sends its faults with HTTP 500."""
    try:
        root: etree._Element = parse(body, "answer")
    except XmlRefused as error:
        raise NotSoap(url, status, f"its body {error.problem}") from error
    if root.tag != _ENVELOPE:
        raise NotSoap(url, status, f"<{etree.QName(root).localname}> is no SOAP envelope")
    return body


def _tls(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS error that lies under an error of httpx."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _refusal(error: ssl.SSLError) -> str:
    """The alert by which the server refused our certificate; with TLS 1.3 it comes after the message has left, unread."""
    reason = error.reason or ""
    return reason.lower().replace("_", " ") if "ALERT" in reason and any(name in reason for name in _CERTIFICATE_ALERTS) else ""


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
