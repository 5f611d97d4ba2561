"""How long `podium --help` takes, as a ratio of `mlflow --version`: at most a fifth.

python benchmarks/cli.py [--runs 7]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

BAR = 0.2


def seconds(command: list[str], runs: int) -> list[float]:
    """Wall-clock seconds of each of `runs` runs, after one that warms the caches."""
    taken = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return taken[1:]


def main() -> None:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    scripts = Path(sys.executable).parent
    podium = statistics.median(seconds([str(scripts / "podium"), "--help"], runs))
    mlflow = statistics.median(seconds([str(scripts / "mlflow"), "--version"], runs))
    print(f"podium --help     {podium:.2f} s (median of {runs})")
    print(f"mlflow --version  {mlflow:.2f} s (median of {runs})")
    print(f"ratio             {podium / mlflow:.3f} (bar: {BAR})")


if __name__ == "__main__":
    main()
