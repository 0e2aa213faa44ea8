"""Drawings show every step, every link and every level, always the same way, and nothing lies over anything else."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow import Block, Image, Route, StepRef, Workflow
from cropflow.compiler import compile_definition
from cropflow.compiler.plan import Plan
from cropflow.document.definition import load
from cropflow.draw import mermaid, png, svg
from cropflow.draw.diagram import Diagram, Edge, Node, make_diagram
from cropflow.draw.layout import lay_out
from cropflow.registry import installed

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


class Bright(Block):
    """Lets bright pictures through."""

    type = "t/bright@v1"

    def run(self, image: Image, next_steps: list[StepRef]) -> Route:
        return Route(next_steps if image.bgr.mean() > 100 else ())


class Size(Block):
    """Width of a picture."""

    type = "t/size@v1"

    class Output(NamedTuple):
        width: int

    def run(self, image: Image) -> Output:
        return self.Output(image.width)


GATED = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: t/bright@v1, name: bright, image: $inputs.image, next_steps: [$steps.measure]}
  - {type: t/size@v1, name: measure, image: $inputs.image}
outputs: [{type: JsonField, name: 'the "width" of <it> & #1', selector: $steps.measure.width}]
"""


def plan(name: str) -> Plan:
    return compile_definition(load(ROOT / "workflows" / name), installed())


@pytest.fixture
def gated() -> Plan:
    return Workflow.loads(GATED, blocks=[Bright, Size]).plan


def test_mermaid_is_text_with_kinds_and_nesting() -> None:
    text = mermaid(plan("classes_on_boxes.yaml"))
    assert (
        text
        == """\
flowchart TD
    i1(["<b>image</b><br/><small>input</small>"]):::level1
    s1["<b>detect</b><br/><small>object_detection_model@v2</small><br/><small>per image</small>"]:::level1
    s2["<b>crop</b><br/><small>dynamic_crop@v1</small><br/><small>per image</small>\
<br/><small>fans out: image › crop</small>"]:::level1
    s3["<b>classify</b><br/><small>classification_model@v2</small><br/><small>per image › crop</small>"]:::level2
    s4["<b>named</b><br/><small>detections_classes_replacement@v1</small><br/><small>per image</small>\
<br/><small>gathers crop</small>"]:::level1
    o1(["<b>named</b><br/><small>output</small>"]):::level1
    i1 -->|"image<br/>per image"| s1
    i1 -->|"image<br/>per image"| s2
    s1 -->|"object_detection_prediction<br/>per image"| s2
    s2 -->|"image<br/>per image › crop"| s3
    s1 -->|"object_detection_prediction<br/>per image"| s4
    s3 -->|"classification_prediction<br/>per image › crop"| s4
    s4 -->|"object_detection_prediction<br/>per image"| o1
    classDef level1 fill:#dbeafe,stroke:#3b82f6,color:#1f2937
    classDef level2 fill:#dcfce7,stroke:#22a054,color:#1f2937
"""
    )


def test_control_flow_is_dashed_and_odd_names_cannot_break_the_text(gated: Plan) -> None:
    text = mermaid(gated)
    assert "    s1 -.-> s2\n" in text
    assert "<b>the #quot;width#quot; of #lt;it#gt; #amp; #35;1</b>" in text
    assert "stroke-dasharray" in svg(gated)
    assert "stroke-dasharray" not in svg(plan("classes_on_boxes.yaml"))


def test_all_outputs_of_a_step_are_one_arrow() -> None:
    workflow = Workflow.loads("""
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: dimension_collapse@v1, name: all, data: $inputs.image}
outputs:
  - {type: JsonField, name: everything, selector: $steps.all.*}
  - {type: JsonField, name: same, selector: $inputs.image}
""")
    edges = make_diagram(workflow.plan).edges
    assert edges == (
        Edge("i1", "s1", ("image", "per image")),
        Edge("s1", "o1", ("all outputs",)),
        Edge("i1", "o2", ("image", "per image")),
    )


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.yaml")), ids=lambda path: path.stem)
def test_svg_names_every_part_inside_the_picture(path: Path) -> None:
    drawn = plan(path.name)
    root = ElementTree.fromstring(svg(drawn))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    named = [*drawn.inputs, *drawn.steps, *drawn.outputs]
    assert {item.name for item in named} <= set(texts)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text in root.iter(f"{SVG}text"):
        assert 0 < float(text.attrib["x"]) < width and 0 < float(text.attrib["y"]) < height
    assert len(list(root.findall(f"{SVG}path"))) == len(make_diagram(drawn).edges)


def test_svg_tints_deeper_levels_differently() -> None:
    root = ElementTree.fromstring(svg(plan("crop_in_crop.yaml")))
    fills = {box.attrib["fill"] for box in root.iter(f"{SVG}rect") if "rx" in box.attrib}
    assert len(fills) == 3, "image, image › near, image › near › digit"


def test_png_is_the_same_drawing_at_twice_the_size() -> None:
    drawn = plan("detect_crop_classify.yaml")
    picture = cv2.imdecode(np.frombuffer(png(drawn), np.uint8), cv2.IMREAD_COLOR)
    root = ElementTree.fromstring(svg(drawn))
    assert picture is not None
    assert abs(picture.shape[1] - 2 * float(root.attrib["width"])) <= 1
    assert abs(picture.shape[0] - 2 * float(root.attrib["height"])) <= 1
    for box in lay_out(make_diagram(drawn)).boxes:
        left = picture[round(2 * box.y), round(2 * (box.x - box.width / 2 + 7))].astype(int)
        assert left[0] > left[2] + 20 or left[1] > left[2] + 20 or box.node.depth == 0, "blue or green inside"
    assert (picture[:4] == 255).all() and (picture[:, -4:] == 255).all(), "nothing is cut off at the edge"


def test_png_takes_names_that_opencv_has_no_letters_for() -> None:
    workflow = Workflow.loads("""
version: "1.0"
inputs: [{type: WorkflowParameter, name: größe}, {type: WorkflowParameter, name: 名前}]
steps: []
outputs: [{type: JsonField, name: größe, selector: $inputs.größe}]
""")
    assert png(workflow.plan).startswith(b"\x89PNG")
    assert "größe" in svg(workflow.plan) and "名前" in mermaid(workflow.plan)


def test_an_empty_document_can_be_drawn() -> None:
    empty = Workflow.loads('{"version": "1.0", "inputs": [], "steps": [], "outputs": []}').plan
    assert mermaid(empty) == "flowchart TD\n"
    assert ElementTree.fromstring(svg(empty)).tag == f"{SVG}svg"
    assert png(empty).startswith(b"\x89PNG")


def test_drawings_do_not_depend_on_the_process() -> None:
    code = (
        "import sys; from cropflow.compiler import compile_definition; from cropflow.document.definition import load\n"
        "from cropflow.draw import mermaid, svg; from cropflow.registry import installed\n"
        "plan = compile_definition(load(sys.argv[1]), installed()); print(mermaid(plan) + svg(plan), end='')"
    )
    path = ROOT / "workflows/crop_in_crop.yaml"
    command = [sys.executable, "-c", code, str(path)]
    runs = {
        subprocess.run(command, capture_output=True, check=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    assert runs == {(mermaid(plan(path.name)) + svg(plan(path.name))).encode()}


def test_a_notebook_shows_the_drawing() -> None:
    workflow = Workflow.loads(GATED, blocks=[Bright, Size])
    assert workflow._repr_html_() == svg(workflow.plan)


@st.composite
def diagrams(draw: st.DrawFn) -> Diagram:
    """Nodes with links to some earlier ones, as plans have them."""
    count = draw(st.integers(1, 9))
    nodes = tuple(
        Node(f"s{number}", "step", "n" * draw(st.integers(1, 30)), ("block@v1",) * draw(st.integers(1, 3)), 1)
        for number in range(count)
    )
    pairs = [(one, other) for other in range(count) for one in range(other)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=14)) if pairs else []
    labels = st.lists(st.text("abc", min_size=1, max_size=25), max_size=3).map(tuple)
    edges = tuple(Edge(f"s{one}", f"s{other}", draw(labels), draw(st.booleans())) for one, other in chosen)
    return Diagram(nodes, edges)


@given(diagrams())
def test_nothing_lies_over_anything_else_and_everything_flows_down(diagram: Diagram) -> None:
    layout = lay_out(diagram)
    placed = {box.node.id: box for box in layout.boxes}
    areas = [(box.x, box.y, box.width, box.height) for box in layout.boxes]
    areas += [route.label for route in layout.routes if route.label]
    for one, other in combinations(areas, 2):
        beside = abs(one[0] - other[0]) >= (one[2] + other[2]) / 2
        above = abs(one[1] - other[1]) >= (one[3] + other[3]) / 2
        assert beside or above
    for x, y, width, height in areas:
        assert x - width / 2 >= 0 and x + width / 2 <= layout.width
        assert y - height / 2 >= 0 and y + height / 2 <= layout.height
    for route in layout.routes:
        heights = [y for _, y in route.points]
        assert heights == sorted(heights)
        start, end = placed[route.edge.source], placed[route.edge.target]
        assert route.points[0] == (start.x, start.y + start.height / 2)
        assert route.points[-1] == (end.x, end.y - end.height / 2)
        assert all(_outside(point, box) for point in route.points[1:-1] for box in layout.boxes)


def _outside(point: tuple[float, float], box: object) -> bool:
    x, y, width, height = (getattr(box, name) for name in ("x", "y", "width", "height"))
    return bool(abs(point[0] - x) >= width / 2 or abs(point[1] - y) >= height / 2)
