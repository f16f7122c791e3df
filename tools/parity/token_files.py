#!/usr/bin/env python3
"""Writes token files as llm.c, nanoGPT and Megatron lay them out.

    tools/parity/token_files.py FOLDER

makes one file of each kind in FOLDER (Megatron's has its .idx beside it), all
with the same kind of ramp that never repeats within a file, and prints a JSON
object a line:

    file            its name in FOLDER
    format          data.format
    token_bytes     width of a token; data.token_bytes for nanogpt
    vocab           a data.vocab that holds all tokens
    tokens          all of them, in order
    documents       where documents begin, then the end; null: not said
    hash            XXH3-64 of the tokens, if Python's xxhash is installed

Written from the descriptions of these formats alone, with NumPy where it is
installed, as those projects do, else with the standard library.
"""
import json
import os
import struct
import sys

try:
    import numpy
except ImportError:
    numpy = None
try:
    import xxhash
except ImportError:
    xxhash = None

N = 5000
CODES = {1: "B", 2: "H", 4: "I"}


def packed(values, code):
    """Little-endian numbers, by NumPy if it is there."""
    plain = struct.pack("<%d%s" % (len(values), code), *values)
    if numpy is None:
        return plain
    kinds = {"B": "<u1", "H": "<u2", "I": "<u4", "i": "<i4", "q": "<i8"}
    made = numpy.array(values, dtype=kinds[code]).tobytes()
    assert made == plain
    return made


def ramp(vocab, seed):
    """N tokens below vocab, of which no two windows are the same."""
    state, tokens = seed, []
    for _ in range(N):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        tokens.append((state >> 33) % vocab)
    tokens[N // 2] = vocab - 1
    return tokens


def save(folder, name, *parts):
    with open(os.path.join(folder, name), "wb") as file:
        for part in parts:
            file.write(part)


def llmc(folder, name, tokens, width):
    """dev/data/data_common.py: 256 numbers of 32 bits, then the tokens."""
    header = [0] * 256
    header[0], header[1] = (20240520, 1) if width == 2 else (20240801, 7)
    header[2] = len(tokens)
    save(folder, name, packed(header, "i"), packed(tokens, CODES[width]))


def nanogpt(folder, name, tokens, width):
    """data/openwebtext/prepare.py: a memmap of the tokens."""
    save(folder, name, packed(tokens, CODES[width]))


def megatron(folder, name, tokens, width, documents):
    """indexed_dataset.py. documents: a list of lists of sequences' lengths."""
    lengths = [n for document in documents for n in document]
    assert sum(lengths) == len(tokens)
    places, ends, at = [], [0], 0
    for n in lengths:
        places.append(at * width)
        at += n
    for document in documents:
        ends.append(ends[-1] + len(document))
    save(folder, name, packed(tokens, CODES[width]))
    save(folder, os.path.splitext(name)[0] + ".idx", b"MMIDIDX\x00\x00",
         struct.pack("<Q", 1), struct.pack("<B", {1: 1, 2: 8, 4: 4}[width]),
         struct.pack("<Q", len(lengths)), struct.pack("<Q", len(ends)),
         packed(lengths, "i"), packed(places, "q"), packed(ends, "q"))


def split(n, size):
    """Documents of about so many tokens, some of them of two sequences."""
    documents = []
    while n > 0:
        m = min(n, size + len(documents) % 7)
        documents.append([m] if len(documents) % 3 else [m // 2, m - m // 2])
        n -= m
    return documents


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for number, (kind, width, vocab) in enumerate([
            ("llmc", 2, 50257), ("llmc", 4, 128256), ("nanogpt", 2, 65),
            ("nanogpt", 4, 100000), ("megatron", 1, 256),
            ("megatron", 2, 50432), ("megatron", 4, 128256)]):
        name = "%s-%d.bin" % (kind, width)
        tokens, documents = ramp(vocab, number + 1), None
        if kind == "megatron":
            made = split(len(tokens), 300)
            megatron(folder, name, tokens, width, made)
            documents = [0]
            for document in made:
                documents.append(documents[-1] + sum(document))
        else:
            {"llmc": llmc, "nanogpt": nanogpt}[kind](folder, name, tokens, width)
        raw = packed(tokens, CODES[max(width, 2)])
        print(json.dumps({
            "file": name, "format": kind, "token_bytes": width,
            "vocab": vocab, "tokens": tokens, "documents": documents,
            "hash": xxhash.xxh3_64_hexdigest(raw) if xxhash else None}))


main()
