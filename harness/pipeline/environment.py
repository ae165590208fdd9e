"""What a command finds in its environment: the way to the gateway, and nobody's real credentials.

Clients can be led in four ways, and no runtime honours all: a base URL, a proxy with its authority, and, for those that
honour neither, something loaded before their own code. Where each leads is the gateway's business.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from harness.config import SIGNING_KEY
from harness.core import loopback
from harness.core.hosts import ANSWERED
from harness.core.tokens import is_sandbox_token

TOKEN_NAMES = ("AT", "INTERCOM_ACCESS_TOKEN", "INTERCOM_API_KEY")
"""Where code looks for the access token: the guide's own scripts in `AT`, most other code in the others."""

SECRET_NAME = "INTERCOM_CLIENT_SECRET"
"""Where code finds the secret that webhooks are signed with."""

_PLACEHOLDERS = re.compile(r"\{(base_url|token|secret|client_secret|port)\}")
PROXY_NAMES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
ALL_PROXY_NAMES = (*PROXY_NAMES, "ALL_PROXY", "all_proxy")
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
    php_folder: Path | None = None
    """The folder of settings that PHP reads beside its own: they name the authorities."""
    short_waits: bool = False
    """Whether what a command waits for passes in a moment, as in a replay."""
    told_waits: bool = False
    """Whether what a command waits for passes in a moment, and is told to the harness's clock."""
    reads: tuple[Path, Path] | None = None
    """The folder into which processes write which files they open, and the project's folder, whose files count."""


def command_environment(
    base: Mapping[str, str],
    way: Way,
    extra_names: Iterable[str] = (),
    declared: Iterable[tuple[str, str]] = (),
) -> dict[str, str]:
    """Return the environment of a command: `base` without real credentials, and every way to the gateway set.

    extra_names: further variables for the token. declared: variables of the project's own, with placeholders.
    """
    fill = placeholders(url=way.url, token=way.token, secret=way.secret)
    own = {name: fill(text) for name, text in declared}
    kept = {name: value for name, value in base.items() if name not in production_credentials(base)}
    for name in ("ALL_PROXY", "all_proxy"):
        kept.pop(name, None)
    tokens = dict.fromkeys((*TOKEN_NAMES, *extra_names), way.token)
    if way.secret:
        tokens[SECRET_NAME] = way.secret
    return {**kept, **tokens, **_proxy(way), **_trust(way), **_preload(kept, way), **own}


def production_credentials(base: Mapping[str, str], extra_names: Iterable[str] = ()) -> list[str]:
    """Names of variables that look like credentials of a real workspace and are not replaced by the sandbox's."""
    replaced = {*TOKEN_NAMES, *extra_names}
    return sorted(name for name, value in base.items() if name not in replaced and _is_production(name, value))


class LentEnvironment:
    """This process's environment while code under test runs: the way to the gateway, no real credentials.

    It is lent for an import or a call and given back afterwards, so the rest of a pytest session sees what it saw
    before. Calls at the same time share it.

    url, token, secret: how the gateway is reached, and what webhooks are signed with. declared: variables of the
    project's own, with placeholders filled in.
    """

    def __init__(self, url: str, token: str, secret: str, declared: Mapping[str, str] | None = None) -> None:
        ours = {"INTERCOM_BASE_URL": url, SECRET_NAME: secret, **dict.fromkeys(TOKEN_NAMES, token)}
        self._ours = {**ours, **(declared or {})}
        self._lock = threading.Lock()
        self._borrowers = 0
        self._before: dict[str, str | None] = {}

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Set and hide variables for the length of a block."""
        with self._lock:
            if not self._borrowers:
                self._lend()
            self._borrowers += 1
        try:
            yield
        finally:
            with self._lock:
                self._borrowers -= 1
                if not self._borrowers:
                    self._give_back()

    def _lend(self) -> None:
        hidden = production_credentials(os.environ, self._ours)
        lent = {**self._ours, **_without_proxy(os.environ)}
        self._before = {name: os.environ.get(name) for name in (*lent, *hidden)}
        for name in hidden:
            del os.environ[name]
        os.environ.update(lent)

    def _give_back(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def placeholders(*, url: str, token: str, secret: str) -> Callable[[str], str]:
    """Return what fills `{base_url}`, `{token}`, `{secret}` and `{port}` in a project's own texts."""
    port = str(urlsplit(url).port or "")
    values = {"{base_url}": url, "{token}": token, "{secret}": secret, "{client_secret}": secret, "{port}": port}
    return lambda text: _PLACEHOLDERS.sub(lambda match: values[match.group()], text)


def _without_proxy(base: Mapping[str, str]) -> dict[str, str]:
    """Return what keeps a machine's proxy out of the way to the gateway, if one is set."""
    if not any(base.get(name) for name in ALL_PROXY_NAMES):
        return {}
    kept = base.get("no_proxy") or base.get("NO_PROXY") or ""
    nearby = ",".join(filter(None, [kept, *loopback.NAMES, *(f".{domain}" for domain in ANSWERED), *ANSWERED]))
    return {"NO_PROXY": nearby, "no_proxy": nearby}


@lru_cache(maxsize=2048)
def _is_production(name: str, value: str) -> bool:
    if name == SIGNING_KEY:  # code under test that saw it could sign a receipt of its own
        return True
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
    loaded = ["intercom.cjs", *(["read_files.cjs"] if way.reads else [])]
    require = " ".join(f'--require "{_quoted(way.preload / name)}"' for name in loaded)
    python_path = [str(way.preload / "python"), *filter(None, [base.get("PYTHONPATH")])]
    return {
        "HARNESS_DOOR": way.url.partition("://")[2],
        "HARNESS_INTERCOM_DOMAINS": ",".join(way.domains),
        "HARNESS_CA_FILE": str(way.ca_file),
        "NODE_OPTIONS": " ".join(filter(None, [base.get("NODE_OPTIONS"), require])),
        "PYTHONPATH": os.pathsep.join(python_path),
        **_ruby(base, way),
        **_php(base, way),
        **({"HARNESS_SHORT_WAITS": "1"} if way.short_waits else {}),
        **({"HARNESS_TOLD_WAITS": "1"} if way.told_waits else {}),
        **_read_files(way),
    }


def _read_files(way: Way) -> dict[str, str]:
    if way.reads is None:
        return {}
    return dict(zip(("HARNESS_READ_FILES", "HARNESS_READ_ROOT"), map(str, way.reads), strict=True))


def _ruby(base: Mapping[str, str], way: Way) -> dict[str, str]:
    preload = str(way.preload / "intercom.rb")
    if any(sign.isspace() for sign in preload):  # there is no way to quote one in this variable
        return {}
    return {"RUBYOPT": " ".join(filter(None, [base.get("RUBYOPT"), f"-r{preload}"]))}


def _php(base: Mapping[str, str], way: Way) -> dict[str, str]:
    if way.php_folder is None:
        return {}
    # An empty entry stands for the folder that PHP was built with.
    return {"PHP_INI_SCAN_DIR": f"{base.get('PHP_INI_SCAN_DIR', '')}{os.pathsep}{way.php_folder}"}


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
