"""Searches with regular expressions that may come from strangers.

Python's own `re` cannot be stopped, and no other thread runs meanwhile; some short patterns take it years. The package
`regex`, which comes with the extra `server`, understands the same patterns, gives up after a time, and lets others run.
"""

from __future__ import annotations

import re

try:
    import regex
except ImportError:
    regex = None

_LONGEST = 1.0
"""Seconds for one search, where `regex` is installed."""


def is_found(pattern: str, text: str) -> bool:
    """Tell whether a pattern fits somewhere in a text.

    Raises:
        ValueError: the search takes too long.
    """
    if regex is None:
        return re.search(pattern, text) is not None
    try:
        return regex.search(pattern, text, timeout=_LONGEST, concurrent=True) is not None
    except TimeoutError:
        raise ValueError(
            f"the regular expression {pattern[:80]!r} takes longer than {_LONGEST:g} s on a text of {len(text)} "
            "characters; write it without repetitions inside of repetitions"
        ) from None
