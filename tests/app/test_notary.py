"""Who signs: the taxpayer's certificate when it can, else the workspace's own key, and why is said."""

from __future__ import annotations

import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from einvoice.sandbox import pki
from revrec import settings
from revrec.app import audit_key
from revrec.app.notary import notary, own_fingerprints
from tests.einvoice import signers

NOW = signers.NOW


@pytest.fixture
def root(new_workspace) -> Path:
    return new_workspace()


def configured(root: Path, data: bytes, password: str | None = signers.PASSWORD, **environ: str) -> settings.Settings:
    """The settings of a workspace that names a certificate."""
    (root / "certificate.p12").write_bytes(data)
    path = root / "revrec.toml"
    if not path.read_text("utf-8").startswith("signer"):
        path.write_text('signer = "certificate.p12"\n' + path.read_text("utf-8"), "utf-8")
    return settings.load(root, environ | ({"REVREC_SIGNER_PASSWORD": password} if password else {}))


def test_the_workspaces_own_key_signs_where_no_certificate_is_named(root) -> None:
    found = notary(settings.load(root, {}), NOW)
    assert (found.certificate, found.remarks) == (None, ())
    assert str(found).startswith("the workspace's own key, SHA-256 ")
    assert notary(settings.load(root, {}), NOW).fingerprint == found.fingerprint


def test_the_taxpayers_certificate_signs_where_it_opens(root) -> None:
    found = notary(configured(root, signers.client().pkcs12(signers.PASSWORD)), NOW)
    assert found.certificate == signers.client().certificate
    assert str(found).startswith("the certificate of ")


def test_a_certificate_on_the_curve_p256_signs_too(root) -> None:
    issued = signers.authority().client(signers.HOLDER, pki.valid(NOW), key=ec.generate_private_key(ec.SECP256R1()))
    found = notary(configured(root, issued.pkcs12(signers.PASSWORD)), NOW)
    assert found.certificate == issued.certificate


def test_a_certificate_that_cannot_be_used_stops_nothing_and_is_said(root) -> None:
    good = signers.client().pkcs12(signers.PASSWORD)
    other = signers.authority().client(pki.Holder("EVA", "OTRA", "00000000T"), pki.valid(NOW)).pkcs12(signers.PASSWORD)
    own = notary(settings.load(root, {}), NOW).fingerprint
    for data, password, says in (
        (good, None, r"none was given.*REVREC_SIGNER_PASSWORD"),
        (good, "otra", "the password is wrong"),
        (b"no certificate", signers.PASSWORD, "is no PKCS#12 file"),
        (other, signers.PASSWORD, "acts for 00000000T, not for the taxpayer B64717838"),
    ):
        found = notary(configured(root, data, password), NOW)
        assert (found.fingerprint, found.certificate) == (own, None)
        [remark] = found.remarks
        assert re.search(f"^The certificate does not sign: .*{says}", remark)
    expired = notary(configured(root, good), NOW + timedelta(days=3000))
    assert "expired on" in expired.remarks[0]


def test_an_older_workspace_gets_its_key_when_it_first_signs_and_keeps_it_out_of_git(root) -> None:
    (root / "audit.key").unlink()
    (root / ".gitignore").write_text("*.db\nrevrec.key", "utf-8")
    assert list(own_fingerprints(settings.load(root, {}), NOW)) == []
    found = notary(settings.load(root, {}), NOW)
    assert "audit.key was made" in found.remarks[0]
    assert stat.S_IMODE((root / "audit.key").stat().st_mode) == 0o600
    assert (root / ".gitignore").read_text("utf-8") == "*.db\nrevrec.key\naudit.key\n"
    assert notary(settings.load(root, {}), NOW).remarks == ()
    audit_key.ignore(root)
    assert (root / ".gitignore").read_text("utf-8").count("audit.key") == 1


def test_the_key_may_stand_in_the_environment_instead(root) -> None:
    found = notary(settings.load(root, {"REVREC_AUDIT_KEY": audit_key.new()}), NOW)
    assert found.fingerprint != notary(settings.load(root, {}), NOW).fingerprint
    with pytest.raises(audit_key.AuditKeyBroken, match=r"^REVREC_AUDIT_KEY: this is no private key"):
        notary(settings.load(root, {"REVREC_AUDIT_KEY": "x"}), NOW)


def test_what_is_no_key_is_said_with_the_way_out(root) -> None:
    (root / "audit.key").write_text("-----BEGIN PRIVATE KEY-----\n", "ascii")
    with pytest.raises(audit_key.AuditKeyBroken, match=r"back from your backup; if it is lost, move"):
        notary(settings.load(root, {}), NOW)


def test_both_fingerprints_are_handed_out(root) -> None:
    found = configured(root, signers.client().pkcs12(signers.PASSWORD))
    [certified, own] = own_fingerprints(found, NOW)
    assert certified.startswith("the certificate of ")
    assert own.startswith("the workspace's own key, SHA-256 ")
