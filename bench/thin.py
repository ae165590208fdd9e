"""The thinnest handler that converts visitors: msgspec and SQLite under uvicorn. `python bench/thin.py PORT [--bare]`.

It has one workspace, no versions, no rules, no errors but a 404 and no log: what is left is the least that any such
server in Python costs. `--bare` answers one prepared body and reads nothing: uvicorn alone.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import uvicorn

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

CONTACT: dict[str, Any] = {
    "type": "contact",
    "role": "user",
    "location": {"type": "location", "country": None, "region": None, "city": None},
    **dict.fromkeys(("phone", "avatar", "owner_id", "signed_up_at", "last_seen_at", "browser", "os")),
    **{
        name: {"type": "list", "data": [], "url": f"/contacts/{name}", "total_count": 0, "has_more": False}
        for name in ("tags", "notes", "companies", "opted_out_subscription_types", "opted_in_subscription_types")
    },
    **{f"{system}_{key}": None for system in ("ios", "android") for key in ("app_name", "device", "last_seen_at")},
}
PREPARED = msgspec.json.encode(CONTACT)

database = sqlite3.connect(":memory:", isolation_level=None)
database.execute("CREATE TABLE people (user_id TEXT PRIMARY KEY, role TEXT, email TEXT, document BLOB)")
database.execute("CREATE INDEX people_email ON people (email)")


def answer(path: str, content: bytes) -> tuple[int, bytes]:
    """What comes of one request."""
    body = msgspec.json.decode(content)
    if path == "/visitors":
        row = (body["user_id"], msgspec.json.encode(body))
        database.execute("INSERT INTO people VALUES (?, 'visitor', NULL, ?)", row)
        return 200, PREPARED
    visitor_user_id, email = body["visitor"]["user_id"], body["user"]["email"]
    database.execute("BEGIN IMMEDIATE")
    found = "SELECT document FROM people WHERE user_id = ? AND role = 'visitor'"
    row = database.execute(found, (visitor_user_id,)).fetchone()
    if row is None or database.execute("SELECT 1 FROM people WHERE email = ?", (email,)).fetchone():
        database.execute("ROLLBACK")
        return 404, b"{}"
    person = msgspec.json.decode(row[0]) | {"role": "user", "email": email}
    change = "UPDATE people SET role = 'user', email = ?, document = ? WHERE user_id = ?"
    database.execute(change, (email, msgspec.json.encode(person), visitor_user_id))
    database.execute("COMMIT")
    return 200, msgspec.json.encode({**CONTACT, **person})


async def thin(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application."""
    message = await receive()
    await _respond(*answer(scope["path"], message["body"]), send)


async def bare(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """One prepared answer to everything."""
    await receive()
    await _respond(200, PREPARED, send)


async def _respond(status: int, body: bytes, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        bare if "--bare" in sys.argv else thin,
        port=int(sys.argv[1]),
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
    )
