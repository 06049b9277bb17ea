"""What a mail provider tells of e-mails that it carried for us: came back, refused, complained of, unsubscribed from.

Providers send JSON, one event or a list, each in words of its own (`READERS`: Amazon SES, Postmark, SendGrid, Mailgun, and plain). Whoever sends it knows
the shared secret, so an address is believed; which e-mail is meant says its Message-ID where the provider kept it, else it is the last to that address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from notifications import emailing, sns
from notifications.models import Channel, Message, MessageState
from patients import codes, consent, contacts
from patients.models import Mailbox

OURS = re.compile(r"\b([0-9a-f]{32})\.(\d{1,3})@")
LATELY = timedelta(days=7)  # no server tries longer than five days (RFC 5321, 4.5.4.1)
DEEPEST = 6  # of nested JSON; providers need three
LONGEST_NAME = 1_000  # a Message-ID has at most 998 characters (RFC 5322)


SES = {
    "Bounce": ("bounce", "bouncedRecipients"), "Complaint": ("complaint", "complainedRecipients"),
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients"),
}  # fmt: skip
SES_THIS_ONE = frozenset({"ContentRejected", "AttachmentRejected", "MessageTooLarge"})  # of a bounce: says nothing of the address


class What(Enum):
    BOUNCED = "bounced"  # nobody reads this address
    REFUSED = "refused"  # this e-mail will not arrive, the next one may
    LATER = "later"  # they try on
    COMPLAINED = "complained"  # marked as spam
    UNSUBSCRIBED = "unsubscribed"


class Event(msgspec.Struct, frozen=True):
    """`about`: what names the e-mail, if anything does."""

    what: What
    address: str
    about: str = ""


# Bounces of Postmark by `Type`; any other refuses this e-mail. An automatic reply is none: the e-mail arrived.
POSTMARK = {
    **dict.fromkeys(("HardBounce", "BadEmailAddress", "ManuallyDeactivated"), What.BOUNCED), "SpamComplaint": What.COMPLAINED,
    "SpamNotification": What.REFUSED, "Unsubscribe": What.UNSUBSCRIBED,
    **dict.fromkeys(("Transient", "AutoResponder", "AddressChange", "ChallengeVerification", "Subscribe"), What.LATER),
}  # fmt: skip
Said = Mapping[str, Any]
Reader = Callable[[Said], Event | list[Event] | None]


class Unreadable(ValueError):
    """No JSON of events."""


def read(raw: bytes) -> list[Event]:
    """Events of a body that are about an e-mail's end; others (opened, delivered) are left out.

    Raises:
        Unreadable: it is no JSON object, nor a list of them.
    """
    return [event for one in _bodies(raw) for event in _events(one)]


def body_of(raw: bytes) -> Said:
    """The first object of a body that `read` has accepted."""
    return next(iter(_bodies(raw)), {})


def _bodies(raw: bytes) -> list[Said]:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable("no JSON") from fault
    said = body if isinstance(body, list) else [body]
    if not all(isinstance(one, dict) for one in said):
        raise Unreadable("no events")
    return said


def _events(said: Said) -> Iterator[Event]:
    for reader in READERS:
        if found := reader(said):
            yield from [found] if isinstance(found, Event) else found
            return


def receive(events: list[Event], *, now: datetime) -> dict[str, int]:
    """Does what follows from each; how many there were of a kind, `unknown` where the address is none of ours. Told twice it changes nothing."""
    counts: dict[str, int] = {}
    for event in events:
        name = _apply(event, now)
        counts[name] = counts.get(name, 0) + 1
    return counts


def _apply(event: Event, now: datetime) -> str:
    mailbox = Mailbox.objects.filter(address=codes.email(event.address) or event.address.casefold()[:254]).first()
    if mailbox is None:
        return "unknown"
    match event.what:
        case What.COMPLAINED | What.UNSUBSCRIBED:
            evidence = consent.Evidence(
                "complaint to the mail provider" if event.what is What.COMPLAINED else "unsubscribed at the provider"
            )
            consent.stop_mail(mailbox=mailbox, now=now, evidence=evidence)
        case What.BOUNCED | What.REFUSED:
            rule = emailing.NO_MAILBOX if event.what is What.BOUNCED else emailing.REFUSED
            if event.what is What.BOUNCED:
                contacts.mark_bounced(mailbox=mailbox, reason=rule.reason, now=now)
            if (message := _message(event, mailbox, now)) is not None:
                emailing.bounced(message=message, permanent=True, rule=rule, now=now)
        case What.LATER:
            pass
    return event.what.value


def _message(event: Event, mailbox: Mailbox, now: datetime) -> Message | None:
    """The e-mail that is named, if it went to this address; where none is named the last one that did."""
    sent = Message.objects.filter(channel=Channel.EMAIL, mailbox=mailbox)
    if named := OURS.search(event.about):
        return sent.filter(uid=UUID(named[1])).first()
    out = (MessageState.SENT, MessageState.UNKNOWN, MessageState.SENDING)
    return sent.filter(state__in=out, claimed_at__gt=now - LATELY).order_by("-claimed_at").first()


# --- how each provider says it -------------------------------------------------------------------------------------------------


def _postmark(said: Said) -> Event | None:
    """`RecordType` and, of a bounce, its `Type` (postmarkapp.com/developer/webhooks/bounce-webhook)."""
    kinds = {"SpamComplaint": What.COMPLAINED, "SubscriptionChange": What.UNSUBSCRIBED}
    record, bounce = _word(said, "RecordType"), _word(said, "Type")
    if record == "Bounce":
        return Event(POSTMARK.get(bounce, What.REFUSED), _word(said, "Email"), _about(said))
    if record == "SubscriptionChange" and said.get("SuppressSending") is not True:
        return None
    address = _word(said, "Email") or _word(said, "Recipient")
    return Event(kinds[record], address) if record in kinds else None


def _mailgun(said: Said) -> Event | None:
    """`event-data` with `event` and `severity` (documentation.mailgun.com, webhooks)."""
    data = said.get("event-data")
    if not isinstance(data, dict):
        return None
    kinds = {"complained": What.COMPLAINED, "unsubscribed": What.UNSUBSCRIBED}
    event = _word(data, "event")
    if event == "failed":
        status = data.get("delivery-status")
        code = status.get("code") if isinstance(status, dict) else None
        final = What.BOUNCED if code in (550, 551, 553, 605) else What.REFUSED
        return Event(final if _word(data, "severity") == "permanent" else What.LATER, _word(data, "recipient"), _about(data))
    return Event(kinds[event], _word(data, "recipient")) if event in kinds else None


def _sendgrid(said: Said) -> Event | None:
    """`event` and `email`; a bounce of type `blocked` says nothing of the address (docs.sendgrid.com, event webhook)."""
    kinds = {"deferred": What.LATER, "dropped": What.REFUSED, "spamreport": What.COMPLAINED}
    kinds |= dict.fromkeys(("unsubscribe", "group_unsubscribe"), What.UNSUBSCRIBED)
    event = _word(said, "event")
    if "email" not in said:
        return None
    if event == "bounce":
        return Event(What.REFUSED if _word(said, "type") == "blocked" else What.BOUNCED, _word(said, "email"), _about(said))
    return Event(kinds[event], _word(said, "email"), _about(said)) if event in kinds else None


def _plain(said: Said) -> Event | None:
    """Our own words, for a relay that puts others into them: `event`, `recipient`, `message_id`."""
    kinds, event = {what.value: what for what in What}, _word(said, "event")
    return Event(kinds[event], _word(said, "recipient"), _about(said)) if event in kinds and "recipient" in said else None


def _ses(said: Said) -> list[Event] | None:
    """What Amazon SES publishes, in the envelope of Amazon SNS or raw: `eventType` (event publishing) or `notificationType` (feedback), and several
    recipients in one (docs.aws.amazon.com/ses, *notification contents*). A temporary bounce was tried until SES gave up."""
    inner = sns.unwrap(said)
    kind = _word(inner, "eventType") or _word(inner, "notificationType")
    if kind not in SES or not isinstance(inner.get("mail"), dict):
        return None
    name, list_name = SES[kind]
    told = inner.get(name)
    if not isinstance(told, dict):
        return None
    what = {"Complaint": What.COMPLAINED, "DeliveryDelay": What.LATER}.get(kind, What.REFUSED)
    if kind == "Bounce" and _word(told, "bounceType") == "Permanent" and _word(told, "bounceSubType") not in SES_THIS_ONE:
        what = What.BOUNCED
    people = told.get(list_name)
    addresses = [_word(one, "emailAddress") for one in people if isinstance(one, dict)] if isinstance(people, list) else []
    return [Event(what, address, _about(inner["mail"])) for address in addresses]


READERS: tuple[Reader, ...] = (_ses, _postmark, _mailgun, _sendgrid, _plain)


def _word(said: Said, name: str) -> str:
    found = said.get(name)
    return found[:254] if isinstance(found, str) else ""


def _about(said: Said, depth: int = 0) -> str:
    """All short words of an event in which a Message-ID may stand."""
    if depth > DEEPEST:
        return ""
    nested = [_about(value, depth + 1) for value in said.values() if isinstance(value, dict)]
    return " ".join([*(value for value in said.values() if isinstance(value, str) and len(value) < LONGEST_NAME), *nested])
