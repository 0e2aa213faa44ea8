"""What is refused in JSON and YAML text, and in which words: where, what, and what to do."""

import pytest

from cropflow.document.text import Positions, Report, parse, plain
from cropflow.errors import WorkflowError


def refused(text, file=None):
    with pytest.raises(WorkflowError) as caught:
        parse(text, file).report.check()
    return caught.value.problems


def only(text, file=None):
    (problem,) = refused(text, file)
    where = (problem.position.line, problem.position.column) if problem.position else None
    return problem.code, where, problem


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ('{"a": 1,}', (1, 9), "comma stands before a closing bracket"),
        ('{"a": [1, 2,]}', (1, 13), "comma stands before a closing bracket"),
        ('{"a": 1 "b": 2}', (1, 9), "comma or a closing bracket is missing"),
        ('{"a": 1\n "b": 2}', (2, 2), "comma or a closing bracket is missing"),
        ('{"a" 1}', (1, 6), "':' is missing after the key"),
        ("{'a': 1}", (1, 2), "key in double quotes is missing"),
        ('{"a": True}', (1, 7), "a value is missing, or is written in a way JSON does not know"),
        ('{"a": 1} {', (1, 10), "complete, but more text follows"),
        ('{"a": "x}', (1, 7), "never closed"),
        ('{"a": "C:\\models"}', (1, 10), "backslash"),
        ('{"a": 1, // first\n "b": 2}', (1, 10), "JSON has no comments"),
        ('{"a": 1', (1, 8), "comma or a closing bracket is missing"),
        ("a: 1", (1, 1), "a value is missing"),
        ("", (1, 1), "a value is missing"),
    ],
)
def test_mistakes_of_a_json_file(text, where, words):
    code, place, problem = only(text, "w.json")
    assert (code, place) == ("syntax", where)
    assert words in problem.message
    assert problem.found and problem.hint
    assert str(problem).startswith(f"w.json:{where[0]}:{where[1]}: ")


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("a: b: c", (1, 5), "':' stands where no key can begin"),
        ("a: 1\n b: 2", (2, 3), "':' stands where no key can begin"),
        ("a:\n\tb: 1", (2, 1), "a tab is used for indentation"),
        ("a: @x", (1, 4), "cannot begin with this character"),
        ("a: %x", (1, 4), "cannot begin with this character"),
        ("a: [1, 2\nb: 3", (2, 2), "comma or the closing ']' is missing"),
        ("a: {b: 1", (2, 1), "comma or the closing '}' is missing"),
        ("- a\nb: 1", (2, 1), "does not fit the list above it"),
        ("a:\n  - b\n c: 2", (3, 2), "does not fit the lines above it"),
        ("a: *nobody", (1, 4), "refers to a name that nothing above it bears"),
        ("a: 1\n---\nb: 2", (2, 1), "a second document begins here"),
        ('a: "C:\\models"', (1, 7), "backslash"),
        ('a: "C:\\x"', (1, 9), "backslash"),
        ("a: 'x", (1, 6), "opened and never closed"),
        ("a: \x01", (1, 4), "invisible control character (U+0001)"),
        ("a: 1\nb: \ud800", (2, 4), "half of a character"),
        ("a: | b", (1, 6), "begins with '|' or '>'"),
        ("a: &", (1, 5), "without a name"),
        ("a: *.x", (1, 5), "without a name"),
        ("a: b\n\tc: 1", (2, 1), "a tab is used for indentation"),
        ("a: !x!y 1", (1, 4), "tag cannot be read"),
        ("[" * 500, (1, 100), "nested far too deeply"),
        ("a: {b: }}", (1, 9), "this bracket closes nothing"),
        ("? [a]\n: 1", (1, 3), "a list or mapping stands where a key should stand"),
        ("a: !!python/object:os.system ls", (1, 4), "the tag '!!python/object:os.system' cannot be read"),
        ("a: !mine {b: 1}", (1, 4), "the tag '!mine' cannot be read"),
        ("a: !!set {b}", (1, 4), "the tag '!!set' cannot be read"),
        ("a: !!int x", (1, 4), "'x' cannot be read as '!!int'"),
        ("a: !!bool no", (1, 4), "'no' cannot be read as '!!bool'"),
        ("a: " + "9" * 5000, (1, 4), "cannot be read as '!!int'"),
        ("a: 0x" + "f" * 5000, (1, 4), "cannot be read as '!!int'"),
        ("a: {<<: 1}", (1, 5), "merge key '<<'"),
    ],
)
def test_mistakes_of_a_yaml_file(text, where, words):
    code, place, problem = only(text, "w.yaml")
    assert (code, place) == ("syntax", where)
    assert words in problem.message
    assert problem.hint
    assert problem.position.file == "w.yaml"


def test_brackets_without_end_do_not_overflow_the_parser():
    """Where it gives up differs: newer parsers have a limit of their own."""
    code, (line, _), problem = only("[" * 100_000, "w.yaml")
    assert (code, line) == ("syntax", 1)
    assert "nested far too deeply" in problem.message


def test_text_that_looks_like_json_is_told_the_mistake_of_json():
    assert "comma or a closing" in only('{"a": [1 2}')[2].message
    assert "closing ']'" in only("{a: [1 2}")[2].message


@pytest.mark.parametrize(
    ("text", "where", "first"),
    [
        ("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", (5, 3), "line 3, column 3"),
        ('{"b": {"c": 1,\n "d": 2,\n "c": 3}}', (3, 2), "line 1, column 8"),
        ('{"x": "\\ud83d\\ude00", "c": 1, "c": 2}', (1, 31), "line 1, column 23"),
    ],
)
def test_duplicate_keys_are_told_with_both_places(text, where, first):
    code, place, problem = only(text)
    assert (code, place) == ("duplicate-key", where)
    assert problem.path[-1] == "c" and "'c'" in problem.message and first in problem.hint


def test_keys_that_differ_only_in_what_yaml_cannot_read_are_no_duplicates():
    text = '{"\\ud83d\\ude00": 1, "\\ud83d\\ude01": 2, "a": {"c": 1, "c": 2}}'
    assert [problem.path[-1] for problem in refused(text)] == ["c"]


def test_duplicate_keys_are_told_without_places_where_there_are_none():
    code, place, problem = only('{"a"\n: 1, "a": 2}')
    assert (code, place) == ("duplicate-key", None) and "'a'" in problem.message


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"a": {"b": [1, NaN]}}', (1, 17)),
        ('{"a": -Infinity}', (1, 2)),
        ('{"a": 1e999}', (1, 2)),
        ("a: .nan", (1, 1)),
        ("a:\n  - -.Inf", (2, 5)),
        ("a: 1e999", (1, 1)),
    ],
)
def test_numbers_must_be_finite(text, where):
    code, place, problem = only(text)
    assert (code, place) == ("wrong-literal", where) and "finite" in problem.message


def test_integers_that_python_refuses_are_mistakes_of_the_document():
    assert only('{"a": ' + "9" * 5000 + "}")[0] == "wrong-literal"


def test_several_mistakes_come_together_in_document_order():
    problems = refused("a: .inf\nb: !x 1\nc: 1\nb: 2\nd: .nan\n")
    assert [(p.code, p.position.line) for p in problems] == [
        ("wrong-literal", 1),
        ("syntax", 2),
        ("duplicate-key", 4),
        ("wrong-literal", 5),
    ]


def bomb(levels):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(9),
        bomb(30),
        "a: &a [" + "x, " * 20_000 + "]\nb: [" + "*a, " * 20_000 + "]",
        "a: &a {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\nb: [" + "{<<: *a}, " * 10 + "*a, " * 200 + "]",
    ],
)
def test_alias_bombs_are_refused_at_once(text):
    code, _, problem = only(text)
    assert code == "alias-bomb" and "100,000" in problem.message and "aliases" in problem.hint


@pytest.mark.parametrize("text", ["a: &x [*x]", "a: &x {b: {c: *x}}", "a: &x {<<: *x, b: *x}"])
def test_values_that_contain_themselves_are_refused(text):
    code, _, problem = only(text)
    assert code == "alias-bomb" and "contains itself" in problem.message


def test_long_documents_and_a_few_aliases_are_fine():
    assert len(parse("a: [" + "1, " * 150_000 + "]").value["a"]) == 150_000
    assert len(parse(bomb(4)).value["a3"]) == 10


@pytest.mark.parametrize("depth", [150, 100_000])
@pytest.mark.parametrize("file", ["w.json", "w.yaml"])
def test_text_nested_without_end_is_refused(depth, file):
    code, _, problem = only('{"a": ' + "[" * depth + "]" * depth + "}", file)
    assert code == "syntax" and "nested" in problem.message


def test_python_data_may_not_contain_itself_or_grow_without_bounds():
    loop: list[object] = []
    loop.append(loop)
    many: list[object] = [1]
    for _ in range(50):
        many = [many] * 10
    for value in (loop, many):
        with pytest.raises(WorkflowError) as caught:
            plain({"a": value}, Report(Positions()))
        assert caught.value.problems[0].code == "alias-bomb"
