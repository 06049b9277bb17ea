"""A programme by its name, where a row only knows its code."""

from __future__ import annotations

from django import template

from pathways.definitions import registry
from patients.templatetags.finalmile import translated, words

register = template.Library()


@register.filter
def programme(code: str) -> str:
    """The title of the version in force, in the reader's language; without one the code in words."""
    published = registry.published().get(code)
    return translated(published.definition.title) if published else words(code)
