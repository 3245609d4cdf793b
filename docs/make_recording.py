"""Makes docs/serve.webp: somebody looks at served albums, puts photos right, applies that and takes it back; in Chromium, for real.

usage: python docs/make_recording.py        (in the environment of bin/test with the extra `browser`, with Chromium on the PATH)

The library is that of make_report_picture.py: pictures that packages ship. A picture is taken after each step, with a mark where
the mouse is, and one for each word of the progress; together they are an animated WebP.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from PIL import Image, ImageDraw
from playwright.sync_api import Error as PlaywrightError

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from docs.make_report_picture import library  # noqa: E402 - after the path is set
from tests.builders import make_tree, picture_jpeg  # noqa: E402

TARGET = REPOSITORY / "docs" / "serve.webp"
SIZE = (1120, 700)
SHOWN = (896, 560)
MOST_BYTES = 3_000_000
SHORT_MS, LONG_MS = 450, 1500
UNSURE = ("hubble_deep_field", "coins", "brick", "motorcycle_left", "clock_motion", "grass")
"""Pictures of scikit-image that are in no album of everybody's."""


def shipped(name: str) -> np.ndarray:
    """A picture of scikit-image, in colour."""
    folder = Path(skimage.data.__file__).parent
    path = next(path for path in folder.iterdir() if path.stem == name)
    return np.asarray(Image.open(path).convert("RGB"))


@contextmanager
def serving(work: Path) -> Iterator[str]:
    """The printed address of the sorted library."""
    unsure = {f"2025/{name}.jpg": picture_jpeg(shipped(name)) for name in UNSURE}
    make_tree(work / "Photos", library() | unsure)
    environment = {**os.environ, "ALBUM_SORT_CACHE_DIR": str(work / "cache")}
    program = [sys.executable, "-m", "album_sort"]
    subprocess.run([*program, "Photos", "--out", "Albums", "--offline"], cwd=work, check=False, env=environment)  # noqa: S603
    command = [*program, "serve", "Albums", "--offline", "--port", "0"]
    with subprocess.Popen(command, cwd=work, stdout=subprocess.PIPE, text=True, env=environment) as server:  # noqa: S603
        try:
            yield (server.stdout.readline() if server.stdout else "").strip()
        finally:
            server.terminate()


class Film:
    """Pictures of a page, each with the time that it stands."""

    def __init__(self, page: Any) -> None:  # noqa: ANN401 - playwright is an extra
        self.page = page
        self.frames: list[Image.Image] = []
        self.milliseconds: list[int] = []

    def shoot(self, milliseconds: int, mark: tuple[float, float] | None = None) -> None:
        """The page as it is, with a mark where the mouse is; a picture like the one before lets that one stand longer."""
        frame = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        if mark is not None:
            x, y = mark
            draw = ImageDraw.Draw(frame, "RGBA")
            draw.ellipse((x - 15, y - 15, x + 15, y + 15), fill=(220, 60, 40, 90), outline=(220, 60, 40, 255), width=3)
        frame = frame.resize(SHOWN, Image.Resampling.LANCZOS)
        if self.frames and self.frames[-1].tobytes() == frame.tobytes():
            self.milliseconds[-1] += milliseconds
            return
        self.frames.append(frame)
        self.milliseconds.append(milliseconds)

    def click(self, what: Any, milliseconds: int = SHORT_MS, **how: Any) -> None:  # noqa: ANN401 - likewise
        """Shows where it clicks, then clicks."""
        what.scroll_into_view_if_needed()
        box = what.bounding_box()
        self.shoot(SHORT_MS, (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
        what.click(**how)
        self.settle()
        self.shoot(milliseconds)

    def settle(self) -> None:
        """Until all pictures on the screen are there."""
        end = time.monotonic() + 5
        there = "[...document.images].every((one) => one.complete)"
        time.sleep(0.25)
        while time.monotonic() < end:
            # A job that is over loads the page again: then this is asked of the new one.
            with contextlib.suppress(PlaywrightError):
                if self.page.evaluate(there):
                    return
            time.sleep(0.05)

    def until(self, selector: str) -> None:
        """A picture now and then, until something is there."""
        end = time.monotonic() + 90
        while not self.page.locator(selector).count() and time.monotonic() < end:
            self.shoot(120)
            time.sleep(0.1)
        self.settle()
        self.shoot(LONG_MS)

    def write(self) -> None:
        """As small as it looks well."""
        first, *others = self.frames
        for quality in (60, 45, 30):
            first.save(
                TARGET,
                save_all=True,
                append_images=others,
                duration=self.milliseconds,
                loop=0,
                quality=quality,
                method=4,
            )
            if TARGET.stat().st_size < MOST_BYTES:
                return


def play(film: Film, address: str) -> None:
    """Look, put right, look at the plan, apply, take back."""
    page = film.page
    page.goto(address)
    film.settle()
    film.shoot(LONG_MS)
    film.click(page.locator(".bar nav a[href='#/all']"), LONG_MS)
    page.mouse.wheel(0, 500)
    film.settle()
    film.shoot(LONG_MS)
    film.click(page.locator("#view .frame:visible").nth(14), LONG_MS)
    page.keyboard.press("ArrowRight")
    film.settle()
    film.shoot(LONG_MS)
    page.keyboard.press("Escape")
    page.evaluate("albumSort.router.go('#/review')")
    page.locator(".queue .choices").wait_for()
    film.settle()
    film.shoot(LONG_MS)
    for key in "1121":
        page.keyboard.press(key)
        film.settle()
        film.shoot(SHORT_MS)
    page.evaluate("albumSort.router.go('#/album/food')")
    page.locator("#view .tick").first.wait_for(state="attached")
    film.settle()
    film.click(page.locator("#view .tick").first, force=True)
    film.click(page.locator("#view .tick").nth(5), LONG_MS, force=True, modifiers=["Shift"])
    page.locator("#ticked select").select_option("home")
    film.settle()
    film.shoot(SHORT_MS)
    film.click(page.locator("#pending button.button"), SHORT_MS)
    film.until("#apply:visible")
    film.click(page.locator("#apply"), SHORT_MS)
    film.until("#undo")
    film.click(page.locator("#undo"), SHORT_MS)
    page.locator("#undo").wait_for(state="detached", timeout=60_000)
    film.settle()
    film.shoot(LONG_MS * 2)


def main() -> None:
    """Sorts, serves and records."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra

    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, reduced_motion="reduce")
        film = Film(context.new_page())
        play(film, address)
        browser.close()
        film.write()
    said = f"{len(film.frames)} pictures, {sum(film.milliseconds) / 1000:.0f} s, {TARGET.stat().st_size:,} bytes"
    sys.stdout.write(f"{TARGET.name}: {said}\n")


if __name__ == "__main__":
    main()
