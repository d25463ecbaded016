"""What the tests of einvoice share: the official schemas, fetched by `make test`."""

from __future__ import annotations

import pytest

from einvoice.schemas import Catalogue


@pytest.fixture(scope="session")
def official() -> Catalogue:
    """The catalogue with everything in use fetched; skips where it is not, which REVREC_STRICT turns into a failure."""
    catalogue = Catalogue.load()
    if lacking := catalogue.lacking():
        pytest.skip(f"run `revrec schemas fetch` first: {', '.join(lacking)} not fetched")
    return catalogue
