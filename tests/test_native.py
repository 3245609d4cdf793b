"""The compiled library is used where it is the one that these sources make; otherwise it is left alone, and that is said."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from album_sort.native import FUNCTIONS, SHARED_CONSTANTS, load_native, native
from album_sort.native_stamp import source_files, source_stamp
from tests.builders import make_tree, picture_jpeg
from tests.conftest import REPOSITORY, Program
from tests.native_builders import build_script, build_slow_library, built, copied_sources, needs_compiler, needs_library
from tests.pictures import cat


@needs_compiler
def test_a_library_of_these_sources_is_used(tmp_path: Path) -> None:
    found = load_native(built(tmp_path))
    assert found.library is not None
    assert found.told in ("built, AVX2", "built; this processor has no AVX2")
    assert not found.is_stale


@needs_compiler
@pytest.mark.parametrize("changed", ["images/convolution.c", "native.h"])
def test_a_library_of_other_sources_is_not_used(tmp_path: Path, changed: str) -> None:
    """A function may take other arguments now, under the same name: calling it would write where it must not."""
    package = built(tmp_path)
    with (package / changed).open("a") as source:
        source.write("/* of another day */\n")
    found = load_native(package)
    assert found.library is None
    assert found.is_stale
    assert source_stamp(package) in found.told
    assert "install album-sort again" in found.told


@needs_compiler
def test_a_library_from_before_there_was_a_stamp_is_not_used(tmp_path: Path) -> None:
    package = copied_sources(tmp_path)
    (tmp_path / "old.c").write_text("int jpeg_eighth_1(void) { return 0; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", package / "_native.so", tmp_path / "old.c"], check=True)
    assert load_native(package).library is None
    assert load_native(package).told.startswith("not used: it was built from other sources")


@needs_compiler
@pytest.mark.parametrize(
    ("source", "line", "other", "name"),
    [
        ("classifier/resnet18_int16.c", "MOST = 480", "MOST = 240", "int16_most"),
        ("images/convolution.c", "MOST_POOLED 64", "MOST_POOLED 32", "convolution_most_pooled"),
    ],
)
def test_a_number_that_both_sides_have_must_be_the_same(
    tmp_path: Path, source: str, line: str, other: str, name: str
) -> None:
    package = copied_sources(tmp_path)
    text = (package / source).read_text()
    assert line in text
    (package / source).write_text(text.replace(line, other))
    build_slow_library(tmp_path)
    found = load_native(package)
    assert found.library is None
    assert f"its {name} is" in found.told
    assert str(SHARED_CONSTANTS[name]) in found.told


def test_what_is_no_library_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "_native.so").write_bytes(b"not a library")
    found = load_native(tmp_path)
    assert found.library is None
    assert found.told.startswith("not used: it cannot be loaded here")


def test_where_nothing_was_built_the_reason_is_said(tmp_path: Path) -> None:
    assert load_native(tmp_path).told == "not built: no C compiler was found when album-sort was installed"
    (tmp_path / "_native.txt").write_text("the C compiler 'cc' failed: no space left")
    assert load_native(tmp_path).told == "not built: the C compiler 'cc' failed: no space left"
    assert not load_native(tmp_path).is_stale


@needs_library
def test_only_what_python_calls_can_be_called() -> None:
    """What is not declared in FUNCTIONS is hidden: no other library in the process can be mistaken for a part of this one."""
    if shutil.which("nm") is None:
        pytest.skip("needs nm")
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", REPOSITORY / "album_sort" / "_native.so"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line.split()[-1] for line in listed.stdout.splitlines()} == FUNCTIONS.keys() | SHARED_CONSTANTS.keys()


@needs_library
def test_wrong_arguments_are_an_error_and_not_a_crash() -> None:
    library = native().library
    assert library is not None
    for name, (_, takes) in FUNCTIONS.items():
        if takes:
            with pytest.raises(ctypes.ArgumentError):
                getattr(library, name)(*["no number"] * len(takes))
            with pytest.raises(TypeError):
                getattr(library, name)()


def test_a_compiler_that_fails_is_told_with_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = copied_sources(tmp_path)
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\necho 'x.c:1: fatal error: stdint.h: No such file' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    failure = build_script()["make_library"](tmp_path)
    assert "fatal error: stdint.h: No such file" in failure
    assert load_native(package).told == f"not built: {failure}"
    monkeypatch.setenv("CC", str(tmp_path / "none"))
    assert "could not be run (No such file or directory)" in build_script()["make_library"](tmp_path)
    assert not (package / "_native.so").exists()


@needs_library
def test_a_program_with_a_stale_library_says_so_and_sorts_without_it(tmp_path: Path, album_sort: Program) -> None:
    """As after `git pull` in an installation that is not made anew."""
    unneeded = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "album_sort", tmp_path / "program" / "album_sort", ignore=unneeded)
    shutil.copytree(REPOSITORY / "labels", tmp_path / "program" / "album_sort" / "_labels")
    with (tmp_path / "program" / "album_sort" / "native.c").open("a") as source:
        source.write("/* of another day */\n")
    own = {"PYTHONPATH": str(tmp_path / "program")}
    listed = album_sort("models", "list", cwd=tmp_path, **own)
    assert "native code: not used: it was built from other sources" in " ".join(listed.stdout.split())
    make_tree(tmp_path / "Photos", {"cat.jpg": picture_jpeg(cat())})
    ran = album_sort("Photos", "--out", "Albums", "--offline", cwd=tmp_path, **own)
    assert ran.code == 0, ran.stderr
    assert "of another version and is not used" in " ".join(ran.stderr.split())
    assert (tmp_path / "Albums" / "Pets" / "undated" / "cat.jpg").is_file()


@needs_library
def test_the_program_says_what_it_was_built_with(album_sort: Program) -> None:
    assert f"native code: {native().told}" in album_sort("models", "list").stdout


def test_the_stamp_is_of_all_sources_and_of_nothing_else(tmp_path: Path) -> None:
    package = copied_sources(tmp_path)
    assert source_stamp(package) == source_stamp(REPOSITORY / "album_sort")
    (package / "notes.txt").write_text("nothing to do with it")
    assert source_stamp(package) == source_stamp(REPOSITORY / "album_sort")
    source_files(package)[0].unlink()
    assert source_stamp(package) != source_stamp(REPOSITORY / "album_sort")
