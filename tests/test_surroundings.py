"""Whatever a daemon, a crontab, a shell or a locale makes of the program's surroundings: the same tree as otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from album_sort.errors import UsageError
from album_sort.operations.path_list import split_list
from album_sort.paths import given_path
from tests.builders import make_jpeg, make_tree, read_tree
from tests.conftest import REPOSITORY, Program

NETWORK = ("--model", "efficientnet-lite0", "--offline", "--threads", "1")
"""One process that reads is enough for two photos: most of these calls start interpreters."""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(
        tmp_path_factory.mktemp("library") / "Photos", {"北京.jpg": make_jpeg(1), "Łódź/a.jpg": make_jpeg(2)}
    )


def shell(line: str, cwd: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """A line of shell in which `$A` calls the program."""
    program = f"{sys.executable} -m album_sort"
    own = {"PYTHONPATH": str(REPOSITORY), "A": program, **(environment or {})}
    return subprocess.run(["bash", "-c", line], cwd=cwd, env=os.environ | own, capture_output=True, check=False)


def names(albums: Path) -> set[str]:
    return {Path(name).name for name in read_tree(albums) if name.endswith(".jpg")}


@pytest.mark.parametrize(
    "streams", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", "2</dev/null", "| true", "--json | true", "2>&1 -v | true"]
)
def test_closed_streams_and_readers_that_have_gone_cost_no_photo(photos: Path, tmp_path: Path, streams: str) -> None:
    done = shell(f"set -o pipefail; $A sort {photos} --out Albums {' '.join(NETWORK)} {streams}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr + done.stdout
    assert names(tmp_path / "Albums") == {"北京.jpg", "a.jpg"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_below_the_words_costs_no_photo(photos: Path, tmp_path: Path) -> None:
    """A log on another disk: what cannot be printed is said where it can, and the photos are filed."""
    call = f"$A sort {photos} {' '.join(NETWORK)}"
    done = shell(f"{call} --out First >/dev/full", tmp_path)
    assert done.returncode == 1
    assert b"could not all be written: No space left" in done.stderr
    assert b"Traceback" not in done.stderr
    done = shell(f"{call} --out Second 2>/dev/full", tmp_path)
    assert done.returncode == 0
    for albums in (tmp_path / "First", tmp_path / "Second"):
        assert names(albums) == {"北京.jpg", "a.jpg"}


def test_a_removed_working_folder_is_no_trouble_for_whole_paths(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    line = f"cd gone; rmdir ../gone; $A sort {photos} --out {tmp_path}/Albums {' '.join(NETWORK)}"
    done = shell(line, tmp_path)
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "Albums") == {"北京.jpg", "a.jpg"}
    done = shell(f"mkdir gone; cd gone; rmdir ../gone; $A sort {photos} --out Albums", tmp_path)
    assert done.returncode == 2
    assert b"has been removed" in done.stderr


@pytest.fixture(scope="session", params=["en_US.ISO-8859-1", "ja_JP.EUC-JP"])
def other_locale(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """One of eight bits; and one whose words Python cannot give back as it has read them."""
    name = str(request.param)
    language, _, charset = name.partition(".")
    if shutil.which("localedef") is None:
        pytest.skip("needs localedef to make a locale of eight bits")
    folder = tmp_path_factory.mktemp("locales")
    call = ["localedef", "-i", language, "-f", charset, str(folder / name)]
    subprocess.run(call, capture_output=True, check=False)
    if not (folder / name).is_dir():
        pytest.skip("needs the sources of locales to make one of eight bits")
    return {"LOCPATH": str(folder), "LC_ALL": name}


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_in_a_locale_of_eight_bits_names_are_utf_8_all_the_same(
    photos: Path, tmp_path: Path, other_locale: Mapping[str, str], language: str
) -> None:
    albums = tmp_path / "Albums"
    line = f"$A {photos} --out {albums} --lang {language} --report {tmp_path}/报告 {' '.join(NETWORK)}"
    done = shell(line, tmp_path, other_locale)
    assert done.returncode == 0, done.stderr
    assert names(albums) == {"北京.jpg", "a.jpg"}
    assert shell(f"$A explain {photos}/北京.jpg --out {albums}", tmp_path, other_locale).returncode == 0
    assert any((tmp_path / "报告").iterdir())


# --- lists of files ---


@pytest.mark.parametrize(
    "written",
    [b"/a.jpg\n/b c.jpg\n", b"/a.jpg\r\n/b c.jpg\r\n", b"\xef\xbb\xbf/a.jpg\n/b c.jpg", b"/a.jpg\0/b c.jpg\0",
     b"\n/a.jpg\n\n  \n/b c.jpg\n",
     "\ufeff/a.jpg\r\n/b c.jpg\r\n".encode("utf-16-le"), "\ufeff/a.jpg\n/b c.jpg".encode("utf-16-be")],
)  # fmt: skip
def test_lists_of_any_system_are_read(written: bytes) -> None:
    assert split_list(written) == [b"/a.jpg", b"/b c.jpg"]


def test_a_name_with_a_newline_or_a_return_is_kept(tmp_path: Path) -> None:
    assert split_list(b"/a\nb.jpg\0/c.jpg") == [b"/a\nb.jpg", b"/c.jpg"]
    odd = tmp_path / "odd\r"
    odd.touch()
    assert split_list(os.fsencode(odd) + b"\n") == [os.fsencode(odd)]


def test_a_list_in_half_a_utf_16_is_refused() -> None:
    with pytest.raises(UsageError, match="neither UTF-8 nor whole UTF-16"):
        split_list(b"\xff\xfea")


def test_what_has_vanished_from_a_list_is_named_and_the_others_are_filed(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    (tmp_path / "list").write_text(f"{photos}/北京.jpg\n{photos}/gone.jpg\n", encoding="utf-8")
    done = album_sort("sort", "--files-from", tmp_path / "list", "--out", tmp_path / "Albums", *NETWORK)
    assert done.code == 3
    assert f"{photos}/gone.jpg" in done.stderr
    assert names(tmp_path / "Albums") == {"北京.jpg"}
    done = album_sort("sort", photos / "gone.jpg", "--out", tmp_path / "Albums", *NETWORK)
    assert done.code == 2


# --- paths and words of a call ---


@pytest.mark.parametrize("empty", [("--out", ""), ("-o", ""), ("--out=",)])
@pytest.mark.parametrize("verb", [("sort", "."), ("undo",), ("verify",), ("runs",), ("explain", "a.jpg"), (".",)])
def test_an_empty_destination_is_refused(
    tmp_path: Path, album_sort: Program, verb: tuple[str, ...], empty: tuple[str, ...]
) -> None:
    done = album_sort(*verb, *empty, cwd=tmp_path)
    assert done.code == 2
    assert "--out is empty" in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_empty_source_is_refused(tmp_path: Path, album_sort: Program) -> None:
    for call in (("sort", ""), ("",), (".", "")):
        done = album_sort(*call, "--out", tmp_path / "Albums", cwd=tmp_path)
        assert done.code == 2
        assert "empty path" in done.stderr


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("sort", "x", "-out", "y"), "did you mean --out?"),
        (("./x", "-quiet"), "did you mean --quiet?"),
        (("./x", "-Out", "y"), "did you mean --out?"),
        (("./x", "-dry_run"), "did you mean --dry-run?"),
        (("undoo",), "did you mean `album-sort undo`?"),
        (("sorrt", "x", "--out", "y"), "did you mean `album-sort sort`?"),
        (("verfy", "--out", "y"), "did you mean `album-sort verify`?"),
        (("fetch",), "did you mean `album-sort models fetch`?"),
        (("help", "undoo"), "did you mean `album-sort undo`?"),
        (("albums", "lst"), "there is no command 'lst'; did you mean `album-sort albums list`?"),
        (("config", "nonsense"), "there is no command 'nonsense'\n"),
        (("nonsense",), "there is no command, file or folder 'nonsense'"),
    ],
)
def test_misspelled_words_are_recognised(tmp_path: Path, album_sort: Program, call: tuple[str, ...], said: str) -> None:
    done = album_sort(*call, cwd=tmp_path)
    assert done.code == 2
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_that_looks_like_a_command_is_a_folder(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    shutil.copytree(photos, tmp_path / "undoo")
    assert album_sort("undoo", "--out", "Albums", *NETWORK, cwd=tmp_path).code == 0
    assert names(tmp_path / "Albums") == {"北京.jpg", "a.jpg"}


def test_help_helps(album_sort: Program) -> None:
    assert album_sort("help").stdout == album_sort("--help").stdout
    assert album_sort("help", "undo").stdout == album_sort("undo", "--help").stdout
    assert album_sort("help", "albums", "list").stdout == album_sort("albums", "list", "--help").stdout


def test_paths_lead_where_ls_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path behind a link and `..`, in every verb; a link that is only named keeps its name."""
    (tmp_path / "there/deep/own").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/link").symlink_to(tmp_path / "there/deep")
    monkeypatch.chdir(tmp_path / "here")
    for typed in ("link/..", "./link/../", "link/own/../..", f"{tmp_path}/here/link/..", "../here/link/.."):
        assert given_path(typed) == str(tmp_path / "there"), typed
        assert os.path.samefile(given_path(typed), typed)
    assert given_path("link/own/") == str(tmp_path / "here/link/own")
    assert given_path("..") == str(tmp_path)
    assert given_path("missing/..") == str(tmp_path / "here")


def test_albums_behind_a_link_and_dots_are_the_same_for_every_verb(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    (tmp_path / "there/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("there/deep")
    call = {"cwd": tmp_path}
    assert album_sort("sort", photos, "--out", "link/../Albums", *NETWORK, **call).code == 0
    assert names(tmp_path / "there/Albums") == {"北京.jpg", "a.jpg"}
    assert album_sort("verify", "--out", "link/../Albums", **call).code == 0
    assert album_sort("undo", "--out", "link/../Albums", **call).code == 0
    assert names(tmp_path / "there/Albums") == set()


def test_the_choice_of_a_python_is_no_setting(tmp_path: Path, album_sort: Program) -> None:
    """bin/environment reads it; the program must not refuse it."""
    assert album_sort("config", "show", cwd=tmp_path, ALBUM_SORT_PYTHON="python3.13").code == 0


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user can look into, which those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="album-sort-homeless-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_user_of_whom_the_system_knows_nothing_sorts_all_the_same_and_is_told_once_where_things_are_kept(
    photos: Path, open_to_all: Path
) -> None:
    """A number of a container: no home folder, no entry among the users. The interpreter is put where that user can read it."""
    if os.getuid() != 0 or shutil.which("unshare") is None or shutil.which("setpriv") is None:
        pytest.skip("only the superuser can become somebody else")
    python, packages = open_to_all / "python", sysconfig.get_path("purelib")
    python.mkdir()
    temporary = open_to_all / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    shutil.copytree(photos, temporary / "Photos")
    (temporary / "Photos").chmod(0o755)
    program = f"{python}/bin/{Path(sys.executable).resolve().name} -m album_sort"
    user = "setpriv --reuid 12345 --regid 12345 --clear-groups"
    line = f"mount --bind {sys.base_prefix} {python} && cd {temporary} && {user} {program} Photos --out Albums {' '.join(NETWORK)}"
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(temporary),
        "PYTHONPATH": f"{REPOSITORY}:{packages}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LD_LIBRARY_PATH": f"{python}/lib",  # where its own library lay is closed to that user
        "NO_COLOR": "1",
    }
    call = ["unshare", "--mount", "bash", "-c", line]
    ran = [subprocess.run(call, env=environment, capture_output=True, encoding="utf-8", check=False) for _ in range(2)]
    if "unshare failed" in ran[0].stderr or "ermission denied" in ran[0].stderr.partition("album-sort")[0]:
        pytest.skip(f"no interpreter can be put where another user reads it: {ran[0].stderr.strip()}")
    assert [one.returncode for one in ran] == [0, 0], ran[0].stderr + ran[1].stderr
    assert ["no home folder" in " ".join(one.stderr.split()) for one in ran] == [True, False]
    assert "Traceback" not in ran[0].stderr + ran[1].stderr
    assert names(temporary / "Albums") == {"北京.jpg", "a.jpg"}
    assert (temporary / "album-sort-12345").stat().st_uid == 12345
