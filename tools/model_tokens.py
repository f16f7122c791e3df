#!/usr/bin/env python3
"""Texts to shards of a model's own tokens, for `sinklab import ... data.source=tokens`.

    tools/model_tokens.py MODEL TEXT... -o NAME [--lines]

MODEL is the folder with the model's tokenizer.json (or that file), TEXT a file of UTF-8: a document, or with
--lines a document a line. Writes NAME.bin and NAME.idx, Megatron's layout (docs/FORMATS.md), which says where
documents begin. No token is put in front of or behind a document: BOS and EOS are a config's. The program that
cuts texts is Hugging Face's `tokenizers` (pip install tokenizers); prints the settings for sinklab.
"""
import argparse
import array
import json
import os
import struct
import sys

UINT16, INT32 = 8, 4  # type codes of the layout


def fail(message):
    sys.exit(f"model_tokens: {message}")


def load(model):
    """The tokenizer, and how many tokens the model has by its config.json (0: it does not say)."""
    try:
        from tokenizers import Tokenizer
    except ImportError:
        fail("Python has no tokenizers: pip install tokenizers")
    folder = model if os.path.isdir(model) else os.path.dirname(model)
    path = os.path.join(model, "tokenizer.json") if os.path.isdir(model) else model
    if not os.path.exists(path):
        fail(f"{path}: not there: get the model's tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(path)
    except Exception as why:  # the library raises plain Exception
        fail(f"{path}: no tokenizer: {why}")
    vocab = 0
    config = os.path.join(folder, "config.json")
    if os.path.exists(config):
        with open(config, encoding="utf-8") as file:
            vocab = json.load(file).get("vocab_size", 0)
    return tokenizer, vocab


def documents(paths, by_lines):
    for path in paths:
        try:
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as why:
            fail(f"{path}: {why}")
        if not by_lines:
            yield text
            continue
        yield from (line.removesuffix("\r") for line in text.split("\n") if line.strip())


def write(name, parts, width, code):
    """All documents' tokens one behind the other, and the index; each whole or not at all."""
    lengths = [len(part) for part in parts]
    starts = [0]
    for n in lengths[:-1]:
        starts.append(starts[-1] + n * width)
    letter = "H" if width == 2 else "i"
    index = struct.pack("<9sQBQQ", b"MMIDIDX\0\0", 1, code, len(parts), len(parts) + 1)
    index += struct.pack(f"<{len(parts)}i", *lengths)
    index += struct.pack(f"<{len(parts)}q", *starts)
    index += struct.pack(f"<{len(parts) + 1}q", *range(len(parts) + 1))
    with open(f"{name}.bin.part", "wb") as file:
        for part in parts:
            file.write(struct.pack(f"<{len(part)}{letter}", *part))
    with open(f"{name}.idx.part", "wb") as file:
        file.write(index)
    os.replace(f"{name}.idx.part", f"{name}.idx")
    os.replace(f"{name}.bin.part", f"{name}.bin")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("text", nargs="+")
    parser.add_argument("-o", "--output", required=True, metavar="NAME")
    parser.add_argument("--lines", action="store_true", help="each line is a document")
    args = parser.parse_args()
    tokenizer, vocab = load(args.model)
    parts = []
    for text in documents(args.text, args.lines):
        part = array.array("i", tokenizer.encode(text, add_special_tokens=False).ids)
        if part:
            parts.append(part)
    if not parts:
        fail("no text in these files")
    largest = max(max(part) for part in parts)
    vocab = vocab or tokenizer.get_vocab_size()
    if largest >= vocab:
        fail(f"token {largest}, but the model has {vocab}: is it another model's tokenizer?")
    width, code = (2, UINT16) if vocab <= 1 << 16 else (4, INT32)
    write(args.output, parts, width, code)
    print(f"{args.output}.bin: {sum(map(len, parts))} tokens, {len(parts)} documents")
    print(f"data.source=tokens data.path={args.output}.bin data.vocab={vocab}")


if __name__ == "__main__":
    main()
