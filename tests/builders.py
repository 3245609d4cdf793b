"""Makes trees of files and pictures for tests, and reads them back."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image


def make_tree(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """Writes files (paths with `/`) below `root`; text is written as UTF-8."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def read_tree(root: Path) -> dict[str, str]:
    """SHA-256 of every file below `root`, by relative path; links are read as `-> target`."""
    tree = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            tree[name] = f"-> {path.readlink()}"
        elif path.is_file():
            tree[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return tree


def fingerprint(root: Path) -> dict[str, tuple[str, int, int]]:
    """Content, modification time and permissions of everything below `root`: equal before and after means untouched.

    What nobody but root may read has no content here.
    """
    marks = {}
    for path in sorted(root.rglob("*")):
        found = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and os.access(path, os.R_OK) else ""
        marks[path.relative_to(root).as_posix()] = (content, found.st_mtime_ns, found.st_mode)
    return marks


def make_jpeg(
    seed: int = 0,
    size: tuple[int, int] = (320, 240),
    *,
    taken: datetime | None = None,
    position: tuple[float, float] | None = None,
    camera: tuple[str, str] = ("", ""),
) -> bytes:
    """A small smooth coloured picture, different for each seed, with EXIF as asked for (position in degrees)."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return picture_jpeg(
        np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)),
        taken=taken,
        position=position,
        camera=camera,
    )


def picture_jpeg(
    pixels: np.ndarray,
    *,
    taken: datetime | None = None,
    position: tuple[float, float] | None = None,
    camera: tuple[str, str] = ("", ""),
) -> bytes:
    """A real picture (H, W, 3) as JPEG with EXIF as asked for."""
    exif = Image.Exif()
    make, model = camera
    if make or model:
        exif[0x010F], exif[0x0110] = make, model
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
    if position is not None:
        lat, lon = position
        exif.get_ifd(0x8825).update(
            {1: "N" if lat >= 0 else "S", 2: _dms(abs(lat)), 3: "E" if lon >= 0 else "W", 4: _dms(abs(lon))}
        )
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=88, exif=exif)
    return buffer.getvalue()


def _dms(degrees: float) -> tuple[float, float, float]:
    minutes = (degrees - int(degrees)) * 60
    return float(int(degrees)), float(int(minutes)), round((minutes - int(minutes)) * 60, 4)
