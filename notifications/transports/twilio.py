"""Twilio through its official client, pointed at `TWILIO_API_URL` (the local simulator by default) with its own retries off:
creating a message is not idempotent, so a second try is never made without proof that the first took nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from .base import Accepted, Answer, Declined, Seen, Text, Unclear

OFFICIAL = "https://api.twilio.com"
MOST_LISTED = 20_000


SIMULATED_ACCOUNT = "AC00000000000000000000000000000001"


def simulator() -> Twilio:
    """The local simulator, with credentials of its own: the provider's never leave for it."""
    return Twilio(SIMULATED_ACCOUNT, (settings.TRAINING_AUTH_TOKEN,), settings.TRAINING_API_URL)


class Http(TwilioHttpClient):  # type: ignore[misc]
    """The library's client at our address, which logs neither numbers nor words."""

    def __init__(self, address: str = "") -> None:
        super().__init__(timeout=settings.TWILIO_TIMEOUT_SECONDS)
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=settings.SMS_AT_ONCE))  # a connection for each text on its way
        self.address = address

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace(OFFICIAL, self.address or settings.TWILIO_API_URL, 1), *args, **kwargs)

    def log_request(self, kwargs: dict[str, Any]) -> None: ...

    def log_response(self, status_code: int, response: Any) -> None: ...


class Twilio:
    def __init__(self, account: str = "", tokens: Sequence[str] = (), address: str = "") -> None:
        """The configured account; `account`, `tokens` (the first signs in, all are believed) and `address` name another."""
        tokens = tokens or (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_OLD)
        self.local = is_local(address or settings.TWILIO_API_URL)
        self.client = Client(account or settings.TWILIO_ACCOUNT_SID, tokens[0], http_client=Http(address))
        self.messages = self.client.messages  # asked for here: the library loads this part when it is first named
        self.validators = [RequestValidator(token) for token in tokens if token]

    def send(self, text: Text) -> Answer:
        """One POST. Anything but a named message or an error code is unclear."""
        sender = (
            {"messaging_service_sid": settings.TWILIO_MESSAGING_SERVICE_SID}
            if settings.TWILIO_MESSAGING_SERVICE_SID
            else {"from_": settings.TWILIO_FROM_NUMBER}
        )
        kept = {"content_retention": "discard"} if settings.TWILIO_CONTENT_RETENTION_OFF else {}
        try:
            made = self.messages.create(
                to=text.to, body=text.body, status_callback=text.callback, validity_period=text.validity, **sender, **kept
            )
        except TwilioRestException as error:
            return Declined(int(error.code or 0), int(error.status))
        except (TwilioException, requests.RequestException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return Unclear(type(error).__name__)
        return Accepted(str(made.sid)) if made.sid else Unclear("no sid")

    def listed(self, since: datetime) -> list[Seen] | None:
        return self._list(since, "outbound")

    def heard(self, since: datetime) -> list[Seen] | None:
        return self._list(since, "inbound")

    def _list(self, since: datetime, direction: str) -> list[Seen] | None:
        try:
            found = self.messages.list(date_sent_after=since, limit=MOST_LISTED, page_size=1000)
        except (TwilioException, requests.RequestException, OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        if len(found) >= MOST_LISTED:
            return None  # a list that may be cut off proves nothing
        return [_seen(one) for one in found if str(one.direction).startswith(direction)]

    def may_reach(self, number: str) -> bool:
        """A simulator reaches nobody; the provider itself only invented and listed numbers, unless this is production."""
        return settings.REACHES_PEOPLE or self.local or is_invented(number) or number in settings.TWILIO_TEST_NUMBERS

    def per_minute(self) -> int:
        return 0 if self.local else int(settings.SMS_PER_MINUTE)

    def genuine(self, url: str, fields: Mapping[str, str], signature: str) -> bool:
        return any(validator.validate(url, dict(fields), signature) for validator in self.validators)


def is_local(address: str) -> bool:
    return urlsplit(address).hostname in {"127.0.0.1", "localhost", "::1"}


def _seen(one: Any) -> Seen:
    code = str(one.error_code or "")
    return Seen(
        str(one.sid), str(one.to), str(one.body or ""), str(one.status), code, str(one.from_ or ""), one.date_sent or one.date_created
    )


def is_invented(number: str) -> bool:
    """Numbers that belong to nobody: 555-0100 to 555-0199 of any area, and the provider's own magic ones."""
    return bool(re.fullmatch(r"\+1\d{3}55501\d\d|\+1500555\d{4}", number))
