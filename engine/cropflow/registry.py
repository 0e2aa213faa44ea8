"""The blocks a document may name: those of installed packages and those handed to a workflow.

Packages announce theirs in the entry-point group `cropflow.blocks`; an entry names a module (all blocks among
its names count), a block class, or a sequence of them. The core blocks come by the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from cropflow.block import Block, blocks_of
from cropflow.errors import BlockError, nearest
from cropflow.spec import BlockSpec

GROUP = "cropflow.blocks"


class Registry:
    """Finds the block of a type.

    Args:
        specs: the blocks; ids and aliases must be unique.
        origin: says where a block comes from, for the error.

    Raises:
        BlockError: two blocks claim the same id.
    """

    def __init__(self, specs: Iterable[BlockSpec], origin: Callable[[BlockSpec], str] | None = None) -> None:
        origin = origin or _origin
        self._specs: dict[str, BlockSpec] = {}
        self._names: dict[str, BlockSpec] = {}
        for spec in specs:
            self._specs[spec.type] = spec
            for name in (spec.type, *spec.aliases):
                taken = self._names.setdefault(name, spec)
                if taken is not spec:
                    raise BlockError(f"two blocks claim the type {name!r}: {origin(taken)} and {origin(spec)}")

    def __iter__(self) -> Iterator[BlockSpec]:
        return iter(sorted(self._specs.values(), key=lambda spec: spec.type))

    def find(self, type_id: str) -> BlockSpec | None:
        """Return the block of a type or alias; `None` if there is none."""
        return self._names.get(type_id)

    def like(self, name: str, limit: int = 4) -> tuple[str, ...]:
        """Return the types that may be meant by a name that is none: those it is a word of, or else the nearest."""
        word = name.partition("@")[0].lower()
        types = {spec.type.partition("@")[0]: spec.type for spec in sorted(self, key=_version)}
        if not word:
            return ()
        ways = (
            [types[bare] for bare in sorted(types) if word in bare.split("_")],
            nearest(name, self._specs),
            [types[bare] for bare in sorted(types, key=len) if word in bare],
            nearest(name, self.names),
        )
        return tuple(next(filter(None, ways), ())[:limit])

    def newest(self, name: str) -> BlockSpec | None:
        """Return the block of a type or alias, or the newest version of a type without one."""
        versions = [spec for spec in self if spec.type.partition("@")[0] == name]
        return max(versions, key=_version) if versions else self.find(name)

    @property
    def names(self) -> tuple[str, ...]:
        """All ids and aliases."""
        return tuple(self._names)

    def only(self, package: str) -> Registry:
        """Return a registry with the blocks of one package."""
        return Registry(spec for spec in self if _origin(spec).split(".")[0] == package)

    def extended(self, blocks: Iterable[object]) -> Registry:
        """Return a registry with further blocks; they take precedence over installed ones of the same type."""
        added = Registry(_specs(blocks))
        merged = Registry(())
        merged._names = self._names | added._names
        merged._specs = self._specs | added._specs
        return merged


@cache
def installed() -> Registry:
    """Return the blocks of all installed packages; read once.

    Raises:
        BlockError: a plug-in cannot be loaded, or two claim one type; the message names them.
    """
    found = [(spec, entry) for entry in sorted(entry_points(group=GROUP)) for spec in _load(entry)]
    entries = {id(spec): entry for spec, entry in reversed(found)}
    try:
        return Registry((spec for spec, _ in found), lambda spec: f"{_origin(spec)} ({_plugin(entries[id(spec)])})")
    except BlockError as error:
        raise BlockError(
            f"{error}; uninstall one of the packages, or let the types of your own begin with its name and a slash"
        ) from error


def _load(entry: EntryPoint) -> list[BlockSpec]:
    try:
        return list(_specs([entry.load()]))
    except Exception as error:
        raise BlockError(f"{_plugin(entry)} cannot be loaded: {type(error).__name__}: {error}") from error


def _plugin(entry: EntryPoint) -> str:
    return f"the plug-in {entry.name!r} of the package {entry.dist.name if entry.dist else entry.value}"


def _specs(blocks: Iterable[object]) -> Iterator[BlockSpec]:
    for block in [blocks] if isinstance(blocks, type | ModuleType | BlockSpec) else blocks:
        if isinstance(block, BlockSpec):
            yield block
        elif isinstance(block, ModuleType):
            yield from _specs(blocks_of(block))
        elif isinstance(block, type) and issubclass(block, Block):
            if "spec" not in vars(block):
                raise BlockError(
                    f"{block.__qualname__} has no `run` of its own; where it shares one, write `run = Base.run` in it"
                )
            yield block.spec
        elif isinstance(block, Iterable) and not isinstance(block, str):
            yield from _specs(block)
        else:
            raise BlockError(f"expected a block class, a BlockSpec or a module of blocks, got {block!r}")


def _version(spec: BlockSpec) -> int:
    return int(spec.type.rpartition("@v")[2])


def _origin(spec: BlockSpec) -> str:
    make: Any = spec.make
    return f"{getattr(make, '__module__', '?')}.{getattr(make, '__qualname__', make)}"
