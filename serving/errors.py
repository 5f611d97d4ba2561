"""What serving refuses."""

from __future__ import annotations

from podium.errors import PodiumError


class NotServable(PodiumError):
    """A version that cannot be loaded, is not the one that was pinned, or does not answer."""
