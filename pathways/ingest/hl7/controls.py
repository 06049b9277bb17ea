"""What order control codes (ORC-1, HL7 table 0119) and order statuses (ORC-5, table 0038) do, for tests and medicines alike."""

from __future__ import annotations

NEW = frozenset(
    {
        "NW", "SN", "RO", "XO", "XR", "XX", "RE", "AF", "CN", "NA", "SC", "OK", "OE", "OF", "OP", "PY", "FU", "PA", "CH", "RL", "OR", "",
    }
)  # fmt: skip
"""What says that the order stands: new, changed, released, refilled, with its results. Any other code is not understood and does nothing."""

ANEW = frozenset({"NW", "SN", "RO", "XO", "CR", "OC", "DR", "OD", "DC"})
"""What is said of an order now, wherever in a message it stands."""

CANCELLED = frozenset({"CR", "OC", "DR", "OD", "DC"})
"""DC asks to discontinue and counts as cancelled for a test (interop 0.5); CA only asks to cancel, and so changes nothing."""

HELD = frozenset({"HR", "OH"})
ASKED_ONLY = frozenset(
    {
        "CA",
        "HD",
        "UC",
        "UD",
        "UH",
        "UA",
        "UF",
        "UM",
        "UN",
        "UR",
        "UX",
        "RU",
        "DE",
        "DF",
        "LI",
        "MC",
        "PR",
        "RF",
        "SS",
        "SR",
        "RP",
        "RQ",
        "RR",
    }
)
STATUS = {"CA": "cancelled", "DC": "cancelled", "RP": "cancelled", "ER": "cancelled", "HD": "held"}


def unheeded(control: str) -> str:
    """Why an order control code (HL7 table 0119) does nothing."""
    if control in HELD:
        return f"ORC-1 {control} holds the order up; nothing was concluded from it"
    if control in ASKED_ONLY:
        return f"ORC-1 {control} asks, answers or repeats; the order stands as it is"
    return f"ORC-1 {control[:10]} is no code of HL7 table 0119 that is understood here; nothing was concluded from the order"
