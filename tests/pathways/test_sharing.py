"""What definitions write once: skeletons that are extended, lists that are used by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pathways.definitions.compile import digest_of
from pathways.definitions.reading import CATALOG, BadInclude, Unacceptable, read_path, read_text
from pathways.definitions.sharing import extended, with_lists

SKELETON = {
    "look_back": "180 days",
    "milestones": {"found": {"phase": "resulted"}, "told": {"phase": "resulted"}},
    "targets": [{"from": "found", "to": "told"}],
    "tracks": {"main": {"start": "one", "stages": {"one": {"label": "one", "within": "2 days"}, "two": {"label": "two"}}}},
}


def over(**written: Any) -> dict[str, Any]:
    return extended(SKELETON, {"code": "mine", "extends": "base", **written})


def test_a_programme_has_all_of_its_skeleton_and_what_it_writes_itself() -> None:
    body = over(look_back="90 days")
    assert (body["code"], body["look_back"], body["tracks"]) == ("mine", "90 days", SKELETON["tracks"])
    assert "extends" not in body


def test_a_stage_is_changed_key_by_key_and_keeps_the_rest() -> None:
    stages = over(tracks={"main": {"stages": {"one": {"within": "5 days"}, "three": {"label": "three"}}}})["tracks"]["main"]["stages"]
    assert stages == {"one": {"label": "one", "within": "5 days"}, "two": {"label": "two"}, "three": {"label": "three"}}


def test_null_takes_an_entry_out() -> None:
    body = over(milestones={"told": None}, tracks={"main": {"stages": {"two": None}}})
    assert list(body["milestones"]) == ["found"]
    assert list(body["tracks"]["main"]["stages"]) == ["one"]


def test_more_adds_to_a_list_of_the_skeleton() -> None:
    more = {"from": "found", "to": "treated"}
    assert over(more={"targets": [more]})["targets"] == [{"from": "found", "to": "told"}, more]
    with pytest.raises(BadInclude, match="is none"):
        over(more={"milestones": [more]})


def test_the_skeleton_itself_stays_as_it_is() -> None:
    before = digest_of(SKELETON)
    over(milestones={"told": None}, tracks={"main": {"stages": {"one": {"within": "9 days"}}}}, more={"targets": [{}]})
    assert digest_of(SKELETON) == before


def test_a_list_is_put_in_by_its_name_and_spliced_into_another() -> None:
    body = with_lists({"lists": {"a": ["x", "y"], "b": ["$a", "z"]}, "code": "$a", "text": {"contains": ["w", "$b"]}})
    assert body == {"code": ["x", "y"], "text": {"contains": ["w", "x", "y", "z"]}}


@pytest.mark.parametrize("lists", [{}, {"b": ["$a"], "a": ["x"]}, {"a": ["$a"]}, {"a": "word"}])
def test_a_list_that_is_not_there_yet_is_a_fault(lists: dict[str, Any]) -> None:
    with pytest.raises(BadInclude):
        with_lists({"lists": lists, "code": "$a"})


def test_lists_of_lists_cannot_grow_without_end() -> None:
    lists: dict[str, Any] = {"a0": ["x"] * 10}
    for n in range(1, 20):
        lists[f"a{n}"] = [f"$a{n - 1}"] * 10
    with pytest.raises(BadInclude, match="more than"):
        with_lists({"lists": lists})


def test_a_fault_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(Unacceptable, match="nothing to extend") as raised:
        read_text("code: x\nextends: ../nsclc-biomarker\n")
    assert raised.value.refusals[0][0] == 2
    with pytest.raises(Unacceptable, match="no list called 'gone'") as raised:
        read_text("code: x\nlists: {a: [b]}\nreasons: $gone\n")
    assert raised.value.refusals[0][0] == 2


def test_a_skeleton_is_found_from_any_folder_and_is_no_pathway_of_its_own(tmp_path: Path) -> None:
    copy = tmp_path / "nsclc-biomarker.yaml"
    copy.write_text((CATALOG / "nsclc-biomarker.yaml").read_text())
    (tmp_path / "prior-authorization.yaml").write_text((CATALOG / "prior-authorization.yaml").read_text())
    assert digest_of(read_path(copy).body) == digest_of(read_path(CATALOG / "nsclc-biomarker.yaml").body)
    assert not list(CATALOG.glob("tumour-*.yaml"))
