"""Roboflow's own server without Docker, for `serve.py --peer`; started in an environment of its own, see README.md."""

from inference.core.interfaces.http.http_api import HttpInterface
from inference.core.managers.base import ModelManager
from inference.core.registries.roboflow import RoboflowModelRegistry

app = HttpInterface(ModelManager(RoboflowModelRegistry({}))).app
