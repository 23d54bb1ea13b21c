#!/usr/bin/env python3
"""Holds the C tokenizer against Hugging Face `tokenizers` on random Unicode strings: ids and offsets must be equal.

By hand (needs a C compiler, `cc` or CC, and the packages of tests/fixtures/requirements.txt):

    python tests/tokenize/differential.py ../shared/data/vocab/bert-base-uncased-vocab.txt --lowercase
    python tests/tokenize/differential.py [VOCAB] [--lowercase] [--count 100000] [--seed 1] [--all-flags]

Without VOCAB every character is a piece, which shows where each one ends up. --all-flags draws the four steps of the normalizer anew for every string, instead of those that BERT's models use.
Ends with exit status 1 and the shortest differing string when there is a difference.
"""

import argparse
import random
import sys
import tempfile
import unicodedata
from pathlib import Path

from bertlet_tokenizer import (
    CLEAN_TEXT,
    LOWERCASE,
    SPLIT_CHINESE_CHARS,
    STRIP_ACCENTS,
    Bertlet,
    Reference,
    build,
    write_characters,
)


def code_points(*categories):
    """All code points of some general categories (as the installed Python knows them, which is good enough here)."""
    return [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) in categories]


class Strings:
    """Random strings of the kinds that tokenizers get wrong."""

    def __init__(self, vocabulary, seed):
        self.random = random.Random(seed)
        self.pieces = [line for line in Path(vocabulary).read_text("utf-8").split("\n") if line]
        everything = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
        self.alphabets = [
            [chr(c) for c in range(0x80)],
            list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
            list(" \t\n\r\v\f\0\x7f\x85\xa0\u2028\u3000\u200b\u200d\ufeff\ufffd\ufffe\uffff"),
            everything,
            [c for c in everything if c < "\u3000"],
            [c for c in everything if unicodedata.combining(c)],
            [c for c in everything if unicodedata.decomposition(c) and "<" not in unicodedata.decomposition(c)],
            [c for c in everything if c.lower() != c],
            code_points("Mc", "Me"),
            code_points("Zs", "Zl", "Zp", "Cc", "Cf"),
            code_points("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"),
            [chr(c) for c in range(0xAC00, 0xD7A4)] + [chr(c) for c in range(0x1100, 0x1200)],
            [chr(c) for c in range(0x4E00, 0xA000)] + [chr(c) for c in range(0xF900, 0xFB00)],
            # Combining characters that BERT's normalizer keeps, and those that decompose into them.
            [chr(c) for c in range(0x1D157, 0x1D173)] + list("\u0f73\u0f75\u0f81\u0344\u302e\u302f\u1b44\ua953\u08d4"),
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[", "]", "[CLS", "SEP]", "[mask]", "[MASK"],
        ]

    def words(self):
        """Pieces of the vocabulary, with and without spaces, in a case of their own."""
        chosen = self.random.choices(self.pieces, k=self.random.randint(1, 8))
        chosen = [piece.removeprefix("##") if self.random.random() < 0.9 else piece for piece in chosen]
        change = self.random.choice([str, str.upper, str.title, lambda s: unicodedata.normalize("NFD", s)])
        return change(self.random.choice(["", " ", " "]).join(chosen))

    def characters(self):
        alphabets = self.random.choices(self.alphabets, k=self.random.randint(1, 3))
        count = self.random.choice([1, 2, 4, 8, 16, 32])
        return "".join(self.random.choice(self.random.choice(alphabets)) for _ in range(count))

    def long_word(self):
        """Around the limit of 100 characters."""
        alphabet = self.random.choice(self.alphabets)
        parts = [self.random.choice(alphabet) for _ in range(self.random.randint(1, 3))]
        return "".join(self.random.choice(parts) for _ in range(self.random.randint(95, 105)))

    def __next__(self):
        kinds = [self.words, self.words, self.characters, self.characters, self.characters, self.long_word]
        return "".join(self.random.choice(kinds)() for _ in range(self.random.randint(1, 3)))


def shortened(text, differs):
    """Drops characters as long as the difference stays."""
    i = 0
    while i < len(text):
        without = text[:i] + text[i + 1 :]
        if differs(without):
            text = without
        else:
            i += 1
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("vocabulary", nargs="?")
    parser.add_argument("--lowercase", action="store_true", help="of an uncased model, whose accents are stripped too")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all-flags", action="store_true")
    arguments = parser.parse_args()

    if not arguments.vocabulary:
        folder = tempfile.TemporaryDirectory()
        arguments.vocabulary = f"{folder.name}/characters.txt"
        write_characters(arguments.vocabulary)
    usual = CLEAN_TEXT | SPLIT_CHINESE_CHARS | (arguments.lowercase and LOWERCASE | STRIP_ACCENTS)
    library = build()
    pairs = {
        flags: (Bertlet(library, arguments.vocabulary, flags), Reference(arguments.vocabulary, flags))
        for flags in (range(16) if arguments.all_flags else [usual])
    }
    strings = Strings(arguments.vocabulary, arguments.seed)
    pieces = 0
    for _ in range(arguments.count):
        text = next(strings)
        flags = strings.random.choice(list(pairs))
        bertlet, reference = pairs[flags]
        expected = reference(text)
        pieces += len(expected)
        if bertlet(text) != expected:
            text = shortened(text, lambda shorter: bertlet(shorter) != reference(shorter))
            print(f"flags {flags}, {ascii(text)}: {bertlet(text)}, but expected {reference(text)}")
            sys.exit(1)
    print(f"{arguments.count} strings, {pieces} pieces: all equal")


if __name__ == "__main__":
    main()
