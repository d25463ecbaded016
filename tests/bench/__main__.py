"""`make bench`: speed and memory of recording, each a ratio within one run; a table and `build/bench.json`.

Everything that is measured runs in a process of its own, the whole command from start to exit. `--quick` measures a
fifth of the size (names stay, limits too); `--only NAME` measures what that figure needs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from tests.bench import pages, stream

OUT = Path("build/bench.json")
DAY_SESSIONS = 34  # beside two sales of three events: forty events a day
RUNS = 3
TURNS = 5
PRACTICE = Path("revrec/templates/demo-policy.toml")
DAYS = 7
TRACES = 20
ADDRESS = 'address = "Calle Inventada 1"\npost_code = "08001"\ntown = "Barcelona"\nprovince = "Barcelona"\n'


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured ratio; `runs` are the single measurements behind it, in seconds unless the unit says otherwise."""

    name: str
    value: float
    limit: float
    unit: str
    runs: dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took; `cpu` seconds tell a busy machine from a slow program."""

    seconds: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Size:
    """How much is recorded: events small and large, sessions small and large of the book that a day is appended to, documents."""

    small: int = 100_000
    large: int = 1_000_000
    few_sessions: int = 10_000
    many_sessions: int = 1_000_000
    documents: int = 1_000  # of a batch
    practice: int = 2_000  # bundles of the invented practice that issues
    decade: int = 1_000_000  # sessions over ten years, whose pages are opened


QUICK = Size(20_000, 200_000, 2_000, 200_000, 200, 400, 200_000)


def run(*command: str | Path, quiet: bool = True) -> tuple[Spent, str]:
    """Run a process to its end: time, peak resident memory, what it printed; a failing one ends the benchmark."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        out.seek(0)
        printed = out.read().decode()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(str(part) for part in command)}: exit {process.returncode}\n{printed}")
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Spent(seconds, usage.ru_utime + usage.ru_stime, peak), printed


@contextmanager
def workspace(scratch: Path) -> Iterator[Path]:
    """A new, empty workspace; gone afterwards."""
    root = Path(tempfile.mkdtemp(dir=scratch)) / "books"
    run(
        sys.executable,
        "-m",
        "revrec",
        "init",
        root,
        "--taxpayer",
        "ES-B64717838",
        "--name",
        "Bench SL",
        "--chart",
        "generic",
        "--non-interactive",
    )
    (root / "policy.toml").write_text(stream.POLICY, encoding="utf-8")
    try:
        yield root
    finally:
        shutil.rmtree(root.parent)


def invoicing(root: Path, *, address: bool = True) -> None:
    """Let a workspace issue from the first day; without the address of the seller every document waits."""
    path = root / "revrec.toml"
    text = path.read_text("utf-8").replace("[taxpayer]", "invoicing_from = 2025-01-01\n\n[taxpayer]", 1)
    path.write_text(text, encoding="utf-8")
    if address:
        add_address(root)


def add_address(root: Path) -> None:
    """Say where the seller is."""
    path = root / "revrec.toml"
    path.write_text(path.read_text("utf-8").replace("person =", f"{ADDRESS}person =", 1), encoding="utf-8")


def record(root: Path, events: Path) -> Spent:
    """One whole `revrec record`."""
    spent, _ = run(sys.executable, "-m", "revrec", "-C", root, "record", events)
    return spent


def insert(root: Path) -> Spent:
    """The yardstick on the database that was recorded."""
    copy = root / "bare.db"
    whole, printed = run(sys.executable, "-m", "tests.bench.insert", root / "revrec.db", copy)
    for file in root.glob("bare.db*"):
        file.unlink()
    seconds, cpu = map(float, printed.split())
    return Spent(seconds, cpu, whole.peak_mb)


def wall(runs: list[Spent]) -> list[float]:
    """The seconds of each run."""
    return [one.seconds for one in runs]


def cpu(runs: list[Spent]) -> list[float]:
    """The processor's seconds of each run."""
    return [one.cpu for one in runs]


def best(runs: list[Spent]) -> float:
    """The seconds of the fastest run: what other work on the machine adds is not the program's."""
    return min(wall(runs))


def say(text: str) -> None:
    """Progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)


class Bench:
    """The measurements, each made once and shared by the figures that need it."""

    def __init__(self, size: Size, scratch: Path) -> None:
        self.size, self.scratch = size, scratch
        self.papers: dict[str, list[float]] = {}
        self.opened: dict[str, dict[str, list[float]]] = {}
        self.measured: dict[tuple[str, int], tuple[int, list[Spent], list[Spent]]] = {}

    def recording(self, ids: str, events: int, runs: int) -> tuple[int, list[Spent], list[Spent]]:
        """Record that many events in fresh workspaces, and insert the same rows bare: events, recordings, insertions."""
        if (ids, events) not in self.measured:
            self.measured[ids, events] = self._record(ids, events, runs)
        return self.measured[ids, events]

    def _record(self, ids: str, events: int, runs: int) -> tuple[int, list[Spent], list[Spent]]:
        path = self.scratch / f"{ids}-{events}.jsonl"
        count = stream.write_year(path, -(-events // stream.EVENTS), getattr(stream, ids))
        spent, bare = [], []
        for _ in range(runs):
            with workspace(self.scratch) as root:
                spent.append(record(root, path))
                bare.append(insert(root))
            took = f"{spent[-1].seconds:.1f} s ({spent[-1].cpu:.1f} s CPU), {spent[-1].peak_mb:.0f} MB"
            say(f"{count:,} events, ids {ids}: record {took}; bare insert {bare[-1].seconds:.1f} s ({bare[-1].cpu:.1f} s CPU)")
        path.unlink()
        return count, spent, bare

    def start_up(self) -> float:
        """What a recording costs of thirteen events: the start-up, taken off where growth is measured."""
        _, spent, _ = self.recording("in_order", stream.EVENTS, RUNS)
        return best(spent)

    def against_insert(self) -> Figure:
        """Whole recording against bare insertion of its rows."""
        _, spent, bare = self.recording("in_order", self.size.small, RUNS)
        value = best(spent) / best(bare)
        runs = {"record": wall(spent), "insert": wall(bare), "record_cpu": cpu(spent), "insert_cpu": cpu(bare)}
        return Figure("record_100k_vs_insert", value, 8.0, "x", runs)

    def growth(self, ids: str) -> Figure:
        """Cost per event at a million against a hundred thousand, over the same growth of the bare insertion."""
        few, small, small_bare = self.recording(ids, self.size.small, RUNS)
        many, large, large_bare = self.recording(ids, self.size.large, 1)
        start = self.start_up()
        value = ((best(large) - start) / (best(small) - start)) / (best(large_bare) / best(small_bare))
        name = "record_growth_1m_vs_100k" + ("_uuid" if ids == "uuids" else "")
        runs = {
            f"record_{few}": wall(small),
            f"record_{many}": wall(large),
            f"insert_{few}": wall(small_bare),
            f"insert_{many}": wall(large_bare),
            "start_up": [start],
        }
        return Figure(name, value, 1.1, "x", runs)

    def memory(self) -> Figure:
        """The most memory that the recording process held, the worse of both kinds of ids."""
        runs = {ids: [one.peak_mb for one in self.recording(ids, self.size.large, 1)[1]] for ids in ("in_order", "uuids")}
        return Figure("record_1m_peak_mb", max(max(peaks) for peaks in runs.values()), 400.0, "MB", runs)

    def append_day(self) -> Figure:
        """One more day of forty events into a large book against a small one, turn and turn about."""
        sizes = (self.size.few_sessions, self.size.many_sessions)
        with workspace(self.scratch) as small, workspace(self.scratch) as large:
            for root, sessions in zip((small, large), sizes, strict=True):
                self._fill(root, sessions // stream.SESSIONS)
            runs: dict[str, list[float]] = {f"into_{sessions}": [] for sessions in sizes}
            for nth in range(DAYS):
                for root, sessions in zip((small, large), sizes, strict=True):
                    runs[f"into_{sessions}"].append(self._append(root, sessions // stream.SESSIONS, nth))
            say(f"one more day: {runs}")
        few, many = (median(times) for times in runs.values())
        return Figure("append_day_1m_vs_10k", many / few, 1.5, "x", runs)

    def _fill(self, root: Path, bundles: int) -> None:
        path = root.parent / "year.jsonl"
        count = stream.write_year(path, bundles, hold=DAY_SESSIONS * DAYS)
        say(f"a book of {count:,} events: {record(root, path).seconds:.1f} s")
        path.unlink()

    def _append(self, root: Path, bundles: int, nth: int) -> float:
        """Seconds to record day number `nth`: the next of the sessions that were kept back, and two sales."""
        kept = sorted(stream.held(bundles, DAY_SESSIONS * DAYS))[nth::DAYS]
        path = root.parent / f"day{nth}.jsonl"
        stream.write_day(path, date(2025, 12, 21) + timedelta(days=nth), bundles, kept)
        return record(root, path).seconds

    def documents(self) -> dict[str, list[float]]:
        """Seconds of batches of documents and of bare signatures, measured once in one process."""
        if not self.papers:
            with workspace(self.scratch) as root:
                path = root.parent / "sales.jsonl"
                stream.write_sales(path, self.size.documents * TURNS)
                invoicing(root, address=False)
                record(root, path)
                add_address(root)
                _, printed = run(sys.executable, "-m", "tests.bench.documents", root, str(self.size.documents), str(TURNS))
            self.papers = json.loads(printed)
            say(
                f"{self.size.documents} documents: "
                + ", ".join(f"{name} {min(took):.3f} s" for name, took in self.papers.items())
            )
        return self.papers

    def against_rsa(self, measured: str, limit: float) -> Figure:
        """Documents against as many bare signatures of RSA-2048."""
        took = self.documents()
        runs = {"rsa": took["rsa"], measured: took[measured]}
        return Figure(f"{measured}_vs_rsa", min(took[measured]) / min(took["rsa"]), limit, "x", runs)

    def pages(self) -> dict[str, dict[str, list[float]]]:
        """Seconds to the first page of ten years and of empty books, of every page of the last year, of traces; once."""
        if not self.opened:
            with workspace(self.scratch) as empty, workspace(self.scratch) as root:
                self._decade(root)
                first: dict[str, list[float]] = {"empty": [], "summary": []}
                for _ in range(RUNS):
                    for name, books in zip(first, (empty, root), strict=True):
                        with pages.serving(books) as served:
                            first[name].append(served.seconds)
                asked = [stream.in_order("S", 1 + nth * (self.size.decade // TRACES)) for nth in range(TRACES)]
                with pages.serving(root, "--book", "summary") as served:
                    traced = pages.traces(served, asked)
                seen = [self._views(root) for _ in range(RUNS)]
            runs = {name: [each[name] for each in seen] for name in seen[0]}
            self.opened = {"first": first, "trace": {"trace": traced}, "views": runs}
            slowest = sorted(runs.items(), key=lambda each: -min(each[1]))[:5]
            say(f"first page {first}; traces {traced}; slowest pages {slowest}")
        return self.opened

    def _views(self, root: Path) -> dict[str, float]:
        """The pages of the last year, by a server that has shown none of them."""
        year = stream.FIRST_DAY.year
        with pages.serving(root, "--book", f"fy{year}") as served:
            return pages.views(served, f"{year}-11")

    def _decade(self, root: Path) -> None:
        """A book of ten years, whose sums are made before anybody waits for a page."""
        path = root.parent / "decade.jsonl"
        count = stream.write_decade(path, self.size.decade // stream.SESSIONS)
        say(f"ten years, {count:,} events: {record(root, path).seconds:.1f} s")
        path.unlink()
        with pages.serving(root) as served:
            say(f"served for the first time, entries added up: {served.seconds:.1f} s")

    def first_page(self) -> Figure:
        """From the command to the first page: all years of a large practice against those of an empty one."""
        runs = self.pages()["first"]
        return Figure("fava_first_page_ratio", min(runs["summary"]) / min(runs["empty"]), 2.0, "x", runs)

    def slowest_page(self) -> Figure:
        """The page of the last year that takes longest when it is first asked for, of the fastest run."""
        runs = self.pages()["views"]
        return Figure("page_seconds_max", max(map(min, runs.values())), 2.0, "s", runs)

    def trace(self) -> Figure:
        """A trace of one of a million sessions, each asked for the first time."""
        runs = self.pages()["trace"]
        return Figure("trace_ms", median(runs["trace"]), 50.0, "ms", runs)

    def issue_overhead(self) -> Figure:
        """What issuing adds to the recording of the events of an invented practice, in percent; turn and turn about."""
        events = self.scratch / "practice.jsonl"
        _, printed = run(sys.executable, "-m", "revrec", "simulate", "--bundles", str(self.size.practice))
        events.write_text(printed, encoding="utf-8")
        spent: dict[bool, list[Spent]] = {False: [], True: []}
        for _ in range(RUNS):
            for issues, runs in spent.items():
                with workspace(self.scratch) as root:
                    shutil.copy(PRACTICE, root / "policy.toml")
                    if issues:
                        invoicing(root)
                    runs.append(record(root, events))
        events.unlink()
        say(f"an invented practice: issuing {wall(spent[True])} s, without {wall(spent[False])} s")
        told = {
            "issuing": wall(spent[True]),
            "none": wall(spent[False]),
            "issuing_cpu": cpu(spent[True]),
            "none_cpu": cpu(spent[False]),
        }
        return Figure("issue_overhead", (best(spent[True]) / best(spent[False]) - 1) * 100, 60.0, "%", told)


def table(figures: list[Figure]) -> str:
    """The figures for people."""
    rows = [f"{'figure':<34}{'value':>10}{'limit':>10}  unit  within"]
    rows += [
        f"{f.name:<34}{f.value:>10.2f}{f.limit:>10.2f}  {f.unit:<4}  {'yes' if f.value <= f.limit else 'NO'}" for f in figures
    ]
    return "\n".join(rows)


def main() -> int:
    """Measure, print, write; 1 when a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the size")
    parser.add_argument("--only", action="append", metavar="NAME", help="this figure alone")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="revrec-bench-") as scratch:
        bench = Bench(QUICK if chosen.quick else Size(), Path(scratch))
        ways: dict[str, Callable[[], Figure]] = {
            "record_100k_vs_insert": bench.against_insert,
            "record_growth_1m_vs_100k": lambda: bench.growth("in_order"),
            "record_growth_1m_vs_100k_uuid": lambda: bench.growth("uuids"),
            "record_1m_peak_mb": bench.memory,
            "append_day_1m_vs_10k": bench.append_day,
            "verifactu_vs_rsa": lambda: bench.against_rsa("verifactu", 1.5),
            "facturae_signed_vs_rsa": lambda: bench.against_rsa("facturae_signed", 5.0),
            "facturae_vs_rsa": lambda: bench.against_rsa("facturae", 14.0),
            "issue_overhead": bench.issue_overhead,
            "fava_first_page_ratio": bench.first_page,
            "page_seconds_max": bench.slowest_page,
            "trace_ms": bench.trace,
        }
        figures = [way() for name, way in ways.items() if not chosen.only or name in chosen.only]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n", encoding="utf-8")
    print(table(figures))
    return int(any(figure.value > figure.limit for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
