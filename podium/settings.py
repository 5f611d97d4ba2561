"""The settings of this machine's Podium: whom to notify, and where state is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from podium.errors import NotFound, SpecError, UsageError, did_you_mean
from podium.spec.yaml_file import read_yaml

ACTIONS = (
    "adopt",
    "policy",
    "evaluate",
    "approve",
    "reject",
    "promote",
    "rollback",
    "traffic",
    "judge",
    "retrain",
    "retire",
    "restart",
)
_TARGET_KEYS = ("url", "secret", "secret_env", "allow_http", "allow_private", "actions")


@dataclass(frozen=True)
class Target:
    """One URL that is told of the ledger's entries.

    `secret` signs what is sent; without one nothing is signed. `actions` are those that the URL is
    told of; None is all of them.
    """

    url: str
    secret: str | None = field(default=None, repr=False)
    allow_http: bool = False
    allow_private: bool = False
    actions: tuple[str, ...] | None = None

    def wants(self, action: str) -> bool:
        """Whether this URL is told of entries with `action`."""
        return self.actions is None or action in self.actions


@dataclass(frozen=True)
class Settings:
    """What the environment and the settings file say, both validated.

    `file` is the settings file that was read, None where there is none.
    """

    notify: tuple[Target, ...]
    state_folder: Path
    file: Path | None = None


def load_settings(environ: Mapping[str, str], home: Path) -> Settings:
    """The settings: the environment first, then the settings file, then the defaults.

    The file is the one that PODIUM_SETTINGS names, else podium/settings.yaml below
    XDG_CONFIG_HOME (~/.config). PODIUM_NOTIFY_URL replaces the file's targets, which
    are not read then.

    Raises:
        UsageError: an unknown key, or a value that cannot be; names the file and the key.
        NotFound: PODIUM_SETTINGS names a file that is not there.
    """
    file = _settings_file(environ, home)
    targets = _targets_of_environment(environ)
    if not targets and file is not None:
        targets = _targets_of_file(file, environ)
    return Settings(targets, state_folder(environ, home), file)


def state_folder(environ: Mapping[str, str], home: Path) -> Path:
    """The folder, absolute, where Podium keeps what has to outlive a process."""
    if named := environ.get("PODIUM_STATE"):
        return Path(named).expanduser().absolute()
    base = environ.get("XDG_STATE_HOME")
    return (Path(base) if base else home / ".local" / "state").absolute() / "podium"


def shown_url(url: str) -> str:
    """`url` as it may be shown: without user and query, a long path shortened, because the path
    of a chat's webhook is what allows to post there.
    """
    parts = _split(url)
    if parts is None or not parts.hostname:
        return f"{url[:8]}…" if len(url) > 8 else url
    path = parts.path if len(parts.path) <= 16 else f"{parts.path[:9]}…{parts.path[-4:]}"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{path}{'?…' if parts.query else ''}"


def _settings_file(environ: Mapping[str, str], home: Path) -> Path | None:
    if named := environ.get("PODIUM_SETTINGS"):
        file = Path(named).expanduser().absolute()
        if not file.is_file():
            raise NotFound(
                f"PODIUM_SETTINGS names {file}, which is no file.",
                remedy="Correct the path, or unset PODIUM_SETTINGS.",
            )
        return file
    base = environ.get("XDG_CONFIG_HOME")
    file = (Path(base) if base else home / ".config").absolute() / "podium" / "settings.yaml"
    return file if file.is_file() else None


def _targets_of_environment(environ: Mapping[str, str]) -> tuple[Target, ...]:
    allowed = _words(environ.get("PODIUM_NOTIFY_ALLOW", ""))
    for word in allowed:
        _known("PODIUM_NOTIFY_ALLOW", word, ("http", "private"))
    return _distinct(
        _checked(
            Target(
                url,
                secret=environ.get("PODIUM_NOTIFY_SECRET") or None,
                allow_http="http" in allowed,
                allow_private="private" in allowed,
            ),
            "PODIUM_NOTIFY_URL",
            "Set PODIUM_NOTIFY_ALLOW=http (http,private for an address of your own network)",
        )
        for url in _words(environ.get("PODIUM_NOTIFY_URL", ""))
    )


def _targets_of_file(file: Path, environ: Mapping[str, str]) -> tuple[Target, ...]:
    raw = _keys_of(file)
    for key in raw:
        _known(str(file), key, ("notify",))
    items = raw.get("notify")
    if items is None:
        return ()
    if not isinstance(items, list):
        raise _wrong(f"{file}: notify", "should be a list of targets, each with a url")
    return _distinct(
        _target(item, f"{file}: notify.{place}", environ) for place, item in enumerate(items)
    )


def _target(item: Any, where: str, environ: Mapping[str, str]) -> Target:
    if not isinstance(item, dict):
        raise _wrong(where, "should be a section of keys, with a url")
    for key in item:
        _known(where, key, _TARGET_KEYS)
    target = Target(
        url=_text(item, "url", where),
        secret=_secret(item, where, environ),
        allow_http=_flag(item, "allow_http", where),
        allow_private=_flag(item, "allow_private", where),
        actions=_actions(item, where),
    )
    return _checked(target, f"{where}.url", "Add allow_http: true to it")


def _checked(target: Target, where: str, to_allow_http: str) -> Target:
    parts, shown = _split(target.url), shown_url(target.url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"{where}: {shown!r} is no address to send to.",
            remedy="Write one like https://example.com/hook, in ASCII, without blanks.",
        )
    if "@" in parts.netloc:
        raise UsageError(
            f"{where}: {shown!r} holds a user or a password.",
            remedy="Leave it out; a secret, by which receivers know the sender, goes into secret.",
        )
    if parts.scheme == "http" and not target.allow_http:
        raise UsageError(
            f"{where}: {shown!r} is not encrypted.",
            remedy=f"Use https://. {to_allow_http} where the network is trusted.",
        )
    if any(0xD800 <= ord(character) <= 0xDFFF for character in target.secret or ""):
        raise UsageError(f"{where}: its secret is no UTF-8 text.", remedy="Set another one.")
    return target


def _split(url: str) -> SplitResult | None:
    """The parts of `url`; None where it cannot be sent to as it is."""
    if not url.isascii() or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        return None
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _distinct(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Each URL once; the last that names it holds."""
    return tuple({target.url: target for target in targets}.values())


def _text(item: Mapping[str, Any], key: str, where: str) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(f"{where}.{key}", "should be text")
    return value


def _flag(item: Mapping[str, Any], key: str, where: str) -> bool:
    value = item.get(key, False)
    if not isinstance(value, bool):
        raise _wrong(f"{where}.{key}", f"should be true or false, not {value!r}")
    return value


def _actions(item: Mapping[str, Any], where: str) -> tuple[str, ...] | None:
    value = item.get("actions")
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise _wrong(f"{where}.actions", "should be a list of actions, like [promote, rollback]")
    for action in value:
        _known(f"{where}.actions", action, ACTIONS)
    return tuple(value)


def _secret(item: Mapping[str, Any], where: str, environ: Mapping[str, str]) -> str | None:
    """The secret. Its value is part of no error."""
    if "secret" in item and "secret_env" in item:
        raise _wrong(where, "has both secret and secret_env; keep one")
    if "secret" in item:
        return _text(item, "secret", where)
    if "secret_env" not in item:
        return None
    name = _text(item, "secret_env", where)
    if not environ.get(name):
        raise UsageError(
            f"{where}.secret_env: the environment has no {name}.",
            remedy=f"Set {name} to the secret that the receiver knows.",
        )
    return environ[name]


def _keys_of(file: Path) -> dict[str, Any]:
    """The keys in `file`. The reader's own words are kept back: they may quote a secret."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    if all(not line.strip() or line.lstrip().startswith("#") for line in lines):
        return {}
    try:
        return read_yaml(file)
    except SpecError as error:
        found = re.findall(r"line (\d+)", error.what)
        at = f" (line {found[-1]})" if found else ""
    raise UsageError(
        f"{file} is no YAML file of keys{at}.",
        remedy="Write it like: notify: [{url: https://example.com/hook}]",
    )


def _known(where: str, word: object, known: tuple[str, ...]) -> None:
    if word not in known:
        raise UsageError(f"{where}: {word!r} is not known.", remedy=did_you_mean(word, known))


def _wrong(where: str, what: str) -> UsageError:
    return UsageError(f"{where} {what}.", remedy="`podium notify --help` shows the file.")


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]
