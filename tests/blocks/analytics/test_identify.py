"""Embeddings that differ from those before them, in numbers worked out by hand and as existing documents give them."""

from __future__ import annotations

from typing import Any

import pytest

from cropflow import RunError, Workflow

CHANGES, OUTLIERS = "roboflow_core/identify_changes@v1", "roboflow_core/identify_outliers@v1"
EMA, SMA, SLIDING = "Exponential Moving Average (EMA)", "Simple Moving Average (SMA)", "Sliding Window"
SEEN = [[1, 0], [1, 0.1], [0.9, 0], [1, 0.05], [0, 1], [1, 0], [-1, 0], [1, 0.02]]


def load(kind: str, **fields: Any) -> Workflow:
    return Workflow.load(
        {
            "version": "1.0",
            "inputs": [
                {"type": "WorkflowVideoMetadata", "name": "video"},
                {"type": "WorkflowBatchInput", "name": "embedding", "kind": ["*"]},
            ],
            "steps": [{"type": kind, "name": "step", "embedding": "$inputs.embedding", **fields}],
            "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.step.*"}],
        }
    )


def answers(kind: str, embeddings: list[Any], stream: str = "one", **fields: Any) -> list[dict[str, Any]]:
    videos = [{"video_identifier": stream, "frame_number": number} for number in range(len(embeddings))]
    with load(kind, **fields) as workflow:
        return [row["out"] for row in workflow.run({"video": videos, "embedding": embeddings})]


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_outliers_are_ranked_by_their_likeness_to_the_average() -> None:
    rows = answers(OUTLIERS, SEEN)
    assert column(rows, "percentile") == pytest.approx([0.5, 0.5, 1 / 3, 3 / 4, 0, 1 / 6, 0, 5 / 8])
    assert column(rows, "is_outlier") == [False, False, False, False, True, False, True, False]
    assert column(rows, "warming_up") == [True, True] + [False] * 6


def test_only_the_window_is_ranked_after_the_warm_up() -> None:
    rows = answers(OUTLIERS, SEEN[:-1], window_size=4, warmup=2)
    assert column(rows, "percentile") == pytest.approx([0.5, 0.5, 1 / 3, 3 / 4, 0, 1 / 4, 0])
    assert column(rows, "warming_up") == [True] + [False] * 6


def test_one_that_is_too_typical_is_an_outlier_too() -> None:
    (*_, last) = answers(OUTLIERS, [[1, 0.3], [1, -0.3], [1, 0.2], [1, 0]], threshold_percentile=0.3)
    assert (last["percentile"], last["is_outlier"]) == (0.75, True)


@pytest.mark.parametrize("kind", [CHANGES, OUTLIERS])
def test_a_stream_in_which_nothing_happens_has_no_outliers(kind: str) -> None:
    rows = answers(kind, [[0.1, 0.2, 0.3], [0.3, 0.6, 0.9]] * 4)
    assert column(rows, "is_outlier") == [False] * 8
    assert set(column(rows, "percentile")) == {0.5}


@pytest.mark.parametrize(
    ("fields", "z_scores", "outliers"),
    [
        ({"strategy": EMA}, [0, 0, 3.1623, 1.9434, -3.1622, 0.3197, -2.8645, 0.4365], {3, 4, 6}),
        ({"strategy": SMA}, [0, 0, 1.1547, 1.0716, -1.7888, 0.3336, -2.0116, 0.4739], {4, 6}),
        ({"strategy": SLIDING, "window_size": 4}, [0, 0, 0, 1, -1.4142, 0.47, -1.5242, 0.7109], {4, 6}),
    ],
)
def test_changes_as_existing_documents_find_them(fields: Any, z_scores: list[float], outliers: set[int]) -> None:
    rows = answers(CHANGES, SEEN, **fields)
    assert column(rows, "z_score") == pytest.approx(z_scores, abs=1e-4)
    assert {place for place, row in enumerate(rows) if row["is_outlier"]} == outliers
    assert column(rows, "warming_up") == [True] * 3 + [False] * 5


def test_averages_of_the_strategies() -> None:
    """Of (1, 0) and (0, 1): the deviation of a sample, of a window, and with a weight of 0.1 for the newest."""
    two, three = [[2, 0], [0, 3]], [[2, 0], [0, 3], [0.5, 0]]
    simple = answers(CHANGES, two, strategy=SMA)[-1]
    assert (simple["average"], simple["std"]) == (pytest.approx([0.5, 0.5]), pytest.approx([0.5**0.5] * 2))
    moving = answers(CHANGES, two)[-1]
    assert (moving["average"], moving["std"]) == (pytest.approx([0.9, 0.1]), pytest.approx([0.081**0.5 * 1] * 2))
    faster = answers(CHANGES, two, smoothing_factor=0.5)[-1]
    assert faster["average"] == pytest.approx([0.5, 0.5])
    window = answers(CHANGES, three, strategy=SLIDING)[-1]
    assert (window["average"], window["std"]) == (pytest.approx([0.5, 0.5]), pytest.approx([0.5, 0.5]))


def test_the_percentile_is_that_of_the_normal_distribution() -> None:
    rows = answers(CHANGES, SEEN[:4], strategy=SLIDING, window_size=4)
    assert column(rows, "percentile") == pytest.approx([0.5, 0.5, 0.5, 0.1586553])


def test_a_wider_threshold_calls_more_changes() -> None:
    narrow, wide = (answers(CHANGES, SEEN, strategy=SMA, threshold_percentile=share) for share in (0.05, 0.4))
    assert (sum(column(narrow, "is_outlier")), sum(column(wide, "is_outlier"))) == (1, 3)


@pytest.mark.parametrize("kind", [CHANGES, OUTLIERS])
def test_every_stream_is_looked_at_by_itself(kind: str) -> None:
    with load(kind) as workflow:
        for stream in ("one", "other"):
            videos = [{"video_identifier": stream, "frame_number": number} for number in range(8)]
            rows = workflow.run({"video": videos, "embedding": SEEN})
            assert [row["out"] for row in rows] == answers(kind, SEEN)


@pytest.mark.parametrize("kind", [CHANGES, OUTLIERS])
def test_embeddings_without_direction_and_of_another_model(kind: str) -> None:
    rows = answers(kind, [[0, 0], [0, 0], [1, 0], [0, 0], [0, 0]])
    assert all(0 <= row["percentile"] <= 1 for row in rows)
    with pytest.raises(RunError, match="the embeddings have 2 and 3 numbers; give those of one model in one stream"):
        answers(kind, [[1, 0], [1, 0, 0]])
