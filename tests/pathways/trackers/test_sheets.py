"""Spreadsheets as people fill them in: days in every notation, numbers that are days, formulas, and what is no table at all."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.trackers import sheet
from pathways.trackers.dates import ORDERS, NoDay, day_of
from pathways.trackers.differing import differences
from pathways.trackers.mapping import guess, lines
from pathways.trackers.taking import harmless
from pathways.uploads import Unusable

TODAY = date(2026, 3, 20)
WRITTEN = {"dmy": "{d.day}/{d.month}/{d.year}", "mdy": "{d.month}-{d.day}-{d:%y}", "ymd": "{d.year}.{d.month:02}.{d.day:02}"}


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("3/4/2026", "dmy", "2026-04-03"),
        ("3/4/2026", "mdy", "2026-03-04"),
        ("20.03.26", "dmy", "2026-03-20"),
        ("2026-03-20", "mdy", "2026-03-20"),
        ("2026-03", "mdy", "2026-03"),
        ("14-Mar-26", "mdy", "2026-03-14"),
        ("March 14, 2026", "dmy", "2026-03-14"),
        ("14 ene 2026", "mdy", "2026-01-14"),
        (46101.0, "mdy", "2026-03-20"),
        (46101.75, "dmy", "2026-03-20"),
        ("46101", "dmy", "2026-03-20"),
        ("2/3/58", "mdy", "1958-02-03"),
        ("pending", "dmy", ""),
        ("", "dmy", ""),
    ],
)
def test_a_day_is_read_by_the_order_that_the_mapping_states(cell: str | float, order: str, day: str) -> None:
    assert day_of(cell, order, TODAY) == day


@pytest.mark.parametrize("cell", ["25/03/2026", "31.2.2026", "soon", "=TODAY()", "03/2026/04", 12.0, "2026-13-01", "1/2"])
def test_what_is_no_day_in_that_order_is_an_error_and_never_a_guess(cell: str | float) -> None:
    with pytest.raises(NoDay):
        day_of(cell, "mdy", TODAY)


@settings(max_examples=25)
@given(st.dates(date(1930, 1, 1), TODAY), st.sampled_from(sorted(ORDERS)))
def test_every_day_survives_being_typed(day: date, order: str) -> None:
    if order == "mdy" and day.year < 1927:
        return
    assert day_of(WRITTEN[order].format(d=day), order, TODAY) == day.isoformat()


def workbook(*rows: list[object]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page, as_day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
    for n, row in enumerate(rows):
        for m, cell in enumerate(row):
            if isinstance(cell, date):
                page.write_datetime(n, m, cell, as_day)
            else:
                page.write(n, m, cell)
    book.close()
    return out.getvalue()


def test_a_workbook_keeps_its_own_days_and_computes_nothing() -> None:
    table = sheet.table(workbook(["MRN", "Ordered", "Ordered", "Note"], [1001, date(2026, 3, 4), 46101, '=HYPERLINK("http://x","y")']))
    assert table == [["MRN", "Ordered", "Ordered (2)", "Note"], [1001.0, "2026-03-04", 46101.0, 0.0]] or table[1][3] == ""


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_text_table_is_read_however_it_was_saved(code: str, mark: str) -> None:
    text = f"MRN{mark}Médico\n1001{mark}Núñez\n"
    assert sheet.table(text.encode(code)) == [["MRN", "Médico"], ["1001", "Núñez"]]


@pytest.mark.parametrize("title", ["Lung,,", "Lung tracker 2026"])
def test_a_title_above_the_headings_loses_no_column_silently(title: str) -> None:
    with pytest.raises(Unusable, match="Take titles away"):
        sheet.table(f"{title}\nMRN,Name,Ordered\n1001,Ann,2026-03-04\n".encode())
    with pytest.raises(Unusable, match="Take titles away"):
        sheet.table(workbook([title], ["MRN", "Name"], [1001, "Ann"]))


def test_what_is_no_sheet_is_refused_in_words() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * 1000)
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (101 * 1024 * 1024))
    for body in (b"PK\x03\x04 broken", bomb.getvalue(), b"\x00\x01\x02\n\x00", b"mrn,ordered\n", b""):
        with pytest.raises(Unusable):
            sheet.table(body)


def test_rows_are_read_by_what_their_columns_mean() -> None:
    table: list[list[str | float]] = [
        ["MRN", "Patient", "DOB", "Test ordered", "Phone"],
        [1001.0, "Okafor, Ann", "2/3/58", "3/4/2026", "+1 617 555 0142"],
        ["1002", '=cmd|"/c calc"!A1', "", "", ""],
        ["", "Nobody", "", "3/4/2026", ""],
        ["1004", "Twice, One", "", "", "12"],
        ["1004", "Twice, Two", "", "4/4/2026", ""],
    ]
    columns = guess([str(one) for one in table[0]])
    assert columns == {"MRN": "mrn", "Patient": "name", "DOB": "birth_date", "Test ordered": "test_ordered", "Phone": "phone"}
    ann, formula, nobody, *twice = lines(table, columns, "mdy", TODAY)
    said = {"family": "Okafor", "given": "Ann", "birth_date": "1958-02-03", "test_ordered": "2026-03-04", "phone": "+1 617 555 0142"}
    assert (ann.number, ann.cells, ann.errors) == ("1001", said, ())
    assert "formula" in formula.errors[0]
    assert nobody.errors == ("No record number.",)
    assert all("twice" in one.errors[-1] for one in twice)
    assert "still to come" in twice[1].errors[0]


def test_the_second_time_only_the_difference_is_said() -> None:
    columns = {"MRN": "mrn", "Ordered": "test_ordered", "Drug": "drug", "Given": "drug_administered"}
    read = lines([["MRN", "Ordered", "Drug", "Given"], ["1", "2026-03-04", "osimertinib", "2026-03-10"]], columns, "ymd", TODAY)
    before = {"1": {"test_ordered": "2026-03-03", "drug": "osimertinib", "drug_administered": "2026-03-10", "biopsy_done": "2026-03-01"}}
    (one,) = differences(read, before)
    assert (one.changed, one.emptied, one.added) == ({"test_ordered": ("2026-03-03", "2026-03-04")}, {"biopsy_done": "2026-03-01"}, {})
    assert one.message == {"mrn": "1", "test_ordered": "2026-03-04", "drug": "osimertinib"}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_that_we_hand_out_begins_a_formula(cell: str) -> None:
    assert harmless(cell).startswith("'")
