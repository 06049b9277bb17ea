"""Meanings of codes in words."""

from __future__ import annotations

from django import template

from pathways.ingest import vocabulary
from pathways.ingest.mapping import Unknown
from pathways.models import CodeMap

register = template.Library()


@register.filter
def place(value: str) -> str:
    return str(CodeMap.Place(value).label)


@register.filter
def means(one: CodeMap) -> str:
    return vocabulary.label(one.place, one.target)


@register.filter
def likeliest(one: Unknown) -> str:
    return vocabulary.candidates(one.place, f"{one.code} {one.text}")[0].label
