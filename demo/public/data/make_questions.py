#!/usr/bin/env python3
"""Writes questions.txt: the texts of FOLDER/train.tsv (text<TAB>label) in a random order, one a line, without those of banking.tsv.

    make_questions.py FOLDER"""

import random
import sys
from pathlib import Path

HERE = Path(__file__).parent


def texts_of(path):
    return [line.split("\t")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]


kept = set(texts_of(HERE / "banking.tsv"))
texts = sorted({text for text in texts_of(Path(sys.argv[1]) / "train.tsv") if text} - kept)
random.Random(0).shuffle(texts)
(HERE / "questions.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
