"""The readers of containers: a good file, one cut at each byte of its structure, lengths that lie, nesting without end."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.containers import heif, isobmff, jpeg, png, riff, tiff
from album_sort.containers.source import FileSource, Source
from tests.container_builders import chunk as png_chunk
from tests.container_builders import plain, png_with, riff_chunk, riff_list, segment
from tests.exif_builders import box, exif_block, heif_with_exif

Span = tuple[object, int, int]
"""Kind, start and end of one part, as the part itself says."""

ENOUGH_S = 4.0
"""A hostile file of a few megabytes must be read in less, on a machine that does other things too."""


def jpeg_parts(data: bytes) -> Iterator[Span]:
    return ((part.marker, part.start, part.end) for part in jpeg.segments(data))


def box_parts(source: Source) -> Iterator[Span]:
    return ((part.kind, part.start, part.said_end) for part in isobmff.boxes(source))


def riff_parts(source: Source) -> Iterator[Span]:
    return ((part.kind, part.start, part.said_end) for part in riff.chunks(source))


def png_parts(data: bytes) -> Iterator[Span]:
    return ((part.kind, part.start, part.end) for part in png.chunks(data))


def tiff_parts(data: bytes) -> Iterator[Span]:
    for held in tiff.directories(data, range(1 << 16)):
        yield from ((tag, entry.start, entry.start + entry.size) for tag, entry in held.entries.items())


@dataclass(frozen=True)
class Reader:
    """One reader, with a good file and what is in it."""

    parts: Callable[[bytes], Iterator[Span]]
    good: bytes
    kinds: Sequence[object]
    most: int
    """Parts at most, whatever the file."""
    empties: bytes
    """The smallest part, which hostile files repeat."""
    start: bytes
    """What stands in front of the parts."""
    liar: Callable[[int], bytes]
    """A part that says to have this many bytes of contents, and has none."""


TIFF_TAGS = tuple(struct.pack("<HHII", tag, 4, 1, tag) for tag in (0x0100, 0x0101, 0x0112))

READERS = {
    "jpeg": Reader(
        jpeg_parts,
        segment(plain(), 0xE1, b"Exif\0\0II*\0", b"more"),
        (0xE1, 0xE1, 0xE0, 0xC0, 0xDA),
        jpeg.MAX_SEGMENTS,
        b"\xff\xe0\0\2",
        b"\xff\xd8",
        lambda size: b"\xff\xe1" + struct.pack(">H", min(size + 2, 0xFFFF)),
    ),
    "isobmff": Reader(
        box_parts,
        box(b"ftyp", b"heic") + box(b"meta", bytes(4), box(b"hdlr", b"x")) + box(b"mdat", bytes(30)),
        (b"ftyp", b"meta", b"mdat"),
        isobmff.MAX_BOXES,
        box(b"free"),
        b"",
        lambda size: struct.pack(">I4sQ", 1, b"mdat", size + 16),
    ),
    "riff": Reader(
        riff_parts,
        b"RIFF\0\0\0\0AVI " + riff_list(b"hdrl", riff_chunk(b"avih", bytes(8))) + riff_chunk(b"odd ", b"123"),
        (b"LIST", b"odd "),
        riff.MAX_CHUNKS,
        riff_chunk(b"JUNK", b""),
        b"RIFF\0\0\0\0AVI ",
        lambda size: b"JUNK" + struct.pack("<I", min(size, 0xFFFFFFFF)),
    ),
    "png": Reader(
        png_parts,
        png_with(png_chunk(b"eXIf", b"II*\0"), behind_the_pixels=True),
        (b"IHDR", b"IDAT", b"eXIf", b"IEND"),
        png.MAX_CHUNKS,
        png_chunk(b"tEXt", b""),
        png.SIGNATURE,
        lambda size: struct.pack(">I", min(size, 0xFFFFFFFF)) + b"IDAT",
    ),
    "tiff": Reader(
        tiff_parts,
        b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + b"".join(TIFF_TAGS) + bytes(4),
        (0x0100, 0x0101, 0x0112),
        tiff.MAX_DIRECTORIES * tiff.MAX_ENTRIES,
        TIFF_TAGS[0],
        b"II*\0\x08\0\0\0\xff\xff",
        lambda size: struct.pack("<HHII", 0x0111, 4, min(size, 0xFFFFFFFF), 8),
    ),
}


def boundaries(reader: Reader) -> list[int]:
    """Each offset at which a part of the good file begins or ends, with those beside it."""
    edges = {at for _, start, end in reader.parts(reader.good) for at in (start, end)} | {0, len(reader.good)}
    return sorted(
        {min(max(edge + step, 0), len(reader.good)) for edge in edges for step in (-8, -4, -2, -1, 0, 1, 2, 4)}
    )


@pytest.mark.parametrize("name", READERS)
def test_a_good_file_has_its_parts_one_behind_the_other(name: str) -> None:
    reader = READERS[name]
    parts = list(reader.parts(reader.good))
    # How many tables a JPEG has is the encoder's choice.
    kinds = [kind for kind, _, _ in parts if kind not in (jpeg.QUANTIZATION, jpeg.HUFFMAN)]
    assert kinds == list(reader.kinds)
    assert all(start <= end <= len(reader.good) for _, start, end in parts)
    if name != "tiff":
        assert all(before[2] <= after[1] for before, after in pairwise(parts))


CUTS = [(name, at) for name, reader in READERS.items() for at in boundaries(reader)]


@pytest.mark.parametrize(("name", "at"), CUTS)
def test_of_a_cut_file_the_parts_are_those_whose_beginning_is_there(name: str, at: int) -> None:
    reader = READERS[name]
    whole, cut = list(reader.parts(reader.good)), list(reader.parts(reader.good[:at]))
    assert cut == whole[: len(cut)]
    assert all(start <= at for _, start, _ in cut if name != "tiff")
    # A part is only missing when its own header is cut: what was whole before the cut is found.
    if name != "tiff":
        assert len(cut) >= sum(end <= at for _, _, end in whole)


@pytest.mark.parametrize("size", [0, 1, 7, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 62), (1 << 64) - 17])
@pytest.mark.parametrize("name", READERS)
def test_a_part_that_says_to_be_longer_than_the_file_is_the_last_one(name: str, size: int) -> None:
    reader = READERS[name]
    data = reader.start + reader.liar(size)
    parts = list(reader.parts(data))
    assert len(parts) <= 1
    assert all(len(data[start:end]) <= len(data) for _, start, end in parts)


@pytest.mark.parametrize("name", READERS)
def test_millions_of_empty_parts_are_looked_at_up_to_a_bound(name: str) -> None:
    reader = READERS[name]
    data = reader.start + reader.empties * (3_000_000 // len(reader.empties))
    began = time.thread_time()
    assert sum(1 for _ in reader.parts(data)) <= reader.most
    assert time.thread_time() - began < ENOUGH_S


@pytest.mark.parametrize("filling", [b"\0", b"\xff", b"\xff\xd0", b"\xff\0", b"\x01"])
@pytest.mark.parametrize("name", READERS)
def test_megabytes_of_one_byte_are_read_in_no_time(name: str, filling: bytes) -> None:
    reader = READERS[name]
    data = reader.start + filling * (3_000_000 // len(filling))
    began = time.thread_time()
    assert sum(1 for _ in reader.parts(data)) <= reader.most
    assert time.thread_time() - began < ENOUGH_S


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=400), st.booleans())
def test_any_bytes_are_read_without_error(name: str, body: bytes, has_start: bool) -> None:
    reader = READERS[name]
    data = reader.start + body if has_start else body
    parts = list(reader.parts(data))
    assert len(parts) <= reader.most
    assert parts == list(reader.parts(data))


@given(st.sampled_from(sorted(READERS)), st.data())
def test_a_good_file_with_any_change_is_read_without_error(name: str, data: st.DataObject) -> None:
    reader = READERS[name]
    changed = bytearray(reader.good)
    for at, patch in data.draw(st.lists(st.tuples(st.integers(0, len(changed)), st.binary(min_size=1, max_size=8)))):
        changed[at : at + len(patch)] = patch
    assert len(list(reader.parts(bytes(changed)))) <= reader.most


# Bytes in memory and a file that is looked at piece by piece


@pytest.mark.parametrize(("parts", "name"), [(box_parts, "isobmff"), (riff_parts, "riff")])
@given(body=st.binary(max_size=200), kept=st.floats(0, 1))
def test_a_file_and_its_bytes_have_the_same_parts(
    parts: Callable[[Source], Iterator[Span]], name: str, body: bytes, kept: float
) -> None:
    for data in (READERS[name].good[: int(kept * len(READERS[name].good))], READERS[name].start + body):
        assert list(parts(FileSource(io.BytesIO(data)))) == list(parts(data))


@given(st.binary(max_size=50), st.integers(0, 80), st.integers(0, 80))
def test_a_slice_of_a_file_is_that_of_its_bytes(data: bytes, start: int, end: int) -> None:
    source = FileSource(io.BytesIO(data))
    assert len(source) == len(data)
    assert source[start:end] == data[start:end]


# JPEG


def test_bytes_between_two_segments_are_told_and_passed_over() -> None:
    data = (
        b"\xff\xd8" + b"stray" + b"\xff\xe1\0\4ab" + b"\xff\xff\xff\xe1\0\2" + b"\xff\xd0\xff\xe1\0\2" + b"\xff\xda\0\2"
    )
    found = [(part.at, part.is_after_stray) for part in jpeg.segments(data)]
    assert found == [(7, True), (15, False), (21, True), (25, False)]


def test_nothing_is_read_behind_the_first_scan_or_an_end() -> None:
    for last in (b"\xff\xda\0\2", b"\xff\xd9\0\2"):
        data = b"\xff\xd8" + last + b"\xff\xe1\0\2\xff\xe1\0\2"
        assert [part.marker for part in jpeg.segments(data)] == [last[1]]


# ISO boxes


@pytest.mark.parametrize(
    "inner",
    [
        struct.pack(">I4s", 100, b"long"),
        struct.pack(">I4s", 7, b"tiny"),
        struct.pack(">I4s", 1, b"wide"),
        struct.pack(">I4sQ", 1, b"wide", 15),
    ],
    ids=["reaches out", "smaller than its header", "no room for its size", "wide and smaller than its header"],
)
def test_a_box_that_makes_no_sense_ends_the_tolerant_reading_and_stops_the_strict_one(inner: bytes) -> None:
    parent = box(b"good", b"ab") + inner
    data = parent + box(b"next")
    found = [part.kind for part in isobmff.boxes(data, 0, len(parent))]
    assert found in ([b"good"], [b"good", b"long"])
    assert all(part.end <= len(parent) for part in isobmff.boxes(data, 0, len(parent)))
    with pytest.raises(isobmff.MalformedError):
        list(isobmff.whole_boxes(data, 0, len(parent)))


def test_a_box_without_a_size_goes_on_to_the_end() -> None:
    data = box(b"ftyp", b"heic") + struct.pack(">I4s", 0, b"mdat") + bytes(20)
    assert [(part.kind, part.end) for part in isobmff.boxes(data)] == [(b"ftyp", 12), (b"mdat", 40)]
    assert isobmff.is_complete(data)


def test_boxes_in_boxes_cost_no_more_than_their_bytes() -> None:
    data = b""
    for _ in range(2000):
        data = box(b"moov", data)
    began = time.thread_time()
    inner: isobmff.Box | None = isobmff.first(data, b"moov")
    depth = 0
    while inner is not None:
        inner, depth = isobmff.child(data, inner, b"moov"), depth + 1
    assert depth == 2000
    assert time.thread_time() - began < ENOUGH_S


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.99])
def test_what_a_cut_file_lacks_is_told_by_its_boxes(kept: float) -> None:
    whole = box(b"ftyp", b"heic") + box(b"meta", bytes(100)) + box(b"mdat", bytes(100_000))
    cut = whole[: int(kept * len(whole))]
    assert not isobmff.is_complete(cut)
    assert isobmff.missing_bytes(cut) == len(whole) - len(cut)
    assert isobmff.missing_share(cut) == pytest.approx(1 - kept, abs=0.01)
    assert (isobmff.is_complete(whole), isobmff.missing_bytes(whole), isobmff.missing_share(whole)) == (True, 0, 0.0)


def test_a_small_table_of_items_cannot_name_millions_of_pieces() -> None:
    """Fields of no bytes: each of the 4,096 items says to have 65,535 pieces, and no piece takes any room."""
    items = struct.pack(">HHH", 1, 0, 0xFFFF) * 4096
    iloc = box(b"iloc", bytes(4), b"\0\0", struct.pack(">H", 4096), items)
    infe = box(b"infe", b"\2\0\0\0", struct.pack(">HH", 1, 0), b"Exif")
    data = box(b"ftyp", b"heic") + box(b"meta", bytes(4), box(b"iinf", bytes(4), b"\0\1", infe), iloc)
    began = time.thread_time()
    assert list(heif.items_of_type(data, b"Exif")) == [b""]
    assert time.thread_time() - began < ENOUGH_S


def test_an_item_is_found_whole_and_cut() -> None:
    data = heif_with_exif(exif_block({271: "Maker"}))
    (item,) = heif.items_of_type(data, b"Exif")
    assert item[4:].startswith(b"Exif\0\0")
    for at in range(0, len(data), 7):
        assert all(len(found) <= len(item) for found in heif.items_of_type(data[:at], b"Exif"))
        assert heif.read_tables(data[:at]) is None


# TIFF


def directory(*entries: bytes, following: int = 0, order: str = "<") -> bytes:
    return struct.pack(f"{order}H", len(entries)) + b"".join(entries) + struct.pack(f"{order}I", following)


def entry(tag: int, kind: int, values: int, held: int, order: str = "<") -> bytes:
    return struct.pack(f"{order}HHII", tag, kind, values, held)


@pytest.mark.parametrize("order", "<>")
def test_values_are_read_in_both_byte_orders(order: str) -> None:
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    short = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, 6, 0)
    pair = struct.pack(f"{order}II", 70_000, 5)
    data = start + directory(short, entry(0x0111, 4, 2, 38, order), order=order) + pair
    held = tiff.below(data, (), (0x0112, 0x0111))
    assert held is not None
    assert tuple(tiff.numbers(data, held, 0x0112)) == (6,)
    assert tuple(tiff.numbers(data, held, 0x0111)) == (70_000, 5)
    assert tiff.value(data, held, 0x0111, 100) == pair
    assert tiff.value(data, held, 0x0111, 3) == pair[:3]
    assert tuple(tiff.numbers(data[:-1], held, 0x0111)) == ()
    assert tiff.value(data, held, 0x9999, 100) == b""


@pytest.mark.parametrize(
    "block",
    [b"", b"II", b"II*\0\x08\0\0", b"xx*\0\x08\0\0\0", b"II+\0\x08\0\0\0" + bytes(20), b"MM\0+\0\x08\0\0" + bytes(20)],
    ids=repr,
)
def test_what_is_no_tiff_has_no_directory(block: bytes) -> None:
    assert tiff.below(block, (), (1,)) is None
    assert list(tiff.directories(block, (1,))) == []


def test_directories_that_point_to_one_another_are_each_read_once() -> None:
    looping = directory(entry(tiff.SUB_IFDS, 4, 1, 26), following=8)
    data = b"II*\0\x08\0\0\0" + looping + directory(entry(tiff.EXIF_IFD, 4, 1, 8), following=26)
    assert len(list(tiff.directories(data, ()))) == 2


def test_a_chain_of_directories_and_a_fan_of_them_end() -> None:
    chain = b"".join(directory(following=8 + 6 * (number + 1)) for number in range(5000))
    assert len(list(tiff.directories(b"II*\0\x08\0\0\0" + chain, ()))) == tiff.MAX_DIRECTORIES
    fan = directory(entry(tiff.SUB_IFDS, 4, 20_000, 26)) + struct.pack("<20000I", *range(26, 20_026))
    began = time.thread_time()
    assert len(list(tiff.directories(b"II*\0\x08\0\0\0" + fan, ()))) <= tiff.MAX_DIRECTORIES
    assert time.thread_time() - began < ENOUGH_S


def test_of_a_cut_directory_the_entries_that_are_there_are_read() -> None:
    data = b"II*\0\x08\0\0\0" + directory(*(entry(tag, 4, 1, tag) for tag in range(256, 266)))
    read = partial(tiff.below, path=(), tags=range(1 << 16))
    for there in range(11):
        held = read(data[: 10 + 12 * there + 5])
        assert held is not None
        assert len(held.entries) == min(there, 10)
    assert read(data[:9]) is not None


@given(st.binary(max_size=300), st.lists(st.integers(0, 0xFFFF), max_size=3), st.integers(0, 100))
def test_a_path_through_any_bytes_ends(body: bytes, path: list[int], most: int) -> None:
    for start in (b"II*\0", b"MM\0*"):
        held = tiff.below(start + body, path, (0x0112, 0x0111))
        assert len(tiff.value(start + body, held, 0x0112, most)) <= most
