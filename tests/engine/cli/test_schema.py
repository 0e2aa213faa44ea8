"""`schema` gives editors a schema that accepts what runs."""

import json
from pathlib import Path
from typing import Any

import jsonschema

from cropflow.document.text import parse

ROOT = Path(__file__).parents[3]


def test_the_printed_schema_accepts_every_example(invoke: Any) -> None:
    schema = json.loads(invoke("schema").stdout)
    documents = [path for path in (ROOT / "workflows").iterdir() if path.suffix in (".yaml", ".json")]
    assert documents
    validator = jsonschema.Draft202012Validator(schema)
    for path in documents:
        validator.validate(parse(path.read_text("utf-8"), str(path)).value)


def test_both_files_are_written(invoke: Any, tmp_path: Path) -> None:
    result = invoke("schema", "--out", tmp_path / "new/schemas")
    assert result.stdout.splitlines() == [
        str(tmp_path / "new/schemas/workflow.schema.json"),
        str(tmp_path / "new/schemas/blocks.json"),
    ]
    assert (tmp_path / "new/schemas/workflow.schema.json").read_text("utf-8") == invoke("schema").stdout
    assert "dynamic_crop@v1" in json.loads((tmp_path / "new/schemas/blocks.json").read_text("utf-8"))


def test_blocks_of_plug_ins_are_in_it(shell: Any) -> None:
    schema = json.loads(shell("schema").stdout)
    assert schema["$defs"]["odd/fussy@v1"]["properties"]["limit"]["default"] == 0.0
