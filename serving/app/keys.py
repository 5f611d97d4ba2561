"""API keys: kept as hashes in a file, compared in constant time."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from podium.errors import NotFound, UsageError

_LINE = re.compile(r"([^\s#]+)\s+([0-9a-f]{64})")
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)


def hash_of(key: str | bytes) -> str:
    """SHA-256 of a key, in hex. Keys are random and long, so nothing slower is needed."""
    return hashlib.sha256(key.encode() if isinstance(key, str) else key).hexdigest()


def read_keys(file: Path) -> dict[str, str]:
    """Hashes by name. Raises NotFound, or UsageError naming the line that is none of ours."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise _no_file(file) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The API keys in {file} cannot be read: {error}.") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = _LINE.fullmatch(line.strip())
        if parts is None or parts[1] in found:
            problem = "names a key twice" if parts else "is not `NAME SHA256`"
            raise UsageError(
                f"{file}, line {number}, {problem}.",
                remedy=f"podium keys {file} --add NAME writes such lines.",
            )
        found[parts[1]] = parts[2]
    return found


def _no_file(file: Path) -> NotFound:
    return NotFound(
        f"There is no file of API keys at {file}.", remedy=f"podium keys {file} --add NAME"
    )


def add_key(file: Path, name: str) -> str:
    """Make a key for `name` and keep its hash in `file`; the key itself is kept nowhere."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a key.", remedy="Take letters, digits, and any of . _ @ -"
        )
    key = f"pk_{secrets.token_urlsafe(32)}"
    with _held(file, create=True) as real:
        if name in read_keys(real):
            raise UsageError(
                f"{file} has a key {name} already.", remedy=f"podium keys {file} --revoke {name}"
            )
        before = real.read_text(encoding="utf-8")
        gap = "" if before.endswith("\n") or not before else "\n"
        _replace(real, f"{before}{gap}{name} {hash_of(key)}\n")
    return key


def revoke_key(file: Path, name: str) -> None:
    """Remove the key of `name`. Raises NotFound where there is none."""
    with _held(file) as real:
        known = read_keys(real)
        if name not in known:
            names = ", ".join(known) or "none"
            raise NotFound(f"{file} has no key {name}.", remedy=f"It has: {names}.")
        lines = real.read_text(encoding="utf-8").splitlines(keepends=True)
        _replace(real, "".join(line for line in lines if line.split()[:1] != [name]))


@contextmanager
def _held(file: Path, *, create: bool = False) -> Iterator[Path]:
    """The file itself, behind links, while nobody else changes it. Raises NotFound."""
    real = file.resolve()
    while True:
        try:
            descriptor = os.open(real, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
        except FileNotFoundError:
            raise _no_file(file) from None
        with os.fdopen(descriptor) as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):  # else somebody put another in its place meanwhile
                if os.path.samestat(os.fstat(held.fileno()), real.stat()):
                    yield real
                    return


def _replace(file: Path, content: str) -> None:
    """In one step, so that no server reads half of it; with the owner and mode that it has."""
    before = file.stat()
    scratch = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(content)
        os.fchmod(written.fileno(), stat.S_IMODE(before.st_mode))
        if (before.st_uid, before.st_gid) != (os.getuid(), os.getgid()):
            os.fchown(written.fileno(), before.st_uid, before.st_gid)
    scratch.replace(file)


class Keys:
    """The keys in a file, read again when it changes; a file that went bad changes nothing.

    Raises NotFound or UsageError where it cannot be read at first.
    """

    def __init__(self, file: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._now = now
        self._said = ""
        self._looked = now()
        self._stamp = self._stamped()
        self._known = read_keys(file)

    def name_of(self, key: bytes) -> str | None:
        """Whose key it is; None where it is nobody's. Takes as long for each."""
        self._look()
        digest, found = hash_of(key), None
        for name, known in self._known.items():
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def _look(self) -> None:
        if self._now() - self._looked < _LOOK_SECONDS:
            return
        self._looked = self._now()
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        try:
            self._known = read_keys(self._file)
        except (NotFound, UsageError) as error:
            if str(error) != self._said:
                _log.error("API keys: %s Those read before still hold.", error)
            self._said = str(error)  # it is tried again, and said once
            return
        self._stamp, self._said = stamp, ""
        _log.info("API keys: %d are known now", len(self._known))

    def _stamped(self) -> tuple[int, int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
