"""`.env` and the environment: what is read, what is refused, and that no message shows a value."""

from __future__ import annotations

import secrets
import uuid
from pathlib import Path

import pytest

from harness.config import ACCESS_TOKEN, APP_ID, KEYS, LIVE_APP_IDS, REGION, Secret, load
from harness.core.errors import Problem


def _token() -> str:
    return f"dG9r:{uuid.uuid4().hex}"


def _write(folder: Path, text: str | bytes) -> Path:
    path = folder / ".env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _complete(**changes: str) -> dict[str, str]:
    return {ACCESS_TOKEN: _token(), APP_ID: "ab12cd34", **changes}


def test_nothing_set_is_fine_until_a_test_app_is_asked_for(tmp_path: Path) -> None:
    """The sandbox needs no settings; a TEST app without any is refused, both keys named."""
    settings = load(tmp_path, {})
    assert settings.path is None
    with pytest.raises(Problem) as caught:
        settings.test_app()
    assert f"{ACCESS_TOKEN} is missing" in str(caught.value)
    assert f"{APP_ID} is missing" in str(caught.value)
    assert ".env.example" in caught.value.remedy
    assert caught.value.remedy.endswith("harness doctor --init")


def test_a_complete_file_names_the_test_app(tmp_path: Path) -> None:
    """Token, app id, region and the list of live apps are read from `.env`."""
    token = _token()
    _write(tmp_path, f"{ACCESS_TOKEN}='{token}'\n{APP_ID}=ab12cd34\n{REGION}=EU\n{LIVE_APP_IDS}=zz11yy22, QQ33ww44\n")
    app = load(tmp_path, {}).test_app()
    assert app.token.reveal() == token
    assert (app.app_id, app.region, app.host) == ("ab12cd34", "eu", "api.eu.intercom.io")
    assert app.live_app_ids == {"zz11yy22", "qq33ww44"}


def test_values_are_taken_literally(tmp_path: Path) -> None:
    """A dollar sign in a token is a dollar sign, whatever the environment holds."""
    _write(tmp_path, "SOME_TOKEN=abc${HOME}def\n")
    assert [one.reveal() for one in load(tmp_path, {"HOME": "elsewhere"}).secrets] == ["abc${HOME}def"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{secret}\n", 1),
        ("# comment\n\n{secret}\nB=1\n", 3),
        ("A=1\nTOKEN='{secret}\nB=2\n", 2),
        ("A=1\n\n\n={secret}\n", 4),
        ("A=1\nTOKEN: {secret}\n", 2),
        ("A='x\ny'\n\nTOKEN='{secret}' and more\n", 4),
        ("A=1\nINTERCOM_TEST_ACCESS_TOKEN={secret}\nINTERCOM_TEST_ACCESS_TOKEN={secret}2\n", 3),
    ],
)
def test_a_malformed_line_is_named_and_never_shown(tmp_path: Path, text: str, line: int) -> None:
    """The Problem names file and line; what stands on the line may be a token and stays out of it."""
    secret = _token().replace(":", "")
    path = _write(tmp_path, text.format(secret=secret))
    with pytest.raises(Problem) as caught:
        load(tmp_path, {})
    assert f"{path}, line {line}," in str(caught.value)
    assert f"line {line}" in caught.value.remedy
    assert secret not in str(caught.value)


@pytest.mark.parametrize("text", [b"TOKEN=\xff\xfe\n", b"\xff\xfeA\x00=\x001\x00"])
def test_a_file_that_is_not_text_is_named(tmp_path: Path, text: bytes) -> None:
    """Bytes that are no UTF-8 are a Problem, not a traceback."""
    _write(tmp_path, text)
    with pytest.raises(Problem, match="not UTF-8"):
        load(tmp_path, {})


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    """A `.env` that cannot be read is a Problem."""
    (tmp_path / ".env").mkdir()
    with pytest.raises(Problem, match="cannot be read"):
        load(tmp_path, {})


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    """Files saved by an editor that marks its UTF-8 are read like any other."""
    _write(tmp_path, b"\xef\xbb\xbf" + f"{APP_ID}=ab12cd34\n".encode())
    assert load(tmp_path, {}).value(APP_ID) == "ab12cd34"


def test_two_different_answers_are_refused(tmp_path: Path) -> None:
    """A key that file and environment set differently is a Problem; set equally it is not."""
    mine, other = _token(), _token()
    _write(tmp_path, f"{ACCESS_TOKEN}={mine}\n{APP_ID}=ab12cd34\n")
    assert load(tmp_path, {ACCESS_TOKEN: mine}).test_app().token.reveal() == mine
    with pytest.raises(Problem, match="set twice") as caught:
        load(tmp_path, {ACCESS_TOKEN: other}).test_app()
    assert mine not in str(caught.value)
    assert other not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({ACCESS_TOKEN: " "}, f"{ACCESS_TOKEN} is missing"),
        ({ACCESS_TOKEN: "sandbox-default"}, "token of the sandbox"),
        ({ACCESS_TOKEN: "too short"}, "no access token"),
        ({ACCESS_TOKEN: "ａ" * 30}, "no access token"),
        ({APP_ID: ""}, f"{APP_ID} is missing"),
        ({APP_ID: "https://app.intercom.com/a/apps/ab12cd34"}, "no app id"),
        ({APP_ID: "аb12cd34"}, "no app id"),  # a Cyrillic letter
        ({LIVE_APP_IDS: "other123,AB12CD34"}, "lists as live"),
        ({REGION: "uk"}, "none of us, eu, au"),
    ],
)
def test_each_wrong_value_is_named_with_what_is_wanted(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    """Every key is held against the form it must have."""
    values = _complete(**changes)
    with pytest.raises(Problem, match=said) as caught:
        load(tmp_path, values).test_app()
    assert values[ACCESS_TOKEN].strip() in ("", "sandbox-default") or values[ACCESS_TOKEN] not in str(caught.value)


@pytest.mark.parametrize(
    "listed",
    [
        "zz11yy22;ab12cd34",
        "[zz11yy22, ab12cd34]",
        "'ab12cd34",
        "app: ab12cd34",
        "https://app.intercom.com/a/apps/ab12cd34",
    ],
)
def test_live_apps_that_are_written_otherwise_stop_everything(tmp_path: Path, listed: str) -> None:
    """A list that would protect no app is a Problem, for the TEST app and for one that is named beside it."""
    settings = load(tmp_path, _complete(**{LIVE_APP_IDS: listed}))
    for ask in (settings.test_app, lambda: settings.other_app_id("ab12cd34")):
        with pytest.raises(Problem, match=f"{LIVE_APP_IDS} cannot be understood") as caught:
            ask()
        assert "ab12cd34" not in str(caught.value)


def test_a_near_miss_in_a_name_is_pointed_out(tmp_path: Path) -> None:
    """A key that was mistyped is recognised."""
    _write(tmp_path, f"INTERCOM_TEST_ACCES_TOKEN={_token()}\n")
    with pytest.raises(Problem) as caught:
        load(tmp_path, {}).test_app()
    assert f"INTERCOM_TEST_ACCES_TOKEN (did you mean {ACCESS_TOKEN}?)" in caught.value.evidence


def test_secrets_are_found_by_name_and_hide_themselves(tmp_path: Path) -> None:
    """Values under credential-like names are collected from both places; the sandbox's own tokens are none."""
    token, key = _token(), _token()
    _write(tmp_path, f"MY_API_KEY={key}\nSHORT_TOKEN=abc\n")
    environment = {
        "AT": token,
        "PWD": "some/folder/of/mine",
        "INTERCOM_ACCESS_TOKEN": "sandbox-default",
        "LANG": "x" * 9,
    }
    settings = load(tmp_path, environment)
    assert {secret.reveal() for secret in settings.secrets} == {token, key}
    for text in (repr(settings), str(settings), repr(settings.secrets), f"{settings.secrets[0]}"):
        assert token not in text
        assert key not in text


@pytest.mark.parametrize(
    "name",
    [
        "STRIPE_SK",
        "GITHUB_PAT",
        "SIGNING_KEY",
        "SENTRY_DSN",
        "SERVICE_KEYS",
        "DB_PASS",
        "DEPLOY_JWT",
        "WEBHOOK_SIG",
        "key",
    ],
)
def test_more_names_are_credentials_where_their_values_look_like_one(tmp_path: Path, name: str) -> None:
    """Under `*_SK`, `*_PAT`, `*_KEY`, `*_DSN` and their like; plain words there (`SORT_KEY=created_at`) are none."""
    value = secrets.token_urlsafe(12) + "7"
    assert [one.reveal() for one in load(tmp_path, {name: value}).secrets] == [value]
    for words in ("created_at", "/home/app/keys/id_rsa.pem", "primary"):
        assert load(tmp_path, {name: words}).secrets == ()


def test_passwords_in_urls_are_secrets_under_any_name(tmp_path: Path) -> None:
    """A database's address holds one, percent-encoded or not; a Sentry DSN holds its key before the @."""
    password, key = f"p-{secrets.token_hex(8)}", secrets.token_hex(16)
    environment = {
        "DATABASE_URL": f"postgresql://app:{password}%21@db.test:5432/app",
        "SENTRY_DSN": f"https://{key}@o1.ingest.test/42",
        "HOMEPAGE": "https://someone@shop.test/",
    }
    found = {one.reveal() for one in load(tmp_path, environment).secrets}
    assert found == {f"{password}%21", f"{password}!", key, environment["SENTRY_DSN"]}


def test_an_app_shows_its_id_and_not_its_token(tmp_path: Path) -> None:
    """The TEST app's settings can be printed."""
    values = _complete()
    app = load(tmp_path, values).test_app()
    assert values[APP_ID] in repr(app)
    assert values[ACCESS_TOKEN] not in repr(app)
    assert repr(Secret("x" * 20)) == "Secret(…)"


@pytest.mark.parametrize(("value", "ci"), [("", False), ("0", False), ("False", False), ("true", True), ("1", True)])
def test_ci_is_recognised(tmp_path: Path, value: str, ci: bool) -> None:
    """`CI` counts as set for every value that does not deny it."""
    assert load(tmp_path, {"CI": value}).ci is ci


def test_the_example_file_holds_every_key_and_nothing_else(root: Path, tmp_path: Path) -> None:
    """`.env.example` can be copied as it stands, and explains each key before it."""
    text = (root / ".env.example").read_text()
    _write(tmp_path, text)
    assert set(load(tmp_path, {}).dotenv) == set(KEYS)
    assert set(load(tmp_path, {}).dotenv.values()) == {""}
    lines = text.splitlines()
    assert all(lines[lines.index(f"{key}=") - 1].startswith("# ") for key in KEYS)
