"""XMP, from `.xmp` sidecars and from packets inside pictures: dates, position, title, people, rating."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as SafeTree
from defusedxml import DefusedXmlException

from album_sort.core.bounded import altitude, finite
from album_sort.metadata.coordinates import parse_pair
from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.metadata.tags import clean
from album_sort.types import GeoPosition, Metadata, PositionSource, TimeCandidate, TimeSource

MAX_BYTES = 1 << 20
MAX_VALUES = 200

_PREFIXES = {
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.google.com/photos/1.0/container/item/": "Item",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
}

# The first that is a date counts: `xmp:CreateDate` is when the file was made, which of a scan is not the photo's day.
_DATE_NAMES = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate", "exif:DateTimeDigitized")

# In a sidecar these are what people set; `xmp:CreateDate` is written by every developer of RAWs when it is first opened.
_CORRECTED_NAMES = ("exif:DateTimeOriginal", "photoshop:DateCreated")

_TEXT_NAMES = ("dc:title", "dc:description")
_KEYWORD_NAMES = ("digiKam:TagsList", "lr:hierarchicalSubject", "dc:subject")
_MOTION_NAMES = ("GCamera:MotionPhoto", "GCamera:MicroVideo")

_BELOW_SEA = frozenset(("1", "below sea level"))


def read_xmp(packet: bytes, *, is_sidecar: bool = False) -> Metadata:
    """What an XMP packet or sidecar says; a warning where it cannot be read (no XML, too large, hostile entities).

    `is_sidecar`: what a person corrects in a program that leaves the photo alone stands in a file of its own.
    """
    if len(packet) > MAX_BYTES:
        return Metadata(warnings=(f"XMP of {len(packet):,} bytes is larger than {MAX_BYTES:,}: not read",))
    try:
        root = SafeTree.fromstring(packet.strip(b" \t\r\n\0"))
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        return Metadata(warnings=(f"XMP cannot be read ({type(error).__name__}: {error})",))
    values = _collect(root)
    return Metadata(
        time_candidates=_times(values, is_sidecar=is_sidecar),
        positions=_positions(values, is_sidecar=is_sidecar),
        camera_make=_first(values, "tiff:Make"),
        camera_model=_first(values, "tiff:Model"),
        description=" · ".join(dict.fromkeys(filter(None, (_first(values, name) for name in _TEXT_NAMES)))),
        keywords=_keywords(values),
        people=tuple(dict.fromkeys(_people(values))),
        rating=_rating(_first(values, "xmp:Rating")),
        is_motion_photo=any(_first(values, name) == "1" for name in _MOTION_NAMES),
    )


def _name(tag: str) -> str:
    """`prefix:Name` of a qualified XML name, with the usual prefixes whatever the file calls them."""
    space, _, local = tag.removeprefix("{").rpartition("}")
    return f"{_PREFIXES.get(space, '')}:{local}"


def _collect(root: Element) -> dict[str, list[str]]:
    """Texts by property, from attributes, elements and their lists alike; nested structures by their own names."""
    values: dict[str, list[str]] = {}

    def add(name: str, text: str | None) -> None:
        held = values.setdefault(name, [])
        cleaned = clean(text or "")
        if cleaned and len(held) < MAX_VALUES:
            held.append(cleaned)

    # Iterative, because a deeply nested hostile packet would exhaust the stack.
    stack: list[tuple[Element, str]] = [(root, "")]
    while stack:
        element, owner = stack.pop()
        name = _name(element.tag)
        if name.startswith(("rdf:", ":")):
            name = owner  # lists and their items speak for the property that holds them
        for attribute, text in element.attrib.items():
            add(_name(attribute), text)
        add(name, element.text)
        stack += [(child, name) for child in reversed(element)]
    return values


def _first(values: dict[str, list[str]], name: str) -> str:
    return next(iter(values.get(name, ())), "")


def _times(values: dict[str, list[str]], *, is_sidecar: bool) -> tuple[TimeCandidate, ...]:
    """Of a sidecar both dates of the shot: programs correct one of them and let the other one mirror the EXIF."""
    moments = [(name, parse_moment(_first(values, name))) for name in _DATE_NAMES]
    known = [(name, moment) for name, moment in moments if moment is not None]
    of_shot = [(name, moment) for name, moment in known if name in _CORRECTED_NAMES]
    if is_sidecar and of_shot:
        return tuple(local_candidate(TimeSource.SIDECAR, moment, name) for name, moment in of_shot)
    return tuple(local_candidate(TimeSource.XMP, moment, name) for name, moment in known[:1])


def _positions(values: dict[str, list[str]], *, is_sidecar: bool) -> tuple[GeoPosition, ...]:
    texts = ((_first(values, f"exif:{name}"), _first(values, f"exif:{name}Ref")) for name in _AXES)
    pair = parse_pair(*texts)
    if pair is None:
        return ()
    source = PositionSource.SIDECAR if is_sidecar else PositionSource.XMP
    return (GeoPosition(*pair, source, _altitude(values)),)


_AXES = ("GPSLatitude", "GPSLongitude")


def _altitude(values: dict[str, list[str]]) -> float | None:
    is_below = _first(values, "exif:GPSAltitudeRef").lower() in _BELOW_SEA
    return altitude(_first(values, "exif:GPSAltitude"), is_below=is_below)


def _keywords(values: dict[str, list[str]]) -> tuple[str, ...]:
    """Keywords once each, in order; of a path such as `Animals/Cat` or `Animals|Cat` its last part."""
    found = (text.replace("|", "/").rpartition("/")[2] for name in _KEYWORD_NAMES for text in values.get(name, ()))
    return tuple(dict.fromkeys(filter(None, found)))


def _people(values: dict[str, list[str]]) -> Iterator[str]:
    yield from values.get("Iptc4xmpExt:PersonInImage", ())
    yield from values.get("mwg-rs:Name", ())
    for path in values.get("digiKam:TagsList", ()):
        if path.startswith("People/"):
            yield path.rpartition("/")[2]


def _rating(text: str) -> int | None:
    stars = finite(text, -1, 5)
    return None if stars is None else round(stars)
