"""Every sample document by what it shows; each call gives a new one."""

from __future__ import annotations

from tests.reports.evaluations import (
    binary_inconclusive,
    binary_pass,
    no_champion,
    regression,
    silent_champion,
)
from tests.reports.harmed_evaluation import harmed

SAMPLES = {
    "pass": binary_pass,
    "inconclusive": binary_inconclusive,
    "harmed": harmed,
    "regression": regression,
    "no champion": no_champion,
    "silent champion": silent_champion,
}
