"""What `/predict` answers, as the OpenAPI document tells it: one example for each, made by a real call."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from album_sort.choices import LANGUAGES
from album_sort.operations.answers import NamedAlbum, PictureAnswer


class Class(BaseModel):
    """One of the network's 1000 classes."""

    label: str = Field(examples=["Egyptian cat"])
    label_zh: str = Field(examples=["埃及猫"])
    confidence: float = Field(ge=0, le=100, description="Percent.", examples=[61.03])


class AlbumChance(BaseModel):
    """An album, and how sure it is."""

    album: str = Field(description="Its id.", examples=["pets"])
    title: str = Field(examples=["Pets"])
    confidence: float = Field(ge=0, le=100, description="Percent.", examples=[97.4])


class Taken(BaseModel):
    """When it was taken, by its own word."""

    local: str = Field(description="On the clocks of the place.", examples=["2024-05-01T10:00:00"])
    precision: str = Field(examples=["second"])
    source: str = Field(examples=["EXIF DateTimeOriginal"])


class Place(BaseModel):
    """The town nearest to where it was taken."""

    name: str = Field(examples=["Niseko"])
    country: str = Field(examples=["Japan"])
    country_code: str = Field(examples=["JP"])
    distance_km: float = Field(ge=0, examples=[3.1])


class Image(BaseModel):
    """One picture: what was seen, or `error` where it could not be looked at."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="As it was sent.", examples=["IMG_0001.jpg"])
    error: str | None = Field(None, description="Why it could not be looked at; then the rest is missing.")
    top: list[Class] | None = Field(None, description="Likeliest first; empty for a film.")
    album: str | None = Field(
        None, description="Where it would go; `review` where that is not sure.", examples=["pets"]
    )
    title: str | None = Field(None, description="The album's title.", examples=["Pets"])
    sure: bool | None = Field(None, description="Whether it would be filed without being asked about.")
    albums: list[AlbumChance] | None = Field(None, description="Likeliest first.")
    why: list[str] | None = Field(None, description="The reasons, as sentences.")
    taken: Taken | None = None
    place: Place | None = None
    preview: str | None = Field(None, description="With `?preview=true`: a small JPEG, as a data URL.")


class Predictions(BaseModel):
    """The answers, in the order in which the pictures were sent."""

    model_config = ConfigDict(extra="forbid")

    images: list[Image]
    network: str = Field(examples=["ResNet-18"])


class Problem(BaseModel):
    """Why a request was refused."""

    model_config = ConfigDict(extra="forbid")

    error: str = Field(description="A sentence for people.", examples=["The form ends too early, or is none."])
    code: str = Field(description="A word for programs.", examples=["form"])


class Health(BaseModel):
    """Whether the server works."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=["1.0.0"])


def image_as_json(name: str, answer: PictureAnswer, preview: str) -> dict[str, Any]:
    """An `Image` with what was seen."""
    english, chinese = LANGUAGES
    taken, place = answer.taken, answer.place
    row: dict[str, Any] = {
        "name": name,
        "top": [
            {"label": one.names[english], "label_zh": one.names[chinese], "confidence": percent(one.probability)}
            for one in answer.top
        ],
        "album": answer.album.album,
        "title": answer.album.title,
        "sure": answer.is_sure,
        "albums": [_chance(one) for one in answer.albums],
        "why": list(answer.why),
        "taken": taken
        and {"local": taken.local.isoformat(timespec="seconds"), "precision": taken.precision, "source": taken.source},
        "place": place
        and {
            "name": place.name,
            "country": place.country,
            "country_code": place.country_code,
            "distance_km": round(place.distance_km, 1),
        },
    }
    return {**row, "preview": preview} if preview else row


def _chance(one: NamedAlbum) -> dict[str, Any]:
    return {"album": one.album, "title": one.title, "confidence": percent(one.probability)}


def percent(probability: float) -> float:
    """0.61034 as 61.03."""
    return round(min(max(probability, 0.0), 1.0) * 100, 2)
