"""From a cassette to the YAML that an unmodified `vcr.use_cassette` plays, and back.

What vcrpy has no word for is lost on the way out: steps, callers, blocks, broken answers, the header. On the way in the
redaction rules are applied as to any recording.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.cassette.cassette_errors import UndecodableCassette
from harness.cassette.format.document import Cassette, Header, Interaction, reason
from harness.cassette.vcr.yaml_aliases import check_aliases
from harness.core.http import BrokenResponse, Outcome, Request, Response


def vcr_dictionary(cassette: Cassette) -> dict[str, object]:
    """vcrpy's dictionary with bodies as text, as its own serializers expect it; broken answers are left out."""
    return {"version": 1, "interactions": [_readable(vcr_interaction(found)) for found in playable(cassette)]}


def _readable(row: dict[str, Any]) -> dict[str, object]:
    row["response"]["body"]["string"] = _text(row["response"]["body"]["string"])
    return row


def playable(cassette: Cassette) -> list[Interaction]:
    """The interactions that vcrpy can play: those that were asked of Intercom, and whose answer arrived."""
    asked = [found for found in cassette.interactions if found.caller != "webhook"]
    return [found for found in asked if not isinstance(found.outcome.answer, BrokenResponse)]


def vcr_interaction(interaction: Interaction) -> dict[str, object]:
    """One interaction as vcrpy holds it."""
    request, response = interaction.request, interaction.outcome.response
    assert response is not None
    return {
        "request": {
            "method": request.method,
            "uri": f"https://{request.host}{request.target}",
            "body": _text(request.body) if request.body else None,
            "headers": _lists(request.headers),
        },
        "response": vcr_response(response),
    }


def vcr_response(response: Response) -> dict[str, object]:
    """An answer as vcrpy holds it."""
    return {
        "status": {"code": response.status, "message": reason(response.status)},
        "headers": _lists(response.headers),
        "body": {"string": response.body},
    }


def export(cassette: Cassette) -> str:
    """The YAML text."""
    from vcr.serializers import yamlserializer

    text: str = yamlserializer.serialize(vcr_dictionary(cassette))
    return text


def read(path: Path, header: Header) -> Cassette:
    """The cassette in a file that vcrpy wrote (YAML or JSON), not yet redacted."""
    from vcr.serializers import yamlserializer

    try:
        text = path.read_text(encoding="utf-8")
        check_aliases(text)
        data = yamlserializer.deserialize(text)
        return Cassette(header, tuple(from_vcr(row) for row in data["interactions"]))
    except (
        OSError,
        UnicodeDecodeError,
        yamlserializer.yaml.YAMLError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise UndecodableCassette(
            f"{path} is not a cassette of vcrpy.",
            path=path,
            evidence=f"{type(error).__name__}: {error}".splitlines()[0],
        ) from None


def from_vcr(row: Mapping[str, Any]) -> Interaction:
    """An interaction of vcrpy's dictionary; headers may be lists or texts, bodies text, bytes or trees."""
    asked, answered = row["request"], row["response"]
    host, _, target = asked["uri"].partition("://")[2].partition("/")
    request = Request(asked["method"], f"/{target}", _texts(asked.get("headers")), _bytes(asked.get("body")), host)
    response = Response(answered["status"]["code"], _texts(answered.get("headers")), _bytes(answered.get("body")))
    return Interaction(request, Outcome(response))


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _lists(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


def _texts(headers: Mapping[str, Any] | None) -> dict[str, str]:
    pairs = (headers or {}).items()
    return {name.lower(): value if isinstance(value, str) else ", ".join(map(str, value)) for name, value in pairs}


def _bytes(body: object) -> bytes:
    if isinstance(body, Mapping) and set(body) <= {"string", "base64_string", "encoding"}:
        if "base64_string" in body:
            return base64.b64decode(body["base64_string"])
        body = body.get("string")
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else _json(body)


def _json(tree: object) -> bytes:
    import msgspec

    return msgspec.json.encode(tree)
