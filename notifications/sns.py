"""Amazon SNS, through which Amazon SES tells of e-mails: its envelope, and the one request by which a subscription is confirmed.

Nothing that arrives is ever fetched. The address that SNS asks to be visited is not used: ours is built from the topic's name, whose region must look
like one, so that a forged confirmation can make us call Amazon at most. Whoever posts knows our secret besides (docs/notifications.md, *Channels*).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import requests
import structlog

TOPIC = re.compile(r"arn:(aws|aws-us-gov|aws-cn):sns:([a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}):\d{12}:[A-Za-z0-9_.-]{1,256}")
TOKEN = re.compile(r"[0-9a-f]{64,1024}")
SECONDS = 5

log = structlog.get_logger(__name__)


def unwrap(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event in a notification's `Message`; what is no envelope, or holds no JSON object, as it stands."""
    message = said.get("Message")
    if said.get("Type") != "Notification" or not isinstance(message, str):
        return said
    try:
        inner = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return said
    return inner if isinstance(inner, dict) else said


def confirmation(said: Mapping[str, Any]) -> tuple[str, dict[str, str]] | None:
    """Where to confirm, and with what; None where topic or token are not what Amazon sends."""
    topic, token = str(said.get("TopicArn", "")), str(said.get("Token", ""))
    named = TOPIC.fullmatch(topic)
    if named is None or not TOKEN.fullmatch(token):
        return None
    host = f"sns.{named[2]}.amazonaws.com" + (".cn" if named[1] == "aws-cn" else "")
    return f"https://{host}/", {"Action": "ConfirmSubscription", "TopicArn": topic, "Token": token}


def confirm(said: Mapping[str, Any]) -> bool:
    """Tells Amazon that we asked for this topic's notifications; whether it took it. Follows no redirect, waits five seconds at most."""
    if (where := confirmation(said)) is None:
        return False
    try:
        answer = requests.get(where[0], params=where[1], timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as fault:
        log.error("sns_not_confirmed", topic=where[1]["TopicArn"], error=type(fault).__name__)
        return False
    log.warning("sns_confirmed" if answer.ok else "sns_not_confirmed", topic=where[1]["TopicArn"], status=answer.status_code)
    return answer.status_code == 200
