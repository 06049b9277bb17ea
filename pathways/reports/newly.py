"""Newly actionable as a report: how many open journeys each new rule, or each new reading, would flag. The list of them has a page of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext as _

from pathways import approvals
from pathways.models import Journey
from pathways.newly_actionable import News, find, source_of
from pathways.reports.cohort import Question
from pathways.reports.freshness import freshness, in_force
from pathways.reports.hiding import for_eyes
from pathways.reports.rows import Behind, Rows, UnknownNumber
from pathways.reports.sheet import About, Cell, Column, Figure, Kind, Sheet, Sum, Table, count, words


def newly_actionable(question: Question, *, exact: bool) -> Sheet:
    found = _found(question)
    sheet = Sheet(
        name="newly-actionable",
        title=_("Newly actionable"),
        says=(_says(found),) if exact else (),
        about=About(
            as_of=question.as_of,
            programme=question.pathway,
            versions=in_force(question.pathway),
            fresh=freshness(question.sites, now=question.as_of),
            whom=_("Open journeys in which something was found, asked of the rules of today as if they had always held"),
            censoring=_(
                "Closed journeys are second chances. What a clinician has answered is not counted; who received the matched therapy neither."
            ),
        ),
        figures=(Figure(count(len(found), key="all", opens="all"), _("open journeys to look at")),),
        tables=(_table(found),),
        sums=(Sum("all", tuple(_key(*one) for one in _groups(found))),) if found else (),
        notes=(_("It flags a gap for review and recommends nothing; nothing opens before a clinician has decided."),),
    )
    return for_eyes(sheet, exact=exact)


def _found(question: Question) -> list[News]:
    """As of now: the rules of an earlier day are not asked, what a person could have done with them is over."""
    return find(now=question.as_of, sites=question.sites, pathway=question.pathway)


def _groups(found: Sequence[News]) -> Counter[tuple[str, str]]:
    """By the rules that are new and the reason; a journey stands in one of them."""
    return Counter((", ".join(one.rules), one.why) for one in found)


def _key(rules: str, why: str) -> str:
    return f"{why}|{rules}"


def _says(found: Sequence[News]) -> str:
    if not found:
        return _("Nothing that was found in an open journey has become actionable since it was judged.")
    return _("%(n)s open journeys hold a finding that has become actionable since it was judged.") % {"n": len(found)}


def _table(found: Sequence[News]) -> Table:
    columns = (
        Column("rules", _("rules that are new"), Kind.WORDS),
        Column("genes", _("genes"), Kind.WORDS),
        Column("why", _("what changed"), Kind.WORDS),
        Column("since", _("since"), Kind.DAY),
        Column("judged_by", _("judged by"), Kind.WORDS, filed=True),
        Column("would_be", _("now"), Kind.WORDS, filed=True),
        Column("source", _("source"), Kind.WORDS, filed=True),
        Column("journeys", _("open journeys")),
    )
    rows = tuple(
        _row(rules, why, n, [one for one in found if (", ".join(one.rules), one.why) == (rules, why)])
        for (rules, why), n in sorted(_groups(found).items())
    )
    return Table("rules", _("By rule"), columns, rows, empty=_("None."))


def _row(rules: str, why: str, n: int, of: Sequence[News]) -> tuple[Cell, ...]:
    knowledge, key = approvals.in_force(), _key(rules, why)
    sources = dict.fromkeys(source for rule in of[0].rules if (source := source_of(knowledge, rule)))
    return (
        words(rules),
        words(", ".join(sorted({gene for one in of for gene in one.genes}))),
        words(_(why)),
        Cell(max(one.since for one in of), precise=True),
        words(", ".join(sorted({one.judged_by for one in of if one.judged_by}))),
        words(of[0].would_be),
        words(" ".join(sources)),
        count(n, key=key, opens=key),
    )


def newly_rows(question: Question, number: str) -> Rows:
    """`all`, or `what changed|rules`."""
    found = [one for one in _found(question) if number in ("all", _key(", ".join(one.rules), one.why))]
    if not found:
        raise UnknownNumber(number)
    uids = dict(Journey.objects.filter(pk__in=[one.journey_id for one in found]).values_list("pk", "uid"))
    return Rows(Behind.JOURNEYS, [str(uids[one.journey_id]) for one in found])
