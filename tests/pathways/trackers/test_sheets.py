"""Spreadsheets as people fill them in: days in every notation, numbers that are days, formulas, and what is no table at all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.trackers import packed, sheet
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


def workbook(*rows: Sequence[object]) -> bytes:
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


BOOKED = [["1001", "Ann", "2026-03-04", "2026-03-09"]]


@pytest.mark.parametrize(
    "above",
    [
        [["MRN", "Name", "Test: Ordered", "Test: Resulted"]],
        [["Lung tracker"], ["MRN", "Name", "Test: Ordered", "Test: Resulted"]],
        [["Lung", "", "", ""], ["Updated:", "3/20/2026"], ["MRN", "Name", "Test: Ordered", "Test: Resulted"]],
        [["MRN", "Name", "Test", ""], ["", "", "Ordered", "Resulted"]],
        [["Lung tracker"], ["MRN", "Name", "Test"], ["", "", "Ordered", "Resulted"]],
    ],
    ids=["one row", "a title", "two titles", "groups", "a title and groups"],
)
def test_titles_are_left_out_and_groups_named_with_their_columns(above: list[list[str]]) -> None:
    """Merged cells come as one cell and blanks, in a workbook and in CSV alike. Headings repeated on each printed page are none of its patients."""
    rows = [*above, *BOOKED, above[-1]]
    expected = [["MRN", "Name", "Test: Ordered", "Test: Resulted"], *BOOKED]
    assert sheet.table("\n".join(",".join(row) for row in rows).encode()) == expected
    assert sheet.table(workbook(*rows)) == expected


def test_a_column_is_guessed_by_its_name_within_its_group() -> None:
    assert guess(["MRN", "Biopsy: Date of biopsy", "NGS: Resulted"]) == {
        "MRN": "mrn",
        "Biopsy: Date of biopsy": "",
        "NGS: Resulted": "result_document",
    }


@pytest.mark.parametrize("rows", [["Lung", "1001,Ann,2026-03-04"], ["Lung", "Updated:,3/20/2026", "1001,Ann,2026-03-04", "1002,Ben,"]])
def test_patients_without_headings_are_never_taken_for_headings_below_a_title(rows: list[str]) -> None:
    with pytest.raises(Unusable, match="no row names the columns"):
        sheet.table("\n".join(rows).encode())


def test_headings_alone_or_with_years_in_them_lose_nothing() -> None:
    years = sheet.table(b"MRN,2025,2026\n1001,3/4/2025,\n1002,,3/4/2026\n")
    assert years == [["MRN", "2025", "2026"], ["1001", "3/4/2025", ""], ["1002", "", "3/4/2026"]]
    with pytest.raises(Unusable, match="at least one row below"):
        sheet.table(b"MRN,Name\nMRN,Name\n")


def repacked(*parts: tuple[str, bytes], of: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook with some parts exchanged."""
    out, changed = io.BytesIO(), dict(parts)
    with zipfile.ZipFile(io.BytesIO(of)) as before, zipfile.ZipFile(out, "w", method) as after:
        for name in before.namelist():
            after.writestr(name, changed.get(name, before.read(name)))
    return out.getvalue()


def test_what_is_no_sheet_is_refused_in_words() -> None:
    for body in (b"PK\x03\x04 broken", b"\x00\x01\x02\n\x00", b"mrn,ordered\n", b"", repacked(of=workbook(["MRN"]))[:-90]):
        with pytest.raises(Unusable):
            sheet.table(body)


class TestBombs:
    """Small files that would be much too large once they were open: refused in words, before anybody keeps a place for them."""

    GOOD = workbook(["MRN", "Ordered"], [1001, "3/4/2026"])
    SHEET = "xl/worksheets/sheet1.xml"

    def test_more_than_any_tracker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert sheet.table(self.GOOD)[0] == ["MRN", "Ordered"]
        monkeypatch.setattr(packed, "UNPACKED", 200_000)
        with pytest.raises(Unusable, match="no spreadsheet that can be read"):
            sheet.table(repacked((self.SHEET, b"<x>" + b" " * 300_000 + b"</x>"), of=self.GOOD))

    def test_a_size_that_the_file_states_falsely(self) -> None:
        """All its sizes say ten bytes: what is read ends there, and the rest never unpacks."""
        body = bytearray(repacked((self.SHEET, b"<x>" + b" " * 3_000_000 + b"</x>"), of=self.GOOD))
        real = (3_000_007).to_bytes(4, "little")
        while (at := body.find(real)) >= 0:
            body[at : at + 4] = (10).to_bytes(4, "little")
        with pytest.raises(Unusable):
            sheet.table(bytes(body))

    @pytest.mark.parametrize("cell", ['<c r="XFD1048576"><v>77</v></c>', "<c r='ZZ99999' a='>'><v>77</v></c>"])
    def test_two_cells_far_apart(self, cell: str) -> None:
        with zipfile.ZipFile(io.BytesIO(self.GOOD)) as file:
            page = file.read(self.SHEET).decode()
        far = page.replace("</sheetData>", f"<row>{cell}</row></sheetData>").encode()
        with pytest.raises(Unusable, match="far below or beside"):
            sheet.table(repacked((self.SHEET, far), of=self.GOOD))
        blank = far.replace(b"<v>77</v>", b"")  # formatted to the last row and empty, as a click on a column's head leaves it
        assert len(sheet.table(repacked((self.SHEET, blank), of=self.GOOD))) == 2

    def test_entities_and_ways_of_packing_that_unpack_to_any_length(self) -> None:
        declared = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'>]><x>&a;</x>"
        for body in (repacked((self.SHEET, declared), of=self.GOOD), repacked(of=self.GOOD, method=zipfile.ZIP_BZIP2)):
            with pytest.raises(Unusable, match="no spreadsheet that can be read"):
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
