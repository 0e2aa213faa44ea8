"""One contract suite over every installed core block, on real pictures and real models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cropflow import Clock, ModelStore
from cropflow.registry import installed
from cropflow.testing import check_block, check_declaration

from .analytics import examples as analytics
from .classical import examples as classical
from .flow import examples as flow
from .fusion import examples as fusion
from .models import examples as models
from .reading import examples as reading
from .sinks import examples as sinks
from .tracking import examples as tracking
from .transform import examples as transform
from .values import examples as values
from .visualization import examples as visualization

CORE = [spec for spec in installed() if "/" not in spec.type]
FAMILIES = (analytics, classical, flow, fusion, models, reading, sinks, tracking, transform, values, visualization)
EXAMPLES = {name: make for family in FAMILIES for name, make in family.EXAMPLES.items()}


CLOCK = Clock(lambda: datetime(2024, 5, 1, 12, 30, tzinfo=UTC))


@pytest.fixture(scope="module")
def store() -> Iterator[ModelStore]:
    store = ModelStore(device="cpu")
    yield store
    store.close()


@pytest.mark.parametrize("spec", CORE, ids=lambda spec: spec.type)
def test_block_keeps_the_contract(spec: Any, store: ModelStore) -> None:
    make = EXAMPLES.get(spec.type) or EXAMPLES[spec.type.partition("@")[0]]
    check_block(spec, *make(), resources=[store, CLOCK], tolerance=0.05)


@pytest.mark.parametrize("spec", CORE, ids=lambda spec: spec.type)
def test_every_port_and_output_is_documented(spec: Any) -> None:
    check_declaration(spec)
    assert not [port.name for port in spec.ports if not port.doc]
    assert not [output.name for output in spec.outputs if not output.doc]
