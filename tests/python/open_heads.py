"""Opens heads that bertlet has trained, as Python users would, and prints their flat logits for texts as JSON.

    python tests/python/open_heads.py BASE < [{"folder": ..., "kind": ..., "texts": [...], "layers": ...}, ...]

kind: "tokens" (BertForTokenClassification), "answers" (BertForQuestionAnswering; texts are pairs), "dense"
(sentence_transformers' Dense on mean-pooled, normalized vectors), "hidden" (the same with a layer before it, by names), or
"rewrite": the head's file, written again by the safetensors package.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from sentence_transformers.models import Dense
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertForQuestionAnswering, BertForTokenClassification

base = sys.argv[1]
tokenizer = AutoTokenizer.from_pretrained(base)


def encode(text):
    return tokenizer(*text if isinstance(text, list) else [text], return_tensors="pt")


def sentence_vectors(texts, layers):
    config = AutoConfig.from_pretrained(base, num_hidden_layers=layers)
    model = AutoModel.from_pretrained(base, config=config, dtype=torch.float32).eval()
    mean = [model(**encode(text)).last_hidden_state[0].mean(0) for text in texts]
    return torch.nn.functional.normalize(torch.stack(mean))


@torch.no_grad()
def logits_of(folder, kind, texts, layers):
    weights_file = Path(folder) / "model.safetensors"
    if kind == "rewrite":
        with safe_open(weights_file, "pt") as file:
            metadata = file.metadata()
        save_file(load_file(weights_file), weights_file, metadata)
        return []
    if kind == "dense":
        vectors = {"sentence_embedding": sentence_vectors(texts, layers)}
        return Dense.load(folder)(vectors)["sentence_embedding"]
    if kind == "hidden":
        head = load_file(weights_file)
        hidden = sentence_vectors(texts, layers) @ head["hidden.0.weight"].T + head["hidden.0.bias"]
        return hidden.relu() @ head["linear.weight"].T + head["linear.bias"]
    architecture = {"tokens": BertForTokenClassification, "answers": BertForQuestionAnswering}[kind]
    config = AutoConfig.from_pretrained(folder)
    model = architecture.from_pretrained(base, config=config, dtype=torch.float32).eval()
    model.load_state_dict(load_file(weights_file), strict=False)
    if kind == "tokens":
        return [model(**encode(text)).logits[0] for text in texts]
    outputs = [model(**encode(text)) for text in texts]
    return [torch.stack([output.start_logits[0], output.end_logits[0]], 1) for output in outputs]


results = [[logits.flatten().tolist() for logits in logits_of(**request)] for request in json.load(sys.stdin)]
print(json.dumps(results))
