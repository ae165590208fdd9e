"""A pipeline's own service that the run starts: awaited, told where Intercom is, heard, and ended with all it began."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from harness.core.errors import Problem
from harness.core.people import Visitor
from harness.pipeline import Answer, PipelineSpec, load_pipeline
from harness.tests.support.processes import runs

VISITOR = Visitor("6955b900ab", "0f5e")
SERVICE = """
import http.server, json, os, subprocess, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        who = told["people"]["visitor"]["user_id"]
        print("converting", who, flush=True)
        if who == "crash":
            os._exit(3)
        answer = json.dumps({"pid": os.getpid(), "child": child.pid, "at": os.environ["INTERCOM_BASE_URL"]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words):
        pass

print("starting", flush=True)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
time.sleep(0.1)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[PipelineSpec]:
    """A pipeline whose service listens on whatever port the run chose; ended at last."""
    (tmp_path / "service.py").write_text(SERVICE)
    found = _load(tmp_path, f"'{sys.executable}' service.py {{port}}")
    yield found
    found.close()


def _load(folder: Path, command: str, url: str = "http://127.0.0.1:{port}/convert") -> PipelineSpec:
    (folder / "service.toml").write_text(f'[pipeline]\nhook = "{url}"\nservice = "{command}"\n')
    return load_pipeline(str(folder / "service.toml"))


def _environment() -> Mapping[str, str]:
    way = {"INTERCOM_BASE_URL": "http://127.0.0.1:1", "INTERCOM_ACCESS_TOKEN": "sandbox-run"}
    return {**os.environ, **way}


def _ask(spec: PipelineSpec, visitor: Visitor = VISITOR) -> Answer:
    # Each scenario has a runner of its own, and all of them share the service.
    return spec.start(_environment, None).call("visitor_to_lead", {"visitor": visitor})


def test_it_is_started_once_told_where_intercom_is_and_ended_with_what_it_started(spec: PipelineSpec) -> None:
    """It answers from the first call on, although it takes a moment to listen; nothing of it is left afterwards."""
    first, second = _ask(spec), _ask(spec)
    assert (first.trouble, first.value) == (None, second.value)
    assert first.value["at"] == "http://127.0.0.1:1"
    started = [first.value["pid"], first.value["child"]]
    assert all(map(runs, started))
    spec.close()
    assert not any(map(runs, started))


def test_what_it_prints_belongs_to_the_call_in_which_it_came(spec: PipelineSpec) -> None:
    """So that a report shows it there, and what must not be logged is found."""
    assert [_ask(spec).stderr, _ask(spec).stderr] == ["converting 0f5e\n"] * 2


def test_one_that_crashes_is_the_pipelines_failure_and_starts_again(spec: PipelineSpec) -> None:
    """The call in which it ended is told how; the next one finds a new process."""
    before = _ask(spec).value["pid"]
    crashed = _ask(spec, Visitor("6955b900ab", "crash"))
    assert (crashed.trouble, crashed.crashed) == ("its service ended with exit status 3", True)
    after = _ask(spec)
    assert after.trouble is None
    assert after.value["pid"] != before


def test_one_that_ends_before_it_listens_could_not_run(tmp_path: Path) -> None:
    """With its exit status and its last words."""
    with pytest.raises(Problem, match=r"does not listen on 127\.0\.0\.1:") as told:
        _ask(_load(tmp_path, f"'{sys.executable}' -c 'import sys; sys.exit(str(7))'"))
    assert told.value.evidence == "its service ended with exit status 1; it printed: 7"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import time; print('ready', flush=True); time.sleep(60)", "and it does nothing any more; it printed: ready"),
        (
            "import socket, time\ns = socket.create_server(('127.0.0.1', 0))\nprint(s, flush=True)\ntime.sleep(60)",
            "it listens on 127.0.0.1:",
        ),
    ],
)
def test_one_that_will_not_listen_is_told_soon_and_started_once(code: str, told: str, tmp_path: Path) -> None:
    """It is not waited for as long as one that is busy, and the next call is told the same at once."""
    (tmp_path / "idle.py").write_text(f"open('started', 'a').write('x')\n{code}\n")
    spec = _load(tmp_path, f"'{sys.executable}' idle.py {{port}}")
    runner = spec.start(_environment, None)
    for _ in range(2):
        with pytest.raises(Problem, match="does not listen on") as caught:
            runner.call("visitor_to_lead", {"visitor": VISITOR})
        assert told in caught.value.evidence
        assert caught.value.ends_run
    assert (tmp_path / "started").read_text() == "x"


def test_one_that_is_busy_is_waited_for(tmp_path: Path) -> None:
    """A service that takes longer than the patience for an idle one may do so, as long as it works."""
    (tmp_path / "service.py").write_text(
        f"import time\nend = time.monotonic() + 4\nwhile time.monotonic() < end: pass\n{SERVICE}"
    )
    spec = _load(tmp_path, f"'{sys.executable}' service.py {{port}}")
    try:
        assert _ask(spec).trouble is None
    finally:
        spec.close()


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    """Another copy would be tested in its place."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(Problem, match=f"something listens on {place} already"):
            _ask(_load(tmp_path, f"'{sys.executable}' service.py", f"http://{place}/"))
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('hook = "http://127.0.0.1:9/"\nservice = 7', "service must be a command line"),
        ('hook = "http://127.0.0.1:9/"\nservice = ""', "service is an empty command"),
        ('hook = "http://127.0.0.1:9/"\nservice = "no-such-program"', "there is no such command"),
        ('hook = "http://127.0.0.1:9/"\nservice = "sh {visitor.id}"', "unknown placeholder {visitor.id}"),
        ('hook = "http://127.0.0.1:{port}/"', "hook names no port that can be"),
        ('hook = "http://127.0.0.1:70000/"', "hook names no port that can be"),
        ('service = "sh"\nvisitor_to_lead = "true"', "service stands without hook"),
    ],
)
def test_a_service_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, what: str) -> None:
    """Before anything runs."""
    (tmp_path / "service.toml").write_text(f"[pipeline]\n{text}\n")
    with pytest.raises(Problem, match="pipeline") as told:
        load_pipeline(str(tmp_path / "service.toml"))
    assert what in told.value.what
