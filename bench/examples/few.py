"""Draws of few examples, and what tuning on their pairs brings in PyTorch and PEFT, for run.js: a line of JSON in, a line of JSON out.

  {"draw": TABLE, "size": N, "seeds": [N], "test": TABLE, "most": N}
      -> {"draws": [[row]] for each seed the first N rows of each label in an order by chance, "test": [row], at most so many}
  {"texts": [text], "labels": [label], "test": {"texts": [text], "labels": [label]}, "model": FOLDER, "recipe": {...}, "seed": N, "threads": N}
      -> {"frozen": accuracy of the vectors as they are, "tuned": of those that were tuned}

Tables are text<TAB>label. `recipe` has rounds, batchSize, rank, alpha, dropout, learningRate, warmup, weightDecay, maxNorm, maxTokens.
"""

import json
import random
import sys
import warnings
from collections import Counter

import torch
from peft import LoraConfig, get_peft_model
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer, logging

logging.set_verbosity_error()
logging.disable_progress_bar()
warnings.simplefilter("ignore")

BATCH = 64  # texts that are embedded at a time, without gradients


def labels_of(table):
    with open(table, encoding="utf-8") as opened:
        return [line.rstrip("\n").rsplit("\t", 1)[1] for line in opened]


def draw(request):
    labels = labels_of(request["draw"])
    draws = []
    for seed in request["seeds"]:
        order = list(range(len(labels)))
        random.Random(seed).shuffle(order)
        seen = Counter()
        drawn = []
        for row in order:
            if seen[labels[row]] < request["size"]:
                seen[labels[row]] += 1
                drawn.append(row)
        draws.append(drawn)
    test = range(len(labels_of(request["test"])))
    return {"draws": draws, "test": random.Random(0).sample(test, request["most"]) if len(test) > request["most"] else list(test)}


def pairs_of(labels, rounds, chance):
    """As SetFit: in each round each example in one pair with its label and in one with another."""
    rows = range(len(labels))
    pairs = []
    for _ in range(rounds):
        for left in rows:
            alike = [row for row in rows if labels[row] == labels[left] and row != left]
            others = [row for row in rows if labels[row] != labels[left]]
            pairs += [(left, chance.choice(alike), 1.0), (left, chance.choice(others), 0.0)]
    chance.shuffle(pairs)
    return pairs


def embed(model, tokenizer, texts, max_tokens):
    """Means of the tokens' hidden states, with length 1: [texts][width]."""
    encoded = tokenizer(texts, padding=True, truncation=True, max_length=max_tokens, return_tensors="pt")
    hidden = model(**encoded).last_hidden_state
    weights = encoded["attention_mask"].unsqueeze(-1).to(hidden.dtype)
    return normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)


def accuracy(model, tokenizer, request, strength):
    model.eval()
    max_tokens = request["recipe"]["maxTokens"]

    def vectors(texts):
        with torch.inference_mode():
            batches = [embed(model, tokenizer, texts[at : at + BATCH], max_tokens) for at in range(0, len(texts), BATCH)]
        return torch.cat(batches).numpy()

    head = LogisticRegression(C=strength, max_iter=1000).fit(vectors(request["texts"]), request["labels"])
    return head.score(vectors(request["test"]["texts"]), request["test"]["labels"])


def tune(request):
    torch.set_num_threads(request["threads"])
    torch.manual_seed(request["seed"])
    recipe, texts = request["recipe"], request["texts"]
    tokenizer = AutoTokenizer.from_pretrained(request["model"])
    model = AutoModel.from_pretrained(request["model"], dtype=torch.float32)
    frozen = accuracy(model, tokenizer, request, 10)
    model = get_peft_model(
        model,
        LoraConfig(
            r=recipe["rank"],
            lora_alpha=recipe["alpha"],
            lora_dropout=recipe["dropout"],
            target_modules=["query", "key", "value", "dense"],
            exclude_modules=r".*pooler.*",
        ),
    )
    model.train()
    pairs = pairs_of(request["labels"], recipe["rounds"], random.Random(request["seed"]))
    size = recipe["batchSize"]
    batches = [pairs[at : at + size] for at in range(0, len(pairs), size)]
    trained = [value for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe["learningRate"], weight_decay=recipe["weightDecay"])
    steps, rising = len(batches), int(recipe["warmup"] * len(batches))
    rate = lambda step: step / rising if step < rising else (steps - step) / max(steps - rising, 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    for batch in batches:
        used = sorted({row for left, right, _ in batch for row in (left, right)})
        place = {row: at for at, row in enumerate(used)}
        vectors = embed(model, tokenizer, [texts[row] for row in used], recipe["maxTokens"])
        lefts, rights = ([place[pair[side]] for pair in batch] for side in (0, 1))
        cosines = (vectors[lefts] * vectors[rights]).sum(1)
        torch.nn.functional.mse_loss(cosines, torch.tensor([alike for _, _, alike in batch])).backward()
        torch.nn.utils.clip_grad_norm_(trained, recipe["maxNorm"])
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
    return {"frozen": frozen, "tuned": accuracy(model, tokenizer, request, 1)}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(draw(asked) if "draw" in asked else tune(asked)), flush=True)
