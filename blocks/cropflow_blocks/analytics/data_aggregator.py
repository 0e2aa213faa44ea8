"""Sums values up over time: of a video's frames, or of the pictures of a folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from cropflow.block import Block, Port, Setting, Stream
from cropflow.errors import SettingError, nearest
from cropflow.kinds import Kind
from cropflow.literal import describe
from cropflow_blocks.values.parameters import Chains, check_chains, worked_on

Mode: TypeAlias = Literal[
    "sum", "avg", "max", "min", "count", "distinct", "count_distinct", "values_counts", "values_difference"
]
NO_CHAINS: Chains = {}
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
_KINDS: Mapping[str, str] = {
    "sum": "float",
    "avg": "float",
    "max": "float",
    "min": "float",
    "values_difference": "float",
    "count": "integer",
    "count_distinct": "integer",
    "distinct": "list_of_values",
    "values_counts": "dictionary",
}
_NUMBERS = ("sum", "avg", "max", "min", "values_difference")


@dataclass(slots=True)
class _Window:
    """What was seen of one value since the last report; of lists every entry counts."""

    numeric: bool
    total: float = 0
    highest: float | None = None
    lowest: float | None = None
    counts: Counter[Hashable] = field(default_factory=Counter)

    def add(self, name: str, value: Any) -> None:
        for item in value if isinstance(value, list | tuple | set) else [value]:
            if self.numeric:
                self._add_number(name, item)
            self.counts[_hashable(item)] += 1

    def _add_number(self, name: str, item: Any) -> None:
        if not isinstance(item, int | float):
            raise ValueError(
                f"{name}: {', '.join(_NUMBERS)} take numbers, but got {describe(item)}; use data_operations to make one"
            )
        self.total += item
        self.highest = item if self.highest is None else max(self.highest, item)
        self.lowest = item if self.lowest is None else min(self.lowest, item)

    def report(self, mode: str) -> Any:
        count = self.counts.total()
        match mode:
            case "sum":
                return self.total
            case "avg":
                return self.total / count if count else None
            case "max":
                return self.highest
            case "min":
                return self.lowest
            case "values_difference":
                return None if self.highest is None or self.lowest is None else self.highest - self.lowest
            case "count":
                return count
            case "distinct":
                return list(self.counts)
            case "count_distinct":
                return len(self.counts)
        return dict(self.counts)


class DataAggregator(Block):
    """Sum values up over an interval and report at its end; in between the outputs are missing.

    Every stream is summed up by itself. For each value and each way there is an output `<name>_<way>`, such as
    `count_avg`. Of lists every entry counts. An interval of time ends with the first element after it.
    """

    type = "data_aggregator@v1"
    aliases = ("roboflow_core/data_aggregator@v1",)

    now: Callable[[], float] = staticmethod(time.monotonic)
    """The clock, in seconds; tests put another one in its place."""

    @staticmethod
    def outputs(aggregation_mode: dict[str, list[Mode]]) -> Mapping[str, str]:
        """One output for each value and way."""
        return {f"{name}_{mode}": _KINDS[mode] for name, modes in aggregation_mode.items() for mode in modes}

    @staticmethod
    def infer(
        data: Mapping[str, tuple[Kind, ...]] | None, data_operations: Chains, aggregation_mode: dict[str, list[Mode]]
    ) -> dict[str, tuple[Kind, ...]]:
        """Check operations and names."""
        known = check_chains(data, data_operations, "data_operations")
        unknown = [name for name in aggregation_mode if known is not None and name not in known]
        if known is not None and unknown:
            raise SettingError(
                f"aggregation_mode names {unknown[0]!r}, which is none of the values",
                ("aggregation_mode", unknown[0]),
                expected=", ".join(map(repr, known)) or "a name that stands under `data`; it is empty",
                found=unknown[0],
                nearest=nearest(unknown[0], known),
                hint="correct the name, or add the value to `data`",
            )
        return {}

    def run(
        self,
        data: Annotated[dict[str, Any], Port("the values by name")],
        aggregation_mode: Annotated[Setting[dict[str, list[Mode]]], Port("for each value, the ways to sum it up")],
        interval: Annotated[Setting[Annotated[int, Field(gt=0)]], Port("how long until the next report")],
        stream: Stream,
        interval_unit: Annotated[
            Setting[Literal["seconds", "minutes", "hours", "runs"]], Port("unit of the interval; runs counts elements")
        ] = "seconds",
        data_operations: Annotated[
            Setting[Chains], Port("operations on values of `data`, by name, before they are summed up")
        ] = NO_CHAINS,
    ) -> Mapping[str, Any]:
        """Add, and report at the end of the interval."""
        values = worked_on(data, data_operations)
        state = stream.state
        if not state:
            state.update(windows=_windows(aggregation_mode), begun=self.now(), runs=0)
        state["runs"] += 1
        for name, window in state["windows"].items():
            window.add(name, values[name])
        passed = state["runs"] if interval_unit == "runs" else (self.now() - state["begun"]) / _SECONDS[interval_unit]
        if passed < interval:
            return dict.fromkeys(self.outputs(aggregation_mode))
        windows = state["windows"]
        state.clear()
        ways = [(name, mode) for name, modes in aggregation_mode.items() for mode in modes]
        return {f"{name}_{mode}": windows[name].report(mode) for name, mode in ways}


def _windows(aggregation_mode: Mapping[str, list[Mode]]) -> dict[str, _Window]:
    return {name: _Window(any(mode in _NUMBERS for mode in modes)) for name, modes in aggregation_mode.items()}


def _hashable(value: Any) -> Hashable:
    return value if isinstance(value, Hashable) else repr(value)
