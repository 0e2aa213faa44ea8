"""Makes blocks of the code that a document brings, where the host allows it.

The code runs with all rights of this program: it can read and delete files and reach the network. So it is refused
unless whoever runs the document says that they trust it.
"""

from __future__ import annotations

import datetime
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np
from pydantic import ValidationError

from cropflow.compiler.problems import Found, refuse
from cropflow.document.definition import Definition
from cropflow.dynamic.manifest import DynamicBlock, PythonCode
from cropflow.dynamic.pictures import WorkflowImageData, into_code, out_of_code
from cropflow.kinds import Kind
from cropflow.registry import Registry, installed
from cropflow.spec import BlockSpec

_FIELD = "dynamic_blocks_definitions"


def registry_of(definition: Definition, blocks: Iterable[object] = (), allow_code: bool = False) -> Registry:
    """Return the installed blocks, those handed over, and those a document brings; errors as in `code_blocks`."""
    code = code_blocks(definition, allow_code)
    registry = installed().extended(blocks) if blocks else installed()
    return registry.extended(code) if code else registry


def code_blocks(definition: Definition, allowed: bool) -> list[BlockSpec]:
    """Return the blocks whose code stands in a document.

    Args:
        definition: the document.
        allowed: whether its code may run.

    Raises:
        WorkflowError: there is code and it may not run, or it cannot be read; told with its place.
    """
    written = definition.other.get(_FIELD) or []
    found = Found(definition)
    if not isinstance(written, list):
        found.add("wrong-literal", f"{_FIELD} must be a list of blocks", (_FIELD,), hint="write a list")
    elif written and not allowed:
        names = ", ".join(map(_name, written))
        found.add(
            "code-refused",
            f"this document brings Python code of its own for {names}",
            (_FIELD,),
            expected="a document without code, or the word of its host that code may run",
            hint="the code would run with all rights of this program; if you trust whoever wrote it, pass "
            "--allow-code, or allow_code=True in Python",
        )
    else:
        specs = [_read(item, i, found) for i, item in enumerate(written)]
        refuse(found.problems, definition)
        return [spec for spec in specs if spec is not None]
    refuse(found.problems, definition)
    return []


def _name(written: object) -> str:
    manifest = written.get("manifest") if isinstance(written, Mapping) else None
    return repr(manifest.get("block_type", "?")) if isinstance(manifest, Mapping) else "a block"


def _read(written: object, number: int, found: Found) -> BlockSpec | None:
    try:
        block = DynamicBlock.model_validate(written)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            path = (_FIELD, number, *item["loc"])
            found.add(
                "wrong-literal", f"the block {_name(written)}: {item['msg']}", path, hint="correct the definition"
            )
        return None
    try:
        functions = _functions(block.code, block.manifest.block_type)
    except Exception as error:  # the code may raise anything
        where = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
        message = f"the code of {_name(written)} cannot be read{where}: {type(error).__name__}: {error}"
        found.add("wrong-code", message, (_FIELD, number, "code"), hint="correct the code")
        return None
    return _spec(block, functions)


def _functions(code: PythonCode, name: str) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """Run the definitions; return the function of a call, and the one that is called once before."""
    import supervision as sv

    known: dict[str, Any] = {
        "np": np,
        "cv2": cv2,
        "sv": sv,
        "math": math,
        "json": json,
        "time": time,
        "datetime": datetime,
        "Any": Any,
        "Batch": Sequence,
        "BlockResult": Any,
        "WorkflowImageData": WorkflowImageData,
    }
    for text in (*code.imports, code.run_function_code, code.init_function_code or ""):
        exec(compile(text, f"<{name}>", "exec", dont_inherit=True), known)
    run = known.get(code.run_function_name)
    if not callable(run):
        raise NameError(f"there is no function {code.run_function_name!r}")
    return run, known.get(code.init_function_name) if code.init_function_code else None


class _CodeBlock:
    """The `self` of the code: attributes it sets stay from call to call; what `init` returned is `_init_results`."""

    step = ""

    def __init__(self, block: DynamicBlock, run: Callable[..., Any], init: Callable[..., Any] | None) -> None:
        self._block = block
        self._code = run
        self._init_results = init() if init else {}

    def run(self, **inputs: Any) -> Any:
        """Call the code, with pictures as it expects them."""
        return out_of_code(self._code(self, **into_code(inputs)))


def _spec(block: DynamicBlock, functions: tuple[Callable[..., Any], Callable[..., Any] | None]) -> BlockSpec:
    manifest = block.manifest
    ports = tuple(given.port(name, manifest) for name, given in manifest.inputs.items())
    outputs: dict[str, Kind | str] = {name: output.single_kind() for name, output in manifest.outputs.items()}
    return BlockSpec(
        type=manifest.block_type,
        make=partial(_CodeBlock, block, *functions),
        ports=ports,
        doc=manifest.description or f"The block {manifest.block_type} of the document.",
        batch=any(port.batch for port in ports),
        fan_out=manifest.output_dimensionality_offset == 1,
        dynamic_outputs=lambda: outputs,
    )
