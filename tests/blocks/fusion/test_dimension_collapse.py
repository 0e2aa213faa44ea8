"""From many to one list, with every entry at the place of its element."""

from cropflow_blocks.fusion.dimension_collapse import DimensionCollapse


def test_values_come_in_order_and_missing_ones_keep_their_place() -> None:
    assert DimensionCollapse().run(["a", None, "c"]).output == ["a", None, "c"]


def test_no_elements_give_an_empty_list() -> None:
    assert DimensionCollapse().run([]).output == []


def test_the_list_is_a_new_one() -> None:
    values = ["a"]
    assert DimensionCollapse().run(values).output is not values


def test_it_gathers_any_kind_one_level_up() -> None:
    spec = DimensionCollapse.spec
    assert spec.gathers and not spec.fan_out
    assert [kind.name for kind in spec.port("data").kinds] == ["*"]
    assert spec.port("data").sees_missing
    assert "DimensionCollapse" in spec.aliases
