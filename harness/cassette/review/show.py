"""A cassette as a conversation: who asked what, what came of it, step by step, with names for the ids."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Cassette, Interaction
from harness.cassette.format.id_names import IdNames
from harness.core.http import BrokenResponse
from harness.core.json_values import Json

_SAID = ("type", "role", "email", "name", "external_id", "user_id", "total_count")
_LONGEST = 100
_WIDTH = 9


def lines(cassette: Cassette, *, bodies: bool = False) -> Iterator[str]:
    """The conversation, line by line; with `bodies` each body in full."""
    header, names = cassette.header, IdNames(cassette.interactions)
    yield header.title or header.scenario or "a recording without a scenario"
    yield f"  {header.scenario}" if header.title else ""
    yield (
        f"  recorded from the {header.recorded_from} at {header.recorded_at or 'an unknown time'}, "
        f"Intercom-Version {header.intercom_version or 'none'}, pipeline {header.pipeline}"
    )
    step = None
    for interaction in cassette.interactions:
        if interaction.step != step:
            step = interaction.step
            yield ""
            yield str(step)
        yield from _exchange(interaction, names, bodies=bodies)
    yield ""
    yield from (
        f"  {{{name}}} = {value}" for value, name in names.of.items() if "." not in name and not name.startswith("id_")
    )


def _exchange(interaction: Interaction, names: IdNames, *, bodies: bool) -> Iterator[str]:
    request = interaction.request
    version = request.headers.get("intercom-version")
    block = f"  ({interaction.block})" if interaction.block else ""
    asked = names.text(request.target) + (f"  [{version}]" if version else "") + block
    yield f"  {interaction.caller:<{_WIDTH}}→ {request.method} {asked}"
    yield from _body(request.body, names, whole=True, bodies=bodies)
    yield f"  {'':<{_WIDTH}}← {_answer(interaction, names)}"
    response = interaction.outcome.response
    if response and bodies:
        yield from _body(response.body, names, whole=True, bodies=True)


def _answer(interaction: Interaction, names: IdNames) -> str:
    answer, response = interaction.outcome.answer, interaction.outcome.response
    delay = f", after {interaction.outcome.delay:g} s" if interaction.outcome.delay else ""
    broken = f"{answer.kind.replace('_', ' ')}" if isinstance(answer, BrokenResponse) else ""
    if response is None:
        return broken + delay
    said = f"{response.status} {_summary(tree_of(response.body), names)}".rstrip()
    return f"{broken} ({said}){delay}" if broken else said + delay


def _summary(tree: Json, names: IdNames) -> str:
    if not isinstance(tree, dict):
        return "" if tree is None else _short(str(tree))
    errors = tree.get("errors")
    if errors and isinstance(errors, list):
        return "; ".join(f"{error.get('code')}: {error.get('message')}" for error in errors if isinstance(error, dict))
    own = names.name_of(tree)
    facts = [f"{key} {names.text(str(tree[key]))}" for key in _SAID if tree.get(key) not in (None, "")]
    return _short(" ".join([f"{{{own}}}" if own else "", ", ".join(facts)]).strip())


def _body(body: bytes, names: IdNames, *, whole: bool, bodies: bool) -> Iterator[str]:
    if not body:
        return
    tree = tree_of(body)
    text = msgspec.json.encode(tree).decode()
    if whole and bodies:
        text = msgspec.json.format(text, indent=2)
        yield from (f"  {'':<{_WIDTH}}  {line}" for line in names.text(text).splitlines())
    else:
        yield f"  {'':<{_WIDTH}}  {_short(names.text(text))}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
