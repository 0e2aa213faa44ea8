"""What a block is written with: the `Block` base class and the words of its `run` signature.

    class Brightness(Block):
        '''Mean brightness of a picture.'''

        type = "acme/brightness@v1"

        class Output(NamedTuple):
            brightness: float

        def run(self, image: Image) -> Output:
            return self.Output(float(image.bgr.mean()))

The signature is the contract: ports, kinds, defaults, documentation and the change of level are read from it
when the class is defined (`cropflow.signature`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar, overload

if TYPE_CHECKING:
    from cropflow.spec import BlockSpec

T = TypeVar("T")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker that gives an alias of this module its meaning inside `Annotated`."""

    name: str


BATCH, GROUP, MAYBE, SETTING = Mark("Batch"), Mark("Group"), Mark("Maybe"), Mark("Setting")

Batch = Annotated[Sequence[T], BATCH]
"""Many elements in one call; says how a block is called, never the level. A plain list is a right answer."""
Group = Annotated[Sequence[T], GROUP]
"""As an input, the children of an element one level deeper, gathered; as an answer, a fan-out."""
Maybe = Annotated[T | None, MAYBE]
"""The block wants to see missing elements, as `None`; all others never receive one."""
Setting = Annotated[T, SETTING]
"""Known when the workflow is compiled: a literal, never a selector."""


@dataclass(frozen=True, slots=True)
class Port:
    """Documentation of a port and further names the document may use for it."""

    doc: str = ""
    alias: str | tuple[str, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        """The further names as a tuple."""
        return (self.alias,) if isinstance(self.alias, str) else self.alias


class Ports:
    """The base of frozen dataclasses whose fields are ports: fields that several blocks have, listed once.

        @dataclass(frozen=True, slots=True)
        class Pen(Ports):
            color: Annotated[Color, Port("colour of the lines")] = BLACK
            thickness: Annotated[int, Port("width of the lines in pixels")] = 2

        def run(self, image: Image, pen: Pen) -> Output: ...

    The step then has the fields `color` and `thickness`, and `run` gets them as one value.
    """

    __slots__ = ()


class KindOf:
    """Marks an output that has the kind of one or several inputs: `Annotated[Detections, KindOf("predictions")]`."""

    __slots__ = ("ports",)

    def __init__(self, *ports: str) -> None:
        self.ports = ports


class Each(Sequence[T]):
    """The default of a `Batch` port: one value for every element."""

    def __init__(self, value: T) -> None:
        self.value = value

    def __len__(self) -> int:
        raise TypeError("the default of a batch port has the length of the batch; it stands for every element")

    def __iter__(self) -> Iterator[T]:
        return repeat(self.value)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self if isinstance(index, slice) else self.value


def each(value: T) -> Sequence[T]:
    """Give a `Batch` port a default per element: `thresholds: Batch[float] = each(0.5)`."""
    return Each(value)


class StepRef(str):
    """The name of a step that an element may go on to (`$steps.NAME` in the document)."""

    __slots__ = ()


class Route(frozenset[StepRef]):
    """Which of the named steps an element goes on to; `Route()` stops it.

    >>> sorted(Route([StepRef("save")]))
    ['save']
    """

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Stream:
    """The stream an element belongs to, its frame, and what this step remembers of that stream.

    Attributes:
        id: identity of the stream: a video file, a camera, or the input in memory.
        frame: number of the frame, counted from 0.
        state: kept from frame to frame, one dictionary for each step and stream; steps whose blocks name one
            shared resource have one together.
    """

    id: str
    frame: int
    state: dict[str, Any] = field(default_factory=dict)


class Columns(Sequence[Row], Generic[Row]):
    """A columnar answer for `Group[Output]`: equally long columns in place of a list of rows.

    The columns may be lazy sequences; one that nobody reads is never made.

    Args:
        row: the `Output` of the block.
        columns: one sequence for each field of `row`.

    Raises:
        ValueError: the names differ from the fields of `row`, or the lengths differ.
    """

    __slots__ = ("columns", "row")

    def __init__(self, row: type[Row], **columns: Sequence[Any]) -> None:
        fields = getattr(row, "_fields", ())
        if set(fields) != set(columns):
            raise ValueError(f"expected the columns {', '.join(fields)}, got {', '.join(columns)}")
        if len({len(column) for column in columns.values()}) > 1:
            raise ValueError(f"columns differ in length: { {name: len(c) for name, c in columns.items()} }")
        self.row = row
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self.row(**{name: column[index] for name, column in self.columns.items()})


class Block:
    """The base of all blocks; a subclass declares `type` and one typed `run`.

    Attributes:
        type: id in documents, `name@vN` for the core and `plugin/name@vN` for plug-ins.
        aliases: further ids that documents use.
        effects: the block changes something outside; it is never called again for the same element.
        batch_size: the most elements in one call of a `Batch` block; `None` for no bound.
        whole: a `Batch` block that wants all elements of a run in one call.
        shares: name of a resource that is used in element and document order by all blocks naming it; what they
            remember of a `Stream` is one memory for all of them.
        inlined: for a block that stands for another document: the setting that holds it, whose steps take the place
            of the step, and the port that binds its inputs. Its `run` is never called.
        step: name of the step this instance serves, set by the engine.

    A block may have a method `ready` that takes settings of `run` by name. It is called when a workflow is loaded and
    raises ValueError where nothing could run, such as for a variable that is not set: a mistake of the document then.

    Raises:
        BlockError: the signature of `run` is wrong; raised when the class is defined.
    """

    type: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    effects: ClassVar[bool] = False
    batch_size: ClassVar[int | None] = None
    whole: ClassVar[bool] = False
    shares: ClassVar[str | None] = None
    inlined: ClassVar[tuple[str, str] | None] = None
    spec: ClassVar[BlockSpec]
    step: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "run" in cls.__dict__:
            from cropflow.signature import read_block

            cls.spec = read_block(cls)

    def close(self) -> None:
        """End what the block opened; called once, when the workflow is closed."""


def blocks_of(module: object) -> Iterable[type[Block]]:
    """Return the blocks among the names of a module, in order of their names."""
    found = (getattr(module, name) for name in sorted(vars(module)))
    return [item for item in found if isinstance(item, type) and issubclass(item, Block) and "spec" in vars(item)]
