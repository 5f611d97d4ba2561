"""What a user declares: project.yaml, read and validated once, at the edge."""

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
