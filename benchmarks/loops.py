"""Hand-written loops, as fast as possible: without retries, quota and checkpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from benchmarks.payload import HEADERS, PATH, starts

Starts = Iterator[dict[str, Any]]


def requests_loop(url: str, people: list[str]) -> None:
    """Send one request after the other over one connection."""
    from requests import Session

    with Session() as session:
        for start in starts(people):
            session.post(url + PATH, json=start, headers=HEADERS, timeout=30).raise_for_status()


def http_operator(url: str, people: list[str]) -> None:
    """Execute Airflow's HttpOperator once for each batch, without the cost of a task instance."""
    import json
    import logging
    import os

    os.environ["AIRFLOW_CONN_BENCHMARK"] = url
    from airflow.providers.http.operators.http import HttpOperator

    logging.disable(logging.WARNING)  # it logs each call, and that it does not run in a task
    for start in starts(people):
        HttpOperator(
            task_id="start",
            http_conn_id="benchmark",
            endpoint=PATH,
            data=json.dumps(start),
            headers=HEADERS,
            log_response=False,
        ).execute({})


def httpx_threads(url: str, people: list[str], workers: int) -> None:
    """Send with a thread and an httpx.Client for each worker."""
    import httpx

    context = httpx.create_ssl_context()
    waiting = starts(people)
    lock = Lock()  # two threads must not enter a generator

    def next_start() -> dict[str, Any] | None:
        with lock:
            return next(waiting, None)

    def work(_: int) -> None:
        with httpx.Client(headers=HEADERS, timeout=30, verify=context) as client:
            while start := next_start():
                client.post(url + PATH, json=start).raise_for_status()

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))


def httpx_shared(url: str, people: list[str], workers: int) -> None:
    """Send with one httpx.AsyncClient for all workers."""
    import httpx

    async def run() -> None:
        limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
        async with httpx.AsyncClient(headers=HEADERS, timeout=30, limits=limits) as client:

            async def work(waiting: Starts) -> None:
                for start in waiting:
                    (await client.post(url + PATH, json=start)).raise_for_status()

            await _crew(work, people, workers)

    asyncio.run(run())


def httpx_per_worker(url: str, people: list[str], workers: int) -> None:
    """Send with an httpx.AsyncClient for each worker; load the certificates once."""
    import httpx

    context = httpx.create_ssl_context()

    async def work(waiting: Starts) -> None:
        async with httpx.AsyncClient(headers=HEADERS, timeout=30, verify=context) as client:
            for start in waiting:
                (await client.post(url + PATH, json=start)).raise_for_status()

    asyncio.run(_crew(work, people, workers))


def httpx_transport(url: str, people: list[str], workers: int) -> None:
    """Send with an httpx.AsyncHTTPTransport for each worker, without a client: the fastest way with httpx."""
    import json

    import httpx

    context = httpx.create_ssl_context()
    timeouts = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), 30.0)}

    async def work(waiting: Starts) -> None:
        async with httpx.AsyncHTTPTransport(verify=context) as transport:
            for start in waiting:
                request = httpx.Request(
                    "POST", url + PATH, headers=HEADERS, content=json.dumps(start), extensions=timeouts
                )
                response = await transport.handle_async_request(request)
                await response.aread()
                assert response.is_success

    asyncio.run(_crew(work, people, workers))


def aiohttp_shared(url: str, people: list[str], workers: int) -> None:
    """Send with one aiohttp.ClientSession for all workers: the upper limit in Python."""
    import aiohttp

    async def run() -> None:
        connector = aiohttp.TCPConnector(limit=workers)
        async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

            async def work(waiting: Starts) -> None:
                for start in waiting:
                    async with session.post(url + PATH, json=start) as response:
                        await response.read()
                        response.raise_for_status()

            await _crew(work, people, workers)

    asyncio.run(run())


async def _crew(work: Callable[[Starts], Awaitable[None]], people: list[str], workers: int) -> None:
    waiting = starts(people)
    await asyncio.gather(*(work(waiting) for _ in range(workers)))
