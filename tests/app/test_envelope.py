"""For whom nothing can be encrypted, in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from revrec.app.envelope import RecipientRefused, recipient
from tests.app.conftest import NOW
from tests.app.readers import certificate


def test_a_certificate_for_which_nothing_can_be_encrypted_is_refused_in_words(tmp_path: Path) -> None:
    keys = ((ec.generate_private_key(ec.SECP256R1()), "not RSA"), (rsa.generate_private_key(65537, 1024), "1024 bits"))
    for key, said in keys:
        with pytest.raises(RecipientRefused, match=said):
            recipient(certificate(tmp_path, key), NOW)
    with pytest.raises(RecipientRefused, match="valid from"):
        recipient(certificate(tmp_path, days=0), NOW.replace(year=2027))
    with pytest.raises(RecipientRefused, match="no key encipherment"):
        recipient(certificate(tmp_path, encrypts=False), NOW)
    with pytest.raises(RecipientRefused, match="cannot be read"):
        recipient(tmp_path / "none.pem", NOW)
    (tmp_path / "text.pem").write_text("hello")
    with pytest.raises(RecipientRefused, match="certificate"):
        recipient(tmp_path / "text.pem", NOW)
