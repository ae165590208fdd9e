"""`harness run -n`: several processes play the scenarios, and the result is that of one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.cli.durations import Durations, of_this_machine
from harness.cli.main import main
from harness.tests.support.processes import runs, wait_for
from harness.tests.support.report_parts import unpacked
from harness.tests.support.shop_project import ShopProject, shop_project

SCENARIOS = '''
    import pytest

    @pytest.mark.parametrize("number", range(6))
    def test_a_visitor_becomes_a_lead(people, pipeline, verify, number):
        """A visitor becomes a lead."""
        visitor = people.visitor(custom_attributes={"number": number})
        pipeline.visitor_to_lead(visitor)
        verify.became_lead(visitor)
'''

COMMAND = """
    import json, os, sys, urllib.request

    headers = {
        "Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"],
        "Intercom-Version": "2.14",
        "Content-Type": "application/json",
    }


    def ask(path, body):
        request = urllib.request.Request(os.environ["INTERCOM_BASE_URL"] + path, json.dumps(body).encode(), headers)
        return json.load(urllib.request.urlopen(request))


    lead = ask("/visitors/convert", {"visitor": {"user_id": sys.argv[1]}, "type": "lead"})
    tag = ask("/tags", {"name": "converted"})
    ask(f"/contacts/{lead['id']}/tags", {"id": tag["id"]})
    print(json.dumps(lead))
"""
"""It makes a tag in each call, as a process does that remembers none."""

SERVICE = """
    import http.server, json, os, sys, urllib.request

    open(f"service-{os.getpid()}", "w").write(sys.argv[1])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {
                "Authorization": "Bearer " + asked["intercom"]["access_token"],
                "Intercom-Version": "2.14",
                "Content-Type": "application/json",
            }
            told = {"visitor": {"user_id": asked["people"]["visitor"]["user_id"]}, "type": "lead"}
            url = asked["intercom"]["base_url"] + "/visitors/convert"
            request = urllib.request.Request(url, json.dumps(told).encode(), headers)
            body = urllib.request.urlopen(request).read()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

WITHOUT = 'without = ["visitor_to_user", "lead_to_user"]\n'

KINDS = {
    "python": {"harness.toml": 'stock_scenarios = false\npipeline = "shop:Pipeline"\n'},
    "command": {
        "command.py": COMMAND,
        "harness.toml": f"stock_scenarios = false\n[pipeline]\n{WITHOUT}"
        f"visitor_to_lead = \"'{sys.executable}' command.py {{visitor.user_id}}\"\n",
    },
    "service": {
        "service.py": SERVICE,
        "harness.toml": f"stock_scenarios = false\n[pipeline]\n{WITHOUT}"
        f'service = "\'{sys.executable}\' service.py {{port}}"\nhook = "http://127.0.0.1:{{port}}/"\n',
    },
}


def _project(folder: Path, kind: str, **files: str) -> ShopProject:
    return shop_project(folder, {"scenarios/leads.py": SCENARIOS, **KINDS[kind], **files})


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _verdicts(path: Path) -> list[tuple[str, str, Sequence[object]]]:
    rows = json.loads(path.read_text())["scenarios"]
    return [(row["case"], row["ending"], [claim["text"] for claim in row["claims"]]) for row in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_several_processes_come_to_what_one_comes_to(kind: str, tmp_path: Path) -> None:
    """Verdicts, claims, their order, containment and cassettes are the same, these to the byte."""
    project = _project(tmp_path, kind)
    for name, number in (("one", "1"), ("three", "3")):
        words = ["-n", number, "--record", "--cassettes", f"cassettes-{name}", "--json", f"{name}.json"]
        ran = project.harness("run", *words, "--junit", f"{name}.xml", "--report", f"report-{name}")
        assert ran.code == 0, ran.out
    assert _verdicts(tmp_path / "one.json") == _verdicts(tmp_path / "three.json")
    assert len(_verdicts(tmp_path / "three.json")) == 6
    recorded = _files(tmp_path / "cassettes-one")
    assert (len(recorded), recorded) == (6, _files(tmp_path / "cassettes-three"))
    one, three = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "three"))
    assert (one["containment"], one["notes"]) == (three["containment"], three["notes"])
    assert len(list(ET.parse(tmp_path / "three.xml").iter("testcase"))) == 6
    assert "/visitors/convert" in json.dumps(unpacked((tmp_path / "report-three" / "report.html").read_text()))


def test_each_process_has_a_service_of_its_own_and_none_stays(tmp_path: Path) -> None:
    """Two processes start two services on two ports, and both are gone afterwards."""
    ran = _project(tmp_path, "service").harness("run", "-n", "2")
    assert ran.code == 0, ran.out
    started = {int(path.name.removeprefix("service-")): path.read_text() for path in tmp_path.glob("service-*")}
    assert (len(started), len(set(started.values()))) == (2, 2)
    assert not any(map(runs, started))


def test_a_replay_in_several_processes_plays_what_one_recorded(tmp_path: Path) -> None:
    """A cassette that no scenario plays is told as well, once; a declaration is judged over all processes."""
    project = _project(tmp_path, "python")
    assert project.harness("run", "--record").code == 0
    assert project.harness("run", "--against", "cassette", "-n", "2").code == 0
    folder = tmp_path / "cassettes" / "@Pipeline" / "leads"
    first = min(folder.iterdir())
    text = first.read_text().replace("scenarios/leads.py::", "scenarios/gone.py::")
    (folder.parent / "gone").mkdir()
    (folder.parent / "gone" / "case.json").write_text(text)
    ran = project.harness("run", "--against", "cassette", "-n", "2")
    assert (ran.code, ran.out.count("no scenario plays this cassette")) == (2, 1), ran.out


def test_a_process_that_the_pipeline_ends_refutes_its_scenario_alone(tmp_path: Path) -> None:
    """What ends the process is the code under test; another process plays the rest."""
    pipeline = """
        import os
        from shop import Pipeline as Sound

        class Pipeline(Sound):
            def visitor_to_lead(self, visitor):
                if visitor.custom_attributes.get("number") == 3:
                    os._exit(7)
                return super().visitor_to_lead(visitor)
    """
    project = _project(tmp_path, "python", **{"ends.py": pipeline})
    ran = project.harness("run", "--pipeline", "ends:Pipeline", "-n", "2", "--json", "a.json")
    found = json.loads((tmp_path / "a.json").read_text())
    assert (ran.code, found["counts"]["proved"], found["counts"]["refuted"]) == (1, 5, 1), ran.out
    (row,) = [row for row in found["scenarios"] if row["ending"] == "refuted"]
    assert row["case"] == "test_a_visitor_becomes_a_lead[3]"
    assert row["title"] == "A visitor becomes a lead"
    assert "the process that played this scenario ended before the scenario did" in row["reason"]


def test_a_module_that_cannot_be_read_stops_all_processes(tmp_path: Path) -> None:
    """Nothing is played then, as with one process."""
    project = _project(
        tmp_path, "python", **{"scenarios/broken.py": "def test_x(people):\n    pass\nimport nothing_of_the_kind\n"}
    )
    for number in ("1", "2"):
        ran = project.harness("run", "-n", number)
        assert (ran.code, ran.out.count("broken.py could not be read"), "0 proved" in ran.out) == (2, 1, True), ran.out


@pytest.mark.skipif(sys.platform != "linux", reason="attempts are told where there are namespaces")
def test_an_attempt_to_get_out_is_told_by_the_scenario_that_made_it(tmp_path: Path) -> None:
    """Each process has an enclosure of its own, so that attempts of two do not mix."""
    pipeline = """
        import socket
        from shop import Pipeline as Sound

        class Pipeline(Sound):
            def visitor_to_lead(self, visitor):
                if visitor.custom_attributes.get("number") == 4:
                    try:
                        socket.create_connection(("192.0.2.7", 5432), 1)
                    except OSError:
                        pass
                return super().visitor_to_lead(visitor)
    """
    project = _project(tmp_path, "python", **{"goes.py": pipeline})
    ran = project.harness("run", "--pipeline", "goes:Pipeline", "-n", "3", "--json", "a.json")
    found = json.loads((tmp_path / "a.json").read_text())
    refuted = [row["case"] for row in found["scenarios"] if row["ending"] != "proved"]
    assert (ran.code, refuted) == (1, ["test_a_visitor_becomes_a_lead[4]"]), ran.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    """The services of all processes end, and the run says that it was interrupted."""
    slow = SERVICE.replace("asked = ", "import time; time.sleep(60); asked = ")
    _project(tmp_path, "service", **{"service.py": slow})
    words = [sys.executable, "-m", "harness", "run", "-n", "2"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True) as run:
        assert wait_for(lambda: len(list(tmp_path.glob("service-*"))) == 2, 60)
        time.sleep(0.5)
        run.send_signal(number)
        told, _ = run.communicate(timeout=60)
    assert (run.returncode, "interrupted" in told) == (2, True), told
    services = [int(path.name.removeprefix("service-")) for path in tmp_path.glob("service-*")]
    assert wait_for(lambda: not any(map(runs, services)))


@pytest.mark.parametrize("number", ["1", "2"])
def test_a_service_that_does_not_listen_is_told_once(number: str, tmp_path: Path) -> None:
    """The run ends with the first scenario that needs it, with one process as with several."""
    project = _project(tmp_path, "service", **{"service.py": "import time\ntime.sleep(60)\n"})
    ran = project.harness("run", "-n", number, "--json", "a.json")
    found = json.loads((tmp_path / "a.json").read_text())
    assert (ran.code, found["counts"]["could not run"], len(found["scenarios"])) == (2, 1, 1), ran.out
    assert "5 scenarios after this one did not run" in found["problems"][-1]
    assert ran.out.count("does nothing any more") == 1


def test_plugins_whose_workers_ask_the_first_process_are_heeded(tmp_path: Path) -> None:
    """pytest-rerunfailures opens a port in the process that reports; the enclosure of a worker leads there."""
    pytest.importorskip("pytest_rerunfailures")
    ran = _project(tmp_path, "python").harness("run", "-n", "2", environment={"PYTEST_ADDOPTS": ""})
    assert (ran.code, "6 proved" in ran.out) == (0, True), ran.out


def test_stale_cassettes_are_found_by_all_processes(tmp_path: Path) -> None:
    """Only what has a reason is recorded, what changes is told once, and then nothing is stale."""
    project = _project(tmp_path, "python")
    assert project.harness("run", "--record").code == 0
    gone = sorted((tmp_path / "cassettes" / "@Pipeline" / "leads").iterdir())[2]
    gone.unlink()
    ran = project.harness("run", "--record", "--stale", "-n", "2")
    assert (ran.code, "1 proved" in ran.out, gone.exists()) == (0, True, True), ran.out
    ran = project.harness("run", "--record", "--stale", "-n", "2")
    assert (ran.code, "nothing is stale" in ran.out) == (0, True), ran.out


def test_the_configuration_names_the_number(tmp_path: Path) -> None:
    """The key `workers` counts where the command line says nothing; the order of the next run is kept beside it."""
    project = _project(tmp_path, "python", **{"harness.toml": "workers = 2\n" + KINDS["python"]["harness.toml"]})
    assert project.harness("run").code == 0
    known = Durations(of_this_machine(tmp_path), "Pipeline against sandbox").known()
    assert len(known) == 6
    assert (tmp_path / ".harness" / ".gitignore").read_text() == "*\n"
    assert project.harness("run", "-n", "1").code == 0


@pytest.mark.parametrize("words", [["-n", "0"], ["-n", "-1"], ["-n", "two"], ["-n", "1.5"], ["-n", ""]])
def test_a_number_that_cannot_be_meant_is_refused(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One message, exit code 2."""
    assert main(["run", *words]) == 2
    assert 'a whole number above 0, or "auto"' in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--workspace", "mine"], ["--port", "7001"]])
def test_a_run_with_room_for_one_process_refuses_several(more: list[str], tmp_path: Path) -> None:
    """A number is refused; `auto` means one process then."""
    project = _project(tmp_path, "python")
    ran = project.harness("run", "-n", "3", *more)
    assert (ran.code, "this run takes one process" in ran.out) == (2, True), ran.out
    assert "this run takes one process" not in project.harness("run", "-n", "auto", *more).out
