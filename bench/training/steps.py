"""Training steps of PyTorch and PEFT, for torch.js: a line of JSON in, a line of JSON out.

  {"prepare": NAME, "method": "forward" | "LoRA" | "full" | "MLM" | "contrastive", "batches": [{"texts": [[id]], "labels": ...}], "recipe": {...}}
      -> {"ready": NAME}
  {"run": NAME, "threads": N}
      -> {"ms": milliseconds, "loss": of the first batch}

A step is forward and backward pass, clipping and AdamW. Texts of a batch are padded to its longest. Labels: see Batch in suite.js.
"""

import json
import sys
import time
import warnings

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, AutoModelForMaskedLM, logging

torch.manual_seed(0)
logging.set_verbosity_error()
logging.disable_progress_bar()
warnings.simplefilter("ignore")


class Classifier(torch.nn.Module):
    """The encoder, the mean over a text's tokens, and a linear layer."""

    def __init__(self, encoder, head):
        super().__init__()
        self.encoder = encoder
        self.head = torch.nn.Linear(encoder.config.hidden_size, 2)
        values = torch.tensor(head)
        with torch.no_grad():
            self.head.weight.copy_(values[:-2].view(2, -1))
            self.head.bias.copy_(values[-2:])

    def forward(self, ids, mask):
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        if mask is None:
            return self.head(hidden.mean(1))
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return self.head((hidden * weights).sum(1) / weights.sum(1))

    def loss(self, ids, mask, labels):
        return torch.nn.functional.cross_entropy(self(ids, mask), labels)


class MaskedWords(torch.nn.Module):
    """The logits of masked words, at their places only."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def loss(self, ids, mask, labels):
        hidden = self.model.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        found = labels != -100
        return torch.nn.functional.cross_entropy(self.model.cls(hidden[found]), labels[found])


class Pairs(torch.nn.Module):
    """The cosines of each two texts, as CosineSimilarityLoss of sentence-transformers."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def loss(self, ids, mask, labels):
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        vectors = (hidden * weights).sum(1) / weights.sum(1)
        cosines = torch.cosine_similarity(vectors[0::2], vectors[1::2])
        return torch.nn.functional.mse_loss(cosines, labels.to(cosines.dtype))


def without_dropout(model, layers):
    """The model's own dropout is 0 on both sides."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for layer in layers:
        layer.attention.self.dropout_prob = 0.0
    return model


OPTIONS = {"attn_implementation": "sdpa", "dtype": torch.float32}


def load(folder):
    encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False, **OPTIONS)
    return without_dropout(encoder, encoder.encoder.layer)


def load_masked(folder):
    model = AutoModelForMaskedLM.from_pretrained(folder, **OPTIONS)
    return without_dropout(model, model.bert.encoder.layer)


def padded(batch):
    texts = batch["texts"]
    longest = max(map(len, texts))
    ids = torch.zeros(len(texts), longest, dtype=torch.long)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)
    full = all(len(text) == longest for text in texts)
    mask = None if full else torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts])
    return ids, mask, torch.tensor(batch["labels"])


def prepare(folder, small, method, batches, recipe):
    encoder = load_masked(small) if method == "MLM" else load(folder)
    batches = [padded(batch) for batch in batches]
    if method == "forward":
        encoder.eval()

        def run():
            with torch.inference_mode():
                for ids, mask, _ in batches:
                    encoder(input_ids=ids, attention_mask=mask)
            return 0.0

        return run

    if method in ("LoRA", "contrastive"):
        config = LoraConfig(
            r=recipe["rank"],
            lora_alpha=recipe["alpha"],
            lora_dropout=recipe["dropout"],
            target_modules=["query", "key", "value", "dense"],
        )
        encoder = get_peft_model(encoder, config)
    if method == "MLM":
        model = MaskedWords(encoder).train()
    elif method == "contrastive":
        model = Pairs(encoder).train()
    else:
        model = Classifier(encoder, recipe["head"]).train()
    trained = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    decays = [value for name, value in trained if "LayerNorm" not in name and not name.endswith("bias")]
    others = [value for name, value in trained if "LayerNorm" in name or name.endswith("bias")]
    groups = [{"params": decays, "weight_decay": recipe["weightDecay"]}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=recipe["learningRate"], fused=True)
    parameters = decays + others

    def run():
        first = None
        for ids, mask, labels in batches:
            loss = model.loss(ids, mask, labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, recipe["maxNorm"])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            first = loss.item() if first is None else first
        return first

    return run


def main(folder, small):
    runs = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "prepare" in request:
            name = request["prepare"]
            runs[name] = prepare(folder, small, request["method"], request["batches"], request["recipe"])
            answer = {"ready": name}
        else:
            torch.set_num_threads(request["threads"])
            begin = time.perf_counter()
            loss = runs[request["run"]]()
            answer = {"ms": 1000 * (time.perf_counter() - begin), "loss": loss}
        print(json.dumps(answer), flush=True)


main(*sys.argv[1:])
