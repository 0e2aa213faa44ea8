"""A route that hands over the request and nothing else.

FastAPI looks for arguments to fill in and answers to check at every request, also where a function takes the request
alone; for a small picture that is a tenth of all the work.
"""

from __future__ import annotations

from starlette.routing import Match, Route
from starlette.types import Scope


class PlainRoute(Route):
    """As in Starlette; like those of FastAPI it stands in the scope, where the numbers for Prometheus look for it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether the route fits, and what the scope gets."""
        match, child = super().matches(scope)
        return match, {**child, "route": self}
