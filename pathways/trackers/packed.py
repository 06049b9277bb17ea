"""A workbook's file is a ZIP of somebody else: what it says of its own sizes is not believed, and it is handed on as what was really read.

Small files can unpack to gigabytes, state a size that they do not have, or hold two cells so far apart that a table of all between them
fits no memory. Nothing here interprets what a cell says. Pure.
"""

from __future__ import annotations

import io
from typing import Any
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

UNPACKED = 50 * 1024 * 1024
"""Bytes of all parts together: twice those of the largest tracker that is taken, 5,000 rows of 100 columns."""
AREA = 4_000_000
"""Cells between the first and the last: eight times those of the largest tracker that is taken."""
CHUNK = 1 << 20


class NoWorkbook(ValueError):
    """No spreadsheet, or one that unpacks to more than any tracker."""


class TooFar(ValueError):
    """Cells so far apart that the table between them would fit no memory."""


def anew(file: ZipFile) -> io.BytesIO:
    """The same workbook, packed anew from the parts that could be read; pictures, and workbooks of other kinds in the same file, stay behind.

    Raises:
        NoWorkbook, TooFar: see there.
        expat.ExpatError: a part is no XML.
    """
    if "xl/workbook.xml" not in file.namelist():
        raise NoWorkbook
    out, left = io.BytesIO(), UNPACKED
    with ZipFile(out, "w") as fresh:
        for one in file.infolist():
            if one.filename.endswith((".xml", ".rels")):
                part = _part(file, one, left)
                left -= len(part)
                if Extent().of(part) > AREA:
                    raise TooFar
                fresh.writestr(one.filename, part)
    out.seek(0)
    return out


def _part(file: ZipFile, one: ZipInfo, left: int) -> bytes:
    """One part of the file, never more than `left` bytes of it."""
    if one.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # others unpack a piece to any length before anybody can stop them
        raise NoWorkbook
    read = bytearray()
    with file.open(one) as packed:
        while piece := packed.read(CHUNK):
            read += piece
            if len(read) > left:
                raise NoWorkbook
    return bytes(read)


class Extent:
    """How far the cells of a sheet reach. One that is formatted but holds nothing reaches nowhere."""

    def __init__(self) -> None:
        self.row = self.column = self.last_row = self.last_column = 0

    def of(self, part: bytes) -> int:
        """Rows times columns up to the last cell that holds something."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._opened
        parser.StartDoctypeDeclHandler = _refused
        parser.Parse(part, True)
        return self.last_row * self.last_column

    def _opened(self, name: str, said: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind in ("v", "is"):
            self.last_row, self.last_column = max(self.last_row, self.row), max(self.last_column, self.column)
        elif kind == "c":
            letters = said.get("r", "").rstrip("0123456789")
            if letters:
                self.row, self.column = int(said["r"][len(letters) :] or 0), _number(letters)
            else:
                self.column += 1
        elif kind == "row":
            self.row, self.column = int(said.get("r", self.row + 1)), 0


def _refused(*_: Any) -> None:
    """A spreadsheet declares no document type: entities are the other way to make much of little."""
    raise NoWorkbook


def _number(letters: str) -> int:
    """`A` is 1, `AA` is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
