"""The C tokenizer, natively compiled, and its reference, for scripts that hold one against the other."""

import ctypes
import os
import subprocess
import tempfile
from pathlib import Path

from tokenizers import BertWordPieceTokenizer

ROOT = Path(__file__).parent.parent.parent
LOWERCASE, STRIP_ACCENTS, CLEAN_TEXT, SPLIT_CHINESE_CHARS = 1, 2, 4, 8


def build():
    """Compiles the tokenizer's sources into a shared library and loads it."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "tokenizer.so"
        sources = [ROOT / "src" / "tokenize" / name for name in ("wordpiece.c", "normalizer.c")]
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-std=c11", "-O2", "-shared", "-fPIC", f"-I{ROOT / 'src'}", "-o", library, *sources], check=True)
        loaded = ctypes.CDLL(str(library))
    loaded.bertlet_tokenizer_bytes.restype = ctypes.c_size_t
    loaded.bertlet_tokenizer_bytes.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    loaded.bertlet_tokenizer_init.restype = ctypes.c_void_p
    loaded.bertlet_tokenizer_init.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint32]
    loaded.bertlet_tokenize.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_int32),
        ctypes.POINTER(ctypes.c_int32),
        ctypes.c_int32,
    ]
    return loaded


def write_characters(path):
    """Writes a vocabulary of single characters, so that the place of every one is seen. White space cannot be one."""
    characters = [chr(c) for c in [*range(0x30000), *range(0xE0000, 0xE0200)] if not 0xD800 <= c <= 0xDFFF]
    pieces = [piece for c in characters if not c.isspace() for piece in (c, "##" + c)]
    Path(path).write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces]), "utf-8")


class Bertlet:
    def __init__(self, library, vocabulary, flags):
        self.library = library
        self.vocabulary = Path(vocabulary).read_bytes()
        size = library.bertlet_tokenizer_bytes(self.vocabulary, len(self.vocabulary))
        self.block = ctypes.create_string_buffer(size + 64)
        aligned = (ctypes.addressof(self.block) + 63) // 64 * 64
        self.tokenizer = library.bertlet_tokenizer_init(aligned, self.vocabulary, len(self.vocabulary), flags)
        assert self.tokenizer, f"{vocabulary} was refused"

    def __call__(self, text):
        """[(id, start, end), ...] with offsets in UTF-16 code units, without [CLS] and [SEP]."""
        data = text.encode()
        capacity = max(1, len(data))
        ids, offsets = (ctypes.c_int32 * capacity)(), (ctypes.c_int32 * (2 * capacity))()
        count = self.library.bertlet_tokenize(self.tokenizer, data, len(data), ids, offsets, capacity)
        assert count >= 0, f"error {count}"
        return [(ids[i], offsets[2 * i], offsets[2 * i + 1]) for i in range(count)]


class Reference:
    def __init__(self, vocabulary, flags):
        self.tokenizer = BertWordPieceTokenizer(
            str(vocabulary),
            lowercase=bool(flags & LOWERCASE),
            strip_accents=bool(flags & STRIP_ACCENTS),
            clean_text=bool(flags & CLEAN_TEXT),
            handle_chinese_chars=bool(flags & SPLIT_CHINESE_CHARS),
        )

    def __call__(self, text):
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        utf16 = [0]
        for char in text:
            utf16.append(utf16[-1] + (2 if char > "\uffff" else 1))
        return [(i, utf16[start], utf16[end]) for i, (start, end) in zip(encoding.ids, encoding.offsets)]
