"""What the guides say to type is typed: each line by bash, in a home made for its page, with the program as a process.

Programs that must not or cannot do their work in a test have a stand-in (`STAND_INS`): a short list, each with its reason.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

from album_sort.operations.words import terminal_words
from tests import learn_pictures, pictures
from tests.builders import make_jpeg, make_tree, picture_jpeg
from tests.cluster_machines import free_port, started
from tests.conftest import REPOSITORY, Program
from tests.doc_blocks import Block, blocks_by
from tests.terminals import on_a_terminal
from tests.test_cron_guide import verify_units

STAND_INS = {
    "pip": "installs into the environment that runs the tests: the extra is there, and all that it asks for has a version it takes",
    "bin/environment": "takes a minute and a gigabyte: its extras are there, as above; tests/test_environment_script.py runs it",
    "bin/test": "runs these very tests: they are there",
    "ssh": "there is no second machine: a folder is its home",
    "scp": "likewise: the folder is copied into it, by cp, which has the same options",
    "sudo": "a mount is the whole machine's: what is mounted is a folder that has what the other machine has",
    "systemctl": "starts what outlives the test: the unit is enabled as without a session, in a home of its own",
    "cluster": "machines meet at an address of this machine, where the name of another one stands",
}
"""What is not carried out as it stands, and why; see also tests/test_doc_servers.py."""

LONG = re.compile(r"--fine|--ask|--cluster|worker|cluster start")
"""Lines that take several seconds: by `--long`."""


@dataclass(frozen=True)
class Console:
    """A home in which lines are typed; other programs than ours are on the way to them only as far as they must be."""

    home: Path
    program: Program

    def type(self, text: str) -> list[str]:
        """Types the lines of a block; gives what the program printed for each of its calls."""
        told = []
        for line in text.replace("\\\n", " ").splitlines():
            if not line.strip():
                continue
            calls = self.home / "calls"
            calls.write_text("")
            typed = re.sub(r"/(mnt|srv)/", rf"{self.home}/\1/", line)
            done = subprocess.run(
                ["bash", "-e", "-c", typed],
                cwd=self.home,
                env={
                    **os.environ,
                    "HOME": str(self.home),
                    "PATH": f"{self.programs()}:{os.environ['PATH']}",
                    "CALLS": str(calls),
                },
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            words = calls.read_text().split("\0")[:-1]
            assert words or "album-sort" not in line, f"{line}: nothing was called"
            while words:
                name, count = words[0], int(words[1])
                call, words = words[2 : 2 + count], words[2 + count :]
                told.append(self.called(name, call))
        return told

    def programs(self) -> Path:
        """The folder of what only says that it was called."""
        folder = self.home / ".programs"
        if not folder.is_dir():
            for name in ("album-sort", "pip", "ssh", "scp", "sudo", "systemctl"):
                make_tree(folder, {name: f'#!/bin/sh\nprintf \'%s\\0\' {name} "$#" "$@" >>"$CALLS"\n'})
                (folder / name).chmod(0o755)
        return folder

    def called(self, name: str, words: list[str]) -> str:
        if name != "album-sort":
            acts: dict[str, Callable[[list[str]], None]] = {
                "pip": pip,
                "ssh": self.ssh,
                "scp": self.scp,
                "sudo": self.sudo,
                "systemctl": self.systemctl,
            }
            acts[name](words)
            return ""
        if words == ["init"]:
            # It asks, and changes the timetable of whoever runs the tests: with its five answers it shows what it would do.
            words = ["init", "Photos", "--out", "Albums", "--nightly", "--yes", "--dry-run"]
        if "--ask" in words:
            return self.asked(words)
        ran = self.program(*words, cwd=self.home, **self.surroundings())
        assert ran.code == 0, f"{shlex.join(words)}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def surroundings(self) -> dict[str, str]:
        return {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config"), "ALBUM_SORT_OFFLINE": "true"}

    def asked(self, words: list[str]) -> str:
        """On a terminal, where the first question is the last one."""
        code, told = on_a_terminal(words, [("(1 of ", "q")], cwd=self.home, **self.surroundings())  # type: ignore[arg-type] # no number of columns
        assert code == 0, told
        return told

    def ssh(self, words: list[str]) -> None:
        machine, *command = words
        (self.home / machine).mkdir(exist_ok=True)
        subprocess.run(command, cwd=self.home / machine, check=True)

    def scp(self, words: list[str]) -> None:
        *options, source, target = words
        machine, _, path = target.partition(":")
        subprocess.run(["cp", *options, source, f"{self.home}/{machine}/{path}"], check=True)
        assert (self.home / machine / path).is_dir()

    def sudo(self, words: list[str]) -> None:
        mount, option, how, share, folder = words
        assert (mount, option, how) == ("mount", "-o", "ro")
        machine, _, path = share.partition(":")
        assert machine
        assert sorted(os.listdir(path)) == sorted(os.listdir(folder))

    def systemctl(self, words: list[str]) -> None:
        """The unit of the page, where the page says that it is; without a session it is enabled, and `--now` starts nothing."""
        assert words[:3] == ["--user", "enable", "--now"]
        (unit,) = blocks_by("unit", "docs/guides/serve.md")
        make_tree(self.home / ".config/systemd/user", {f"{words[3]}.service": unit.text})
        if shutil.which("systemctl") is None:
            pytest.skip("needs systemctl")
        surroundings = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "SYSTEMD_OFFLINE": "1",
            "XDG_RUNTIME_DIR": str(self.home),
        }
        subprocess.run(
            [shutil.which("systemctl") or "", "--user", "enable", words[3]],
            env=surroundings,
            check=True,
            capture_output=True,
        )
        assert (self.home / ".config/systemd/user/default.target.wants" / f"{words[3]}.service").is_symlink()


def pip(words: list[str]) -> None:
    """That `pip install 'album-sort[extra]'` would have nothing to do."""
    install, what = words
    assert install == "install"
    for extra in Requirement(what).extras:
        has_extra(extra)


def has_extra(extra: str) -> None:
    """That we have such an extra, and here is what it asks for; without what is not installed this is as far as it goes."""
    assert extra in (importlib.metadata.metadata("album-sort").get_all("Provides-Extra") or [])
    for asked in map(Requirement, importlib.metadata.requires("album-sort") or []):
        if asked.marker is None or not asked.marker.evaluate({"extra": extra}) or asked.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(asked.name)
        except importlib.metadata.PackageNotFoundError:
            continue
        assert asked.specifier.contains(version, prereleases=True), asked


# ---- homes


@pytest.fixture
def console(tmp_path: Path, album_sort: Program) -> Console:
    return Console(tmp_path, album_sort)


def photo(pixels: np.ndarray, year: int, month: int = 3) -> bytes:
    return picture_jpeg(pixels, taken=datetime(year, month, 1, 10))


def family(home: Path) -> None:
    """Photos as the page on corrections has them; what nobody is sure of is one of them, and so is a document."""
    cat, coffee = pictures.cat(), pictures.coffee()
    make_tree(
        home,
        {
            "Photos/IMG_0001.jpg": photo(pictures.rocket(), 2024),
            "Photos/Football/a.jpg": photo(coffee[8:], 2023),
            "Photos/Canon/b.jpg": photo(cat[8:], 2022),
            "Photos/receipt.jpg": photo(pictures.page(), 2024),
            **{
                f"Scans/Box-3/{day}.jpg": picture_jpeg(coffee[day:], taken=datetime(2021, 7, day, 10))
                for day in (5, 6, 7)
            },
        },
    )


def sorted_family(console: Console) -> None:
    family(console.home)
    console.called("album-sort", ["Photos", "Scans", "--out", "Albums", "--home", "48.137,11.575"])
    albums = console.home / "Albums"
    assert (albums / "Review/2024/IMG_0001.jpg").is_file()
    assert (albums / "Documents/2024").is_dir()


def corrected(console: Console) -> None:
    """The second half of the page: the photo is where pets are."""
    sorted_family(console)
    console.called("album-sort", ["fix", "Photos/IMG_0001.jpg", "--album", "pets", "--now", "--out", "Albums"])


def own_rules(console: Console) -> None:
    family(console.home)
    shutil.copy(REPOSITORY / "docs/guides/albums-example.toml", console.home / "albums.toml")


def nas(console: Console) -> None:
    """What the laptop sees is mounted already; photos enough for several machines."""
    photos = {f"{number}.jpg": make_jpeg(number, (320, 240)) for number in range(96)}
    make_tree(console.home / "srv/photos", photos)
    make_tree(console.home / "Photos", photos)


def nothing(_console: Console) -> None:
    """Needs none."""


HOMES: dict[str, Callable[[Console], None]] = {
    "docs/guides/albums.md:0": own_rules,
    "docs/guides/cluster.md:0": nothing,
    "docs/guides/cluster.md:1": nothing,
    "docs/guides/cluster.md:2": nas,
    "docs/guides/correcting.md:0": sorted_family,
    "docs/guides/correcting.md:1": corrected,
    "docs/guides/cron.md:0": lambda console: family(console.home),
    "docs/guides/serve.md:8": nothing,
}
"""What there is before the lines of a block are typed."""

ELSEWHERE = {
    "docs/guides/cluster.md": "workers",
    "docs/guides/learn.md": "lessons",
    "docs/guides/serve.md": "servers",
}


@pytest.mark.parametrize("block", [one for one in blocks_by("console") if str(one) in HOMES], ids=str)
def test_what_guides_say_to_type_works(block: Block, console: Console) -> None:
    HOMES[str(block)](console)
    console.type(block.text)
    if str(block) == "docs/guides/cluster.md:1":
        here, there = console.home / ".config/album-sort/cluster", console.home / "laptop/.config/album-sort/cluster"
        assert sorted(os.listdir(here)) == sorted(os.listdir(there))
        assert len(os.listdir(here)) > 2


def test_every_block_of_a_console_is_typed_somewhere() -> None:
    others = {str(one) for one in blocks_by("console")} - set(HOMES)
    assert {one.partition(":")[0] for one in others} <= set(ELSEWHERE)


# ---- machines


@pytest.mark.long
def test_machines_meet_as_the_page_says(console: Console) -> None:
    """At an address of this machine, by one name for all of them."""
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("the extra cluster is not installed")
    nas(console)
    console.type("album-sort cluster certs")
    words = [line for one in blocks_by("console", "docs/guides/cluster.md") for line in one.commands]
    worker, sort, start, local = (shlex.split(line) for line in words if LONG.search(line))
    address, own = f"tls://127.0.0.1:{free_port()}", console.surroundings()

    def here(call: list[str]) -> list[str]:
        called = [
            re.sub(r"tls://\w+:8786", address, word).replace("/srv/", f"{console.home}/srv/") for word in call[1:]
        ]
        return [word.replace("~", str(console.home)) for word in called]

    with started(console.home / "worker.log", *here(worker), environment=own) as laptop:
        laptop.wait_for("waiting for")
        with started(console.home / "sort.log", *here(sort), "--json", environment=own) as run:
            assert run.process.wait(120) == 0, run.said
        assert '"state": "joined"' in run.said
        assert laptop.end(signal.SIGINT, 30) == 130
    assert len([path for path in (console.home / "srv/albums").rglob("*.jpg") if ".album-sort" not in path.parts]) == 96
    with started(console.home / "start.log", *here(start), environment=own) as place:
        place.wait_for(address)
        assert place.end(signal.SIGINT, 30) == 130
    with started(console.home / "local.log", *here(local), environment=own) as run:
        assert run.process.wait(240) == 0, run.said


# ---- lessons


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos in which a dog is often, and products of two kinds; sorted once."""
    folder = tmp_path_factory.mktemp("learn")
    learn_pictures.library(folder / "P")
    (folder / "Photos/dog").mkdir(parents=True)
    for number, path in enumerate(sorted((folder / "P/cat").iterdir())):
        shutil.copy(path, folder / f"Photos/dog/IMG_{100 + number if number < 10 else 200 + number:04}.jpg")
    for number, kind in enumerate(("4711", "4712")):
        (folder / "products" / kind).mkdir(parents=True)
        for path in sorted((folder / "P/other").glob(f"{number}-*.jpg"))[:8]:
            shutil.copy(path, folder / "products" / kind)
    return folder


@pytest.mark.parametrize("is_long", [False, pytest.param(True, marks=pytest.mark.long)])
def test_lessons_are_learned_and_say_what_the_page_shows(taught: Path, album_sort: Program, *, is_long: bool) -> None:
    console = Console(taught, album_sort)
    for albums in ("A", "Albums", "S"):
        shutil.rmtree(taught / albums, ignore_errors=True)
    if not (taught / "Albums").is_dir():
        console.called("album-sort", ["P", "--out", "Albums"])
    first, *others = blocks_by("console", "docs/guides/learn.md")
    (shown, followers) = blocks_by("said", "docs/guides/learn.md")
    (told,) = console.type(first.text)
    assert bare(told)[:3] == bare(shown.text)[:3]
    assert bare(told)[3] == bare(shown.text)[3]
    assert bare(told)[-1] == bare(shown.text)[-1]
    call = "album-sort … --learn auto --dry-run"
    assert followers.text == terminal_words("en", "utf-8").text("would_follow", n=29, call=call)
    for block in others:
        lines = block.text.splitlines()
        console.type("\n".join(line for line in lines if bool(LONG.search(line)) <= is_long))


def bare(text: str) -> list[str]:
    """Its lines without numbers, names of photos and places of programs and albums."""
    text = re.sub(r"\S+\.jpg", "PHOTO", re.sub(r"\S*album-sort undo --out \S+", "UNDO", text))
    return [re.sub(r"\d+", "0", line).strip() for line in text.splitlines()]


# ---- what contributors type


@pytest.mark.parametrize("block", blocks_by("bin/test"), ids=str)
def test_what_contributors_are_to_run_is_there(block: Block, console: Console) -> None:
    """The tests that are named are collected with these; calls of the program are carried out."""
    make_tree(console.home, {"PHOTOS/cat.jpg": photo(pictures.cat(), 2024)})
    shutil.copy(REPOSITORY / "docs/guides/albums-example.toml", console.home / "my-albums.toml")
    for line in block.text.splitlines():
        if line.startswith("album-sort"):
            console.type(line.replace("/tmp/", f"{console.home}/"))  # noqa: S108 - of the page
            continue
        words = shlex.split(line)
        variables = [words.pop(0) for _ in range(line.count("=", 0, line.index("bin/test")))]
        assert variables in ([], ["UPDATE_DOCS=1"])
        assert os.access(REPOSITORY / words[0], os.X_OK)
        for file in words[1:]:
            tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
            functions = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
            assert any(name.startswith("test_") for name in functions), file
            assert not variables or "UPDATE_DOCS" in (REPOSITORY / file).read_text(encoding="utf-8"), file


@pytest.mark.parametrize("block", blocks_by("set-up"), ids=str)
def test_the_set_up_of_contributors(block: Block, tmp_path: Path) -> None:
    """A real clone, of a repository of these files; then the extras are there that it installs."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    clone, environment = (re.split(r"\s{2,}#", line)[0] for line in block.text.splitlines())
    origin = tmp_path / "origin"
    make_tree(origin, {"bin/environment": (REPOSITORY / "bin/environment").read_bytes()})
    (origin / "bin/environment").chmod(0o755)
    git = "git -c user.name=a -c user.email=a@b -c init.defaultBranch=main"
    made = (
        f"cd {origin} && {git} init -q && {git} add . && {git} commit -qm one && mv {origin} {tmp_path}/album-sort.git"
    )
    subprocess.run(["bash", "-e", "-c", made], check=True)
    typed = clone.replace("<this repository>", f"file://{tmp_path}/album-sort.git")
    subprocess.run(
        ["bash", "-e", "-c", f"{typed} && test -x bin/environment"], cwd=tmp_path, check=True, capture_output=True
    )
    program, *extras = shlex.split(environment)
    assert program == "bin/environment"
    for extra in extras:
        has_extra(extra)


@pytest.mark.parametrize("block", blocks_by("benchmarks"), ids=str)
def test_benchmarks_are_called_as_they_are_to_be(block: Block, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Up to the labelled photos, which nobody has here: hours of work on them are left out; tests of each step make theirs up."""
    make_tree(tmp_path, {"FILE": b"weights", "FEATURES/outside-resnet18.npz": b""})
    monkeypatch.chdir(tmp_path)
    for line in block.text.splitlines():
        python, option, name, labelled, *others = shlex.split(line)
        assert (python, option, labelled) == ("python", "-m", "LABELLED.csv")
        module = importlib.import_module(name)
        monkeypatch.setattr(sys, "argv", [name, str(tmp_path / labelled), *others])
        with pytest.raises(FileNotFoundError, match=r"LABELLED\.csv"):
            module.main()


# ---- units for systemd


@pytest.mark.parametrize("page", sorted({block.page for block in blocks_by("unit")}))
def test_units_are_what_systemd_takes(page: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    texts = [block.text.replace("/home/anna", str(tmp_path)) for block in blocks_by("unit", page)]
    names = [f"album-sort.{'timer' if '[Timer]' in text else 'service'}" for text in texts]
    units = dict(zip(names, texts, strict=True))
    for place in ("album-sort/bin", ".local/bin"):
        make_tree(tmp_path / place, {"album-sort": "#!/bin/sh\n"})
        (tmp_path / place / "album-sort").chmod(0o755)
    verify_units(tmp_path, units)
