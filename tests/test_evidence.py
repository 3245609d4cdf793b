"""Evidence for screenshots and documents: what counts, how it is told, and what must not fool it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from album_sort.core.evidence.camera import light_value
from album_sort.core.evidence.gather import gather_evidence
from album_sort.images.statistics import measure_statistics
from album_sort.types import (
    AlbumId,
    CaptureTime,
    ContentId,
    FileEntry,
    FileKind,
    GeoPosition,
    ImageStatistics,
    Metadata,
    PhotoFacts,
    PhotoGroup,
    PositionSource,
    TimePrecision,
    TimeSource,
)

ROOT = Path(__file__).resolve().parent.parent


def facts(
    name: str = "IMG_0001.jpg",
    *,
    metadata: Metadata | None = None,
    statistics: ImageStatistics | None = None,
    media_format: str = "jpeg",
) -> PhotoFacts:
    """A photo of which only this much is known."""
    file = FileEntry(f"/photos/{name}", "/photos", 1, 1, 1, 1, FileKind.PHOTO)
    return PhotoFacts(
        group=PhotoGroup(file, ContentId("0" * 64)),
        metadata=metadata or Metadata(),
        capture_time=None,
        position=None,
        place=None,
        season=None,
        away_from_home=None,
        trip=None,
        statistics=statistics,
        prediction=None,
        media_format=media_format,
    )


def weight(photo: PhotoFacts, album: str, **scores: float) -> float:
    """Sum of the evidence for an album, given what the network makes of the photo."""
    album_scores = {AlbumId(name): score for name, score in scores.items()}
    return sum(piece.weight for piece in gather_evidence(photo, album_scores) if piece.album == AlbumId(album))


def codes(photo: PhotoFacts) -> set[str]:
    return {piece.reason.code for piece in gather_evidence(photo, {})}


def test_a_photo_of_which_nothing_is_known_gets_no_evidence() -> None:
    assert gather_evidence(facts(), {}) == ()


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot_20240101-120000.png", "Screenshot 2024-01-01 at 12.00.00.png", "Screen Shot 2019-05-04.png",
        "Screenshot_20240101_120000_Chrome.jpg", "Bildschirmfoto 2024-01-01 um 12.00.00.png", "截屏2024-01-01.png",
        "截图_20240101.jpg", "スクリーンショット 2024-01-01.png", "Captura de pantalla 2024.png", "Captura.PNG",
        "Capture d’écran 2024-01-01.png", "Schermata 2024-01-01.png", "스크린샷 2024.png", "Снимок экрана 2024.png",
    ],
)  # fmt: skip
def test_a_name_that_says_screenshot_is_believed(name: str) -> None:
    assert weight(facts(name), "screenshots") >= 5


@pytest.mark.parametrize(
    "name", ["IMG_0001.jpg", "screen door.jpg", "sunscreen.jpg", "recapture.jpg", "capture-one-042.jpg"]
)
def test_names_that_only_resemble_are_not(name: str) -> None:
    assert weight(facts(name), "screenshots") == 0


def test_the_comment_that_phones_write_is_believed() -> None:
    assert weight(facts(metadata=Metadata(user_comment="Screenshot")), "screenshots") >= 5


def test_a_phones_screen_size_in_either_orientation_counts_unless_a_lens_took_it() -> None:
    upright = ImageStatistics(0.5, width_px=1170, height_px=2532)
    lying = ImageStatistics(0.5, width_px=2532, height_px=1170)
    shot = Metadata(camera_make="Apple", camera_model="iPhone 12", exposure_s=0.01)
    for pixels in (upright, lying):
        assert "evidence.screenshot.size-phone" in codes(facts(statistics=pixels, media_format="png"))
        assert weight(facts(statistics=pixels, metadata=shot), "screenshots") < 0


def test_print_on_paper_is_a_document() -> None:
    page = data.page()
    photo = facts(statistics=measure_statistics(page[..., None].repeat(3, axis=2), page.shape[1], page.shape[0]))
    assert weight(photo, "documents") > 2


@pytest.mark.parametrize(
    "picture", ["coffee", "astronaut", "rocket", "chelsea", "coins", "gravel", "brick", "camera", "moon"]
)
def test_pictures_of_things_are_neither_documents_nor_screenshots(picture: str) -> None:
    pixels = getattr(data, picture)()
    rgb = pixels[..., None].repeat(3, axis=2) if pixels.ndim == 2 else pixels
    photo = facts(statistics=measure_statistics(rgb, rgb.shape[1], rgb.shape[0]))
    assert weight(photo, "documents") <= 0.5
    assert weight(photo, "screenshots") <= 0


@pytest.mark.parametrize("software", ["CamScanner", "Adobe Scan for iOS", "VueScan 9 x64", "EPSON Scan"])
def test_scanning_software_makes_documents(software: str) -> None:
    assert weight(facts(metadata=Metadata(software=software)), "documents") >= 3


@pytest.mark.parametrize("name", ["Receipt 2024-05.jpg", "scan0001.jpg", "Rechnung_17.png", "发票.jpg", "領収書.jpg"])
def test_names_of_documents_count(name: str) -> None:
    assert weight(facts(name), "documents") >= 2


def drawn(*, ground: int, ink: int) -> ImageStatistics:
    """A made page with bars of text on an even ground, like a dialogue or a message list."""
    picture = np.full((512, 256, 3), ground, np.uint8)
    for line in range(40, 480, 16):
        picture[line : line + 6, 20:200:3] = ink
    return measure_statistics(picture, 256, 512)


def test_text_on_an_even_grey_ground_is_a_screen_and_no_paper() -> None:
    photo = facts("a.png", statistics=drawn(ground=48, ink=220), media_format="png")
    assert weight(photo, "screenshots") > 4
    assert weight(photo, "documents") <= 0
    assert weight(facts(statistics=drawn(ground=215, ink=30), media_format="png"), "screenshots") > weight(
        facts(statistics=drawn(ground=215, ink=30), media_format="png"), "documents"
    )


def test_white_things_without_print_are_no_documents() -> None:
    """Snow, plates, tiles and walls: bright, grey, and either without strokes or with thick things before them."""
    snow = np.full((256, 340, 3), 238, np.uint8)
    snow[90:200, 150:190] = 30
    tiles = np.full((256, 340, 3), 235, np.uint8)
    tiles[::40], tiles[:, ::40] = 190, 190
    for picture in (snow, tiles):
        assert weight(facts(statistics=measure_statistics(picture, 340, 256)), "documents") <= 0


def test_a_long_strip_of_print_is_a_receipt() -> None:
    page = drawn(ground=255, ink=20)
    assert "evidence.document.long-strip" in codes(facts(statistics=page))
    assert "evidence.document.long-strip" not in codes(facts(statistics=replace(page, width_px=2000)))


FACE = ImageStatistics(0.5, face_count=1.0, largest_face_share=0.05, faces_share=0.05, face_confidence=0.99)


def test_the_larger_the_faces_the_more_it_is_a_picture_of_people() -> None:
    shares = (0.001, 0.004, 0.01, 0.05, 0.2)
    weights = [
        weight(facts(statistics=replace(FACE, largest_face_share=share, faces_share=share)), "people")
        for share in shares
    ]
    assert weights == sorted(weights)
    assert weights[0] < 0, "a passer-by"
    assert weights[-1] >= 5, "a portrait"


def test_people_at_their_sport_stay_with_the_sport() -> None:
    assert weight(facts(statistics=FACE), "people", sports=0.9) < weight(facts(statistics=FACE), "people") / 2


def test_where_nobody_looked_for_faces_nothing_is_said_of_people() -> None:
    assert weight(facts(statistics=ImageStatistics(0.5)), "people") == 0


def test_tagged_names_speak_for_people_and_are_named() -> None:
    assert weight(facts(metadata=Metadata(people=("Ada", "Grace"))), "people") >= 2


SUNSET = ImageStatistics(
    0.4,
    upper_luminance=0.65,
    lower_luminance=0.2,
    upper_warm_share=0.5,
    upper_smooth_share=0.9,
    glow_warmth=0.4,
)
NIGHT = ImageStatistics(0.06, upper_luminance=0.05, bright_luminance=0.2, upper_dark_share=0.8, light_point_share=0.8)
EVENING, NOON, MIDNIGHT = (datetime(2024, 6, 21, hour) for hour in (20, 12, 1))


def at(hour: datetime, statistics: ImageStatistics, metadata: Metadata | None = None) -> PhotoFacts:
    """Taken at Greenwich at that UTC time."""
    time = CaptureTime(hour, 0, TimeSource.EXIF_ORIGINAL, TimePrecision.SECOND)
    greenwich = GeoPosition(51.48, 0.0, PositionSource.EXIF)
    return replace(facts(statistics=statistics, metadata=metadata), capture_time=time, position=greenwich)


def test_a_warm_bright_sky_over_dark_land_is_a_sunset_and_the_low_sun_confirms_it() -> None:
    assert weight(facts(statistics=SUNSET), "sunsets") > 4
    assert weight(at(EVENING, SUNSET), "sunsets") > weight(facts(statistics=SUNSET), "sunsets")


def test_a_high_sun_refutes_a_sunset() -> None:
    assert weight(at(NOON, SUNSET), "sunsets") < weight(at(EVENING, SUNSET), "sunsets") - 4


def test_a_warm_wall_behind_a_cat_is_no_sunset() -> None:
    assert weight(facts(statistics=SUNSET), "sunsets", pets=0.95) < 0.5


def test_a_file_copied_in_the_evening_says_nothing_of_the_sun() -> None:
    copied = replace(at(EVENING, SUNSET), capture_time=CaptureTime(EVENING, 0, TimeSource.MTIME, TimePrecision.SECOND))
    assert weight(copied, "sunsets") == weight(facts(statistics=SUNSET), "sunsets")


def test_stars_a_long_exposure_and_the_hour_add_up_to_a_night_sky() -> None:
    alone = weight(facts(statistics=NIGHT), "night-sky")
    exposed = weight(facts(statistics=NIGHT, metadata=Metadata(exposure_s=20.0)), "night-sky")
    all_told = weight(at(MIDNIGHT, NIGHT, Metadata(exposure_s=20.0)), "night-sky")
    assert 3 < alone < exposed < all_told


def test_daylight_and_the_flash_refute_a_night_sky() -> None:
    assert weight(at(NOON, NIGHT), "night-sky") < 0
    assert weight(facts(statistics=replace(NIGHT, mean_luminance=0.6)), "night-sky") < 0
    flashed = weight(facts(statistics=NIGHT, metadata=Metadata(flash_fired=True)), "night-sky")
    assert flashed < weight(facts(statistics=NIGHT), "night-sky") - 2


def test_a_picture_of_galaxies_is_a_night_sky() -> None:
    deep_field = data.hubble_deep_field()
    pixels = measure_statistics(deep_field, deep_field.shape[1], deep_field.shape[0])
    assert weight(facts(statistics=pixels), "night-sky") > 2


SUNLIT = Metadata(exposure_s=1 / 500, f_number=8.0, iso=100)
LAMPLIT = Metadata(exposure_s=1 / 30, f_number=2.2, iso=400)


def test_light_values_are_those_of_the_exposure_tables() -> None:
    assert _light_value(SUNLIT) == pytest.approx(15, abs=0.1)
    assert _light_value(LAMPLIT) == pytest.approx(5.2, abs=0.1)
    assert _light_value(Metadata(iso=100)) is None


def _light_value(metadata: Metadata) -> float | None:
    return light_value(metadata.exposure_s, metadata.iso, metadata.f_number)


def test_daylight_speaks_against_rooms_and_lamplight_against_landscapes() -> None:
    assert weight(facts(metadata=SUNLIT), "home") < 0 == weight(facts(metadata=LAMPLIT), "home")
    assert weight(facts(metadata=LAMPLIT), "mountains") < 0 == weight(facts(metadata=SUNLIT), "mountains")


def test_a_macro_lens_speaks_for_flowers_only_where_the_network_sees_some() -> None:
    macro = facts(metadata=Metadata(lens_model="EF100mm f/2.8L Macro IS USM"))
    assert weight(macro, "flowers", flowers=0.3) > 0
    assert weight(macro, "flowers") == 0
