"""The page on which a visitor comes into being: it loads the Messenger of the TEST app and tells the visitor's id.

By hand it also has the guide's buttons: copy the id, say hello, sign out for a new visitor.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from harness.config import AppSettings

WIDGET: Final = "https://widget.intercom.io"
API_BASES: Final = {
    "us": "https://api-iam.intercom.io",
    "eu": "https://api-iam.eu.intercom.io",
    "au": "https://api-iam.au.intercom.io",
}
"""Where the Messenger of each region calls home (facts §9)."""


@dataclass(frozen=True, slots=True)
class MessengerPlace:
    """Which Messenger a page loads: the app, where its script comes from, and where it calls."""

    app_id: str
    widget: str = WIDGET
    api_base: str = API_BASES["us"]

    @classmethod
    def of(cls, app: AppSettings) -> MessengerPlace:
        """Intercom's own, for the TEST app's region."""
        return cls(app.app_id, api_base=API_BASES[app.region])

    @property
    def cookie(self) -> str:
        """The cookie in which the Messenger keeps the visitor's id."""
        return f"intercom-id-{self.app_id}"


def visitor_page(place: MessengerPlace, secret: str = "") -> bytes:
    """The page; with a secret it is the one for people, which hands each id to whoever waits for it."""
    settings = {"app_id": place.app_id, "api_base": place.api_base}
    told = {"settings": settings, "widget": f"{place.widget}/widget/{place.app_id}", "secret": secret}
    controls = _CONTROLS if secret else ""
    return _PAGE.replace("%CONTROLS%", controls).replace("%TOLD%", _in_script(told)).encode()


def _in_script(value: object) -> str:
    return json.dumps(value).replace("<", "\\u003c")


_CONTROLS: Final = """
<p>This browser is now a visitor of the TEST app. Each id goes to the scenario that waits for it.</p>
<p><button id="copy">Copy the id</button> <button id="hello">Say hello</button>
<button id="sign-out">Sign Out: a new visitor</button></p>
<ol id="handed" aria-label="Ids that were handed over"></ol>
"""

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Live visitor of the TEST app</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font-size:1.1em}button{font:inherit;padding:.3em .8em}</style></head><body>
<h1>Live visitor</h1>
<p>Visitor id: <code id="visitor-id" role="status">waiting for the Messenger</code></p>
%CONTROLS%
<script>
const told = %TOLD%;
const shown = document.getElementById("visitor-id");
window.intercomSettings = told.settings;
window.Intercom = window.Intercom || Object.assign((...call) => window.Intercom.q.push(call), {q: []});
function load() {
  const script = document.createElement("script");
  script.src = told.widget; script.async = true;
  script.onerror = () => { shown.textContent = "the Messenger could not be loaded: a blocker, or the network"; };
  document.head.appendChild(script);
}
let last = "";
async function look() {
  let found;
  try { found = window.Intercom("getVisitorId"); } catch { found = undefined; }
  if (typeof found !== "string" || !found || found === last) return;
  last = found;
  shown.textContent = found;
  if (!told.secret) return;
  const answer = await fetch("/visitor", {method: "POST", headers: {"x-page": told.secret}, body: found});
  const line = document.createElement("li");
  line.textContent = found + (answer.ok ? "" : ": could not be handed over");
  document.getElementById("handed").appendChild(line);
}
setInterval(look, 250);
if (told.secret) {
  document.getElementById("copy").onclick = () => navigator.clipboard.writeText(last);
  document.getElementById("hello").onclick = () => window.Intercom("showNewMessage", "Hello");
  document.getElementById("sign-out").onclick = () => {
    window.Intercom("shutdown");
    document.cookie.split("; ").filter((one) => one.startsWith("intercom-")).forEach((one) => {
      document.cookie = one.split("=")[0] + "=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/";
    });
    shown.textContent = "signed out; waiting for the next visitor";
    window.Intercom("boot", told.settings);
  };
}
load();
</script></body></html>
"""
