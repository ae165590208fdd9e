"""`harness live-visitor`: the guide's live visitor page for the TEST app, in a person's own browser."""

from __future__ import annotations

import threading

import click

from harness import config
from harness.cli import shared_options
from harness.test_app.visitors.by_hand import LivePage
from harness.test_app.visitors.page import API_BASES, MessengerPlace


@click.command("live-visitor")
@click.option("--app-id", metavar="ID", help="Another app than the TEST app of .env; its visitors are only shown.")
@shared_options.port
@click.option("--open", "open_it", is_flag=True, help="Open the page in your browser.")
def command(app_id: str | None, port: int, open_it: bool) -> int:
    """Serve a page on which a visitor of the TEST app comes into being, and show each visitor's id.

    Sign Out on the page makes a new visitor. A run against the TEST app that needs visitors, and finds no browser of
    its own, takes the ids from here, one by one. Ctrl-C ends it.

    \b
    harness live-visitor                              in one terminal
    harness run --against test-app                    in another
    """
    found = config.load()
    if app_id is None:
        app = found.test_app()
        place = MessengerPlace.of(app)
    else:
        region = found.value(config.REGION).lower() or "us"
        place = MessengerPlace(found.other_app_id(app_id), api_base=API_BASES[region])
    page = LivePage(place, found.state_folder / place.app_id, port=port, saw=_show)
    with page.serving():
        click.echo(f"ready {page.url}")
        click.echo("Open it in a browser; each visitor's id is shown here. Ctrl-C ends it.", err=True)
        if open_it:
            click.launch(page.url)
        _wait()
    return 0


def _show(visitor_user_id: str) -> None:
    click.echo(visitor_user_id)


def _wait() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("", err=True)
