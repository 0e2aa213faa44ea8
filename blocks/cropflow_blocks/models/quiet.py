"""Imports Ultralytics without what it does to the process around it.

Importing and loading set environment variables, thread counts of OpenCV and torch, print options and warning
filters, replace `torch.save` and `PIL.Image.open`, look for the network, install packages and report usage.
None of that is for a library to decide, so the network is off while we are inside, and all is put back after.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

from cropflow.errors import ModelError

INSTALL = 'pip install "cropflow[yolo]"'
_SET_BY_ULTRALYTICS = (
    "CUBLAS_WORKSPACE_CONFIG",
    "KINETO_LOG_LEVEL",
    "NUMEXPR_MAX_THREADS",
    "OMP_NUM_THREADS",
    "TF_CPP_MIN_LOG_LEVEL",
    "TORCHINDUCTOR_CACHE_DIR",
    "TORCH_CPP_LOG_LEVEL",
)
_SPINS = "10000"
"""How often a thread of torch looks for work before it sleeps. By default it is so often that torch becomes many times
slower when anything else runs on the cores, such as reading ahead; with this it is as fast when nothing does."""
_LOCK = threading.RLock()


@contextmanager
def ultralytics_imported(cache_dir: Path, *, online: bool = False) -> Iterator[ModuleType]:
    """Give the module `ultralytics`, one thread at a time; the state of the process is put back after.

    If the program has imported Ultralytics before, its settings are left as they are. Otherwise settings go
    to `cache_dir`, and weights are read in its safe mode, which builds known classes only; set the
    environment variable ULTRALYTICS_SAFE_LOAD=0 for weights you trust that need more.

    Args:
        cache_dir: the one folder that Ultralytics may write to.
        online: whether it may use the network meanwhile.

    Raises:
        ModelError: Ultralytics is not installed; the message says how to.
    """
    with _LOCK, _environment_kept(_switches(cache_dir, online)), _process_kept():
        ours = "ultralytics" not in sys.modules
        try:
            import_module("torchvision")  # else it comes with the first prediction, and has such effects too
            ultralytics = import_module("ultralytics")
        except ImportError as error:
            raise ModelError(f"this model needs Ultralytics ({error}); install it with: {INSTALL}") from error
        if ours:
            ultralytics.settings.update(sync=False)
        yield ultralytics


def _switches(cache_dir: Path, online: bool) -> Mapping[str, str]:
    """Return what Ultralytics is told through the environment, the only way it takes such things."""
    offline = {"YOLO_OFFLINE": "false" if online else "true"}
    if "ultralytics" in sys.modules:
        return offline
    return offline | {
        "GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", _SPINS),
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
        "YOLO_CONFIG_DIR": str(cache_dir),
        "ULTRALYTICS_SAFE_LOAD": os.environ.get("ULTRALYTICS_SAFE_LOAD", "1"),
    }


@contextmanager
def _environment_kept(switches: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*_SET_BY_ULTRALYTICS, *switches)}
    os.environ.update(switches)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _process_kept() -> Iterator[None]:
    """Put back thread counts, print options, warning filters and replaced functions."""
    import cv2
    import numpy as np

    try:
        import PIL.Image
        import torch
    except ImportError as error:
        raise ModelError(f"this model needs Ultralytics ({error}); install it with: {INSTALL}") from error
    threads, cv2_threads = torch.get_num_threads(), cv2.getNumThreads()
    save, image_open, width = torch.save, PIL.Image.open, torch._tensor_str.PRINT_OPTS.linewidth
    coreml = logging.getLogger("coremltools").level
    try:
        with warnings.catch_warnings(), np.printoptions():
            yield
    finally:
        torch.save, PIL.Image.open = save, image_open
        torch.set_num_threads(threads)
        torch.set_printoptions(linewidth=width)
        cv2.setNumThreads(cv2_threads)
        logging.getLogger("coremltools").setLevel(coreml)
