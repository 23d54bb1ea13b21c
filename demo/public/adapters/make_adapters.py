#!/usr/bin/env python3
"""Writes the adapters in this folder: those in FOLDER, as PEFT saved them, with their numbers in F16, half the size.

    make_adapters.py FOLDER        (needs numpy and safetensors)

Names and shapes of the tensors stay as they are, so that PEFT reads these files, too."""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

HERE = Path(__file__).parent
SENTIMENT = ["negative", "positive"]  # what "0" and "1" of rt-polarity stand for


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def convert(source):
    target = HERE / source.name
    target.mkdir(exist_ok=True)
    tensors = load_file(source / "adapter_model.safetensors")
    halves = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
    for name, half in halves.items():
        if not np.isfinite(half).all():
            sys.exit(f"{source}: {name} has values that F16 does not reach")
    save_file(halves, target / "adapter_model.safetensors", metadata={"format": "pt"})
    write_json(target / "adapter_config.json", json.loads((source / "adapter_config.json").read_text()))
    if (source / "labels.json").exists():
        labels = json.loads((source / "labels.json").read_text())
        write_json(target / "labels.json", SENTIMENT if labels == ["0", "1"] else labels)
    if source.name == "sentiment-rt-polarity":  # trained on the mean of the tokens, without the pooler
        write_json(target / "head.json", {"pooling": "mean"})


for config in sorted(Path(sys.argv[1]).glob("*/adapter_config.json")):
    convert(config.parent)
