"""Evidence for screenshots and documents: what counts, how it is told, and what must not fool it."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
from skimage import data

from album_sort.core.evidence import gather_evidence
from album_sort.images.statistics import measure_statistics
from album_sort.types import (
    AlbumId,
    ContentId,
    FileEntry,
    FileKind,
    ImageStatistics,
    Metadata,
    PhotoFacts,
    PhotoGroup,
)

ROOT = Path(__file__).resolve().parent.parent
SENTENCES = tomllib.loads((ROOT / "labels/reasons/evidence.toml").read_text(encoding="utf-8"))


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


def weight(photo: PhotoFacts, album: str) -> float:
    """Sum of the evidence for an album."""
    return sum(piece.weight for piece in gather_evidence(photo, {}) if piece.album == AlbumId(album))


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


def emitted_codes() -> set[str]:
    """Every reason code written in the evidence modules; names with a variable end stand for all that begin so."""
    found: set[str] = set()
    for path in (ROOT / "album_sort/core").glob("evidence*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("evidence."):
                found.add(node.value)
    return found


def test_every_reason_has_a_sentence_in_both_languages_and_every_sentence_a_reason() -> None:
    written = emitted_codes()
    for code in written:
        assert any(key == code or (code.endswith("-") and key.startswith(code)) for key in SENTENCES), code
    for key, sentence in SENTENCES.items():
        assert set(sentence) == {"en", "zh"}
        assert any(key == code or (code.endswith("-") and key.startswith(code)) for code in written), key
