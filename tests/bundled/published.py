"""A few rows of each bundled project's data, in files as they are published."""

from __future__ import annotations

from pathlib import Path

from tests.bundled.drives import write_day

BIKES = """instant,dteday,season,yr,mnth,hr,holiday,weekday,workingday,weathersit,temp,atemp,hum,\
windspeed,casual,registered,cnt
1,2011-01-01,1,0,1,0,0,6,0,1,0.24,0.2879,0.81,0,3,13,16
2,2011-01-01,1,0,1,1,0,6,0,1,0.22,0.2727,0.80,0,8,32,40
"""
PERSON = (
    "39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, "
    "Male, 2174, 0, 40, United-States, "
)


def write_sample(project: str, source: Path) -> None:
    """Write what the relative `source` of a bundled project's project.yaml means."""
    folder = source if project == "disk_failure" else source.parent
    folder.mkdir(parents=True)
    if project == "disk_failure":
        failing = [{"serial_number": "B", "failure": 1}]
        for day in range(9):
            write_day(folder, day, [{"serial_number": "A", "failure": 0}, *failing[day:]])
    elif project == "bike_demand":
        source.write_text(BIKES)
    elif project == "sms_spam":
        source.write_text("ham\tOk\nspam\tWin\n")
    elif project == "adult_income":
        (folder / "adult.data").write_text(f"{PERSON}<=50K\n\n")
        (folder / "adult.test").write_text(f"|1x3 Cross validator\n{PERSON}>50K.\n\n")
        (folder / "adult.names").write_text("not a table")
    else:
        raise NotImplementedError(f"write a few rows of {project} here")
