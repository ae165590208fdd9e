"""What the harness's own tests share: what they need from outside, and how large their counts are.

A test that needs what a machine may lack asks for it here, and is skipped with a reason that tells what to do:

- `shared`: the folder of reference files beside the repository (`../shared`).
- `node_client(name)`: the folder of an npm package under `harness/tests/clients/node_modules`, with Node on the PATH.
- `pytest.skip("needs client: …")` and `pytest.skip("needs shared: …")` do the same by hand.

A skip hides whatever it skips. Where everything is there (CI), `HARNESS_REQUIRE_CLIENTS=1` and
`HARNESS_REQUIRE_SHARED=1` make such skips failures, also those of a whole module.

- `count(sample, soak)`: how often to try; the sample in `make test` (0 skips), the large number under `make soak`,
  which runs every test that asks for `count` and writes what it reached into `results/`, dated.

The environment is read here, and not through `harness.config`: these are switches of the tests, not of the product.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = Path(__file__).parent / "clients"
REQUIRED = {
    "needs client:": "HARNESS_REQUIRE_CLIENTS",
    "needs shared:": "HARNESS_REQUIRE_SHARED",
    "needs browser:": "HARNESS_REQUIRE_BROWSER",
}
OTHER_PLUGINS = (
    "asyncio", "django", "pytest_cov", "randomly", "repeat", "requests_mock", "rerunfailures", "respx", "socket",
    "time_machine", "timeout",
)  # fmt: skip
"""Plugins that users have. A pytest that a test starts has none of them unless the test asks for it."""

WITHOUT_THEM = " ".join(f"-p no:{name}" for name in OTHER_PLUGINS)
os.environ["PYTEST_ADDOPTS"] = WITHOUT_THEM

COUNTS = pytest.StashKey[list[int]]()


# Where CI is set the product itself is stricter; tests of that say so, and the others are the same everywhere.
os.environ.pop("CI", None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background jobs deaf to SIGINT, and every process of a test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own fixture, whose sessions have none of the plugins that users have either."""
    monkeypatch.setenv("PYTEST_ADDOPTS", WITHOUT_THEM)
    return pytester


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference files beside the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs shared: no reference files in {folder}")
    return folder


@pytest.fixture(scope="session")
def node_client() -> Callable[[str], Path]:
    """Tells the folder of an installed npm package."""

    def find(name: str) -> Path:
        if shutil.which("node") is None:
            pytest.skip("needs client: node is not on the PATH; install Node 20 or newer")
        package = CLIENTS / "node_modules" / name
        if not (package / "package.json").is_file():
            pytest.skip(f"needs client: {name} is not installed; run: npm ci --prefix harness/tests/clients")
        return package

    return find


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """Picks the number of tries: the sample in `make test`, the large one under `make soak`."""

    def pick(sample: int, soak: int) -> int:
        number = soak if os.environ.get("HARNESS_SOAK") == "1" else sample
        if not number:
            pytest.skip(f"only under make soak ({soak} times)")
        request.node.stash.setdefault(COUNTS, []).append(number)
        return number

    return pick


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever picks a number of tries belongs to the soak, marked or not."""
    for item in items:
        if isinstance(item, pytest.Function) and "count" in item.fixturenames:
            item.add_marker("soak")


def unexcused(reason: str) -> str | None:
    """The switch that forbids a skip with this reason here, or `None` where it is allowed."""
    return next((name for start, name in REQUIRED.items() if start in reason and os.environ.get(name) == "1"), None)


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    switch = unexcused(reason)
    if switch is not None:
        report.outcome = "failed"
        report.longrepr = f"{switch}=1 forbids this skip: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip that a switch forbids becomes a failure; counts are noted for the soak's result."""
    report = yield
    _forbid_skip(report)
    if report.when == "call" and COUNTS in item.stash:
        report.user_properties.append(("counts", item.stash[COUNTS]))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips as a whole."""
    report = yield
    _forbid_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Under `make soak`, write what was reached into a dated file."""
    if os.environ.get("HARNESS_SOAK") != "1" or hasattr(terminalreporter.config, "workerinput"):
        return  # of several workers the one who hands out the work knows all
    rows = [
        {
            "test": report.nodeid,
            "outcome": report.outcome,
            "seconds": round(report.duration, 2),
            "counts": dict(report.user_properties).get("counts", []),
        }
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    if rows:
        path = write_soak_result(ROOT / "results", rows)
        terminalreporter.write_line(f"soak result: {path.relative_to(ROOT)}")


def write_soak_result(folder: Path, rows: list[dict[str, object]]) -> Path:
    """One file per soak run, named by its time."""
    now = datetime.fromtimestamp(time.time(), UTC)
    result = {
        "finished_at": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "tests": rows,
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"soak-{now:%Y-%m-%dT%H%M%S}Z.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path
