"""All addresses of the server behind its door."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from album_sort import __version__
from album_sort.errors import AlbumSortError, DestinationLocked, UsageError
from album_sort.web.albums import AlbumsDesk, albums_router
from album_sort.web.desk import Desk
from album_sort.web.guard import Guard, House
from album_sort.web.models import Health
from album_sort.web.pages import page_router
from album_sort.web.parameters import refuse_unknown
from album_sort.web.predict import predict_router, problems
from album_sort.web.refusals import Refused, is_for_person, page_that_says


def make_app(house: House, desk: Desk, albums: AlbumsDesk | None = None) -> Guard:
    """The application for one server."""
    app = FastAPI(
        title="album-sort",
        version=__version__,
        description="Which album would these pictures go to? Nothing that is sent here is kept.",
        docs_url=None,  # they would load scripts of others
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(refuse_unknown)],
        # Whatever a machine is set up to gather, what people send here is told to nobody.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.include_router(predict_router(desk))
    app.include_router(page_router(house, desk))
    if albums is not None:
        app.include_router(albums_router(house, albums))

    @app.get("/healthz", summary="Does it work?", responses=problems(400, 421))
    async def healthz() -> Health:
        """Says that it does."""
        return Health(status="ok", version=__version__)

    _say_refusals(app)
    return Guard(app, house)


def _say_refusals(app: FastAPI) -> None:
    """Every error is a `Problem`, in the language of who asks."""

    def answer(request: Request, refused: Refused) -> Response:
        if is_for_person(request.method, request.headers.get("accept", "")):
            return HTMLResponse(refused.as_page(request.state.lang), refused.status, headers=refused.headers)
        return JSONResponse(refused.as_json(request.state.lang), refused.status, headers=refused.headers)

    @app.exception_handler(Refused)
    async def on_refused(request: Request, refused: Refused) -> Response:
        return answer(request, refused)

    @app.exception_handler(RequestValidationError)
    async def on_parameter(request: Request, error: RequestValidationError) -> Response:
        names = sorted({str(one["loc"][-1]) for one in error.errors()})
        return answer(request, Refused(422, "parameter", {"names": ", ".join(names)}))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        code = {404: "not_here", 405: "method"}.get(error.status_code, "fault")
        response = answer(request, Refused(error.status_code, code))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(AlbumSortError)
    async def on_error(request: Request, error: AlbumSortError) -> Response:
        status, code = 500, "failed"
        match error:
            case DestinationLocked():
                status, code = 409, "locked"
            case UsageError():
                status, code = 422, "usage"
        if is_for_person(request.method, request.headers.get("accept", "")):
            page = page_that_says(request.state.lang, "title_of_refused", str(error), error.hint)
            return HTMLResponse(page, status)
        return JSONResponse({"error": str(error), "hint": error.hint, "code": code}, status)

    @app.exception_handler(Exception)
    async def on_fault(request: Request, error: Exception) -> Response:
        del error
        return answer(request, Refused(500, "fault"))
