"""The wheel holds everything: installed into a fresh place outside the repository, the program finds its labels and templates."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from album_sort.native import load_native
from tests.builders import make_tree, picture_jpeg
from tests.conftest import REPOSITORY
from tests.pictures import cat


def built_wheel(folder: Path, environment: Mapping[str, str]) -> Path:
    """From a copy of the project: building writes the compiled library beside its source."""
    project = folder / "project"
    unneeded = shutil.ignore_patterns(".*", "tests", "benchmarks", "__pycache__", "_native.so*")
    shutil.copytree(REPOSITORY, project, ignore=unneeded)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(project)],
        check=True,
        capture_output=True,
        cwd=folder,
        env=os.environ | environment,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip builds it, but that its C code is not made fast: ten seconds."""
    folder = tmp_path_factory.mktemp("wheel")
    compiler = folder / "cc"
    compiler.write_text('#!/bin/sh\nexec cc "$@" -O0\n')
    compiler.chmod(0o755)
    return built_wheel(folder, {"CC": str(compiler)} if shutil.which("cc") else {})


def test_without_a_compiler_the_wheel_is_complete_and_for_every_machine(tmp_path: Path) -> None:
    built = built_wheel(tmp_path, {"CC": "false"})
    archive = zipfile.ZipFile(built)
    names = archive.namelist()
    assert built.name.endswith("-py3-none-any.whl")
    assert archive.read("album_sort/_native.txt") == b"the C compiler 'false' failed: it ended with 1"
    assert "album_sort/images/jpeg_eighth.py" in names
    assert not any(name.endswith((".so", ".c")) for name in names)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_with_a_compiler_the_fast_way_to_large_jpegs_is_inside(wheel: Path) -> None:
    assert "album_sort/_native.so" in zipfile.ZipFile(wheel).namelist()
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_library_comes_with_the_sources_it_must_match(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    assert load_native(tmp_path / "album_sort").library is not None


def test_a_build_that_must_compile_fails_where_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        built_wheel(tmp_path, {"CC": "false", "ALBUM_SORT_NATIVE": "required"})
    assert b"the native code was not built: the C compiler 'false' failed" in caught.value.stderr


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
