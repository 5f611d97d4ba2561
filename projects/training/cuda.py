"""Is there a CUDA device that XGBoost can train on?"""

from __future__ import annotations

import ctypes


def cuda_devices() -> int:
    """How many CUDA devices the driver reports; 0 without a driver or a CUDA build of XGBoost."""
    import xgboost

    if not xgboost.build_info().get("USE_CUDA", False):
        return 0
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
