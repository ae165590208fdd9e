"""Commands in a replay: what they wait for passes in a moment; and clients that pin certificates, led by a preload."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.tests.support.shop_project import shop_project

FAULTS = json.dumps([{"operation": "GET /me", "kind": "status", "status": 429, "times": 1, "retry_after": 6}])

PYTHON = """
    import os, time, urllib.request, urllib.error
    headers = {"Authorization": "Bearer " + os.environ["AT"]}
    request = urllib.request.Request("https://api.intercom.io/me", headers=headers)
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        time.sleep(6)
        urllib.request.urlopen(request).close()
"""

NODE = """
    const ask = () => fetch('https://api.intercom.io/me', {headers: {Authorization: `Bearer ${process.env.AT}`}});
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    (async () => {
      const first = await ask(); await first.text();
      if (first.status === 429) { await wait(6000); const next = await ask(); await next.text(); }
    })();
"""

RUBY = """
    require 'net/http'
    require 'openssl'
    def ask
      http = Net::HTTP.new('api.intercom.io', 443, nil)
      http.use_ssl = true
      http.ca_file = ENV['PINNED']
      http.get('/me', {'Authorization' => "Bearer #{ENV['AT']}"})
    end
    if ask.code == '429'
      sleep 6
      raise 'no' unless ask.code == '200'
    end
"""

PHP = """<?php
$ask = curl_init('https://api.intercom.io/me');
curl_setopt($ask, CURLOPT_RETURNTRANSFER, true);
curl_setopt($ask, CURLOPT_HTTPHEADER, ['Authorization: Bearer ' . getenv('AT')]);
if (curl_exec($ask) === false) { fwrite(STDERR, curl_error($ask)); exit(1); }
exit(curl_getinfo($ask, CURLINFO_HTTP_CODE) === 200 ? 0 : 1);
"""

TIMED = """
    import subprocess, sys, time
    began = time.monotonic()
    code = subprocess.run(sys.argv[1:]).returncode
    print("took", time.monotonic() - began)
    sys.exit(code)
"""


def _needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs client: {program}")


@pytest.mark.parametrize(
    ("program", "name", "text"), [("python3", "a.py", PYTHON), ("node", "a.cjs", NODE), ("ruby", "a.rb", RUBY)]
)
def test_a_command_that_waits_six_seconds_takes_a_moment_in_a_replay(
    tmp_path: Path, program: str, name: str, text: str
) -> None:
    """Recorded with a fault that asks for patience, and replayed. The Ruby client pins a certificate of its own."""
    _needs(program)
    pinned = next(Path("/etc/ssl/certs").glob("*.pem"), Path())
    project = shop_project(tmp_path, {name: text, "faults.json": FAULTS, "timed.py": TIMED})
    command = ["--cassette", "a.json", "--", "python3", "timed.py", program, name]
    where = {"PINNED": str(pinned)}
    recorded = project.harness("exec", "--record", "--faults", "faults.json", *command, environment=where)
    assert recorded.code == 0, recorded.out
    assert float(recorded.out.partition("took ")[2].split()[0]) > 6
    replayed = project.harness("exec", "--against", "cassette", *command, environment=where)
    assert replayed.code == 0, replayed.out
    assert float(replayed.out.partition("took ")[2].split()[0]) < 5.5


def test_phps_curl_finds_the_authority_by_its_settings(tmp_path: Path) -> None:
    """It reads no variable that names one."""
    _needs("php")
    project = shop_project(tmp_path, {"a.php": PHP})
    ran = project.harness("exec", "--", "php", "a.php")
    assert ran.code == 0, ran.out
