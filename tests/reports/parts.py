"""Parts of an evaluation's document, as the job writes them."""

from __future__ import annotations

from typing import Any

from scipy import stats

Document = dict[str, Any]


def compared(
    metric: str,
    candidate: float,
    champion: float,
    error: float,
    *,
    rows: int = 65_469,
    higher: bool = True,
    margin: float = 0.0,
    alpha: float = 0.05,
    method: str = "paired DeLong",
    **more: Any,
) -> Document:
    """A comparison whose interval is normal, as `asdict(Comparison)` gives it."""
    difference = candidate - champion
    reach = float(stats.norm.isf(alpha)) * error
    low, high = difference - reach, difference + reach
    worst, best = (low, high) if higher else (-high, -low)
    verdict = (
        "better"
        if worst > 0
        else "not_worse"
        if worst >= -margin
        else "worse"
        if best < -margin
        else "inconclusive"
    )
    return {
        "metric": metric,
        "higher_is_better": higher,
        "rows": rows,
        "candidate": candidate,
        "champion": champion,
        "difference": difference,
        "error": error,
        "low": low,
        "high": high,
        "level": 1 - 2 * alpha,
        "p": float(2 * stats.norm.sf(abs(difference) / error)),
        "method": method,
        "margin": margin,
        "alpha": alpha,
        "verdict": verdict,
        "reason": f"The interval of the difference is {low:+.4f} to {high:+.4f}.",
        "rows_needed": None,
        "rows_needed_if": "both are equally good" if margin else "the difference is what was seen",
        "power": None,
    } | more


def unknown(metric: str, reason: str) -> Document:
    """A comparison that could not be made: NaN is null."""
    nothing = dict.fromkeys(("candidate", "champion", "difference", "error", "low", "high", "p"))
    return compared(metric, 0.5, 0.5, 0.1) | nothing | {"verdict": "inconclusive", "reason": reason}


def sliced(
    column: str, value: str, rows: int, difference: float, error: float, *, p: float = 1.0
) -> Document:
    """A slice that was judged; harmed where `p`, adjusted, is at most 0.05."""
    found = compared("roc_auc", 0.71 + difference, 0.71, error, rows=rows, margin=0.03)
    return {
        "column": column,
        "value": value,
        "rows": rows,
        "harmed": p <= 0.05,
        "p_harm": p / 10,
        "p_adjusted": p,
        "not_judged": "",
        "comparison": found,
    }


def not_judged(column: str, value: str, rows: int, why: str) -> Document:
    nothing = {"p_harm": None, "p_adjusted": None, "comparison": None}
    return {"column": column, "value": value, "rows": rows, "harmed": False, "not_judged": why} | (
        nothing
    )


def model(version: int, *, name: str = "flight_delay", size: int = 1_482_113) -> Document:
    return {
        "label": f"version {version}",
        "version": version,
        "uri": f"models:/{name}/{version}",
        "run_id": f"{version:032x}",
        "digest": "sha256:" + f"{version * 7919:x}".rjust(8, "9") * 8,
        "estimator": "xgboost",
        "footprint": {
            "size_bytes": size,
            "load_seconds": 0.412,
            "one_row": {"calls": 200, "p50_ms": 2.61, "p95_ms": 3.94, "p99_ms": 6.02},
            "hundred_rows": {"calls": 50, "p50_ms": 3.72, "p95_ms": 5.1, "p99_ms": 7.4},
        },
    }


def check(name: str, verdict: str, found: str, needed: str) -> Document:
    return {"name": name, "verdict": verdict, "found": found, "needed": needed}


def rates(value: str, rows: int, selection: float, true: float, false: float) -> Document:
    return {
        "value": value,
        "rows": rows,
        "selection_rate": selection,
        "true_positive_rate": true,
        "false_positive_rate": false,
        "calibration": 0.0123 - selection / 50,
    }


def interval(estimate: float, reach: float) -> Document:
    return {
        "estimate": estimate,
        "low": max(estimate - reach, 0.0),
        "high": estimate + reach,
        "level": 0.9,
        "method": "bootstrap of counts",
    }


def disparity(
    measure: str, ours: float, theirs: float, reach: float, *, p: float | None
) -> Document:
    return {
        "measure": measure,
        "candidate": interval(ours, reach),
        "champion": interval(theirs, reach),
        "change": ours - theirs,
        "low": ours - theirs - reach,
        "high": ours - theirs + reach,
        "p_harm": p,
        "p_adjusted": p,
        "harmed": p is not None and p <= 0.05,
    }
