"""Replay under pytest, here and by others: `python bench/pytest_peers.py` (`python bench/peers.py` gets the others).

Two suites, each with a cassette for each test: four tests, for what a contender adds to an empty pytest run, and 500
tests of eight interactions, for what it adds to each test. The contenders take turns; whole processes, from start to
exit, in the environment of the peers. Every contender matches the bodies, and does not if it can help it do more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cassette_peers
import peers

INTERACTIONS = 8

TESTS = """
import pytest, requests
{imports}
URL = {url!r}
HEADERS = {headers!r}

def question(number):
    query = {{"field": "email", "operator": "=", "value": f"person.{{number}}@example.com"}}
    return {{"query": query, "number": number}}

@pytest.mark.parametrize("case", range({tests}))
{mark}
def test_it(case, session):
    for number in range({interactions}):
        got = session.post(URL, json=question(number), headers=HEADERS, timeout=5).json()
        assert got["number"] == number
"""

PLAIN_SESSION = """
@pytest.fixture
def session():
    with requests.Session() as found:
        yield found
"""


@dataclass(frozen=True)
class Contender:
    """How a test gets a session that replays its cassette."""

    name: str
    imports: str
    mark: str = ""
    options: tuple[str, ...] = ()


MATCH = '["method", "scheme", "host", "port", "path", "query", "body"]'

CONTENDERS = (
    Contender("nothing", "@pytest.fixture\ndef session():\n    pytest.skip('empty')\n"),
    Contender(
        "harness",
        """
import pathlib, sys
sys.path.insert(0, "BENCH")
from cassette_peers import by_harness

@pytest.fixture
def session(case):
    with by_harness(pathlib.Path("cassettes") / str(case), INTERACTIONS) as found:
        yield found
""",
    ),
    Contender(
        "dictionary",
        """
import pathlib, sys
sys.path.insert(0, "BENCH")
from cassette_peers import by_dictionary

@pytest.fixture
def session(case):
    with by_dictionary(pathlib.Path("cassettes") / str(case), INTERACTIONS) as found:
        yield found
""",
    ),
    Contender(
        "pytest-recording",
        f"""
{PLAIN_SESSION}
@pytest.fixture(scope="module")
def vcr_config():
    return {{"match_on": {MATCH}, "record_mode": "none"}}

@pytest.fixture
def default_cassette_name(request):
    return str(request.node.callspec.params["case"]) + "/INTERACTIONS"

@pytest.fixture(scope="module")
def vcr_cassette_dir():
    return "cassettes"
""",
        "@pytest.mark.vcr",
        ("-p", "pytest_recording.plugin"),
    ),
    Contender(
        "vcrpy",
        f"""
@pytest.fixture
def session(case):
    import vcr
    with vcr.use_cassette(f"cassettes/{{case}}/INTERACTIONS.yaml", record_mode="none", match_on={MATCH}):
        with requests.Session() as found:
            yield found
""",
    ),
    Contender(
        "cassetter",
        """
@pytest.fixture
def session(case):
    import cassetter
    match = ["method", "uri", "json_body"]
    with cassetter.use_cassette(f"cassettes/{case}/INTERACTIONS.yaml", record_mode="none", match_on=match):
        with requests.Session() as found:
            yield found
""",
    ),
    Contender(
        "betamax",
        """
@pytest.fixture
def session(case):
    from betamax import Betamax
    found, match = requests.Session(), ["method", "uri", "body"]
    with Betamax(found, cassette_library_dir=f"cassettes/{case}").use_cassette(
        "INTERACTIONS.betamax", record="none", match_requests_on=match
    ):
        yield found
""",
    ),
)


def write(folder: Path, tests: int) -> None:
    """A module for each contender, and the cassettes that they share."""
    cassette_peers.write(folder, INTERACTIONS)
    (folder / "conftest.py").write_text("")
    for case in range(tests):
        own = folder / "cassettes" / str(case)
        own.mkdir(parents=True)
        for suffix in ("json", "yaml", "betamax.json"):
            (own / f"{INTERACTIONS}.{suffix}").write_bytes((folder / f"{INTERACTIONS}.{suffix}").read_bytes())
    for one in CONTENDERS:
        imports = one.imports.replace("INTERACTIONS", str(INTERACTIONS)).replace("BENCH", str(Path(__file__).parent))
        content = TESTS.format(
            imports=imports,
            url=cassette_peers.URL,
            headers=cassette_peers.HEADERS,
            tests=tests,
            mark=one.mark,
            interactions=INTERACTIONS,
        )
        (folder / f"test_{one.name.replace('-', '_')}.py").write_text(content)


def seconds(folder: Path, contender: Contender, tests: int) -> float:
    """One whole pytest run."""
    # Only what a contender names is loaded: a plugin that a rival brings along is not its cost.
    options = ["-q", "-p", "no:cacheprovider", *contender.options, f"test_{contender.name.replace('-', '_')}.py"]
    start = time.perf_counter()
    done = subprocess.run(
        [str(peers.PYTHON), "-m", "pytest", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    took = time.perf_counter() - start
    if f"{tests} passed" not in done.stdout and contender.name != "nothing":
        sys.exit(f"error: {contender.name} did not pass\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return took


def report(tests: int, rounds: int) -> dict[str, float]:
    """Medians of each contender above the run that does nothing."""
    found: dict[str, list[float]] = {one.name: [] for one in CONTENDERS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, tests)
        for one in CONTENDERS:
            seconds(folder, one, tests)
        for _ in range(rounds):
            for one in CONTENDERS:
                found[one.name].append(seconds(folder, one, tests))
    medians = {name: statistics.median(values) for name, values in found.items()}
    print(f"{tests} tests of {INTERACTIONS} interactions, {rounds} rounds: seconds, and seconds above an empty run")
    for name, median in medians.items():
        print(f"  {name:<18}{median:>8.3f}{median - medians['nothing']:>+9.3f}", flush=True)
    return medians


def main() -> int:
    """Both suites; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not peers.python_peer("vcr"):
        sys.exit("error: the peers are not installed; remedy: python bench/peers.py")
    print(peers.machine())
    few = report(4, options.rounds)
    many = report(options.tests, max(options.rounds // 2, 1))
    promises = {
        "four tests: at most what cassetter adds": few["harness"] <= few["cassetter"],
        "many tests: at most half of pytest-recording's time": many["harness"] <= many["pytest-recording"] / 2,
        "many tests: at most 1.5 times the dictionary's time": many["harness"] <= many["dictionary"] * 1.5,
    }
    print(json.dumps({what: "kept" if kept else "BROKEN" for what, kept in promises.items()}, indent=2))
    return 0 if all(promises.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
