"""Python's HTTP clients, each asked for one answer and for many, as a pipeline in this process would."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable

import pytest
import requests
import urllib3

URL = "https://api.intercom.io/contacts/merge?x=1"
BODY = json.dumps({"from": "a", "into": "b"}).encode()
HEADERS = {"Authorization": "Bearer any", "Content-Type": "application/json"}


class ClientAnswer:
    """What a client made of an answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body


def by_requests(url: str = URL, body: bytes = BODY, timeout: float = 5) -> ClientAnswer:
    """`requests`, with a session that ignores the machine's proxies."""
    with requests.Session() as session:
        session.trust_env = False
        got = session.post(url, data=body, headers=HEADERS, timeout=timeout)
        return ClientAnswer(got.status_code, got.content)


def by_urllib3(url: str = URL, body: bytes = BODY, timeout: float = 5) -> ClientAnswer:
    """`urllib3` by itself."""
    with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
        got = pool.request("POST", url, body=body, headers=HEADERS)
        return ClientAnswer(got.status, got.data)


def by_urllib(url: str = URL, body: bytes = BODY, timeout: float = 5) -> ClientAnswer:
    """`urllib` of the standard library."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, HEADERS), timeout=timeout) as got:
            return ClientAnswer(got.status, got.read())
    except urllib.error.HTTPError as error:
        with error:
            return ClientAnswer(error.code, error.read())


def by_httpx(url: str = URL, body: bytes = BODY, timeout: float = 5) -> ClientAnswer:
    """`httpx`, plain."""
    httpx = pytest.importorskip("httpx", reason="needs client: httpx is not installed")
    got = httpx.post(url, content=body, headers=HEADERS, timeout=timeout)
    return ClientAnswer(got.status_code, got.content)


def by_async_httpx(url: str = URL, body: bytes = BODY, timeout: float = 5) -> ClientAnswer:
    """`httpx`, asynchronous."""
    httpx = pytest.importorskip("httpx", reason="needs client: httpx is not installed")

    async def ask() -> ClientAnswer:
        async with httpx.AsyncClient(timeout=timeout) as client:
            got = await client.post(url, content=body, headers=HEADERS)
            return ClientAnswer(got.status_code, got.content)

    return asyncio.run(ask())


def by_aiohttp(url: str = URL, body: bytes = BODY, timeout: float = 5) -> ClientAnswer:
    """`aiohttp`, with the credentials on the session."""
    aiohttp = pytest.importorskip("aiohttp", reason="needs client: aiohttp is not installed")

    async def ask() -> ClientAnswer:
        limit = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(headers=HEADERS, timeout=limit) as session,
            session.post(url, data=body) as got,
        ):
            return ClientAnswer(got.status, await got.read())

    return asyncio.run(ask())


CLIENTS = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "urllib": by_urllib,
    "httpx": by_httpx,
    "httpx, asynchronous": by_async_httpx,
    "aiohttp": by_aiohttp,
}


def many_by_requests(bodies: list[bytes]) -> list[bytes]:
    """One session."""
    with requests.Session() as session:
        session.trust_env = False
        return [session.post(URL, data=body).content for body in bodies]


def many_by_urllib3(bodies: list[bytes]) -> list[bytes]:
    """One pool."""
    with urllib3.PoolManager(retries=False) as pool:
        return [pool.request("POST", URL, body=body).data for body in bodies]


def many_by_urllib(bodies: list[bytes]) -> list[bytes]:
    """One after the other."""
    return [by_urllib(URL, body).body for body in bodies]


def many_by_httpx(bodies: list[bytes]) -> list[bytes]:
    """One client."""
    httpx = pytest.importorskip("httpx", reason="needs client: httpx is not installed")
    with httpx.Client() as client:
        return [client.post(URL, content=body).content for body in bodies]


def many_by_async_httpx(bodies: list[bytes]) -> list[bytes]:
    """One client and loop, ten requests at a time."""
    httpx = pytest.importorskip("httpx", reason="needs client: httpx is not installed")

    async def ask_all() -> list[bytes]:
        async with httpx.AsyncClient() as client:

            async def ask(body: bytes) -> bytes:
                content: bytes = (await client.post(URL, content=body)).content
                return content

            return await in_tens(ask, bodies)

    return asyncio.run(ask_all())


def many_by_aiohttp(bodies: list[bytes]) -> list[bytes]:
    """One session and loop, ten requests at a time, over connections that are kept."""
    aiohttp = pytest.importorskip("aiohttp", reason="needs client: aiohttp is not installed")

    async def ask_all() -> list[bytes]:
        async with aiohttp.ClientSession() as session:

            async def ask(body: bytes) -> bytes:
                async with session.post(URL, data=body) as got:
                    content: bytes = await got.read()
                    return content

            return await in_tens(ask, bodies)

    return asyncio.run(ask_all())


async def in_tens(ask: Callable[[bytes], Awaitable[bytes]], bodies: list[bytes]) -> list[bytes]:
    """All answers, ten requests under way at once."""
    answers: list[bytes] = []
    for start in range(0, len(bodies), 10):
        answers += await asyncio.gather(*map(ask, bodies[start : start + 10]))
    return answers


MANY = [many_by_requests, many_by_urllib3, many_by_urllib, many_by_httpx, many_by_async_httpx, many_by_aiohttp]
