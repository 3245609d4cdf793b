"""Photos that browsers do not show have a JPEG of at most 2,048 px in the state folder: made once, told in the report, gone with them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from album_sort.core.formats import FORMATS, HEAD_BYTES, sniff, wants_preview
from album_sort.events import Event, StageFinished
from album_sort.images import UndecodableError, make_film_preview, make_preview
from album_sort.images.film import DEMUXERS
from album_sort.inspection.messages import Previewed
from album_sort.operations.changes import apply_changes
from album_sort.operations.live import LiveAlbums
from album_sort.operations.order import settings_here
from album_sort.operations.stop import StopRequest
from album_sort.operations.undo import undo
from album_sort.operations.verify import verify
from album_sort.pipeline.previewing import make_previews
from album_sort.report.rows import photo_from_json, photo_to_json
from album_sort.state.previews import PreviewStore, previews_of
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types import ContentId, FileKind
from album_sort.types.changes import KeepOut
from tests.builders import fingerprint, make_jpeg, make_tree
from tests.conftest import Program
from tests.decode_samples import encoded, exif, likeness, picture, stored
from tests.destination_builders import content_id, entry_on_disk
from tests.hostile import call
from tests.raw_samples import dng, sensor_of
from tests.report_builders import photo_row
from tests.test_every_format import BY_NAME, WITH_PICTURE, sample_of
from tests.test_sort import SHIPPED

A, B = ContentId("ab" + "1" * 62), ContentId("cd" + "2" * 62)


def shown(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    assert image.mode == "RGB"
    return image


# Which photos --------------------------------------------------------------------------------------------------------------


def test_browsers_show_six_formats_and_no_other_photo() -> None:
    photos = [media.name for media in FORMATS if media.kind in (FileKind.PHOTO, FileKind.RAW)]
    small = {name for name in photos if not wants_preview(name, 12_000_000, films=True)}
    assert small == {
        "jpeg",
        "png",
        "gif",
        "webp",
        "avif",
        "bmp",
    }
    assert all(wants_preview(name, 108_000_000, films=False) for name in photos)


def test_sidecars_and_what_is_unknown_have_none_and_films_where_somebody_can_read_them() -> None:
    others = [media for media in FORMATS if media.kind not in (FileKind.PHOTO, FileKind.RAW)]
    for media in others:
        assert wants_preview(media.name, 0, films=True) is (media.kind is FileKind.VIDEO)
        assert not wants_preview(media.name, 10**9, films=False)
    assert not wants_preview("pdf", 0, films=True)


# What it looks like --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [1, 6])
@pytest.mark.parametrize("name", WITH_PICTURE)
def test_it_is_upright_and_says_nothing_of_the_photo(name: str, turn: int) -> None:
    preview = shown(make_preview(sample_of(name, turn), BY_NAME[name].suffixes[0]))
    assert preview.size == picture().size
    assert not preview.getexif()
    assert "icc_profile" not in preview.info
    assert likeness(np.asarray(preview), np.asarray(picture())) > 0.98


@pytest.mark.parametrize(
    ("size", "expected"), [((3000, 1200), (2048, 819)), ((1200, 3000), (819, 2048)), ((40, 30), (40, 30))]
)
def test_it_is_at_most_2048_px_large_and_never_blown_up(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert shown(make_preview(encoded(picture(*size), "TIFF"))).size == expected
    printed = picture(*size).convert("CMYK")
    assert shown(make_preview(encoded(printed, "TIFF"))).size == expected, "in the colours of print, too"


def test_its_colours_are_those_of_a_screen() -> None:
    """A picture in another space would be shown pale, for the profile does not come with it."""
    lab = ImageCms.createProfile("LAB")
    grey = encoded(
        Image.new("LAB", (64, 64), (128, 128, 128)), "TIFF", icc_profile=ImageCms.ImageCmsProfile(lab).tobytes()
    )
    assert np.ptp(np.asarray(shown(make_preview(grey)))[20:40, 20:40]) < 4


def test_a_raw_is_shown_by_the_picture_in_it_where_that_is_large_enough() -> None:
    sensor = sensor_of(picture(1500, 1100))
    red = Image.new("RGB", (1500, 1100), (200, 0, 0))
    assert np.asarray(shown(make_preview(dng(red, 1, sensor), ".dng")))[99, 99, 0] > 180
    small = make_preview(dng(red.resize((300, 220)), 1, sensor), ".dng")
    assert shown(small).size > (700, 500)
    assert likeness(np.asarray(shown(small)), np.asarray(picture(*shown(small).size))) > 0.8


def test_what_is_no_picture_is_refused_in_words() -> None:
    with pytest.raises(UndecodableError):
        make_preview(b"%PDF-1.7", ".tif")
    with pytest.raises(UndecodableError):
        make_preview(encoded(picture(), "TIFF"), ".tif", pixel_limit=1000)


# Films ---------------------------------------------------------------------------------------------------------------------


def film_of(pictures: Sequence[Image.Image], kind: str = "mov", turn: int = 0, codec: str = "mpeg4") -> bytes:
    """A film with a picture each half second, each of which can be shown without the others."""
    av = pytest.importorskip("av", reason="the extra `video` is not installed")
    stream = io.BytesIO()
    with av.open(stream, "w", format=kind) as film:
        track = film.add_stream(codec, rate=2)
        track.width, track.height, track.pix_fmt = *pictures[0].size, "yuv420p"
        track.codec_context.gop_size = 1
        for one in pictures:
            film.mux(track.encode(av.VideoFrame.from_image(one)))
        film.mux(track.encode())
    data = bytearray(stream.getvalue())
    if turn:
        matrix = data.index(b"tkhd") + 44
        data[matrix : matrix + 36] = struct.pack(
            ">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, pictures[0].height << 16, 0, 1 << 30
        )
    return bytes(data)


BLACK = Image.new("RGB", picture().size)


def test_each_container_of_films_has_its_reader() -> None:
    assert set(DEMUXERS) == {media.name for media in FORMATS if media.kind is FileKind.VIDEO}


@pytest.mark.parametrize(
    ("kind", "name"), [("mov", "mov"), ("avi", "avi"), ("matroska", "mkv"), ("mpegts", "mts"), ("3gp", "3gp")]
)
def test_a_film_is_shown_by_a_picture_of_a_second_into_it(kind: str, name: str) -> None:
    data = film_of([BLACK, BLACK, picture(), picture(), picture(), picture()], kind)
    media = sniff(data[:HEAD_BYTES], BY_NAME[name].suffixes[0])
    assert media is BY_NAME[name]
    large, small = map(shown, make_film_preview(io.BytesIO(data), media.name, 128))
    assert large.size == picture().size
    assert max(small.size) == 128
    assert likeness(np.asarray(large), np.asarray(picture())) > 0.95


def test_a_film_of_one_picture_is_shown_by_that_one_and_upright() -> None:
    upright = picture().transpose(Image.Transpose.ROTATE_90)
    large, _ = make_film_preview(io.BytesIO(film_of([upright], turn=90)), "mov", 128)
    assert shown(large).size == picture().size
    assert likeness(np.asarray(shown(large)), np.asarray(picture())) > 0.95


@pytest.mark.parametrize("kept", [0, 20, 0.5, 0.9])
def test_a_film_that_is_cut_off_is_shown_or_refused_in_words(kept: float) -> None:
    data = film_of([picture()] * 3)
    with contextlib.suppress(UndecodableError):
        shown(make_film_preview(io.BytesIO(data[: int(kept * len(data) if kept < 1 else kept)]), "mov", 128)[0])


def test_a_film_does_not_get_at_other_files(tmp_path: Path) -> None:
    """A list of films in a film's clothes, which its reader by itself would follow."""
    (tmp_path / "other.ts").write_bytes(film_of([picture()] * 3, "mpegts"))
    for text in (
        f"#EXTM3U\n#EXTINF:1,\nfile://{tmp_path}/other.ts\n",
        f"ffconcat version 1.0\nfile '{tmp_path}/other.ts'\n",
    ):
        for name in DEMUXERS:
            with pytest.raises(UndecodableError):
                make_film_preview(io.BytesIO(text.encode()), name, 128)


# Where it lies -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> PreviewStore:
    return previews_of(tmp_path)


def below(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir())


def test_it_is_kept_by_content_and_that_there_is_none_is_kept_too(store: PreviewStore, tmp_path: Path) -> None:
    store.keep(A, b"a picture")
    store.keep(B, b"")
    for one in (store, previews_of(tmp_path)):
        assert one.address(A) == f".album-sort/previews/ab/{A}.jpg"
        assert one.address(B) == ""
        assert one.tried == {A, B}
        with one.open(A) as jpeg:
            assert jpeg.read() == b"a picture"


def test_those_of_photos_that_are_gone_are_taken_away_and_nothing_of_others(
    store: PreviewStore, tmp_path: Path
) -> None:
    store.keep(A, b"a picture")
    store.keep(B, b"another")
    (store.folder / "ab" / f"{A}.new").write_bytes(b"hal")
    (store.folder / "cd" / "notes.txt").write_text("mine")
    store.thin({A})
    assert list(below(store.folder)) == [f"ab/{A}.jpg", "cd/notes.txt"]
    assert store.tried == {A}
    store.thin(())
    assert list(below(tmp_path)) == [".album-sort/previews/cd/notes.txt"]


def test_nothing_is_left_of_a_folder_of_which_all_photos_are_gone(store: PreviewStore) -> None:
    store.keep(A, b"a picture")
    store.thin(())
    assert not store.folder.exists()


def test_links_that_came_with_a_disk_are_neither_read_nor_written_nor_emptied(
    store: PreviewStore, tmp_path: Path
) -> None:
    outside = make_tree(tmp_path / "outside", {"letter.txt": "dear", f"{B}.jpg": "mine"})
    (store.folder / "ab").mkdir(parents=True)
    (store.folder / "ab" / f"{A}.jpg").symlink_to(outside / "letter.txt")
    (store.folder / "ab" / f"{A}.new").symlink_to(outside / "letter.txt")
    (store.folder / "cd").symlink_to(outside, target_is_directory=True)
    before = fingerprint(outside)
    assert not store.tried
    with pytest.raises(OSError, match="link"):
        store.open(A)
    with pytest.raises(OSError, match=r"directory|link"):
        store.keep(B, b"a picture")
    store.keep(A, b"a picture")
    store.thin(())
    assert fingerprint(outside) == before


def test_the_last_room_of_a_disk_is_left_to_photos(store: PreviewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.statvfs_result((4096, 4096, 10**6, 20, 20, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "fstatvfs", lambda _handle: full)
    with pytest.raises(OSError, match="space"):
        store.keep(A, b"a picture")


@pytest.mark.parametrize(
    "text", ["../../x.jpg", f"/etc/{A}.jpg", f".album-sort/previews/ab/{A}.jpg\n", 7, None, "x.jpg"]
)
def test_a_row_leads_to_no_other_place(text: object) -> None:
    row = photo_to_json(photo_row()) | {"preview": text}
    assert photo_from_json(row).preview == ""
    address = f".album-sort/previews/ab/{A}.jpg"
    assert photo_from_json(row | {"preview": address}).preview == address


# How it is made ------------------------------------------------------------------------------------------------------------


def test_what_cannot_be_shown_is_tried_once_and_a_stop_leaves_the_rest_to_the_next_run(
    store: PreviewStore, tmp_path: Path
) -> None:
    good, bad, changed = encoded(picture(), "TIFF"), b"II*\0 and no more", encoded(picture(99, 99), "TIFF")
    make_tree(tmp_path, {"a.tif": bad, "b.tif": changed, "c.tif": good, "d.tif": good + b" "})
    contents = [content_id(bad), content_id(b"what was filed"), content_id(good), content_id(good + b" ")]
    missing = dict(zip(contents, map(entry_on_disk, sorted(tmp_path.glob("*.tif"))), strict=True))
    steps: list[Event] = []
    is_whole = make_previews(missing, store, tmp_path, 1, sink=steps.append, stop=lambda: len(store.tried) == 3)
    assert not is_whole
    assert [bool(store.address(content)) for content in contents] == [False, False, True, False]
    assert store.tried == set(contents[:3])
    last = steps[-1]
    assert isinstance(last, StageFinished)
    assert (last.stage, last.done) == ("previews", 3)
    rest = {content: file for content, file in missing.items() if content not in store.tried}
    assert make_previews(rest, store, tmp_path, 1, sink=steps.append, stop=lambda: False)
    assert store.address(contents[3])


def test_a_film_gets_a_card_too(store: PreviewStore, tmp_path: Path) -> None:
    film = film_of([picture()] * 3)
    make_tree(tmp_path, {"a.mov": film})
    missing = {content_id(film): entry_on_disk(tmp_path / "a.mov")}
    assert make_previews(missing, store, tmp_path, 1, sink=lambda _event: None, stop=lambda: False)
    assert store.address(content_id(film))
    with contextlib.closing(ThumbnailStore(tmp_path)) as thumbnails:
        card = thumbnails.get(content_id(film))
    assert card is not None
    assert max(shown(card).size) == 256


# A life --------------------------------------------------------------------------------------------------------------------


def rows_of(report: Path) -> dict[str, dict[str, object]]:
    rows = map(json.loads, report.read_text(encoding="utf-8").splitlines())
    return {Path(row["source"]).name: row for row in rows if row["type"] == "photo"}


def newest_report(albums: Path) -> Path:
    return max((albums / ".album-sort" / "runs").glob("*/report.jsonl"))


def test_a_life(album_sort: Program, tmp_path: Path) -> None:
    tif = encoded(stored(picture(), 6), "TIFF", exif=exif(6))
    photos = make_tree(tmp_path / "Photos", {"scan.tif": tif, "other.jpg": make_jpeg(1)})
    albums, previews = tmp_path / "Albums", tmp_path / "Albums" / ".album-sort" / "previews"

    # A dry run writes none, and with a report puts them beside it.
    assert album_sort(photos, "--out", albums, "--dry-run", "--report", tmp_path / "report").code == 0
    assert not albums.exists()
    address = str(rows_of(tmp_path / "report" / "report.jsonl")["scan.tif"]["preview"])
    assert shown((tmp_path / "report" / address).read_bytes()).size == picture().size
    assert "report-previews/" in address

    # Who wants none has none.
    assert album_sort(photos, "--out", albums, "--no-previews").code == 0
    assert not previews.exists()

    # A run makes all that are missing, also those of photos that are known from before; the rows were written before that.
    (photos / "new.tif").write_bytes(encoded(picture(301, 200), "TIFF"))
    assert album_sort(photos, "--out", albums).code == 0
    rows = rows_of(newest_report(albums))
    assert {name for name, row in rows.items() if "preview" in row} == {"scan.tif", "new.tif"}
    assert shown((albums / str(rows["scan.tif"]["preview"])).read_bytes()).size == picture().size

    # Once made, nothing is left to do; they are no foreign files.
    before = fingerprint(albums)
    assert "Nothing new" in album_sort(photos, "--out", albums).stdout
    checked = verify(str(albums), sink=lambda _event: None)
    assert not checked.bad + checked.foreign
    assert fingerprint(albums) == before

    # They go with their photos.
    assert album_sort("undo", "--out", albums).code == 0
    assert list(below(albums / ".album-sort" / "previews")) == [
        str(rows["scan.tif"]["preview"]).removeprefix(".album-sort/previews/")
    ]
    assert album_sort("undo", "--out", albums).code == 0
    assert not previews.exists()


def test_whatever_files_a_photo_makes_its_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved plan, a photo put right at once, changes, and undos that bring something back: the page never has a hole."""
    monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(tmp_path / "cache"))
    photos = make_tree(tmp_path / "Photos", {f"{n}.tif": encoded(picture(300 + n, 200), "TIFF") for n in range(2)})
    albums, plan = tmp_path / "Albums", tmp_path / "plan"
    store, out = albums / ".album-sort" / "previews", ("--out", albums)

    def filed() -> dict[str, Path]:
        return {path.name: path for path in albums.rglob("*.tif") if ".album-sort" not in path.parts}

    def has_no_hole() -> bool:
        contents = {content_id(path.read_bytes()) for path in filed().values()}
        return {path.stem for path in store.rglob("*.jpg")} == contents

    assert call(photos, *out, *SHIPPED, "--save-plan", plan) == 0
    assert call("apply", plan) == 0
    assert len(filed()) == 2
    assert has_no_hole()
    # It has told no report: the next run does, though nothing is left to be filed.
    assert call(photos, *out) == 0
    before = {name: str(row["path"]) for name, row in rows_of(newest_report(albums)).items() if "preview" in row}
    assert set(before) == {"0.tif", "1.tif"}

    assert call("fix", filed()["0.tif"], "--album", "food", "--now", *out) == 0
    assert has_no_hole()
    moved = filed()["0.tif"]
    assert moved != albums / before["0.tif"]
    here = settings_here(str(albums), lambda kept: (kept,) if kept else ())
    with contextlib.closing(LiveAlbums(str(albums), here)) as live:
        # The page that is open, or that was made before.
        (store / content_id(moved.read_bytes())[:2] / f"{content_id(moved.read_bytes())}.jpg").unlink()
        answer = live.large(content_id(moved.read_bytes()), before["0.tif"])
        assert answer is not None
        assert isinstance(answer.result(), Previewed)
    assert call("undo", *out) == 0
    assert has_no_hole(), "what had been lost is made for what comes back"

    photo = content_id(filed()["1.tif"].read_bytes())
    assert call("fix", filed()["1.tif"], "--leave-out", "--now", *out) == 0
    assert (len(filed()), has_no_hole()) == (1, True)
    assert call("undo", *out) == 0
    assert (len(filed()), has_no_hole()) == (2, True)
    assert call("fix", "--forget", filed()["1.tif"], *out) == 0
    apply_changes(str(albums), [KeepOut((photo,))], here)
    assert (len(filed()), has_no_hole()) == (1, True)
    shutil.rmtree(store)
    stop, gentle = StopRequest(), list[bool]()

    def look(_told: object) -> None:
        gentle.append(stop.is_gentle)

    undo(str(albums), "", wait_seconds=1.0, sink=look, stop=stop, tell=look)
    assert (len(filed()), has_no_hole()) == (2, True)
    assert gentle
    assert all(gentle), "broken off before it is told, it would be repeated, and take back the run before"


def test_photos_are_filed_where_previews_cannot_be(album_sort: Program, tmp_path: Path) -> None:
    photos = make_tree(tmp_path / "Photos", {"scan.tif": encoded(picture(), "TIFF")})
    folder = tmp_path / "Albums" / ".album-sort" / "previews"
    folder.mkdir(parents=True)
    for number in range(256):
        (folder / f"{number:02x}").touch()
    ran = album_sort(photos, "--out", tmp_path / "Albums")
    assert ran.code == 0
    assert "not all pictures for the page could be made" in ran.stderr
    assert "preview" not in rows_of(newest_report(tmp_path / "Albums"))["scan.tif"]
