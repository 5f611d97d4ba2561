"""Every command of README.md, run as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, environment, server

README = (ROOT / "README.md").read_text()
SERVERS = {"mlflow ui": "health", "mlflow models serve": "ping", "podium serve": "ready"}


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def run_here(command: str, checkout: Path) -> str:
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=checkout,
        env=environment(checkout, PYTHONPATH=str(checkout)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr[-3000:]}"
    return done.stdout


def address(command: str) -> str:
    words = shlex.split(command)
    return f"http://127.0.0.1:{words[words.index('--port') + 1]}/"


def test_readme_is_at_most_150_lines() -> None:
    assert len(README.splitlines()) <= 150


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_folders_that_the_readme_maps_exist() -> None:
    for folder in re.findall(r"^\| `([^`]+/)`", README, flags=re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this checkout, in which commands may leave what they like."""
    copy = tmp_path / "podium"
    leave = shutil.ignore_patterns(".venv*", ".git", "mlruns", "mlflow.db", ".*_cache", "build")
    shutil.copytree(ROOT, copy, ignore=leave)
    return copy


@pytest.mark.e2e
@pytest.mark.slow
def test_every_command_of_the_readme_works(checkout: Path) -> None:
    seen = set()
    with ExitStack() as servers:
        for command in commands():
            seen.add(next(word for word in command.split() if "=" not in word))
            if command.startswith("source "):
                continue  # the tests run in an environment already
            if command.startswith("make "):
                run_here(f"make --dry-run {command.split()[1]}", checkout)
            elif page := next((SERVERS[name] for name in SERVERS if command.startswith(name)), ""):
                env = environment(checkout)
                one = server(shlex.split(command), address(command) + page, checkout, env)
                servers.enter_context(one)
            else:
                check_output(command, run_here(command, checkout))
    assert seen == {"make", "source", "mlflow", "podium", "python", "curl"}


def check_output(command: str, output: str) -> None:
    if command.startswith("curl"):
        (row,) = json.loads(output)["predictions"]
        assert row["prediction"] in (0, 1)
        assert 0 < row["probability"] < 1
    elif command.startswith(("podium status", "podium history flight_delay --at")):
        assert "Production  version 3, since" in output  # version 4 was there, and rolled back
    elif " > " not in command:
        assert output.strip()
