"""Filters and transforms predictions with the query language: two ids of existing documents, one way of working."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from supervision import Detections

from cropflow.block import Block, KindOf, Port, Setting
from cropflow.kinds import Kind
from cropflow_blocks.query import Operations, QueryError, check, evaluate
from cropflow_blocks.query.boxes import refuse_lost_boxes

Predictions = Annotated[Detections, Port("the predictions to work on")]
Chain = Annotated[Setting[Operations], Port("what to do with them, one after the other; they end in predictions")]
Parameters = Annotated[dict[str, Any], Port("values that statements name as operands")]
NO_PARAMETERS: dict[str, Any] = {}


class Worked(NamedTuple):
    """What the operations give."""

    predictions: Annotated[Detections, KindOf("predictions"), Port("the predictions after the last operation")]


class DetectionsOperations(Block):
    """What both blocks share; it has no `run`."""

    @staticmethod
    def infer(
        predictions: tuple[Kind, ...],
        operations: Operations,
        operations_parameters: Mapping[str, tuple[Kind, ...]] | None,
    ) -> dict[str, tuple[Kind, ...]]:
        """The output has the kind that the chain ends in, which must be predictions."""
        kinds = check(operations, predictions, operations_parameters)
        refuse_lost_boxes(kinds, ("operations",))
        return {"predictions": kinds}

    def work(self, predictions: Detections, operations: Operations, parameters: Mapping[str, Any]) -> Worked:
        """Run the chain."""
        worked = evaluate(operations, predictions, parameters)
        if not isinstance(worked, Detections):
            raise QueryError(f"the operations must end in predictions, but end in {type(worked).__name__}")
        return Worked(worked)


class DetectionsFilter(DetectionsOperations):
    """Keep some of the predictions: by class, confidence, size, place or whatever statements can say.

    Boxes keep their ids, masks and all that belongs to them. Nothing left is an empty prediction.
    """

    type = "detections_filter@v1"
    aliases = ("roboflow_core/detections_filter@v1", "DetectionsFilter")

    def run(
        self, predictions: Predictions, operations: Chain, operations_parameters: Parameters = NO_PARAMETERS
    ) -> Worked:
        """Filter."""
        return self.work(predictions, operations, operations_parameters)


class DetectionsTransformation(DetectionsOperations):
    """Sort, move, enlarge, rename or choose predictions.

    Boxes keep their ids, masks and all that belongs to them. Nothing left is an empty prediction.
    """

    type = "detections_transformation@v1"
    aliases = ("roboflow_core/detections_transformation@v1", "DetectionsTransformation")

    def run(
        self, predictions: Predictions, operations: Chain, operations_parameters: Parameters = NO_PARAMETERS
    ) -> Worked:
        """Transform."""
        return self.work(predictions, operations, operations_parameters)
