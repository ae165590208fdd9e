"""Replay under pytest, here and by others: `python bench/pytest_peers.py` (`python bench/peers.py` gets the others).

Two suites, each with a cassette for each test: four tests, for what a contender adds to an empty pytest run, and 500
tests of eight interactions, for what it adds to each test. The contenders take turns; whole processes, from start to
exit, in the environment of the peers. Every contender matches the bodies, and does not if it can help it do more.
Ratios are of processor time, as in `cassette_peers`. The project's own scenarios, with everything that the plugin does
for them and some sixty interactions each, are a row of the first table and of no ratio.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import cassette_contenders
import peers
from promises import Promise, ratio, tell

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
from cassette_contenders import by_harness

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
from cassette_contenders import by_dictionary

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
    cassette_contenders.write(folder, INTERACTIONS)
    (folder / "conftest.py").write_text("")
    for case in range(tests):
        own = folder / "cassettes" / str(case)
        own.mkdir(parents=True)
        for suffix in ("json", "pairs.json", "yaml", "betamax.json"):
            (own / f"{INTERACTIONS}.{suffix}").write_bytes((folder / f"{INTERACTIONS}.{suffix}").read_bytes())
    for one in CONTENDERS:
        imports = one.imports.replace("INTERACTIONS", str(INTERACTIONS)).replace("BENCH", str(Path(__file__).parent))
        content = TESTS.format(
            imports=imports,
            url=cassette_contenders.URL,
            headers=cassette_contenders.HEADERS,
            tests=tests,
            mark=one.mark,
            interactions=INTERACTIONS,
        )
        (folder / f"test_{one.name.replace('-', '_')}.py").write_text(content)


OWN = "harness, scenarios"
OWN_SCENARIOS = ("scenarios/visitor_to_lead.py", "scenarios/visitor_to_user_create.py")
FEW, MANY = 4, 500
OF_MANY = ("nothing", "harness", "dictionary", "pytest-recording")


@dataclass(frozen=True)
class Times:
    """Seconds of one whole process: by the clock, and of the processor."""

    clock: float
    processor: float


def run(folder: Path, *options: str) -> tuple[Times, str]:
    """One whole pytest run, and what it printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [str(peers.PYTHON), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Times(clock, processor), done.stdout + done.stderr


def once(folder: Path, contender: Contender, tests: int) -> Times:
    """A contender's run; only what it names is loaded: a plugin that a rival brings along is not its cost."""
    times, told = run(folder, *contender.options, f"test_{contender.name.replace('-', '_')}.py")
    if f"{tests} passed" not in told and contender.name != "nothing":
        sys.exit(f"error: {contender.name} did not pass\n{told[-3000:]}")
    return times


def own() -> Times:
    """Four of the project's scenarios."""
    times, told = run(peers.ROOT, "-p", "harness.pytest_plugin.plugin", *OWN_SCENARIOS)
    if f"{FEW} passed" not in told:
        sys.exit(f"error: the scenarios did not pass\n{told[-3000:]}")
    return times


def measure(tests: int, rounds: int, names: Container[str], *, with_own: bool = False) -> dict[str, float]:
    """Medians of each contender's processor time, printed as a table as well; the first round does not count."""
    contenders = [one for one in CONTENDERS if one.name in names]
    found: dict[str, list[Times]] = {name: [] for name in [one.name for one in contenders] + [OWN] * with_own}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, tests)
        for number in range(rounds + 1):
            print(f"  {tests} tests, round {number} of {rounds} …", file=sys.stderr, flush=True)
            for one in contenders:
                found[one.name].append(once(folder, one, tests))
            if with_own:
                found[OWN].append(own())
    clock = {name: statistics.median(one.clock for one in times[1:]) for name, times in found.items()}
    processor = {name: statistics.median(one.processor for one in times[1:]) for name, times in found.items()}
    print(f"{tests} tests of {INTERACTIONS} interactions, medians of {rounds}")
    print(f"  {'':<20}{'seconds':>9}{'processor':>11}{'above an empty run':>20}")
    for name, median in processor.items():
        print(f"  {name:<20}{clock[name]:>9.3f}{median:>11.3f}{median - processor['nothing']:>+20.3f}", flush=True)
    return processor


def promises(few: dict[str, float], many: dict[str, float]) -> list[Promise]:
    """What is promised of replay under pytest."""
    added = {name: seconds - few["nothing"] for name, seconds in few.items()}
    return [
        Promise("four tests: what we add over what cassetter adds", ratio(added["harness"], added["cassetter"]), 1),
        Promise("four tests: what we add over what betamax adds", ratio(added["harness"], added["betamax"])),
        Promise("four tests: what we add over what vcrpy adds", ratio(added["harness"], added["vcrpy"])),
        Promise("many tests: our time over pytest-recording's", ratio(many["harness"], many["pytest-recording"]), 0.5),
        Promise("many tests: our time over the dictionary's", ratio(many["harness"], many["dictionary"]), 1.5),
    ]


def main() -> int:
    """Both suites; 1 if a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not peers.python_peer("vcr"):
        sys.exit("error: the peers are not installed; remedy: python bench/peers.py")
    print(peers.machine())
    few = measure(FEW, options.rounds, [one.name for one in CONTENDERS], with_own=True)
    many = measure(options.tests, max(options.rounds // 2, 1), OF_MANY)
    return tell(promises(few, many))


if __name__ == "__main__":
    sys.exit(main())
