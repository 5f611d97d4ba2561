"""`podium projects`: the projects that ship with Podium."""

from __future__ import annotations

from podium.command import Result
from podium.command import command as podium_command


@podium_command("projects", examples="podium projects\npodium projects --json")
def command() -> Result:
    """List the bundled projects: what each predicts, and where its declaration is."""
    from podium.reports.text import text_table
    from podium.spec import load_declaration
    from projects.jobs.find import bundled_projects

    declared = {name: load_declaration(path) for name, path in bundled_projects().items()}
    rows = [
        (name, d.project.task, d.project.description or d.project.target.column, str(d.folder))
        for name, d in declared.items()
    ]
    document = [
        dict(zip(("name", "task", "description", "folder"), row, strict=True)) for row in rows
    ]
    text = text_table(("project", "task", "predicts", "folder"), rows).rstrip()
    return Result(text, {"projects": document})
