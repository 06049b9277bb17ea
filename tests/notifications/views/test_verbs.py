"""Every place of the shipped programmes where somebody waits says what to do about it, and each verb leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notifications.views.entering import ELSEWHERE
from pathways.definitions.publish import catalogue
from pathways.definitions.reading import CATALOG, read_path
from pathways.definitions.schema import Pathway, Stage

PROGRAMMES = sorted(path.stem for path in catalogue())


def stages(pathway: Pathway) -> Iterator[tuple[str, Stage]]:
    for name, track in pathway.tracks.items():
        for stage, body in track.stages.items():
            if body.within or body.review_after:
                yield f"{name}.{stage}", body


@pytest.mark.parametrize("code", PROGRAMMES)
def test_every_wait_says_what_to_do(code: str) -> None:
    pathway = Pathway.model_validate(read_path(CATALOG / f"{code}.yaml").body)
    silent = [name for name, stage in stages(pathway) if not stage.do]
    nowhere = [(name, deed.say) for name, stage in stages(pathway) for deed in stage.do if deed.record in ELSEWHERE]
    assert (silent, nowhere) == ([], [])
