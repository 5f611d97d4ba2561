"""API keys: kept as hashes in a file, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
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
        raise NotFound(
            f"There is no file of API keys at {file}.", remedy=f"podium keys {file} --add NAME"
        ) from None
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


def add_key(file: Path, name: str) -> str:
    """Make a key for `name` and keep its hash in `file`; the key itself is kept nowhere."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a key.", remedy="Take letters, digits, and any of . _ @ -"
        )
    known = read_keys(file) if file.exists() else {}
    if name in known:
        raise UsageError(
            f"{file} has a key {name} already.", remedy=f"podium keys {file} --revoke {name}"
        )
    key = f"pk_{secrets.token_urlsafe(32)}"
    _write(file, known | {name: hash_of(key)})
    return key


def revoke_key(file: Path, name: str) -> None:
    """Remove the key of `name`. Raises NotFound where there is none."""
    known = read_keys(file)
    if name not in known:
        names = ", ".join(known) or "none"
        raise NotFound(f"{file} has no key {name}.", remedy=f"It has: {names}.")
    _write(file, {other: digest for other, digest in known.items() if other != name})


def _write(file: Path, keys: Mapping[str, str]) -> None:
    """In one step, so that no server reads half of it; for its owner's eyes."""
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    lines = "".join(f"{name} {digest}\n" for name, digest in keys.items())
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(lines)
    scratch.replace(file)


class Keys:
    """The keys in a file, read again when it changes; a file that went bad changes nothing.

    Raises NotFound or UsageError where it cannot be read at first.
    """

    def __init__(self, file: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._now = now
        self._known = read_keys(file)
        self._stamp = self._stamped()
        self._looked = now()

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
        self._stamp = stamp
        try:
            self._known = read_keys(self._file)
            _log.info("API keys: %d are known now", len(self._known))
        except (NotFound, UsageError) as error:
            _log.error("API keys: %s Those read before still hold.", error)

    def _stamped(self) -> tuple[int, int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
