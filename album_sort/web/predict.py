"""`POST /predict`: pictures in, what is seen in them out."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from album_sort.errors import PictureRefused
from album_sort.operations.answers import in_words
from album_sort.operations.predict import Predicted
from album_sort.web.body import MULTIPART, sent_pictures
from album_sort.web.desk import Desk, answer_of
from album_sort.web.models import Predictions, Problem, image_as_json
from album_sort.web.refusals import Refused

MOST_CLASSES = 20
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "required": True,
    "content": {
        MULTIPART: {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
                },
            }
        },
        "image/*": _PICTURE,
        "video/*": _PICTURE,
        "application/octet-stream": _PICTURE,
    },
}
PROBLEMS: dict[int, str] = {
    400: "The body is cut off, or no form; or a parameter is none of this address.",
    403: "Who asks may not: another site's page, or no token.",
    408: "The body came too slowly.",
    413: "A picture, a form or the whole request is too large.",
    415: "The body is neither a form nor a picture.",
    421: "The server is not called so.",
    422: "A parameter is wrong, or the form has no picture.",
    500: "A fault of the server.",
    503: "The server is busy: `Retry-After` says when to come again.",
}
TopK = Annotated[int, Query(ge=1, le=MOST_CLASSES, description="How many classes.")]
Lang = Annotated[
    Literal["en", "zh"] | None, Query(description="Of sentences and titles; else as `Accept-Language` says.")
]
Name = Annotated[
    str, Query(max_length=255, description="Of a picture that is the body itself: its suffix tells RAW formats.")
]
Preview = Annotated[bool, Query(description="With a small picture of each.")]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of an address, for the OpenAPI document."""
    return {status: {"model": Problem, "description": PROBLEMS[status]} for status in statuses}


def predict_router(desk: Desk) -> APIRouter:
    """The address."""
    router = APIRouter()

    @router.post(
        "/predict",
        summary="What is in these pictures?",
        response_model=Predictions,
        response_model_exclude_unset=True,
        responses=problems(400, 403, 408, 413, 415, 421, 422, 500, 503),
        openapi_extra={"requestBody": _BODY},
    )
    async def predict(
        request: Request, *, top_k: TopK = 3, lang: Lang = None, name: Name = "", preview: Preview = False
    ) -> JSONResponse:
        """Looks at pictures and forgets them. Send a form with fields `files`, or one picture as the body.

        One that cannot be looked at has `error`, and costs the others nothing.
        """
        del lang  # the guard has read it
        said_in = request.state.lang
        async with desk.request():
            images = await _answers(request, desk, name, _Wanted(said_in, top_k, preview))
        if not images:
            raise Refused(422, "nothing")
        return JSONResponse({"images": images, "network": desk.predictor.network})

    return router


class _Wanted:
    """How the answers are to be."""

    def __init__(self, lang: str, most_classes: int, preview: bool) -> None:  # noqa: FBT001 - as it was asked for
        self.lang = lang
        self.most_classes = most_classes
        self.preview = preview


async def _answers(request: Request, desk: Desk, name: str, wanted: _Wanted) -> list[dict[str, Any]]:
    """One for each picture, in their order; what is left is called off when the request is refused."""
    asked: list[tuple[str, asyncio.Future[Predicted] | Refused]] = []
    try:
        async for sent in sent_pictures(request, desk, name):
            try:
                asked.append((sent.name, await desk.look_at(sent, wanted.lang)))
            except Refused as refused:
                sent.drop()
                if refused.status != 413:
                    raise
                asked.append((sent.name, refused))
            except BaseException:
                sent.drop()
                raise
        return [await _answer(name, looked_at, wanted) for name, looked_at in asked]
    except BaseException:
        for _, looked_at in asked:
            if not isinstance(looked_at, Refused):
                looked_at.cancel()
        raise


async def _answer(name: str, looked_at: asyncio.Future[Predicted] | Refused, wanted: _Wanted) -> dict[str, Any]:
    if isinstance(looked_at, Refused):
        return {"name": name, "error": looked_at.sentence(wanted.lang)}
    predicted = await answer_of(looked_at)
    if isinstance(predicted, PictureRefused):
        return {"name": name, "error": str(predicted)}
    preview = ""
    if wanted.preview and predicted.thumbnail:
        preview = f"data:image/jpeg;base64,{base64.b64encode(predicted.thumbnail).decode()}"
    return image_as_json(name, in_words(predicted, wanted.lang, wanted.most_classes), preview)
