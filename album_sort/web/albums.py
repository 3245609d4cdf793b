"""The albums, live: the report's page with data as it is asked for, and changes that are planned, applied and taken back."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from album_sort.errors import AlbumSortError, UsageError
from album_sort.events import EventSink
from album_sort.operations.change_words import refuse_titles
from album_sort.operations.changes import ChangesPlan, Move, apply_changes, preview_changes
from album_sort.operations.live import LiveAlbums, picture_of
from album_sort.operations.live_pages import Shown
from album_sort.operations.live_runs import LiveStanding, sort_now, standing_of, undo_now
from album_sort.operations.pending import Pending, change_as_json, change_of
from album_sort.operations.stop import StopRequest
from album_sort.report import SCRIPTS, SHORT, STYLE, Links, Setting, static_text
from album_sort.sentences import sentence
from album_sort.types import ContentId
from album_sort.types.ledger import RunStatus
from album_sort.web.films import film_answer
from album_sort.web.guard import House
from album_sort.web.jobs import Jobs, Work, told_states
from album_sort.web.pages import StaticFile, live_head, static_answer, static_file
from album_sort.web.refusals import Refused

MOST_BODY_BYTES = 4 << 20
MOST_MOVES = 300
"""That a plan lists one by one."""
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_PICTURES_AT_ONCE = 8

Result = TypeVar("Result")


class AlbumsDesk:
    """The albums as the server asks them."""

    def __init__(self, albums: LiveAlbums, pending: Pending) -> None:
        self.albums = albums
        albums.pages.begin(page_setting, earlier_setting)
        self.pending = pending
        self.jobs = Jobs()
        self.pictures = asyncio.Semaphore(_PICTURES_AT_ONCE)
        self._standing = LiveStanding(albums.destination)

    async def undoable(self, run: str) -> bool:
        """Whether a run has still an effect that can be taken back, whoever may have done that meanwhile."""
        return await asyncio.to_thread(self._standing.is_undoable, run)

    async def ask(self, question: Callable[[], Result]) -> Result:
        """In the thread that may ask for thumbnails."""
        return await asyncio.get_running_loop().run_in_executor(self.albums.thread, question)

    async def shown(self, version: str = "") -> Shown:
        """The albums as they are, or as the page of a version knows them; raises `Refused` where that is not known any more."""
        known = self.albums.pages.of_version(version)
        if known is not None:
            return known
        shown = await asyncio.to_thread(self.albums.pages.newest)
        if version and version != shown.version:
            raise Refused(410, "older")
        return shown

    async def place(self, version: str, content: str) -> tuple[ContentId, str]:
        """The whole content and where it lies; raises `Refused` for one that is not there."""
        place = (await self.shown(version)).place(content)
        if place is None:
            raise Refused(404, "no_photo")
        return place


def albums_router(house: House, desk: AlbumsDesk) -> APIRouter:
    """All addresses."""
    router = APIRouter(include_in_schema=False)
    _add_page(router, house, desk)
    _add_pictures(router, desk)
    _add_changes(router, desk)
    _add_jobs(router, desk)
    return router


def _add_page(router: APIRouter, house: House, desk: AlbumsDesk) -> None:
    @router.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(page_text(await desk.shown(), house))

    @router.get("/runs/{run}")
    async def earlier(run: str) -> HTMLResponse:
        shown = await asyncio.to_thread(desk.albums.pages.earlier, run)
        if shown is None:
            raise Refused(404, "not_here")
        return HTMLResponse(shown.page.page())

    @router.get("/page/{name:path}")
    async def part(name: str, request: Request) -> Response:
        return static_answer(_page_file(name), request)

    @router.get("/data/{version}/{name}.json")
    async def data(version: str, name: str) -> Response:
        shown = await desk.shown(version)
        pack = _pack(shown, name)
        text = _data(shown, name) if pack is None else await desk.ask(lambda: _thumbnails(desk.albums, pack))
        return Response(text, media_type="application/json", headers=FOR_EVER)


def page_setting(version: str) -> Setting:
    """Where the parts of a page are found."""
    data = f"/data/{version}/"
    scripts = ("/static/live.js", *(f"/page/{script}" for script in SCRIPTS))
    links = Links(f"/page/{STYLE}", scripts, data, runs="/runs/")
    return Setting(picture=lambda sha256: f"{data}thumbs/{sha256[:SHORT]}", links=links)


def earlier_setting(version: str) -> Setting:
    """The same of the page of an earlier run: it is looked at, and nothing can be changed there."""
    newest = page_setting(version)
    assert newest.links is not None  # noqa: S101 - it is that of a served page
    scripts = tuple(f"/page/{script}" for script in SCRIPTS)
    return replace(newest, links=replace(newest.links, scripts=scripts, newest="/#/technical"))


def page_text(shown: Shown, house: House) -> str:
    """The page, with what the live script has to know."""
    page = shown.page
    return page.page().replace("</head>", f"{live_head(house, page.language, page.trips)}</head>", 1)


def _page_file(name: str) -> StaticFile:
    if name not in (STYLE, *SCRIPTS):
        raise Refused(404, "not_here")
    return static_file(name, static_text(name).encode())


def _pack(shown: Shown, name: str) -> list[str] | None:
    """The contents of a pack of thumbnails; None for other data. One by one they would take six connections and too long."""
    number = name.removeprefix("thumbnails-")
    return shown.page.pack(int(number)) if number != name and number.isdecimal() and len(number) < 8 else None


def _thumbnails(albums: LiveAlbums, pack: list[str]) -> bytes:
    """As a static page has them: base64, and "" for one that is not there."""
    texts = b'","'.join(base64.b64encode(albums.thumbnail(content) or b"") for content in pack)
    return b'["' + texts + b'"]'


def _data(shown: Shown, name: str) -> bytes:
    if name == "index":
        return shown.page.index()
    kind, _, number = name.partition("-")
    if kind == "photos" and number.isdecimal() and len(number) < 8:
        cards = shown.page.cards(int(number))
        if cards is not None:
            return cards
    raise Refused(404, "not_here")


def _add_pictures(router: APIRouter, desk: AlbumsDesk) -> None:
    albums = desk.albums

    @router.get("/data/{version}/thumbs/{content}")
    async def thumbnail(version: str, content: str, request: Request) -> Response:
        whole, _ = await desk.place(version, content)
        if (same := _unchanged(request, whole)) is not None:
            return same
        jpeg = await desk.ask(lambda: albums.thumbnail(whole))
        if jpeg is None:
            raise Refused(404, "no_photo")
        return _picture(jpeg, whole)

    @router.get("/data/{version}/large/{content}")
    async def large(version: str, content: str, request: Request) -> Response:
        whole, path = await desk.place(version, content)
        if (same := _unchanged(request, whole)) is not None:
            return same
        async with desk.pictures:
            future = albums.large(whole, path)
            if future is None:
                raise Refused(404, "no_photo")
            jpeg = picture_of(await asyncio.wrap_future(future), whole, albums.destination)
        if not jpeg:
            raise Refused(404, "no_picture")
        return _picture(jpeg, whole)

    @router.get("/data/{version}/film/{content}")
    async def film(version: str, content: str, request: Request) -> Response:
        whole, path = await desk.place(version, content)
        found = albums.film(whole, path)
        if found is None:
            raise Refused(404, "no_photo")
        return film_answer(found, request.headers.get("range", ""))


def _unchanged(request: Request, content: str) -> Response | None:
    etag = f'"{content}"'
    return Response(status_code=304, headers=FOR_EVER | {"ETag": etag}) if _matches(request, etag) else None


def _matches(request: Request, etag: str) -> bool:
    return request.headers.get("if-none-match") == etag


def _picture(jpeg: bytes, content: str) -> Response:
    return Response(jpeg, media_type="image/jpeg", headers=FOR_EVER | {"ETag": f'"{content}"'})


def _add_changes(router: APIRouter, desk: AlbumsDesk) -> None:
    albums, pending = desk.albums, desk.pending

    @router.get("/changes")
    async def waiting() -> JSONResponse:
        return JSONResponse({"changes": [change_as_json(one) for one in pending.changes]})

    @router.post("/changes")
    async def add(request: Request) -> JSONResponse:
        body = await json_body(request)
        rows = body.get("changes")
        if not isinstance(rows, list):
            raise UsageError(sentence("serve.no-changes-given"), hint='{"changes": [...]}')
        changes = [change_of(row) for row in rows]
        refuse_titles(changes)
        pending.add(changes)
        return await waiting()

    @router.delete("/changes/{number}")
    async def remove(number: int) -> JSONResponse:
        pending.remove(number)
        return await waiting()

    @router.delete("/changes")
    async def clear() -> JSONResponse:
        pending.clear(pending.changes)
        return await waiting()

    @router.post("/changes/plan")
    async def plan() -> JSONResponse:
        changes = list(pending.changes)
        planned = await asyncio.to_thread(preview_changes, albums.destination, changes, albums.here)
        return JSONResponse(plan_as_json(planned))

    @router.post("/changes/apply")
    async def apply() -> JSONResponse:
        changes = list(pending.changes)
        await asyncio.to_thread(preview_changes, albums.destination, changes, albums.here)
        loop = asyncio.get_running_loop()

        def work(sink: EventSink, stop: StopRequest) -> dict[str, Any]:
            changed = apply_changes(albums.destination, changes, albums.here, sink=sink, stop=stop)
            loop.call_soon_threadsafe(pending.clear, changes)
            failed = [result.error for result in changed.failed]
            return {"run": changed.run_id, "photos": len(changed.plan.moves), "failed": failed[:20]}

        return _begun(desk, "apply", work)


def plan_as_json(plan: ChangesPlan) -> dict[str, Any]:
    """What changes come to, for the page."""
    return {
        "counts": [{"title": title, "photos": count} for title, count in plan.counts.items()],
        "moves": [_move(one) for one in plan.moves[:MOST_MOVES]],
        "photos": len(plan.moves),
        "staying": len(plan.staying),
        "files": plan.files,
        "remembered": plan.remembered,
        "notes": list(plan.notes),
    }


def _move(move: Move) -> dict[str, Any]:
    why = move.why[0] if move.why else ""
    return {"id": move.photo[:SHORT], "before": move.before, "title": move.title, "path": move.target, "why": why}


def _add_jobs(router: APIRouter, desk: AlbumsDesk) -> None:
    albums = desk.albums

    @router.get("/events")
    async def events() -> StreamingResponse:
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(told_states(desk.jobs, desk.undoable), media_type="text/event-stream", headers=headers)

    @router.post("/stop")
    async def stop() -> JSONResponse:
        desk.jobs.ask_to_stop()
        return JSONResponse(desk.jobs.state)

    @router.post("/undo")
    async def undo(request: Request) -> JSONResponse:
        run = (await json_body(request)).get("run")
        if not isinstance(run, str) or not run:
            raise UsageError(sentence("serve.no-run-given"), hint='{"run": "..."}')
        albums.check_free()
        match await asyncio.to_thread(standing_of, albums.destination, run):
            case None:
                raise Refused(404, "no_run", {"run": run[:100]})
            case RunStatus.UNDONE:
                raise Refused(409, "undone", {"run": run[:100]})
        return _begun(desk, "undo", lambda sink, stop: undo_now(albums, run, sink, stop))

    @router.post("/sort")
    async def sort() -> JSONResponse:
        return _begun(desk, "sort", lambda sink, stop: sort_now(albums, sink, stop, is_preview=False))

    @router.post("/preview")
    async def preview() -> JSONResponse:
        return _begun(desk, "preview", lambda sink, stop: sort_now(albums, sink, stop, is_preview=True))


def _begun(desk: AlbumsDesk, kind: str, work: Work) -> JSONResponse:
    """202; raises `DestinationLocked` where another program holds the albums, before anything has begun."""
    desk.albums.check_free()

    def work_and_show(sink: EventSink, stop: StopRequest) -> dict[str, Any]:
        result = work(sink, stop)
        # Before it is told to be done: the page that follows is there at once. Where all was taken back, there is none.
        with contextlib.suppress(AlbumSortError, OSError):
            desk.albums.pages.newest()
        return result

    return JSONResponse(desk.jobs.start(kind, work_and_show), 202)


async def json_body(request: Request) -> dict[str, Any]:
    """The object that was sent; raises `Refused` for none."""
    body = bytearray()
    async with asyncio.timeout(20):
        async for part in request.stream():
            body += part
            if len(body) > MOST_BODY_BYTES:
                raise Refused(413, "request", {"n": MOST_BODY_BYTES >> 20})
    try:
        found = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode()  # half a character, which JSON can say, no answer could repeat
    except (ValueError, RecursionError):
        raise Refused(400, "json") from None
    if not isinstance(found, dict):
        raise Refused(400, "json")
    return found
