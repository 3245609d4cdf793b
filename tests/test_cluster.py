"""Machines that look at photos for a run: what they say to each other, whom they believe, and that it makes no difference who looks."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.classifier.labels import load_wording
from album_sort.errors import UsageError
from album_sort.events import Notice
from album_sort.inspection.messages import Failed, Seen
from album_sort.settings import Settings
from album_sort.state import codec
from album_sort.types import (
    ContentId,
    FileEntry,
    FileKind,
    ImageStatistics,
    Inspection,
    Metadata,
    PixelSource,
    Prediction,
    Reason,
    Skipped,
    Stage,
)
from tests.builders import make_jpeg, make_tree
from tests.conftest import Program

pytest.importorskip("distributed", reason="needs the extra `cluster`")
pytest.importorskip("cryptography", reason="needs the extra `cluster`")

from album_sort.cluster.addresses import parse_address, parse_paths, place_to_listen
from album_sort.cluster.certificates import FILES, make_certificates, security_for
from album_sort.cluster.greeting import Refusal, check_sample
from album_sort.cluster.identity import Identity
from album_sort.cluster.looking import head_digest
from album_sort.cluster.meeting import Meeting
from album_sort.cluster.messages import (
    Wanted,
    pack_found,
    pack_wanted,
    row_of_failed,
    row_of_seen,
    unpack_found,
    unpack_wanted,
)
from album_sort.cluster.quiet import quiet_dask
from album_sort.core.checked import NONSENSE

SHIPPED = ("--model", "efficientnet-lite0", "--offline", "--batch-size", "1")
"""In floating point a picture's answer depends, in its last digits, on those beside it in a batch; in whole numbers it does not."""


# ---- where they meet


@pytest.mark.parametrize("text", ["tcp://nas:8786", "tcp://192.168.1.5:8786", "tcp://0.0.0.0:1"])
def test_without_certificates_only_programs_of_this_machine_may_meet(text: str) -> None:
    with pytest.raises(
        UsageError, match="without certificates anybody on the network could run programs here"
    ) as refused:
        parse_address(text)
    assert "album-sort cluster certs" in refused.value.hint
    assert parse_address("tcp://127.0.0.1:8786").scheme == parse_address("tcp://[::1]:1").scheme == "tcp"


@pytest.mark.parametrize(
    "text",
    ["", "nas", "nas:8786", "http://nas:1", "tls://", "tls://nas:0", "tls://nas:70000", "tls://a b:1", "local[0]"],
)
def test_what_is_no_place_to_meet_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_address(text)


def test_an_address_is_the_same_however_it_is_written() -> None:
    assert parse_address("tls://nas") == parse_address("tls://nas:8786/")
    assert parse_address("local").processes == 2
    assert parse_address("local[3]").text == "local[3]"
    assert parse_address("tls://0.0.0.0:5").to_connect == "tls://127.0.0.1:5"


def test_a_run_opens_the_meeting_place_only_on_its_own_machine() -> None:
    assert place_to_listen(parse_address("tls://127.0.0.1:38786")) == "127.0.0.1"
    assert place_to_listen(parse_address("tls://192.0.2.1:38786")) is None, "an address of another machine"


def test_paths_are_those_of_the_other_machines() -> None:
    paths = parse_paths(("/srv/photos=/mnt/nas", "/srv/photos/raw=/fast", "/=/whole"))
    assert paths.there("/srv/photos/2024/a.jpg") == "/mnt/nas/2024/a.jpg"
    assert paths.there("/srv/photos/raw/a.dng") == "/fast/a.dng"
    assert paths.there("/srv/photosets/a.jpg") == "/whole/srv/photosets/a.jpg"
    assert paths.there("/srv/photos") == "/mnt/nas"
    with pytest.raises(UsageError, match="expected LOCAL=REMOTE"):
        parse_paths(("photos=/mnt",))


# ---- who belongs to them


def test_certificates_are_for_their_owner_alone_and_are_never_made_anew(tmp_path: Path) -> None:
    folder, address = tmp_path / "cluster", parse_address("tls://nas:1")
    make_certificates(folder)
    assert sorted(os.listdir(folder)) == sorted(FILES), "the authority's own key is not kept"
    assert all((folder / name).stat().st_mode & 0o077 == 0 for name in FILES)
    with pytest.raises(UsageError, match="holds certificates already"):
        make_certificates(folder)
    assert security_for(address, folder).require_encryption
    (folder / "machine.key").chmod(0o644)
    with pytest.raises(UsageError, match="others can read"):
        security_for(address, folder)
    with pytest.raises(UsageError, match="there are no certificates in") as absent:
        security_for(address, tmp_path / "nowhere")
    assert f"album-sort cluster certs {tmp_path / 'nowhere'}" in absent.value.hint


def test_no_page_of_the_engine_is_served() -> None:
    """Dask opens one for each process: ours have no address on it, and are for this machine alone."""

    async def ask() -> tuple[str, list[bytes]]:
        quiet_dask()
        address = replace(parse_address("tcp://127.0.0.1:1"), port=0)
        async with Meeting(address, security_for(address, Path())) as meeting:
            assert meeting.port > 0
            server = meeting.page_server
            heard = []
            for page in ("/", "/status", "/info/main/workers.html", "/json/counts.json", "/metrics", "/health"):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(f"GET {page} HTTP/1.0\r\n\r\n".encode())
                heard.append((await reader.read()).split(b"\r\n")[0])
                writer.close()
            return str(server.address), heard

    address, heard = asyncio.run(ask())
    assert address == "127.0.0.1"
    assert {line.split()[1] for line in heard} == {b"404"}


MINE = Identity("1.0", "ResNet-18", "a" * 16, "int16", "b" * 16, "pillow 12.0, numpy 2.3, fast code on")


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        (replace(MINE, version="1.1"), ("version", "1.0", "1.1")),
        (replace(MINE, weights="c" * 16), ("weights", "a" * 16, "c" * 16)),
        (replace(MINE, network="Lite", weights="c" * 16, precision=""), ("network", "ResNet-18", "Lite")),
        (replace(MINE, precision="fp32"), ("precision", "int16", "fp32")),
        (replace(MINE, labels="d" * 16), ("labels", "b" * 16, "d" * 16)),
        (replace(MINE, readers="pillow 12.0, numpy 2.4, fast code on"), ("readers", "numpy 2.3", "numpy 2.4")),
    ],
)
def test_what_differs_is_told_with_both_sides(theirs: Identity, told: tuple[str, str, str]) -> None:
    assert list(MINE.differences(theirs)) == [told]
    assert Identity.from_plain(theirs.to_plain()) == theirs


REFUSALS = (
    "notice.cluster-other-version",
    "notice.cluster-other-network",
    "notice.cluster-other-weights",
    "notice.cluster-other-precision",
    "notice.cluster-other-labels",
    "notice.cluster-other-readers",
)


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_refusal_is_one_sentence_that_names_both_sides(code: str, lang: str) -> None:
    said = load_wording().say(Reason.of(code, machine="laptop", here="one", there="other"), lang)
    assert all(word in said for word in ("laptop", "one", "other"))
    assert "\n" not in said


def test_a_machine_has_to_see_the_same_photos(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"one content")
    file = entry(path)
    sample = [(file, head_digest(os.fsencode(path)))]
    paths = parse_paths((f"{tmp_path}=/mnt/nas",))
    as_it_is = [file.size_bytes, str(file.mtime_ns), sample[0][1]]
    check_sample("laptop", sample, [as_it_is], paths)
    check_sample("laptop", sample * 2, [as_it_is, []], paths)
    for seen, code in (
        ([], "notice.cluster-sees-none"),
        ([file.size_bytes + 1, *as_it_is[1:]], "notice.cluster-other-file"),
        ([file.size_bytes, str(file.mtime_ns + 10**10), as_it_is[2]], "notice.cluster-other-file"),
        ([*as_it_is[:2], b"another content"], "notice.cluster-other-file"),
    ):
        with pytest.raises(Refusal) as refused:
            check_sample("laptop", sample, [seen], paths)
        assert refused.value.reason == Reason.of(code, machine="laptop", path=str(path), there="/mnt/nas/a.jpg")


@pytest.mark.parametrize("grain", [1, 100, 1000, 10**6, 10**9, 2 * 10**9])
def test_shares_that_keep_times_less_exactly_show_the_same_file(grain: int) -> None:
    wanted = Wanted(b"/p", 5, 1_700_000_001_234_567_891, FileKind.PHOTO)
    assert wanted.is_like(5, wanted.mtime_ns // grain * grain)
    assert not wanted.is_like(5, wanted.mtime_ns - 3 * 10**9)
    assert not wanted.is_like(6, wanted.mtime_ns)


# ---- what they say


def entry(path: Path | str) -> FileEntry:
    found = os.stat(path) if os.path.exists(path) else os.stat("/")
    return FileEntry(str(path), "/p", found.st_size, found.st_mtime_ns, 7, 8, FileKind.PHOTO)


def seen(file: FileEntry, seed: int = 0) -> Seen:
    random = np.random.default_rng(seed)
    prediction = Prediction("key", np.arange(64, dtype=np.uint16), random.random(64, dtype=np.float32))
    statistics = ImageStatistics(*random.random(5).tolist())
    inspection = Inspection(
        file, ContentId("ab" * 32), "jpeg", Metadata(camera_make="Canon"), PixelSource.FULL, statistics, prediction
    )
    return Seen(inspection, codec.pack_embedding(random.random(512).astype(np.float16)), b"\xff\xd8 small")


CHUNK = [entry("/p/a.jpg"), entry("/p/b\udcff.jpg"), entry("/p/c.jpg")]


def test_a_chunk_and_its_answer_arrive_as_they_were_sent() -> None:
    far = replace(CHUNK[0], mtime_ns=10**9 << 62)
    wanted = [Wanted.of(file, f"/mnt{file.path}") for file in (*CHUNK, far)]
    assert unpack_wanted(pack_wanted(wanted)) == wanted
    reason = Reason.of("skip.not-understood", detail="a \u2014 b")
    failed = Failed(CHUNK[1], Skipped(CHUNK[1].path, Stage.DECODE, reason), ContentId("cd" * 32))
    rows = [row_of_seen(0, replace(CHUNK[0], path="/mnt/p/a.jpg"), seen(CHUNK[0])), row_of_failed(1, failed)]
    first, second = unpack_found(pack_found(rows), CHUNK, "key")
    assert second.answer == failed
    assert isinstance(first.answer, Seen)
    assert first.answer.inspection.file == CHUNK[0], "with the path that it has here"
    assert first.answer.inspection.metadata == Metadata(camera_make="Canon")
    assert first.answer.thumbnail == b"\xff\xd8 small"
    again = row_of_seen(0, CHUNK[0], first.answer)
    assert again == rows[0], "nothing is lost by another way through the same packing"


@pytest.mark.parametrize(
    "change",
    [
        lambda row: [3, *row[1:]],
        lambda row: [-1, *row[1:]],
        lambda row: [*row[:3], b"short", *row[4:]],
        lambda row: [*row[:4], "x" * 99, *row[5:]],
        lambda row: [*row[:5], b"no metadata", *row[6:]],
        lambda row: [*row[:6], "a dream", *row[7:]],
        lambda row: [*row[:6], None, *row[7:]],
        lambda row: [*row[:8], b"\xff" * 256, *row[9:]],
        lambda row: [*row[:9], b"", *row[10:]],
        lambda row: [*row[:10], b"x" * (2 << 20)],
        lambda row: row[:-1],
        lambda row: dict(enumerate(row)),
    ],
)
def test_an_answer_that_no_worker_of_ours_gives_is_not_taken(change) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    row = row_of_seen(0, CHUNK[0], seen(CHUNK[0]))
    with pytest.raises(NONSENSE):
        unpack_found(pack_found([change(row)]), CHUNK, "key")


@settings(max_examples=50)
@given(st.binary(max_size=300), st.integers(0, 5000))
def test_bytes_of_any_kind_are_an_answer_or_refused(noise: bytes, at: int) -> None:
    packed = pack_found([row_of_seen(0, CHUNK[0], seen(CHUNK[0]))])
    for broken in (noise, packed[:at], packed[:at] + noise + packed[at + len(noise) :]):
        try:
            unpack_found(broken, CHUNK, "key")
        except NONSENSE:
            continue


# ---- and that it makes no difference


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, a copy, what is none, what is broken, what no encoding knows."""
    files: dict[str, bytes | str] = {f"{n}.jpg": make_jpeg(n, (80 + n, 60)) for n in range(14)}
    files |= {"copy.jpg": make_jpeg(3, (83, 60)), "broken.jpg": b"\xff\xd8 no picture", "1.xmp": "<x/>"}
    folder = make_tree(tmp_path_factory.mktemp("cluster") / "Photos", files)
    shutil.copy(folder / "5.jpg", os.fsdecode(os.fsencode(folder) + b"/\xff.jpg"))
    return folder


def told_apart(albums: Path) -> Iterator[dict[str, object]]:
    """The rows of a report, without what two runs differ by."""
    (report,) = (albums / ".album-sort" / "runs").glob("*/report.jsonl")
    for line in report.read_text(encoding="utf-8").splitlines():
        row = json.loads(line.replace(str(albums), "ALBUMS"))
        for name in ("run", "started", "finished", "timings"):
            row.pop(name, None)
        yield row


def test_a_run_with_others_equals_one_alone(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    """Of all that is filed and reported, but run ids and times; and it says who has looked."""
    ran = []
    for name, options in (("alone", ()), ("together", ("--cluster", "local[1]"))):
        cache = {"ALBUM_SORT_CACHE_DIR": str(tmp_path / name / "cache")}
        ran.append(album_sort(photos, "--out", tmp_path / name / "A", *SHIPPED, *options, "--json", **cache))
    assert [one.code for one in ran] == [3, 3], ran[1].stderr
    assert list(told_apart(tmp_path / "alone" / "A")) == list(told_apart(tmp_path / "together" / "A"))
    events = [json.loads(line) for line in ran[1].stdout.splitlines()]
    assert {"event": "worker", "worker": "local 1", "state": "joined"} in events
    looked = [event for event in events if event["event"] == "looked"]
    assert {event["worker"] for event in looked} == {"local 1"}
    assert sum(event["files"] for event in looked) >= 14


def test_where_nobody_is_the_run_goes_on_alone_and_says_so_once(photos: Path, tmp_path: Path) -> None:
    """A laptop that is asleep must not keep the photos from being filed."""
    from album_sort.cluster.coordinator import Cluster  # noqa: PLC0415 - imports Dask
    from album_sort.cluster.order import ClusterOrder  # noqa: PLC0415 - likewise

    make_certificates(tmp_path / "certs")
    order = ClusterOrder.of(Settings(cluster="tls://192.0.2.1:9", cluster_certs=str(tmp_path / "certs")))
    told: list[object] = []
    with closing(Cluster(replace(order, patience_s=0.2), None, str, told.append)) as cluster:  # type: ignore[arg-type]
        cluster.begin([entry(photos / "1.jpg")], lambda: None)
        cluster.tend()
        cluster.tend()
        assert not cluster.does_all
        assert cluster.room() == cluster.in_hand == 0
    said = Reason.of("notice.cluster-not-there", address="tls://192.0.2.1:9")
    assert told == [Notice(str(said))]
