"""Which names a scan leaves out, and why: hidden files, other programs' folders, the user's own patterns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".albumignore"
"""One pattern a line in .gitignore's syntax, for its folder and all below; an empty file leaves out the whole folder."""

# Folders of other programs: previews, caches, bins. Folded names; `*.x` matches by suffix.
JUNK_FOLDERS = {
    "@eadir": "thumbnails of a Synology NAS",
    "#recycle": "recycle bin of a NAS",
    "@recycle": "recycle bin of a NAS",
    "#snapshot": "snapshots of a NAS",
    "$recycle.bin": "Windows recycle bin",
    "recycler": "Windows recycle bin",
    "system volume information": "Windows system folder",
    "lost+found": "file system repair folder",
    "__macosx": "macOS archive leftovers",
    "ipod photo cache": "thumbnails of iTunes",
    "picasaoriginals": "originals kept by Picasa",
    "originals.picasa": "originals kept by Picasa",
    "*.lrdata": "Lightroom previews",
    "*.lrcat-data": "Lightroom catalogue",
    "*.photoslibrary": "Apple Photos library: export its originals first",
    "*.photolibrary": "iPhoto library: export its originals first",
    "*.migratedphotolibrary": "iPhoto library: export its originals first",
    "*.aplibrary": "Aperture library: export its originals first",
    "*.cocatalog": "Capture One catalogue",
}

JUNK_FILES = {
    "thumbs.db": "Windows thumbnails",
    "ehthumbs.db": "Windows thumbnails",
    "desktop.ini": "Windows folder settings",
    "picasa.ini": "Picasa settings",
    "zbthumbnail.info": "thumbnails",
}


def junk_reason(name: str, *, is_folder: bool) -> str:
    """Why a file or folder of this name is left out; empty when it is not."""
    folded = name.casefold()
    table = JUNK_FOLDERS if is_folder else JUNK_FILES
    if folded in table:
        return table[folded]
    if is_folder:
        for pattern, reason in table.items():
            if pattern.startswith("*.") and folded.endswith(pattern[1:]):
                return reason
    if name.startswith("."):
        return "hidden"
    return ""


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The `.albumignore` of one folder."""

    folder: str
    spec: GitIgnoreSpec
    is_whole_folder: bool = False

    @classmethod
    def parse(cls, folder: str, text: str) -> IgnoreRules:
        """Rules from the text of the file; no pattern at all means the whole folder."""
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        return cls(folder, GitIgnoreSpec.from_lines(lines), is_whole_folder=not lines)

    def match(self, path: str, *, is_folder: bool) -> bool:
        """Whether `path`, which lies below the rules' folder, is left out."""
        relative = path[len(self.folder) :].lstrip("/")
        return self.spec.match_file(relative + "/" if is_folder else relative)


@dataclass(frozen=True, slots=True)
class ScanFilter:
    """`--include` and `--exclude`: patterns in .gitignore's syntax, relative to the given folder."""

    include: GitIgnoreSpec | None = None
    exclude: GitIgnoreSpec = field(default_factory=lambda: GitIgnoreSpec.from_lines([]))

    @classmethod
    def of(cls, include: Sequence[str], exclude: Sequence[str]) -> ScanFilter:
        """No include pattern means everything."""
        return cls(
            GitIgnoreSpec.from_lines(include) if include else None,
            GitIgnoreSpec.from_lines(exclude),
        )

    def reason(self, relative: str) -> str:
        """Why a file at this path below its root is left out; empty when it is not."""
        if self.exclude.match_file(relative):
            return "matches --exclude"
        if self.include is not None and not self.include.match_file(relative):
            return "does not match --include"
        return ""
