"""How hard a text is to read: the Flesch-Kincaid grade of English, Fernandez Huerta's ease of Spanish. Pure.

English: Kincaid et al. 1975, 0.39 * words per sentence + 11.8 * syllables per word - 15.59, a school grade; lower is easier.
Spanish: Fernandez Huerta 1959, 206.84 - 60 * syllables per word - 1.02 * words per sentence, 0 to 100; higher is easier. (The 1959
paper writes sentences per hundred words; the corrected form counts words per sentence, see Law 2011.)
Syllables are groups of vowels, of which a silent English `e` is none and two strong Spanish vowels are two: an estimate, good enough
for texts of three lines.
"""

from __future__ import annotations

import re

import msgspec

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ENDS = re.compile(r"[.!?:]+(?:\s|$)")
_ENGLISH = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^laeiouy]e|[^aeioudt]ed)$")
_SPANISH = re.compile(r"[aeiouáéíóúü]+")
_STRONG = re.compile(r"[aeoáéóíú](?=[aeoáéóíú])")
LIMITS = {"en": 6.0, "es": 70.0}


class Ease(msgspec.Struct, frozen=True):
    """`score` in the language's own measure, named by `measure`; `is_easy` holds it against the limit."""

    score: float
    measure: str
    is_easy: bool


def ease(text: str, language: str) -> Ease:
    """How easy a text is. Numbers and signs count for nothing; a text without words is easy.

    Raises:
        KeyError: a language without a measure.
    """
    limit = LIMITS[language]
    words = _WORD.findall(text.casefold())
    if not words:
        return Ease(limit, _MEASURES[language], True)
    sentences = max(len([part for part in _ENDS.split(text) if _WORD.search(part)]), 1)
    length, weight = len(words) / sentences, sum(syllables(word, language) for word in words) / len(words)
    if language == "en":
        score = max(round(0.39 * length + 11.8 * weight - 15.59, 1), 0.0)
        return Ease(score, _MEASURES[language], score <= limit)
    score = round(206.84 - 60 * weight - 1.02 * length, 1)
    return Ease(score, _MEASURES[language], score >= limit)


def syllables(word: str, language: str) -> int:
    """Of one word in small letters; at least one."""
    if language == "en":
        return max(len(_ENGLISH.findall(word)) - (1 if _SILENT.search(word) else 0), 1)
    return max(sum(1 + len(_STRONG.findall(group)) for group in _SPANISH.findall(word)), 1)


_MEASURES = {"en": "school grade", "es": "ease of reading"}
