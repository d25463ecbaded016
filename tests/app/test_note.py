"""Signed notes: what was signed is read again, and every change is seen and named."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import cache

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from einvoice.sandbox import pki
from revrec.app import note
from revrec.app.notary import Notary
from revrec.app.note import Algorithm, Kind
from tests.einvoice import signers

SAYS = {"taxpayer": "ES-B64717838", "name": "Centro «Ñ» SL", "size": 7, "previous": None, "root": "ab" * 32}


@cache
def own() -> Notary:
    return Notary(ec.generate_private_key(ec.SECP256R1()))


@cache
def certified() -> Notary:
    return Notary(signers.client().key, signers.client().certificate)


@cache
def on_a_curve() -> Notary:
    """A certificate of which the key is on P-256, as some authorities issue."""
    key = ec.generate_private_key(ec.SECP256R1())
    issued = signers.authority().client(signers.HOLDER, pki.valid(signers.NOW), key=key)
    return Notary(key, issued.certificate)


@pytest.mark.parametrize("notary", [own, certified, on_a_curve])
def test_a_note_says_what_was_signed_and_who_signed_it(notary) -> None:
    read = note.read(note.make(Kind.HEAD, SAYS, notary()))
    assert dict(read.content) == SAYS | {"kind": "revrec tree head", "version": 1, "signer": read.signature.signer}
    assert read.signature.signer["key"] == notary().fingerprint
    who = note.check(read, Kind.HEAD, key=notary().fingerprint)
    assert who.fingerprint == notary().fingerprint
    assert who.number == ("" if notary is own else "B64717838")


def test_both_lines_are_the_canonical_json_of_the_standard() -> None:
    text = note.make(Kind.STATEMENT, SAYS | {"text": 'a"\\\n\x1f é €'}, certified())
    first, second, nothing = text.split("\n")
    assert nothing == ""
    for line in (first, second):
        assert rfc8785.dumps(json.loads(line)) == line.encode()
    assert sorted(json.loads(second)) == ["algorithm", "certificate", "key", "value"]


def test_an_ecdsa_signature_is_two_numbers_of_32_bytes() -> None:
    for _ in range(8):  # a short one would show now and then
        second = json.loads(note.make(Kind.HEAD, SAYS, own()).split("\n")[1])
        assert second["algorithm"] == "ecdsa-p256-sha256"
        assert len(base64.b64decode(second["value"])) == 64


def refused(text: str, error: type[note.NoteRefused], *, kind: Kind | None = None, key: str | None = None) -> str:
    with pytest.raises(error) as said:
        note.check(note.read(text), kind, key=key)
    return str(said.value)


@pytest.mark.parametrize("notary", [own, certified, on_a_curve])
def test_a_changed_word_number_or_signature_is_seen(notary) -> None:
    text = note.make(Kind.HEAD, SAYS, notary())
    assert "was changed after it was signed" in refused(text.replace('"size":7', '"size":8'), note.SignatureWrong)
    assert "was changed" in refused(text.replace("Centro", "Centra"), note.SignatureWrong)
    other = note.make(Kind.HEAD, SAYS | {"size": 9}, notary())
    swapped = text.split("\n")[0] + "\n" + other.split("\n")[1] + "\n"
    assert "does not fit" in refused(swapped, note.SignatureWrong)


@pytest.mark.parametrize("notary", [own, certified])
def test_no_single_byte_can_be_changed_unseen(notary) -> None:
    text = note.make(Kind.HEAD, SAYS, notary())
    step = 1 if notary is own else 3
    for at in range(0, len(text) - 1, step):
        other = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        with pytest.raises(note.NoteRefused):
            note.check(note.read(other), Kind.HEAD)


def changed(text: str, **members: object) -> str:
    """The same note with other members in its second line."""
    first, second, _ = text.split("\n")
    found = {name: value for name, value in (json.loads(second) | members).items() if value is not None}
    return f"{first}\n{rfc8785.dumps(found).decode()}\n"


def test_each_mistake_has_its_name() -> None:
    text = note.make(Kind.HEAD, SAYS, own())
    first, second, _ = text.split("\n")
    assert "it has 1 line, a note has two" in refused(first, note.NotTwoLines)
    assert "it has 3 lines" in refused(text + "more\n", note.NotTwoLines)
    assert "line 1 of the signed note is not canonical JSON" in refused(f"{first[:-1]}\n{second}\n", note.NotCanonical)
    assert "out of order" in refused(f"{first.replace(':', ': ', 1)}\n{second}\n", note.NotCanonical)
    assert "out of order" in refused(f"{first[:-1]},{first[1:]}\n{second}\n", note.NotCanonical)
    assert "line 1" in refused(text.replace("\n", "\r\n"), note.NotCanonical)
    assert "it is no object" in refused(f"{first}\n[1]\n", note.NotCanonical)
    assert "`value`" in refused(changed(text, value=None), note.MemberWrong)
    assert "`key`" in refused(changed(text, key="%"), note.MemberWrong)
    assert "`value`" in refused(changed(text, value="aab="), note.MemberWrong)
    assert "'rot13'" in refused(changed(text, algorithm="rot13"), note.AlgorithmUnknown)
    assert "cannot be read" in refused(changed(text, key="aaaa"), note.KeyUnfit)
    assert "no RSA key" in refused(changed(text, algorithm="rsa-pkcs1-sha256"), note.KeyUnfit)
    assert "no key on the curve" in refused(changed(text, key=b64(certified().public)), note.KeyUnfit)
    assert "does not fit" in refused(changed(text, value=b64(b"short")), note.SignatureWrong)
    assert "'revrec audit pack' was asked for" in refused(text, note.OtherKind, kind=Kind.PACK)
    assert "not by 00" in refused(text, note.OtherKey, key="00")
    unknown = f'{{"kind":"revrec promise","version":1}}\n{second}\n'
    assert "Update revrec" in refused(unknown, note.KindUnknown)
    assert "Update revrec" in refused(text.replace('"version":1', '"version":2'), note.KindUnknown)


def test_a_certificate_of_somebody_else_is_not_taken() -> None:
    text = note.make(Kind.HEAD, SAYS, certified())
    other = pki.Authority.create(signers.NOW).client(signers.HOLDER, pki.valid(signers.NOW), key=signers.client().key)
    same_key = base64.b64encode(der(other.certificate)).decode()
    assert "names another key or certificate" in refused(changed(text, certificate=same_key), note.SignerOther)
    stranger = base64.b64encode(der(signers.stranger().chain[0])).decode()
    assert "does not belong to the key" in refused(changed(text, certificate=stranger), note.CertificateOther)
    assert "`certificate`" in refused(changed(text, certificate="aaaa"), note.MemberWrong)
    assert "names another key or certificate" in refused(changed(text, certificate=None), note.SignerOther)


def test_a_short_rsa_key_is_not_taken() -> None:
    weak = replace(own(), key=rsa.generate_private_key(65537, 1024))
    assert weak.algorithm is Algorithm.RSA
    assert "2048 bits" in refused(note.make(Kind.HEAD, SAYS, weak), note.KeyUnfit)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def der(certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)
