#!/usr/bin/env python3
"""Writes the adapters in this folder: of those that `bertlet train` wrote into folders of FOLDER, with their numbers in F16, half the size.

    make_adapters.py FOLDER        (needs numpy and safetensors)

Names and shapes of the tensors stay as they are, so that PEFT reads these files, too. How they are trained is in README.md."""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

HERE = Path(__file__).parent
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
SENTIMENT = ["negative", "positive"]  # what "0" and "1" of rt-polarity stand for


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def convert(name):
    source, target = Path(sys.argv[1]) / name, HERE / name
    tensors = load_file(source / "adapter_model.safetensors")
    halves = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
    for tensor, half in halves.items():
        if not np.isfinite(half).all():
            sys.exit(f"{source}: {tensor} has values that F16 does not reach")
    save_file(halves, target / "adapter_model.safetensors", metadata={"format": "pt"})
    config = json.loads((source / "adapter_config.json").read_text())
    write_json(target / "adapter_config.json", {**config, "base_model_name_or_path": MODEL})
    # Without the fingerprint: they are for any file of these weights, also one in other numbers.
    head = json.loads((source / "head.json").read_text())
    write_json(target / "head.json", {key: value for key, value in head.items() if key != "fingerprint"})
    if name == "qa-squad":
        return
    labels = json.loads((source / "labels.json").read_text())
    write_json(target / "labels.json", SENTIMENT if name == "sentiment-rt-polarity" else labels)


for folder in sorted(HERE.glob("*/")):
    convert(folder.name)
