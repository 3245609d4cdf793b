"""Which files are one photo, with what proof; and which sidecar belongs to whom."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.groups.bursts import find_bursts
from album_sort.core.groups.grouping import Grouping, group_files
from album_sort.core.groups.photo_names import photo_name
from album_sort.metadata.files import read_metadata, read_video_metadata
from album_sort.types import ContentId, FileEntry, FileKind, Inspection, Metadata, TimeCandidate, TimeSource

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "photos"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the development photos of ../shared are absent")

NOON = datetime(2024, 5, 1, 12)
KINDS = dict.fromkeys(("avi", "insv", "lrv", "lrf"), FileKind.VIDEO)
KINDS |= {"mov": FileKind.VIDEO, "mp4": FileKind.VIDEO, "mp": FileKind.VIDEO, "cr2": FileKind.RAW, "dng": FileKind.RAW}


def entry(path: str, kind: FileKind = FileKind.SIDECAR) -> FileEntry:
    return FileEntry(f"/p/{path}", "/p", 1, 1, 1, 1, kind)


def item(
    path: str,
    at_s: float | None = None,
    *,
    utc_s: float | None = None,
    live: str = "",
    duration_s: float | None = None,
    content: str = "",
    camera: str = "X",
    burst: str = "",
) -> Inspection:
    """A photo or video by its suffix, taken some seconds after noon (wall time, or UTC in `utc_s`)."""
    suffix = path.rpartition(".")[2].lower()
    kind = KINDS.get(suffix, FileKind.PHOTO)
    source = TimeSource.QUICKTIME if kind is FileKind.VIDEO else TimeSource.EXIF_ORIGINAL
    times = [] if at_s is None else [TimeCandidate(source, NOON + timedelta(seconds=at_s))]
    times += [] if utc_s is None else [TimeCandidate(source, utc=NOON + timedelta(seconds=utc_s))]
    metadata = Metadata(
        tuple(times), content_identifier=live, duration_s=duration_s, camera_model=camera, burst_id=burst
    )
    content_id = ContentId(hashlib.sha256((content or path).encode()).hexdigest())
    return Inspection(entry(path, kind), content_id, {"jpg": "jpeg"}.get(suffix, suffix), metadata)


def shapes(grouping: Grouping) -> list[tuple[str, ...]]:
    """Primary and members of each group, by path."""
    return [tuple(file.path.removeprefix("/p/") for file in group.files) for group in grouping.groups]


def grouped(*items: Inspection, sidecars: Sequence[str] = ()) -> list[tuple[str, ...]]:
    return shapes(group_files(items, [entry(path) for path in sidecars]))


# Live Photos


def test_equal_content_identifiers_make_a_live_photo() -> None:
    """Whatever the clocks say."""
    assert grouped(item("a.HEIC", 0, live="L"), item("a.mov", 500, live="L")) == [("a.HEIC", "a.mov")]


def test_different_content_identifiers_never_do() -> None:
    assert len(grouped(item("a.HEIC", 0, live="L"), item("a.mov", 0, live="M"))) == 2


def test_without_identifiers_name_and_clock_must_agree() -> None:
    assert grouped(item("a.jpg", 0), item("a.mov", -2.5)) == [("a.jpg", "a.mov")]


def test_a_video_of_another_shot_with_the_same_name_stays_apart() -> None:
    """The name alone proves nothing: counters start again."""
    assert len(grouped(item("IMG_0001.jpg", 0), item("IMG_0001.mov", 3600, duration_s=2))) == 2
    assert len(grouped(item("a/IMG_0001.jpg", 0), item("b/IMG_0001.mov", 0))) == 2


def test_wall_time_and_utc_agree_when_some_zone_lies_between() -> None:
    """A still without offset beside a video that knows only UTC, also across midnight."""
    assert len(grouped(item("a.jpg", 0), item("a.mov", utc_s=-9 * 3600 + 1))) == 1
    assert len(grouped(item("a.jpg", 0), item("a.mov", utc_s=-9 * 3600 + 100))) == 2


@pytest.mark.parametrize(
    ("still", "video"),
    [
        (item("a.heic", 0, live="L"), item("a.mov")),
        (item("a.heic"), item("a.mov", 0, live="L")),
        (item("MVIMG_20240501_120000.jpg", 0), item("MVIMG_20240501_120000.mp4")),
        (item("PXL_20240501_120000123.MP.jpg", 0), item("PXL_20240501_120000123.MP")),
        (item("a.jpg"), item("a.mp4", duration_s=2.0)),
    ],
    ids=["video without a clock", "still without a clock", "MVIMG", "Pixel MP", "short video"],
)
def test_a_half_without_a_clock_is_known_by_the_other(still: Inspection, video: Inspection) -> None:
    assert len(grouped(still, video)) == 1


def test_a_long_video_without_a_clock_stays_apart() -> None:
    assert len(grouped(item("a.jpg", 0), item("a.mov", duration_s=90))) == 2
    assert len(grouped(item("a.jpg", 0), item("a.mov"))) == 2


def test_icloud_downloads_name_the_video_after_its_codec() -> None:
    assert grouped(item("IMG_1.HEIC", 0), item("IMG_1_HEVC.MOV", 1)) == [("IMG_1.HEIC", "IMG_1_HEVC.MOV")]


def test_a_renamed_half_is_found_by_its_identifier_the_nearest_first() -> None:
    """Each copy of a pair keeps its own video."""
    assert grouped(
        item("one/still.heic", 0, live="L", content="s"),
        item("one/film.mov", 0, live="L", content="v"),
        item("two/still.heic", 0, live="L", content="s"),
        item("two/film.mov", 0, live="L", content="v"),
        item("videos/x.mov", 0, live="M"),
        item("photos/x.heic", 0, live="M"),
    ) == [
        ("one/still.heic", "one/film.mov"),
        ("photos/x.heic", "videos/x.mov"),
        ("two/still.heic", "two/film.mov"),
    ]


# RAW and other formats


def test_raw_and_jpeg_of_one_shot_are_one_photo_led_by_the_jpeg() -> None:
    assert grouped(item("a.CR2", 0), item("a.JPG", 1)) == [("a.JPG", "a.CR2")]
    assert grouped(item("a.CR2"), item("a.JPG", 0)) == [("a.JPG", "a.CR2")]


def test_raw_and_jpeg_of_different_shots_stay_apart() -> None:
    assert len(grouped(item("a.CR2", 0), item("a.JPG", 60))) == 2
    assert len(grouped(item("a.CR2"), item("a.JPG"))) == 2


def test_two_formats_of_one_shot_are_one_photo_and_two_shots_are_two() -> None:
    assert len(grouped(item("a.heic", 0), item("a.jpg", 0))) == 1
    assert len(grouped(item("a.heic", 0), item("a.jpg", 30))) == 2
    assert len(grouped(item("a.png"), item("a.jpg"))) == 2


def test_equal_content_at_several_paths_is_several_groups() -> None:
    assert (
        len(grouped(item("a.jpg", 0, content="x"), item("a.jpeg", 0, content="x"), item("b/a.jpg", 0, content="x")))
        == 3
    )


# Edits


@pytest.mark.parametrize(
    ("original", "edited"),
    [
        ("IMG_1234.HEIC", "IMG_E1234.heic"),
        ("wedding.jpg", "wedding_edited.jpg"),
        ("IMG_1.jpg", "IMG_1-edited.jpg"),
        ("IMG_1.jpg", "IMG_1-bearbeitet.jpg"),
        ("IMG_1.jpg", "IMG_1-modifié.jpg"),
        ("IMG_1.jpg", "IMG_1-modifie\u0301.jpg"),
        ("IMG_1.jpg", "IMG_1-ha editado.jpg"),
        ("IMG_1.jpg", "IMG_1-編集済み.jpg"),
        ("IMG_1(1).jpg", "IMG_1-edited(1).jpg"),
        (f"{'n' * 44}.jpg", f"{'n' * 44}-ed.jpg"),
        (f"{'n' * 44}(2).jpg", f"{'n' * 44}-ed(2).jpg"),
        ("IMG_1.CR2", "IMG_1-Edit.tif"),
        ("PXL_20240501_120000123.jpg", "PXL_20240501_120000123~2.jpg"),
    ],
)
def test_an_edited_version_joins_its_original_which_stays_primary(original: str, edited: str) -> None:
    assert grouped(item(original, 0), item(edited)) == [(original, edited)]


LANGUAGES = "szerkesztett відредаговано επεξεργασμένο diedit แก้ไข נערך معدل đã_chỉnh_sửa ha_editado whatever".split()  # noqa: SIM905


@pytest.mark.parametrize("word", [word.replace("_", " ") for word in LANGUAGES])
def test_takeout_itself_says_which_copy_was_edited_in_any_language(word: str) -> None:
    """The original has a JSON, the copy has none and is named after it: no list of words is needed."""
    found = grouped(item("IMG_1.jpg"), item(f"IMG_1-{word}.jpg"), sidecars=("IMG_1.jpg.json",))
    assert [sorted(names) for names in found] == [sorted(("IMG_1.jpg", f"IMG_1-{word}.jpg", "IMG_1.jpg.json"))]
    numbered = grouped(item("IMG_1(2).HEIC"), item(f"IMG_1-{word}(2).jpg"), sidecars=("IMG_1.HEIC(2).json",))
    assert len(numbered) == 1


def test_a_mark_that_takeout_cut_within_or_before_its_word_is_one() -> None:
    stem = "En la Alcazaba de Málaga con Yoli_001"
    assert len(grouped(item(f"{stem}.JPG"), item(f"{stem}-ha editad.JPG"), sidecars=(f"{stem}.JPG.supp.json",))) == 1
    assert len(grouped(item(f"{'n' * 46}.jpg"), item(f"{'n' * 46}-.jpg"), sidecars=(f"{'n' * 46}.json",))) == 1


@pytest.mark.parametrize(
    ("one", "other", "sidecars"),
    [
        ("IMG_1.jpg", "IMG_1-2.jpg", ("IMG_1.jpg.json",)),
        ("IMG_1.jpg", "IMG_1-a2.jpg", ("IMG_1.jpg.json",)),
        ("rome.jpg", "rome-anna.jpg", ("rome.jpg.json", "rome-anna.jpg.json")),
        ("rome.jpg", "rome-anna.jpg", ()),
        ("rome.jpg", "rome-anna.jpg", ("rome.jpg.xmp",)),
        ("IMG_1.jpg", "IMG_1(1).jpg", ("IMG_1.jpg.json",)),
        ("IMG_1.jpg", "IMG_1-.jpg", ("IMG_1.jpg.json",)),
        ("IMG_1.jpg", "sub/IMG_1-foo.jpg", ("IMG_1.jpg.json",)),
    ],
    ids=["counter", "code", "own JSON", "no Takeout", "no JSON", "clash", "empty", "elsewhere"],
)
def test_words_behind_a_name_prove_nothing_else(one: str, other: str, sidecars: tuple[str, ...]) -> None:
    assert len(grouped(item(one), item(other), sidecars=sidecars)) == 2


def test_an_edited_copy_of_another_time_is_of_another_photo_in_a_takeout_too() -> None:
    assert len(grouped(item("IMG_1.jpg", 0), item("IMG_1-foo.jpg", 9000), sidecars=("IMG_1.jpg.json",))) == 2


# Proxies


@pytest.mark.parametrize(
    ("film", "proxies"),
    [
        ("GX010123.MP4", ("GL010123.LRV", "GX010123.THM")),
        ("GH010123.MP4", ("GL010123.LRV",)),
        ("GOPR0123.MP4", ("GOPR0123.LRV", "GOPR0123.THM")),
        ("DJI_0001.MP4", ("DJI_0001.LRF", "DJI_0001.SRT")),
        ("VID_20230102_101112_00_001.insv", ("LRV_20230102_101112_01_001.lrv",)),
        ("VID_20230102_101112_00_001.mp4", ("LRV_20230102_101112_11_001.mp4",)),
        ("C0001.MP4", ("C0001M01.XML", "C0001S03.MP4", "C0001T01.JPG")),
        (
            "M4ROOT/CLIP/C0001.MP4",
            ("M4ROOT/CLIP/C0001M01.XML", "M4ROOT/SUB/C0001S03.MP4", "M4ROOT/THMBNL/C0001T01.JPG"),
        ),
        ("MVI_0001.AVI", ("MVI_0001.THM",)),
        ("YDXJ0001.mp4", ("YDXJ0001_thm.mp4",)),
    ],
)
def test_proxies_and_thumbnails_belong_to_their_film(film: str, proxies: tuple[str, ...]) -> None:
    names = [film, *(name for name in proxies if name[-3:].upper() not in {"THM", "XML", "SRT"})]
    sidecars = [name for name in proxies if name not in names]
    (found,) = grouped(*(item(name, 0 if name == film else None) for name in names), sidecars=sidecars)
    assert (found[0], sorted(found[1:])) == (film, sorted(proxies))


def test_a_proxy_alone_is_a_film_of_its_own_and_a_photo_takes_none() -> None:
    assert grouped(item("GL010123.LRV")) == [("GL010123.LRV",)]
    assert len(grouped(item("C0001.JPG", 0), item("C0001T01.JPG"))) == 2
    assert len(grouped(item("C0001.MP4", 0), item("C0001T01.JPG", 90_000))) == 2
    assert [file.name for file in group_files([item("a.jpg")], [entry("a.xml")]).orphans] == ["a.xml"]
    assert [file.name for file in group_files([item("a.jpg")], [entry("a.srt")]).orphans] == ["a.srt"]


# Parts of a Takeout


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("takeout-1/Takeout/Google Photos/Rome", "takeout-2/Takeout/Google Photos/Rome"),
        ("takeout-20240101T101112Z-001/Takeout/Google Fotos/R", "takeout-20240101T101112Z-002/Takeout/Google Fotos/R"),
        ("takeout-20240101T101112Z-1-001/Google Photos/R", "takeout-20240101T101112Z-2-001/Google Photos/R"),
        ("takeout-part-1/Takeout/R", "takeout-part-2/Takeout/R"),
        ("Takeout/R", "Takeout 2/R"),
        ("x/Takeout/R", "x/Takeout(1)/R"),
        ("x/Takeout/R", "x/takeout-2/R"),
        ("part1/Takeout/R", "part2/Takeout/R"),
        ("1/Takeout/R", "2/Takeout/R"),
    ],
)
def test_parts_of_a_takeout_side_by_side_are_one(one: str, other: str) -> None:
    """Google splits by size, not by photo: its JSON, its film and its edited copy may be in other parts."""
    photo, film, edited = f"{one}/IMG_1.jpg", f"{other}/IMG_1.mp4", f"{other}/IMG_1-szerkesztett.jpg"
    json = f"{other}/IMG_1.jpg.supplemental-metadata.json"
    (found,) = grouped(item(photo, 0), item(film, 1), item(edited), sidecars=(json,))
    assert (found[0], sorted(found[1:])) == (photo, sorted((film, edited, json)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna/Takeout/R", "karl/Takeout/R"),
        ("user1/Takeout/R", "user2/Takeout/R"),
        ("takeout-20240101T101112Z-001/Takeout/R", "takeout-20240202T101112Z-001/Takeout/R"),
        ("takeout-1/Takeout/Rome", "takeout-2/Takeout/Paris"),
        ("x/Takeout-1/R", "y/Takeout-2/R"),
        ("part1/R", "part2/R"),
    ],
    ids=["two people", "two users", "two exports", "two albums", "two places", "no Takeout"],
)
def test_other_folders_are_not_one(one: str, other: str) -> None:
    found = group_files([item(f"{one}/IMG_1.jpg", 0)], [entry(f"{other}/IMG_1.jpg.json")])
    assert len(found.orphans) == 1


def test_the_json_beside_a_photo_comes_before_one_of_another_part() -> None:
    parts = ("takeout-1/Takeout/R", "takeout-2/Takeout/R")
    assert grouped(
        *(item(f"{part}/IMG_1.jpg", 0) for part in parts), sidecars=[f"{part}/IMG_1.jpg.json" for part in parts]
    ) == [(f"{part}/IMG_1.jpg", f"{part}/IMG_1.jpg.json") for part in parts]


def test_only_a_name_as_long_as_takeout_cuts_them_ends_within_an_edit_mark() -> None:
    assert len(grouped(item("short.jpg", 0), item("short-ed.jpg", 0))) == 2
    assert len(grouped(item(f"{'n' * 44}.jpg", 0), item(f"{'n' * 44}-no.jpg", 0))) == 2


def test_an_edited_version_alone_is_a_photo() -> None:
    assert grouped(item("IMG_E1.heic", 0)) == [("IMG_E1.heic",)]


def test_an_edit_taken_at_another_time_is_of_another_photo() -> None:
    assert len(grouped(item("IMG_1234.HEIC", 0), item("IMG_E1234.HEIC", 86_400))) == 2


def test_a_counter_sets_photos_apart() -> None:
    assert len(grouped(item("IMG_1.jpg", 0), item("IMG_1(1).jpg", 0), item("IMG_1-edited.jpg", 0))) == 2


def test_everything_of_one_shot_is_one_group() -> None:
    assert grouped(
        item("IMG_1234.HEIC", 0, live="L"),
        item("IMG_1234.MOV", 0, live="L"),
        item("IMG_E1234.HEIC", 0, live="E"),
        item("IMG_E1234.MOV", 0, live="E"),
        sidecars=("IMG_1234.AAE", "IMG_O1234.AAE", "IMG_1234.HEIC.xmp"),
    ) == [
        (
            "IMG_1234.HEIC",
            "IMG_1234.AAE",
            "IMG_1234.HEIC.xmp",
            "IMG_1234.MOV",
            "IMG_E1234.HEIC",
            "IMG_E1234.MOV",
            "IMG_O1234.AAE",
        )
    ]


# Sidecars


def test_the_specific_sidecar_name_comes_before_the_ambiguous_one() -> None:
    """RAW and JPEG of different shots: `a.xmp` is the RAW's, as Adobe means it."""
    assert grouped(
        item("a.CR2", 0), item("a.JPG", 60), sidecars=("a.xmp", "a.JPG.xmp", "a.CR2.pp3", "a_01.CR2.xmp")
    ) == [
        ("a.CR2", "a.CR2.pp3", "a.xmp", "a_01.CR2.xmp"),
        ("a.JPG", "a.JPG.xmp"),
    ]


@pytest.mark.parametrize(
    "names",
    [
        ("IMG_1.JPG", "IMG_1.jpg"),
        ("IMG_1.jpg", "img_1.jpg", "Img_1.JPG"),
        ("Caf\u00e9.jpg", "Cafe\u0301.jpg", "CAF\u00c9.jpg"),
        ("Stra\u00dfe.jpg", "STRASSE.jpg"),
    ],
)
@pytest.mark.parametrize("form", ["{}.xmp", "{}.json", "{}.supplemental-metadata.json", "{}.pp3"])
def test_an_exact_name_comes_before_one_that_differs_in_case_or_composition(names: tuple[str, ...], form: str) -> None:
    """On Linux these are different photos, each with its own sidecar."""
    found = grouped(*(item(name) for name in names), sidecars=[form.format(name) for name in names])
    assert sorted(found) == sorted((name, form.format(name)) for name in names)


def test_exact_stems_and_counters_come_first_as_well() -> None:
    found = grouped(
        *(item(name) for name in ("IMG_1(2).JPG", "IMG_1(2).jpg", "a.jpg", "A.jpg")),
        sidecars=("IMG_1.JPG(2).json", "IMG_1.jpg(2).json", "a.xmp", "A.xmp"),
    )
    assert sorted(found) == [
        ("A.jpg", "A.xmp"),
        ("IMG_1(2).JPG", "IMG_1.JPG(2).json"),
        ("IMG_1(2).jpg", "IMG_1.jpg(2).json"),
        ("a.jpg", "a.xmp"),
    ]


def test_an_edited_copy_goes_to_the_original_that_is_spelt_like_it() -> None:
    assert grouped(item("IMG_1.jpg"), item("img_1.png"), item("img_1-edited.jpg")) == [
        ("IMG_1.jpg",),
        ("img_1.png", "img_1-edited.jpg"),
    ]


def test_a_thumbnail_file_belongs_to_the_video() -> None:
    assert grouped(item("a.JPG", 0), item("a.MOV", 900), sidecars=("a.THM",)) == [("a.JPG",), ("a.MOV", "a.THM")]


def test_a_sidecar_of_no_photo_is_an_orphan() -> None:
    found = group_files([item("a.jpg")], [entry("b.xmp"), entry("sub/a.xmp"), entry("IMG_O1.AAE")])
    assert [file.name for file in found.orphans] == ["IMG_O1.AAE", "b.xmp", "a.xmp"]


LONG = "a_very_long_name_that_google_takeout_will_cut_somewhere"


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1.JPG", "img_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.json"),
        *(("IMG_1.jpg", f"IMG_1.jpg.{'supplemental-metadata'[:cut]}.json") for cut in range(22)),
        ("IMG_1(2).jpg", "IMG_1.jpg(2).json"),
        ("IMG_1(2).jpg", "IMG_1(2).jpg.json"),
        ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
        ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-me(2).json"),
        ("IMG_1-edited.jpg", "IMG_1.jpg.json"),
        ("IMG_1-bearbeitet(2).jpg", "IMG_1.jpg(2).json"),
        (f"{LONG[:47]}.jpg", f"{LONG[:46]}.json"),
        (f"{LONG[:47]}(1).jpg", f"{LONG[:46]}(1).json"),
        (f"{LONG[:40]}.jpg", f"{(LONG[:40] + '.jpg.supplemental-metadata')[:46]}.json"),
        ("Caf\u00e9.jpg", "Cafe\u0301.jpg.json"),
        ("IMG_1.MP4", "IMG_1.HEIC.json"),
    ],
)
def test_takeouts_json_finds_its_picture(photo: str, sidecar: str) -> None:
    found = group_files([item(photo)], [entry(sidecar)])
    assert [file.name for file in found.groups[0].files] == [photo, sidecar]


@pytest.mark.parametrize(
    ("photos", "sidecar"),
    [
        (("IMG_1.jpg",), "IMG_1.jpg(1).json"),
        (("IMG_1(1).jpg",), "IMG_1.jpg.json"),
        (("metadata.jpg",), "metadata.json"),
        (("IMG_12.jpg",), "IMG_1.jpg.json"),
        ((f"{LONG}_1.jpg", f"{LONG}_2.jpg"), f"{LONG[:46]}.json"),
    ],
)
def test_a_json_that_may_be_anothers_is_nobodys(photos: tuple[str, ...], sidecar: str) -> None:
    """A wrong date is worse than none."""
    assert group_files([item(photo) for photo in photos], [entry(sidecar)]).orphans == (entry(sidecar),)


def test_a_json_of_a_missing_picture_does_not_go_to_a_described_one() -> None:
    """`IMG_1.cr2` was not exported; `IMG_1.JPG` has a JSON of its own."""
    found = group_files([item("IMG_1.JPG")], [entry("IMG_1.JPG.json"), entry("IMG_1.cr2.json")])
    assert [file.name for file in found.orphans] == ["IMG_1.cr2.json"]


# Bursts


def contents(items: Iterable[Inspection]) -> tuple[ContentId, ...]:
    return tuple(one.content_id for one in items)


def test_frames_of_one_camera_a_moment_apart_are_a_burst() -> None:
    frames = [item(f"IMG_{number}.jpg", number * 0.4) for number in range(4)]
    others = [item("later.jpg", 60), item("partner.jpg", 0.5, camera="Y"), item("sub/IMG_9.jpg", 0.6)]
    assert find_bursts([*others, *reversed(frames)]) == (contents(frames),)


def test_two_quick_shots_are_no_burst() -> None:
    assert find_bursts([item("a.jpg", 0), item("b.jpg", 0.5)]) == ()


def test_bursts_are_known_by_identifier_and_by_name() -> None:
    apple = [item("IMG_1.HEIC", 0, burst="U"), item("IMG_2.HEIC", 8, burst="U")]
    named = [item(f"0000{n}IMG_0000{n}_BURST20240501120000123.jpg") for n in range(2)]
    numbered = [item(f"20240501_120000_BURST0{n}.jpg") for n in range(2)]
    found = find_bursts([*apple, *named, *numbered])
    assert set(found) == {contents(apple), contents(named), contents(numbered)}


# All of it


NAMES = st.sampled_from(
    [
        f"{folder}/{name}"
        for folder in "ab"
        for name in ("I.jpg", "I.cr2", "I.mov", "I.heic", "IMG_E1.jpg", "IMG_1.jpg", "I-edited.jpg")
    ]
)
ITEMS = st.lists(
    st.builds(
        item,
        NAMES,
        st.none() | st.integers(0, 4),
        live=st.sampled_from(("", "L")),
        content=st.sampled_from(("", "same")),
    ),
    max_size=9,
    unique_by=lambda one: one.file.path,
)
SIDECARS = st.lists(
    st.sampled_from(("a/I.xmp", "a/I.jpg.xmp", "b/I.json", "a/IMG_1.AAE", "b/x.xmp")).map(entry), unique=True
)


@given(ITEMS, SIDECARS, st.randoms(use_true_random=False))
def test_grouping_is_complete_and_does_not_depend_on_order(
    items: list[Inspection],
    sidecars: list[FileEntry],
    random: Random,
) -> None:
    """Every file is in exactly one group or an orphan, with a reason for each member."""
    found = group_files(items, sidecars)
    shuffled, shuffled_sidecars = list(items), list(sidecars)
    random.shuffle(shuffled)
    random.shuffle(shuffled_sidecars)
    assert group_files(shuffled, shuffled_sidecars) == found
    placed = sorted(file.path for group in found.groups for file in group.files) + [file.path for file in found.orphans]
    assert sorted(placed) == sorted([one.file.path for one in items] + [file.path for file in sidecars])
    assert all(len(group.why) == len(group.members) for group in found.groups)


@given(st.text(max_size=30))
def test_the_key_of_any_name_is_its_own_key(name: str) -> None:
    """Versions share a key; taking a name apart never raises, and is stable once it is done."""
    photo_name(name)
    assert photo_name(f"{name}.jpg").key == photo_name(f"{name}.JPG").key


def test_a_hundred_thousand_files_are_grouped_in_seconds() -> None:
    """The bar is two seconds; processor time with room for a slow machine is what can be asserted."""
    items = []
    for number in range(100_000):
        pair = number - number % 2 if number % 10 < 2 else number
        suffix = "mov" if number % 10 == 1 else "jpg"
        items.append(item(f"{number // 500}/IMG_{pair:06d}.{suffix}", pair * 60))
    sidecars = [entry(f"{one.file.path.removeprefix('/p/')}.xmp") for one in items[::3]]
    start = time.process_time()
    found = group_files(items, sidecars)
    assert time.process_time() - start < 6
    assert (len(found.groups), found.orphans) == (90_000, ())


# Real photos


@pytest.mark.shared
@needs_shared
def test_real_edits_and_live_photos_are_grouped() -> None:
    items, sidecars = [], []
    for path in sorted((SHARED / "personal").glob("apple_*/*")):
        suffix = path.suffix.lower()
        kind = {".mov": FileKind.VIDEO, ".aae": FileKind.SIDECAR}.get(suffix, FileKind.PHOTO)
        file = FileEntry(str(path), str(SHARED), 1, 1, 1, 1, kind)
        if kind is FileKind.SIDECAR:
            sidecars.append(file)
            continue
        data = path.read_bytes()
        metadata = read_video_metadata(str(path)) if kind is FileKind.VIDEO else read_metadata(data, "")
        items.append(Inspection(file, ContentId(hashlib.sha256(data).hexdigest()), suffix, metadata))
    found = group_files(items, sidecars)
    assert [tuple(file.name for file in group.files) for group in found.groups if group.members] == [
        ("IMG_1853.HEIC", "IMG_1853.AAE", "IMG_E1853.heic"),
        ("wedding.jpg", "wedding.AAE", "wedding_edited.jpg"),
        ("IMG_3582.HEIC", "IMG_3582.mov", "IMG_O3582.aae"),
        ("IMG_4394.HEIC", "IMG_4394.mov"),
    ]
    assert [file.name for file in found.orphans] == ["IMG_O3932.aae", "IMG_O5747.aae"]
