"""Runs in the environment of the real client: reads calls as JSON from stdin, writes what it got to stdout."""

import json
import sys

import numpy
from inference_sdk import InferenceHTTPClient
from inference_sdk.http.errors import HTTPClientError


def plain(value):
    if isinstance(value, numpy.ndarray):
        return {"shape": value.shape}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


asked = json.load(sys.stdin)
client = InferenceHTTPClient(api_url=asked["url"], api_key=asked.get("key"))
answers = []
for call in asked["calls"]:
    try:
        answers.append(plain(client.run_workflow(**call)))
    except HTTPClientError as error:
        answers.append({"error": str(error)})
info = client.get_server_info()
json.dump({"answers": answers, "info": [info.name, info.version]}, sys.stdout)
