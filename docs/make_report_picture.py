"""Makes docs/report.png: a small made-up library of pictures that packages ship, sorted for real, its report in Chromium.

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
        page = next((work / "Albums" / ".album-sort" / "runs").glob("*/report.html"))
        target = work / "report.png"
        browser = [*BROWSER, f"--user-data-dir={work / 'browser'}", "--window-size=1280,1500", f"--screenshot={target}"]
        subprocess.run([*browser, page.as_uri()], check=True, capture_output=True)  # noqa: S603
        with Image.open(target) as picture:
            picture.convert("RGB").quantize(160).save(REPOSITORY / "docs" / "report.png", optimize=True)


if __name__ == "__main__":
    main()
