"""Numbered files come in the order of their numbers."""

from hypothesis import given
from hypothesis import strategies as st

from cropflow.sources.natural import natural_key


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_sort_by_value(numbers: list[int]) -> None:
    assert sorted((f"f{n}.png" for n in numbers), key=natural_key) == [f"f{n}.png" for n in sorted(numbers)]


names = st.lists(st.text(st.sampled_from("aA1²٣0/."), max_size=5), max_size=6)


@given(names.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_never_depends_on_how_names_were_found(pair: tuple[list[str], list[str]]) -> None:
    assert sorted(pair[0], key=natural_key) == sorted(pair[1], key=natural_key)
