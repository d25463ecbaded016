"""A verifier written from docs/formats.md alone: the Python on the page, a signature library, and nothing of revrec."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from revrec.app.close import close
from revrec.app.prove import prove
from revrec.app.workspace import open_workspace
from tests.app.shelf import NOW, prepare
from tests.einvoice import signers

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


@pytest.fixture(scope="module")
def page() -> SimpleNamespace:
    """The functions of the page."""
    [code] = re.findall(r"<!-- tested -->\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    return SimpleNamespace(**names)


@pytest.fixture(scope="module", params=["audit.key", "certificate"])
def proofs(request, tmp_path_factory) -> list[dict]:
    """Proofs of every session against the first closing, signed by either key."""
    root = prepare(tmp_path_factory.mktemp("page") / "books")
    environ = {}
    if request.param == "certificate":
        (root / "own.p12").write_bytes(signers.authority().client(signers.HOLDER, _valid()).pkcs12(signers.PASSWORD))
        path = root / "revrec.toml"
        path.write_text('signer = "own.p12"\n' + path.read_text("utf-8"), "utf-8")
        environ = {"REVREC_SIGNER_PASSWORD": signers.PASSWORD}
    with open_workspace(root, environ=environ) as ws:
        assert close(ws, "2026-03", approver="A", now=NOW).signed.notary.remarks == ()
        return [json.loads(prove(ws, session, "2026-02").proof.text()) for session in ("S-1", "S-2", "S-3", "S-4")]


def _valid():
    from einvoice.sandbox import pki

    return pki.valid(NOW)


def signed(text: str) -> dict:
    """The content of a note whose signature holds."""
    line, second, _ = text.split("\n")
    data, signature = b"revrec signed note 1\n" + line.encode(), json.loads(second)
    key, value = load_der_public_key(base64.b64decode(signature["key"])), base64.b64decode(signature["value"])
    if signature["algorithm"] == "rsa-pkcs1-sha256":
        key.verify(value, data, padding.PKCS1v15(), SHA256())
    else:
        r, s = int.from_bytes(value[:32]), int.from_bytes(value[32:])
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
    return json.loads(line)


def test_the_page_is_enough_to_verify_a_proof(page, proofs) -> None:
    for proof in proofs:
        head = signed(proof["head"])
        records, entries = {}, []
        for leaf in proof["leaves"]:
            data, path = base64.b64decode(leaf["data"]), [bytes.fromhex(step) for step in leaf["path"]]
            assert page.root_of(leaf["index"], head["size"], data, path).hex() == head["root"]
            said = json.loads(data)
            if leaf["what"] == "event":
                assert (said["taxpayer"], said["event"]["data"]["session"]) == (head["taxpayer"], proof["session"])
                records[said["event"]["id"], said["event"]["source"]] = said
            else:
                assert said["session"] == proof["session"]
                entries.append((leaf["index"], said, data))
        for index, entry, data in entries:
            record = records[entry["event"], entry["source"]]
            assert index == record["n"] + entry["entry"] - 1
            assert hashlib.sha256(data).hexdigest() == record["entries"]


def test_the_page_is_enough_to_see_that_later_books_begin_with_earlier_ones(page, proofs) -> None:
    for proof in proofs:
        before = signed(proof["head"])
        [step] = proof["consistency"]
        after, path = signed(step["head"]), [bytes.fromhex(each) for each in step["path"]]
        assert (step["from"], step["to"]) == (before["size"], after["size"])
        roots = page.roots_of(step["from"], step["to"], bytes.fromhex(before["root"]), path)
        assert [root.hex() for root in roots] == [before["root"], after["root"]]
        assert after["previous"] == {"size": before["size"], "root": before["root"]}
