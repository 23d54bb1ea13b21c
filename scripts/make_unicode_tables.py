#!/usr/bin/env python3
"""Writes src/tokenize/unicode_tables.h: what BERT's normalizer and pre-tokenizer do to every code point.

The tables are read off Hugging Face `tokenizers` itself, by asking it about every code point, and not from Python's
unicodedata or a Unicode release. Its crates follow three Unicode versions at once (lowercase and white space are the
Rust compiler's, normalization and categories those of two older crates), a mark that is newer than the categories is
not stripped although it is one, and so on. Whoever wants the same ids needs the same tables.

Run by hand, when the reference moves to another version:

    pip install tokenizers==0.23.3
    python scripts/make_unicode_tables.py
"""

import functools
from importlib.metadata import version
from pathlib import Path

from tokenizers import normalizers, pre_tokenizers

REFERENCE = "0.23.3"
OUTPUT = Path(__file__).parent.parent / "src" / "tokenize" / "unicode_tables.h"

WHITESPACE, PUNCTUATION, REMOVED, CHINESE, STRIPPED, DECOMPOSES = (1 << bit for bit in range(6))
RECORD_BLOCK = 64
DECOMPOSITION_BLOCK = 32
HANGUL_FIRST, HANGUL_LAST = 0xAC00, 0xD7A3
# Values that no decomposition can have, the surrogates, stand for a row of unicode_long_decompositions.
LONG_DECOMPOSITION = 0xD800

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def bert_step(**step):
    """BertNormalizer with a single one of its four steps."""
    steps = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return normalizers.BertNormalizer(**{**steps, **step}).normalize_str


clean_text = bert_step(clean_text=True)
split_chinese = bert_step(handle_chinese_chars=True)
strip_accents = bert_step(strip_accents=True)
lowercase = bert_step(lowercase=True)
nfd = normalizers.NFD().normalize_str


def pre_tokenize(text):
    return [word for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(text)]


def decompositions():
    """{code point: its canonical decomposition}, without Hangul, which is computed."""
    found = {c: nfd(chr(c)) for c in CODE_POINTS if nfd(chr(c)) != chr(c)}
    for syllable in range(HANGUL_FIRST, HANGUL_LAST + 1):
        lead, rest = divmod(syllable - HANGUL_FIRST, 21 * 28)
        vowel, tail = divmod(rest, 28)
        jamo = [0x1100 + lead, 0x1161 + vowel] + ([0x11A7 + tail] if tail else [])
        assert [ord(c) for c in found.pop(syllable)] == jamo
    return found


def reordered(first, second):
    """Whether NFD puts `second` first: both combine, and the class of `first` is the larger one."""
    return first != second and nfd(f"b{chr(first)}{chr(second)}") == f"b{chr(second)}{chr(first)}"


def combining_orders(decomposed, stripped):
    """{code point: place in canonical order} for all whose combining class is not 0.

    Accents are stripped after NFD, so that only the order of those that stay is seen: their classes are numbered
    2, 4, 6, ..., and all classes between two of them share an odd number.
    """
    lowest, highest = 0x334, 0x345  # of classes 1 and 240: any other class sorts before or after one of them
    combining = [lowest, highest] + [
        c for c in CODE_POINTS if c not in decomposed and (reordered(highest, c) or reordered(c, lowest))
    ]

    def compare(a, b):
        return reordered(a, b) - reordered(b, a)

    classes = []  # one member each, ascending
    for c in sorted((c for c in combining if c not in stripped), key=functools.cmp_to_key(compare)):
        if not classes or compare(classes[-1], c):
            classes.append(c)

    def order(c):
        return 1 + sum(1 + (compare(member, c) < 0) for member in classes if compare(member, c) <= 0)

    return {c: order(c) for c in combining}


def probe():
    """Returns the record of every code point, (lowercase delta, flags, order), and the decompositions."""
    decomposed = decompositions()
    stripped = {c for c in CODE_POINTS if c not in decomposed and strip_accents(chr(c)) == ""}
    orders = combining_orders(decomposed, stripped)
    records = {}
    for c in CODE_POINTS:
        char = chr(c)
        cleaned, lower, words = clean_text(char), lowercase(char), pre_tokenize(f"a{char}a")
        flags = 0
        flags |= WHITESPACE * (words == ["a", "a"])
        flags |= PUNCTUATION * (words == ["a", char, "a"])
        flags |= REMOVED * (cleaned == "")
        flags |= CHINESE * (split_chinese(char) == f" {char} ")
        flags |= STRIPPED * (c in stripped)
        flags |= DECOMPOSES * (c in decomposed or HANGUL_FIRST <= c <= HANGUL_LAST)
        # What tokenizer.c takes for granted.
        assert cleaned in ("", " " if flags & WHITESPACE else char)
        assert len(lower) == 1 or (char, lower) == ("\u0130", "i\u0307")
        assert words in (["a", "a"], ["a", char, "a"], [f"a{char}a"])
        records[c] = (ord(lower[0]) - c, flags, orders.get(c, 0))

    # Of a decomposition only what is seen afterwards is kept: the first character, which stands for the original one in
    # the alignment even when it is stripped, and those others that are not stripped.
    kept = {}
    for c, text in decomposed.items():
        kept[c] = [ord(text[0])] + [ord(char) for char in text[1:] if ord(char) not in stripped]
        tail_orders = [orders.get(d, 0) for d in kept[c][1:]]
        assert tail_orders == sorted(tail_orders) and len(kept[c]) <= 3
        assert kept[c][0] not in orders or len(kept[c]) == 1
        assert not any(d in decomposed for d in kept[c])
        # An output array as long as the text in bytes is always long enough.
        assert len(kept[c]) <= len(chr(c).encode())
    return records, kept


def two_stages(values, size):
    """Cuts `values` into blocks and returns (number of the block for every `size` values, the distinct blocks)."""
    numbers, blocks = [], {}
    for begin in range(0, len(values), size):
        block = tuple(values[begin : begin + size])
        numbers.append(blocks.setdefault(block, len(blocks)))
    return numbers, list(blocks)


def c_array(declaration, values, comment):
    lines, line = [], " "
    for value in values:
        text = f" {value},"
        if len(line) + len(text) > 120:
            lines.append(line)
            line = " "
        line += text
    body = "\n".join(lines + [line])
    return f"/* {comment} */\nstatic const {declaration} = {{\n{body}\n}};\n"


def c_row(values):
    return "{" + ", ".join(str(value) for value in values) + "}"


def main():
    assert version("tokenizers") == REFERENCE, f"tokenizers {REFERENCE} is the reference"
    records, decomposed = probe()

    ordinary = (0, 0, 0)
    numbers = {ordinary: 0}
    for c in CODE_POINTS:
        numbers.setdefault(records[c], len(numbers))
    per_code_point = [numbers[records.get(c, ordinary)] for c in range(0x110000)]
    blocks, block_values = two_stages(per_code_point, RECORD_BLOCK)
    sections, section_values = two_stages(blocks, RECORD_BLOCK)

    long = []
    targets = []
    for c in range(max(decomposed) // DECOMPOSITION_BLOCK * DECOMPOSITION_BLOCK + DECOMPOSITION_BLOCK):
        target = decomposed.get(c, [0])
        if len(target) > 1 or target[0] > 0xFFFF:
            targets.append(LONG_DECOMPOSITION + len(long))
            long.append(target + [0] * (3 - len(target)))
        else:
            targets.append(target[0])
    target_blocks, target_values = two_stages(targets, DECOMPOSITION_BLOCK)
    assert max(len(block_values), len(section_values), len(numbers), len(target_values)) <= 256 and len(long) <= 0x800

    OUTPUT.write_text(
        f"""/* Generated by scripts/make_unicode_tables.py from Hugging Face tokenizers {REFERENCE}: do not edit. */
#ifndef BERTLET_UNICODE_TABLES_H
#define BERTLET_UNICODE_TABLES_H

#include <stdint.h>

// clang-format off
enum {{
  UNICODE_WHITESPACE = {WHITESPACE},  /* separates words */
  UNICODE_PUNCTUATION = {PUNCTUATION}, /* is a word of its own */
  UNICODE_REMOVED = {REMOVED},     /* removed by clean_text */
  UNICODE_CHINESE = {CHINESE},     /* set apart by handle_chinese_chars */
  UNICODE_STRIPPED = {STRIPPED},   /* removed by strip_accents */
  UNICODE_DECOMPOSES = {DECOMPOSES}, /* has a canonical decomposition */
}};

typedef struct unicode_record {{
  int32_t lowercase; /* to be added to the code point */
  uint8_t flags;
  uint8_t order;     /* 0: a starter; others are sorted by this in NFD */
}} unicode_record;

enum {{ UNICODE_BLOCK = {RECORD_BLOCK}, DECOMPOSITION_BLOCK = {DECOMPOSITION_BLOCK}, LONG_DECOMPOSITION = {LONG_DECOMPOSITION:#x} }};

"""
        + "\n".join(
            [
                c_array(
                    f"unicode_record unicode_records[{len(numbers)}]",
                    map(c_row, numbers),
                    "the different kinds of code points",
                ),
                c_array(
                    f"uint8_t unicode_sections[{len(sections)}]",
                    sections,
                    "[code point / UNICODE_BLOCK / UNICODE_BLOCK] -> row of unicode_blocks",
                ),
                c_array(
                    f"uint8_t unicode_blocks[{len(section_values)}][{RECORD_BLOCK}]",
                    map(c_row, section_values),
                    "[section][code point / UNICODE_BLOCK % UNICODE_BLOCK] -> row of unicode_values",
                ),
                c_array(
                    f"uint8_t unicode_values[{len(block_values)}][{RECORD_BLOCK}]",
                    map(c_row, block_values),
                    "[block][code point % UNICODE_BLOCK] -> index into unicode_records",
                ),
                c_array(
                    f"uint8_t decomposition_blocks[{len(target_blocks)}]",
                    target_blocks,
                    "[code point / DECOMPOSITION_BLOCK] -> row of decomposition_values",
                ),
                c_array(
                    f"uint16_t decomposition_values[{len(target_values)}][{DECOMPOSITION_BLOCK}]",
                    map(c_row, target_values),
                    "[block][code point % DECOMPOSITION_BLOCK] -> one code point, or LONG_DECOMPOSITION + row, or 0",
                ),
                c_array(
                    f"uint32_t long_decompositions[{len(long)}][3]",
                    map(c_row, long),
                    "up to three code points, then 0",
                ),
            ]
        )
        + "\n#endif\n"
    )
    size = (
        8 * len(numbers)
        + len(sections)
        + RECORD_BLOCK * (len(section_values) + len(block_values))
        + len(target_blocks)
        + 2 * DECOMPOSITION_BLOCK * len(target_values)
        + 12 * len(long)
    )
    print(f"{len(numbers)} kinds of code points, {size} bytes of tables")


if __name__ == "__main__":
    main()
