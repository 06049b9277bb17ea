"""The HL7 answer: taken in (AA), refused as it stands (AR), or our own trouble, send again (AE). Pure.

AA says that the message is stored for good, not that everybody in it is known: what a person must settle waits in quarantine, and
an AE for it would make most interface engines hold back everything behind it.
"""

from __future__ import annotations

from datetime import datetime

from pathways.ingest.message import Unreadable

from .tokens import Message, decode

ACCEPT, ERROR, REJECT = "AA", "AE", "AR"
REJECTED = {
    "hl7_header": ("100", "Segment sequence error", "MSH^1"),
    "hl7_type": ("200", "Unsupported message type", "MSH^1^9"),
    "nul_character": ("102", "Data type error", ""),
    "too_large": ("207", "Application internal error", ""),
}
"""Reasons for which the same bytes can never be taken in, with code, text (table 0357) and place."""

INTERNAL = ("207", "Application internal error", "")


def code_for(reason: str) -> str:
    """AR where the sender must change the message itself; AA for everything that is stored and can be settled here."""
    return REJECT if reason in REJECTED else ACCEPT


def acknowledge(body: bytes, *, code: str, answer_id: str, now: datetime, reason: str = "", words: str = "") -> bytes:
    """One ACK for one message, in its own separators, MSH-10 echoed to the letter. Who asks for an accept acknowledgement (MSH-15) hears CA, CE, CR."""
    try:
        message = Message(decode(body)[0])
    except Unreadable:
        message = Message("MSH|^~\\&|||||||||")
    msh = message.one("MSH")
    separator, (component, *_) = message.field_separator, message.separators
    enhanced = message.get(msh, 15).upper() not in ("", "NE")  # NE with MSH-16 AL waits for the application's own word
    said = "C" + code[1] if enhanced else code
    trigger = message.get(msh, 9, 2)
    kind = component.join(filter(None, ("ACK", trigger, "ACK" if trigger else "")))
    raw = message.raw
    header = ["MSH", raw(msh, 2) or "^~\\&", raw(msh, 5), raw(msh, 6), raw(msh, 3), raw(msh, 4), now.strftime("%Y%m%d%H%M%S+0000"), "", kind,
              answer_id, raw(msh, 11) or "P", raw(msh, 12) or "2.5.1"]  # fmt: skip
    segments = [separator.join(header), separator.join(("MSA", said, raw(msh, 10)))]
    if code != ACCEPT:
        number, text, place = REJECTED.get(reason, INTERNAL)
        coded = component.join((number, _plain(text, message), "HL70357"))
        segments.append(separator.join(("ERR", "", place.replace("^", component), coded, "E", "", "", "", _plain(words, message))))
    return ("\r".join(segments) + "\r").encode("utf-8", "replace")


def _plain(words: str, message: Message) -> str:
    """Words in which no character is a separator."""
    for character in (message.field_separator, *message.separators, "\r", "\n"):
        words = words.replace(character, " ")
    return words
