"""Hands out the pages and what they are made of: plain files, the same for everybody.

A page holds nothing of any workspace; what it shows it asks for itself, with the token that its reader gives. Scripts
and styles come from here alone, and nothing is ever evaluated: the policy below has the browser see to that.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from harness.core.http import Response

PAGES = {
    "": "dashboard.html",
    "/live-visitor": "live.html",
    "/assets/pages.css": "pages.css",
    "/assets/page.js": "page.js",
    "/assets/calls.js": "calls.js",
    "/assets/live.js": "live.js",
    "/assets/dashboard.js": "dashboard.js",
    "/assets/people.js": "people.js",
    "/assets/exchanges.js": "exchanges.js",
}
"""Each path below the control plane's prefix with its file."""

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


def page(path: str) -> Response | None:
    """The page or part of one at a path, or `None` where there is none."""
    name = PAGES.get(path)
    if name is None:
        return None
    kind = TYPES[name.rpartition(".")[2]]
    return Response(200, {"content-type": f"{kind}; charset=utf-8", **HEADERS}, _content(name))


@cache
def _content(name: str) -> bytes:
    return files("harness.dashboard").joinpath("static", name).read_bytes()
