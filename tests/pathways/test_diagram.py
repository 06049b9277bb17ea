"""The diagram is the definition: every stage and move is in it, nothing overlaps, and the documents show the present one."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest

from config.management.commands.pathways import DIAGRAMS
from pathways.definitions.diagram import Box, Figure, figures
from pathways.definitions.publish import catalogue
from pathways.definitions.reading import read_path, read_text
from pathways.definitions.schema import Pathway
from pathways.views.drawing import picture
from tests.pathways.test_definitions import SMALL

PROGRAMMES = {path.stem: Pathway.model_validate(read_path(path).body) for path in catalogue()}
codes = pytest.mark.parametrize("code", sorted(PROGRAMMES))
SVG = "{http://www.w3.org/2000/svg}"


def apart(one: Box, other: Box) -> bool:
    return one.y + one.height < other.y or other.y + other.height < one.y


@codes
def test_every_stage_is_a_box_with_its_target_and_source_and_every_move_a_row(code: str) -> None:
    pathway = PROGRAMMES[code]
    for figure in figures(pathway):
        track = pathway.tracks[figure.track]
        assert {box.stage for box in figure.boxes} == set(track.stages)
        for box in figure.boxes:
            stage = track.stages[box.stage]
            assert stage.label in box.says
            assert (stage.within or stage.review_after or "") in box.says
            assert stage.source is None or stage.source.text in box.says
        moves = [*track.opens, *track.anywhere, *(move for stage in track.stages.values() for move in stage.moves)]
        assert len(figure.rows) == len(moves)


@codes
def test_nothing_lies_on_anything_else_or_outside(code: str) -> None:
    for figure in figures(PROGRAMMES[code]):
        assert all(apart(one, other) for one, other in combinations(figure.boxes, 2))
        for box in figure.boxes:
            assert box.x >= 0 and box.x + box.width <= figure.width and box.y + box.height <= figure.height
            assert all(box.y < text.y <= box.y + box.height for text in box.texts)
        for arrow in figure.arrows:
            assert 0 <= arrow.at[0] <= figure.width and 0 <= arrow.at[1] <= figure.height


@codes
def test_every_arrow_has_its_own_number_and_rows_that_tell_it(code: str) -> None:
    for figure in figures(PROGRAMMES[code]):
        numbers = [arrow.number for arrow in figure.arrows]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        assert {row.number for row in figure.rows} - {0} == set(numbers)


@codes
def test_no_two_arrows_share_a_lane_where_both_run(code: str) -> None:
    for figure in figures(PROGRAMMES[code]):
        assert len({arrow.path for arrow in figure.arrows}) == len(figure.arrows)
        badges = [arrow.at for arrow in figure.arrows if arrow.way == "next"]
        assert len(set(badges)) == len(badges)


@codes
def test_a_figure_is_narrow_enough_to_be_read_on_a_phone(code: str) -> None:
    assert all(figure.width <= 460 for figure in figures(PROGRAMMES[code]))


@codes
def test_the_documents_show_the_definition_as_it_is(code: str) -> None:
    """`manage.py pathways diagram --write` draws them anew."""
    assert (DIAGRAMS / f"{code}.svg").read_text() == picture(PROGRAMMES[code])


def test_no_document_shows_a_programme_that_is_gone() -> None:
    assert {path.stem for path in DIAGRAMS.glob("*.svg")} == set(PROGRAMMES)


@codes
def test_the_picture_says_what_it_shows(code: str) -> None:
    root = ElementTree.fromstring(picture(PROGRAMMES[code]))  # noqa: S314 (our own)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == PROGRAMMES[code].title
    assert "stages" in (root.findtext(f"{SVG}desc") or "")


def drawn(text: str) -> Figure:
    return figures(Pathway.model_validate(read_text(text).body))[0]


def test_a_move_of_every_stage_comes_in_from_the_edge_and_one_that_leads_back_on_the_left() -> None:
    text = SMALL.replace("    start: waiting\n", "    start: waiting\n    anywhere: [{on: order_cancelled, to: waiting}]\n").replace(
        "completes: treated}\nmilestones", "to: told}\n      told: {label: told, within: 1 day, source: local default, ball: clinic, awaits: [exited], "
        "ladder: [{at: 0, to: lead}], moves: [{on: drug_returned, to: waiting}]}\nmilestones")  # fmt: skip
    assert [arrow.way for arrow in drawn(text).arrows] == ["next", "back", "any"]


def test_what_is_written_is_shown_and_never_run() -> None:
    assert "<script>" not in picture(
        Pathway.model_validate(read_text(SMALL.replace("label: not treated", "label: <script>x</script>")).body)
    )
