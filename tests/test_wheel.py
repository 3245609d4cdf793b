"""The wheel holds everything: installed into a fresh place outside the repository, the program finds its labels and templates."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.builders import make_tree, picture_jpeg
from tests.conftest import REPOSITORY
from tests.pictures import cat


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(REPOSITORY)],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_labels_templates_and_licence_are_inside(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "album_sort/_labels/imagenet1k.tsv" in names
    assert "album_sort/_labels/class_albums.tsv" in names
    assert any(name.startswith("album_sort/_labels/calibration/pictures/") for name in names)
    assert any(name.startswith("album_sort/report/templates/") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def test_the_installed_program_sorts_a_photo_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    """Dependencies come from the environment that runs the tests; the program itself only from the wheel."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    own = os.pathsep.join(path for path in sys.path if "site-packages" in path)
    (site / "dependencies.pth").write_text(own.replace(os.pathsep, "\n"), encoding="utf-8")
    zipfile.ZipFile(wheel).extractall(site)
    make_tree(tmp_path / "Photos", {"IMG_1.jpg": picture_jpeg(cat())})
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    call = [str(venv / "bin" / "python"), "-m", "album_sort", "Photos", "--out", "Albums", "--offline"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "Albums" / "Pets" / "undated" / "IMG_1.jpg").is_file()
    told = subprocess.run(
        [str(venv / "bin" / "python"), "-c", "import album_sort; print(album_sort.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert str(site) in told.stdout
