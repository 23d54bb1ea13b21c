"""Training steps of PyTorch and PEFT, for torch.js: a line of JSON in, a line of JSON out.

  {"prepare": NAME, "method": "forward" | "LoRA" | "full", "batches": [{"texts": [[id]], "labels": [0 | 1]}], "recipe": {...}}
      -> {"ready": NAME}
  {"run": NAME, "threads": N}
      -> {"ms": milliseconds, "loss": of the first batch}

A step is forward and backward pass, clipping and AdamW. Texts of a batch are padded to its longest.
"""

import json
import sys
import time
import warnings

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, logging

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


def load(folder):
    encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="sdpa", dtype=torch.float32)
    for module in encoder.modules():  # the model's own dropout is 0 on both sides
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for layer in encoder.encoder.layer:
        layer.attention.self.dropout_prob = 0.0
    return encoder


def padded(batch):
    texts = batch["texts"]
    longest = max(map(len, texts))
    ids = torch.zeros(len(texts), longest, dtype=torch.long)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)
    full = all(len(text) == longest for text in texts)
    mask = None if full else torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts])
    return ids, mask, torch.tensor(batch["labels"])


def prepare(folder, method, batches, recipe):
    encoder = load(folder)
    batches = [padded(batch) for batch in batches]
    if method == "forward":
        encoder.eval()

        def run():
            with torch.inference_mode():
                for ids, mask, _ in batches:
                    encoder(input_ids=ids, attention_mask=mask)
            return 0.0

        return run

    if method == "LoRA":
        config = LoraConfig(
            r=recipe["rank"],
            lora_alpha=recipe["alpha"],
            lora_dropout=recipe["dropout"],
            target_modules=["query", "key", "value", "dense"],
        )
        encoder = get_peft_model(encoder, config)
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
            loss = torch.nn.functional.cross_entropy(model(ids, mask), labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, recipe["maxNorm"])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            first = loss.item() if first is None else first
        return first

    return run


def main(folder):
    runs = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "prepare" in request:
            name = request["prepare"]
            runs[name] = prepare(folder, request["method"], request["batches"], request["recipe"])
            answer = {"ready": name}
        else:
            torch.set_num_threads(request["threads"])
            begin = time.perf_counter()
            loss = runs[request["run"]]()
            answer = {"ms": 1000 * (time.perf_counter() - begin), "loss": loss}
        print(json.dumps(answer), flush=True)


main(sys.argv[1])
