"""Does somebody still lead the search?"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

from projects.tuning.owner import HEARD, OWNER, heard_tag, leads_still, owner_tags


def _tags(host: str, pid: int, started: str = "", heard: float | None = None) -> dict[str, str]:
    at = time.time() if heard is None else heard
    return {OWNER: f"{host} {pid} {started}".strip(), HEARD: f"{at:.0f}"}


def test_a_run_without_a_leader_is_led_by_nobody() -> None:
    assert leads_still({}) == ""
    assert leads_still({OWNER: "nonsense"}) == ""


def test_a_search_of_this_process_may_go_on_in_it() -> None:
    tags = owner_tags()
    assert tags[OWNER].split()[:2] == [socket.gethostname(), str(os.getpid())]
    assert leads_still(tags) == ""


def test_a_process_of_this_machine_leads_until_it_is_gone() -> None:
    asleep = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert leads_still(_tags(socket.gethostname(), asleep.pid)) == f"process {asleep.pid}"
    finally:
        asleep.kill()
        asleep.wait()
    assert leads_still(_tags(socket.gethostname(), asleep.pid)) == ""


def test_a_number_that_another_process_has_by_now_leads_nothing() -> None:
    asleep = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert leads_still(_tags(socket.gethostname(), asleep.pid, started="1")) == ""
    finally:
        asleep.kill()
        asleep.wait()


def test_a_process_of_another_machine_leads_while_it_is_heard_of() -> None:
    assert leads_still(_tags("elsewhere", 7)) == "process 7 on elsewhere"
    assert leads_still(_tags("elsewhere", 7, heard=time.time() - 600)) == ""
    assert leads_still({**_tags("elsewhere", 7), HEARD: "once"}) == ""
    assert abs(int(heard_tag()[HEARD]) - time.time()) < 5
