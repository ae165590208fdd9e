"""`harness mutate` with a pipeline in JavaScript: each mutant is a Node process whose requests are changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = """
const [operation, source, id, email, externalId] = process.argv.slice(2);
const headers = {
  'Authorization': `Bearer ${process.env.INTERCOM_ACCESS_TOKEN}`,
  'Content-Type': 'application/json',
  'Intercom-Version': '2.11',
};

async function ask(method, path, body) {
  const answer = await fetch(process.env.INTERCOM_BASE_URL + path, { method, headers, body: JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${told.errors?.[0]?.code}`);
  return told;
}

const user = id ? { id } : email ? { email } : { user_id: externalId };
let contact;
if (operation === 'visitor_to_lead') {
  contact = await ask('POST', '/visitors/convert', { visitor: { user_id: source }, type: 'lead' });
} else if (operation === 'visitor_to_user') {
  contact = await ask('POST', '/visitors/convert', { visitor: { user_id: source }, user, type: 'user' });
} else if (id) {
  contact = await ask('POST', '/contacts/merge', { from: source, into: id });
} else {
  const known = email ? { email } : { external_id: externalId };
  contact = await ask('PUT', `/contacts/${source}`, { role: 'user', ...known });
}
if (id && contact.id !== id) throw new Error(`it went into ${contact.id}`);
console.log(JSON.stringify(contact));
"""
"""A pipeline on Node's own fetch. It throws where Intercom refuses, and looks where a merge went."""

PIPELINE = """
[pipeline]
returns = "contact"
visitor_to_lead = "node convert.mjs visitor_to_lead {visitor.user_id}"
visitor_to_user = "node convert.mjs visitor_to_user {visitor.user_id} {user.id} {user.email} {user.external_id}"
lead_to_user = "node convert.mjs lead_to_user {lead.id} {user.id} {user.email} {user.external_id}"
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs client: node is not on the PATH")
def test_a_node_pipeline_is_mutated_on_the_way(tmp_path: Path, count: Callable[[int, int], int]) -> None:
    """A sample over all operators: most are killed, each is told with its request, and it says how long it takes."""
    (tmp_path / "convert.mjs").write_text(SCRIPT)
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    (tmp_path / "harness.toml").write_text('pipeline = "pipeline.toml"\nstock_scenarios = true\n')
    number = count(8, 30)
    words = ["--sample", str(number), "--level", "flows", "--json", "told.json", "-n", "2"]
    command = [sys.executable, "-m", "harness", "mutate", *words]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    assert ran.returncode in (0, 1), ran.stderr
    told = json.loads((tmp_path / "told.json").read_text())
    assert ran.returncode == told["exit_code"]
    assert (told["mutants"], told["containment"] in ("full", "partial", "none")) == (number, True)
    assert "a play takes" in ran.stdout
    assert all(row["before"] for row in told["rows"] if row["fate"] in ("killed", "survived", "loud"))
    assert told["keys"]["killed"] + told["keys"]["loud"] > told["keys"]["survived"]
