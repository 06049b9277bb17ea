"""Steps that no interface carries: rows of the sheets that tumour boards, pharmacists and navigators keep."""

from __future__ import annotations

import csv
import io

from .course import Step
from .findings import Drug
from .people import SyntheticPerson
