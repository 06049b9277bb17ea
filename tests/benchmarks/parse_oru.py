"""How many ORU messages one core reads a second: fields only, and whole (person, facts, digests)."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from pathways.ingest.hl7 import read, tokens
from pathways.ingest.message import FeedProfile

ROUNDS, MESSAGES = 5, 2_000
GENES = ("EGFR", "ALK", "ROS1", "BRAF", "MET", "RET", "NTRK1", "NTRK2", "NTRK3", "KRAS", "ERBB2")


def message(number: int) -> bytes:
    """A final lung panel of about 4 KiB: eleven genes by OBX-4 with assessment, gene and change, PD-L1, a specimen."""
    lines = [
        f"MSH|^~\\&|LIS|LAB|EHR|HOSP|20260310140500-0500||ORU^R01^ORU_R01|M{number}|P|2.5.1",
        f"PID|1||MRN{number}^^^HOSP^MR||DOE^JANE{number}||19600214|F|||1 MAIN ST^^BOSTON^MA^02115||^PRN^PH^^^617^5550{number % 1000:03d}",
        f"ORC|RE|ORD{number}|F{number}",
        f"OBR|1|ORD{number}|F{number}|81247-9^Lung NGS panel^LN|||20260227091500-0500|||||||20260228080000-0500||1234567893^WHO^DOC||||||20260310140000-0500||GE|F",
    ]
    for place, gene in enumerate(GENES, start=1):
        answer = "LA9633-4^Present^LN" if gene == "EGFR" and number % 3 == 0 else "LA9634-2^Absent^LN"
        lines += [
            f"OBX|{place * 3}|CWE|48018-6^Gene studied^LN|2{place}|HGNC:{place}^{gene}^HGNC||||||F|||20260309120000-0500||||||20260309120000-0500",
            f"OBX|{place * 3 + 1}|CWE|69548-6^Genetic variant assessment^LN|2{place}|{answer}||||||F|||20260309120000-0500||||||20260309120000-0500",
            f"OBX|{place * 3 + 2}|CWE|48005-3^Amino acid change^LN|2{place}|^p.Leu858Arg||||||F|||20260309120000-0500||||||20260309120000-0500"
            if answer.startswith("LA9633")
            else "",
        ]
    lines += [
        "OBX|99|NM|85147-7^PD-L1 TPS^LN||55|%|||||F",
        f"SPM|1|S{number}^S{number}||TISS^Tissue^HL70487|||||||||||||20260227091500-0500|20260228080000-0500",
    ]
    return "\r".join(line for line in lines if line).encode()


SIMPLE = {"PID": (7, 8, 10), "OBR": (2, 3, 7, 11, 22, 24, 25, 29), "OBX": (2, 4, 6, 11, 14, 19)}
COMPOSED = {"PID": (3, 5, 11, 13), "OBR": (4,), "OBX": (3, 5)}


def extract(body: bytes) -> int:
    """Tokenizes, and asks PID, OBR and every OBX for each field that a result is made of, components apart and unescaped."""
    message = tokens.Message(tokens.decode(body)[0])
    get, components, asked = message.get, message.components, 0
    for segment in message.segments:
        for field in SIMPLE.get(segment[0], ()):
            asked += bool(get(segment, field))
        for field in COMPOSED.get(segment[0], ()):
            asked += len(components(segment, field))
    return asked


def run() -> dict[str, Any]:
    """Messages a second, medians of interleaved rounds on process time."""
    profile = FeedProfile()
    bodies = [message(number) for number in range(MESSAGES)]
    whole, fields = [], []
    for _ in range(ROUNDS):
        fields.append(_rate(lambda: [extract(body) for body in bodies]))
        whole.append(_rate(lambda: [read.read(body, profile) for body in bodies]))
    return {
        "name": "parse-oru",
        "bytes": statistics.mean(map(len, bodies)),
        "fields_per_s": round(statistics.median(fields)),
        "whole_per_s": round(statistics.median(whole)),
    }


def _rate(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return MESSAGES / (time.process_time() - start)


if __name__ == "__main__":
    sys.stdout.write(f"{run()}\n")
