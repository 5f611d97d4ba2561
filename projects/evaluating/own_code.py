"""Runs code that came with a model: quietly, with that model's own modules, and held to account."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

import numpy as np

from podium.errors import PodiumError

_MOST_CHARACTERS, _MOST_SHOWN = 300, 60
_NEVER_REPLACED = {"__main__", "mlflow", "podium", "projects", "registry_tools", "serving"}


class DoesNotAnswer(PodiumError):
    """A model cannot be loaded, does not answer, or answers what cannot be understood."""


def shown(value: object) -> str:
    """A value as a finding quotes it: short, and numpy's numbers as Python's."""
    plain = value.item() if isinstance(value, np.generic) else value
    text = repr(plain)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} …"


class OwnCode:
    """The modules that a model's folder brings along.

    MLflow puts a model's `code` folder on the import path and leaves it there, so that of two
    models with a `features.py` each the second one would run the first one's. Within `running`
    the modules of this model are the ones that are imported; afterwards they are put away. The
    import state is the process's: one thread at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._root = os.path.join(self.folder, "")
        self._modules: dict[str, ModuleType] | None = None  # before anything ran
        self._paths: list[str] = []

    @contextmanager
    def running(self, doing: str) -> Iterator[None]:
        """Whatever is raised within, a sys.exit included, becomes a DoesNotAnswer of one sentence.

        `doing`: what the model was asked for, such as "answering 100 rows". Nothing is printed,
        warned of or logged by MLflow meanwhile.
        """
        try:
            with self._imported(), _quiet():
                yield
        except (DoesNotAnswer, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            raise DoesNotAnswer(
                f"The model failed {doing}: {_sentence(error)}",
                remedy="Load it with mlflow.pyfunc.load_model and see it answer first.",
            ) from error

    @contextmanager
    def _imported(self) -> Iterator[None]:
        paths, aside = list(sys.path), self._set_aside()
        sys.path[:0] = self._paths
        sys.modules.update(self._modules or {})
        count = len(sys.modules)
        try:
            yield
        finally:
            if self._modules is None or len(sys.modules) != count:  # looking takes a millisecond
                self._modules = {n: m for n, m in sys.modules.items() if self._is_own(_place(m))}
            for name in self._modules:
                sys.modules.pop(name, None)
            sys.modules.update(aside)
            self._paths = [path for path in dict.fromkeys(sys.path) if self._is_own(path)]
            sys.path[:] = paths

    def _set_aside(self) -> dict[str, ModuleType]:
        """Modules of others that bear names of this model's, taken off `sys.modules`."""
        names = self._names_in_use() if self._modules is None else list(self._modules)
        return {name: sys.modules.pop(name) for name in names if name in sys.modules}

    def _names_in_use(self) -> list[str]:
        code = self.folder / "code"
        if not code.is_dir():
            return []
        tops = {path.stem for path in code.iterdir()} - _NEVER_REPLACED
        found = ((name, _place(module)) for name, module in list(sys.modules.items()))
        return [
            name for name, at in found if name.partition(".")[0] in tops and not _is_installed(at)
        ]

    def _is_own(self, place: object) -> bool:
        return isinstance(place, str) and os.path.join(place, "").startswith(self._root)


def _place(module: object) -> object:
    """Where a module is; a package without `__init__.py` has no file, only a path."""
    known = getattr(module, "__dict__", {})
    return known.get("__file__") or next(iter(known.get("__path__") or ()), None)


def _is_installed(place: object) -> bool:
    """Whether it comes with Python or from a package index: two of those would not get along."""
    library = os.path.dirname(os.__file__)
    return not isinstance(place, str) or "site-packages" in place or place.startswith(library)


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("mlflow")
    level = logger.level
    with ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
        stack.enter_context(redirect_stdout(nowhere))
        stack.enter_context(redirect_stderr(nowhere))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            logger.setLevel(level)


def _sentence(error: BaseException) -> str:
    """The type and the first line of what was said, cut where it is long."""
    if isinstance(error, SystemExit):
        return f"it ends the process (sys.exit({error.code!r}))."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    if len(text) > _MOST_CHARACTERS:
        text = f"{text[:_MOST_CHARACTERS]} …"
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
