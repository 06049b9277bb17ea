"""Drop-off, time and now as sheets: the values of `shown`, with the sentences that say what is to be seen in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, gettext_noop

from pathways.reports import drop_off as losing
from pathways.reports import now as waiting
from pathways.reports import pictures, shown, shown_times
from pathways.reports import time as lasting
from pathways.reports.cohort import Question
from pathways.reports.freshness import freshness, in_force, versions
from pathways.reports.rows import Behind, Rows, UnknownNumber
from pathways.reports.sheet import About, Cell, Figure, Sheet, count
from pathways.reports.tabular import Opens, table

CENSORED = gettext_noop("Open journeys and transfers are censored: followed until the as-of time, never counted as lost.")
CODES = ("name", "observable", "horizon_days", "measured", "already", "implied")
WHOLE = "all"
"""What the rows of all together are called where strata stand beside them."""
NO_NUMBER = {"horizon_days", "stratum"}


def about(question: Question, *, of: tuple[str, ...], censoring: str, suppressed: bool, horizon: bool = True) -> About:
    return About(
        as_of=question.as_of,
        programme=question.pathway,
        versions=of,
        fresh=freshness(question.sites, now=question.as_of),
        whom=whom(question),
        censoring=censoring,
        horizon_days=question.horizon_days if horizon else None,
        suppressed=suppressed,
    )


def whom(question: Question) -> str:
    """The cohort in words."""
    episodes = gettext("all episodes") if question.every_episode else gettext("the first episode of each patient and primary")
    episodes += gettext(", also those under way at go-live") if question.prevalent else ""
    if question.entry:
        return gettext("Journeys that began as %(entry)s, %(episodes)s") % {"entry": question.entry, "episodes": episodes}
    return gettext("Journeys by entry, %(episodes)s") % {"episodes": episodes}


def drop_off(question: Question, *, exact: bool) -> Sheet:
    report = losing.drop_off(question)
    answer = shown.drop_off(report, exact=exact)
    steps = [{"stratum": name, **step} for name, part in _parts(answer) for step in part["steps"]]
    matched = answer["matched"]
    return Sheet(
        name="drop-off",
        title=gettext("Where patients are lost"),
        says=tuple(_says_drop_off(answer)),
        about=about(question, of=versions(report.versions), censoring=gettext(CENSORED), suppressed=not exact),
        drawings=tuple(pictures.lost(answer)),
        tables=(
            table("steps", gettext("Step by step"), steps, opens=_steps(exact), leave=("reasons",), filed=_filed(answer, *CODES)),
            table(
                "ends",
                gettext("How journeys ended"),
                answer["ends"],
                opens=_named(exact, lambda row, column: f"end/{row['kind']}/{row['reason']}"),
                empty=gettext("No journey has ended yet."),
            ),
            table(
                "matched",
                gettext("Actionable to drug"),
                [matched],
                opens=_named(exact, lambda row, column: f"matched/{column}"),
                leave=("not_matched",),
                note=gettext("Received and start confirmed are two figures; flagged by a rule and confirmed by a clinician are two facts."),
            ),
            table(
                "not_matched",
                gettext("Confirmed and not matched"),
                [{"reason": reason, "count": count} for reason, count in matched["not_matched"].items()],
                opens=_named(exact, lambda row, column: f"matched/not/{row['reason']}"),
                empty=gettext("Everybody confirmed received it, or nobody is confirmed."),
            ),
            table(
                "denominators",
                gettext("Which number of which"),
                answer["denominators"],
                opens=_named(exact, lambda row, column: f"of/{row['denominator']}/{column}"),
                note=gettext("By as-of; some of the rest are still on the way."),
            ),
        ),
        notes=(*_by_chance(answer), *_beside(answer["benchmark"])),
    )


def _by_chance(answer: Mapping[str, Any]) -> Iterator[str]:
    """Several groups are several comparisons."""
    if len(answer["strata"]) > 2:
        yield (
            gettext(
                "%(n)s groups are shown: of every twenty 95 %% intervals one misses by chance, so a group that stands out alone is a question, not a finding."
            )
            % {"n": len(answer["strata"])}
        )


def _beside(benchmark: Mapping[str, Any] | None) -> Iterator[str]:
    """What stands beside our own figures, with its caveats."""
    if benchmark is not None:
        yield gettext("Published beside ours: %(title)s. %(source)s.") % {"title": benchmark["title"], "source": benchmark["source"]}
        yield from benchmark["caveats"]


def _filed(answer: Mapping[str, Any], *codes: str) -> tuple[str, ...]:
    """Columns that only files need: codes, and the stratum where there is one."""
    return codes if answer["strata"] else (*codes, "stratum")


def _named(exact: bool, name: Callable[[Mapping[str, Any], str], str]) -> Opens:
    """What each count of a table opens, for those who may open it."""
    return lambda row, column: name(row, column) if exact and column not in NO_NUMBER else ""


def _steps(exact: bool) -> Opens:
    return _named(exact, lambda row, column: within(row["stratum"], f"{row['name']}/{column.removeprefix('left.')}"))


def within(stratum: str, name: str) -> str:
    """A number's name in one stratum (`pathways.reports.behind`)."""
    return name if stratum == WHOLE else f"{stratum}|{name}"


def _parts(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield WHOLE, answer
    yield from answer["strata"].items()


def _says_drop_off(answer: Mapping[str, Any]) -> Iterator[str]:
    steps = [step for step in answer["steps"] if step["entered"] and step["left"]["preventable"] is not None]
    if not answer["n"]:
        yield gettext("No journey to speak of, or too few to show.")
        return
    worst = max(steps, key=lambda step: step["left"]["preventable"], default=None)
    if worst and worst["left"]["preventable"]:
        yield gettext("Most preventable losses are before “%(label)s”: %(preventable)s of %(entered)s who came that far.") % {
            "label": worst["label"],
            "preventable": worst["left"]["preventable"],
            "entered": worst["entered"],
        }
    whole = answer["whole"]
    if whole and whole["value"] is not None:
        yield gettext("%(value)s go the whole way within %(horizon_days)s days; %(open)s of %(n)s are still under way.") % {
            "value": f"{whole['value']:.0%}",
            "horizon_days": answer["horizon_days"],
            "open": answer["open"],
            "n": answer["n"],
        }


def time(question: Question, *, exact: bool) -> Sheet:
    answer = shown_times.times(lasting.times(question), exact=exact)
    rows = [{"stratum": name, **one} for name, part in _parts(answer) for one in part["intervals"]]
    return Sheet(
        name="time",
        title=gettext("How long the steps take"),
        says=tuple(_says_time(answer)),
        about=about(
            question,
            of=in_force(question.pathway),
            suppressed=not exact,
            censoring=gettext(
                "Whoever still waits counts for as long as they have waited (Kaplan-Meier); a median that is not reached is blank."
            ),
        ),
        drawings=tuple(pictures.lasting(answer)),
        tables=(
            table(
                "intervals",
                gettext("From step to step"),
                rows,
                opens=_named(exact, lambda row, column: within(row["stratum"], f"interval/{row['from']}/{row['to']}/{column}")),
                filed=_filed(answer),
            ),
            table(
                "targets",
                gettext("Against each target"),
                [{"stratum": name, "number": n, **one} for name, part in _parts(answer) for n, one in enumerate(part["targets"])],
                opens=_named(exact, lambda row, column: within(row["stratum"], f"target/{row['number']}/{column}")),
                leave=("number",),
                filed=("from", "to", *_filed(answer)),
                note=gettext("Exits compete: who left did not arrive in time. Working days are those of each site's own calendar."),
                empty=gettext("The definition has no targets."),
            ),
            table(
                "turns",
                gettext("Whose turn it was"),
                [{"stratum": name, **one} for name, part in _parts(answer) for one in part["turns"]],
                opens=_named(exact, lambda row, column: within(row["stratum"], f"turn/{row['ball']}")),
                filed=_filed(answer),
                note=gettext("Every day under way belongs to one party. Days lost are those on which some wait was past due."),
                empty=gettext("Nobody has waited yet."),
            ),
            table(
                "places",
                gettext("Where days are lost"),
                answer["places"],
                opens=_named(exact, lambda row, column: f"place/{row['by']}/{row['where']}"),
                note=gettext(
                    "The laboratory is the one that did the latest test; who has no result yet, or whose laboratory nobody told, is unknown."
                ),
                empty=gettext("Nobody has waited yet."),
            ),
        ),
    )


def _says_time(answer: Mapping[str, Any]) -> Iterator[str]:
    timed = [one for one in answer["intervals"] if one["median_days"] and one["median_days"]["value"] is not None]
    steps = timed[:-1] if len(timed) > 1 else timed
    if not steps:
        yield gettext("No step has a median yet: too few got there.")
        return
    slowest = max(steps, key=lambda one: one["median_days"]["value"])
    yield gettext("The slowest step is from %(from)s to %(to)s: half take %(value)s days or more.") % {
        "from": slowest["from"],
        "to": slowest["to"],
        "value": f"{slowest['median_days']['value']:.0f}",
    }


def now(question: Question, *, exact: bool) -> Sheet:
    answer = shown.now(waiting.now(question), exact=exact)
    late = [stage["overdue"] for stage in answer["stages"]]

    return Sheet(
        name="now",
        title=gettext("What is under way"),
        says=(_says_now(answer["journeys"], late), *_says_soon(answer["stages"])),
        about=about(
            question,
            of=in_force(question.pathway),
            censoring=gettext("A snapshot of what is open now; it says nothing of how many arrive or are lost."),
            suppressed=answer["suppressed"],
            horizon=False,
        ),
        drawings=tuple(pictures.waiting(answer)),
        figures=(_figure(answer["journeys"], "journeys" if exact else "", gettext("journeys open now, each counted once")),),
        tables=(
            table(
                "stages",
                gettext("Where journeys wait"),
                answer["stages"],
                opens=_named(exact, lambda row, column: f"{row['track']}/{row['stage']}/{column}"),
                filed=("stage", "problem", "watch"),
                note=gettext("Waits, not journeys: a journey can wait in several places at once. Overdue are past due and not on hold."),
                empty=gettext("Nobody waits."),
            ),
            table(
                "owners",
                gettext("Overdue by who answers for it"),
                answer["owners"],
                opens=_named(exact, lambda row, column: f"owner/{row['accountable']}/{column}"),
                empty=gettext("Nothing is open."),
            ),
        ),
    )


def _figure(number: int | None, opens: str, says: str) -> Figure:
    return Figure(Cell(hidden=True) if number is None else count(number, opens=opens), says)


def _says_now(journeys: int | None, late: Sequence[int | None]) -> str:
    open_ = (
        gettext("Too few journeys to show are open")
        if journeys is None
        else gettext("%(journeys)s journeys are open") % {"journeys": journeys}
    )
    overdue = "" if None in late else gettext("; %(n)s waits are past due and not on hold") % {"n": sum(one or 0 for one in late)}
    return f"{open_}{overdue}."


def _says_soon(stages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    coming = [one["first_week"] for one in stages], [one["second_week"] for one in stages]
    if stages and None not in coming[0]:
        yield gettext("%(n)s waits become due within a week, %(coming)s in the week after.") % {
            "n": sum(coming[0]),
            "coming": sum(coming[1]),
        }


def now_rows(question: Question, number: str) -> Rows:
    """`journeys`, `TRACK/STAGE/figure` or `owner/NAME/figure`. Raises UnknownNumber."""
    if number == "journeys":
        return Rows(Behind.JOURNEYS, waiting.open_journeys(question))
    head, _, rest = number.partition("/")
    name, _, flag = rest.rpartition("/")
    place: dict[str, str] = {"owner": name} if head == "owner" else {"track": head, "stage": name}
    try:
        return Rows(Behind.WAITS, waiting.members(question, flag=flag, **place))
    except KeyError:
        raise UnknownNumber(number) from None
