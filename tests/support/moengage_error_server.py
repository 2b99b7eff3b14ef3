"""A server that sends any error documented by MoEngage."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LIVE = "/v1.0/live-activity/broadcast/"
CREATE = "/core-services/v1/campaigns"
SEARCH = "/core-services/v1/campaigns/search"
SEGMENTS = "/v3/custom-segments"
SEND = "/v1.0/alerts/send"


@dataclass
class Pages:
    """
    What is answered, and what was asked.

    :param url: where the server answers.
    :param answers: "POST /path" → status and JSON; None is an empty body.
    :param asked: how often each was asked.
    """

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)


@contextmanager
def serving(pages: Pages) -> Iterator[Pages]:
    """Serve the pages on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            what = f"{self.command} {self.path.partition('?')[0]}"
            pages.asked[what] += 1
            status, content = pages.answers.get(what, (418, {"message": "not in this test"}))
            body = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 - the library's name

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pages.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield pages
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def live(code: str, message: str, **more: Any) -> dict[str, Any]:
    """Return an error of the Live Activities API."""
    return {"error": {"code": code, "message": message, **more}}


def campaign(code: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    """Return an error of the campaigns API."""
    return {
        "error": {
            "code": code,
            "message": message,
            "target": "",
            "details": list(details),
            "request_id": "3UXNNGsqV",
        }
    }


def segment(code: str, message: str, **more: Any) -> dict[str, Any]:
    """Return an error of the segments API."""
    error = {"code": code, "message": message, **more}
    return {"response_id": "x", "type": "custom_segment", "error": error}


def inform(code: int, name: str, message: str) -> dict[str, Any]:
    """Return an error of the Inform API."""
    return {"message": message, "err_code": name, "status_code": code}
