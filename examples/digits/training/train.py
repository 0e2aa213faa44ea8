"""Trains one of the four models from scratch, and saves it as it is shipped.

    python train.py detect --data build/digits --out models/digits-detect.pt
    python train.py classify --data build/digits --out /tmp/try.pt --epochs 1 --device cpu

The saved file holds the weights, the names of the classes and how well they did on the validation scenes. What
training leaves behind (optimizer, folders of this machine) is taken out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cropflow_blocks.models.quiet import ultralytics_imported

ARCHITECTURES = Path(__file__).parent / "architectures"
KEPT = ("epoch", "train_metrics", "date", "version", "license", "docs")
"""What of Ultralytics' checkpoint is shipped as it is."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained: epochs, pictures at a time, highest learning rate, size of pictures in pixels."""

    epochs: int
    batch: int
    rate: float
    size: int = 320


RECIPES = {
    "detect": Recipe(epochs=37, batch=16, rate=0.006),
    "segment": Recipe(epochs=10, batch=16, rate=0.006),
    "pose": Recipe(epochs=37, batch=16, rate=0.008),
    "classify": Recipe(epochs=59, batch=64, rate=0.006, size=32),
}
COLOURS = {"hsv_h": 0.5, "hsv_s": 0.5, "hsv_v": 0.3, "auto_augment": None, "erasing": 0.0}
PLACES = {"fliplr": 0.0, "mosaic": 0.0, "translate": 0.05, "scale": 0.25}
"""No mirrored digits, and no mosaic: it makes digits smaller than they ever are."""
LITTLE = {"amp": False, "plots": False, "pretrained": False, "verbose": False}
"""Small models gain nothing from half precision."""


def train(task: str, data: Path, out: Path, epochs: int | None, device: str | None, workers: int) -> None:
    """Train, and save the weights of the best epoch; nothing else is left on this machine."""
    recipe = RECIPES[task]
    with TemporaryDirectory() as folder, ultralytics_imported(Path(folder)) as ultralytics:
        import torch

        model = ultralytics.YOLO(str(ARCHITECTURES / f"{task}.yaml"), task=task)
        model.add_callback("on_train_start", lambda _: torch.set_num_threads(1))  # more are slower on few pixels
        model.add_callback("on_fit_epoch_end", report)
        model.train(
            data=str(data / task if task == "classify" else data / task / "data.yaml"),
            epochs=epochs or recipe.epochs,
            batch=recipe.batch,
            nbs=recipe.batch,
            imgsz=recipe.size,
            optimizer="AdamW",
            lr0=recipe.rate,
            lrf=0.02,
            cos_lr=True,
            warmup_epochs=1,
            cache=False if task == "classify" else "ram",
            device=device,
            project=folder,
            workers=workers,
            **COLOURS | PLACES | LITTLE,
        )
        trained = torch.load(model.trainer.best, map_location="cpu", weights_only=False)
        out.parent.mkdir(parents=True, exist_ok=True)
        torch.save(shipped(trained, task, recipe), out)


def report(trainer: Any) -> None:
    """Print a line for an epoch; Ultralytics calls once more with the best one, when it is done."""
    scores = {key.removeprefix("metrics/"): value for key, value in trainer.metrics.items() if "metrics/" in key}
    shown = ", ".join(f"{key} {value:.3f}" for key, value in scores.items())
    done = trainer.epoch == trainer.epochs
    print("best:" if done else f"epoch {trainer.epoch + 1} of {trainer.epochs}:", shown, flush=True)


def shipped(trained: dict[str, Any], task: str, recipe: Recipe) -> dict[str, Any]:
    """Return a checkpoint that tells what the model is, and nothing of the machine it was trained on."""
    model = trained["model"]
    model.args = {"task": task, "imgsz": recipe.size, "epochs": trained["train_args"]["epochs"]}
    model.yaml["yaml_file"] = f"{task}.yaml"
    return {key: trained[key] for key in KEPT} | {"model": model, "train_args": model.args}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Train one of the models of the digits example.")
    parser.add_argument("task", choices=list(RECIPES))
    parser.add_argument("--data", type=Path, required=True, help="folder that data.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights, such as digits-detect.pt")
    parser.add_argument("--epochs", type=int, help="how often to see all pictures (default: as the shipped one)")
    parser.add_argument("--device", help="such as cpu or 0 (default: the first GPU, else the CPU)")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare pictures; for GPUs")
    given = parser.parse_args(arguments)
    if not (given.data / given.task).is_dir():
        print(f"no folder {given.data / given.task}; make it with data.py --out {given.data}", file=sys.stderr)
        return 2
    train(given.task, given.data.resolve(), given.out, given.epochs, given.device, given.workers)
    print(f"{given.out}: {given.out.stat().st_size / 1000:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
