"""Names of devices. Frameworks take them as they are, and tell one that is none late and in words of their own."""

from __future__ import annotations

import re

_DEVICE = re.compile(r"cpu|cuda|mps|npu|tpu|xpu|(cuda:)?\d+(,\d+)*|(?!cuda)[a-z]+:[a-z0-9.,:]{1,40}")


def check_device(name: str | None) -> None:
    """Refuse what is no device; whether it is there shows when a model is loaded. Nothing leaves the choice open.

    Loaders of further frameworks may have devices of their own, with a number or name behind a colon.

    Raises:
        ValueError: there is no device of this name.
    """
    if name and not _DEVICE.fullmatch(str(name)):
        raise ValueError(
            f"{str(name)[:40]!r} is no device; expected cpu, cuda or 0 for the first GPU, cuda:1 or 1 for the second, "
            "mps, or intel:gpu for one of Intel"
        )
