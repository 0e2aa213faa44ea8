"""Compares embeddings."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from cropflow.block import Block, Port
from cropflow.kinds import KINDS

Embedding = Annotated[list[float], KINDS["embedding"]]


class CosineSimilarity(Block):
    """Tell how alike two embeddings are: the cosine of the angle between them, from -1 to 1.

    An embedding of zeros is like no other; its similarity is 0.

    Raises:
        ValueError: the embeddings differ in length.
    """

    type = "cosine_similarity@v1"
    aliases = ("roboflow_core/cosine_similarity@v1",)

    class Output(NamedTuple):
        """How alike they are."""

        similarity: Annotated[float, Port("1 for the same direction, 0 for unrelated ones, -1 for opposite ones")]

    def run(
        self,
        embedding_1: Annotated[Embedding, Port("an embedding")],
        embedding_2: Annotated[Embedding, Port("another one of the same length")],
    ) -> Output:
        """Compare."""
        one, other = np.asarray(embedding_1, np.float64).ravel(), np.asarray(embedding_2, np.float64).ravel()
        if one.shape != other.shape:
            raise ValueError(f"the embeddings have {len(one)} and {len(other)} numbers; give two of the same model")
        length = float(np.linalg.norm(one) * np.linalg.norm(other))
        return self.Output(float(np.clip(one @ other / length, -1, 1)) if length else 0.0)
