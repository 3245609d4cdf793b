"""Which names a scan leaves out, and why: hidden files, other programs' folders, the user's own patterns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from album_sort.core.glob import Globs
from album_sort.types import Reason

IGNORE_FILE = ".albumignore"
"""One pattern a line in .gitignore's syntax, for its folder and all below; an empty file leaves out the whole folder."""

# Folders of other programs: previews, caches, bins. Folded names with the code of the reason; `*.x` matches by suffix.
JUNK_FOLDERS = {
    "@eadir": "skip.synology-thumbnails",
    "#recycle": "skip.nas-recycle-bin",
    "@recycle": "skip.nas-recycle-bin",
    "#snapshot": "skip.nas-snapshots",
    "$recycle.bin": "skip.windows-recycle-bin",
    "recycler": "skip.windows-recycle-bin",
    "system volume information": "skip.windows-system-folder",
    "lost+found": "skip.repair-folder",
    "__macosx": "skip.macos-archive-leftovers",
    "ipod photo cache": "skip.itunes-thumbnails",
    "picasaoriginals": "skip.picasa-originals",
    "originals.picasa": "skip.picasa-originals",
    "*.lrdata": "skip.lightroom-previews",
    "*.lrcat-data": "skip.lightroom-catalogue",
    "*.photoslibrary": "skip.apple-photos-library",
    "*.photolibrary": "skip.iphoto-library",
    "*.migratedphotolibrary": "skip.iphoto-library",
    "*.aplibrary": "skip.aperture-library",
    "*.cocatalog": "skip.capture-one-catalogue",
}

JUNK_FILES = {
    "thumbs.db": "skip.windows-thumbnails",
    "ehthumbs.db": "skip.windows-thumbnails",
    "desktop.ini": "skip.windows-folder-settings",
    "picasa.ini": "skip.picasa-settings",
    "zbthumbnail.info": "skip.thumbnails",
}


def junk_reason(name: str, *, is_folder: bool) -> Reason | None:
    """Why a file or folder of this name is left out; None when it is not."""
    folded = name.casefold()
    table = JUNK_FOLDERS if is_folder else JUNK_FILES
    if folded in table:
        return Reason(table[folded])
    if is_folder:
        for pattern, code in table.items():
            if pattern.startswith("*.") and folded.endswith(pattern[1:]):
                return Reason(code)
    return Reason.of("skip.hidden") if name.startswith(".") else None


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The `.albumignore` of one folder."""

    folder: str
    globs: Globs
    is_whole_folder: bool = False

    @classmethod
    def parse(cls, folder: str, text: str) -> IgnoreRules:
        """Rules from the text of the file; no pattern at all means the whole folder. Raises `PatternFault`."""
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        return cls(folder, Globs.of(lines), is_whole_folder=not lines)

    def match(self, path: str, *, is_folder: bool) -> bool:
        """Whether `path`, which lies below the rules' folder, is left out."""
        return self.globs.match(path[len(self.folder) :], is_folder=is_folder)


@dataclass(frozen=True, slots=True)
class ScanFilter:
    """`--include` and `--exclude`: patterns in .gitignore's syntax, relative to the given folder; case does not count."""

    include: Globs | None = None
    exclude: Globs = field(default_factory=Globs)

    @classmethod
    def of(cls, include: Sequence[str], exclude: Sequence[str]) -> ScanFilter:
        """No include pattern means everything. Raises `PatternFault`."""
        return cls(
            Globs.of([*map(pattern_as_meant, include)]) if include else None,
            Globs.of([*map(pattern_as_meant, exclude)]),
        )

    def reason(self, relative: str) -> Reason | None:
        """Why a file at this path below its root is left out; None when it is not."""
        folded = relative.casefold()
        if self.exclude.match(folded):
            return Reason.of("skip.excluded")
        if self.include is not None and not self.include.match(folded):
            return Reason.of("skip.not-included")
        return None


def pattern_as_meant(pattern: str) -> str:
    """A pattern as people mean it who know those of shells: `*/Downloads/*` is any folder of that name, also at the top."""
    sign, bare = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    return sign + (f"**/{bare[2:]}" if bare.startswith("*/") else bare).casefold()
