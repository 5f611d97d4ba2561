"""From a fitted pipeline to one ONNX graph. Needs `onnx`; scoring does not."""

from podium.artifact.compiling.graph import NotCompilable
from podium.artifact.compiling.pipeline import compile_pipeline

__all__ = ["NotCompilable", "compile_pipeline"]
