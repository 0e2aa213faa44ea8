"""The query language of workflow documents: operations on values, and statements about them.

One evaluator for every block that has `operations`. It works on columns: a filter asks its statements about all
boxes at once, a condition is a column of length one. `check` types a chain of operations when the document is
compiled, `evaluate` runs it.
"""

from cropflow_blocks.query.chain import check, evaluate
from cropflow_blocks.query.language import Operations
from cropflow_blocks.query.operation import QueryError
from cropflow_blocks.query.statements import StatementGroup

__all__ = ["Operations", "QueryError", "StatementGroup", "check", "evaluate"]
