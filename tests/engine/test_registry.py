"""How blocks are found by type, and how two packages that claim the same one are told apart."""

from __future__ import annotations

import sys
import types
from importlib.metadata import EntryPoint
from typing import NamedTuple

import pytest

from cropflow import Block, BlockError, BlockSpec
from cropflow.registry import GROUP, Registry, installed


class One(Block):
    type = "t/one@v1"
    aliases = ("old/one@v1", "One")

    class Output(NamedTuple):
        value: int

    def run(self, value: int) -> Output:
        return self.Output(value)


class Replacement(One):
    type = "t/one@v1"
    run = One.run


class Inherits(One):
    type = "t/inherits@v1"


def test_blocks_are_found_by_id_and_by_alias() -> None:
    registry = Registry([One.spec])
    assert {registry.find(name) for name in ("t/one@v1", "old/one@v1", "One")} == {One.spec}
    assert registry.find("t/two@v1") is None
    assert registry.names == ("t/one@v1", "old/one@v1", "One")


def test_two_blocks_cannot_claim_one_name() -> None:
    other = BlockSpec("t/other@v1", make=Replacement, aliases=("One",))
    with pytest.raises(BlockError, match=r"two blocks claim the type 'One': .*\.One and .*\.Replacement"):
        Registry([One.spec, other])


def test_two_plug_ins_that_claim_one_type_are_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_ins = {"acme": [One], "other": [Replacement, One]}
    for name, blocks in plug_ins.items():
        module = types.ModuleType(f"{name}_blocks")
        vars(module)["BLOCKS"] = blocks
        monkeypatch.setitem(sys.modules, module.__name__, module)
    entries = [EntryPoint(name, f"{name}_blocks:BLOCKS", GROUP) for name in plug_ins]
    monkeypatch.setattr("cropflow.registry.entry_points", lambda group: entries)
    with pytest.raises(BlockError) as error:
        installed.__wrapped__()
    told = str(error.value)
    assert told.startswith("two blocks claim the type 't/one@v1': ")
    assert "One (the plug-in 'acme' of the package acme_blocks:BLOCKS)" in told
    assert "Replacement (the plug-in 'other' of the package other_blocks:BLOCKS)" in told
    assert told.endswith("uninstall one of the packages, or let the types of your own begin with its name and a slash")


def test_the_same_block_may_be_found_twice() -> None:
    assert list(Registry([One.spec, One.spec])) == [One.spec]


def test_blocks_handed_over_come_before_installed_ones() -> None:
    registry = Registry([One.spec]).extended([Replacement])
    assert registry.find("t/one@v1") is Replacement.spec


@pytest.mark.parametrize("form", ["class", "spec", "module", "list", "nested"])
def test_blocks_come_as_classes_specs_modules_or_lists(form: str) -> None:
    module = types.ModuleType("blocks")
    vars(module).update(One=One, Block=Block, number=3)
    given = {"class": One, "spec": One.spec, "module": module, "list": [One], "nested": [[One.spec]]}[form]
    assert Registry([]).extended([given]).find("t/one@v1") is One.spec


def test_a_class_without_a_run_of_its_own_is_no_block() -> None:
    with pytest.raises(BlockError, match=r"Inherits has no `run` of its own; .* write `run = Base.run`"):
        Registry([]).extended([Inherits])


@pytest.mark.parametrize("wrong", [3, "t/one@v1", int, None])
def test_other_things_are_no_blocks(wrong: object) -> None:
    with pytest.raises(BlockError, match="expected a block class, a BlockSpec or a module of blocks, got"):
        Registry([]).extended([wrong])


def test_installed_blocks_come_in_order_and_are_read_once() -> None:
    types_ = [spec.type for spec in installed()]
    assert types_ == sorted(types_)
    assert "dynamic_crop@v1" in types_
    assert installed() is installed()


def test_a_name_that_is_none_gets_what_it_is_a_word_of_or_the_nearest() -> None:
    registry = installed()
    crops = ("absolute_static_crop@v1", "crop_visualization@v1", "dynamic_crop@v1", "relative_static_crop@v1")
    assert registry.like("crop") == crops
    assert registry.like("dynamic_corp@v1")[0] == "dynamic_crop@v1"
    assert registry.like("classify") == ("reclassify@v1",)
    assert registry.like("object_detection_model@v9")[0] == "object_detection_model@v3"
    assert registry.like("zzz") == registry.like("") == ()
