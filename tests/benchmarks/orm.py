"""The same work as a strong Django developer would write it: in bulk, and one row at a time in a careful transaction."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from notifications.models import Message, MessageAlert, WorkItem, WorkItemAlert
from pathways.models import Alert, Rung, Stay

RungsByStage = dict[int, list[Rung]]


def rungs_by_stage() -> RungsByStage:
    """The first two rungs of each stage; look-ups are given to the ORM for free."""
    found: RungsByStage = {}
    for rung in Rung.objects.filter(n__lt=2).order_by("n"):
        found.setdefault(rung.stage_id or 0, []).append(rung)
    return found


def bulk(now: datetime, batch: int = 500) -> int:
    """SKIP LOCKED, then one bulk statement per table."""
    rungs, done = rungs_by_stage(), 0
    while True:
        with transaction.atomic():
            due = list(
                Stay.objects.filter(attention_at__lte=now, gated=False, release=False)
                .select_related("journey__patient")
                .order_by("attention_at")
                .select_for_update(skip_locked=True, of=("self",))[:batch]
            )
            _bulk(due, rungs, now)
        done += len(due)
        if len(due) < batch:
            return done


def _bulk(due: list[Stay], rungs: RungsByStage, now: datetime) -> None:
    stays = {stay.pk: stay for stay in due}
    alerts = Alert.objects.bulk_create([_alert(stay, rung, now) for stay in due for rung in rungs[stay.stage_id]])
    staff = [alert for alert in alerts if alert.audience != "patient"]
    patient = [alert for alert in alerts if alert.audience == "patient"]
    items = WorkItem.objects.bulk_create([_item(stays[alert.stay_id or 0], alert, now) for alert in staff])
    WorkItemAlert.objects.bulk_create([WorkItemAlert(alert=alert, item=item) for alert, item in zip(staff, items, strict=True)])
    messages = Message.objects.bulk_create([_message(stays[alert.stay_id or 0], alert, now) for alert in patient])
    MessageAlert.objects.bulk_create([MessageAlert(alert=alert, message=message) for alert, message in zip(patient, messages, strict=True)])
    for stay in due:
        stay.rang_through, stay.attention_at = now, stay.rung_at[2]
    Stay.objects.bulk_update(due, ["rang_through", "attention_at"])


def loop(now: datetime, limit: int) -> int:
    """A transaction a journey, as the usual task does it."""
    rungs, done = rungs_by_stage(), 0
    due = Stay.objects.filter(attention_at__lte=now, gated=False, release=False).order_by("attention_at").values_list("pk", flat=True)
    for pk in list(due[:limit]):
        with transaction.atomic():
            stay = Stay.objects.select_for_update(of=("self",)).select_related("journey__patient").get(pk=pk)
            for rung in rungs[stay.stage_id]:
                alert = _alert(stay, rung, now)
                alert.save()
                if alert.audience == "patient":
                    message = _message(stay, alert, now)
                    message.save()
                    MessageAlert.objects.create(message=message, alert=alert)
                else:
                    item = _item(stay, alert, now)
                    item.save()
                    WorkItemAlert.objects.create(alert=alert, item=item)
            stay.rang_through, stay.attention_at = now, stay.rung_at[2]
            stay.save(update_fields=["rang_through", "attention_at"])
        done += 1
    return done


def _alert(stay: Stay, rung: Rung, now: datetime) -> Alert:
    return Alert(
        stay=stay,
        rung=rung,
        round=stay.round,
        due_at=stay.rung_at[rung.n] or now,
        rang_at=now,
        mode="live",
        audience=rung.audience,
        planned_at=now,
    )


def _item(stay: Stay, alert: Alert, now: datetime) -> WorkItem:
    journey = stay.journey
    return WorkItem(
        cause_kind="problem",
        cause_key=f"{journey.pk}:{alert.rung.problem}",
        site_id=journey.home_site_id,
        patient_id=journey.patient_id,
        journey=journey,
        problem=alert.rung.problem,
        audience="navigator",
        priority=alert.rung.priority,
        opened_at=now,
        due_at=now + alert.rung.answer_within,
    )


def _message(stay: Stay, alert: Alert, now: datetime) -> Message:
    journey = stay.journey
    return Message(
        stay=stay,
        rung=alert.rung,
        purpose="reminder",
        recipient_id=journey.patient.person_id,
        patient_id=journey.patient_id,
        journey=journey,
        programme=journey.pathway,
        wording=alert.rung.wording,
        priority=alert.rung.priority,
        created_at=now,
        not_before=now,
    )
