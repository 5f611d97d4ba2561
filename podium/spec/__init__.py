"""What a user declares: project.yaml, read and validated once, at the edge.

Names are looked up when they are first used: the registry needs parts of a declaration, and not
the metrics that a whole one is checked against.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podium.spec.load import FILE_NAME, Declaration, load_declaration
    from podium.spec.names import LEDGER_SUFFIX, model_name_problem
    from podium.spec.parts import Features, Split, Task, Threshold
    from podium.spec.project import Project, label_text

__all__ = [
    "FILE_NAME",
    "LEDGER_SUFFIX",
    "Declaration",
    "Features",
    "Project",
    "Split",
    "Task",
    "Threshold",
    "label_text",
    "load_declaration",
    "model_name_problem",
]
_MODULES = ("names", "parts", "project", "load")


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            found = vars(import_module(f"podium.spec.{module}"))
            if name in found:
                return found[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
