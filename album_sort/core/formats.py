"""The file formats we know: suffixes, signatures, kinds. docs/contributing/add-a-format.md adds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from album_sort.types import FileKind

HEAD_BYTES = 64
"""How much of a file's beginning `sniff` and `describe` look at."""

_MOST_PIXELS_IN_BROWSERS = 40_000_000
"""A browser holds four bytes for each: phones give up on what the largest cameras make (docs/decisions/0015-previews.md)."""


@dataclass(frozen=True, slots=True)
class MediaFormat:
    """One file format."""

    name: str
    """`jpeg`, `heic`, `cr2` ...: the word used in reports."""
    kind: FileKind
    suffixes: tuple[str, ...]
    """Lower-case, with dot; the first is the usual one."""
    mime: str = ""
    signatures: tuple[tuple[int, bytes], ...] = ()
    """(offset, bytes): any of them tells the format, whatever the suffix says."""
    container: bytes = b""
    """What a file begins with, too, where others have the same container: `RIFF`."""
    brands: tuple[str, ...] = ()
    """ISO base media brands (`ftyp` box), major or compatible."""
    tiff_based: bool = False
    """A RAW format that looks like any TIFF: only the suffix tells."""
    is_that: Callable[[bytes], bool] | None = None
    """Tells by the first HEAD_BYTES bytes where no signature can."""
    needs_suffix: bool = False
    """`is_that` alone is not proof."""
    holds_exif: bool = True
    """Whether it has a place for EXIF; in others, what looks like it is chance."""
    in_browsers: bool = False
    """Whether every browser shows such a photo; of others the page shows a preview. Nothing is said of films."""


def _photo(
    name: str,
    suffixes: str,
    *signatures: tuple[int, bytes],
    container: bytes = b"",
    brands: str = "",
    is_that: Callable[[bytes], bool] | None = None,
    holds_exif: bool = True,
    in_browsers: bool = False,
) -> MediaFormat:
    return MediaFormat(
        name,
        FileKind.PHOTO,
        tuple(suffixes.split()),
        f"image/{name}",
        signatures,
        container,
        tuple(brands.split()),
        is_that=is_that,
        holds_exif=holds_exif,
        in_browsers=in_browsers,
    )


def _raw(name: str, suffixes: str, *signatures: tuple[int, bytes], brands: tuple[str, ...] = ()) -> MediaFormat:
    is_tiff = not signatures and not brands
    return MediaFormat(
        name, FileKind.RAW, tuple(suffixes.split()), signatures=signatures, brands=brands, tiff_based=is_tiff
    )


def _video(
    name: str,
    suffixes: str,
    *signatures: tuple[int, bytes],
    mime: str,
    container: bytes = b"",
    brands: tuple[str, ...] = (),
    is_that: Callable[[bytes], bool] | None = None,
) -> MediaFormat:
    return MediaFormat(
        name,
        FileKind.VIDEO,
        tuple(suffixes.split()),
        mime,
        signatures,
        container,
        brands,
        is_that=is_that,
        needs_suffix=is_that is not None,
    )


def _sidecar(name: str, suffix: str) -> MediaFormat:
    return MediaFormat(name, FileKind.SIDECAR, (suffix,))


# Sizes of the second header that Windows and OS/2 have used: "BM" alone also begins ordinary text.
_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def _is_bitmap(head: bytes) -> bool:
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES


def _is_mpeg_stream(head: bytes) -> bool:
    """Packets of 188 bytes begin with G, on discs behind four bytes of time: one letter, which is not proof."""
    return head[:1] == b"G" or head[4:5] == b"G"


FORMATS: tuple[MediaFormat, ...] = (
    _photo("jpeg", ".jpg .jpeg .jpe .jfif .jif .mpo", (0, b"\xff\xd8\xff"), in_browsers=True),
    _photo("png", ".png .apng", (0, b"\x89PNG\r\n\x1a\n"), in_browsers=True),
    _photo("webp", ".webp", (8, b"WEBP"), container=b"RIFF", in_browsers=True),
    _photo("gif", ".gif", (0, b"GIF87a"), (0, b"GIF89a"), holds_exif=False, in_browsers=True),
    _photo("bmp", ".bmp .dib", is_that=_is_bitmap, holds_exif=False, in_browsers=True),
    _photo("avif", ".avif .avifs", brands="avif avis", in_browsers=True),
    _photo("heic", ".heic .heics", brands="heic heix heim heis hevc hevx hevm hevs"),
    _photo("heif", ".heif .hif .heifs", brands="mif1 msf1 mif2"),
    _photo("jxl", ".jxl", (0, b"\xff\x0a"), (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n")),
    _raw("cr3", ".cr3", brands=("crx ",)),
    _raw("cr2", ".cr2", (8, b"CR\x02")),
    _raw("crw", ".crw", (6, b"HEAPCCDR")),
    _raw("orf", ".orf", (0, b"IIRO"), (0, b"IIRS"), (0, b"MMOR")),
    _raw("rw2", ".rw2 .rwl", (0, b"IIU\x00")),
    _raw("raf", ".raf", (0, b"FUJIFILMCCD-RAW")),
    _raw("x3f", ".x3f", (0, b"FOVb")),
    _raw("mrw", ".mrw", (0, b"\x00MRM")),
    _raw("nef", ".nef .nrw"),
    _raw("arw", ".arw .sr2 .srf"),
    _raw("dng", ".dng"),
    _raw("pef", ".pef"),
    _raw("srw", ".srw"),
    _raw("3fr", ".3fr .fff"),
    _raw("iiq", ".iiq"),
    _raw("erf", ".erf"),
    _raw("mef", ".mef"),
    _raw("mos", ".mos"),
    _raw("kdc", ".kdc .dcr"),
    # After the RAW formats: what has no RAW suffix is a plain TIFF.
    _photo("tiff", ".tif .tiff", (0, b"II*\x00"), (0, b"MM\x00*"), (0, b"II+\x00"), (0, b"MM\x00+")),
    _video("3gp", ".3gp .3g2", mime="video/3gpp", brands=("3gp4", "3gp5", "3gp6", "3gp7", "3g2a", "3ge6")),
    _video("m4v", ".m4v", mime="video/x-m4v", brands=("M4V ", "M4VH", "M4VP")),
    _video("mp4", ".mp4", mime="video/mp4", brands=("isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1")),
    _video(
        "mov",
        ".mov .qt",
        *((4, atom) for atom in (b"moov", b"mdat", b"wide", b"pnot")),
        mime="video/quicktime",
        brands=("qt  ",),
    ),
    _video("avi", ".avi", (8, b"AVI "), container=b"RIFF", mime="video/x-msvideo"),
    _video("mkv", ".mkv .webm", (0, b"\x1aE\xdf\xa3"), mime="video/x-matroska"),
    _video("mpg", ".mpg .mpeg .vob", (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"), mime="video/mpeg"),
    _video("wmv", ".wmv .asf", (0, b"0&\xb2u\x8ef\xcf\x11"), mime="video/x-ms-wmv"),
    _video("flv", ".flv", (0, b"FLV\x01"), mime="video/x-flv"),
    _video("mts", ".mts .m2ts", mime="video/mp2t", is_that=_is_mpeg_stream),
    _sidecar("xmp", ".xmp"),
    _sidecar("aae", ".aae"),
    _sidecar("json", ".json"),
    _sidecar("thm", ".thm"),
    _sidecar("pp3", ".pp3"),
    _sidecar("dop", ".dop"),
    _sidecar("on1", ".on1"),
    _sidecar("cos", ".cos"),
    _sidecar("xml", ".xml"),
    _sidecar("srt", ".srt"),
)

_BY_SUFFIX = {suffix: media for media in FORMATS for suffix in media.suffixes}
_BY_NAME = {media.name: media for media in FORMATS}
_GENERAL_BRANDS = _BY_NAME["heif"].brands

# Words for what a file is, each with its sentence `content.<word>`.
_OTHER_CONTENT: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "pdf"),
    (0, b"8BPS", "photoshop"),
    (0, b"\x00\x00\x00\x0cjP  ", "jpeg-2000"),
    (0, b"\xff\x4f\xff\x51", "jpeg-2000"),
    (0, b"\x00\x00\x01\x00", "windows-icon"),
    (0, b"DDS ", "directdraw"),
    (0, b"%!PS", "postscript"),
    (0, b"PK\x03\x04", "zip-or-office"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"7z\xbc\xaf", "seven-zip"),
    (0, b"Rar!", "rar"),
    (0, b"\x7fELF", "program"),
    (0, b"MZ", "windows-program"),
    (0, b"SQLite format 3", "database"),
    (0, b"ID3", "sound"),
    (8, b"WAVE", "sound"),
    (0, b"OggS", "sound-or-video"),
    (0, b"bplist", "property-list"),
)

_MARKUP: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "html"),
    (b"<html", "html"),
    (b"<svg", "svg"),
    (b"<x:xmpmeta", "xmp"),
    (b"<?xpacket", "xmp"),
    (b"<?xml", "xml"),
    (b"{", "json"),
    (b"[", "json"),
)


def sniff(head: bytes, suffix: str = "") -> MediaFormat | None:
    """What a file is by its first HEAD_BYTES bytes.

    The suffix (lower-case, with dot) only tells apart RAW formats that all look like TIFF, and MPEG streams, whose
    one marker byte is not proof. None: no photo, RAW or video that we know.
    """
    by_suffix = _BY_SUFFIX.get(suffix)
    if by_suffix and by_suffix.tiff_based and _is_signed(head, _BY_NAME["tiff"]):
        return by_suffix
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    for media in FORMATS:
        if _is_signed(head, media) or (media.is_that and not media.needs_suffix and media.is_that(head)):
            return media
    # Last: less than a signature, so that no other format is taken for it.
    return by_suffix if by_suffix and by_suffix.is_that and by_suffix.is_that(head) else None


def _is_signed(head: bytes, media: MediaFormat) -> bool:
    return head.startswith(media.container) and any(head.startswith(magic, at) for at, magic in media.signatures)


def _by_brand(head: bytes) -> MediaFormat | None:
    """The format that an `ftyp` box names: the major brand decides, the compatible ones where it is unknown or general."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    names = [name.decode("latin-1") for name in (head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4)))]
    # `mif1` says only "a HEIF of some kind"; a brand beside it says with which codec.
    names.sort(key=lambda name: name in _GENERAL_BRANDS)
    return next((media for name in names for media in FORMATS if name in media.brands), None)


def kind_of_suffix(suffix: str) -> FileKind | None:
    """What a suffix (any case, with dot) promises; None for files we have no business with."""
    media = _BY_SUFFIX.get(suffix.lower())
    return media.kind if media else None


def kind_of_format(name: str) -> FileKind | None:
    """The kind of a format by its name, as inspections give it; None for one that we do not know."""
    media = _BY_NAME.get(name)
    return media.kind if media else None


def format_of_suffix(suffix: str) -> str:
    """The name of the format that a suffix (any case, with dot) promises; empty for files we have no business with."""
    media = _BY_SUFFIX.get(suffix.lower())
    return media.name if media else ""


def wants_preview(name: str, pixels: int, *, films: bool) -> bool:
    """Whether the page needs a preview of a photo of this format with so many pixels (0: unknown), to show it, or to show it at once.

    `films`: whether one can be made of films, which browsers show or not by what is inside.
    """
    media = _BY_NAME.get(name)
    if media is None or media.kind is FileKind.VIDEO:
        return media is not None and films
    if media.kind not in (FileKind.PHOTO, FileKind.RAW):
        return False
    return not media.in_browsers or pixels > _MOST_PIXELS_IN_BROWSERS


def holds_exif(name: str) -> bool:
    """Whether a format has a place for EXIF; one that we do not know may have."""
    media = _BY_NAME.get(name)
    return media is None or media.holds_exif


def misfit_of_suffix(suffix: str, media_format: str) -> int:
    """How badly a suffix (lower-case, with dot) fits a format by content: 0 its own, 1 another of that kind, 2 another kind."""
    media = _BY_NAME.get(media_format)
    if media is None or suffix in media.suffixes:
        return 0
    return 1 if kind_of_suffix(suffix) is media.kind else 2


def describe(head: bytes) -> str:
    """What a file is that is not a picture, as a word: "empty", "html" ...; `labels/reasons/skipped.toml` says `content.<word>`."""
    if not head:
        return "empty"
    if not any(head):
        return "zeros"
    media = sniff(head)
    if media is not None:
        return str(media.kind)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    found = [what for offset, magic, what in _OTHER_CONTENT if head.startswith(magic, offset)]
    found += [what for magic, what in _MARKUP if start.startswith(magic)]
    found += ["text"] if _looks_like_text(head) else ["unknown"]
    return found[0]


def _looks_like_text(head: bytes) -> bool:
    """UTF-8 without control characters; the last character may be cut."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return bool(text) and all(character.isprintable() or character in "\t\n\r\f" for character in text)
