"""How other environments find this Podium: the line of conda.yaml that installs it."""

from __future__ import annotations

import json
import re
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

import podium
from podium.errors import UsageError
from projects.scaffolding.place import home

DISTRIBUTION = "podium-mlops"
_URL = re.compile(r"file:///\S|(https?|git\+(https?|ssh|file|git))://\S", re.I)
_FORMS = (
    "Give a checkout's folder, a wheel, a URL such as git+https://host/podium@v1, or a requirement "
    f"such as {DISTRIBUTION}==1.0."
)


def podium_requirement(given: str | None, base: Path) -> str:
    """The requirement that installs Podium: what is `given`, else the one that is installed here.

    `given` is a path below `base` (a wheel or a checkout), a URL, or a requirement.
    Raises UsageError where it is none of these.
    """
    return installed_requirement() if given is None else _given(given, base)


def installed_requirement() -> str:
    """Where the Podium that runs comes from.

    Its checkout's folder, where it runs from one (installed editable, or not at all); else what
    the installed distribution says of its origin (PEP 610): a local wheel or folder, a URL, a
    commit; else its version.
    """
    checkout = Path(podium.__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").is_file():
        return f"{DISTRIBUTION} @ {checkout.as_uri()}"
    return _recorded_requirement()


def _recorded_requirement() -> str:
    for found in distributions(name=DISTRIBUTION):
        recorded = found.read_text("direct_url.json")
        if recorded is not None:
            return f"{DISTRIBUTION} @ {_url(json.loads(recorded))}"
    return f"{DISTRIBUTION}=={podium.__version__}"


def _url(recorded: dict[str, Any]) -> str:
    """The URL that pip takes for what PEP 610 records."""
    url = str(recorded["url"])
    control = recorded.get("vcs_info")
    if control:
        url = f"{control['vcs']}+{url}@{control['commit_id']}"
    inside = recorded.get("subdirectory")
    return f"{url}#subdirectory={inside}" if inside else url


def _given(given: str, base: Path) -> str:
    path = (base / home(given, "--podium")).resolve()
    if path.exists():
        return f"{DISTRIBUTION} @ {_installable(path).as_uri()}"
    if "://" in given and "@" not in given.partition("://")[0]:
        return f"{DISTRIBUTION} @ {_reachable(given, given)}"
    try:
        requirement = Requirement(given)
    except InvalidRequirement:
        raise _refused(given) from None
    if canonicalize_name(requirement.name) != DISTRIBUTION:
        raise _refused(given)
    if requirement.url is not None and "://" not in requirement.url:
        local = (base / home(requirement.url, "--podium")).resolve()
        if not local.exists():
            raise _refused(given)
        requirement.url = _installable(local).as_uri()
        return str(requirement)
    if requirement.url is not None:
        _reachable(requirement.url, given)
    return given


def _reachable(url: str, given: str) -> str:
    """`url`, of a kind that pip takes; UsageError for another."""
    if not _URL.match(url):
        raise _refused(given)
    return url


def _refused(given: str) -> UsageError:
    return UsageError(
        f"--podium: {given!r} is no file or folder, no URL (file, http, https or git+…), and no "
        f"requirement of {DISTRIBUTION}.",
        remedy=_FORMS,
    )


def _installable(path: Path) -> Path:
    if path.is_dir() and not (path / "pyproject.toml").is_file():
        raise UsageError(
            f"--podium: {path} has no pyproject.toml, so it is no checkout of Podium.",
            remedy=_FORMS,
        )
    if path.is_file() and not path.name.endswith((".whl", ".tar.gz", ".zip")):
        raise UsageError(
            f"--podium: {path} is neither a wheel nor a source archive.", remedy=_FORMS
        )
    return path
