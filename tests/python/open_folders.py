"""Opens folders that bertlet has written by the very lines of their README.md, and prints as JSON what these compute.

    python tests/python/open_folders.py < [{"folder": ..., "texts": [...]}, ...]

A text is a string or a list of two. Of each folder: `results`, a list for each block of Python in README.md, of each text the flat
numbers; `missing` and `unexpected`, the names of tensors that `transformers` or `peft` wanted or did not know. Tokenizers too: `ids` of
each text.
"""

import contextlib
import io
import json
import os
import re
import sys
import warnings
from pathlib import Path

import peft
import torch
import transformers
from transformers import AutoConfig, AutoTokenizer
from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()


def with_text(code, text):
    """The code, with a text in place of its own."""
    literal = ", ".join(json.dumps(part) for part in (text if isinstance(text, list) else [text]))
    code, count = re.subn(r'tokenizer\(.*, return_tensors="pt"\)', lambda _: f'tokenizer({literal}, return_tensors="pt")', code)
    code, more = re.subn(r"encode\(\[.*\]\)", lambda _: f"encode([{literal}])", code)
    assert count + more == 1, code
    return code


def numbers_of(scope):
    for name in ("logits", "vectors"):
        if name in scope:
            return scope[name]
    output = scope["output"]
    if "start_logits" in output:
        return torch.stack([output.start_logits[0], output.end_logits[0]], 1)
    return output.logits if "logits" in output else output.last_hidden_state


def run(code, text):
    scope = {}
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        exec(with_text(code, text), scope)
    return torch.as_tensor(numbers_of(scope)).flatten().tolist()


def loading_info(folder):
    """Names that are missing or unexpected."""
    if Path("adapter_config.json").exists():
        return adapter_info()
    config = AutoConfig.from_pretrained(".")
    _, info = getattr(transformers, config.architectures[0]).from_pretrained(".", output_loading_info=True)
    return {key: sorted(info[f"{key}_keys"]) for key in ("missing", "unexpected")}


def adapter_info():
    """What PEFT asks for and what there is: it would take a file with more or other tensors without a word."""
    code = re.search(r"```python\n(.*?)```", Path("README.md").read_text(), re.S)[1]
    scope = {}
    exec("\n".join(line for line in code.split("\n") if re.match(r"from|import|tokenizer =|model = Auto", line)), scope)
    model = peft.PeftModel.from_pretrained(scope["model"], ".")
    wanted = set(peft.get_peft_model_state_dict(model))
    from safetensors.torch import load_file

    there = set(load_file("adapter_model.safetensors"))
    return {"missing": sorted(wanted - there), "unexpected": sorted(there - wanted)}


def open_folder(folder, texts):
    os.chdir(folder)
    blocks = re.findall(r"```python\n(.*?)```", Path("README.md").read_text(), re.S)
    assert blocks
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = [[run(code, text) for text in texts] for code in blocks]
        ids = []
        if Path("tokenizer.json").exists():
            tokenizer = AutoTokenizer.from_pretrained(".")
            ids = [tokenizer(*(text if isinstance(text, list) else [text]))["input_ids"] for text in texts]
        return {"results": results, "ids": ids, **loading_info(folder)}


print(json.dumps([open_folder(**request) for request in json.load(sys.stdin)]))
