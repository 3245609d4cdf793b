"""Makes docs/report.png and docs/folders.png: a small made-up library of pictures that packages ship, sorted for real, in Chromium.

usage: python docs/make_report_picture.py        (in the environment of bin/test, with Chromium on the PATH)
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from tests import pictures  # noqa: E402 - after the path is set
from tests.builders import make_tree, picture_jpeg  # noqa: E402

MUNICH, AREZZO, BEIJING = (48.137, 11.575), (43.463, 11.88), (39.999, 116.275)
CAMERA = ("FUJIFILM", "X-T1")
BROWSER = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
)


def versions(pixels: np.ndarray, count: int) -> list[np.ndarray]:
    """Several shots of one motif: crops and mirror images."""
    height, width = pixels.shape[:2]
    shots = []
    for number in range(count):
        margin = 0.02 * (number + 1)
        rows, columns = int(height * margin), int(width * margin)
        shot = pixels[rows : height - rows, columns : width - columns]
        shots.append(shot[:, ::-1] if number % 2 else shot)
    return shots


def library() -> dict[str, bytes]:
    """Two years of somebody in Munich, with a journey to Tuscany and one to Beijing."""
    files: dict[str, bytes] = {}

    def add(folder: str, shots: list[np.ndarray], start: datetime, place: tuple[float, float], hours: float) -> None:
        for number, shot in enumerate(shots):
            taken = start + timedelta(hours=hours * number)
            name = f"{folder}/IMG_{len(files):04d}.jpg"
            files[name] = picture_jpeg(shot, taken=taken, position=place, camera=CAMERA)

    for month in range(1, 25):
        start = datetime(2024 + (month - 1) // 12, (month - 1) % 12 + 1, 6, 19, 30)  # noqa: DTZ001 - wall time
        add(f"{start:%Y}", versions(pictures.cat(), 2), start, MUNICH, 30)
        add(f"{start:%Y}", versions(pictures.coffee(), 1), start + timedelta(days=9), MUNICH, 5)
    add("2025", versions(pictures.flower(), 4), datetime(2025, 5, 20, 9), AREZZO, 20)  # noqa: DTZ001
    add("2025", versions(pictures.coffee(), 4), datetime(2025, 5, 20, 13), AREZZO, 22)  # noqa: DTZ001
    add("2025", versions(pictures.temple(), 9), datetime(2025, 10, 3, 10), BEIJING, 9)  # noqa: DTZ001
    add("2025", versions(pictures.flower(), 3), datetime(2025, 10, 4, 11), BEIJING, 20)  # noqa: DTZ001
    files["old/hopper.jpg"] = picture_jpeg(pictures.portrait())
    files["old/astronaut.jpg"] = picture_jpeg(np.asarray(skimage.data.astronaut()))
    files["old/rocket.jpg"] = picture_jpeg(pictures.rocket())
    files["scans/page.jpg"] = picture_jpeg(pictures.page())
    files["scans/broken.jpg"] = b"this is not a picture"
    return files


def main() -> None:
    """Sorts and takes the picture."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        make_tree(work / "Photos", library())
        call = [sys.executable, "-m", "album_sort", "Photos", "--out", "Albums", "--offline"]
        subprocess.run(call, cwd=work, check=False)  # noqa: S603
        folders = work / "folders.html"
        folders.write_text(folders_page(work / "Albums"), encoding="utf-8")
        take(folders, REPOSITORY / "docs" / "folders.png", work, "900,490")
        page = next((work / "Albums" / ".album-sort" / "runs").glob("*/report.html"))
        take(page, REPOSITORY / "docs" / "report.png", work, "1280,1500")


def take(page: Path, target: Path, work: Path, size: str) -> None:
    """A page as Chromium shows it, in few colours."""
    shot = work / "shot.png"
    browser = [*BROWSER, f"--user-data-dir={work / 'browser'}", f"--window-size={size}", f"--screenshot={shot}"]
    subprocess.run([*browser, page.as_uri()], check=True, capture_output=True)  # noqa: S603
    with Image.open(shot) as picture:
        picture.convert("RGB").quantize(160).save(target, optimize=True)


SHOWN_PHOTOS = 5


def folders_page(albums: Path) -> str:
    """The folders as a file manager shows them: album, folder, a few photos."""
    rows = []
    for album in sorted(path for path in albums.iterdir() if path.is_dir() and not path.name.startswith(".")):
        rows.append(f"<h2>{album.name}</h2>")
        for folder in sorted(album.iterdir())[-2:]:
            photos = sorted(path for path in folder.rglob("*") if path.is_file())
            shown = "".join(f'<img src="{photo.as_uri()}">' for photo in photos[:SHOWN_PHOTOS])
            rows.append(f"<p><span>{folder.name}</span>{shown}<i>{len(photos)}</i></p>")
    style = """body{font:15px sans-serif;margin:18px 26px;background:#fff;columns:2}h2{font-size:17px;margin:10px 0 4px;break-after:avoid}
    h2:before,span:before{content:"";display:inline-block;width:15px;height:11px;margin-right:7px;border-radius:2px;
    background:#e8b64c;box-shadow:-4px -3px 0 -2px #e8b64c}p{margin:0 0 6px 18px;break-inside:avoid}span{display:block;margin-bottom:3px}
    img{width:56px;height:42px;object-fit:cover;margin-right:4px;border-radius:3px;vertical-align:middle}i{color:#888;font-style:normal}"""
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style>{"".join(rows)}'


if __name__ == "__main__":
    main()
