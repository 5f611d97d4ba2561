"""What a server counts, for Prometheus."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
MULTIPLE_PROCESSES = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """Counters of one worker. `page` adds up those of all workers where they share a folder."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "podium_requests",
            "Requests for predictions that were answered, by status of HTTP.",
            ["model", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "podium_request_seconds",
            "From the whole body to the whole answer.",
            ["model"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._turned_away = Counter(
            "podium_turned_away",
            "Requests that were not scored: busy, too_large, gone, key, unloaded.",
            ["reason"],
            registry=self._registry,
        )
        self._swaps = Counter(
            "podium_swaps", "Versions that were loaded.", ["model"], registry=self._registry
        )
        self._refused = Counter(
            "podium_refused_versions",
            "Versions that were not taken, since their files are wrong or do not load.",
            ["model"],
            registry=self._registry,
        )
        self._followed = Gauge(
            "podium_registry_reachable",
            "1 while the registry answers, 0 while the server goes on without it.",
            registry=self._registry,
            multiprocess_mode="livemin",
        )
        self._followed.set(1)
        self._counts: dict[tuple[str, int], Counter] = {}
        self._times: dict[str, Histogram] = {}

    def answered(self, model: str, status: int, seconds: float) -> None:
        """One request was answered."""
        count = self._counts.get((model, status))
        if count is None:
            count = self._counts[model, status] = self._requests.labels(model, str(status))
        count.inc()
        times = self._times.get(model)
        if times is None:
            times = self._times[model] = self._seconds.labels(model)
        times.observe(seconds)

    def turned_away(self, reason: str) -> None:
        """One request was not scored."""
        self._turned_away.labels(reason).inc()

    def swapped(self, model: str) -> None:
        """A version was loaded and answers from now on."""
        self._swaps.labels(model).inc()

    def refused(self, model: str) -> None:
        """A version was not taken."""
        self._refused.labels(model).inc()

    def registry_reachable(self, reachable: bool) -> None:
        """Whether the registry answers."""
        self._followed.set(int(reachable))

    def page(self) -> bytes:
        """All of them as text, of all workers."""
        if os.environ.get(MULTIPLE_PROCESSES):
            everyone = CollectorRegistry()
            MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
            return generate_latest(everyone)
        return generate_latest(self._registry)
