"""The secrets of a server: the token that its owner has, and what a browser gets instead of it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from album_sort.errors import UsageError, in_plain_words
from album_sort.sentences import sentence

LEAST_CHARACTERS = 16
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Keys:
    """All that is compared; made from the one token, so that a page that was open before a restart still works."""

    token: str
    """What its owner gives: in the address that is printed, or in a program's header."""

    @property
    def session(self) -> str:
        """In a browser's cookie: who has opened the printed address."""
        return self._derived("session")

    @property
    def page(self) -> str:
        """In the page, sent back in a header: proves that a request comes from a page of ours, which no other site can read."""
        return self._derived("page")

    def is_token(self, given: str) -> bool:
        """Compared in a time that tells nothing."""
        return _equal(given, self.token)

    def is_session(self, given: str) -> bool:
        """The same of the cookie."""
        return _equal(given, self.session)

    def is_page(self, given: str) -> bool:
        """The same of the page's header."""
        return _equal(given, self.page)

    def _derived(self, use: str) -> str:
        return hmac.new(self.token.encode(), use.encode(), hashlib.sha256).hexdigest()


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def passing_keys() -> Keys:
    """For a server that asks nobody who they are: they last as long as it does."""
    return Keys(secrets.token_urlsafe(32))


def kept_keys(file: Path) -> Keys:
    """The token of a file, which is made where it is not there, for its owner's eyes only; raises `UsageError` for one others can read."""
    with contextlib.suppress(FileExistsError):
        _make(file)
    token = _read(file)
    if len(token) < LEAST_CHARACTERS or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            sentence("serve.the-token-in-cannot", file=str(file), least_characters=LEAST_CHARACTERS),
            hint=sentence("serve.remove-the-file-and"),
        )
    return Keys(token)


def _make(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise UsageError(
            sentence("serve.cannot-keep-the-token", file=str(file), why=in_plain_words(error)),
            hint=sentence("serve.give-another-token-file"),
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as target:
        target.write(secrets.token_urlsafe(32) + "\n")


def _read(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as source:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(
                    sentence("serve.the-token-file-is", file=str(file)), hint=sentence("serve.give-another-token-file")
                )
            if status.st_mode & 0o077 or status.st_uid not in (os.getuid(), 0):
                raise UsageError(
                    sentence("serve.the-token-in-can", file=str(file)),
                    hint=sentence("serve.chmod-600-or-remove", file=file),
                )
            return source.read(_MOST_BYTES).decode("utf-8", "replace").strip()
    except OSError as error:
        raise UsageError(
            sentence("serve.cannot-read-the-token", file=str(file), why=in_plain_words(error)),
            hint=sentence("serve.give-another-token-file"),
        ) from error
