"""The whole chain: files → decode → detect → crop → classify → JSON Lines, against what people write by hand.

    python benchmarks/chain.py [--pictures 200] [--weights .pt .onnx] [--device cpu] [--half] [--stock] [--smallest]

- usual: the loop of the guides: predict a picture, predict each of its crops.
- batch: the best script that we could write with Ultralytics: batches of pictures, the crops of all of them in batches.
- Cropflow: `workflow.stream` over the folder, with the weights as they are, and as ONNX in its own runtime.
- floor: decoding, and the bare forward passes at the best batch size; nothing is prepared, read or written.

Each runs in a process of its own, in turn; every figure is the fastest of the rounds, after a round to warm up. All
write the same lines; the script compares them. `--stock` takes the architectures YOLO26n and YOLO26n-cls at 640 and
224 px with random weights, eight boxes for each picture.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "chain"
BATCH, CROPS = 16, 64
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """What is measured.

    Attributes:
        detector: weights.
        classifier: weights.
        conf: threshold of the detector.
        boxes: the most boxes of a picture.
        sizes: pixels of the detector and of the classifier; Ultralytics takes 640 for exports unless told.
    """

    detector: str
    classifier: str
    conf: float
    boxes: int
    sizes: tuple[int, int]
    device: str | None
    half: bool
    folder: str
    rounds: int


def usual(job: Job, files: Sequence[Path]) -> Iterator[Line]:
    """The loop of the guides."""
    detector, classifier = _yolo(job.detector), _yolo(job.classifier)
    how = {"device": job.device, "quantize": 16 if job.half else None, "verbose": False}
    detect, classify = ({"imgsz": size, **how} for size in job.sizes)
    while True:
        for file in files:
            picture = cv2.imread(str(file))
            found = detector.predict(picture, conf=job.conf, iou=0.3, max_det=job.boxes, **detect)[0]
            boxes = found.boxes.xyxy.cpu().numpy()
            crops = _cut(picture, boxes)
            labels = [classifier.predict(crop, **classify)[0].probs.top1 for crop in crops]
            yield _line(file, boxes, labels)
        yield {}


def batch(job: Job, files: Sequence[Path]) -> Iterator[Line]:
    """A script that batches pictures, and the crops of all of them."""
    detector, classifier = _yolo(job.detector), _yolo(job.classifier)
    _all_cores()
    how = {"device": job.device, "quantize": 16 if job.half else None, "verbose": False}
    detect, classify = ({"imgsz": size, **how} for size in job.sizes)
    while True:
        for first in range(0, len(files), BATCH):
            some = files[first : first + BATCH]
            pictures = [cv2.imread(str(file)) for file in some]
            found = detector.predict(pictures, conf=job.conf, iou=0.3, max_det=job.boxes, **detect)
            boxes = [result.boxes.xyxy.cpu().numpy() for result in found]
            crops = [crop for picture, box in zip(pictures, boxes, strict=True) for crop in _cut(picture, box)]
            labels: list[int] = []
            for start in range(0, len(crops), CROPS):
                labels += [result.probs.top1 for result in classifier.predict(crops[start : start + CROPS], **classify)]
            for file, box in zip(some, boxes, strict=True):
                yield _line(file, box, labels[: len(box)])
                labels = labels[len(box) :]
        yield {}


def cropflow(job: Job, files: Sequence[Path]) -> Iterator[Line]:
    """The workflow."""
    from cropflow import ModelStore, Workflow

    found = "$steps.detect.predictions"
    steps = [
        {
            "type": "yolo_model@v1",
            "name": "detect",
            "images": "$inputs.image",
            "model_id": job.detector,
            "conf": job.conf,
            "iou": 0.3,
            "max_det": job.boxes,
        },
        {
            "type": "dynamic_crop@v1",
            "name": "crop",
            "images": "$inputs.image",
            "predictions": "$steps.detect.predictions",
        },
        {
            "type": "classification_model@v2",
            "name": "classify",
            "images": "$steps.crop.crops",
            "model_id": job.classifier,
            "confidence": 0.0,
        },
    ]
    outputs = {"boxes": found, "labels": "$steps.classify.predictions"}
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": steps,
        "outputs": [{"type": "JsonField", "name": name, "selector": text} for name, text in outputs.items()],
    }
    with Workflow.load(document, resources=[ModelStore(device=job.device, half=job.half)]) as workflow:
        while True:
            for row in workflow.stream(str(Path(job.folder)), batch_size=BATCH):
                labels = [label.class_id for label in row["labels"]]
                yield _line(Path(row.source), row["boxes"].xyxy, labels)
            yield {}


def floor(job: Job, files: Sequence[Path]) -> Iterator[Line]:
    """Decoding and forward passes, as many pictures and crops as there are, at the batch size that is fastest."""
    crops = sum(len(json.loads(line)["labels"]) for line in (BUILD / "expected.jsonl").open())
    shapes = Counter(_seen(cv2.imread(str(file)).shape, job.sizes[0]) for file in files)
    how = {"device": job.device, "quantize": 16 if job.half else None}
    detect = _forwards(job.detector, job.sizes[0], how, shapes)
    classify = _forwards(job.classifier, job.sizes[1], how, {(job.sizes[1],) * 2: crops})
    while True:
        for file in files:
            cv2.imread(str(file))
        detect()
        classify()
        yield {}


def _seen(shape: Sequence[int], size: int) -> tuple[int, int]:
    """Return the (height, width) that a detector sees of a picture: scaled to fit, sides multiples of 32."""
    scale = size / max(shape[:2])
    return -(-round(shape[0] * scale) // 32) * 32, -(-round(shape[1] * scale) // 32) * 32


def _forwards(
    weights: str, size: int, how: Mapping[str, Any], counts: Mapping[tuple[int, int], int]
) -> Callable[[], None]:
    """Return what sends so many pictures of each size through a network, in batches that are fastest."""
    import torch

    model = _yolo(weights)
    _all_cores()
    model.predict(np.zeros((64, 64, 3), np.uint8), imgsz=size, verbose=False, **how)
    backend = model.predictor.model
    number = torch.half if backend.fp16 else torch.float

    def run(shape: tuple[int, int], batch: int, times: int) -> float:
        pictures = torch.zeros(batch, 3, *shape, device=backend.device, dtype=number)
        started = time.perf_counter()
        with torch.inference_mode():
            for _ in range(times):
                backend(pictures)
        if backend.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    def time_of(shape: tuple[int, int], batch: int) -> float:
        times = max(1, 32 // batch)
        return min(run(shape, batch, times) for _ in range(2)) / (times * batch)

    def batches(count: int) -> list[int]:
        return [batch for batch in (1, 4, 16, 64) if batch <= count] or [1]

    best = {shape: min(batches(count), key=partial(time_of, shape)) for shape, count in counts.items()}

    def all_of_them() -> None:
        for shape, count in counts.items():
            run(shape, best[shape], count // best[shape])
            if count % best[shape]:
                run(shape, count % best[shape], 1)

    return all_of_them


def _all_cores() -> None:
    """Let torch use all cores; Ultralytics leaves it one."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)


def _yolo(weights: str) -> Any:
    from ultralytics import YOLO

    return YOLO(weights, task="classify" if "cls" in weights or "classify" in weights else "detect")


def _cut(picture: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """Cut boxes out, rounded as the crop block rounds them; crops without pixels are left out."""
    height, width = picture.shape[:2]
    limit = np.array([width, height] * 2)
    corners = np.rint(boxes).astype(int).clip(0, limit).tolist()
    return [picture[y0:y1, x0:x1] for x0, y0, x1, y1 in corners if x0 < x1 and y0 < y1]


def _line(file: Path, boxes: Any, labels: Sequence[int]) -> Line:
    return {"file": file.name, "boxes": np.asarray(boxes, float).round(1).tolist(), "labels": list(map(int, labels))}


WAYS = {"usual": usual, "batch": batch, "cropflow": cropflow, "floor": floor}


def work(way: str, job: Job, out: Path) -> None:
    """Run one way: a round to warm up, then the others; print the seconds of the fastest."""
    files = sorted(Path(job.folder).iterdir())
    lines = WAYS[way](job, files)
    times = []
    for _ in range(job.rounds + 1):
        started = time.perf_counter()
        with out.open("w") as written:
            for line in iter(lambda: next(lines), {}):
                written.write(json.dumps(line) + "\n")
        times.append(time.perf_counter() - started)
    print(json.dumps({"seconds": min(times[1:])}))


def measure(way: str, job: Job) -> tuple[float, list[Line]]:
    """Run one way in a process of its own; return seconds, and the lines it wrote."""
    out = BUILD / f"{way}.jsonl"
    settings = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_CONFIG_DIR": str(BUILD)}
    command = [sys.executable, __file__, "--work", way, "--job", json.dumps(asdict(job)), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **settings})
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr[-2000:]}")
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"]), sorted(lines, key=lambda line: line["file"])


def differences(lines: list[Line], expected: list[Line]) -> str:
    """Say how the results differ: pictures with other boxes, and other labels on the same ones."""
    boxes = labels = 0
    for one, other in zip(lines, expected, strict=True):
        ours, theirs = np.array(one["boxes"]).reshape(-1, 1, 4), np.array(other["boxes"]).reshape(1, -1, 4)
        apart = np.abs(ours - theirs).max(axis=2)
        same = ours.size == theirs.size and bool((apart.min(axis=1, initial=0.0 if not ours.size else 99) < 0.5).all())
        boxes += not same
        labels += same and ours.size and one["labels"] != np.take(other["labels"], apart.argmin(axis=1)).tolist()
    return "same" if not boxes + labels else f"{boxes} other boxes, {labels} other labels"


def stock(name: str, size: int) -> Path:
    """Return a stock architecture with random weights."""
    import torch

    path = BUILD / f"{name}.pt"
    if not path.exists():
        torch.manual_seed(0)
        model = _yolo(f"{name}.yaml")
        model.model.args = {"imgsz": size, "task": model.task}
        model.ckpt = {"train_args": {"imgsz": size, "task": model.task}}
        model.save(path)
    return path


def scenes(count: int) -> Path:
    """Make pictures with digits; return their folder."""
    sys.path.insert(0, str(ROOT / "examples" / "digits"))
    from make_scenes import scenes as made

    folder = BUILD / f"scenes-{count}"
    if not folder.exists():
        folder.mkdir(parents=True)
        for number, (_, scene) in zip(range(count), made(-(-count // 4), 7), strict=False):
            cv2.imwrite(str(folder / f"{number:04}.png"), scene.picture)
    return folder


def compare(jobs: Mapping[str, Job]) -> None:
    """Measure and print a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table("weights", "way", "pictures/s", "times usual", "times floor", "results")
    pictures = len(list(Path(next(iter(jobs.values())).folder).iterdir()))
    first: float | None = None  # the usual loop on .pt, if that is measured
    expected: list[Line] = []
    for kind, job in jobs.items():
        took: dict[str, float] = {}
        told: dict[str, str] = {}
        for way in WAYS:
            took[way], lines = measure(way, job)
            if first is None:
                first, expected = took[way], lines
                (BUILD / "expected.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
            told[way] = differences(lines, expected) if lines else ""
        for way, seconds in took.items():
            ratios = (f"{pictures / seconds:.0f}", f"{first / seconds:.2f}", f"{seconds / took['floor']:.2f}")
            table.add_row(kind, way, *ratios, told[way])
    Console(width=100).print(table)


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2, help="rounds of each way; the fastest counts")
    parser.add_argument("--weights", nargs="+", choices=(".pt", ".onnx"), default=(".pt", ".onnx"))
    parser.add_argument("--device", help="such as cuda:0; chosen if not given")
    parser.add_argument("--half", action="store_true", help="16-bit numbers, on a GPU; exports stay as they are")
    parser.add_argument("--stock", action="store_true", help="YOLO26n and YOLO26n-cls in place of the digits")
    parser.add_argument("--smallest", action="store_true", help="four pictures on ONNX only, to see that it works")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(asked.work, Job(**json.loads(asked.job)), asked.out)
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    weights = [ROOT / "models" / "digits-detect.pt", ROOT / "models" / "digits-classify.pt"]
    if asked.stock:
        weights = [stock("yolo26n", 640), stock("yolo26n-cls", 224)]
    conf, most, sizes = (0.0, 8, (640, 224)) if asked.stock else (0.4, 300, (320, 32))
    folder, rounds = str(scenes(4 if asked.smallest else asked.pictures)), 1 if asked.smallest else asked.rounds
    kinds = (".onnx",) if asked.smallest else asked.weights
    compare(
        {
            kind: Job(*_of_kind(weights, kind), conf, most, sizes, asked.device, asked.half, folder, rounds)
            for kind in kinds
        }
    )


def _of_kind(weights: Sequence[Path], kind: str) -> list[str]:
    if kind == ".pt":
        return [*map(str, weights)]
    from cropflow_blocks.models.conversion import as_onnx

    return [str(as_onnx(path, BUILD)) for path in weights]


if __name__ == "__main__":
    main()
