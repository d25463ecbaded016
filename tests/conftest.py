"""What all tests share: the strict mode of continuous integration, and workspaces."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from einvoice.schemas import Catalogue

STRICT = bool(os.environ.get("REVREC_STRICT"))

settings.register_profile("revrec", deadline=None, derandomize=True)
settings.load_profile("revrec")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under REVREC_STRICT a skipped test is a failed one: nothing that is not run is called done."""
    report = yield
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped under REVREC_STRICT ({reason})"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself."""
    report = yield
    if STRICT and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid}: skipped under REVREC_STRICT"
    return report


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's database, key or colours."""
    for name in ("REVREC_DATABASE", "REVREC_KEY", "REVREC_AUDIT_KEY", "REVREC_SIGNER_PASSWORD", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def official() -> Catalogue:
    """The catalogue with everything in use fetched; skips where it is not, which REVREC_STRICT turns into a failure."""
    catalogue = Catalogue.load()
    if lacking := catalogue.lacking():
        pytest.skip(f"run `revrec schemas fetch` first: {', '.join(lacking)} not fetched")
    return catalogue


@pytest.fixture
def new_workspace(tmp_path: Path) -> Callable[..., Path]:
    """Makes a workspace of the invented practice ES-B64717838 and answers its folder."""
    from revrec.app.init import Answers, init

    def make(name: str = "books", chart: str = "generic", open_on: date = date(1970, 1, 1)) -> Path:
        answers = Answers("ES-B64717838", "Centro de Pruebas SL", chart, "Europe/Madrid", "EUR", "common", open_on)
        init(tmp_path / name, answers, now=datetime(2026, 1, 15, 12, tzinfo=UTC))
        return tmp_path / name

    return make


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs under test even where these tests run in the background with it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty bundles of the demo's practice in nine months, recorded, expiries and all; to be copied before it is changed."""
    from revrec.app import advance, demo, record
    from revrec.app.progress import Silent
    from revrec.app.workspace import open_workspace

    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    root = tmp_path_factory.mktemp("practice") / "books"
    demo.prepare(root, now=now)
    demo.write_events(root / "events.jsonl", 5, 60, 9)
    with open_workspace(root) as ws:
        record.record(ws, record.sources(ws, [str(root / "events.jsonl")], mapping=None), now=now, progress=Silent())
        advance.advance(ws, date(2025, 9, 30), now=now, progress=Silent())
    return root
