"""`album-sort serve ALBUMS`: what is shown of the albums, and changes that are planned, applied and taken back."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from album_sort.fileops.lock import destination_lock
from album_sort.operations.live import LiveAlbums
from album_sort.operations.order import settings_here
from album_sort.operations.pending import Pending, change_as_json, change_of
from album_sort.types.changes import RenameAlbum
from tests import pictures
from tests.builders import make_jpeg, make_tree, picture_jpeg, read_tree
from tests.conftest import REPOSITORY, Program
from tests.container_builders import box
from tests.serve_server import Running, running_server

FILM = box(b"ftyp", b"mp42", bytes(4)) + box(b"moov", box(b"mvhd", bytes(100))) + box(b"mdat", bytes(range(256)) * 40)


def library() -> dict[str, bytes]:
    kinds = {"cat": pictures.cat(), "coffee": pictures.coffee(), "flower": pictures.flower()}
    photos = {
        f"{name}{number}.jpg": picture_jpeg(kind[4 * number :], taken=datetime(2024, 3, 1 + number, 10))
        for name, kind in kinds.items()
        for number in range(2)
    }
    return {**photos, "film.mp4": FILM}


@pytest.fixture(scope="module")
def albums(tmp_path_factory: pytest.TempPathFactory, album_sort_once: Program) -> Path:
    folder = tmp_path_factory.mktemp("served")
    make_tree(folder / "photos", library())
    ran = album_sort_once(folder / "photos", "--out", folder / "albums", "--model", "efficientnet-lite0", "--offline")
    assert ran.code == 0, ran.stderr
    return folder / "albums"


@pytest.fixture(scope="module")
def album_sort_once(request: pytest.FixtureRequest) -> Program:
    """As `album_sort`, for a whole module."""

    def run(*words: str | Path, **_: Any) -> Any:
        command = [sys.executable, "-m", "album_sort", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings())
        return type("Ran", (), {"code": done.returncode, "stderr": done.stderr})

    del request
    return run


def surroundings() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


@pytest.fixture(scope="module")
def server(albums: Path, session_cache: Path) -> Iterator[Running]:
    here = settings_here(str(albums), lambda kept: (kept,) if kept else ())
    live = LiveAlbums(str(albums), here)
    with running_server(live.predictor(), albums=live, pending=Pending(session_cache, str(albums))) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    """A browser that has opened the printed address, on its page."""
    page = {"Origin": server.address, "Sec-Fetch-Site": "same-origin", "X-Album-Sort-Token": server.keys.page}
    cookies = {f"album_sort_{server.port}": server.keys.session}
    with server.client(headers=page, cookies=cookies) as client:
        yield client


@pytest.fixture
def data(client: httpx.Client) -> tuple[str, dict[str, Any]]:
    """The address of the data, and the page's index."""
    page = client.get("/").text
    told = json.loads(page.partition('id="page">')[2].partition("</script>")[0])
    return told["data"], client.get(f"{told['data']}index.json").json()


def ids(index: dict[str, Any]) -> dict[str, str]:
    """Contents by file name."""
    return {name: index["ids"][16 * at : 16 * at + 16] for at, name in enumerate(index["name"])}


def tree(albums: Path) -> dict[str, str]:
    return {name: content for name, content in read_tree(albums).items() if name[0] != "." and "report" not in name}


def ended(client: httpx.Client, kind: str) -> dict[str, Any]:
    """The last word of the job that has been begun. It is its own: 202 is answered when the state is that of the job."""
    return told_of(client, kind)[-1]


def told_of(
    client: httpx.Client,
    kind: str,
    begin: Callable[[], object] | None = None,
    until: Callable[[dict[str, Any]], bool] = lambda state: state["status"] in ("done", "failed"),
) -> list[dict[str, Any]]:
    """All that is told of a job, from before it is begun: who only listens then may hear of its end alone, as soon as it is quick."""
    told: list[dict[str, Any]] = []
    with client.stream("GET", "/events", timeout=120) as events:
        for line in events.iter_lines():
            if not line.startswith("data: "):
                continue
            told.append(json.loads(line[6:]))
            state = told[-1]
            if len(told) == 1 and begin is not None:
                begin()
                continue  # this was the job before
            if state["kind"] == kind and until(state):
                return told
    raise AssertionError(f"the events ended after {told}")


def test_earlier_reports_can_be_looked_at_and_nothing_changed_there(client: httpx.Client, albums: Path) -> None:
    runs = albums / ".album-sort" / "runs"
    newest = max(path.parent.name for path in runs.glob("*/report.jsonl"))
    earlier = "20250101-000000-0000"
    shutil.copytree(runs / newest, runs / earlier)
    try:
        page = client.get(f"/runs/{earlier}").text
        assert 'href="/#/technical"' in page
        assert "/static/live.js" not in page
        told = json.loads(page.partition('id="page">')[2].partition("</script>")[0])
        assert client.get(f"{told['data']}index.json").json()["count"] == len(library())
        assert client.get(f"{told['data']}thumbnails-0.json").status_code == 200
        for odd in ("%2e%2e", "20000101-000000-0000", "%2e%2e%2fx", f"{earlier}%2freport.jsonl"):
            assert client.get(f"/runs/{odd}").status_code in (400, 404)
    finally:
        shutil.rmtree(runs / earlier)


def test_the_page_has_all_photos_and_asks_for_them_by_content(
    client: httpx.Client, data: tuple[str, dict[str, Any]]
) -> None:
    address, index = data
    assert sorted(index["name"]) == sorted(library())
    cards = client.get(f"{address}photos-0.json").json()
    assert len(cards) == index["count"]
    some = ids(index)["cat0.jpg"]
    thumbnail = client.get(f"{address}thumbs/{some}")
    assert (thumbnail.headers["Content-Type"], thumbnail.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert "immutable" in thumbnail.headers["Cache-Control"]
    pack = client.get(f"{address}thumbnails-0.json")
    at = index["name"].index("cat0.jpg")
    assert base64.b64decode(pack.json()[at]) == thumbnail.content
    assert "immutable" in pack.headers["Cache-Control"]
    again = client.get(f"{address}thumbs/{some}", headers={"If-None-Match": thumbnail.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_large_picture_is_made_anew(client: httpx.Client, data: tuple[str, dict[str, Any]]) -> None:
    address, index = data
    large = client.get(f"{address}large/{ids(index)['coffee0.jpg']}")
    assert large.headers["Content-Type"] == "image/jpeg"
    assert b"Exif" not in large.content[:40]
    shown = Image.open(io.BytesIO(large.content))
    assert shown.size == (600, 400)


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("", 200, FILM),
        ("bytes=0-3", 206, FILM[:4]),
        ("bytes=100-", 206, FILM[100:]),
        ("bytes=-5", 206, FILM[-5:]),
        ("bytes=5-99999999", 206, FILM[5:]),
        (f"bytes={len(FILM)}-", 416, b""),
        ("bytes=9-2", 416, b""),
        ("bytes=-0", 416, b""),
        ("lines=1-2", 200, FILM),
    ],
)
def test_a_film_comes_in_the_parts_that_are_asked_for(
    client: httpx.Client, data: tuple[str, dict[str, Any]], wanted: str, status: int, part: bytes
) -> None:
    address, index = data
    answer = client.get(f"{address}film/{ids(index)['film.mp4']}", headers={"Range": wanted} if wanted else {})
    assert (answer.status_code, answer.content) == (status, part)
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    "path",
    [
        "{data}thumbs/0000000000000000",
        "{data}large/..%2f..%2fetc%2fpasswd",
        "{data}large/%2e%2e%2f%2e%2e%2fstate.sqlite",
        "{data}film/{photo}",  # no film
        "{data}photos-99.json",
        "{data}thumbnails-99.json",
        "{data}thumbnails-x.json",
        "{data}photos--1.json",
        "{data}secret.json",
        "/page/../_page.py",
        "/page/world.json",
        "/.album-sort/state.sqlite",
    ],
)
def test_nothing_else_can_be_asked_for(client: httpx.Client, data: tuple[str, dict[str, Any]], path: str) -> None:
    address, index = data
    answer = client.get(path.format(data=address, photo=ids(index)["cat0.jpg"]))
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_data_of_before_is_told_to_be_that(client: httpx.Client) -> None:
    assert client.get("/data/000000000000/index.json").status_code == 410


def test_changes_wait_are_planned_applied_and_taken_back_byte_for_byte(
    client: httpx.Client, data: tuple[str, dict[str, Any]], albums: Path, session_cache: Path
) -> None:
    before = tree(albums)
    photos = [ids(data[1])[name] for name in ("cat0.jpg", "cat1.jpg")]
    change = {"kind": "belongs-to", "photos": photos, "album": "food"}
    assert client.post("/changes", json={"changes": [change]}).json()["changes"] == [change]
    assert client.post("/changes", json={"changes": [{"kind": "keep-out", "photos": photos}]}).status_code == 200
    assert client.delete("/changes/1").json()["changes"] == [change]
    kept = Pending(session_cache, str(albums))
    assert [change_as_json(one) for one in kept.changes] == [change], "another server knows them"

    plan = client.post("/changes/plan").json()
    assert (plan["photos"], plan["counts"]) == (2, [{"title": "Food", "photos": 2}])
    assert tree(albums) == before, "nothing has moved yet"

    _, *words, state = told_of(client, "apply", lambda: client.post("/changes/apply").raise_for_status())
    assert (state["status"], state["result"]["photos"], state["result"]["failed"]) == ("done", 2, [])
    assert words, "it was told how far it was"
    assert sorted(name for name in tree(albums) if "cat" in name) == ["Food/2024/cat0.jpg", "Food/2024/cat1.jpg"]
    assert client.get("/changes").json()["changes"] == []
    assert client.get(f"{data[0]}index.json").status_code == 410, "the page's data is another one"

    assert client.post("/undo", json={"run": state["result"]["run"]}).status_code == 202
    assert ended(client, "undo")["status"] == "done"
    assert tree(albums) == before


def test_a_run_of_others_is_told_with_its_name_and_nothing_collides(client: httpx.Client, albums: Path) -> None:
    with destination_lock(str(albums)):
        for path, body in (("/sort", None), ("/undo", {"run": "x"})):
            refused = client.post(path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (409, "locked")
            assert f"process {os.getpid()}" in refused.json()["error"]
    assert client.get("/").status_code == 200, "looking goes on"


def test_the_folders_of_before_are_previewed_and_sorted(client: httpx.Client, albums: Path) -> None:
    new = albums.parent / "photos" / "new.jpg"
    new.write_bytes(picture_jpeg(pictures.temple(), taken=datetime(2024, 6, 1, 10)))
    assert client.post("/preview").status_code == 202
    assert ended(client, "preview")["result"]["photos"] == len(library()) + 1
    assert not list(albums.rglob("new.jpg"))
    assert client.post("/sort").status_code == 202
    run = ended(client, "sort")["result"]["run"]
    assert len(list(albums.rglob("new.jpg"))) == 1
    client.post("/undo", json={"run": run})
    assert ended(client, "undo")["status"] == "done"
    new.unlink()


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"kind": "remove-all"},
        {"kind": ["keep-out"]},
        {"kind": {}},
        {"kind": "keep-out"},
        {"kind": "keep-out", "photos": []},
        {"kind": "keep-out", "photos": ["../../etc/passwd"]},
        {"kind": "keep-out", "photos": ["0" * 11]},
        {"kind": "keep-out", "photos": "0" * 16},
        {"kind": "belongs-to", "photos": ["0" * 16], "album": ""},
        {"kind": "belongs-to", "photos": ["0" * 16], "album": "a\nb"},
        {"kind": "belongs-to", "photos": ["0" * 16], "album": "x" * 1000},
        {"kind": "belongs-to", "photos": ["0" * 16], "album": "food", "path": "/etc"},
        {"kind": "merge-albums", "albums": [1], "into": "food"},
        {"kind": "rename-trip", "trip": None, "title": "x"},
        {"kind": "cover", "album": "food", "photo": "../cat.jpg"},
        {"kind": "cover", "album": "food", "photo": ["0" * 16]},
    ],
)
def test_what_is_no_change_is_refused_and_nothing_waits(client: httpx.Client, row: object) -> None:
    refused = client.post("/changes", json={"changes": [row]})
    assert (refused.status_code, refused.json()["code"]) == (422, "usage")
    assert client.get("/changes").json()["changes"] == []


@pytest.mark.parametrize(
    "title", ["a/b", "..", "CON", "nul.jpg", "x" * 300, "", "   ", "a\nb", "a\u202eb", "ends.", "很" * 120]
)
def test_a_title_that_no_folder_can_have_is_refused_when_it_is_asked_for(client: httpx.Client, title: str) -> None:
    """Of albums and of trips, in the language of who asks, and nothing waits that could not be planned."""
    rows: list[dict[str, Any]] = [
        {"kind": "new-album", "title": title, "photos": ["0" * 16]},
        {"kind": "rename-album", "album": "food", "title": title},
        {"kind": "rename-trip", "trip": "t1", "title": title},
        {"kind": "merge-trips", "trips": ["t1", "t2"], "title": title},
    ]
    for row in rows:
        for lang in ("en", "zh"):
            refused = client.post("/changes", json={"changes": [row]}, headers={"Accept-Language": lang})
            assert (refused.status_code, refused.json()["code"]) == (422, "usage"), row["kind"]
            said = refused.json()["error"].replace("很", "")
            assert any("\u4e00" <= letter <= "\u9fff" for letter in said) == (lang == "zh")
    assert client.get("/changes").json()["changes"] == []


def test_a_run_that_is_not_there_or_was_taken_back_is_told_at_once(
    client: httpx.Client, data: tuple[str, dict[str, Any]], albums: Path, album_sort_once: Program
) -> None:
    """Also where a terminal took it back; and then the page does not offer it any more."""
    assert client.post("/undo", content=b'{"run": "\\ud800"}').status_code == 400
    unknown = client.post("/undo", json={"run": "20200101-000000-0000"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_run")
    assert "20200101-000000-0000" in unknown.json()["error"]
    client.post("/changes", json={"changes": [{"kind": "cover", "album": "pets", "photo": ids(data[1])["cat1.jpg"]}]})
    state = told_of(client, "apply", lambda: client.post("/changes/apply").raise_for_status())[-1]
    assert state["can_undo"]
    told = told_of(
        client, "apply", lambda: album_sort_once("undo", "--out", albums), until=lambda one: not one["can_undo"]
    )
    assert told[0]["can_undo"]
    assert (told[-1]["status"], told[-1]["can_undo"]) == ("done", False)
    again = client.post("/undo", json={"run": state["result"]["run"]}, headers={"Accept-Language": "zh"})
    assert (again.status_code, again.json()["code"]) == (409, "undone")
    assert "已经撤销" in again.json()["error"]
    assert ended(client, "apply")["number"] == state["number"], "no job was begun"


def test_what_a_terminal_has_put_right_is_shown(client: httpx.Client, albums: Path, album_sort_once: Program) -> None:
    def paths() -> set[str]:
        told = json.loads(client.get("/").text.partition('id="page">')[2].partition("</script>")[0])
        return {card["p"] for card in client.get(f"{told['data']}photos-0.json").json()}

    before = paths()
    ran = album_sort_once("fix", albums / "Pets/2024/cat0.jpg", "--album", "food", "--out", albums, "--now")
    assert ran.code == 0, ran.stderr
    assert paths() == before - {"Pets/2024/cat0.jpg"} | {"Food/2024/cat0.jpg"}
    album_sort_once("undo", "--out", albums)
    album_sort_once("fix", albums / "Pets/2024/cat0.jpg", "--forget", "--out", albums)
    assert paths() == before


def test_what_is_carried_out_waits_no_more_and_what_came_meanwhile_does(tmp_path: Path) -> None:
    """Though something was taken away while it was being carried out, and the same was asked for again."""
    pending = Pending(tmp_path, "/albums")
    pending.add([RenameAlbum("food", "Eating"), RenameAlbum("pets", "Friends")])
    done = list(pending.changes)
    pending.remove(0)
    pending.add([RenameAlbum("food", "Eating"), RenameAlbum("home", "House")])
    pending.clear(done)
    assert pending.changes == [RenameAlbum("food", "Eating"), RenameAlbum("home", "House")]
    assert Pending(tmp_path, "/albums").changes == pending.changes


def test_a_body_that_is_none_is_refused(client: httpx.Client) -> None:
    for body in (b"", b"[1]", b"{", b"[" * 100_000):
        assert client.post("/changes", content=body).status_code == 400
    assert client.post("/changes", content=b" " * (5 << 20)).status_code == 413
    assert client.post("/changes/apply").status_code == 422, "nothing waits"
    chinese = client.post("/changes/apply", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json()
    assert chinese["error"] == "没有给出更改"


def test_everything_about_albums_takes_the_token(server: Running, data: tuple[str, dict[str, Any]]) -> None:
    photo = ids(data[1])["cat0.jpg"]
    with server.client() as stranger:
        for path in (
            "/",
            "/changes",
            "/events",
            f"{data[0]}index.json",
            f"{data[0]}thumbs/{photo}",
            f"{data[0]}film/{photo}",
        ):
            assert stranger.get(path).status_code == 403
        for path in ("/changes", "/changes/plan", "/changes/apply", "/undo", "/sort", "/preview", "/stop"):
            assert stranger.post(path).status_code == 403
            with_session = {"Cookie": f"album_sort_{server.port}={server.keys.session}"}
            assert stranger.post(path, headers=with_session).status_code == 403
        assert stranger.post("/predict", files={"files": ("a.jpg", make_jpeg(1))}).status_code == 200


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "new-album", "title": "Bello", "photos": ["0123456789ab", "f" * 64]},
        {"kind": "taken", "photos": ["0" * 16], "taken": "1987-07"},
        {"kind": "place", "photos": ["0" * 16], "place": "Kyoto"},
        {"kind": "rename-album", "album": "food", "title": "Eating"},
        {"kind": "merge-albums", "albums": ["food", "flowers"], "into": "home"},
        {"kind": "rename-trip", "trip": "t1", "title": "Summer"},
        {"kind": "merge-trips", "trips": ["t1", "t2"], "title": "Summer"},
        {"kind": "cover", "album": "food", "photo": "0123456789ab"},
    ],
    ids=lambda row: row["kind"],
)
def test_a_change_is_the_same_after_it_was_kept(row: dict[str, object]) -> None:
    assert change_as_json(change_of(row)) == row


def test_albums_and_dates_are_changed_as_photos_are(client: httpx.Client, data: tuple[str, dict[str, Any]]) -> None:
    photo = ids(data[1])["flower0.jpg"]
    changes = [
        {"kind": "rename-album", "album": "food", "title": "Eating"},
        {"kind": "taken", "photos": [photo], "taken": "1987-07-14"},
    ]
    client.post("/changes", json={"changes": changes})
    plan = client.post("/changes/plan").json()
    targets = {move["path"] for move in plan["moves"]}
    assert {"Eating/2024/coffee0.jpg", "Eating/2024/coffee1.jpg", "Flowers/1987/flower0.jpg"} <= targets
    assert client.delete("/changes").json()["changes"] == []


@pytest.mark.long
def test_killed_while_it_applies_the_next_run_finishes_and_undo_takes_back(tmp_path: Path, album_sort: Program) -> None:
    many = {
        f"photos/{number:03}.jpg": picture_jpeg(pictures.cat()[number // 2 :, number % 5 :]) for number in range(150)
    }
    make_tree(tmp_path, many)
    shipped = ("--model", "efficientnet-lite0", "--offline")
    assert album_sort(tmp_path / "photos", "--out", tmp_path / "albums", *shipped).code == 0
    before = tree(tmp_path / "albums")
    server = subprocess.Popen(
        [sys.executable, "-m", "album_sort", "serve", str(tmp_path / "albums"), "--port", "0", "--offline"],
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings(),
    )
    assert server.stdout is not None
    address, _, token = server.stdout.readline().strip().partition("?token=")
    with httpx.Client(base_url=address, headers={"X-Album-Sort-Token": token}, timeout=120) as client:
        told = json.loads(client.get("/").text.partition('id="page">')[2].partition("</script>")[0])
        index = client.get(f"{told['data']}index.json").json()
        photos = sorted(ids(index).values())
        client.post("/changes", json={"changes": [{"kind": "belongs-to", "photos": photos, "album": "food"}]})
        assert client.post("/changes/apply").status_code == 202
        deadline = time.monotonic() + 60
        while not any((tmp_path / "albums" / "Food").rglob("*.jpg")):
            assert time.monotonic() < deadline
            time.sleep(0.001)
    server.send_signal(signal.SIGKILL)
    server.communicate()
    moved = sum("Food/" in name for name in tree(tmp_path / "albums"))
    assert moved, "killed while it applied, or, where nobody looked for a while, just after"
    assert album_sort(tmp_path / "photos", "--out", tmp_path / "albums", *shipped).code == 0
    assert sum("Food/" in name for name in tree(tmp_path / "albums")) == 150
    assert album_sort("undo", "--out", tmp_path / "albums").code == 0
    assert tree(tmp_path / "albums") == before
