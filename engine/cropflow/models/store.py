"""The one owner of weights: finds them by name, loads each set once, and lets one thread at a time use it.

Sharing is what makes several steps and streams cheap; one thread at a time is what makes it right, because frameworks
mix up the thresholds of two threads without a word. Calls that meet share one call of the model.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.metadata import entry_points
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, cast, get_args

import numpy as np
import platformdirs
from numpy.typing import NDArray

from cropflow.errors import ModelError, nearest
from cropflow.models.devices import check_device
from cropflow.models.gather import Batching, Gatherer
from cropflow.models.names import MAP_FILE, Place, names_nearby, places, published_name, read_map
from cropflow.models.protocol import (
    Converter,
    DetectSettings,
    Model,
    ModelInfo,
    ModelLoader,
    Network,
    Runtime,
    Task,
)

if TYPE_CHECKING:
    from supervision import Detections

ENTRY_POINTS = "cropflow.models"
_Answer = TypeVar("_Answer")
_MOST_NAMES = 1000
_Asked: TypeAlias = tuple[Path, int | None, str | None, bool]
"""What one set of weights is loaded for: file, size, device, 16 bits."""
_MOST_TOLD = 8
_BLOCKS = {
    "detect": "object_detection_model@v3",
    "segment": "instance_segmentation_model@v4",
    "pose": "keypoint_detection_model@v3",
    "obb": "oriented_object_detection_model@v1",
    "classify": "classification_model@v3",
    "semantic": "semantic_segmentation_model@v2",
}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that any number of threads may call; calls wait for one another, and those that meet become one."""

    model: Model
    gatherer: Gatherer = field(default_factory=lambda: Gatherer(Batching()))

    @property
    def info(self) -> ModelInfo:
        """What the weights say about themselves."""
        return self.model.info

    def detect(self, images: Sequence[NDArray[np.uint8]], settings: DetectSettings) -> list[Detections]:
        """Find objects; see `Model.detect`."""
        return list(self.gatherer.call(settings, images, lambda images: self.model.detect(images, settings)))

    def classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Score whole pictures; see `Model.classify`."""
        return cast("NDArray[np.float32]", self.gatherer.call("classify", images, self.model.classify))

    def embed(self, images: Sequence[NDArray[np.uint8]], layers: Sequence[int] | None) -> list[NDArray[np.float32]]:
        """Describe pictures by vectors; see `Network.embed`."""
        return self._alone(lambda: self._network.embed(images, layers))

    def activation(self, image: NDArray[np.uint8], settings: DetectSettings) -> NDArray[np.uint8]:
        """Show what in a picture speaks for what was found; see `Network.activation`."""
        return self._alone(lambda: self._network.activation(image, settings))

    def _alone(self, work: Callable[[], _Answer]) -> _Answer:
        """Do something with the model in a call of its own."""
        (answer,) = self.gatherer.call(object(), (None,), lambda _: [work()])
        return cast(_Answer, answer)

    @property
    def _network(self) -> Network:
        if isinstance(self.model, Network):
            return self.model
        raise ModelError(
            f"{self.info.path} runs in {self.info.runtime}, which shows nothing of the inside; use a .pt file"
        )

    def close(self) -> None:
        """Let go of the weights, after the call that may be running."""
        self._alone(self.model.close)


@dataclass(slots=True, eq=False)
class _Slot:
    """A place for one set of weights; its lock makes the second thread wait while the first one loads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    loaded: LoadedModel | None = None


class ModelStore:
    """Finds, loads and shares models.

    Args:
        models: names to paths; they come before everything else a `model_id` may mean.
        device: such as `cpu`, `cuda:0`, `mps` or `intel:gpu`; `None` leaves the choice to the framework.
        runtime: what runs `.pt` weights: `file` is torch; `onnx` and `openvino` export them once, into the cache;
            `auto` takes the fastest that is installed.
        half: calculate with 16-bit numbers, where the device can; a processor (CPU) takes no notice.
        allow_download: whether weights that a framework publishes may be fetched.
        cache_dir: folder for downloads and settings of frameworks; the user's cache folder by default.
        batching: how calls of several threads that meet at a model are put together.
        met: told of each call of a model, how many calls it answers, and with how many pictures.
        loaders: how to load weights; the first that accepts a file loads it. All installed ones by default: the
            entry-point group `cropflow.models`, in the order of their names.

    Raises:
        ValueError: there is no such device or runtime.

    Example:
        store = ModelStore(models={"dog-breeds/1": "weights/dogs.pt"})
        model = store.get("dog-breeds/1", tasks=("classify",))
        model.classify([picture])
    """

    def __init__(
        self,
        models: Mapping[str, str | PathLike[str]] | None = None,
        *,
        device: str | None = None,
        runtime: Runtime = "file",
        half: bool = False,
        allow_download: bool = False,
        cache_dir: str | PathLike[str] | None = None,
        batching: Batching = Batching(),  # noqa: B008 - frozen
        met: Callable[[ModelInfo, int, int], None] = lambda info, calls, pictures: None,
        loaders: Iterable[ModelLoader] | None = None,
    ) -> None:
        check_device(device)
        if runtime not in get_args(Runtime):
            raise ValueError(f"runtime must be one of {', '.join(get_args(Runtime))}, not {runtime!r}")
        self.device = device
        self.runtime = runtime
        self.half = half
        self.allow_download = allow_download
        self.cache_dir = Path(cache_dir) if cache_dir else platformdirs.user_cache_path("cropflow")
        self._models = {name: Path(path).expanduser() for name, path in (models or {}).items()}
        self._batching = batching
        self._met = met
        self._given_loaders = None if loaders is None else tuple(loaders)
        self._lock = threading.Lock()
        self._slots: dict[_Asked, _Slot] = {}
        self._found: dict[tuple[object, ...], LoadedModel] = {}
        self._folders: tuple[Path, ...] = ()
        self._is_bounded = False

    def also_in(self, *folders: str | PathLike[str]) -> Self:
        """Return a view of this store, with the same loaded models, that looks for weights in these folders at last."""
        view = copy.copy(self)
        view._folders = tuple(Path(folder).resolve() for folder in folders)
        return view

    def within(self, *folders: str | PathLike[str]) -> Self:
        """Return a view of this store, with the same loaded models, for documents of others.

        It takes weights from these folders only, and those the store has names for; nothing is downloaded.
        """
        view = self.also_in(*folders)
        view._is_bounded = True
        view.allow_download = False
        return view

    def locate(self, model_id: str, base: Path | None = None) -> Path:
        """Say which file or folder a `model_id` stands for, without loading it.

        Args:
            model_id: a name or a path.
            base: the folder of the document, which paths are relative to and that may hold `models.yaml`.

        Raises:
            ModelError: nothing is there; the message lists every place that was tried.
        """
        return self._place(model_id, base).path

    def get(
        self,
        model_id: str,
        base: Path | None = None,
        tasks: Sequence[Task] = ("detect",),
        *,
        device: str | None = None,
        half: bool = False,
    ) -> LoadedModel:
        """Return a model that does one of the `tasks`; its weights are loaded on the first request only.

        Args:
            device: where it runs; `None` takes the device of the store.
            half: calculate with 16-bit numbers, where the device can; so does a store that was told to.

        Raises:
            ModelError: the weights are not found, cannot be loaded, or do something else.
        """
        wanted, half = device or self.device, half or self.half
        try:
            check_device(wanted)
        except ValueError as error:
            raise ModelError(str(error)) from error
        asked = (self._folders, self._is_bounded, model_id, base, wanted, half)
        loaded = self._found.get(asked)
        if loaded is None:
            loaded = self._load(asked, self._place(model_id, base), wanted, half)
        if loaded.info.task not in tasks:
            raise ModelError(_wrong_task(model_id, loaded.info, tasks))
        return loaded

    def close(self) -> None:
        """Let go of all models; what is asked for again is loaded again."""
        with self._lock:
            slots = [*self._slots.values()]
            self._slots.clear()  # both in place, since views look there too
            self._found.clear()
        for slot in slots:
            with slot.lock:
                if slot.loaded is not None:
                    slot.loaded.close()

    def _load(self, name: tuple[object, ...], place: Place, device: str | None, half: bool) -> LoadedModel:
        """Load a model once, however many ask for it; `name` is what they call it."""
        asked = (place.path.resolve(), place.image_size, device, half)
        while True:
            with self._lock:
                slot = self._slots.setdefault(asked, _Slot())
            with slot.lock:
                if self._slots.get(asked) is slot:
                    return self._filled(slot, asked, name)
            # the store was closed meanwhile, or loading failed for who came first

    def _filled(self, slot: _Slot, asked: _Asked, name: tuple[object, ...]) -> LoadedModel:
        try:
            slot.loaded = slot.loaded or self._read(*asked)
        except BaseException:
            with self._lock:  # a stranger may ask for much that cannot be
                self._slots.pop(asked, None)
            raise
        with self._lock:
            if len(self._found) >= _MOST_NAMES:  # a stranger may write one path in many ways
                self._found.clear()
            if self._slots.get(asked) is slot:  # else the store was closed, and the model with it
                self._found[name] = slot.loaded
        return slot.loaded

    def _read(self, path: Path, image_size: int | None, device: str | None, half: bool) -> LoadedModel:
        path = self._converted(path, device)
        model = self._loader_for(path).load(
            path, device=device, image_size=image_size, half=half, cache_dir=self.cache_dir
        )
        if self.runtime not in ("file", "auto", model.info.runtime):
            model.close()
            runs = f"{path} runs in {model.info.runtime} as it is"
            raise ModelError(f"{runs}; the runtime {self.runtime!r} can be had for .pt files only")
        return LoadedModel(model, self._gatherer(model.info))

    def _gatherer(self, info: ModelInfo) -> Gatherer:
        return Gatherer(self._batching, partial(self._met, info))

    def _converted(self, path: Path, device: str | None) -> Path:
        if self.runtime == "file":
            return path
        loader = self._loader_for(path)
        if isinstance(loader, Converter):
            return loader.convert(path, self.runtime, device=device, cache_dir=self.cache_dir)
        return path

    def _place(self, model_id: str, base: Path | None) -> Place:
        try:
            return self._existing(model_id, base)
        except (OSError, ValueError) as error:  # such as a path of more characters than a file may have
            raise ModelError(f"the model {model_id[:100]!r} is neither a name nor a path: {error}") from error

    def _existing(self, model_id: str, base: Path | None) -> Place:
        named = self._models.get(model_id) or read_map(base).get(model_id)
        tried = [Place(named)] if named else self._places(model_id, base)
        found = next((place for place in tried if place.path.exists()), None)
        if found is None and not named:
            found = self._fetch(model_id)
        if found is None:
            raise self._not_found(model_id, base, tried)
        return found

    def _places(self, model_id: str, base: Path | None) -> list[Place]:
        inside = [Place(folder / model_id) for folder in self._folders if folder.is_dir()]
        found = [*places(model_id, base, self._downloads), *inside]
        return [place for place in found if self._may_open(place.path.resolve())] if self._is_bounded else found

    def _may_open(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self._folders)

    @property
    def _downloads(self) -> Path:
        return self.cache_dir / "weights"

    def _fetch(self, model_id: str) -> Place | None:
        wanted = published_name(model_id)
        if wanted is None or not self.allow_download:
            return None
        file = self._downloads / wanted.path
        return Place(self._loader_for(file).download(file.name, file.parent), wanted.image_size)

    def _loader_for(self, path: Path) -> ModelLoader:
        found = next((loader for loader in self._loaders if loader.accepts(path)), None)
        if found is None:
            raise ModelError(f"{path} is no weights file that can be loaded here")
        return found

    @cached_property
    def _loaders(self) -> tuple[ModelLoader, ...]:
        if self._given_loaders is not None:
            return self._given_loaders
        entries = sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)
        return tuple(map(_installed_loader, entries))

    def _not_found(self, model_id: str, base: Path | None, tried: Sequence[Place]) -> ModelError:
        mapped = self._models.get(model_id) or read_map(base).get(model_id)
        nearby = list(names_nearby(iter(tried)))
        if mapped:
            message = f"the model {model_id!r} is mapped to {mapped}, which is not there"
            return ModelError(message, nearest=nearest(mapped.name, nearby), hint="correct the path it is mapped to")
        known = [*self._models, *read_map(base), *nearby]
        hint = (
            f"Map a name to weights with --model {model_id}=PATH, in Python with "
            f"ModelStore(models={{{model_id!r}: PATH}}), or with a line in a {MAP_FILE} beside the document."
        )
        if Path(model_id).suffix:
            hint = "Correct the path; it starts from the folder of the document, or else from the current folder."
        if published_name(model_id) and not self.allow_download:
            hint += " Nothing is downloaded unless --allow-download or ModelStore(allow_download=True) says so."
        if self._is_bounded:
            hint = f"Weights are taken from {self._allowed()}; whoever runs this may allow one, or give weights a name."
        return ModelError(
            f"the model {model_id!r} is not found",
            tried=() if self._is_bounded else dict.fromkeys(str(place.path.absolute()) for place in tried),
            nearest=nearest(Path(model_id).name, known) or nearest(model_id, known),
            hint=hint,
        )

    def _allowed(self) -> str:
        """Say where a document of others may take weights from, by names alone."""
        if not self._folders:
            return "no folder here, since none is allowed"
        files = (file for folder in self._folders if folder.is_dir() for file in sorted(folder.iterdir()))
        weights = (file.name for file in files if any(loader.accepts(file) for loader in self._loaders))
        names = [*islice(chain(self._models, weights), _MOST_TOLD + 1)]
        told = ", ".join([*names[:_MOST_TOLD], *(["…"] if len(names) > _MOST_TOLD else [])])
        return f"a folder that is allowed here{f', which has {told}' if told else ''}"


def _installed_loader(entry: Any) -> ModelLoader:
    try:
        loader: ModelLoader = entry.load()()
    except Exception as error:  # whatever a plug-in raises, its name helps
        raise ModelError(f"the model loader {entry.name!r} ({entry.value}) cannot be imported: {error}") from error
    return loader


def _wrong_task(model_id: str, info: ModelInfo, tasks: Sequence[Task]) -> str:
    block = _BLOCKS.get(info.task)
    advice = f"use a step of type {block!r} for them" if block else "no block runs such weights yet"
    wanted = ", ".join(repr(task) for task in tasks)
    found = f"the model {model_id!r} ({info.path}) does {info.task!r}"
    return f"{found}, but the step needs one that does {wanted}: {advice}"
