"""Charts carry no script, name themselves, and take the page's colours."""

from __future__ import annotations

import re

import pytest

from pathways.reports import charts, shown
from pathways.reports.drop_off import drop_off

from .conftest import Ward


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_funnel_is_plain_accessible_svg(ward: Ward) -> None:
    for i in range(40):
        ward.journey(0, *([1] if i < 20 else []))
    svg = charts.funnel(shown.drop_off(drop_off(ward.ask())))
    assert svg.startswith('<svg role="img"')
    assert "<title>Drop-off by step, lung</title>" in svg
    assert "ordered: 20 of 40" in svg
    assert "script" not in svg
    assert "style=" not in svg
    assert "var(--accent)" in svg
    assert not re.findall(r"#[0-9a-fA-F]{6}", svg)
