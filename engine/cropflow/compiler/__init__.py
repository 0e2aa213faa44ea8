"""From a document to a plan, in passes: each a pure function in a file of its own.

Definition ─inline─► ─resolve─► typed steps ─link─► Graph ─order─► ─kinds─► ─lineage─► ─planner─► Plan
"""

from __future__ import annotations

from cropflow.compiler.forgotten import warn_of_forgotten
from cropflow.compiler.inline import inline
from cropflow.compiler.kinds import check_kinds
from cropflow.compiler.lineage import find_levels
from cropflow.compiler.link import link
from cropflow.compiler.order import order
from cropflow.compiler.plan import Plan
from cropflow.compiler.planner import make_plan
from cropflow.compiler.problems import refuse
from cropflow.compiler.resolve import resolve
from cropflow.document.definition import Definition
from cropflow.registry import Registry


def compile_definition(definition: Definition, registry: Registry) -> Plan:
    """Compile a document; the same document and blocks always give the same plan.

    Raises:
        WorkflowError: the document is refused; mistakes that do not hide each other are reported together.
    """
    outer = definition
    warn_of_forgotten(outer, registry)
    definition, not_inlined = inline(outer, registry)
    refuse(not_inlined, outer)
    typed_steps, unresolved = resolve(definition, registry)
    graph, unlinked = link(definition, typed_steps)
    refuse([*unresolved, *unlinked], definition)
    steps, cycles = order(graph)
    refuse(cycles, definition)
    typed, wrong_kinds = check_kinds(graph, steps)
    miswired = [problem.step for problem in wrong_kinds if problem.code == "wrong-kind" and problem.step]
    levels, wrong_levels = find_levels(graph, steps, miswired)
    refuse([*wrong_kinds, *wrong_levels], definition)
    return make_plan(graph, typed, levels)
