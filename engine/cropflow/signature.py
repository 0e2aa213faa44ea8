"""Reads a block's contract from the signature of its `run`; the only reader of signatures there is."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from cropflow.block import (
    BATCH,
    GROUP,
    MAYBE,
    SETTING,
    Batch,
    Block,
    Each,
    KindOf,
    Mark,
    Port,
    Ports,
    Route,
    StepRef,
    Stream,
)
from cropflow.contract import refuse_contradictions
from cropflow.errors import BlockError
from cropflow.kinds import Kind, kind_of_type, kinds_of_values, union_members
from cropflow.literal import LiteralType, has_json_form
from cropflow.spec import REQUIRED, BlockSpec, OutputSpec, PortSpec

NoneType = type(None)


def read_block(cls: type[Block]) -> BlockSpec:
    """Read the contract of a block class.

    Raises:
        BlockError: the signature cannot be understood; the message names class, parameter and the way out.
    """
    run = cls.__dict__["run"]
    if not isinstance(getattr(cls, "type", None), str):
        raise BlockError(f'{cls.__qualname__}: declare its id, such as type = "acme/{cls.__name__.lower()}@v1"')
    if inspect.iscoroutinefunction(run):
        raise BlockError(f"{cls.__qualname__}.run: write an ordinary function; the engine runs steps in threads")
    hints = _hints(run, cls)
    ports, stream = _read_ports(cls, run, hints)
    spec = BlockSpec(
        type=cls.type,
        make=cls,
        ports=ports,
        bundles=_read_bundles(hints),
        stream=stream,
        streams=stream is not None and hints[stream] is not Stream,
        aliases=cls.aliases,
        doc=_doc(cls),
        effects=cls.effects,
        batch_size=cls.batch_size,
        whole=cls.whole,
        shares=cls.shares,
        inlined=cls.inlined,
        resources=_read_resources(cls),
    )
    if "return" not in hints:
        raise BlockError(f"{cls.__qualname__}.run: annotate what it returns: Output, or None if it has no outputs")
    spec = _read_infer(cls, _read_answer(cls, spec, hints["return"]))
    refuse_contradictions(spec, f"{cls.__qualname__}.run")
    return replace(spec, batch=any(port.batch for port in ports))


def kinds_of(where: str, hint: Any) -> tuple[Kind, ...]:
    """Return the kinds an annotation stands for: those named in `Annotated`, else those of its types.

    Raises:
        BlockError: a type has no kind; the message begins with `where`.
    """
    inner, marks = _unwrap(hint)
    named = tuple(mark for mark in marks if isinstance(mark, Kind))
    if named:
        return named
    if get_origin(inner) is Literal:
        return kinds_of_values(get_args(inner))
    members = union_members(inner)
    if len(members) > 1:
        found = [kind for member in members if member is not NoneType for kind in kinds_of(where, member)]
        return tuple(dict.fromkeys(found))
    kind = kind_of_type(inner)
    if kind is None:
        name = getattr(inner, "__qualname__", inner)
        raise BlockError(
            f"{where}: the type {name} has no kind; give it one: Annotated[{name}, Kind(NAME, DESCRIPTION)]"
        )
    return (kind,)


def _doc(cls: type[Block]) -> str:
    """The docstring of a block or of the block it extends; that of `Block` itself says nothing about it."""
    own = (base.__doc__ for base in cls.__mro__ if issubclass(base, Block) and base is not Block)
    return inspect.cleandoc(next(filter(None, own), ""))


def _hints(item: Any, cls: type[Any]) -> dict[str, Any]:
    """Resolve hints in the module of the item and in the class itself, so that `-> Output` works as a string."""
    module = vars(sys.modules[item.__module__]) if item.__module__ in sys.modules else {}
    namespace = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
    try:
        return typing.get_type_hints(item, module, namespace, include_extras=True)
    except NameError as error:
        raise BlockError(
            f"{cls.__qualname__}: the annotation {error.name!r} cannot be resolved; "
            "import it in the module of the block, or define it there or in the class"
        ) from error
    except Exception as error:  # evaluating text raises whatever the text asks for
        raise BlockError(f"{cls.__qualname__}: an annotation cannot be evaluated: {error}") from error


def _read_resources(cls: type[Any]) -> tuple[tuple[str, type[Any]], ...]:
    if cls.__init__ is object.__init__:
        return ()
    names = list(inspect.signature(cls.__init__).parameters)[1:]
    hints = _hints(cls.__init__, cls)
    for name in names:
        if not isinstance(hints.get(name), type):
            raise BlockError(
                f"{cls.__qualname__}.__init__: annotate {name!r} with the class of the resource it asks for"
            )
    return tuple((name, hints[name]) for name in names)


def _read_ports(cls: type[Any], run: Any, hints: dict[str, Any]) -> tuple[tuple[PortSpec, ...], str | None]:
    ports: list[PortSpec] = []
    stream = None
    for name, parameter in list(inspect.signature(run).parameters.items())[1:]:
        where = f"{cls.__qualname__}.run: parameter {name!r}"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise BlockError(f"{where} must be an ordinary named parameter")
        if name not in hints:
            raise BlockError(f"{where} has no annotation; its type is the kind of the port")
        if _is_stream(hints[name]) and stream:
            raise BlockError(f"{where}: {stream!r} takes the Stream already")
        if _is_stream(hints[name]):
            stream = name
        elif _is_bundle(hints[name]):
            ports += _read_bundle(where, hints[name])
        else:
            ports.append(_read_port(where, name, hints[name], parameter.default))
    return tuple(ports), stream


def _is_stream(hint: Any) -> bool:
    """Whether a parameter takes the `Stream` of an element, or as `Batch[Stream]` those of all elements of a call."""
    return hint is Stream or hint == Batch[Stream]


def _is_bundle(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Ports)


def _read_bundle(where: str, bundle: type[Any]) -> list[PortSpec]:
    """The fields of a bundle are ports of the block."""
    if not is_dataclass(bundle):
        raise BlockError(f"{where}: write @dataclass(frozen=True) above {bundle.__qualname__}; its fields are ports")
    hints = _hints(bundle, bundle)
    return [
        _read_port(f"{where}, {item.name!r}", item.name, hints[item.name], _default(item)) for item in fields(bundle)
    ]


def _default(item: Field[Any]) -> Any:
    if item.default_factory is not MISSING:
        return item.default_factory()
    return REQUIRED if item.default is MISSING else item.default


def _read_bundles(hints: Mapping[str, Any]) -> tuple[tuple[str, Any, tuple[str, ...]], ...]:
    bundles = {name: hint for name, hint in hints.items() if _is_bundle(hint) and name != "return"}
    return tuple((name, bundle, tuple(field.name for field in fields(bundle))) for name, bundle in bundles.items())


def _read_port(where: str, name: str, hint: Any, default: Any) -> PortSpec:
    info = _info(hint) or Port()
    value = default.value if isinstance(default, Each) else default
    blank = PortSpec(name, aliases=info.aliases, doc=info.doc, default=value)
    port = _read_layer(where, blank, hint)
    if default is None and not port.takes_none:
        raise BlockError(f"{where} has the default None: write `T | None`")
    return port


def _info(hint: Any) -> Port | None:
    """Find the `Port` of an annotation, in whichever layer it was written."""
    inner, marks = _unwrap(hint)
    own = next((mark for mark in marks if isinstance(mark, Port)), None)
    return own or next(filter(None, map(_info, get_args(inner))), None)


def _read_layer(where: str, port: PortSpec, hint: Any, inside: tuple[str, ...] = ()) -> PortSpec:
    """Peel one layer (Setting, Maybe, None, Batch, Group, list, dict) off a hint and read on inside it."""
    inner, marks = _unwrap(hint)
    if SETTING in marks:
        return _read_layer(where, replace(port, setting=True), _rewrap(inner, marks, SETTING), inside)
    if MAYBE in marks:
        inner = _drop_none(inner)
        unmade = GROUP in _unwrap(inner)[1]
        seen = replace(port, sees_unmade=port.sees_unmade or unmade, sees_missing=port.sees_missing or not unmade)
        return _read_layer(where, replace(seen, takes_none=True), _rewrap(inner, marks, MAYBE), inside)
    if NoneType in union_members(inner):
        return _read_layer(where, replace(port, takes_none=True), _rewrap(_drop_none(inner), marks), inside)
    if BATCH in marks:
        if inside:
            raise BlockError(f"{where}: Batch goes outermost, as in Batch[Group[T]] or list[Batch[T]]")
        return _read_layer(where, replace(port, batch=True), get_args(inner)[0], ("batch",))
    if GROUP in marks:
        if "group" in inside:
            raise BlockError(f"{where}: nothing nests deeper than Batch[Group[T]]")
        return _read_layer(where, replace(port, group=True), get_args(inner)[0], (*inside, "group"))
    if not inside and not port.setting and get_origin(inner) in (list, dict):
        return _read_container(where, port, hint)
    if inner is StepRef:
        return replace(port, steps=True, kinds=())
    return _with_type(where, replace(port, takes_none=port.takes_none or inner is Any), hint)


def _with_type(where: str, port: PortSpec, hint: Any) -> PortSpec:
    kinds = kinds_of(where, hint)
    if port.setting and not has_json_form(hint):
        raise BlockError(f"{where}: a Setting is written in the document, which is impossible for {_named(kinds)}")
    return replace(port, kinds=kinds, literal=LiteralType(hint, kinds, port.takes_none))


def _read_container(where: str, port: PortSpec, hint: Any) -> PortSpec:
    """`list[T]` and `dict[str, T]`: the whole value, or members written out, each a selector or a literal."""
    inner = _unwrap(hint)[0]
    member = _read_layer(where, PortSpec(port.name, doc=port.doc), get_args(inner)[-1])
    port = replace(
        port,
        container="list" if get_origin(inner) is list else "dict",
        member=member,
        batch=member.batch,
        group=member.group,
        steps=member.steps,
    )
    only_members = member.batch or member.group or member.steps
    return replace(port, kinds=()) if only_members else _with_type(where, port, hint)


def _read_answer(cls: type[Any], spec: BlockSpec, hint: Any) -> BlockSpec:
    """Read what `run` returns: `Output`, `Route` or a mapping, inside `Batch` and `Group`; or nothing."""
    inner, marks = _unwrap(hint)
    if BATCH in marks and not (spec.batch or spec.fan_out):
        return _read_answer(cls, replace(spec, batch=True), get_args(inner)[0])
    if GROUP in marks and not spec.fan_out:
        return _read_answer(cls, replace(spec, fan_out=True), get_args(inner)[0])
    if BATCH in marks or GROUP in marks:
        raise BlockError(f"{cls.__qualname__}.run: an answer nests no deeper than Batch[Group[Output]]")
    if inner is NoneType:
        return spec
    if inner is Route:
        return replace(spec, routes=True)
    if (get_origin(inner) or inner) in (Mapping, dict):
        return _read_dynamic(cls, spec)
    if not (isinstance(inner, type) and issubclass(inner, tuple) and hasattr(inner, "_fields")):
        raise BlockError(f"{cls.__qualname__}.run: return a NamedTuple that names the outputs, not {inner!r}")
    hints = _hints(inner, cls)
    return replace(spec, outputs=tuple(_read_output(cls, spec, name, hints[name]) for name in inner._fields))


def _read_output(cls: type[Any], spec: BlockSpec, name: str, hint: Any) -> OutputSpec:
    where = f"{cls.__qualname__}: output {name!r}"
    inner, marks = _unwrap(hint)
    optional = inner is Any or NoneType in union_members(inner)
    if NoneType in union_members(inner):
        hint = _rewrap(_drop_none(inner), marks)
    marks = _unwrap(hint)[1]
    doc = next((mark.doc for mark in marks if isinstance(mark, Port)), "")
    kind_of = next((mark.ports for mark in marks if isinstance(mark, KindOf)), ())
    for port in kind_of:
        if port not in {known.name for known in spec.ports}:
            raise BlockError(f"{where}: KindOf names {port!r}, which is no parameter of run")
    return OutputSpec(name, kinds_of(where, hint), kind_of, optional, doc)


def _read_dynamic(cls: type[Any], spec: BlockSpec) -> BlockSpec:
    """Outputs that depend on the step's settings are told by a static method `outputs`."""
    method = inspect.getattr_static(cls, "outputs", None)
    if not isinstance(method, staticmethod):
        raise BlockError(
            f"{cls.__qualname__}.run returns a mapping: add @staticmethod outputs(setting, ...) that names it"
        )
    names = tuple(inspect.signature(method.__func__).parameters)
    settings = {port.name for port in spec.ports if port.setting}
    for name in names:
        if name not in settings:
            raise BlockError(f"{cls.__qualname__}.outputs: {name!r} is no Setting of run")
    return replace(spec, dynamic_outputs=method.__func__, dynamic_settings=names)


def _read_infer(cls: type[Any], spec: BlockSpec) -> BlockSpec:
    """Kinds that follow from settings and from what is wired are told by a static method `infer`."""
    method = inspect.getattr_static(cls, "infer", None)
    if method is None:
        return spec
    if not isinstance(method, staticmethod):
        raise BlockError(f"{cls.__qualname__}.infer must be a @staticmethod; it is asked when the workflow is compiled")
    names = tuple(inspect.signature(method.__func__).parameters)
    for name in names:
        if name not in {port.name for port in spec.ports}:
            raise BlockError(f"{cls.__qualname__}.infer: {name!r} is no parameter of run")
    return replace(spec, infer=method.__func__, infer_ports=names)


def _named(kinds: Sequence[Kind]) -> str:
    return " or ".join(kind.name for kind in kinds)


def _unwrap(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split `Annotated[T, marks...]` into `T` and its marks."""
    return (hint.__origin__, hint.__metadata__) if get_origin(hint) is Annotated else (hint, ())


def _rewrap(hint: Any, marks: Sequence[Any], gone: Mark | None = None) -> Any:
    kept = tuple(mark for mark in marks if mark is not gone)
    return Annotated[(hint, *kept)] if kept else hint


def _drop_none(hint: Any) -> Any:
    return Union[tuple(member for member in union_members(hint) if member is not NoneType)]  # noqa: UP007
