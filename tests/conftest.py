"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("cropflow", deadline=None)  # a busy machine is no fault of what is tried
settings.load_profile("cropflow")
