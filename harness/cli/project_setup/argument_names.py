"""What the parameters of a project's code are given, told by their names: `lead_id` is the id of a lead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from harness.cli.project_setup.routines import Parameter, Routine

Conversion: TypeAlias = Literal["visitor_to_lead", "visitor_to_user", "lead_to_user"]
CONVERSIONS: Final[tuple[Conversion, ...]] = ("visitor_to_lead", "visitor_to_user", "lead_to_user")

TOKEN: Final = "token"
BASE_URL: Final = "base_url"
NONE: Final = "none"
_LEAD: Final = re.compile(r"(lead|from|source|old|anonymous)(contact)?(id)?|leadintercomid|intercomleadid")
_VISITOR: Final = re.compile(r"visitor.*|uuid|vid|(anonymous|anon|cookie|source|from)(id)?")
_TARGET: Final = re.compile(
    r"(into|target|to|existing|merged?into)?(user|member)(contact)?(id)?|(into|target|to|existing)(contact)?(id)?|userintercomid"
)
_EMAIL: Final = re.compile(r".*e?mail(address)?")
_EXTERNAL: Final = re.compile(r".*externalid|(account|customer|appuser|crm|internal)id")
_WEAK: Final = re.compile(r"(contact|person|intercom)?(id)?")
_KIND: Final = re.compile(r"(target|to|new)?(type|role|kind)")
_TOKEN: Final = re.compile(r"(intercom)?(access|api|auth|bearer)?(token|key)")
_BASE_URL: Final = re.compile(r"(intercom|api)?(base|api)?(url|uri)")


@dataclass(frozen=True, slots=True)
class Argument:
    """What one parameter is given.

    value: `lead.id` and the like; `lead`, `user` or `visitor` for the whole person; `'lead'` or `'user'` for a text;
    `token`, `base_url`, `none`; empty for a record, whose fields stand in `fields`, or for what `parameter.provided`
    gives.
    """

    parameter: Parameter
    value: str = ""
    fields: Sequence[tuple[str, str]] = ()


def arguments_for(conversion: Conversion, routine: Routine) -> Sequence[Argument] | None:
    """Return what a routine is called with for a conversion; `None` where a parameter's name does not tell.

    A routine has to be given the person that is converted: without that it cannot be one for a single person.
    """
    values = _values(conversion, _names(routine.parameters), routine.source)
    found: list[Argument] = []
    for parameter in routine.parameters:
        argument = _argument(conversion, parameter, values)
        if argument is not None:
            found.append(argument)
        elif parameter.required:
            return None
    source = conversion.partition("_")[0]
    given = [text for one in found for text in (one.value, *(value for _, value in one.fields))]
    return found if any(text.partition(".")[0] == source for text in given) else None


def constructor_arguments(routine: Routine) -> Sequence[Argument] | None:
    """Return what makes the object whose method a routine is; `None` where a parameter's name does not tell."""
    found: list[Argument] = []
    for parameter in routine.constructor or ():
        value = TOKEN if _TOKEN.fullmatch(_plain(parameter.name)) else ""
        value = value or (BASE_URL if _BASE_URL.fullmatch(_plain(parameter.name)) else "")
        if value and parameter.required:
            found.append(Argument(parameter, value))
        elif parameter.required:
            return None
    return found


def _argument(conversion: Conversion, parameter: Parameter, values: Mapping[str, str]) -> Argument | None:
    if parameter.provided:
        return Argument(parameter)
    if parameter.fields:
        fields = [(name, _whole(values.get(name, ""), name in parameter.people)) for name, _ in parameter.fields]
        missing = any(required and not values.get(name) for name, required in parameter.fields)
        given = [(name, value) for name, value in fields if value]
        return Argument(parameter, fields=given) if given and not missing else None
    value = values.get(parameter.name, "")
    if conversion == "visitor_to_lead" and value.startswith("user."):
        value = NONE  # a visitor who becomes a lead has no user
    if not value or (not parameter.required and value in (TOKEN, BASE_URL, NONE)):
        return None
    return Argument(parameter, value if parameter.use == "plain" else value.partition(".")[0])


def _whole(value: str, person: bool) -> str:
    return value.partition(".")[0] if person else value


def _names(parameters: Sequence[Parameter]) -> Sequence[str]:
    return [name for one in parameters for name in ([field for field, _ in one.fields] or [one.name])]


def _values(conversion: Conversion, names: Sequence[str], source: str) -> Mapping[str, str]:
    """Return the value for each name that tells one: first those that can mean one thing, then those that are left."""
    identity = _identity(conversion, source)
    strong = _LEAD if conversion == "lead_to_user" else _VISITOR
    found: dict[str, str] = {}
    for name in names:
        if value := _certain(conversion, _plain(name), strong, identity):
            found[name] = value
    has_source = any(value == identity for value in found.values())
    for name in names:
        if name in found:
            continue
        plain = _plain(name)
        if not has_source and (_WEAK.fullmatch(plain) or _TARGET.fullmatch(plain)):
            found[name], has_source = identity, True
        elif _TARGET.fullmatch(plain) or _WEAK.fullmatch(plain):
            found[name] = _target(conversion, source)
    return found


def _certain(conversion: Conversion, plain: str, strong: re.Pattern[str], identity: str) -> str:
    if _KIND.fullmatch(plain):
        return "'lead'" if conversion == "visitor_to_lead" else "'user'"
    for pattern, value in (
        (_EMAIL, "user.email"),
        (_EXTERNAL, "user.external_id"),
        (strong, identity),
        (_TOKEN, TOKEN),
        (_BASE_URL, BASE_URL),
    ):
        if pattern.fullmatch(plain):
            return value
    return ""


def _identity(conversion: Conversion, source: str) -> str:
    if conversion == "lead_to_user":
        by_uuid = re.search(r"""["']?contact["']?\s*(?::|=>)\s*(?:\{|\[)\s*["']?user_id""", source)
        return "lead.external_id" if by_uuid else "lead.id"
    by_id = re.search(r"""["']?visitor["']?\s*(?::|=>|=)\s*(?:\{|\[)\s*["']?id\b""", source)
    return "visitor.id" if by_id else "visitor.user_id"


def _target(conversion: Conversion, source: str) -> str:
    """The user's own `user_id` is their external id where a 1.x client or a visitor's conversion names them by it."""
    by_external = re.search(r"""["']?user["']?\s*(?::|=>|=)\s*(?:\{|\[)\s*["']?user_id""", source)
    if by_external:
        return "user.external_id"
    return "user.id"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
