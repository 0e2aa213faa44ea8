"""Names of devices. Frameworks take them as they are, and tell one that is none late and in words of their own."""

from __future__ import annotations

import re

_DEVICE = re.compile(r"cpu|cuda|(cuda:)?\d+(,\d+)*|(mps|xpu|npu|tpu)(:\d+)?|intel:[a-z0-9.:]+")


def check_device(name: str | None) -> None:
    """Refuse what is no device; whether it is there shows when a model is loaded. Nothing leaves the choice open.

    Raises:
        ValueError: there is no device of this name.
    """
    if name and not _DEVICE.fullmatch(str(name)):
        raise ValueError(
            f"{name!r} is no device; expected cpu, cuda or 0 for the first GPU, cuda:1 or 1 for the second, mps, or "
            "intel:gpu for one of Intel"
        )
