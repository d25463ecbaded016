"""Certificates are made once a run; every test has its own office."""

from __future__ import annotations

from datetime import datetime

import pytest

from einvoice.sandbox.aeat import PATH, Office, Register
from einvoice.sandbox.pki import Authority, valid
from einvoice.sandbox.server import Server
from einvoice.transport import Limits, Transport
from tests.einvoice.sandbox.people import MADRID, Clinic, Clock, client


@pytest.fixture(scope="session")
def authority():
    return Authority.create(datetime.now(MADRID))


@pytest.fixture(scope="session")
def host(authority):
    return authority.server(valid(datetime.now(MADRID)))


@pytest.fixture(scope="session")
def trust(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    path.write_bytes(authority.trusted_pem())
    return path


@pytest.fixture(scope="session")
def owner(authority, tmp_path_factory):
    return client(authority, tmp_path_factory.mktemp("owner"))


@pytest.fixture
def transport(owner, trust):
    return Transport(owner, trust=trust, limits=Limits(connect=5, answer=20))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def clinic(clock):
    return Clinic(clock)


@pytest.fixture
def office(official, clock):
    return Office(Register(), clock)


@pytest.fixture
def url(office, host, authority):
    with Server(office, host, authority.trusted_pem()) as server:
        yield server.address + PATH
