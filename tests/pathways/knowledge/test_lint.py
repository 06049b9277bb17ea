"""The shipped rules have no fault, and the faults that public knowledge bases have shown are found."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from pathways.knowledge import Knowledge, load
from pathways.knowledge.library import HERE
from pathways.knowledge.lint import faults, lint

TODAY = date(2026, 11, 23)


def with_rule(rule_id: str, **changed: object) -> Knowledge:
    known = load()
    rows = next(file for file in known.tumours.values() if any(rule.id == rule_id for rule in file.rules))
    rules = tuple(rule.model_copy(update=changed) if rule.id == rule_id else rule for rule in rows.rules)
    tumours = {**known.tumours, rows.tumour: rows.model_copy(update={"rules": rules})}
    return replace(known, tumours=tumours, rules={rule.id: rule for file in tumours.values() for rule in file.rules})


def test_the_shipped_rules_have_no_fault() -> None:
    assert lint(today=TODAY) == []


def test_loading_is_cached_and_has_a_digest() -> None:
    assert load() is load()
    assert len(load().digest) == 64


@pytest.mark.parametrize(
    ("changed", "name", "said"),
    [
        ({"approved": date(2015, 6, 11)}, "implausible-date", "before taletrectinib itself"),
        ({"genes": ("ROS7",)}, "unknown-gene", "not a known symbol"),
        ({"requires_absent": ("EGFR:colour",)}, "unknown-gene", "no known aspect"),
        ({"genes": ()}, "no-finding", "neither a gene nor"),
        ({"setting": "castration_resistant"}, "unknown-setting", "not in `settings`"),
        ({"regimen": ({"taletrectinib": "1"},)}, "wrong-code", "has RxCUI 1"),
        ({"regimen": ({"unheardofinib": "1"},)}, "unknown-drug", "not listed"),
        ({"source": "https://example.com/label.pdf"}, "foreign-source", "guideline’s own"),
        ({"classes": ("V600E",)}, "example", "does not flag its positive example"),
        ({"withdrawn": date(2020, 1, 1)}, "implausible-date", "not after"),
        ({"withdrawn": date(2026, 1, 1)}, "unexplained", "what ended it"),
        ({"status": "unverified"}, "unexplained", "could not be checked"),
        ({"checked_on": date(2025, 6, 12)}, "stale", "not checked since"),
        ({"approved_by": "Dr. Lund", "approved_on": date(2030, 1, 1)}, "implausible-date", "approved on 2030-01-01"),
    ],
)
def test_faults_are_named_with_file_and_line(changed: dict[str, object], name: str, said: str) -> None:
    found = [one for one in faults(with_rule("ros1-taletrectinib", **changed), today=TODAY) if said in one.detail]
    assert [(one.file, one.rule, one.row) for one in found] == [("rules/nsclc.yaml", name, "ros1-taletrectinib")]
    assert "id: ros1-taletrectinib" in (HERE / found[0].file).read_text().splitlines()[found[0].line - 1]


def test_a_drug_that_was_withdrawn_flags_no_more() -> None:
    known = load()
    gone = known.drugs["taletrectinib"].model_copy(update={"withdrawn": date(2026, 5, 1)})
    found = faults(replace(known, drugs={**known.drugs, "taletrectinib": gone}), today=TODAY)
    assert [(one.rule, one.row) for one in found] == [("withdrawn-drug", "ros1-taletrectinib")]


def test_a_rule_that_flags_a_vus_is_a_fault() -> None:
    rule = load().rules["kras-g12c-sotorasib-later"]
    fooled = rule.examples.model_copy(update={"uncertain": rule.examples.positive})
    assert "flags its uncertain example" in [one.detail for one in faults(with_rule(rule.id, examples=fooled), today=TODAY)]


def test_an_absence_that_is_not_asked_is_found_by_the_rule_s_own_negative_example() -> None:
    """Wild-type RAS: without what must be absent the row would flag a mutant tumour too."""
    found = faults(with_rule("crc-ras-wild-panitumumab-later", requires_absent=("NRAS",)), today=TODAY)
    assert ("crc-ras-wild-panitumumab-later", "flags its negative example") in [(one.row, one.detail) for one in found]


@pytest.mark.parametrize(
    ("before", "after", "line", "row", "said"),
    [
        (
            "    source: https://www.accessdata.fda.gov/drugsatfda_docs/label/2020/210496s006lbl.pdf\n",
            "",
            None,
            "crc-braf-encorafenib-cetuximab-later",
            "source",
        ),
        ("version: 2026-11-23", "version: soon", 1, "", "version"),
        ("panel: [KRAS", "panel: [[KRAS", None, "", "not YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault_and_no_crash(
    tmp_path: Path, before: str, after: str, line: int | None, row: str, said: str
) -> None:
    """No row without its address."""
    folder = tmp_path / "knowledge"
    shutil.copytree(HERE, folder)
    broken = folder / "rules" / "colorectal.yaml"
    broken.write_text(broken.read_text().replace(before, after))
    [first, *_] = lint(folder, today=TODAY)
    assert (first.file, first.rule, first.row) == ("rules/colorectal.yaml", "format", row)
    assert said in first.detail
    assert line is None or first.line == line
    with pytest.raises(CommandError, match="fault"):
        call_command("knowledge", "lint", "--folder", str(folder), stdout=StringIO())


def test_the_command_prints_the_counts() -> None:
    out = StringIO()
    call_command("knowledge", "lint", stdout=out)
    assert "unverified" in out.getvalue()


def test_a_row_that_only_grew_old_is_told_and_stops_no_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(TODAY.year + 2, 1, 1, tzinfo=UTC))
    out = StringIO()
    call_command("knowledge", "lint", stdout=out)
    assert "stale: egfr-osimertinib-first: not checked since" in out.getvalue()
