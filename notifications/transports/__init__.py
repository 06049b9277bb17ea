"""The way out. Nothing outside this package knows the provider."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache

from django.conf import settings

from .base import Transport


@cache
def current() -> Transport:
    """The configured provider, one client per process."""
    from .twilio import Twilio

    return Twilio()


@cache
def training() -> Transport | None:
    """The simulator that texts of training sites go to, whatever provider is configured; None where none was set up."""
    from .twilio import simulator

    return simulator() if settings.TRAINING_AUTH_TOKEN else None


class Signer(Enum):
    """Who signed a webhook. The simulator of the training sites is believed about what it carried and about nothing else: its token is no secret."""

    PROVIDER = "provider"
    SCHOOL = "school"


def signer(url: str, fields: Mapping[str, str], signature: str) -> Signer | None:
    """Who signed this webhook to `url`; None: nobody whom we know."""
    if current().genuine(url, fields, signature):
        return Signer.PROVIDER
    school = training()
    return Signer.SCHOOL if school is not None and school.genuine(url, fields, signature) else None
