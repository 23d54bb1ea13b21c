#!/usr/bin/env python3
"""Writes reviews.tsv: of FOLDER/train.tsv (text<TAB>0 or 1), 300 examples of each label, as text<TAB>negative or positive.

    make_reviews.py FOLDER"""

import random
import sys
from pathlib import Path

EACH, SHORT = 300, 120
NAMES = {"1": "positive", "0": "negative"}

lines = (Path(sys.argv[1]) / "train.tsv").read_text(encoding="utf-8").splitlines()
rows = sorted({tuple(line.split("\t")) for line in lines})
draw = random.Random(0)
chosen = {
    name: draw.sample([text for text, label in rows if label == number and len(text) <= SHORT], EACH)
    for number, name in NAMES.items()
}
mixed = [f"{text}\t{name}" for pair in zip(*chosen.values()) for text, name in zip(pair, chosen)]
(Path(__file__).parent / "reviews.tsv").write_text("\n".join(mixed) + "\n", encoding="utf-8")
