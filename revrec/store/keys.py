"""Personal data at rest: a random key per customer, wrapped by one that is not in the database (docs/formats.md).

Sealed members of an event are AES-256-GCM under the key of its customer; destroying that key erases the person and
breaks no digest. The key of a blocked person is wrapped in another way, marked by a letter: nothing here opens it.
The idempotency digest of a sealed event is an HMAC under a key derived from the customer's.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from revrec.store.errors import KeyBroken, KeyMissing

SIZE = 32
_NONCE = 12
_TAG = 16  # what AES-GCM adds to what it encrypts
_BLOCKED = b"B"  # stands before the wrapped key of a blocked person
_CACHED = 20_000  # unwrapped keys held at a time


def new_key() -> str:
    """The text of a new key file: base64 of 32 random bytes."""
    return base64.b64encode(secrets.token_bytes(SIZE)).decode()


@dataclass(frozen=True, slots=True)
class Master:
    """Where the wrapping key is: the text of REVREC_KEY, else a file; read when it is first needed."""

    path: Path
    text: str | None = None

    def read(self) -> bytes:
        """The 32 bytes; raises KeyMissing or KeyBroken."""
        where = "REVREC_KEY" if self.text else str(self.path)
        try:
            text = self.text or self.path.read_text("ascii")
        except FileNotFoundError:
            raise KeyMissing(where, "the file is missing") from None
        except (OSError, UnicodeDecodeError) as error:
            raise KeyMissing(where, f"it cannot be read: {error}") from error
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            raise KeyBroken(where, "this is no key (base64 of 32 bytes)") from None
        if len(key) != SIZE:
            raise KeyBroken(where, f"this is no key: {len(key)} bytes instead of {SIZE}")
        return key

    @property
    def where(self) -> str:
        """How messages call it."""
        return "REVREC_KEY" if self.text else self.path.name


@dataclass(frozen=True, slots=True)
class _Keys:
    cipher: AESGCM
    mac: bytes


@dataclass(slots=True)
class KeyRing:
    """The keys of one taxpayer's customers; `fetch` finds a wrapped one, `fresh` are new ones still to be stored."""

    taxpayer: str
    master: Master
    fetch: Callable[[str], bytes | None]
    fetch_all: Callable[[Iterable[str]], Iterable[tuple[str, bytes]]]
    fresh: list[tuple[str, bytes]] = field(default_factory=list)
    _wrap: AESGCM | None = None
    _open: dict[str, _Keys] = field(default_factory=dict)
    _without: set[str] = field(default_factory=set)  # asked for in this batch, and known to have none

    def expect(self, customers: Iterable[str]) -> None:
        """Read the keys of these customers at once, before a batch; who has none is not asked for again in it."""
        if len(self._open) >= _CACHED:
            self._open.clear()
        self._without = {customer for customer in customers if customer not in self._open}
        for customer, wrapped in self.fetch_all(self._without):
            self._without.discard(customer)
            if not _is_blocked(wrapped):
                self._open[customer] = _derive(self._unwrap(customer, wrapped))

    def has(self, customer: str) -> bool:
        """Whether the customer has a key that opens: one that was destroyed, blocked or never made is not there."""
        if customer in self._open or customer in self._without:
            return customer in self._open
        wrapped = self.fetch(customer)
        return wrapped is not None and not _is_blocked(wrapped)

    def blocked(self, customer: str) -> bool:
        """Whether the customer's key is there and blocked."""
        wrapped = self.fetch(customer)
        return wrapped is not None and _is_blocked(wrapped)

    def block(self, customer: str) -> bytes:
        """The customer's key, wrapped so that nothing opens it by mistake; what of it was in memory is forgotten."""
        wrapped = self.fetch(customer)
        if wrapped is None or _is_blocked(wrapped):
            return wrapped or b""
        key, nonce = self._unwrap(customer, wrapped), secrets.token_bytes(_NONCE)
        self.drop(customer)
        return _BLOCKED + nonce + self._wrapper().encrypt(nonce, key, self._bound("blocked", customer))

    def drop(self, customer: str) -> None:
        """Forget a key that was destroyed or blocked."""
        self._open.pop(customer, None)
        self._without.discard(customer)

    def seal(self, customer: str, source: str, event_id: str, clear: bytes) -> str:
        """The sealed text, base64 of nonce and AES-GCM; makes the customer's key when there is none."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._keys(customer).cipher.encrypt(nonce, clear, self._bound(source, event_id))
        return base64.b64encode(nonce + sealed).decode()

    def unseal(self, customer: str, source: str, event_id: str, sealed: str) -> bytes | None:
        """What was sealed; None when the customer's key was destroyed."""
        if not self.has(customer):
            return None
        return self._decrypted(self._keys(customer), source, event_id, sealed)

    def unseal_for_authority(self, customer: str, source: str, event_id: str, sealed: str) -> bytes | None:
        """What was sealed, a blocked person's too: only for what the law has sent to an authority (LOPDGDD art. 32.2)."""
        wrapped = None if customer in self._open else self.fetch(customer)
        if wrapped is None or not _is_blocked(wrapped):
            return self.unseal(customer, source, event_id, sealed)
        return self._decrypted(_derive(self._unwrap(customer, wrapped[1:], "blocked")), source, event_id, sealed)

    def _decrypted(self, keys: _Keys, source: str, event_id: str, sealed: str) -> bytes:
        raw = base64.b64decode(sealed)
        try:
            return keys.cipher.decrypt(raw[:_NONCE], raw[_NONCE:], self._bound(source, event_id))
        except InvalidTag:
            raise KeyBroken(self.master.where, f"the personal data of event {event_id} was not sealed with this key") from None

    def content(self, customer: str, clear: bytes) -> bytes:
        """The idempotency digest of an event with sealed members: HMAC-SHA256 of its clear canonical JSON."""
        return hmac.digest(self._keys(customer).mac, clear, "sha256")

    def opens(self, customer: str, wrapped: bytes) -> bool:
        """Whether the wrapping key opens the wrapped key of a customer; raises KeyMissing or KeyBroken when there is none."""
        self._wrapper()
        try:
            if _is_blocked(wrapped):
                self._unwrap(customer, wrapped[1:], "blocked")
            else:
                self._unwrap(customer, wrapped)
        except KeyBroken:
            return False
        return True

    def forget(self) -> None:
        """The transaction was rolled back: a key that it made is nowhere stored and must not be used again."""
        self._open.clear()
        self._without.clear()
        self.fresh.clear()

    def _bound(self, source: str, event_id: str) -> bytes:
        """The associated data: a sealed text cannot be moved to another event."""
        return f"{self.taxpayer}\n{source}\n{event_id}".encode()

    def _keys(self, customer: str) -> _Keys:
        found = self._open.get(customer)
        if found is None:
            if len(self._open) >= _CACHED and not self.fresh:  # a fresh key is nowhere else yet
                self._open.clear()
            wrapped = None if customer in self._without else self.fetch(customer)
            found = self._open[customer] = _derive(self._unwrap(customer, wrapped) if wrapped else self._make(customer))
        return found

    def _wrapper(self) -> AESGCM:
        if self._wrap is None:
            self._wrap = AESGCM(self.master.read())
        return self._wrap

    def _make(self, customer: str) -> bytes:
        wrapper = self._wrapper()
        key, nonce = secrets.token_bytes(SIZE), secrets.token_bytes(_NONCE)
        self.fresh.append((customer, nonce + wrapper.encrypt(nonce, key, self._bound("key", customer))))
        return key

    def _unwrap(self, customer: str, wrapped: bytes, kind: str = "key") -> bytes:
        try:
            return self._wrapper().decrypt(wrapped[:_NONCE], wrapped[_NONCE:], self._bound(kind, customer))
        except InvalidTag:
            raise KeyBroken(self.master.where, "this key did not wrap the keys of these books") from None


def _is_blocked(wrapped: bytes) -> bool:
    return len(wrapped) == len(_BLOCKED) + _NONCE + SIZE + _TAG and wrapped.startswith(_BLOCKED)


def _derive(key: bytes) -> _Keys:
    """Two keys for two purposes: the cipher's is the customer's own, the HMAC's is derived from it."""
    return _Keys(AESGCM(key), hmac.digest(key, b"revrec idempotency A", "sha256"))
