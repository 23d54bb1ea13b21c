#!/usr/bin/env python3
"""Writes banking.tsv: of FOLDER/train.tsv (text<TAB>label), 48 examples of each of the ten most frequent labels.

    make_banking.py FOLDER"""

import random
import sys
from collections import Counter
from pathlib import Path

LABELS, EACH = 10, 48

lines = (Path(sys.argv[1]) / "train.tsv").read_text(encoding="utf-8").splitlines()
label_of = {line: line.split("\t")[1] for line in lines}
draw = random.Random(0)
chosen = []
for label, _ in Counter(label_of.values()).most_common(LABELS):
    chosen += draw.sample(sorted(line for line in label_of if label_of[line] == label), EACH)
draw.shuffle(chosen)
(Path(__file__).parent / "banking.tsv").write_text("\n".join(chosen) + "\n", encoding="utf-8")
