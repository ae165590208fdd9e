"""`harness webhooks listen`: shows what a webhook would be told, and whether it is signed as Intercom signs."""

from __future__ import annotations

import json
import signal
import threading
from typing import Final

import click

from harness.cli import shared_options
from harness.core.errors import Problem
from harness.gateway.webhooks.receiver import ReceivedNotification, Receiver
from harness.report.console import VISIBLE

UNSEEN: Final[dict[int, int | str]] = {**VISIBLE, ord("\t"): " ", ord("\n"): chr(0x2424)}
"""Control characters as signs: whoever sends a notification must not write to the terminal of who listens."""


@click.group("webhooks")
def command() -> None:
    """Receive what the sandbox tells webhooks."""


@command.command("listen")
@shared_options.port
@click.option("--secret", metavar="SECRET", help="The workspace's client_secret; each signature is held against it.")
@click.option("--forward", metavar="URL", help="Pass everything on to your own service, and give its status back.")
@click.option("--json", "as_json", is_flag=True, help="Print each notification as one line of JSON.")
def listen(port: int, secret: str | None, forward: str | None, as_json: bool) -> int:
    """Print each notification that arrives.

    The first line on stdout is `ready URL`. Give that URL to a sandbox's workspace:

    \b
    curl -X PUT -H 'Authorization: Bearer sandbox-demo' http://127.0.0.1:8080/_sandbox/settings \\
         -d '{"webhook_url": "http://127.0.0.1:9000/"}'
    """
    try:
        receiver = Receiver(
            lambda arrived: click.echo(_json(arrived) if as_json else _line(arrived)),
            port=port,
            secret=secret,
            forward=forward,
        )
    except OSError as error:
        raise Problem(f"cannot listen on port {port}", evidence=str(error), remedy="use --port 0") from error
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with receiver:
        click.echo(f"ready {receiver.url}")
        over.wait()
    return 0


def _line(arrived: ReceivedNotification) -> str:
    body = arrived.body if isinstance(arrived.body, dict) else {}
    item = (body.get("data") or {}).get("item") or {}
    who = " ".join(str(item[key]) for key in ("role", "type", "id", "email") if item.get(key))
    signed = {True: "signed", False: "NOT signed with this secret", None: "signature not checked"}[arrived.signed]
    topic, attempt = arrived.topic or "no notification", body.get("delivery_attempts")
    return f"{topic}  {who}  attempt {attempt}  {signed}  → {arrived.answered}".translate(UNSEEN)


def _json(arrived: ReceivedNotification) -> str:
    told = {
        "topic": arrived.topic,
        "signed": arrived.signed,
        "answered": arrived.answered,
        "notification": arrived.body,
    }
    return json.dumps(told)
