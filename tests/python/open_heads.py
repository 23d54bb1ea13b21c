"""Opens heads that bertlet has trained, as docs/formats.md says, and prints their flat logits for texts as JSON.

    python tests/python/open_heads.py < [{"folder": ..., "kind": ..., "texts": [...]}, ...]

kind: "tokens" (AutoModelForTokenClassification), "answers" (AutoModelForQuestionAnswering; texts are pairs), "dense"
(sentence_transformers' Dense), "hidden" (hidden units, by names), or "rewrite": the head's file, written again by the safetensors
package.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense, Normalize, Pooling, Transformer
from transformers import AutoConfig, AutoModelForQuestionAnswering, AutoModelForTokenClassification, AutoTokenizer


def metadata_of(weights_file):
    with safe_open(weights_file, "pt") as file:
        return file.metadata()


def encoder_of(head):
    encoder = Transformer(
        head["baseModel"], config_kwargs={"num_hidden_layers": head["layer"]}, model_kwargs={"dtype": "float32"}
    )
    config = encoder.auto_model.config
    whole = AutoConfig.from_pretrained(head["baseModel"])
    if config.model_type == "megatron-bert" and head["layer"] < whole.num_hidden_layers:
        encoder.auto_model.encoder.ln = torch.nn.Identity()  # it has one after its last layer only
    encoder.max_seq_length = config.max_position_embeddings
    return encoder, config.hidden_size


def sentence_model(head, *after):
    encoder, size = encoder_of(head)
    return SentenceTransformer(modules=[encoder, Pooling(size, head["pooling"]), Normalize(), *after])


def hidden_logits(head, weights, texts):
    if head["pooling"] == "none":
        encoder, _ = encoder_of(head)
        vectors = SentenceTransformer(modules=[encoder]).encode(texts, output_value="token_embeddings")
    else:
        vectors = sentence_model(head).encode(texts, convert_to_tensor=True)
    last = "classifier" if head["pooling"] == "none" else "linear"
    for one in vectors:
        hidden = (weights["hidden.0.weight"] @ one.T).T + weights["hidden.0.bias"]
        yield hidden.relu() @ weights[f"{last}.weight"].T + weights[f"{last}.bias"]


@torch.no_grad()
def logits_of(folder, kind, texts):
    weights_file = Path(folder) / "model.safetensors"
    metadata = metadata_of(weights_file)
    weights = load_file(weights_file)
    if kind == "rewrite":
        save_file(weights, weights_file, metadata)
        return []
    head = json.loads(metadata["bertlet"])
    if kind == "dense":
        return sentence_model(head, Dense.load(folder)).encode(texts)
    if kind == "hidden":
        return hidden_logits(head, weights, texts)

    auto = {"tokens": AutoModelForTokenClassification, "answers": AutoModelForQuestionAnswering}[kind]
    config = AutoConfig.from_pretrained(folder)
    model = auto.from_pretrained(head["baseModel"], config=config, dtype="float32").eval()
    assert [type(model).__name__] == config.architectures
    assert model.load_state_dict(weights, strict=False).unexpected_keys == []
    tokenizer = AutoTokenizer.from_pretrained(head["baseModel"])
    if kind == "tokens":
        return [model(**tokenizer(text, return_tensors="pt")).logits[0] for text in texts]
    outputs = [model(**tokenizer(*pair, return_tensors="pt")) for pair in texts]
    return [torch.stack([output.start_logits[0], output.end_logits[0]], 1) for output in outputs]


results = [[logits.flatten().tolist() for logits in logits_of(**request)] for request in json.load(sys.stdin)]
print(json.dumps(results))
