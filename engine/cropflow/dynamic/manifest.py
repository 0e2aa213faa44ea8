"""What a document says of a block it brings: inputs, outputs and code, as existing documents write them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from cropflow.kinds import KINDS, Kind
from cropflow.literal import LiteralType
from cropflow.spec import REQUIRED, PortSpec

_VALUES: dict[str, Any] = {
    "any": Any,
    "integer": int,
    "float": float,
    "boolean": bool,
    "dict": dict,
    "list": list,
    "string": str,
}
_PICTURES = ("input_image", "step_output_image")


class DynamicInput(BaseModel):
    """One input of the block."""

    selector_types: list[str] = []
    selector_data_kind: dict[str, list[str]] = {}
    value_types: list[Literal["any", "integer", "float", "boolean", "dict", "list", "string"]] = []
    has_default_value: bool = False
    default_value: Any = None
    is_optional: bool = False
    is_dimensionality_reference: bool = False
    dimensionality_offset: Literal[-1, 0, 1] = 0

    def port(self, name: str, manifest: Manifest) -> PortSpec:
        """Return the contract of the input; one without selectors is known when the workflow is compiled."""
        gathers = manifest.output_dimensionality_offset == -1 and bool(self.selector_types)
        types: Any = Any
        for value_type in self.value_types if "any" not in self.value_types else ():
            types = _VALUES[value_type] if types is Any else types | _VALUES[value_type]
        default = self.default_value if self.has_default_value else None if self.is_optional else REQUIRED
        kinds = self._kinds()
        return PortSpec(
            name,
            kinds,
            LiteralType(types, kinds, True),
            default=default,
            doc="an input of the block in the document",
            batch=manifest.accepts_batch_input and bool(self.selector_types),
            group=gathers or self.dimensionality_offset == 1,
            takes_none=True,
            sees_missing=manifest.accepts_empty_values,
            setting=not self.selector_types,
        )

    def _kinds(self) -> tuple[Kind, ...]:
        named = [KINDS[name] for names in self.selector_data_kind.values() for name in names if name in KINDS]
        if named:
            return tuple(dict.fromkeys(named))
        pictures = self.selector_types and all(kind in _PICTURES for kind in self.selector_types)
        return (KINDS["image" if pictures and not self.value_types else "*"],)


class DynamicOutput(BaseModel):
    """One output of the block."""

    kind: list[str] = []

    def single_kind(self) -> Kind:
        """Return its kind; any value, where not exactly one is named that there is."""
        known = [KINDS[name] for name in self.kind if name in KINDS]
        return known[0] if len(known) == 1 else KINDS["*"]


class Manifest(BaseModel):
    """The contract of the block."""

    block_type: str = Field(min_length=1)
    description: str = ""
    inputs: dict[str, DynamicInput]
    outputs: dict[str, DynamicOutput] = {}
    output_dimensionality_offset: Literal[-1, 0, 1] = 0
    accepts_batch_input: bool = False
    accepts_empty_values: bool = False


class PythonCode(BaseModel):
    """The code: a function called for every element or batch, and one called once before."""

    run_function_code: str
    run_function_name: str = "run"
    init_function_code: str | None = None
    init_function_name: str = "init"
    imports: list[str] = []


class DynamicBlock(BaseModel):
    """A block that a document brings."""

    type: Literal["DynamicBlockDefinition"]
    manifest: Manifest
    code: PythonCode
