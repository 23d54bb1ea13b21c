"""Pre-training as PyTorch does it, and held-out losses, for run.js: a line of JSON in, a line of JSON out.

  {"pretrain": FILE, "vocabulary": vocab.txt, "architecture": {...}, "recipe": {...}, "seed": N, "threads": N, "output": FOLDER}
      -> {"seconds": of the training}
  {"evaluate": FOLDER, "texts": FILE, "maxTokens": N, "separate": true | false}
      -> {"loss": at masked places, "accuracy": there}

`recipe` has steps, batchSize, maxTokens, learningRate, warmup, weightDecay, maxNorm, mlmProbability. Texts are the lines of a file, packed to
full length as docs/pre-training.md says. Masks for training are drawn anew for each sequence and round; those for evaluation are always the
same ones, of both sides' models.
"""

import json
import sys
import time

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertConfig, BertForMaskedLM, BertTokenizer, logging

logging.set_verbosity_error()
logging.disable_progress_bar()

BATCH = 32  # sequences that are evaluated at a time


def lines(file):
    with open(file, encoding="utf-8") as opened:
        return [line for line in opened.read().split("\n") if line.strip()]


def tokens_of(tokenizer, texts):
    return tokenizer(texts, add_special_tokens=False, return_attention_mask=False, verbose=False)["input_ids"]


def pack(tokenizer, texts, length):
    """[CLS], the tokens of one text, [SEP], those of the next, ... [SEP]; what does not fit goes on in the next sequence."""
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    packed, current = [], []
    for ids in tokens_of(tokenizer, texts):
        at = 0
        while at < len(ids):
            if not current:
                current.append(cls)
            elif at == 0:
                current.append(sep)
            count = min(len(ids) - at, length - 1 - len(current))
            current += ids[at : at + count]
            at += count
            if len(current) >= length - 2:
                packed.append(current + [sep])
                current = []
    return packed + ([current + [sep]] if current else [])


def separate(tokenizer, texts, length):
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    return [[cls] + ids[: length - 2] + [sep] for ids in tokens_of(tokenizer, texts) if ids]


class Masking:
    """15 % of a sequence's tokens; of these 80 % [MASK], 10 % a random piece, 10 % as they are (Devlin et al. 2019)."""

    def __init__(self, tokenizer, share, seed):
        self.share = share
        self.mask = tokenizer.mask_token_id
        self.special = set(tokenizer.all_special_ids)
        self.ordinary = [id for id in range(len(tokenizer)) if id not in self.special]
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, sequences):
        """Ids, mask of attention and labels (-100 where nothing is to be found), each [sequences][longest]."""
        longest = max(map(len, sequences))
        ids = torch.zeros(len(sequences), longest, dtype=torch.long)
        attention = torch.zeros_like(ids)
        labels = torch.full_like(ids, -100)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = torch.tensor(sequence)
            attention[row, : len(sequence)] = 1
            candidates = torch.tensor([at for at, id in enumerate(sequence) if id not in self.special])
            count = max(1, round(self.share * len(candidates)))
            places = candidates[torch.randperm(len(candidates), generator=self.random)[:count]]
            labels[row, places] = ids[row, places]
            lots = torch.rand(count, generator=self.random)
            random = torch.randint(len(self.ordinary), (count,), generator=self.random)
            for place, lot, other in zip(places.tolist(), lots.tolist(), random.tolist()):
                if lot < 0.8:
                    ids[row, place] = self.mask
                elif lot < 0.9:
                    ids[row, place] = self.ordinary[other]
        return ids, attention, labels


def logits_and_labels(model, batch):
    """Logits at masked places only, [masked][vocabulary], as is usual where time counts, and what belongs there."""
    ids, attention, labels = batch
    full = bool(attention.all())
    hidden = model.base_model(input_ids=ids, attention_mask=None if full else attention).last_hidden_state
    found = labels != -100
    return model.cls(hidden[found]), labels[found]


def pretrain(request):
    torch.set_num_threads(request["threads"])
    torch.manual_seed(request["seed"])
    recipe = request["recipe"]
    tokenizer = BertTokenizer(request["vocabulary"], do_lower_case=True)
    sequences = pack(tokenizer, lines(request["pretrain"]), recipe["maxTokens"])
    model = BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **request["architecture"]))
    model.train()
    named = list(model.named_parameters())
    kept = ("bias", "LayerNorm.weight")
    groups = [
        {"params": [value for name, value in named if not name.endswith(kept)], "weight_decay": recipe["weightDecay"]},
        {"params": [value for name, value in named if name.endswith(kept)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe["learningRate"], fused=True)
    steps, rising = recipe["steps"], int(recipe["warmup"] * recipe["steps"])
    rate = lambda step: step / rising if step < rising else (steps - step) / max(steps - rising, 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    masking = Masking(tokenizer, recipe["mlmProbability"], request["seed"])
    order = []
    begin = time.perf_counter()
    for _ in range(steps):
        while len(order) < recipe["batchSize"]:
            order += torch.randperm(len(sequences)).tolist()
        batch, order = order[: recipe["batchSize"]], order[recipe["batchSize"] :]
        logits, labels = logits_and_labels(model, masking([sequences[i] for i in batch]))
        torch.nn.functional.cross_entropy(logits, labels).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe["maxNorm"])
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
    seconds = time.perf_counter() - begin
    model.save_pretrained(request["output"])
    tokenizer.save_pretrained(request["output"])
    return {"seconds": seconds}


def evaluate(request):
    tokenizer = AutoTokenizer.from_pretrained(request["evaluate"])
    model = AutoModelForMaskedLM.from_pretrained(request["evaluate"], dtype=torch.float32).eval()
    sequences = (separate if request["separate"] else pack)(tokenizer, lines(request["texts"]), request["maxTokens"])
    masking = Masking(tokenizer, 0.15, 0)
    loss, right, count = 0.0, 0, 0
    with torch.inference_mode():
        for at in range(0, len(sequences), BATCH):
            logits, labels = logits_and_labels(model, masking(sequences[at : at + BATCH]))
            loss += torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(-1) == labels).sum().item()
            count += len(labels)
    return {"loss": loss / count, "accuracy": right / count}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(pretrain(asked) if "pretrain" in asked else evaluate(asked)), flush=True)
