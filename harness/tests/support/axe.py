"""What axe-core finds wrong with a page for those who use a keyboard or a screen reader."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

SERIOUS = ("serious", "critical")


def serious_faults(page: Page, axe: Path) -> list[str]:
    """The serious and critical findings, each with the first place it was found at."""
    # Evaluated through the browser's debugger, which no policy of the page's stands against.
    page.evaluate(axe.joinpath("axe.min.js").read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'], selectors: false })")
    return [
        f"{fault['id']}: {fault['help']} at {fault['nodes'][0]['html']} ({fault['nodes'][0]['failureSummary']})"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
    ]
