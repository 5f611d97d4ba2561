"""The tracking store of the jobs' tests, and fits with one thread as in those of training."""

from tests.jobs.conftest import store, store_template
from tests.training.conftest import one_thread

__all__ = ["one_thread", "store", "store_template"]
