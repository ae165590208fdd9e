"""Who answers: which workspace a token opens, and whether that is the TEST app that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.config import AppSettings
from harness.core.json_values import Json


@dataclass(frozen=True, slots=True)
class AnsweringWorkspace:
    """The workspace that a token opens, as `/me` shows it."""

    app_id: str
    name: str = ""
    region: str = ""
    people: Mapping[str, Json] = field(default_factory=dict)
    teammate: str = ""
    """The id of the teammate whom the token belongs to."""


def workspace_in(body: Json) -> AnsweringWorkspace | None:
    """The workspace in an answer of `/me`; `None` where there is none."""
    app = body.get("app") if isinstance(body, Mapping) else None
    app_id = app.get("id_code") if isinstance(app, Mapping) else None
    if not isinstance(app, Mapping) or not isinstance(app_id, str) or not app_id:
        return None
    teammate = str(body.get("id") or "") if isinstance(body, Mapping) else ""
    return AnsweringWorkspace(app_id, str(app.get("name") or ""), str(app.get("region") or ""), teammate=teammate)


def wrong_workspace(shown: AnsweringWorkspace | None, app: AppSettings) -> str | None:
    """Why this is not the TEST app that the settings name; `None` where it is."""
    if shown is None:
        return "GET /me does not say which app the token belongs to"
    if shown.app_id.casefold() in {name.casefold() for name in app.live_app_ids}:
        return f"the token belongs to {shown.app_id}, which is listed as a live app"
    if shown.app_id != app.app_id:
        return f"the token belongs to the app {shown.app_id}, and the settings name {app.app_id}"
    if shown.region and shown.region.lower() != app.region:
        return f"the app is in region {shown.region}, and the settings say {app.region.upper()}"
    return None


def foreign_answer(body: Json, app: AppSettings) -> str | None:
    """Why an answer cannot come from the TEST app: it names another workspace."""
    if not isinstance(body, Mapping):
        return None
    shown = body.get("workspace_id") or body.get("app_id")
    if isinstance(shown, str) and shown and shown != app.app_id:
        return f"an answer came from the app {shown}, and the settings name {app.app_id}"
    return None
