"""A pipeline behaves in a scenario as it does at home, and a session's other tests see what they always saw."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from harness.tests.support.shop_project import CONVERTS, SCENARIO, shop_project

LIVE = ("--against", "sandbox", "--pipeline", "shop:Pipeline")


def test_the_environment_is_lent_and_given_back(tmp_path: Path) -> None:
    """Beside scenarios, in the middle of the session, other tests see their own variables and clients."""
    unit = """
        import os
        import requests
        import responses

        def test_variables():
            assert "INTERCOM_ACCESS_TOKEN" not in os.environ
            assert os.environ["SHOP_INTERCOM_TOKEN"] == "our-own"
            assert os.environ["HTTP_PROXY"] == "http://127.0.0.1:9"
            assert "NO_PROXY" not in os.environ

        @responses.activate
        def test_a_mock_of_intercom():
            responses.get("https://api.intercom.io/me", json={"mocked": True})
            assert requests.get("https://api.intercom.io/me").json() == {"mocked": True}
    """
    seen = SCENARIO.replace(
        "pipeline.visitor_to_lead(visitor)", "assert pipeline.visitor_to_lead(visitor).stdout == 'True True True'"
    )
    checks = """found = os.environ
            print(
                found['SHOP_INTERCOM_TOKEN'] == found['INTERCOM_ACCESS_TOKEN'],
                found['SHOP_SECRET'] == found['INTERCOM_CLIENT_SECRET'],
                found['INTERCOM_BASE_URL'].endswith(':' + found['PORT']),
                end='',
            )
            return convert(visitor)"""
    prints = CONVERTS.replace("return convert(visitor)", checks)
    project = shop_project(
        tmp_path,
        {
            "harness.toml": 'env = {SHOP_INTERCOM_TOKEN = "{token}", SHOP_SECRET = "{secret}", PORT = "{port}"}\n',
            "shop.py": prints,
            "scenarios/leads.py": seen,
            "a/test_before.py": unit,
            "test_unit.py": unit,
        },
    )
    home = {"SHOP_INTERCOM_TOKEN": "our-own", "HTTP_PROXY": "http://127.0.0.1:9"}
    ran = project.pytest("a", "scenarios", "test_unit.py", *LIVE, environment=home)
    assert ran.code == 0, ran.out
    assert "5 passed" in ran.out


def test_a_machines_proxy_is_never_asked(tmp_path: Path) -> None:
    """Neither for the base URL nor for Intercom's own host, whatever client asks."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def listen() -> None:
            while True:
                try:
                    connection, _ = proxy.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096))

        threading.Thread(target=listen, daemon=True).start()
        pipeline = """
            import http.client, json, os, urllib.parse, urllib.request
            import httpx, requests

            def by_requests(url, data, headers):
                requests.post(url, data=data, headers=headers).raise_for_status()

            def by_httpx(url, data, headers):
                httpx.post(url, content=data, headers=headers).raise_for_status()

            def by_urllib(url, data, headers):
                urllib.request.urlopen(urllib.request.Request(url, data, headers)).close()

            def post(how, host, body):
                headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"]}
                headers |= {"Content-Type": "application/json", "Intercom-Version": "2.14"}
                how(host + "/visitors/convert", json.dumps(body).encode(), headers)

            hosts = [os.environ["INTERCOM_BASE_URL"], "https://api.intercom.io"]
            ways = [(how, host) for how in (by_requests, by_httpx, by_urllib) for host in hosts]

            class Pipeline:
                without = ("visitor_to_user", "lead_to_user")

                def visitor_to_lead(self, visitor):
                    post(*ways.pop(), {"visitor": {"user_id": visitor.user_id}, "type": "lead"})
        """
        scenarios = "".join(SCENARIO.replace("test_a_visitor", f"test_visitor_{number}") for number in range(6))
        project = shop_project(tmp_path, {"shop.py": pipeline, "scenarios/leads.py": scenarios})
        where = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
        ran = project.pytest("scenarios", *LIVE, environment=dict.fromkeys(names, where))
    assert ran.code == 0, ran.out
    assert "6 passed" in ran.out
    assert asked == []


def test_a_thread_that_outlives_its_scenario_never_refutes_the_next(tmp_path: Path) -> None:
    """What it asks is refused, and told of the scenario that began it."""
    pipeline = CONVERTS.replace(
        "return convert(visitor)",
        "import threading, time\n"
        "            later = threading.Thread(target=lambda: (time.sleep(0.7), convert(visitor)))\n"
        "            later.start() if not hasattr(Pipeline, 'later') else time.sleep(1.5)\n"
        "            Pipeline.later = later\n"
        "            return convert(visitor)",
    )
    twice = SCENARIO + SCENARIO.replace("test_a_visitor", "test_another_visitor")
    project = shop_project(tmp_path, {"shop.py": pipeline, "scenarios/leads.py": twice})
    ran = project.pytest("scenarios", *LIVE, "-W", "ignore::pytest.PytestUnhandledThreadExceptionWarning")
    assert ran.code == 0, ran.out
    assert "2 passed" in ran.out
    assert (
        "scenarios/leads.py::test_a_visitor_becomes_a_lead: a thread that it began asked POST /visitors/convert after "
        "it was over, and was refused" in ran.out
    )


def test_a_worker_that_waits_at_a_queue_works_for_whoever_gives_it_work(tmp_path: Path) -> None:
    """Its thread was begun by the first scenario, and its second task by the second."""
    pipeline = (
        CONVERTS
        + """
    import queue, threading

    tasks, done = queue.Queue(), queue.Queue()

    def work():
        while True:
            done.put(convert(tasks.get()))

    class Queued(Pipeline):
        worker = None

        def visitor_to_lead(self, visitor):
            if Queued.worker is None:
                Queued.worker = threading.Thread(target=work, daemon=True)
                Queued.worker.start()
            tasks.put(visitor)
            return done.get(timeout=10)
"""
    )
    twice = SCENARIO + SCENARIO.replace("test_a_visitor", "test_another_visitor")
    project = shop_project(tmp_path, {"shop.py": pipeline, "scenarios/leads.py": twice})
    ran = project.pytest("scenarios", "--against", "sandbox", "--pipeline", "shop:Queued")
    assert ran.code == 0, ran.out
    assert "2 passed" in ran.out


MOCKS = {
    "requests_mock": "requests_mock.Mocker(real_http=True)",
    "responses": "responses.RequestsMock(assert_all_requests_are_fired=False)",
    "respx": "respx.mock(assert_all_called=False)",
    "freezegun": "freezegun.freeze_time('2020-01-01')",
    "time_machine": "time_machine.travel('2020-01-01')",
}
"""Libraries that replace what a test's code asks, or the time it sees."""


def _mocked() -> str:
    scenario = SCENARIO.replace("visitor = people", "MOCK.__enter__(); visitor = people")
    scenario = scenario.replace("lead(visitor)\n", "lead(visitor)\n        MOCK.__exit__(None, None, None)\n", 2)
    scenario = scenario.replace("pipeline.visitor_to_lead(visitor)\n        MOCK.__exit__(None, None, None)\n",
                                "pipeline.visitor_to_lead(visitor)\n")  # fmt: skip
    each = [scenario.replace("MOCK", f"{name}_active").replace("test_a", f"test_{name}_a") for name in MOCKS]
    begun = [f"    import {name}\n    {name}_active = {made}\n" for name, made in MOCKS.items()]
    return "\n" + "".join(begun) + "".join(each)


def _with_urllib3() -> str:
    replaced = CONVERTS.replace("requests.post(os.environ", "urllib3.request('POST', os.environ")
    replaced = replaced.replace("answer.raise_for_status()", "assert answer.status == 200")
    return replaced.replace("import requests", "import urllib3")


def test_a_mock_that_is_active_in_the_test_leaves_the_harness_alone(tmp_path: Path) -> None:
    """Its own reads reach the gateway; recorded, and replayed."""
    project = shop_project(tmp_path, {"shop.py": _with_urllib3(), "scenarios/leads.py": _mocked()})
    for arguments in ([*LIVE, "--record"], ["--pipeline", "shop:Pipeline"]):
        ran = project.pytest("scenarios", *arguments)
        assert ran.code == 0, ran.out
        assert f"{len(MOCKS)} passed" in ran.out


def test_sockets_that_a_plugin_has_closed_to_tests_are_open_to_the_harness(tmp_path: Path) -> None:
    """pytest-socket; recorded, and replayed."""
    project = shop_project(tmp_path)
    for arguments in ([*LIVE, "--record"], ["--pipeline", "shop:Pipeline"]):
        ran = project.pytest("scenarios", *arguments, "--disable-socket", plugins=["socket"])
        assert ran.code == 0, ran.out
        assert "1 passed" in ran.out


def test_a_debugger_stops_in_the_pipelines_code_and_no_time_limit_ends_it(tmp_path: Path) -> None:
    """It talks to the terminal, and the limit is off from there on."""
    pipeline = CONVERTS.replace(
        "return convert(visitor)", "here = 'stopped'; breakpoint()\n            return convert(visitor)"
    )
    pipeline = pipeline.replace("class Pipeline:", "class Pipeline:\n        time_limit = 0.5")
    project = shop_project(tmp_path, {"shop.py": pipeline})
    ran = project.pytest("scenarios", *LIVE, said="p here.upper()\nimport time; time.sleep(1)\nc\n")
    assert ran.code == 0, ran.out
    assert "'STOPPED'" in ran.out
    assert "1 passed" in ran.out
