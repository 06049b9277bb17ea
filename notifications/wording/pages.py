"""The words of the secure page, by language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from notifications.wording.compiler import languages, read_yaml


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Language -> name -> words."""
    found: dict[str, dict[str, str]] = read_yaml("pages.yaml")
    return found


def words_in(language: str) -> Mapping[str, str]:
    """In the reader's language where we have it, else in the first of ours."""
    code = language.partition("-")[0].lower()
    return words().get(code) or words()[next(iter(languages()))]
