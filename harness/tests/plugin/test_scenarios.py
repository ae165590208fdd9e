"""The pytest plugin with a real pytest: what is collected, how a scenario ends, what is recorded and replayed."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.zoo import losses, sound_requests, styles

CONVERTS = '''
import pytest

@pytest.mark.parametrize("known_by", ["user_id", "id"])
def test_converts(people, pipeline, verify, known_by):
    """A visitor becomes a lead."""
    visitor = people.visitor(known_by=known_by)
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
'''
ONE = '''
def test_one(people, pipeline, verify):
    """One visitor."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
'''
SHOP = f"""
from {sound_requests.__name__} import Sound

class Shop(Sound):
    def visitor_to_lead(self, visitor):
        return super().visitor_to_lead(visitor)
"""


@pytest.fixture(autouse=True)
def _project(project: Path) -> None:
    """All of these tests are about one."""


def _write(name: str, text: str) -> None:
    Path(name).write_text(text)


def _cassettes() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path("cassettes").rglob("*")) if path.is_file()}


def _told(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


# --- what is collected ----------------------------------------------------------------------------


def test_scenarios_are_collected_by_their_folder(pytester: pytest.Pytester) -> None:
    """Whatever a module is called, at any depth; helpers and other folders are left alone."""
    for folder, name in (("scenarios", "leads"), ("shop/tests/scenarios", "users")):
        Path(folder).mkdir(parents=True, exist_ok=True)
        _write(f"{folder}/{name}.py", "def test_here(): pass\n")
        _write(f"{folder}/_helper.py", "raise RuntimeError('helpers are no scenarios')\n")
        _write(f"{folder}/notes.txt", "no Python\n")
    _write("shop/leads.py", "raise RuntimeError('no scenario')\n")
    result = pytester.runpytest("--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == [
        "scenarios/leads.py::test_here",
        "shop/tests/scenarios/users.py::test_here",
    ]


def test_a_case_is_named_by_its_parameters(pytester: pytest.Pytester) -> None:
    """And by the version, where several are asked for."""
    _write("scenarios/flow.py", CONVERTS)
    one = pytester.runpytest("--collect-only", "-q").outlines[:2]
    assert one == ["scenarios/flow.py::test_converts[user_id]", "scenarios/flow.py::test_converts[id]"]
    two = pytester.runpytest("--collect-only", "-q", "--intercom-version", "2.16", "--intercom-version", "1.0")
    assert {line.partition("::")[2] for line in two.outlines[:4]} == {
        f"test_converts[{version}-{known_by}]" for known_by in ("user_id", "id") for version in ("2.16", "1.0")
    }


# --- how a scenario ends --------------------------------------------------------------------------


def test_scenarios_run_against_the_sandbox(pytester: pytest.Pytester) -> None:
    """In every version that is asked for."""
    _write("scenarios/flow.py", CONVERTS)
    versions = ("--intercom-version", "2.16", "--intercom-version", "1.0")
    pytester.runpytest("--against", "sandbox", *versions).assert_outcomes(passed=4)


def test_a_scenario_that_claims_nothing_fails(pytester: pytest.Pytester) -> None:
    """Silence is failure."""
    _write("scenarios/flow.py", "def test_x(people, pipeline):\n    pipeline.visitor_to_lead(people.visitor())\n")
    result = pytester.runpytest("--against", "sandbox")
    result.assert_outcomes(failed=1)
    assert "a scenario that claims nothing proves nothing" in _told(result)


def test_what_was_not_proved_is_told_without_a_trace(pytester: pytest.Pytester) -> None:
    """Claim, expectation, finding, witnesses and reason, and nothing of how the harness came to it."""
    _write("scenarios/flow.py", ONE)
    result = pytester.runpytest("--against", "sandbox", "--pipeline", f"{losses.__name__}:DropsTheCampaign")
    result.assert_outcomes(failed=1)
    told = _told(result)
    assert "1 of " in told
    assert "refuted: custom_attributes.campaign" in told
    assert "witness: after: GET /contacts/" in told
    assert "verify.py" not in told
    assert "raise NotProved" not in told


def test_a_mistake_in_the_scenario_keeps_its_trace(pytester: pytest.Pytester) -> None:
    """Its author needs the line."""
    _write("scenarios/flow.py", "def test_x(people, pipeline, verify):\n    people.leed()\n")
    result = pytester.runpytest("--against", "sandbox")
    result.assert_outcomes(failed=1)
    assert "flow.py:2: AttributeError" in _told(result)


def test_a_permission_that_nothing_needed_fails(pytester: pytest.Pytester) -> None:
    """The scenario's own; what a pipeline's settings permit stands for all scenarios."""
    _write("scenarios/flow.py", ONE.replace("became_lead(visitor)", "became_lead(visitor, may_write=['phone'])"))
    result = pytester.runpytest("--against", "sandbox")
    result.assert_outcomes(failed=1)
    assert "every permission to write was needed" in _told(result)
    _write("scenarios/flow.py", ONE)
    settings = pytester.runpytest("--against", "sandbox", "--pipeline", f"{styles.__name__}:SignsUpNow")
    settings.assert_outcomes(passed=1)


def test_what_a_pipeline_lacks_is_skipped(pytester: pytest.Pytester) -> None:
    """With the reason."""
    _write("scenarios/flow.py", ONE)
    _write("shop.py", f"{SHOP}    without = ('visitor_to_lead',)\n")
    result = pytester.runpytest("--against", "sandbox", "--pipeline", "shop:Shop", "-rs")
    result.assert_outcomes(skipped=1)
    assert "the pipeline 'Shop' has no visitor_to_lead" in _told(result)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--against", "production"), "--against production: there is no such backend"),
        (("--against", "sandbox", "--pipeline", "shop_nowhere:x"), "'shop_nowhere' does not import"),
        (("--record", "--against", "cassette"), "--record with --against cassette"),
    ],
)
def test_what_cannot_be_run_is_an_error_without_a_trace(
    pytester: pytest.Pytester, options: tuple[str, ...], what: str
) -> None:
    """What was asked, and the remedy."""
    _write("scenarios/flow.py", ONE)
    result = pytester.runpytest(*options)
    assert result.ret != 0
    told = _told(result) + "\n".join(result.errlines)
    assert what in told
    assert "remedy:" in told
    assert "Traceback" not in told
    assert "pytest_plugin.py" not in told


# --- recording and replay -------------------------------------------------------------------------


def test_plain_pytest_replays_and_says_how_to_record(pytester: pytest.Pytester) -> None:
    """No cassette is an error that names the command."""
    _write("scenarios/flow.py", ONE)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    told = _told(result)
    assert "There is no cassette for this case" in told
    assert "--record" in told
    assert "Traceback" not in told


def test_a_recording_replays_and_is_the_same_when_it_is_made_again(pytester: pytest.Pytester) -> None:
    """To the byte, whatever the order, also by another process."""
    _write("scenarios/flow.py", CONVERTS)
    pytester.runpytest("--against", "sandbox", "--record").assert_outcomes(passed=2)
    first = _cassettes()
    assert list(first) == ["cassettes/flow/converts-id.json", "cassettes/flow/converts-user_id.json"]
    pytester.runpytest().assert_outcomes(passed=2)
    pytester.runpytest("-k", "user_id").assert_outcomes(passed=1, deselected=1)
    assert _cassettes() == first
    pytester.runpytest_subprocess("--against", "sandbox", "--record").assert_outcomes(passed=2)
    assert _cassettes() == first


def test_each_version_has_a_cassette_of_its_own(pytester: pytest.Pytester) -> None:
    """Named by the version, beside the one that needs no naming; each is played where it is asked for."""
    _write("scenarios/flow.py", ONE)
    versions = ("--intercom-version", "2.15", "--intercom-version", "1.0")
    pytester.runpytest("--against", "sandbox", "--record").assert_outcomes(passed=1)
    pytester.runpytest("--against", "sandbox", "--record", *versions).assert_outcomes(passed=2)
    assert list(_cassettes()) == [f"cassettes/flow/one{suffix}.json" for suffix in ("", "@1.0", "@2.15")]
    pytester.runpytest(*versions).assert_outcomes(passed=2)
    pytester.runpytest("--intercom-version", "1.0").assert_outcomes(passed=1)
    pytester.runpytest("--intercom-version", "1.4").assert_outcomes(errors=1)


def test_a_scenario_that_failed_is_not_recorded(pytester: pytest.Pytester) -> None:
    """Half a cassette is none."""
    _write("scenarios/flow.py", ONE)
    wrong = ("--pipeline", f"{losses.__name__}:DropsTheCampaign")
    pytester.runpytest("--against", "sandbox", "--record", *wrong).assert_outcomes(failed=1)
    assert _cassettes() == {}


def _record_shop(pytester: pytest.Pytester, text: str = SHOP) -> None:
    _write("scenarios/flow.py", ONE)
    _write("shop.py", text)
    result = pytester.runpytest("--against", "sandbox", "--record", "--pipeline", "shop:Shop")
    result.assert_outcomes(passed=1)
    assert list(_cassettes()) == ["cassettes/@Shop/flow/one.json"]


def _replay_shop(pytester: pytest.Pytester, body: str) -> str:
    """The report of a replay that failed, with this code before the shop's own conversion."""
    _write("shop.py", SHOP.replace("        return super()", f"        {body}\n        return super()"))
    result = pytester.runpytest("--pipeline", "shop:Shop")
    result.assert_outcomes(failed=1)
    return _told(result)


def test_a_pipeline_of_ones_own_replays(pytester: pytest.Pytester) -> None:
    """Through its own HTTP client and the loopback server."""
    _record_shop(pytester)
    pytester.runpytest("--pipeline", "shop:Shop").assert_outcomes(passed=1)


def test_a_changed_pipeline_is_explained(pytester: pytest.Pytester) -> None:
    """What it asks now, what was recorded there, and the command that records it anew."""
    _record_shop(pytester)
    told = _replay_shop(pytester, "self.version = '2.15'")
    assert "POST /visitors/convert" in told
    assert "2.15" in told
    assert "2.16" in told
    assert "--record" in told


def test_a_request_that_was_not_recorded_fails_also_where_the_pipeline_swallowed_it(pytester: pytest.Pytester) -> None:
    """The replay knows, whatever the pipeline makes of the refusal."""
    _record_shop(pytester)
    body = "exec('try: self.ask(\"GET\", \"/me\")\\nexcept Exception: pass', {'self': self})"
    told = _replay_shop(pytester, body)
    assert "GET /me" in told


def test_what_was_recorded_and_is_not_asked_any_more_fails(pytester: pytest.Pytester) -> None:
    """An interaction left over, named."""
    _record_shop(
        pytester, SHOP.replace("        return super()", "        self.ask('GET', '/me')\n        return super()")
    )
    told = _replay_shop(pytester, "pass")
    assert "GET /me" in told


def test_other_people_than_the_recorded_ones_are_told(pytester: pytest.Pytester) -> None:
    """The scenario was changed after it was recorded."""
    _write("scenarios/flow.py", ONE)
    pytester.runpytest("--against", "sandbox", "--record").assert_outcomes(passed=1)
    _write(
        "scenarios/flow.py", ONE.replace("visitor = people.visitor()", "people.user()\n    visitor = people.visitor()")
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    assert "the scenario asks for a user where the cassette has" in _told(result)


# --- the network ----------------------------------------------------------------------------------


@pytest.fixture
def outside() -> Iterator[tuple[int, list[socket.socket]]]:
    """A listener that the harness did not open, and whoever reached it."""
    reached: list[socket.socket] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while not over.is_set():
                reached.append(listener.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1], reached
        over.set()
        socket.create_connection(listener.getsockname(), 5).close()
        thread.join(5)
    for connection in reached:
        connection.close()


def test_a_replay_reaches_no_port_that_the_harness_did_not_open(
    pytester: pytest.Pytester, outside: tuple[int, list[socket.socket]]
) -> None:
    """The call is refused, and a pipeline that swallows the refusal fails all the same."""
    port, reached = outside
    _record_shop(pytester)
    call = f"__import__('socket').create_connection(('127.0.0.1', {port}), 1)"
    swallowed = f"exec({f'try: {call}{chr(10)}except Exception: pass'!r})"
    for body in (call, swallowed):
        assert str(port) in _replay_shop(pytester, body)
    assert reached == []


def test_a_replay_looks_up_no_host(pytester: pytest.Pytester) -> None:
    """Not even by name."""
    _record_shop(pytester)
    told = _replay_shop(pytester, "__import__('socket').getaddrinfo('api.example.com', 443)")
    assert "api.example.com" in told


def test_outside_of_a_scenario_the_network_is_as_it_was(
    pytester: pytest.Pytester, outside: tuple[int, list[socket.socket]]
) -> None:
    """A project's other tests are none of the harness's business."""
    port, _ = outside
    _write("scenarios/flow.py", ONE)
    _write(
        "test_other.py",
        f"import socket\ndef test_other():\n    socket.create_connection(('127.0.0.1', {port}), 5).close()\n",
    )
    pytester.runpytest("--against", "sandbox", "--record", "scenarios").assert_outcomes(passed=1)
    pytester.runpytest("scenarios", "test_other.py").assert_outcomes(passed=2)
    assert os.environ["INTERCOM_BASE_URL"] == ""
