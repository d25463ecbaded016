"""The local tax office over real TLS: what it accepts, refuses, remembers."""

from __future__ import annotations

import pytest

from einvoice.regimes.verifactu.answer import parse
from tests.einvoice.sandbox.people import envelope


@pytest.fixture
def send(transport, url, clock):
    """Posts records once the waiting time is over, and reads the answer."""

    def send(*records, **how):
        answer = parse(transport.post(url, envelope(*records, **how)))
        clock.move(60)
        return answer

    return send


def outcomes(answer):
    return [(line.verdict, line.code) for line in answer.lines]


def test_a_chain_of_records_is_accepted_and_kept(office, clinic, send):
    answer = send(*clinic.altas(3))
    assert outcomes(answer) == [("Correcto", "")] * 3
    assert [record.huella for record in office.records()] == [record.huella for record in clinic.made]
    assert office.violations() == ()
