"""X-Twilio-Signature, by hand: base64 of HMAC-SHA1 with the account's token over the URL and the sorted form fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(token: str, url: str, fields: Mapping[str, str]) -> str:
    """The signature Twilio sends with a form POST of `fields` to `url` (twilio.com/docs/usage/security)."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
