"""What may go wrong at the provider, and how often; switched by the environment or while it runs at `/_faults`."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Faults:
    """Rates are shares of calls between 0 and 1; times are seconds. All zero: a provider on a good day."""

    fail_after_accept: float = 0.0  # the text is taken, the answer is HTTP 500
    drop_after_accept: float = 0.0  # the text is taken, the connection is cut without an answer
    fail_before_accept: float = 0.0  # HTTP 500 and nothing was taken
    too_many: float = 0.0  # HTTP 429, never processed
    late_accept: float = 0.0  # taken only after `hang_seconds`, when the caller has long given up
    garbled: float = 0.0  # the text is taken, the answer is HTTP 201 without the name of what was made
    hang: float = 0.0  # the answer comes only after `hang_seconds`
    hang_seconds: float = 15.0
    undelivered: float = 0.0  # ends undelivered with 30003
    duplicate_callback: float = 0.0
    lost_callback: float = 0.0
    early_callback: float = 0.0  # the text is delivered and its callbacks arrive before our own answer
    late_callback: float = 0.0
    late_seconds: float = 30.0
    list_lag_seconds: float = 0.0  # a text is on the list only so long after it was taken
    seed: int = 1
    dice: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def strikes(self, name: str) -> bool:
        """Whether the fault `name` happens to this call."""
        rate = float(getattr(self, name))
        return rate > 0 and self.dice.random() < rate

    def switch(self, values: Mapping[str, object]) -> None:
        """Set named rates; an unknown name is an error, so that a test never runs without its fault."""
        known = {each.name for each in dataclasses.fields(self)} - {"dice"}
        unknown = set(values) - known
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self, name, int(str(value)) if name == "seed" else float(str(value)))
        if "seed" in values:
            self.dice = random.Random(self.seed)

    def as_dict(self) -> dict[str, float]:
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.name != "dice"}


def from_environment(environ: Mapping[str, str]) -> Faults:
    """`SIMULATOR_FAIL_AFTER_ACCEPT=0.1` and the like."""
    faults = Faults()
    prefix = "SIMULATOR_"
    faults.switch({name: environ[prefix + name.upper()] for name in faults.as_dict() if prefix + name.upper() in environ})
    return faults
