"""The files of a project."""

from __future__ import annotations

from projects.scaffolding.declared import project_yaml
from projects.scaffolding.findings import Findings
from projects.scaffolding.mlproject import conda_text, mlproject_text
from projects.scaffolding.readme import readme_text

FILES = ("project.yaml", "README.md", "MLproject", "conda.yaml")


def files_of(name: str, source: str, found: Findings, requirement: str) -> dict[str, bytes]:
    """The content of each file by its name. `requirement` installs Podium."""
    return with_environment(
        project_yaml(name, source, found), readme_text(name, source, found), name, requirement
    )


def with_environment(declared: str, readme: str, name: str, requirement: str) -> dict[str, bytes]:
    """A declaration and a README, and the files that are alike in all projects."""
    texts = (declared, readme, mlproject_text(name), conda_text(name, requirement))
    return {file: text.encode() for file, text in zip(FILES, texts, strict=True)}
