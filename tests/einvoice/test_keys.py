"""Certificates from PKCS#12 files: what opens, and what is said of each that does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat, load_pem_private_key, pkcs12

from einvoice import keys
from einvoice.model import TaxId
from einvoice.sandbox import pki
from tests.einvoice.signers import HOLDER, NOW, PASSWORD, authority, client, loaded, signer

TAXPAYER = TaxId("B64717838")


def test_a_loaded_signer_signs_with_its_key_and_knows_its_whole_chain():
    signature = signer().sign(b"data")
    client().certificate.public_key().verify(signature, b"data", padding.PKCS1v15(), SHA256())
    assert signer().chain == (client().certificate, *client().authorities)


def test_a_loaded_signer_gives_its_chain_and_its_key_under_a_password_for_tls():
    assert signer().chain_pem() == pki.pem((client().certificate, *client().authorities))
    key = load_pem_private_key(signer().key_pem(b"secret"), b"secret")
    assert key.public_key() == client().certificate.public_key()


def test_a_file_encrypted_as_old_browsers_do_it_opens():
    old = (
        PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(SHA1())
        .build(PASSWORD.encode())
    )
    data = pkcs12.serialize_key_and_certificates(b"client", client().key, client().certificate, None, old)
    assert loaded(data).chain == (client().certificate,)


def _refused(data, error, password=PASSWORD):
    with pytest.raises(error) as refusal:
        loaded(data, password)
    return str(refusal.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(keys.FileMissing, match="cannot be read: No such file"):
        keys.load(tmp_path / "none.p12", PASSWORD, NOW)


def test_a_file_that_cannot_be_read_is_said_to_be_unreadable(tmp_path):
    with pytest.raises(keys.FileMissing, match="Is a directory"):
        keys.load(tmp_path, PASSWORD, NOW)


@pytest.mark.parametrize("data", [b"", b"no certificate", b"\x30\x82"], ids=["empty", "text", "cut off"])
def test_what_is_no_pkcs12_file_is_said_to_be_none(data):
    assert "is no PKCS#12 file" in _refused(data, keys.NotPkcs12)


def test_a_damaged_file_is_said_to_be_damaged():
    assert "damaged" in _refused(client().pkcs12(PASSWORD)[:900], keys.NotPkcs12)


def test_a_wrong_password_is_said_to_be_wrong():
    assert "the password is wrong" in _refused(client().pkcs12(PASSWORD), keys.PasswordWrong, "otra")


@pytest.mark.parametrize("password", [None, ""])
def test_a_missing_password_is_asked_for(password):
    assert "none was given" in _refused(client().pkcs12(PASSWORD), keys.PasswordMissing, password)


@pytest.mark.parametrize("password", [None, "", PASSWORD])
def test_a_file_without_a_password_is_refused_whatever_is_given(password):
    assert "has no password" in _refused(client().pkcs12(None), keys.Unprotected, password)


def test_a_file_without_a_private_key_is_said_to_lack_it():
    encryption = BestAvailableEncryption(PASSWORD.encode())
    bare = pkcs12.serialize_key_and_certificates(b"client", None, client().certificate, None, encryption)
    assert "has no private key" in _refused(bare, keys.KeyMissing)


def test_a_key_that_is_not_the_certificates_is_said_to_be_anothers():
    encryption = BestAvailableEncryption(PASSWORD.encode())
    joined = pkcs12.serialize_key_and_certificates(b"client", pki.new_key(), None, [client().certificate], encryption)
    assert "no certificate in it belongs" in _refused(joined, keys.KeyMismatch)


def test_an_expired_certificate_is_refused_with_its_last_day():
    issued = authority().client(HOLDER, pki.expired(NOW), key=client().key)
    assert "expired on 2026-03-01 10:30 UTC" in _refused(issued.pkcs12(PASSWORD), keys.Expired)


def test_a_certificate_of_the_future_is_refused_with_its_first_day():
    issued = authority().client(HOLDER, pki.not_yet(NOW), key=client().key)
    assert "valid from 2026-03-03 10:30 UTC" in _refused(issued.pkcs12(PASSWORD), keys.NotYetValid)


def test_a_key_of_another_kind_is_refused():
    issued = authority().client(HOLDER, pki.valid(NOW), key=ec.generate_private_key(ec.SECP256R1()))
    assert "not RSA" in _refused(issued.pkcs12(PASSWORD), keys.NotRsa)


def test_a_short_key_is_refused():
    issued = authority().client(HOLDER, pki.valid(NOW), key=rsa.generate_private_key(65537, 1024))
    assert "an RSA key of 1024 bits" in _refused(issued.pkcs12(PASSWORD), keys.NotRsa)


def test_a_certificate_that_may_not_sign_is_refused():
    issuer = authority()
    file = pki.Issued(issuer.key, issuer.issuer, (issuer.root,)).pkcs12(PASSWORD)
    assert "may not sign (its key usage has no digital signature). Use one that may" in _refused(file, keys.NotForSigning)


def test_the_taxpayers_own_certificate_has_nothing_against_it():
    assert keys.check(signer(), TAXPAYER, NOW) == ()
    assert keys.check(signer(), TaxId("ESb64717838"), NOW) == ()


def test_somebody_elses_certificate_is_found_with_both_numbers():
    (finding,) = keys.check(signer(), TaxId("A58818501"), NOW)
    assert finding.code == "certificate-holder"
    assert "acts for B64717838, not for the taxpayer A58818501" in finding.message


def test_a_representatives_certificate_does_not_act_for_the_representative():
    (finding,) = keys.check(signer(), TaxId("99999999R"), NOW)
    assert finding.code == "certificate-holder"


def test_a_certificate_that_runs_out_while_it_is_loaded_is_found():
    (finding,) = keys.check(signer(), TAXPAYER, NOW + timedelta(days=800))
    assert (finding.code, finding.remedy) == ("certificate-validity", "Renew the certificate")


def test_a_certificate_that_is_of_the_future_once_it_is_loaded_is_no_reason_to_renew_it():
    (finding,) = keys.check(signer(), TAXPAYER, NOW - timedelta(days=800))
    assert (finding.code, finding.remedy) == ("certificate-validity", "Check this machine's clock")


def test_a_file_without_the_issuers_loads_and_is_found_incomplete():
    alone = loaded(client().pkcs12(PASSWORD, alone=True))
    assert alone.chain == (client().certificate,)
    (finding,) = keys.check(alone, TAXPAYER, NOW)
    assert finding.code == "certificate-chain"
    assert f"ends below {authority().issuer.subject.rfc4514_string()}, which the file lacks" in finding.message


def test_the_key_is_never_shown():
    assert "RSAPrivateKey" not in repr(signer())
    assert "RSAPrivateKey" not in repr(client())
    assert "RSAPrivateKey" not in repr(authority())


def test_a_key_on_the_curve_p256_is_held_though_it_signs_no_invoice(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "curve.p12"
    path.write_bytes(authority().client(HOLDER, pki.valid(NOW), key=key).pkcs12(PASSWORD))
    assert keys.held(path, PASSWORD, NOW).key.public_key() == key.public_key()
    with pytest.raises(keys.NotRsa, match="a key that is not RSA"):
        keys.load(path, PASSWORD, NOW)
    other = ec.generate_private_key(ec.SECP384R1())
    path.write_bytes(authority().client(HOLDER, pki.valid(NOW), key=other).pkcs12(PASSWORD))
    with pytest.raises(keys.NotRsa, match="a key that is not RSA"):
        keys.held(path, PASSWORD, NOW)
