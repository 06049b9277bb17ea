"""Answers that are kept until something changes: a page asked again while nothing was received costs a look into the cache.

What changed is told by the newest rows of the tables that every change leaves one in. A page asked "now" takes an answer of the last
quarter of an hour; it says as of when it speaks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection
from django.utils.translation import get_language

from pathways.reports.cohort import Question
from pathways.reports.columns import EPOCH

T = TypeVar("T")
FRESH = timedelta(minutes=15)
KEPT_SECONDS = 3600
NEWEST = """
SELECT (SELECT max(id) FROM pathways_journey), (SELECT max(id) FROM pathways_journeyrevision), (SELECT max(id) FROM pathways_binding),
       (SELECT max(id) FROM pathways_pathwayversion), (SELECT max(id) FROM pathways_coverage), (SELECT max(id) FROM patients_patient),
       (SELECT max(id) FROM patients_merge), (SELECT max(pgh_id) FROM patients_patienthistory)
"""


def kept(name: str, question: Question, exact: bool, make: Callable[[Question], T]) -> T:
    """The answer to a question, made anew only if something was received since."""
    key, newest = _key(name, question, exact), _newest()
    found: tuple[Any, datetime, T] | None = cache.get(key)
    if found is not None and found[0] == newest and timedelta() <= question.as_of - found[1] <= FRESH:
        return found[2]
    answer = make(question)
    cache.set(key, (newest, question.as_of, answer), KEPT_SECONDS)
    return answer


def _key(name: str, question: Question, exact: bool) -> str:
    """The question without its moment, so that "now" is one question all day; an earlier day is told apart by how far `as_of` lies."""
    asked = repr(replace(question, as_of=EPOCH, sites=None if question.sites is None else tuple(sorted(question.sites))))
    said = f"{name}|{exact}|{get_language()}|{question.as_of.date()}|{asked}"
    return f"reports.{hashlib.sha256(said.encode()).hexdigest()}"


def _newest() -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(NEWEST)
        return tuple(cursor.fetchone() or ())
