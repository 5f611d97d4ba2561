"""`python -m podium.notify` delivers what is waiting, and ends when nothing is."""

from __future__ import annotations

import logging
import os
import sys

from podium.errors import PodiumError
from podium.notify.deliver import run_deliverer
from podium.notify.start import home_folder, log_to_file, outbox_of, settings_of_this_process

_logger = logging.getLogger("podium.notify")


def main() -> int:
    """Run the deliverer. Its log is in the state folder, for it has no terminal."""
    try:
        log_to_file(os.environ, home_folder())
        run_deliverer(
            outbox_of(settings_of_this_process()), lambda: settings_of_this_process().notify
        )
    except (PodiumError, OSError) as error:
        _logger.error("The deliverer ended: %s", error)
        return error.exit_code if isinstance(error, PodiumError) else 1
    except Exception:
        _logger.exception("The deliverer ended.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
