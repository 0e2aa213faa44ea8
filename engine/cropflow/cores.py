"""How many things this process may do at the same time."""

from __future__ import annotations

import os


def cores() -> int:
    """Count the cores this process may use.

    Example:
        pool = ThreadPoolExecutor(cores())
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
