"""The charts of drop-off, time and now show what their tables show: nothing that is hidden there, and nothing that is not there."""

from __future__ import annotations

import re

import pytest

from pathways.reports import sheets
from pathways.reports.drawing import drawn
from pathways.reports.sheet import Drawing, Sheet

from .conftest import PHASES, Ward


def numbers(sheet: Sheet) -> set[float]:
    """Every number that stands in a table."""
    cells = [cell for table in sheet.tables for row in table.rows for cell in row if not cell.hidden]
    return {float(one) for cell in cells for one in (cell.value, cell.low, cell.high) if isinstance(one, int | float)}


def pictured(drawing: Drawing) -> set[float]:
    """Every number that is drawn, but for the one that a picture adds up itself."""
    rows = [row for row in drawing.rows if row.get("part") != "left, otherwise"]
    return {float(value) for row in rows for value in row.values() if isinstance(value, int | float)}


def two_hospitals_worth(ward: Ward) -> None:
    """Forty who arrive, three who leave early and four who wait: small numbers beside large ones."""
    for i in range(40):
        ward.journey(0, 1 + i % 3, 4, 5 + i % 7, 13, 20 + i, patient=ward.patient(payer="HMO" if i % 2 else "PPO"))
    for _ in range(3):
        ward.journey(0, 1, ended=9)
    for _ in range(4):
        ward.journey(0)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("by", ["", "payer"])
def test_a_picture_shows_what_the_table_shows(ward: Ward, exact: bool, by: str) -> None:
    two_hospitals_worth(ward)
    for sheet in (sheets.drop_off(ward.ask(by=by), exact=exact), sheets.time(ward.ask(by=by), exact=exact)):
        assert sheet.drawings or not exact
        for drawing in sheet.drawings:
            assert pictured(drawing) <= numbers(sheet) | {0.0}, drawing.title


def test_who_may_not_open_the_rows_sees_no_small_number_in_a_picture_or_its_words(ward: Ward) -> None:
    two_hospitals_worth(ward)
    for drawing in sheets.drop_off(ward.ask(by="payer"), exact=False).drawings:
        counts = [row["value"] for row in drawing.rows if isinstance(row.get("value"), int)]
        assert not [count for count in counts if count % 5 or 0 < count <= 10]
        assert not {int(said) for said in re.findall(r"\b\d+\b(?!%| %)", drawing.said)} & {3, 4, 7, 43, 44, 47}


def test_every_step_that_has_a_median_is_drawn_in_order_and_said(ward: Ward) -> None:
    two_hospitals_worth(ward)
    spans = sheets.time(ward.ask(), exact=True).drawings[0]
    assert [row["name"] for row in spans.rows][:2] == [f"{PHASES[0]} → {PHASES[1]}", f"{PHASES[1]} → {PHASES[2]}"]
    assert all(str(row["name"]) in spans.said for row in spans.rows)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_pictures_are_plain_svg_in_the_colours_of_the_page(ward: Ward) -> None:
    two_hospitals_worth(ward)
    for sheet in (sheets.drop_off(ward.ask(), exact=True), sheets.time(ward.ask(), exact=True)):
        for drawing in sheet.drawings:
            svg = drawn(drawing)
            assert svg.startswith('<svg role="img"')
            assert "<desc>" in svg
            assert "script" not in svg
            assert not re.findall(r"#[0-9a-fA-F]{6}", svg)
