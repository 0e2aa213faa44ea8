"""The whole language: every operation, told apart by its `type`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cropflow_blocks.query import boxes, pictures, plain, sequences, statements

AnyOperation = Annotated[
    plain.StringToLowerCase
    | plain.StringToUpperCase
    | plain.StringSubSequence
    | plain.StringMatches
    | plain.ToString
    | plain.ToNumber
    | plain.NumberRound
    | plain.Multiply
    | plain.Divide
    | plain.ToBoolean
    | plain.RandomNumber
    | plain.LookupTable
    | plain.TimestampToISOFormat
    | plain.ConvertDictionaryToJSON
    | sequences.SequenceMap
    | sequences.SequenceApply
    | sequences.SequenceLength
    | sequences.SequenceElementsCount
    | sequences.SequenceJoin
    | sequences.SequenceAggregate
    | sequences.NumericSequenceAggregate
    | boxes.DetectionsFilter
    | boxes.DetectionsOffset
    | boxes.DetectionsShift
    | boxes.DetectionsRename
    | boxes.DetectionsSelection
    | boxes.SortDetections
    | boxes.PickDetectionsByParentClass
    | boxes.DetectionsPropertyExtract
    | boxes.DetectionsToDictionary
    | boxes.ExtractDetectionProperty
    | pictures.ClassificationPropertyExtract
    | pictures.ExtractImageProperty
    | pictures.ExtractFrameMetadata
    | pictures.ConvertImageToJPEG
    | pictures.ConvertImageToBase64,
    Field(discriminator="type"),
]
Operations = list[AnyOperation]
"""A chain of operations, as a field of a block: `operations: Setting[Operations]`."""

_NAMES = {"Operations": Operations, "Statement": statements.Statement}
for _model in (
    statements.StaticOperand,
    statements.DynamicOperand,
    statements.BinaryStatement,
    statements.UnaryStatement,
    statements.StatementGroup,
    sequences.SequenceApply,
    boxes.DetectionsFilter,
):
    _model.model_rebuild(_types_namespace=_NAMES)
