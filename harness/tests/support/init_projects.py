"""Small projects as `harness init` meets them, in each language: sound code, and nothing of the harness in it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

FASTAPI = {
    "pyproject.toml": """
        [project]
        name = "shop"
        version = "1"
        dependencies = ["fastapi"]
    """,
    "src/shop/__init__.py": "",
    "src/shop/crm.py": """
        import os
        import requests

        class IntercomError(Exception):
            pass

        def ask(method, path, body):
            headers = {"Authorization": "Bearer " + os.environ["SHOP_INTERCOM_TOKEN"], "Intercom-Version": "2.14"}
            answer = requests.request(method, "https://api.intercom.io" + path, json=body, headers=headers)
            if answer.status_code >= 400:
                raise IntercomError(answer.text)
            return answer.json()

        def merge(lead_id, user_id):
            return ask("POST", "/contacts/merge", {"from": lead_id, "into": user_id})

        def promote(lead_id, known):
            return ask("PUT", f"/contacts/{lead_id}", {"role": "user", **known})
    """,
    "src/shop/service.py": """
        from fastapi import FastAPI
        from pydantic import BaseModel
        from shop.crm import merge, promote

        app = FastAPI()

        class SignUp(BaseModel):
            user_id: str | None = None
            email: str | None = None
            external_id: str | None = None

        @app.post("/leads/{lead_id}/sign-up")
        async def sign_up(lead_id: str, who: SignUp):
            if who.user_id:
                return merge(lead_id, who.user_id)
            return promote(lead_id, {"email": who.email} if who.email else {"external_id": who.external_id})
    """,
    "tests/test_service.py": "from shop.crm import merge\n\ndef test_merge():\n    assert callable(merge)\n",
}
PYTHON_CLASS = {
    "requirements.txt": "requests\n",
    "crm.py": """
        import os
        import requests

        TOKEN = os.getenv("INTERCOM_API_KEY")

        class Crm:
            def __init__(self, token, base_url="https://api.intercom.io"):
                self.token, self.base_url = token, base_url

            def convert_visitor(self, visitor_user_id, role, email=None, external_id=None):
                body = {"visitor": {"user_id": visitor_user_id}, "type": role}
                if role == "user":
                    body["user"] = {"email": email} if email else {"user_id": external_id}
                self._post("/visitors/convert", body)

            def _post(self, path, body):
                headers = {"Authorization": f"Bearer {self.token}", "Intercom-Version": "2.14"}
                requests.post(self.base_url + path, json=body, headers=headers).raise_for_status()
    """,
}
_FETCH = """
        async function ask(method, path, body) {
          const answer = await fetch('https://api.intercom.io' + path, {
            method,
            headers: {
              authorization: `Bearer ${process.env.SHOP_INTERCOM_TOKEN}`,
              'content-type': 'application/json',
              'intercom-version': '2.14',
            },
            body: JSON.stringify(body),
          })
          if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
        }
"""
NODE_SCRIPT = {
    "package.json": '{"name": "shop", "type": "module"}',
    "intercom.js": f"{_FETCH}\n"
    """
        export const merge = (from, into) => ask('POST', '/contacts/merge', { from, into })
        export const promote = (id, known) => ask('PUT', `/contacts/${id}`, { role: 'user', ...known })
    """,
    "convert.js": """
        import { merge, promote } from './intercom.js'

        const [leadId, userId, email, externalId] = process.argv.slice(2)
        if (userId) await merge(leadId, userId)
        else await promote(leadId, email ? { email } : { external_id: externalId })
    """,
}
NODE_FUNCTIONS = {
    "package.json": '{"name": "shop"}',
    "src/intercom.js": f"{_FETCH}\n"
    """
        // POST /contacts/merge is called by nobody else
        class Leads {
          async join({ leadId, user }) {
            if (user.id) return ask('POST', '/contacts/merge', { from: leadId, into: user.id })
            const known = user.email ? { email: user.email } : { external_id: user.externalId }
            return ask('PUT', `/contacts/${leadId}`, { role: 'user', ...known })
          }
        }
        module.exports = { Leads }
    """,
}
RUBY = {
    "Gemfile": "source 'https://rubygems.org'\n",
    "lib/shop/intercom_sync.rb": """
        require "net/http"
        require "json"

        module Shop
          class IntercomSync
            def initialize(token = ENV.fetch("SHOP_INTERCOM_KEY"))
              @token = token
            end

            def sign_up(lead_id, user_id: nil, email: nil, external_id: nil)
              return post("/contacts/merge", from: lead_id, into: user_id) if user_id

              known = email ? { email: email } : { external_id: external_id }
              put("/contacts/#{lead_id}", role: "user", **known)
            end

            private

            def post(path, **body) = ask(Net::HTTP::Post, path, body)
            def put(path, **body) = ask(Net::HTTP::Put, path, body)

            def ask(kind, path, body)
              uri = URI("https://api.intercom.io#{path}")
              request = kind.new(uri, "Authorization" => "Bearer #{@token}", "Intercom-Version" => "2.14")
              request.content_type = "application/json"
              request.body = JSON.dump(body)
              answer = Net::HTTP.start(uri.host, uri.port, use_ssl: true) { |http| http.request(request) }
              raise "#{path}: #{answer.code}" if answer.code.to_i >= 300
            end
          end
        end
    """,
}
PHP = {
    "composer.json": "{}",
    "src/Intercom.php": """
        <?php
        namespace Shop;

        class Intercom
        {
            private string $token;

            public function __construct(?string $token = null)
            {
                $this->token = $token ?? getenv('INTERCOM_TOKEN');
            }

            public function toLead(string $visitorId): void
            {
                $this->post('/visitors/convert', ['visitor' => ['user_id' => $visitorId], 'type' => 'lead']);
            }

            private function post(string $path, array $body): void
            {
                $headers = "Authorization: Bearer {$this->token}\\r\\nContent-Type: application/json\\r\\n";
                $headers .= 'Intercom-Version: 2.14';
                $options = ['method' => 'POST', 'content' => json_encode($body), 'header' => $headers];
                $base = getenv('INTERCOM_BASE_URL') ?: 'https://api.intercom.io';
                if (file_get_contents($base . $path, false, stream_context_create(['http' => $options])) === false) {
                    throw new \\RuntimeException($path);
                }
            }
        }
    """,
}
PROJECTS: Mapping[str, Mapping[str, str]] = {
    "fastapi": FASTAPI,
    "python class": PYTHON_CLASS,
    "node script": NODE_SCRIPT,
    "node functions": NODE_FUNCTIONS,
    "ruby": RUBY,
    "php": PHP,
}
NEEDS = {"node script": "node", "node functions": "node", "ruby": "ruby", "php": "php"}
"""The program that each project's code needs."""


def write_project(root: Path, files: Mapping[str, str]) -> Path:
    """Write a project's files into a folder, and return the folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return root
