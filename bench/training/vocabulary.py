"""Vocabularies by Hugging Face's tokenizers, for vocabulary.js: a line of JSON in, a line of JSON out.

  {"file": PATH, "size": N} -> {"ms": milliseconds, "pieces": [by id]}

"alphabet" may be given: these pieces come first, in this order, and no other character is kept.
"""

import json
import sys
import time

from tokenizers import BertWordPieceTokenizer

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

for line in sys.stdin:
    request = json.loads(line)
    tokenizer = BertWordPieceTokenizer()
    options = {}
    if "alphabet" in request:
        options = {"special_tokens": SPECIALS + request["alphabet"], "limit_alphabet": 0}
    begin = time.perf_counter()
    tokenizer.train(request["file"], vocab_size=request["size"], show_progress=False, **options)
    ms = 1000 * (time.perf_counter() - begin)
    pieces = [piece for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    print(json.dumps({"ms": ms, "pieces": pieces}), flush=True)
