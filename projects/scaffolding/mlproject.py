"""MLproject and conda.yaml of a project in a folder of its own."""

from __future__ import annotations

from collections.abc import Mapping

from projects.scaffolding.yaml_words import comment, scalar

PYTHON = ">=3.11,<3.14"
_TRAIN = ("data", "estimator", "params", "rows", "seed")
ENTRY_POINTS: Mapping[str, tuple[str, ...]] = {
    "main": (*_TRAIN, "run_name"),
    "train": (*_TRAIN, "register", "run_name"),
    "tune": (
        *("data", "estimator", "params", "rows", "trials", "timeout", "workers", "folds"),
        *("sampler", "pruner", "stop", "seed", "resume", "storage", "engine", "master"),
        *("register", "run_name"),
    ),
    "evaluate": (*("candidate", "against", "data", "rows", "overlap", "seed", "out", "run_name"),),
    "reproduce": ("run", "data", "run_name"),
}
_WIDTH = 96


def mlproject_text(name: str) -> str:
    """The MLproject of the project `name`: the jobs of Podium, on the folder that it lies in."""
    lines = [
        '# Every parameter is a string; "" means not given. The command itself validates.',
        *comment(
            "-P keeps Python from taking a folder here, such as projects/, for a package that is "
            "installed."
        ),
        f"name: {scalar(name)}",
        "conda_env: conda.yaml",
        "",
        "entry_points:",
    ]
    for entry, parameters in ENTRY_POINTS.items():
        lines += [f"  {entry}:", "    parameters:"]
        lines += [f'      {each}: {{type: string, default: ""}}' for each in parameters]
        lines += ["    command: >-", *_command(entry, parameters), ""]
    return "\n".join(lines)


def conda_text(name: str, requirement: str) -> str:
    """The conda.yaml that installs Podium by `requirement`."""
    lines = [
        *comment("What `mlflow run` installs with --env-manager conda, virtualenv or uv."),
        *comment(
            "The last line says where Podium comes from: a release, a wheel, a checkout or a "
            "repository. --env-manager local takes the Podium that is installed, whatever it says."
        ),
        f"name: {scalar(name)}",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python{PYTHON}",
        "  - pip",
        "  - pip:",
        f"      - {scalar(requirement)}",
    ]
    return "\n".join(lines) + "\n"


def _command(entry: str, parameters: tuple[str, ...]) -> list[str]:
    """The command in lines of a folded block."""
    verb = "train" if entry == "main" else entry
    words = ["python -P -m podium", verb]
    words += ["--project ."] * (entry != "reproduce")  # the run says which project it was
    words += [f"--{p.replace('_', '-')} {{{p}}}" for p in parameters]
    words += ["--register yes"] * (entry == "main")
    lines = ["      "]
    for word in words:
        if len(lines[-1]) + len(word) > _WIDTH:
            lines.append("      ")
        lines[-1] += f"{word} "
    return [line.rstrip() for line in lines]
