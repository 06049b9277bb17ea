"""The shipped rules have no fault, and the faults that public knowledge bases have shown are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command

from pathways.knowledge import Knowledge, load
from pathways.knowledge.lint import faults

TODAY = date(2026, 11, 23)


def with_rule(rule_id: str, **changed: object) -> Knowledge:
    known = load()
    rows = known.tumours["nsclc"]
    rules = tuple(rule.model_copy(update=changed) if rule.id == rule_id else rule for rule in rows.rules)
    return replace(known, tumours={"nsclc": rows.model_copy(update={"rules": rules})}, rules={rule.id: rule for rule in rules})


def test_the_shipped_rules_have_no_fault() -> None:
    assert faults(load(), today=TODAY) == []


def test_loading_is_cached_and_has_a_digest() -> None:
    assert load() is load()
    assert len(load().digest) == 64


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"approved": date(2015, 6, 11)}, "before taletrectinib itself"),
        ({"genes": ("ROS7",)}, "not a known symbol"),
        ({"regimen": ({"taletrectinib": "1"},)}, "has RxCUI 1"),
        ({"regimen": ({"unheardofinib": "1"},)}, "not listed"),
        ({"source": "https://example.com/label.pdf"}, "neither FDA nor CPIC"),
        ({"classes": ("V600E",)}, "does not flag its positive example"),
        ({"withdrawn": date(2020, 1, 1)}, "not after"),
        ({"checked_on": date(2025, 6, 12)}, "not checked since"),
    ],
)
def test_faults_are_named(changed: dict[str, object], fault: str) -> None:
    found = faults(with_rule("ros1-taletrectinib", **changed), today=TODAY)
    assert any(fault in one and one.startswith("ros1-taletrectinib") for one in found)


def test_a_rule_that_flags_a_vus_is_a_fault() -> None:
    rule = load().rules["kras-g12c-sotorasib-later"]
    fooled = rule.examples.model_copy(update={"uncertain": rule.examples.positive})
    assert "kras-g12c-sotorasib-later: flags its uncertain example" in faults(with_rule(rule.id, examples=fooled), today=TODAY)


def test_the_command_prints_the_counts() -> None:
    out = StringIO()
    call_command("knowledge", "lint", stdout=out)
    assert "0 faults" in out.getvalue()
