"""A block's contract as plain values; read from a signature by `cropflow.signature`, or built by hand.

Validation of steps, JSON Schema, documentation and the rules for levels are all made from a `BlockSpec`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cropflow.kinds import KINDS, Kind
from cropflow.literal import LiteralType, literal_of

REQUIRED: Any = inspect.Parameter.empty
"""Default of a port that the document must fill."""
ANYTHING = LiteralType()


@dataclass(frozen=True, slots=True)
class PortSpec:
    """One input of a block.

    Attributes:
        name: parameter of `run` and field of the step.
        kinds: kinds a selector may have; empty where members must be written out.
        literal: validates values written in the document, and values whose kind shows only at run time;
            made from the kinds where none is given.
        aliases: further field names.
        doc: what it is for.
        default: value where the field is left out; `REQUIRED` where it may not be.
        container: `list` or `dict` where the document may write out members, each a selector or a literal.
        member: what a written-out member is.
        batch: the port takes many elements in one call.
        group: the port gathers the children one level deeper.
        takes_none: `None` is a value the port accepts.
        sees_missing: missing elements (of a group: members) arrive as `None` in place of being skipped.
        sees_unmade: a gathered list that was never made arrives as `None`.
        setting: a literal only, known when compiling.
        steps: the port names steps (control flow).
    """

    name: str
    kinds: tuple[Kind, ...] = (KINDS["*"],)
    literal: LiteralType = ANYTHING
    aliases: tuple[str, ...] = ()
    doc: str = ""
    default: Any = field(default=REQUIRED, hash=False)
    container: Literal["list", "dict"] | None = None
    member: PortSpec | None = None
    batch: bool = False
    group: bool = False
    takes_none: bool = False
    sees_missing: bool = False
    sees_unmade: bool = False
    setting: bool = False
    steps: bool = False

    def __post_init__(self) -> None:
        if self.literal is ANYTHING:
            object.__setattr__(self, "literal", literal_of(self.kinds, self.takes_none))

    @property
    def required(self) -> bool:
        """Whether the document must give a value."""
        return self.default is REQUIRED

    @property
    def leaf(self) -> PortSpec:
        """The port one selector feeds: the member of a container, otherwise the port itself."""
        return self.member or self


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output of a block: its kinds, or the ports whose kinds it takes; `optional` where it may be missing."""

    name: str
    kinds: tuple[Kind, ...] = (KINDS["*"],)
    kind_of: tuple[str, ...] = ()
    optional: bool = False
    doc: str = ""


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """All that the compiler and the runtime need to know of a block.

    Attributes:
        type: id in documents.
        make: makes the instance whose `run` is called; takes the resources by name.
        ports: inputs in the order of the signature.
        outputs: outputs in order; empty where `dynamic_outputs` tells them.
        aliases: further ids.
        doc: the docstring.
        batch: `run` takes many elements and answers with one row per element.
        fan_out: every element answers with a group of rows, one level deeper.
        routes: the answer is a `Route`.
        stream: name of the parameter that takes the `Stream`.
        streams: that parameter takes the streams of all elements of a call, so that a call may hold many of them.
        effects: the block changes something outside and is never called again for the same element.
        batch_size: the most elements in one call; `None` for no bound.
        whole: all elements of a run go into one call.
        shares: name of a resource used in element and document order by all blocks naming it.
        dynamic_outputs: tells the outputs from the step's settings.
        dynamic_settings: which settings it asks for.
        bundles: parameters that take several ports as one value: name, class, and names of the ports.
        infer: tells the kinds of outputs from settings and from the kinds that are wired.
        infer_ports: which ports it asks for.
        inlined: the setting that holds a document, whose steps take the place of this one, and the port that binds
            its inputs; `None` for all other blocks.
        resources: parameter and type of each shared resource.
    """

    type: str
    make: Callable[..., Any]
    ports: tuple[PortSpec, ...] = ()
    outputs: tuple[OutputSpec, ...] = ()
    aliases: tuple[str, ...] = ()
    doc: str = ""
    batch: bool = False
    fan_out: bool = False
    routes: bool = False
    stream: str | None = None
    streams: bool = False
    effects: bool = False
    batch_size: int | None = None
    whole: bool = False
    shares: str | None = None
    dynamic_outputs: Callable[..., Mapping[str, Kind | str]] | None = None
    dynamic_settings: tuple[str, ...] = ()
    bundles: tuple[tuple[str, Callable[..., Any], tuple[str, ...]], ...] = ()
    infer: Callable[..., Mapping[str, tuple[Kind, ...]]] | None = None
    infer_ports: tuple[str, ...] = ()
    inlined: tuple[str, str] | None = None
    resources: tuple[tuple[str, Any], ...] = ()

    @property
    def gathers(self) -> bool:
        """Whether the block gathers an axis."""
        return any(port.leaf.group for port in self.ports)

    @property
    def ordered(self) -> bool:
        """Whether calls come in element and document order."""
        return self.effects or self.stream is not None or self.shares is not None

    @property
    def splits(self) -> bool:
        """Whether a failed batch call may be repeated in halves to find the bad element."""
        return self.batch and not (self.effects or self.stream or self.whole)

    def callable(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return `run` as the engine calls it: with one argument for each port."""
        if not self.bundles:
            return run

        def call(**arguments: Any) -> Any:
            for name, make, ports in self.bundles:
                arguments[name] = make(**{port: arguments.pop(port) for port in ports})
            return run(**arguments)

        return call

    def port(self, name: str) -> PortSpec:
        """Return the port of a name."""
        return next(port for port in self.ports if port.name == name)
