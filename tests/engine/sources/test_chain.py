"""Chained sources keep their order and never share an id, because files and joins are named by it."""

from hypothesis import given
from hypothesis import strategies as st

from cropflow.sources import Picture, Source, chain

names = st.sampled_from(["a", "b", "a-2"])
files = st.lists(st.sampled_from(["1.png", "a/1.png", "b/1.png", "2.png"]), unique=True, min_size=1)
sources = st.lists(
    st.builds(lambda name, ids: Source(name, tuple(Picture(i, f"{name}:{i}") for i in ids)), names, files),
    max_size=5,
)


@given(sources)
def test_ids_differ_and_pictures_stay_in_order(given_sources: list[Source]) -> None:
    made = chain(given_sources)
    assert len({picture.id for picture in made}) == len(made)
    assert [p.place for p in made] == [p.place for source in given_sources for p in source.items]


@given(sources)
def test_ids_that_differ_anyway_stay_as_they_are(given_sources: list[Source]) -> None:
    before = [picture for source in given_sources for picture in source.items]
    if len({picture.id for picture in before}) == len(before):
        assert [item.id for item in chain(given_sources)] == [item.id for item in before]


def test_the_pictures_of_a_source_are_the_frames_of_one_stream() -> None:
    here, there = Source("a", (Picture("1", "x"), Picture("2", "y"))), Source("a", (Picture("3", "z"),))
    made = [(item.stream, item.frame, item.total) for item in chain([here, there]) if isinstance(item, Picture)]
    assert made == [("a", 0, 2), ("a", 1, 2), ("a-2", 0, 1)]


def test_equal_ids_get_the_name_of_their_source() -> None:
    twice = Source("day", (Picture("1.png", "x"),))
    other = Source("night", (Picture("2.png", "y"),))
    assert [p.id for p in chain([twice, other, twice])] == ["day/1.png", "night/2.png", "day-2/1.png"]
