"""What a command finds in its environment: the way to the gateway, and nobody's real credentials.

Clients can be led in four ways, and no runtime honours all: a base URL, a proxy with its authority, and, for those that
honour neither, something loaded before their own code. Where each leads is the gateway's business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.core import loopback
from harness.core.tokens import is_sandbox_token

TOKEN_NAMES = ("AT", "INTERCOM_ACCESS_TOKEN", "INTERCOM_API_KEY")
"""Where code looks for the access token: the guide's own scripts in `AT`, most other code in the others."""

SECRET_NAME = "INTERCOM_CLIENT_SECRET"
"""Where code finds the secret that webhooks are signed with."""

PROXY_NAMES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
NO_PROXY = ",".join(loopback.NAMES)

_CREDENTIAL = re.compile(
    r"intercom.*(token|key|secret|password|auth|credential)|(token|key|secret|password).*intercom", re.IGNORECASE
)
_TOKEN_VALUE = re.compile(r"dG9rO[A-Za-z0-9+/=_-]{20,}")
"""How Intercom's access tokens begin: the letters `tok:` in base64."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a command reaches the gateway: everything about the door that an environment can say."""

    url: str
    token: str
    ca_file: Path
    """The certificate of our authority alone."""
    ca_added: Path
    """What clients add to the authorities that they bring: ours, and those that the machine had them add."""
    ca_bundle: Path
    """All authorities, for clients that read one file and nothing else."""
    preload: Path
    """The folder of what is loaded before a command's own code."""
    domains: Sequence[str]
    """Intercom's domains, the only ones that a preload redirects."""
    secret: str = ""
    """What webhooks are signed with; empty where none are sent."""


def command_environment(base: Mapping[str, str], way: Way, extra_names: Iterable[str] = ()) -> dict[str, str]:
    """The environment of a command: `base` without real credentials, and every way to the gateway set."""
    kept = {name: value for name, value in base.items() if name not in production_credentials(base)}
    for name in ("ALL_PROXY", "all_proxy"):
        kept.pop(name, None)
    tokens = dict.fromkeys((*TOKEN_NAMES, *extra_names), way.token)
    if way.secret:
        tokens[SECRET_NAME] = way.secret
    return {**kept, **tokens, **_proxy(way), **_trust(way), **_preload(kept, way)}


def production_credentials(base: Mapping[str, str], extra_names: Iterable[str] = ()) -> list[str]:
    """Names of variables that look like credentials of a real workspace and are not replaced by the sandbox's."""
    replaced = {*TOKEN_NAMES, *extra_names}
    return sorted(name for name, value in base.items() if name not in replaced and _is_production(name, value))


@contextmanager
def python_environment(url: str, token: str, secret: str) -> Iterator[None]:
    """This process's own environment for the length of a block: the way to the gateway, no real credentials."""
    ours = {"INTERCOM_BASE_URL": url, SECRET_NAME: secret, **dict.fromkeys(TOKEN_NAMES, token)}
    hidden = production_credentials(os.environ, ours)
    before = {name: os.environ.get(name) for name in (*ours, *hidden)}
    for name in hidden:
        del os.environ[name]
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _is_production(name: str, value: str) -> bool:
    if not value or is_sandbox_token(value):
        return False
    return bool(_CREDENTIAL.search(name) or _TOKEN_VALUE.search(value))


def _proxy(way: Way) -> dict[str, str]:
    return {
        "INTERCOM_BASE_URL": way.url,
        **dict.fromkeys(PROXY_NAMES, way.url),
        "NO_PROXY": NO_PROXY,
        "no_proxy": NO_PROXY,
        "NODE_USE_ENV_PROXY": "1",
    }


def _trust(way: Way) -> dict[str, str]:
    bundle = str(way.ca_bundle)
    return {
        "NODE_EXTRA_CA_CERTS": str(way.ca_added),
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
    }


def _preload(base: Mapping[str, str], way: Way) -> dict[str, str]:
    require = f'--require "{_quoted(way.preload / "intercom.cjs")}"'
    python_path = [str(way.preload / "python"), *filter(None, [base.get("PYTHONPATH")])]
    return {
        "HARNESS_DOOR": way.url.partition("://")[2],
        "HARNESS_INTERCOM_DOMAINS": ",".join(way.domains),
        "HARNESS_CA_FILE": str(way.ca_file),
        "NODE_OPTIONS": " ".join(filter(None, [base.get("NODE_OPTIONS"), require])),
        "PYTHONPATH": os.pathsep.join(python_path),
    }


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
