"""Which clients reach the harness without a change: each row of the table in docs/guide/clients.md, with the client."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Final

import certifi
import pytest

from harness.tests.support.shop_project import ROOT, Ended, shop_project

HOST: Final = "https://api.intercom.io"
AS_IT_IS: Final = "as it is"

PYTHON: Final = sys.executable
REQUESTS = """
    import os, requests
    session = requests.Session()
    session.trust_env = {trust}
    answer = session.get("HOST/me", headers={{"Authorization": "Bearer " + os.environ["AT"]}})
    answer.raise_for_status()
"""
HTTPX = """
    import os, httpx
    httpx.get("HOST/me", headers={"Authorization": "Bearer " + os.environ["AT"]}).raise_for_status()
"""
URLLIB = """
    import os, urllib.request
    headers = {"Authorization": "Bearer " + os.environ["AT"]}
    urllib.request.urlopen(urllib.request.Request("HOST/me", headers=headers)).close()
"""
AIOHTTP = """
    import asyncio, os, aiohttp
    async def main():
        headers = {"Authorization": "Bearer " + os.environ["AT"]}
        async with aiohttp.ClientSession(headers=headers) as session, session.get("HOST/me") as answer:
            answer.raise_for_status()
    asyncio.run(main())
"""
NODE_HTTPS = """
    const options = {headers: {Authorization: `Bearer ${process.env.AT}`}};
    require('https').get('HOST/me', options, (answer) => {
      answer.resume(); answer.on('end', () => process.exit(answer.statusCode === 200 ? 0 : 1));
    });
"""
NODE_FETCH = """
    fetch('HOST/me', {headers: {Authorization: `Bearer ${process.env.AT}`}})
      .then((answer) => answer.text().then(() => process.exit(answer.ok ? 0 : 1)));
"""
RUBY = """
    require 'net/http'
    url = URI('HOST/me')
    http = Net::HTTP.new(url.host, url.port)
    http.use_ssl = url.scheme == 'https'
    {pin}
    exit http.get(url.path, {{'Authorization' => "Bearer #{{ENV['AT']}}"}}).code == '200'
"""
PIN = "http.ca_file = ENV['PINNED']; http.verify_mode = OpenSSL::SSL::VERIFY_PEER"
OPEN_URI = """
    require 'open-uri'
    exit URI.open('HOST/me', {'Authorization' => "Bearer #{ENV['AT']}"}).status.first == '200'
"""
PHP_CURL = """<?php
    $ask = curl_init('HOST/me');
    curl_setopt($ask, CURLOPT_RETURNTRANSFER, true);
    PIN
    curl_setopt($ask, CURLOPT_HTTPHEADER, ['Authorization: Bearer ' . getenv('AT')]);
    if (curl_exec($ask) === false) { fwrite(STDERR, curl_error($ask)); exit(1); }
    exit(curl_getinfo($ask, CURLINFO_HTTP_CODE) === 200 ? 0 : 1);
"""
PHP_PIN = "curl_setopt($ask, CURLOPT_CAINFO, getenv('PINNED'));"
PHP_STREAMS = """<?php
    $context = stream_context_create(['http' => ['header' => 'Authorization: Bearer ' . getenv('AT')]]);
    exit(@file_get_contents('HOST/me', false, $context) === false ? 1 : 0);
"""
JAVA = """
    import java.net.URI;
    import java.net.http.*;
    class Ask {
        public static void main(String[] arguments) throws Exception {
            var ask = HttpRequest.newBuilder(URI.create("HOST/me"))
                .header("Authorization", "Bearer " + System.getenv("AT")).build();
            var answer = HttpClient.newHttpClient().send(ask, HttpResponse.BodyHandlers.ofString());
            System.exit(answer.statusCode() == 200 ? 0 : 1);
        }
    }
"""

FROM_THE_VARIABLE: Final = {
    "sh": ("HOST", "$INTERCOM_BASE_URL"),
    "php": ("'HOST/me'", "getenv('INTERCOM_BASE_URL') . '/me'"),
    "java": ('"HOST/me"', 'System.getenv("INTERCOM_BASE_URL") + "/me"'),
}
"""What a program writes in the place of the host, to ask where the harness is."""

CLIENTS: Final[dict[str, tuple[str, str, str]]] = {
    "curl": ("sh", "a.sh", 'curl -sSf -H "Authorization: Bearer $AT" HOST/me > answer.json'),
    "wget": ("sh", "a.sh", 'wget -q --header "Authorization: Bearer $AT" -O answer.json HOST/me'),
    "Python requests": (PYTHON, "a.py", REQUESTS.format(trust=True)),
    "Python requests with `trust_env=False`": (PYTHON, "a.py", REQUESTS.format(trust=False)),
    "Python httpx": (PYTHON, "a.py", HTTPX),
    "Python urllib": (PYTHON, "a.py", URLLIB),
    "Python aiohttp": (PYTHON, "a.py", AIOHTTP),
    "Node `https`": ("node", "a.cjs", NODE_HTTPS),
    "Node `fetch`": ("node", "a.cjs", NODE_FETCH),
    "Ruby `net/http`": ("ruby", "a.rb", RUBY.format(pin="")),
    "Ruby `open-uri`": ("ruby", "a.rb", OPEN_URI),
    "Ruby with a pinned `ca_file`, as the official gem has": ("ruby", "a.rb", RUBY.format(pin=PIN)),
    "PHP curl": ("php", "a.php", PHP_CURL.replace("PIN", "")),
    "PHP curl with `CURLOPT_CAINFO`": ("php", "a.php", PHP_CURL.replace("PIN", PHP_PIN, 1)),
    "PHP streams (`file_get_contents`)": ("php", "a.php", PHP_STREAMS),
    "Java `HttpClient`": ("java", "Ask.java", JAVA),
}
"""For each client its program, a file's name and its text; HOST stands for where it asks."""


def _table() -> dict[str, str]:
    text = (ROOT / "docs/guide/clients.md").read_text()
    return dict(re.findall(r"^\| (?!client \|)(.+?) \| (as it is|needs the base URL)", text, re.MULTILINE))


def test_the_table_names_each_client_that_is_tried() -> None:
    """A row without a client would be held by nothing."""
    assert list(_table()) == list(CLIENTS)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_gets_here_as_the_table_says(tmp_path: Path, client: str) -> None:
    """With the host written into it, or else with the base URL; the wrong way fails and says what went wrong."""
    program, name, text = CLIENTS[client]
    for needed in (program, client if client in ("curl", "wget") else program):
        if shutil.which(needed) is None:
            pytest.skip(f"needs client: {needed} is not installed")
    ran = _ran(tmp_path, program, name, text.replace("HOST", HOST))
    if _table()[client] == AS_IT_IS:
        assert (ran.code, "GET /me → 200" in ran.out) == (0, True), ran.out
        return
    assert ran.code != 0
    assert re.search(r"does not trust the harness's CA|tried to get out|asked Intercom nothing", ran.out), ran.out
    ran = _ran(tmp_path, program, name, text.replace(*FROM_THE_VARIABLE[program]))
    assert (ran.code, "GET /me → 200" in ran.out) == (0, True), ran.out


def _ran(folder: Path, program: str, name: str, text: str) -> Ended:
    project = shop_project(folder, {name: text})
    return project.harness("exec", "--", program, name, environment={"PINNED": certifi.where()})
