"""placeholder until measured"""
from typing import Any
from config.embedded.place import Place
def run(place: Place) -> dict[str, Any]:
    return {}
