"""Tells the time."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from cropflow.block import Block, Port
from cropflow.resources import Clock

Timezone = Literal[
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "America/Anchorage",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Phoenix",
    "America/Puerto_Rico",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Bangkok",
    "Asia/Dhaka",
    "Asia/Dubai",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Yangon",
    "Atlantic/Azores",
    "Atlantic/Cape_Verde",
    "Atlantic/South_Georgia",
    "Australia/Adelaide",
    "Australia/Darwin",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Etc/GMT+12",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Europe/Kyiv",
    "Europe/London",
    "Europe/Moscow",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Fiji",
    "Pacific/Gambier",
    "Pacific/Guadalcanal",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Pacific/Marquesas",
    "Pacific/Norfolk",
    "Pacific/Pago_Pago",
    "Pacific/Port_Moresby",
    "Pacific/Tongatapu",
    "UTC",
]


class CurrentTime(Block):
    """Tell the present time in a time zone.

    The time is that at which the step runs, once for each element. Time zones come from the system, or from the
    package `tzdata` where the system has none, as on Windows.
    """

    type = "current_time@v1"
    aliases = ("roboflow_core/current_time@v1",)

    class Output(NamedTuple):
        """The present time."""

        timestamp: Annotated[datetime.datetime, Port("the moment, with its time zone")]
        iso_string: Annotated[str, Port("the same as text, such as 2024-05-01T14:30:00.250000+02:00")]
        date: Annotated[str, Port("the day, such as 2024-05-01")]
        time: Annotated[str, Port("the time of day, such as 14:30:00")]

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(self, timezone: Annotated[Timezone, Port("name of the time zone")] = "UTC") -> Output:
        """Look at the clock."""
        now = self._clock.now().astimezone(_zone(timezone))
        return self.Output(now, now.isoformat(), f"{now:%Y-%m-%d}", f"{now:%H:%M:%S}")


def _zone(name: str) -> datetime.tzinfo:
    if name == "UTC":
        return datetime.UTC
    try:
        return ZoneInfo(name)
    except KeyError as error:  # ZoneInfoNotFoundError is one
        raise ValueError(f"this machine knows no time zone {name!r}; install the package tzdata") from error
