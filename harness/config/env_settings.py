"""The only reader of `.env` and of the environment: everything else is handed what it needs.

The sandbox and cassettes need no settings at all. A `.env` that cannot be read is a Problem whatever is run, because a
line that was meant and not understood is how a wrong workspace gets hit; what its values must be is asked only by
`test_app`. An error names the key, the line, the wanted form and the remedy, and never a value.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from harness.core.errors import Problem
from harness.core.tokens import is_sandbox_token
from intercom_harness_plugin import find_root

ACCESS_TOKEN = "INTERCOM_TEST_ACCESS_TOKEN"
APP_ID = "INTERCOM_TEST_APP_ID"
REGION = "INTERCOM_REGION"
LIVE_APP_IDS = "INTERCOM_LIVE_APP_IDS"
KEYS = (ACCESS_TOKEN, APP_ID, REGION, LIVE_APP_IDS)

STATE = "XDG_STATE_HOME"
REHEARSAL_PROXY = "HARNESS_REHEARSAL_PROXY"
REHEARSAL_CA = "HARNESS_REHEARSAL_CA"
"""For rehearsing a run against a TEST app with a sandbox in Intercom's place; from the environment only."""

SIGNING_KEY = "HARNESS_RECEIPT_PRIVATE_KEY"
"""The variable that holds the private key of receipts; from the environment only."""

CI_RUNS = ("GITHUB_RUN_ID", "CI_PIPELINE_ID", "BUILDKITE_BUILD_ID", "CIRCLE_WORKFLOW_ID", "BUILD_BUILDID")
"""Variables in which a CI says which run a job belongs to (GitHub, GitLab, Buildkite, CircleCI, Azure)."""

HOSTS = {"us": "api.intercom.io", "eu": "api.eu.intercom.io", "au": "api.au.intercom.io"}
"""The API's host in each of Intercom's regions."""

CREDENTIAL_NAME = re.compile(
    r"token|secret|passw(or)?d|api_?key|access_?key|private_?key|credential|_pwd$|(^|_)auth$|^at$", re.IGNORECASE
)
"""How the names of variables that hold credentials look; `AT` is what Intercom's own guide calls its token."""
CREDENTIAL_ENDING = re.compile(
    r"(^|_)(sk|pat|keys?|dsn|pass|pass(phrase|code)|auth|jwt|psk|salt|sig|signature|bearer|cookie|session|otp|webhook(_url)?)$",
    re.IGNORECASE,
)
"""How further names end that may hold one; a value of plain words under such a name is none."""
_WORDS = re.compile(r"[~/.]?[A-Za-z]{1,20}(?:[_./ -][A-Za-z]{1,20})*/?")
_LONGEST_WORDS = 40
_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/@\s:]*)(?::([^/@\s]+))?@")
"""A URL with credentials in it, under whatever name."""
SHORTEST_SECRET = 8
_APP_ID_FORM = re.compile(r"[a-z0-9]{6,20}")
_TOKEN_FORM = re.compile(r"[A-Za-z0-9_=.:+/-]{20,}")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that shows itself only when asked to."""

    _value: str

    def reveal(self) -> str:
        """The value, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class AppSettings:
    """The TEST app as the settings name it, complete and well-formed; whether it is one, only Intercom can tell."""

    token: Secret
    app_id: str
    region: str
    live_app_ids: frozenset[str]

    @property
    def host(self) -> str:
        """The API's host in the app's region."""
        return HOSTS[self.region]


@dataclass(frozen=True, slots=True)
class Settings:
    """What `.env` and the environment say."""

    environment: Mapping[str, str] = field(repr=False, default_factory=dict)
    """The process's own variables, without those of `.env`: what a command inherits."""
    dotenv: Mapping[str, str] = field(repr=False, default_factory=dict)
    path: Path | None = None
    """Where `.env` was found, if it was."""

    @property
    def ci(self) -> bool:
        """Whether this runs where nobody watches: nothing committed is recorded over there."""
        return self.environment.get("CI", "").lower() not in ("", "0", "false")

    @property
    def signing_key(self) -> str:
        """The private key with which receipts are signed; empty where there is none."""
        return self.environment.get(SIGNING_KEY, "").strip()

    @property
    def ci_run(self) -> str:
        """The CI's own number of the run that all its jobs belong to; empty outside of one."""
        found = (self.environment.get(name, "").strip() for name in CI_RUNS)
        return next(filter(None, found), "")

    @property
    def step_summary(self) -> Path | None:
        """The file to which a step of a GitHub workflow adds what is shown with the pull request's checks."""
        named = self.environment.get("GITHUB_STEP_SUMMARY", "").strip()
        return Path(named) if named else None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Values that must never be written: of at least 8 characters, under a name that looks like a credential's.

        Passwords in URLs count under any name.

        The sandbox's own tokens are none: they open nothing.
        """
        pairs = [*self.environment.items(), *self.dotenv.items()]
        found = {secret for name, value in pairs for secret in _secrets_in(name, value)}
        wanted = sorted(value for value in found if len(value) >= SHORTEST_SECRET)
        return tuple(Secret(value) for value in wanted if not is_sandbox_token(value))

    @property
    def state_folder(self) -> Path:
        """Where what outlives a run is kept on this machine: the ledgers and locks of TEST apps."""
        base = self.environment.get("XDG_STATE_HOME", "").strip()
        home = self.environment.get("HOME", "").strip()
        if not base and not home:
            raise Problem(
                "There is no folder for the ledger.",
                evidence=f"neither {STATE} nor HOME is set",
                remedy=f"set {STATE} to a folder that is kept",
            )
        return (Path(base) if base else Path(home) / ".local" / "state") / "intercom-conversion-harness"

    @property
    def rehearsal(self) -> tuple[str, str]:
        """The proxy on loopback behind which something plays Intercom, and the file of its CA; both empty elsewhere."""
        return self.environment.get(REHEARSAL_PROXY, "").strip(), self.environment.get(REHEARSAL_CA, "").strip()

    def value(self, key: str) -> str:
        """One of our own keys, stripped; empty where it is set nowhere. Two different answers are a Problem."""
        here, there = self.dotenv.get(key, "").strip(), self.environment.get(key, "").strip()
        if here and there and here != there:
            raise Problem(
                f"{key} is set twice, and differently.",
                evidence=f"once in {self.path}, once in the environment",
                why="which of the two is meant cannot be known",
                remedy=f"remove one of them (unset {key}, or delete its line)",
            )
        return here or there

    def other_app_id(self, app_id: str) -> str:
        """An app that is named beside the settings: of the right form, and none of the live ones, or a Problem."""
        if app_id.lower() in self._live_app_ids():
            raise Problem(
                f"{app_id} is listed as a live app.", evidence=LIVE_APP_IDS, remedy="name a TEST app; visitors stay"
            )
        if not _APP_ID_FORM.fullmatch(app_id):
            raise Problem(
                f"{app_id!r} is no app id.", remedy="it has 8 small letters and digits, as in the address of the app"
            )
        return app_id

    def _live_app_ids(self) -> frozenset[str]:
        """Return the ids of the live apps; a part that is no app id would protect no app, so it raises a `Problem`."""
        parts = [part.lower() for part in re.split(r"[,\s]+", self.value(LIVE_APP_IDS)) if part]
        wrong = [str(number) for number, part in enumerate(parts, start=1) if not _APP_ID_FORM.fullmatch(part)]
        if wrong:
            raise Problem(
                f"{LIVE_APP_IDS} cannot be understood.",
                evidence=f"no app id at place {', '.join(wrong)} of {len(parts)}",
                why="an id that is written otherwise than Intercom writes it would protect no app",
                remedy=f"write {LIVE_APP_IDS}=abcd1234,efgh5678: app ids with commas between them, without other signs",
            )
        return frozenset(parts)

    def test_app(self) -> AppSettings:
        """The TEST app, or a Problem that names each key that is missing or wrong."""
        token, app_id = self.value(ACCESS_TOKEN), self.value(APP_ID)
        region = self.value(REGION).lower() or "us"
        live = self._live_app_ids()
        wrong = list(_wrong_values(token, app_id, region, live))
        if wrong:
            raise Problem(
                "The settings do not name a TEST app: " + "; ".join(wrong) + ".",
                evidence=self._evidence(),
                remedy=f"put {ACCESS_TOKEN} and {APP_ID} into .env (see .env.example), or: harness doctor --init",
            )
        return AppSettings(Secret(token), app_id, region, live)

    def _evidence(self) -> str:
        import difflib

        source = str(self.path) if self.path else "no .env in this folder"
        names = sorted(name for name in {*self.dotenv, *self.environment} if name.startswith("INTERCOM_"))
        likely = [
            f"{name} (did you mean {close[0]}?)"
            for name in names
            if name not in KEYS and (close := difflib.get_close_matches(name, KEYS, n=1, cutoff=0.75))
        ]
        return "; ".join([source, *likely])


def _secrets_in(name: str, value: str) -> Iterable[str]:
    """Yield what is secret of a variable: its value, and a password that stands in a URL."""
    words = len(value) < _LONGEST_WORDS and _WORDS.fullmatch(value)
    if CREDENTIAL_NAME.search(name) or (CREDENTIAL_ENDING.search(name) and not words):
        yield value
    if (found := _URL_PASSWORD.match(value)) is not None:
        user, password = found.groups()
        # In a Sentry DSN the key stands where others have the user's name.
        secret = password or (user if name.upper().endswith("DSN") else "")
        yield from (secret, unquote(secret))


def _wrong_values(token: str, app_id: str, region: str, live: frozenset[str]) -> Iterable[str]:
    if not token:
        yield f"{ACCESS_TOKEN} is missing or empty"
    elif is_sandbox_token(token):
        yield f"{ACCESS_TOKEN} holds a token of the sandbox, and an access token of the TEST app is wanted"
    elif not _TOKEN_FORM.fullmatch(token):
        yield f"{ACCESS_TOKEN} is no access token (at least 20 letters, digits and signs, without spaces)"
    if not app_id:
        yield f"{APP_ID} is missing or empty"
    elif not _APP_ID_FORM.fullmatch(app_id):
        yield f"{APP_ID} is no app id (8 lower-case letters and digits, as in the address of the app)"
    elif app_id in live:
        yield f"{APP_ID} names an app that {LIVE_APP_IDS} lists as live"
    if region not in HOSTS:
        yield f"{REGION} is none of {', '.join(HOSTS)}"


def load(folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read `.env` and the environment (default: the process's).

    folder: where `.env` stands; the root of the project, or the current folder where that has no configuration.
    """
    variables = MappingProxyType(dict(os.environ if environment is None else environment))
    path = (folder or find_root(Path.cwd()) or Path.cwd()) / ".env"
    if not path.exists():
        return Settings(variables)
    return Settings(variables, MappingProxyType(_parse(path)), path)


def _parse(path: Path) -> dict[str, str]:
    from dotenv.parser import parse_stream

    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(_read(path))):
        blank = binding.original.string[: len(binding.original.string) - len(binding.original.string.lstrip())]
        line = binding.original.line + blank.count("\n")
        if binding.error:
            raise _malformed(path, line, "it is not of the form NAME=value, or a quote is not closed")
        if binding.key is None:
            continue
        if binding.value is None:
            raise _malformed(path, line, "there is no = in it")
        if binding.key in values and binding.key in KEYS:
            raise _malformed(path, line, f"{binding.key} was set before")
        values[binding.key] = binding.value
    return values


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(
            f"{path} is not UTF-8 text.", evidence=f"byte {error.start}", remedy="save it as UTF-8 text"
        ) from None
    except OSError as error:
        raise Problem(
            f"{path} cannot be read.",
            evidence=error.strerror or type(error).__name__,
            remedy="make it a readable file, or remove it: the sandbox needs none",
        ) from None


def _malformed(path: Path, line: int, reason: str) -> Problem:
    return Problem(
        f"{path}, line {line}, cannot be understood: {reason}.",
        why="a line that was meant and not read could send a run to the wrong place, so none is skipped",
        remedy=f"write NAME=value on line {line}, or put # before it; .env.example shows each key",
    )
