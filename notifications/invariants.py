"""What must always hold of items, messages and slots, checked on live data (design, invariants 3 to 6 and 11). Each query names the rows
that break it, by id only."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.db import connection

from notifications.comparing import misdrawn
from notifications.models import Message
from notifications.wording.compiler import denied
from patients.violations import Violation

MOST = 100
SLACK = timedelta(minutes=10)  # what a tick or a reconciler may be behind


class Rule(NamedTuple):
    """`sql` selects ids of `table`; it may use %(now)s and %(before)s (now less a tick's slack)."""

    invariant: str
    table: str
    detail: str
    sql: str


RULES = (
    Rule(
        "one open item per cause",
        "notifications_workitem",
        "another open item has the same cause",
        "SELECT max(id) FROM notifications_workitem WHERE state IN ('open', 'claimed', 'parked') "
        "GROUP BY cause_kind, cause_key, shadow HAVING count(*) > 1",
    ),
    Rule(
        "an alert is planned",
        "pathways_alert",
        "it rang and nobody planned it",
        "SELECT id FROM pathways_alert WHERE planned_at IS NULL AND rang_at < %(before)s",
    ),
    Rule(
        "a planned alert that acts has an item, a message or a stated reason",
        "pathways_alert",
        "it was planned and nobody hears of it",
        "SELECT a.id FROM pathways_alert a WHERE a.planned_at IS NOT NULL AND a.acts AND a.withdrawn_at IS NULL AND a.reason = '' "
        "AND NOT EXISTS (SELECT FROM notifications_workitemalert l WHERE l.alert_id = a.id) "
        "AND NOT EXISTS (SELECT FROM notifications_messagealert l WHERE l.alert_id = a.id)",
    ),
    Rule(
        "a withdrawal is settled",
        "pathways_alert",
        "withdrawn, and its messages or items were not",
        "SELECT id FROM pathways_alert WHERE withdrawn_at < %(before)s AND settled_at IS NULL",
    ),
    Rule(
        "no text without a standing reason",
        "notifications_message",
        "every alert was withdrawn before it was claimed",
        "SELECT m.id FROM notifications_message m WHERE m.attempt > 0 AND m.purpose = 'reminder' AND NOT EXISTS ("
        "SELECT FROM notifications_messagealert l JOIN pathways_alert a ON a.id = l.alert_id "
        "WHERE l.message_id = m.id AND (a.withdrawn_at IS NULL OR a.withdrawn_at > m.claimed_at))",
    ),
    Rule(
        "no text after STOP",
        "notifications_message",
        "claimed after the number said STOP",
        "SELECT m.id FROM notifications_message m JOIN patients_phone h ON h.id = m.phone_id WHERE m.attempt > 0 "
        "AND m.purpose NOT IN ('stop_confirmation', 'help') AND h.stopped_at < m.claimed_at AND m.state <> 'withdrawn'",
    ),
    Rule(
        "no text after death",
        "notifications_message",
        "claimed after the death was known or held",
        "SELECT m.id FROM notifications_message m JOIN patients_patient p ON p.id = m.patient_id WHERE m.attempt > 0 "
        "AND m.purpose = 'reminder' AND p.death_hold_since < m.claimed_at AND m.state IN ('sending', 'sent', 'delivered', 'unknown')",
    ),
    Rule(
        "no text to who may not be told",
        "notifications_message",
        "the recipient was neither the patient nor somebody with authority",
        "SELECT m.id FROM notifications_message m JOIN patients_patient p ON p.id = m.patient_id WHERE m.attempt > 0 "
        "AND m.purpose = 'reminder' AND m.recipient_id <> p.person_id AND NOT EXISTS ("
        "SELECT FROM patients_authority a JOIN patients_patient q ON q.id = a.patient_id "
        "WHERE a.person_id = m.recipient_id AND COALESCE(q.survivor_id, q.id) = COALESCE(p.survivor_id, p.id) "
        "AND a.since <= m.claimed_at AND (a.until IS NULL OR a.until > m.claimed_at))",
    ),
    Rule(
        "no sending older than its lease",
        "notifications_message",
        "a sender was lost and nobody looked",
        "SELECT id FROM notifications_message WHERE state = 'sending' AND claimed_at < %(before)s",
    ),
    Rule(
        "an unknown text is looked into",
        "notifications_message",
        "neither settled nor with a person after an hour",
        "SELECT m.id FROM notifications_message m WHERE m.state = 'unknown' AND m.unknown_since < %(now)s - interval '1 hour' "
        "AND m.reason <> 'a person looks into it'",
    ),
    Rule(
        "a reminder handed out holds a day of its number",
        "notifications_message",
        "sent outside the cap",
        "SELECT m.id FROM notifications_message m WHERE m.purpose = 'reminder' AND m.state IN ('sending', 'sent', 'delivered', 'unknown') "
        "AND m.channel IN ('sms', 'email') AND NOT EXISTS (SELECT FROM notifications_sendslot s WHERE s.message_id = m.id) "
        "AND NOT EXISTS (SELECT FROM notifications_mailslot s WHERE s.message_id = m.id)",
    ),
    Rule(
        "at most three e-mails in seven days",
        "notifications_mailslot",
        "a fourth e-mail within seven days",
        "SELECT s.id FROM notifications_mailslot s WHERE (SELECT count(*) FROM notifications_mailslot o WHERE o.mailbox_id = s.mailbox_id "
        "AND o.local_day > s.local_day - 7 AND o.local_day <= s.local_day) > 3",
    ),
    Rule(
        "no e-mail to a stopped address",
        "notifications_message",
        "claimed after the address was stopped",
        "SELECT m.id FROM notifications_message m JOIN patients_mailbox b ON b.id = m.mailbox_id WHERE m.attempt > 0 "
        "AND b.stopped_at < m.claimed_at AND m.state <> 'withdrawn'",
    ),
    Rule(
        "one channel at a time",
        "notifications_message",
        "the same reminder is with the reader, or on its way, by two channels",
        "SELECT max(m.id) FROM notifications_message m WHERE m.rung_id IS NOT NULL AND NOT m.shadow "
        "AND m.state IN ('pending', 'sending', 'sent', 'delivered', 'unknown') "
        "GROUP BY m.stay_id, m.matter_id, m.rung_id, m.recipient_id HAVING count(DISTINCT m.channel) > 1",
    ),
    Rule(
        "at most three days in seven",
        "notifications_sendslot",
        "a fourth text within seven days",
        "SELECT s.id FROM notifications_sendslot s WHERE (SELECT count(*) FROM notifications_sendslot o WHERE o.phone_id = s.phone_id "
        "AND o.local_day > s.local_day - 7 AND o.local_day <= s.local_day) > 3",
    ),
    Rule(
        "shadow rows stay inside",
        "notifications_message",
        "a trial run's text was claimed",
        "SELECT id FROM notifications_message WHERE shadow AND attempt > 0",
    ),
    Rule(
        "no critical rung waits by lot",
        "pathways_rung",
        "of the staff, or of priority 1 to 3, and compared by lot",
        "SELECT id FROM pathways_rung WHERE trial_id IS NOT NULL AND (audience <> 'patient' OR priority <= 3)",
    ),
    Rule(
        "nobody with an actionable result waits by lot",
        "notifications_allocation",
        "a finding that may be actionable was known when the lot was drawn",
        "SELECT a.id FROM notifications_allocation a WHERE a.waits AND EXISTS (SELECT FROM pathways_event e WHERE e.patient_id = a.patient_id "
        "AND e.kind IN ('flagged_actionable', 'actionable_confirmed', 'later_line_actionable', 'cannot_say', 'matched_therapy') "
        "AND COALESCE(e.recorded_at, e.received_at) < a.at AND e.received_at < a.at)",
    ),
    Rule(
        "a lot puts off until due at the latest",
        "notifications_allocation",
        "it waits by lot and nobody said until when",
        "SELECT id FROM notifications_allocation WHERE waits <> (until IS NOT NULL)",
    ),
    Rule(
        "a parked item has a date",
        "notifications_workitem",
        "nobody will wake it",
        "SELECT id FROM notifications_workitem WHERE state = 'parked' AND (parked_until IS NULL OR parked_until < %(before)s)",
    ),
    Rule(
        "a reply is read or with a person",
        "notifications_reply",
        "unread, and no open item for its number",
        "SELECT r.id FROM notifications_reply r WHERE r.kind IN ('text', 'stop_intent') AND r.read_at IS NULL AND NOT EXISTS ("
        "SELECT FROM notifications_workitem w WHERE w.cause_kind = 'reply' AND w.cause_key = r.phone_id::text AND w.opened_at >= r.received_at "
        "OR w.cause_kind = 'reply' AND w.cause_key = r.phone_id::text AND w.state IN ('open', 'claimed', 'parked'))",
    ),
)


def check(*, now: datetime) -> list[Violation]:
    """All checks of this app; empty when everything holds."""
    found = [violation for rule in RULES for violation in _broken(rule, now)]
    return found + _clinical_words() + list(islice(misdrawn(), MOST))


def _broken(rule: Rule, now: datetime) -> list[Violation]:
    with connection.cursor() as cursor:
        cursor.execute(f"{rule.sql} ORDER BY 1 LIMIT {MOST}", {"now": now, "before": now - SLACK})
        return [Violation(rule.invariant, f"{rule.table} {row[0]}", rule.detail) for row in cursor.fetchall()]


def _clinical_words() -> list[Violation]:
    """Every different text that ever went out, judged again by today's words."""
    rows = Message.objects.exclude(body="").order_by("body", "pk").distinct("body").values_list("pk", "body")
    return [
        Violation("no clinical word in a text", f"notifications_message {pk}", word)
        for pk, body in rows.iterator()
        if (word := denied(body))
    ]
