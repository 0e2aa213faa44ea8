"""Secrets are taken out of texts, values, errors and log records, and nothing else is touched."""

from __future__ import annotations

import io
import json
import logging
import traceback
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from supervision import Detections

from cropflow import Classification, InputError, OutputFolder, RequestError, RunError
from cropflow.hiding import Hidden

KEY = 'hun"ter\n2/é'


def hiding(*secrets: str) -> Hidden:
    hidden = Hidden()
    hidden.add(secrets)
    return hidden


class Pair(NamedTuple):
    name: str
    size: int


class Facts(BaseModel):
    text: str


@given(st.text(min_size=4))
def test_a_secret_is_found_in_the_forms_texts_give_it(secret: str) -> None:
    hidden = hiding(secret)
    for shown in (
        secret,
        f"key {secret} end",
        json.dumps(["x" + secret]),
        json.dumps([secret], ensure_ascii=False),
        repr([secret]),
        "https://example.com/?" + urlencode({"key": secret}),
        quote(secret, safe=""),
    ):
        assert "***" in hidden.text(shown)


def test_a_secret_that_is_no_unicode_is_hidden_too() -> None:
    assert hiding("caf\udce9-key").text("a caf\udce9-key") == "a ***"
    assert hiding("caf\udce9-key").data(b'{"key": "caf\\udce9-key"}') == b'{"key": "***"}'


def test_longer_secrets_go_first_and_short_ones_only_as_a_whole() -> None:
    hidden = hiding("hunter2", "hunter2-and-more", "abc", "")
    assert hidden.text("hunter2-and-more hunter2 abc") == "*** *** abc"
    assert (hidden.text("abc"), hidden.text("")) == ("***", "")


def test_values_are_cleaned_however_deep() -> None:
    hidden = hiding(KEY)
    value = {
        f"a {KEY}": [KEY, ("x", {KEY}), Pair(KEY, 1)],
        "bytes": f"<{KEY}>".encode(),
        "path": PurePosixPath("a", "hun" + KEY[3:]),
        "model": Facts(text=KEY),
        "array": np.array([["a", KEY]]),
        "objects": np.array([1, KEY], object),
    }
    clean = hidden.value(value)
    assert KEY not in str(clean) and clean["a ***"] == ["***", ("x", {"***"}), Pair("***", 1)]
    assert (clean["bytes"], clean["array"].tolist(), clean["objects"].tolist()) == (
        b"<***>",
        [["a", "***"]],
        [1, "***"],
    )


def test_predictions_are_cleaned_and_keep_their_boxes() -> None:
    hidden = hiding(KEY)
    data = {"class_name": np.array([KEY, "cat"]), "class_id": np.array([1, 2])}
    found = Detections(np.array([[0.0, 0, 5, 5]] * 2), data=data)
    clean = hidden.value([found])[0]
    assert clean.data["class_name"].tolist() == ["***", "cat"]
    assert clean.data["class_id"] is data["class_id"] and clean.xyxy is found.xyxy
    assert found.data["class_name"].tolist() == [KEY, "cat"]
    label = Classification((KEY, "cat"), np.array([0.75, 0.25]))
    assert hidden.value(label).top == "***"


def test_what_shows_no_secret_is_left_as_it_is() -> None:
    hidden = hiding(KEY)
    found = Detections(np.array([[0.0, 0, 5, 5]]), data={"class_name": np.array(["cat"])})
    value = {"a": [1, None, True, 0.5, "text", ("x",), {"y"}], "found": found, "numbers": np.arange(3)}
    assert hidden.value(value) is value
    picture = b"\x89PNG" + KEY.encode()
    assert hidden.data(picture) == picture


def failing(cause: Exception) -> RunError:
    try:
        try:
            raise cause
        except Exception as error:
            raise RunError(str(error), step="s", block="b@v1", element="image 3", row=3) from error
    except RunError as error:
        return error


@pytest.mark.parametrize("cause", [ValueError(f"no {KEY}"), KeyError(KEY), InputError(KEY), RequestError(KEY)])
def test_an_error_is_cleaned_with_all_it_was_caused_by(cause: Exception) -> None:
    hidden = hiding(KEY)
    clean = hidden.error(failing(cause))
    assert isinstance(clean, RunError)
    assert (clean.step, clean.block, clean.element, clean.row) == ("s", "b@v1", "image 3", 3)
    told = "".join(traceback.format_exception(clean))
    assert "***" in told and "in failing" in told
    assert all(form not in told for form in (KEY, repr(KEY)[1:-1]))


def test_an_error_without_a_secret_stays_itself() -> None:
    error = failing(ValueError("no"))
    assert hiding(KEY).error(error) is error


class Unreadable(Exception):
    def __init__(self, a: str, b: str) -> None:
        super().__init__(a + b)


def test_errors_of_any_class_are_cleaned() -> None:
    clean = hiding("hunter2").error(Unreadable("hun", "ter2"))
    assert str(clean) == "Unreadable: ***"


@pytest.mark.parametrize("json_handler", [False, True])
def test_records_of_the_logger_are_cleaned(json_handler: bool) -> None:
    hidden = hiding("hunter2")
    shown = io.StringIO()
    handler = logging.StreamHandler(shown)
    if json_handler:
        handler.format = lambda record: repr((record.msg, record.args, record.exc_info, record.exc_text))  # type: ignore[method-assign]
    log = logging.getLogger("cropflow")
    log.addHandler(handler)
    try:
        log.warning("key %s of %s", "hunter2", {"a": "hunter2"})
        try:
            raise ValueError("hunter" + "2")
        except ValueError:
            log.exception("it failed")
        log.warning("nothing %d", 1)
    finally:
        log.removeHandler(handler)
    told = shown.getvalue()
    assert "hunter2" not in told and told.count("***") == 3
    assert "it failed" in told and "ValueError" in told and hidden is not None


def test_nothing_written_into_the_folder_shows_a_secret(tmp_path: Any) -> None:
    shared = OutputFolder(tmp_path)
    folder = shared.hiding(hiding("hunter2"))
    assert folder.write("hunter2/a.txt", b"key hunter2") == "hidden/a.txt"
    with folder.append("log-hunter2.txt") as file:
        assert file.write(b"one hunter2\n") == 12
        assert file.seek(0) == 0 and file.read() == b"one ***\n"
    picture = b"\xff\xd8hunter2\xff"
    folder.write("a.jpg", picture)
    assert (tmp_path / "hidden/a.txt").read_bytes() == b"key ***"
    assert (tmp_path / "log-hidden.txt").read_bytes() == b"one ***\n"
    assert (tmp_path / "a.jpg").read_bytes() == picture
    assert shared.write("a.jpg", b"") == "a~2.jpg"
