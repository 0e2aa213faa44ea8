"""Ultralytics' predictors for pixels, without what makes them dear or deaf.

Its segmentation predictor makes one full frame per object, even where only boxes are wanted. Its semantic
predictor gives the class of every pixel and forgets how sure the model was.

Importing this file imports Ultralytics; do so inside of `ultralytics_imported`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervision.detection.compact_mask import CompactMask
from torch.nn.functional import interpolate
from ultralytics.engine.results import Results
from ultralytics.models.yolo.segment import SegmentationPredictor
from ultralytics.models.yolo.semantic import SemanticSegmentationPredictor
from ultralytics.utils import ops

from cropflow_blocks.models.masks import masks_in_boxes


class MaskPredictor(SegmentationPredictor):  # type: ignore[misc]
    """Results with boxes and `masks_of(rows, fine)`, which makes the masks of some boxes when it is called."""

    def construct_result(self, pred: Any, img: Any, orig_img: NDArray[np.uint8], img_path: str, proto: Any) -> Any:
        """Return the result of one picture."""
        pred[:, :4] = ops.scale_boxes(img.shape[2:], pred[:, :4], orig_img.shape)
        result = Results(orig_img, path=img_path, names=self.model.names, boxes=pred[:, :6])
        result.masks_of = partial(_masks, proto, pred, orig_img.shape[:2], tuple(img.shape[2:]))
        return result


def _masks(
    proto: Any, pred: Any, picture: tuple[int, int], padded: tuple[int, int], rows: NDArray[np.intp], fine: bool
) -> CompactMask:
    """Every object has its own mixture of maps that all share; above 0 is inside."""
    wanted = pred[rows.tolist()]
    scores = (wanted[:, 6:] @ proto.float().flatten(1)).view(-1, *proto.shape[1:])
    return masks_in_boxes(scores.cpu().numpy(), wanted[:, :4].cpu().numpy(), picture, padded, fine=fine)


class RegionPredictor(SemanticSegmentationPredictor):  # type: ignore[misc]
    """Results with `probability`: how likely the class of each pixel is, h×w float32 in pixels of the picture.

    It is measured at the resolution of the model. `None` for exports that contain the choice of the class.
    """

    def postprocess(self, preds: Any, img: Any, orig_imgs: list[NDArray[np.uint8]]) -> list[Any]:
        """Return the results of a batch."""
        results: list[Any] = super().postprocess(preds, img, orig_imgs)
        scores = preds[0] if isinstance(preds, tuple | list) else preds
        for result, score in zip(results, scores, strict=True):
            result.probability = _probability(score, img.shape[2:], result.orig_shape)
        return results


def _probability(score: Any, padded: tuple[int, int], shape: tuple[int, int]) -> NDArray[np.float32] | None:
    if score.ndim == 2:
        return None
    # A single class is told from the background by its sign, so its probability is that of the better of two.
    best = score.float().softmax(0).amax(0) if len(score) > 1 else score[0].float().abs().sigmoid()
    likely: NDArray[np.float32] = (
        ops.scale_masks(interpolate(best[None, None], padded, mode="bilinear"), shape)[0, 0].cpu().numpy()
    )
    return likely
