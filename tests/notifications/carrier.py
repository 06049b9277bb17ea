"""A provider that does what a test tells it, and remembers what it took: the only witness of how many copies are outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notifications.transports.base import Accepted, Answer, Declined, Seen, Text, Unclear


@dataclass
class Carrier:
    """`moods` are used up one a call, then all is well: ok, refuse:<code>, lose (taken, no answer), vanish (not taken, no answer)."""

    moods: list[str] = field(default_factory=list)
    took: list[Seen] = field(default_factory=list)
    hides: bool = False
    wrote: list[Seen] = field(default_factory=list)
    barred: bool = False
    calls: int = 0
    segments_a_minute: int = 0

    def send(self, text: Text) -> Answer:
        self.calls += 1
        mood = self.moods.pop(0) if self.moods else "ok"
        if mood.startswith("refuse:"):
            return Declined(int(mood.removeprefix("refuse:")))
        if mood == "vanish":
            return Unclear("ConnectionError")
        self.took.append(Seen(f"SM{len(self.took):032d}", text.to, text.body, "sent"))
        return Accepted(self.took[-1].sid) if mood == "ok" else Unclear("Timeout")

    def listed(self, since: datetime) -> list[Seen] | None:
        return None if self.hides else list(self.took)

    def heard(self, since: datetime) -> list[Seen] | None:
        return None if self.hides else list(self.wrote)

    def may_reach(self, number: str) -> bool:
        return not self.barred

    def per_minute(self) -> int:
        return self.segments_a_minute

    def genuine(self, url: str, fields: Mapping[str, str], signature: str) -> bool:
        return signature == "good"

    def copies(self) -> Counter[str]:
        """How many texts each number got."""
        return Counter(seen.to for seen in self.took)
