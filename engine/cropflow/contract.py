"""What makes a contract impossible: rules that hold between the parts of a `BlockSpec`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from cropflow.errors import BlockError
from cropflow.spec import BlockSpec, PortSpec

_ID = re.compile(r"([A-Za-z][\w-]*/)?[A-Za-z][\w-]*@v[1-9][0-9]*")


def refuse_contradictions(spec: BlockSpec, where: str) -> None:
    """Refuse a block whose parts do not go together.

    Args:
        where: what the message begins with, such as `Brightness.run`.

    Raises:
        BlockError: what is wrong, and the way out.
    """
    wrong = next(_wrong(spec), None)
    if wrong:
        raise BlockError(f"{where}{wrong}")


def _wrong(spec: BlockSpec) -> Iterator[str]:
    takes = any(port.batch for port in spec.ports)
    answers = bool(spec.outputs or spec.routes or spec.dynamic_outputs)
    if not _ID.fullmatch(spec.type):
        yield f": the id {spec.type!r} must look like name@v1 or plugin/name@v1"
    if spec.batch and not takes:
        yield " answers with a Batch but takes none; write Batch[...] on the inputs it takes many of"
    if spec.streams and not takes:
        yield f" takes a Batch of streams beside no other Batch; write {spec.stream}: Stream"
    if takes and answers and not spec.batch:
        yield " takes a Batch, so it must answer with a Batch: one row per element"
    if spec.batch_size is not None and spec.batch_size < 1:
        yield f": batch_size must be at least 1, not {spec.batch_size}"
    if spec.routes != any(port.steps for port in spec.ports):
        yield ": a block that names steps (StepRef) answers with a Route, and only such a block"
    if spec.fan_out and spec.routes:
        yield ": a Route sends the element itself on and cannot be a Group"
    if spec.fan_out and not answers:
        yield ": a Group holds rows of outputs; write a NamedTuple that names them"
    names = Counter(name for port in spec.ports for name in (port.name, *port.aliases))
    for port in spec.ports:
        yield from _wrong_port(port, names)


def _wrong_port(port: PortSpec, names: Counter[str]) -> Iterator[str]:
    for name in (port.name, *port.aliases):
        if name in ("name", "type"):
            yield f": in a document {name!r} belongs to the step itself; choose another name for {port.name!r}"
        if names[name] > 1:
            yield f": two ports answer to the field {name!r}"
    if port.setting and (port.batch or port.group):
        yield f": {port.name!r} is a Setting, one value known when compiling, and no Batch or Group"
