"""A Spanish reader meets no English: what a page says alike in both languages is data, or it was forgotten."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from config.reports import REPORTS
from patients.models import Role, Site, User
from tests.browser.morning import Morning
from tests.browser.pages import PAGES, fill
from tests.config.pages import in_both
from tests.people import nurse

Enter = Callable[[User], Client]
DATA = re.compile(
    r"Example|North|north-|nsclc-|Okafor|Finalmile|NOLCP|NHS|CAP/IASLC|CMS-|Medicare|MYLUNG|MRN|NSCLC|ICD-10|HL7"
    r"|osimertinib|EGFR|Thursday morning|form in the chart|receipt of oral|_to_|_\w+ to |America/|Pacific/"
    r"|^https://|^Kaplan-Meier$|^Aalen-Johansen$"
)
"""Names, codes, sources and what somebody wrote: they stand alike in every language."""
COGNATES = {"Plasma", "Portal", "Roles", "auditor", "Auditor", "Excel", "Genes", "Saliva", "dara", "lena"}
"""Words that are Spanish too, and names of the people who sign in here."""
ROWS = re.compile(
    r"^(everybody|\(everybody\)|nosy|north|Novak|Lung|Last name|First name|Dx date|Nobody was told\.|Token|FHIR R4 JSON|Share of days|local default|clinic)$"
    r"|^:? ?released with the product|^■|^specimen class not|^(egfr|KRAS|BRAF|NTRK|ERBB)|visit-second|Day$|Day \(observed\)$|Birthday$"
)
"""What the rows of one more look hold: names, what was typed, codes, guards of a definition, public holidays as their country calls them."""
FILED = ("messages", "work", "time", "drop-off", "monday")
COMMA = re.compile(r'\s(?:x|y|x1|x2|y1|y2|cx|cy|r|rx|width|height|opacity|font-size|stroke-width)="-?\d+,\d+[a-z]*"')
"""A decimal comma where SVG knows only the point: the shape would not be drawn."""


def test_a_spanish_reader_meets_no_english(signed_in: Enter, north: Site, lena: User, today: Morning) -> None:
    for role in (Role.MANAGER, Role.ADMINISTRATOR):
        nurse("lena", north, role=role)
    pages = {
        "queue": "/queue/?lane=team",
        "candidates": "/queue/candidates/",
        "capacity": "/queue/capacity/",
        "desk": "/desk/",
        "work item": f"/items/{today.critical.uid}/",
        "outcome": f"/items/{today.mine.uid}/finish/",
        "journey": f"/journeys/{today.journey.uid}/",
        "one event": f"/journeys/{today.journey.uid}/add/treatment_decided/",
        "patient": f"/patients/{today.patient.uid}/",
        "call": f"/patients/{today.patient.uid}/call/",
        "register": "/register/",
        "trackers": "/trackers/",
        "rollout": "/rollout/north/nsclc-biomarker/",
        "coverage": "/coverage/north/",
        "people": "/administration/people/",
        "texts": "/texts/",
        "consents": "/consents/",
        "methods": "/reports/methods/",
        **{f"report {one.name}": f"/reports/{one.name}/{'all' if one.every else 'nsclc-biomarker'}/" for one in REPORTS.values()},
    }
    left = {text: where for where, text in in_both(signed_in(lena), lena, pages) if not DATA.search(text) and text not in COGNATES}
    assert not left, "\n".join(f"{where}: {text}" for text, where in left.items())


@pytest.mark.before_merge
def test_nor_on_any_other_page(signed_in: Enter, north: Site, dara: User, lena: User, today: Morning) -> None:
    """Every page that somebody can open, with a row of each."""
    for role in Role:
        everybody = nurse("everybody", north, role=role)
    rows = fill(today, everybody, timezone.now())
    pages = {name: address.format(**rows) for name, address in PAGES.items()}
    found = in_both(signed_in(everybody), everybody, pages)
    left = {text: where for where, text in found if not DATA.search(text) and not ROWS.search(text) and text not in COGNATES}
    assert not left, "\n".join(f"{where}: {text}" for text, where in left.items())


@pytest.mark.parametrize("name", FILED)
def test_a_file_says_the_same_whoever_asks_for_it(signed_in: Enter, north: Site, lena: User, today: Morning, name: str) -> None:
    nurse("lena", north, role=Role.MANAGER)
    client, address = signed_in(lena), f"/reports/{name}/{'all' if REPORTS[name].every else 'nsclc-biomarker'}"
    heads = {}
    for language in ("en", "es"):
        User.objects.filter(pk=lena.pk).update(language=language)
        lines = client.get(f"{address}.csv").content.decode().splitlines()
        book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{address}.xlsx").content))
        tabs = [book.get_sheet_by_name(tab).to_python()[:1] for tab in book.sheet_names[1:]]
        heads[language] = (lines[:1], book.sheet_names, tabs)
    assert heads["en"][0] and any(heads["en"][2])
    assert heads["es"] == heads["en"]


def test_a_drawing_keeps_its_decimal_points(signed_in: Enter, lena: User, today: Morning) -> None:
    User.objects.filter(pk=lena.pk).update(language="es")
    client = signed_in(lena)
    for address in (f"/journeys/{today.journey.uid}/", "/reports/work/all/"):
        drawn = re.findall(r'<svg (?!class="icon").*?</svg>', client.get(address).content.decode(), re.DOTALL)
        assert re.search(r'="\d+\.\d+"', "".join(drawn)), address
        assert COMMA.findall("".join(drawn)) == []
