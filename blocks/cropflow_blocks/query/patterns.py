"""Searches with regular expressions that may come from strangers.

Python's own `re` cannot be stopped, and no other thread runs meanwhile; some short patterns take it years. The package
`regex`, which comes with the extra `server`, understands the same patterns, gives up after a time, and lets others run.
But it writes counted repeats out, so that `(a{1000}){1000}` takes all memory; hence the bounds.
"""

from __future__ import annotations

import math
import re

try:
    import regex
except ImportError:
    regex = None

_LONGEST = 1.0
"""Seconds for one search, where `regex` is installed."""

_COUNT = re.compile(r"(?<!\\)\{(\d*)(?:,(\d*))?\}")
_MOST_REPEATS = 100_000
_LONGEST_PATTERN = 10_000


def check(pattern: str) -> None:
    """Refuse what is no pattern, or one that takes too much memory.

    Raises:
        ValueError: the message says what is expected.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a regular expression of at most {_LONGEST_PATTERN:,} characters")
    counts = [max((int(number) for number in found if number), default=1) for found in _COUNT.findall(pattern)]
    if math.prod(max(count, 1) for count in counts) > _MOST_REPEATS:
        raise ValueError(f"a regular expression whose counted repeats give at most {_MOST_REPEATS:,} when multiplied")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"a regular expression ({error})") from error


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
