"""The wall of phones: static files without a build step."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse

SANDBOX = Path(__file__).parent
# The card is shared with everything else that shows one.
FILES = {
    file.name: file
    for folder in (SANDBOX / "wall", SANDBOX.parent / "ui")
    for file in folder.iterdir()
    if file.suffix in (".js", ".css")
}
TYPES = {".js": "text/javascript", ".css": "text/css"}
# The page shows ids and contents from requests, which must neither run as code nor load anything.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


def add_pages(app: FastAPI) -> None:
    """
    Add the page and its files to the application.

    :param app: the application.
    """

    @app.get("/")
    @app.get("/activities/{activity_id:path}")  # the page itself reads the id from its address
    async def page() -> FileResponse:
        return FileResponse(SANDBOX / "wall" / "index.html", headers=HEADERS)

    @app.get("/wall/{name}")
    async def file(name: str) -> FileResponse:
        if name not in FILES:
            raise HTTPException(404, "No such file")
        return FileResponse(FILES[name], media_type=TYPES[FILES[name].suffix], headers=HEADERS)
