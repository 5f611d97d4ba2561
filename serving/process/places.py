"""Slots that can become empty again."""

from __future__ import annotations

from serving.app.slots import Slots


class Places(Slots):
    """Slots of a worker that follows a ledger, in which a stage can be left empty."""

    def remove(self, name: str) -> None:
        """Let nothing answer for `name`; its version is closed when its last request is done."""
        held = self._held.pop(name, None)
        self.refused.pop(name, None)
        if held is not None:
            held.replaced = True
            held.close_if_done()
