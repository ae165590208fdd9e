"""Strict replay: order per side and step, each interaction once, and a reason for whatever does not fit."""

from __future__ import annotations

import threading
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cassette import Cassette, Interaction, ReplayFailed, Varying, VaryingFields, varying_from
from harness.cassette.replay.player import MISSED, Player
from harness.core.errors import Problem
from harness.core.http import BrokenResponse, Caller, Outcome, Request, Response, Step
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.recordings import (
    Stage,
    answer,
    ask,
    call,
    header,
    lead_merged,
    play,
    player,
    read,
    visitor_to_lead,
)

UUID_1, UUID_2 = "8a88a590-e1c3-41e2-a502-e0649dbf721c", "9b88a590-e1c3-41e2-a502-e0649dbf721d"


def cassette(*interactions: Interaction, **changes: Any) -> Cassette:
    """A cassette of these."""
    return Cassette(header(**changes), interactions)


def test_the_same_run_is_answered_as_it_was_recorded() -> None:
    """Every answer comes back, nothing is left over, nothing is wrong."""
    found, stage = player(cassette(*visitor_to_lead()))
    outcomes = play(found, stage, visitor_to_lead())
    assert [outcome.response for outcome in outcomes] == [i.outcome.response for i in visitor_to_lead()]
    assert found.leftover() == []
    assert found.problem() is None


def test_what_does_not_matter_is_not_matched() -> None:
    """Order of keys and of query parameters, other headers, the region's host and the token may differ."""
    recorded = ask("POST", "/contacts?b=2&a=", {"x": 1, "y": {"b": 1, "a": 2}})
    found, _ = player(cassette(Interaction(recorded, answer(200, {}))))
    live = Request(
        "POST",
        "/contacts?a=&b=2",
        {"intercom-version": "2.16", "user-agent": "other", "authorization": "Bearer sandbox-x"},
        b'{"y": {"a": 2, "b": 1}, "x": 1}',
        host="api.eu.intercom.io",
    )
    assert found.handle(live).refused is None


BASE = ask("POST", "/contacts?a=1", {"name": "x"})
OTHERS = {
    "method": ask("PUT", "/contacts?a=1", {"name": "x"}),
    "path": ask("POST", "/contacts/merge?a=1", {"name": "x"}),
    "query": ask("POST", "/contacts?a=", {"name": "x"}),
    "body": ask("POST", "/contacts?a=1", {"name": "y"}),
    "version": ask("POST", "/contacts?a=1", {"name": "x"}, intercom_version="2.15"),
    "host": Request("POST", "/contacts?a=1", {"intercom-version": "2.16"}, b'{"name":"x"}', host="api-iam.intercom.io"),
}


@pytest.mark.parametrize("cause", OTHERS)
def test_each_part_that_differs_is_a_cause_of_its_own(cause: str) -> None:
    """The cause is data on the mismatch, beside the nearest recorded request."""
    found, _ = player(cassette(Interaction(BASE, answer(200, {}))))
    outcome = found.handle(OTHERS[cause])
    assert outcome.refused
    assert outcome.response is not None
    assert outcome.response.status == MISSED
    (miss,) = found.misses
    assert miss.cause == cause
    assert miss.candidates[0].request == BASE
    assert miss.candidates[0].differs_in == (cause,)


def test_a_second_time_is_already_played() -> None:
    """One recording answers one request."""
    found, _ = player(cassette(Interaction(BASE, answer(200, {}))))
    assert found.handle(BASE).refused is None
    found.handle(BASE)
    assert [miss.cause for miss in found.misses] == ["already played"]


def test_asking_out_of_order_is_told_with_what_comes_first() -> None:
    """Create, read, change, read: the order is part of what was recorded."""
    first, second = ask("GET", "/contacts/1"), ask("GET", "/contacts/2")
    found, _ = player(cassette(Interaction(first, answer(200, {})), Interaction(second, answer(200, {}))))
    found.handle(second)
    (miss,) = found.misses
    assert (miss.cause, miss.waiting) == ("order", 1)
    assert miss.candidates[0].request == first
    assert found.handle(first).refused is None, "a miss uses nothing up"


def test_steps_are_barriers_and_sides_are_lanes() -> None:
    """The same request in another step, or by the other side, is another request."""
    asked = ask("GET", "/contacts/1")
    found, stage = player(cassette(Interaction(asked, answer(200, {}), "given", "pipeline")))
    stage.step = "when"
    found.handle(asked)
    stage.step = "given"
    found.handle(ask("GET", "/contacts/1", caller="harness"))
    assert [miss.cause for miss in found.misses] == ["step", "caller"]


def test_the_two_sides_do_not_disturb_each_others_order() -> None:
    """How the harness's reads fall between the pipeline's calls does not matter."""
    merged = lead_merged()
    found, stage = player(cassette(*merged))
    reads = [i for i in merged if i.caller == "harness" and i.step == "given"]
    calls = [i for i in merged if i.caller == "pipeline"]
    rest = [i for i in merged if i.step == "then"]
    play(found, stage, [*calls, *reads, *rest])
    assert found.problem() is None


def test_nothing_is_asked_beyond_the_last() -> None:
    """After the end there is nothing to play."""
    found, _ = player(cassette(Interaction(BASE, answer(200, {}))))
    found.handle(BASE)
    found.handle(ask("POST", "/contacts/merge", {}))
    assert found.misses[0].cause == "nothing recorded"


def test_older_redaction_rules_are_the_likely_cause() -> None:
    """A cassette cleaned by other rules says so, instead of blaming the body."""
    found, _ = player(cassette(Interaction(BASE, answer(200, {})), redaction=999))
    found.handle(OTHERS["body"])
    assert found.misses[0].cause == "rules changed"


def test_a_replay_gone_wrong_does_not_explain_for_ever() -> None:
    """A thousand misses in a long cassette are all kept, and cost no more than the first few."""
    found, _ = player(cassette(*[call("POST", f"/contacts/{n}", {"n": n}, 200, {}) for n in range(500)]))
    for number in range(1000):
        found.handle(ask("POST", f"/other/{number}", {}))
    assert len(found.misses) == 1000
    assert found.misses[0].cause == "path"
    assert found.misses[-1].cause == "unexplained"


def test_what_was_never_asked_for_fails_at_the_end() -> None:
    """Silence is failure: a leftover interaction is an error with its own text."""
    found, stage = player(cassette(*visitor_to_lead()), path=Path("cassettes/visitor_to_lead/a_visitor-user_id.json"))
    play(found, stage, visitor_to_lead()[:2])
    problem = found.problem()
    assert isinstance(problem, ReplayFailed)
    assert [i.request.path for i in problem.leftover] == [i.request.path for i in visitor_to_lead()[2:]]
    assert "never asked: GET /visitors?user_id=" in str(problem)
    assert "harness run 'scenarios/visitor_to_lead.py::test_a_visitor[user_id]' --record" in problem.remedy


def test_a_swallowed_miss_is_still_a_failure() -> None:
    """Code that catches every error cannot hide what it asked."""
    found, _ = player(cassette(Interaction(BASE, answer(200, {}))))
    found.handle(OTHERS["body"])
    found.handle(BASE)
    problem = found.problem()
    assert problem is not None
    assert problem.mismatches[0].cause == "body"
    assert '$.name: recorded "x", now "y"' in str(problem)


def test_a_difference_by_nature_comes_with_the_line_that_declares_it() -> None:
    """Times and uuids are recognized, and the declaration is ready to paste."""
    recorded = ask("POST", "/contacts", {"user": {"signed_up_at": 1_767_225_600}, "key": UUID_1})
    live = ask("POST", "/contacts", {"user": {"signed_up_at": 1_767_229_999}, "key": UUID_2})
    found, _ = player(cassette(Interaction(recorded, answer(200, {}))))
    found.handle(live)
    first, second = found.misses[0].proposals
    assert 'path = "$.user.signed_up_at"\ntype = "time"' in first
    assert 'path = "$.key"\ntype = "uuid"' in second


def test_declared_fields_may_vary_within_their_type() -> None:
    """The type is checked, the value is not, and a declaration that never helped is known."""
    recorded = ask("POST", "/contacts", {"items": [{"at": 1_767_225_600}, {"at": 1_767_225_601}]})
    varying = VaryingFields([Varying("$.items[*].at", "time", "now"), Varying("$.gone", "uuid", "key")])
    found, _ = player(cassette(Interaction(recorded, answer(200, {}))), varying=varying)
    text = ask("POST", "/contacts", {"items": [{"at": "yes"}, {"at": 1_767_229_999}]})
    assert found.handle(text).refused, "a text is no time"
    assert found.handle(ask("POST", "/contacts", {"items": [{"at": 1.7e9}, {"at": "2026-01-01"}]})).refused is None
    assert [entry.path for entry in varying.unused] == ["$.gone"]


@pytest.mark.parametrize(
    "row",
    [
        {"path": "$.a", "type": "date", "reason": "now"},
        {"path": "$.a", "type": "time", "reason": " "},
        {"path": "a.b", "type": "time", "reason": "now"},
        {"path": "$", "type": "time", "reason": "now"},
        {"path": "$.a..b", "type": "time", "reason": "now"},
    ],
)
def test_a_wrong_declaration_is_refused(row: dict[str, str]) -> None:
    """Type, path and reason are checked when they are read."""
    with pytest.raises(Problem, match="declared wrongly"):
        varying_from([row])


def test_a_parallel_block_is_matched_by_key() -> None:
    """Within a block the order does not matter; each is still played once, and the block is still a barrier."""
    one, two = ask("POST", "/contacts", {"n": 1}), ask("POST", "/contacts", {"n": 2})
    members = [Interaction(r, answer(200, {"r": i}), block="parallel 1") for i, r in enumerate((one, one, two))]
    after = Interaction(ask("GET", "/me"), answer(200, {}))
    found, _ = player(cassette(*members, after))
    found.handle(two)
    assert found.handle(after.request).refused, "the block is not over"
    assert found.handle(two).refused
    assert [found.handle(one).response.json()["r"] for _ in "ab"] == [0, 1]  # type: ignore[union-attr]
    assert found.handle(after.request).refused is None
    assert [miss.cause for miss in found.misses] == ["order", "already played"]


def test_a_poll_repeats_its_last_answer() -> None:
    """Asked more often than recorded, a declared poll says again what it said last."""
    asked = ask("GET", "/contacts/1")
    members = [Interaction(asked, answer(status, {}), block="poll 1") for status in (404, 200)]
    after = Interaction(ask("GET", "/me"), answer(200, {}))
    found, _ = player(cassette(*members, after))
    statuses = [found.handle(asked).response.status for _ in range(4)]  # type: ignore[union-attr]
    assert statuses == [404, 200, 200, 200]
    found.handle(after.request)
    assert found.problem() is None
    assert found.handle(asked).refused, "the poll is over"


def test_threads_get_each_answer_once() -> None:
    """Twelve threads in a parallel block: all answered, none twice, none lost."""
    requests = [ask("POST", "/contacts", {"n": n}) for n in range(240)]
    block = [Interaction(r, answer(200, {"n": n}), block="parallel 1") for n, r in enumerate(requests)]
    found, _ = player(cassette(*block))
    answered: list[int] = []

    def work(start: int) -> None:
        outcomes = [found.handle(request) for request in requests[start::12]]
        answered.extend(outcome.response.json()["n"] for outcome in outcomes if outcome.response)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answered) == list(range(240))
    assert found.problem() is None


def test_a_delay_is_told_and_not_slept_unless_asked_for() -> None:
    """A replay waits for nothing; a client with less patience than the delay gives up all the same."""
    slow = Interaction(BASE, Outcome(BrokenResponse("reset_after", Response(200)), delay=30.0))
    told = player(cassette(slow))[0].handle(BASE)
    assert (told.delay, told.waits) == (30.0, False)
    kept = Player(cassette(slow), Stage(), keep_delays=True)
    assert kept.handle(BASE) == slow.outcome


def test_links_lead_back_through_the_door_that_was_used() -> None:
    """A page's next link names Intercom in the file, and the caller's own door in the answer."""
    body = {"pages": {"next": "https://api.intercom.io/contacts?page=2"}}
    found, _ = player(cassette(read("when", "/contacts", 200, body)))
    live = Request("GET", "/contacts", {"intercom-version": "2.16"}, caller="harness", origin="http://127.0.0.1:81")
    response = found.handle(live).response
    assert response is not None
    assert response.json()["pages"]["next"] == "http://127.0.0.1:81/contacts?page=2"


def test_each_request_costs_the_same_however_long_the_cassette() -> None:
    """What is expected next is known: no request looks at more than one recorded key."""
    interactions = [call("POST", "/contacts", {"n": n}, 200, {}) for n in range(400)]
    found, _ = player(cassette(*interactions))
    keys = 0
    original = found._key

    def counting(request: Request) -> Any:
        nonlocal keys
        keys += 1
        return original(request)

    for expected in found._expected.values():
        expected._key = counting
    for interaction in interactions:
        assert found.handle(interaction.request).refused is None
    assert keys == 400


STEPS: tuple[Step, ...] = ("given", "when", "then")


@UNHURRIED
@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from(["harness", "pipeline"]), st.integers(0, 3)), max_size=25
    ),
    st.randoms(use_true_random=False),
)
def test_any_interleaving_of_the_two_sides_replays(recording: list[tuple[Step, Caller, int]], chance: Random) -> None:
    """Whatever was recorded plays, however the lanes fall between each other, each answer in its turn."""
    interactions = [
        Interaction(ask("GET", f"/contacts/{n}", caller=caller), answer(200, {"turn": turn}), step, caller)
        for turn, (step, caller, n) in enumerate(recording)
    ]
    lanes = {
        (step, caller): [i for i in interactions if (i.step, i.caller) == (step, caller)]
        for step in STEPS
        for caller in ("harness", "pipeline")
    }
    found, stage = player(cassette(*interactions))
    for step in STEPS:
        waiting = [lanes[step, "harness"], lanes[step, "pipeline"]]
        while any(waiting):
            (outcome,) = play(found, stage, [turn := chance.choice([caller for caller in waiting if caller])[0]])
            assert outcome == turn.outcome
            next(caller for caller in waiting if caller and caller[0] is turn).pop(0)
    assert found.problem() is None


@UNHURRIED
@given(st.permutations(range(5)))
def test_any_other_order_in_a_lane_is_a_problem(order: list[int]) -> None:
    """Only the recorded order passes."""
    interactions = [Interaction(ask("GET", f"/contacts/{n}"), answer(200, {})) for n in range(5)]
    found, stage = player(cassette(*interactions))
    play(found, stage, [interactions[place] for place in order])
    assert (found.problem() is None) == (order == sorted(order))
