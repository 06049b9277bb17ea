"""The published seven-step funnel of lung cancer, put in through the intake, comes back out of every report within its intervals."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from pathways.definitions import publish, registry
from pathways.definitions.reading import CATALOG
from pathways.reports.benchmarks import SADIK
from pathways.reports.cohort import Question
from pathways.reports.drop_off import drop_off
from patients.models import Membership, Site, User

pytestmark = pytest.mark.django_db
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
BEGAN = date(2024, 1, 1)
STEPS = ("diagnosed", "biopsied", "tissue", "adequate", "ordered", "result", "result", "drug")
DAYS = (0, 6, 7, 10, 14, 30, 30, 45)
ACTIVITIES: dict[str, dict[str, str]] = {
    "diagnosed": {
        "kind": "diagnosis", "code": "icd10|C34.11", "role": "primary", "verification": "confirmed", "stage": "IV", "histology": "adenocarcinoma"
    },
    "biopsied": {"kind": "biopsy_done", "text": "CT-guided biopsy of the lung"},
    "tissue": {"kind": "specimen_collected", "specimen_class": "tissue"},
    "refused": {"kind": "specimen_rejected", "specimen_class": "tissue", "reason": "quality"},
    "adequate": {"kind": "specimen_adequate", "specimen_class": "tissue"},
    "ordered": {"kind": "test_ordered", "text": "NGS lung panel", "specimen_class": "tissue"},
    "result": {"kind": "result_final", "specimen_class": "tissue", "gene": "EGFR", "alteration": "p.Leu858Arg", "presence": "present"},
    "failed": {"kind": "result_failed", "reason": "quantity"},
    "treated first": {"kind": "treatment_decided", "decision": "other"},
    "drug": {"kind": "drug_dispensed", "drug": "osimertinib 80 MG Oral Tablet", "rxcui": "1721560", "handed_over": "yes"},
}  # fmt: skip


def log(n: int) -> str:
    """One line per event of `n` patients, lost at each step in the published proportion."""
    remain = [round(n * count / 1000) for count in SADIK.remain if count is not None]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["case", "activity", "time"])
    for case in range(n):
        came = sum(case < count for count in remain) - 1
        day = BEGAN + timedelta(days=case % 300)
        for activity, on in _told(came):
            writer.writerow([f"{case}", activity, (day + timedelta(days=on)).isoformat()])
    return out.getvalue()


def _told(came: int) -> Iterator[tuple[str, int]]:
    """Lost before step 3 to a specimen that was refused, before step 5 to a failed test, before step 6 to a result that came after another
    treatment was decided."""
    for step, (activity, on) in enumerate(zip(STEPS, DAYS, strict=True)):
        if step <= came and step != 6:
            yield activity, on
    if came == 2:
        yield "refused", 9
    if came == 4:
        yield "failed", 30
    if came == 5:
        yield "treated first", 20


@pytest.fixture
def lung(tmp_path: Path) -> Iterator[Any]:
    registry.clear()
    publish.publish(path=CATALOG / "nsclc-biomarker.yaml", by=None, now=timezone.now())

    def take_in(n: int) -> None:
        mapping = {"case": "case", "activity": "activity", "time": "time", "pathway": "nsclc-biomarker", "activities": ACTIVITIES}
        (tmp_path / "log.csv").write_text(log(n))
        (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(mapping))
        out = StringIO()
        call_command("import_log", tmp_path / "log.csv", mapping=tmp_path / "mapping.yaml", json=True, stdout=out)
        assert json.loads(out.getvalue())["quarantined"] == 0

    yield take_in
    registry.clear()


def check(n: int, client: Client) -> None:
    report = drop_off(Question("nsclc-biomarker", AS_OF, 365, funnel="published", hindsight=True))
    assert report.n == n
    published = [count for count in SADIK.remain if count is not None]
    for row, before, here in zip(report.steps[1:], published, published[1:], strict=False):
        low, high = row.conversion.low, row.conversion.high
        assert low is not None
        assert high is not None
        assert low <= here / before <= high, (row.name, row.conversion, here / before)
    low, high = report.whole.low or 0, report.whole.high or 1
    assert low <= published[-1] / published[0] <= high
    told = [row.cells["reached"] for row in report.steps]
    assert from_command() == told
    assert from_csv() == told
    page = from_page(client)
    assert all(f"{count:,}" in page or str(count) in page for count in told)
    assert "Sadik" in page


COMMAND = {"pathway": "nsclc-biomarker", "as_of": AS_OF, "horizon": 365, "funnel": "published", "hindsight": True, "exact": True}


def from_command() -> list[int]:
    out = StringIO()
    call_command("report", "drop-off", **COMMAND, stdout=out)
    return [step["reached"] for step in json.loads(out.getvalue())["steps"]]


def from_csv() -> list[int]:
    out = StringIO()
    call_command("report", "drop-off", **COMMAND, format="csv", stdout=out)
    return [int(line["reached"]) for line in csv.DictReader(io.StringIO(out.getvalue())) if line.get("stratum", "all") == "all"]


def from_page(client: Client) -> str:
    lead = User.objects.create_user("lea", password=None)
    Membership.objects.create(user=lead, site=Site.objects.get(code="imported-logs"), role="lead")
    client.force_login(lead)
    answer = client.get(
        "/reports/drop-off/nsclc-biomarker/", {"funnel": "published", "horizon": "365", "as_of": "2025-12-31", "hindsight": "1"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_hundred_patients_come_back(lung: Any, client: Client) -> None:
    lung(100)
    check(100, client)


@pytest.mark.nightly
def test_a_thousand_patients_come_back(lung: Any, client: Client) -> None:
    lung(1000)
    check(1000, client)
