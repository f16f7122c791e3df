#!/usr/bin/env python3
"""tests/samples.py PROGRAM FOLDER - samples of many settings, computed from docs/FORMATS.md.

Written from the page ("Random streams", "How sample i is made") and not from the program, with
nothing but Python. Makes corpora in FOLDER, with files as llm.c, nanoGPT and Megatron write them
among them (tools/parity/token_files.py), asks `PROGRAM data head --json` for samples of each case
and split, and compares all that it prints. TAP: one line a case.
"""
import bisect
import json
import math
import os
import struct
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TRAIN, VAL, SINK = 0, 1, 2
SPLITS = ["train", "val", "sink"]
MASK = 0xFFFFFFFF

# --- random streams -----------------------------------------------------------


class Stream:
    """Words of the stream (seed, purpose, a, b)."""

    def __init__(self, seed, purpose, a, b):
        self.key = (seed & MASK, seed >> 32)
        self.name = (b & MASK, (b >> 32) + (a << 16), purpose)
        self.k = 0
        self.words = []

    def word(self):
        if not self.words:
            self.words = list(philox((self.k,) + self.name, self.key))
            self.k += 1
        return self.words.pop(0)

    def uniform(self):
        x, y = self.word(), self.word()
        return ((x // 32) * 2**26 + y // 64) / 2**53

    def normal(self):
        u = self.uniform()
        v = self.uniform()
        return math.sqrt(-2 * math.log(1 - u)) * math.cos(2 * math.pi * v)

    def below(self, n):
        while True:
            x = self.word()
            if x >= 2**32 % n:
                return x % n

    def seed_of_order(self):
        x, y = self.word(), self.word()
        return x * 2**32 + y


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def order(seed, n, i):
    h = 1
    while 4**h < n:
        h += 1
    while True:
        left, right = i >> h, i & (2**h - 1)
        for k in range(6):
            left, right = right, left ^ (Stream(seed, 6, k, right).word() & (2**h - 1))
        i = left << h | right
        if i < n:
            return i


# --- corpora ------------------------------------------------------------------


class Files:
    """Tokens of files: documents are lists; those that are not known are one."""

    def __init__(self, documents, width):
        self.documents = documents
        self.width = width
        self.tokens = [t for d in documents for t in d]
        self.starts = [0]
        for d in documents:
            self.starts.append(self.starts[-1] + len(d))


def stream_of(files, bos, eos):
    """Places: (token, offset or None, place where its document begins)."""
    places = []
    for d, document in enumerate(files.documents):
        begin = len(places)
        if bos is not None:
            places.append((bos, None, begin))
        for k, token in enumerate(document):
            places.append((token, files.starts[d] + k, begin))
        if eos is not None and d + 1 < len(files.documents):
            places.append((eos, None, begin))
    return places


def cut(places, p, n):
    """n places from p on, as (token, offset, document, weight)."""
    return [(t, o, max(b - p, 0), 1) for t, o, b in places[p : p + n]]


def first_above(numbers, u):
    return next(v for v, x in enumerate(numbers) if x > u)


def cumulated(counts):
    sums = [sum(counts[: v + 1]) for v in range(len(counts))]
    return [x / sums[-1] for x in sums]


# --- a sample -------------------------------------------------------------------


class Source:
    """The settings of a case, and what follows from them."""

    def __init__(self, settings, corpora):
        s = {
            "model.context": 12,
            "run.data_seed": 1,
            "data.source": "text",
            "data.bos": "yes",
            "data.bos_token": -1,
            "data.eos": "no",
            "data.order": "windows",
            "data.vocab": 64,
            "data.triggers": 3,
            "data.val_fraction": 0.1,
            "data.unique_tokens": 0,
            "data.task_seed": 1,
            "data.eval_seed": 1,
            "data.shuffle": "no",
            "data.random_positions": "",
            "data.random_fresh": "no",
            "data.fixed_position": 0,
            "data.fixed_token": -1,
            "data.fixed_target": "yes",
            "data.label_noise": 0,
            "data.restart_positions": "no",
            "attention.prefix": 0,
            "attention.document_token": -1,
            "attention.documents": "across",
            "loss.from": 0,
            "loss.to": 0,
            "sink.tokens": 8,
            "sink.input": "data",
            "sink.bos": "data",
            "sink.edits": "yes",
        }
        s.update(settings)
        self.s = s
        self.T = s["model.context"]
        self.corpora = corpora
        self.tables = {}  # what was computed once
        self.counts = None
        if "data.bigram_path" in s:
            self.count_bigrams(corpora[s["data.bigram_path"]])
        self.seeds = [s["run.data_seed"], s["data.eval_seed"], s["data.eval_seed"]]
        self.task_seed = s["data.task_seed"]
        self.add_parts(corpora)
        self.add_ids()
        self.file = corpora.get(s.get("sink.path"))

    def add_parts(self, corpora):
        s = self.s
        if s["data.source"] == "mixture":
            items = [item.strip().split("*") for item in s["data.mixture"].split(",")]
            weights = [float(weight) for weight, _ in items]
            rest = [1000 * weight / sum(weights) for weight in weights]
            self.shares = [int(x) for x in rest]
            by_rest = sorted(range(len(rest)), key=lambda j: (-(rest[j] - int(rest[j])), j))
            for j in by_rest[: 1000 - sum(self.shares)]:
                self.shares[j] += 1
            names = [name.split(":") for _, name in items]
        else:
            self.shares = [1000]
            names = [(s["data.source"], s.get("data.path"))]
        self.parts = []
        for source, *path in names:
            files = corpora.get(path[0]) if path else None
            val = corpora.get(s.get("data.val_path")) if files else None
            self.parts.append((source, files, val))

    def count_bigrams(self, files):
        """Pairs in one file, and (how often, byte) from the rarest to the most frequent."""
        self.counts = {}
        for d in files.documents:
            for pair in zip(d, d[1:]):
                self.counts[pair] = self.counts.get(pair, 0) + 1
        self.kinds = sorted((files.tokens.count(v), v) for v in set(files.tokens))

    def P_of(self, source):
        if source == "text":
            return 256
        return len(self.kinds) if source == "bigram-backcopy" and self.counts else self.s["data.vocab"]

    def add_ids(self):
        s = self.s
        self.P = max(self.P_of(source) for source, _, _ in self.parts)
        n = self.P
        self.bos = self.eos = self.fixed = None
        if s["data.bos"] == "yes":
            self.bos = s["data.bos_token"]
            if self.bos < 0:
                self.bos, n = n, n + 1
        if s["data.eos"] == "yes" and any(files for _, files, _ in self.parts):
            self.eos, n = n, n + 1
        if s["data.fixed_position"]:
            self.fixed = s["data.fixed_token"]
            if self.fixed < 0:
                self.fixed, n = n, n + 1

    # Of one part, without the BOS of the row: (token, offset, document, weight),
    # and the unit.

    def m(self):
        return self.T if self.row_bos() is not None else self.T + 1

    def row_bos(self):
        return None if self.s["data.order"] == "packed" else self.bos

    def epoch(self, i, K):
        seed = Stream(self.seeds[TRAIN], 7, 0, i // K).seed_of_order()
        return order(seed, K, i % K)

    def divide(self, files, val):
        """The places of training and those held out."""
        if files in self.tables:
            return self.tables[files]
        bos = self.bos if self.s["data.order"] == "packed" else None
        places = stream_of(files, bos, self.eos)
        if val:
            held_out = stream_of(val, bos, self.eos)
        else:
            first = len(places) - int(self.s["data.val_fraction"] * len(places))
            # counted from the first of them on
            held_out = [(t, o, b - first) for t, o, b in places[first:]]
            places = places[:first]
        if self.s["data.unique_tokens"]:
            places = places[: self.s["data.unique_tokens"]]
        self.tables[files] = places, held_out
        return places, held_out

    def body(self, part, split, i, k, reads_all):
        source, files, val = self.parts[part]
        if not files:
            return self.generate(source, split, i, k, part)
        if self.s["data.order"] == "documents":
            return self.document(files, val, split, i, k, reads_all)
        places, held_out = self.divide(files, val)
        if split == SINK and self.s["sink.bos"] == "no" and self.s["data.order"] == "packed":
            held_out = self.held_out_without_bos(held_out)
        if split != TRAIN:
            return self.tile(held_out, split, i, k, reads_all)
        N, m = len(places), self.m()
        if self.s["data.order"] == "windows":
            p = Stream(self.seeds[TRAIN], 2, 0, i).below(N - m + 1)
            return cut(places, p, m), p
        window = self.epoch(i, (N - m) // self.T + 1)
        return cut(places, window * self.T, m), window

    def count_tiles(self, part):
        source, files, val = self.parts[part]
        if not files:
            return 0
        if self.s["data.order"] == "documents":
            return len(self.own_documents(files, val, VAL))
        n = len(self.divide(files, val)[1])
        f = 0 if self.row_bos() is not None else 1
        return -(-(n - f) // self.T)

    def input(self, i, k):
        """Sample i of sinks, of another corpus than training's."""
        name = self.s["sink.input"]
        if name == "file":
            return cut(stream_of(self.file, None, self.eos), i * k, k), i * k
        words = Stream(self.seeds[SINK], 2, SINK, i)
        if name == "unigram":
            sums = self.frequencies(k)
            return [(first_above(sums, words.below(sums[-1])), None, 0, 1) for _ in range(k)], i
        tokens = [words.below(self.P) for _ in range(k if name == "random" else 1)]
        return [(tokens[q % len(tokens)], None, 0, 1) for q in range(k)], i

    def frequencies(self, k):
        """How often each token comes in the data's sinks of k tokens, without BOS and edits, summed."""
        if "frequencies" in self.tables:
            return self.tables["frequencies"]
        plain = Source({**self.s, "sink.input": "data", "sink.bos": "no", "sink.edits": "no", "sink.tokens": k}, self.corpora)
        n = -(-(2**20) // k)
        if len(self.parts) == 1 and self.parts[0][1]:
            n = min(n, plain.count_sinks(k) or n)
        counts = [0] * self.P
        for i in range(n):
            tokens = plain.sample(SINK, i, False)["tokens"][: plain.used]
            for t in tokens:
                if t < self.P and t != self.bos:
                    counts[t] += 1
        self.tables["frequencies"] = [sum(counts[: v + 1]) for v in range(self.P)]
        return self.tables["frequencies"]

    def count_sinks(self, k):
        """Different ones of k tokens, without BOS, of one corpus in files."""
        _, files, val = self.parts[0]
        if self.s["data.order"] == "documents":
            return sum(len(tokens) >= k for _, tokens, _, _ in self.own_documents(files, val, VAL))
        held_out = self.divide(files, val)[1]
        if self.s["data.order"] == "packed":
            held_out = self.held_out_without_bos(held_out)
        f = 0 if self.row_bos() is not None else 1
        return max(1, -(-(len(held_out) - f) // self.T)) * max(1, self.m() // k)

    def held_out_without_bos(self, places):
        kept = [q for q, (t, o, _) in enumerate(places) if o is not None or t != self.bos]
        return [(places[q][0], places[q][1], bisect.bisect_left(kept, places[q][2])) for q in kept]

    def tile(self, places, split, i, k, reads_all):
        n, T, m = len(places), self.T, self.m()
        f = 0 if self.row_bos() is not None else 1
        Q = -(-(n - f) // T)
        if split == SINK:
            j = order(self.seeds[SINK], Q, Q - 1 - i % Q)
        else:
            j = i % Q if reads_all else order(self.seeds[VAL], Q, i % Q)
        begin = min(j * T, n - m)
        shared = j * T - begin
        if split == SINK:
            begin += i // Q % max(1, m // k) * k
        body = cut(places, begin, k)
        if split == VAL:  # targets that the tile before has
            body = [(t, o, d, 0 if f <= q < f + shared else w) for q, (t, o, d, w) in enumerate(body)]
        return body, begin

    def own_documents(self, files, val, split):
        if val and split != TRAIN:
            files, first, end = val, 0, len(val.tokens)
        else:
            n = len(files.tokens)
            h = 0 if val else int(self.s["data.val_fraction"] * n)
            first, end = (0, n - h) if split == TRAIN else (n - h, n)
            if split == TRAIN and self.s["data.unique_tokens"]:
                end = self.s["data.unique_tokens"]
        return [
            (d, files.tokens[begin : min(files.starts[d + 1], end)], files.starts[d + 1] <= end, begin)
            for d, begin in enumerate(files.starts[:-1])
            if first <= begin < end
        ]

    def document(self, files, val, split, i, k, reads_all):
        own = self.own_documents(files, val, split)
        K = len(own)
        if split == TRAIN:
            which = self.epoch(i, K)
        elif split == VAL:
            which = i % K if reads_all else order(self.seeds[VAL], K, i % K)
        else:
            all_of = [order(self.seeds[SINK], K, K - 1 - j) for j in range(K)]
            whole = [d for d in all_of if len(own[d][1]) >= k] or all_of
            which = whole[i % len(whole)]
        d, tokens, is_whole, begin = own[which]
        body = [(t, begin + q, 0, 1) for q, t in enumerate(tokens[:k])]
        if len(body) < k and self.eos is not None and is_whole:
            body.append((self.eos, None, 0, 1))
        used = len(body)
        padding = self.eos if self.eos is not None else 0
        self.used = used
        body += [(padding, None, used, 0)] * (k - used)
        return body, d

    def generate(self, source, split, i, k, part):
        unit, seed = i, self.seeds[split]
        if split == TRAIN and self.s["data.unique_tokens"]:
            K = max(1, self.s["data.unique_tokens"] // self.T)
            if self.s["data.order"] == "windows":
                unit = Stream(self.seeds[TRAIN], 7, 1, i).below(K)
            else:
                unit = self.epoch(i, K)
            seed = self.task_seed
        words = Stream(seed, 2, split + 3 * part, unit)
        return [(t, None, 0, 1) for t in self.draw(source, words, k)], unit

    def draw(self, source, words, n):
        P = self.P_of(source)
        t = P - self.s["data.triggers"]
        out = []
        once = words.below(P) if source == "repeat" else None
        for q in range(n):
            if source == "random":
                out.append(words.below(P))
            elif source == "repeat":
                out.append(once)
            elif source == "copy":
                length = self.s["data.copy_length"]
                out.append(words.below(P) if q < length else out[q - length])
            elif source == "induction":
                out.append(self.draw_induction(words, out, t))
            elif q == 0 and self.counts:
                of_all = [n for n, _ in self.kinds[:t]]
                out.append(first_above(cumulated(of_all), words.uniform()))
            elif q == 0:
                out.append(words.below(t))
            elif out[-1] >= t:
                out.append(out[-2])
            else:
                out.append(first_above(self.bigram(out[-1]), words.uniform()))
        return out

    def draw_induction(self, words, out, t):
        triggers = self.s["data.triggers"]
        if out and out[-1] >= t:
            before = [q for q in range(len(out) - 1) if out[q] == out[-1]]
            return out[before[-1] + 1] if before else words.below(t)
        u = words.below(t + 4 * triggers)
        return u if u < t else t + (u - t) // 4

    def bigram(self, u):
        if u not in self.tables and self.counts:
            behind = [self.counts.get((self.kinds[u][1], v), 0) for _, v in self.kinds]
            self.tables[u] = cumulated(behind if any(behind) else [n for n, _ in self.kinds])
        if u not in self.tables:
            P = self.s["data.vocab"]
            words, total, sums = Stream(self.task_seed, 3, 0, u), 0.0, []
            for v in range(P):
                weight = math.exp(words.normal())
                total += weight if v < P - self.s["data.triggers"] else 4 * weight
                sums.append(total)
            self.tables[u] = [x / total for x in sums]
        return self.tables[u]

    # The whole.

    def pick(self, split, i):
        if len(self.parts) == 1:
            return 0, i
        b, q = divmod(i, 1000)
        s = Stream(self.seeds[split], 9, 0, b).seed_of_order()
        if ("block", s) not in self.tables:
            part_of = [j for j, c in enumerate(self.shares) for _ in range(c)]
            self.tables["block", s] = [part_of[order(s, 1000, x)] for x in range(1000)]
        parts = self.tables["block", s]
        j = parts[q]
        return j, b * self.shares[j] + parts[:q].count(j)

    def edit_stream(self, e, split, i, part, unit):
        if self.s["data.random_fresh"] == "yes":
            return Stream(self.seeds[split], 8, 64 * (3 * e + split), i)
        return Stream(self.task_seed, 8, 64 * (3 * e + split) + part, unit)

    def sample(self, split, i, reads_all):
        s, T = self.s, self.T
        n = min(s["sink.tokens"], T) if split == SINK else T + 1
        is_input = split == SINK and s["sink.input"] != "data"
        part, own = (0, i) if is_input else self.pick(split, i)
        bos = self.bos if is_input else self.row_bos()
        if split == SINK and s["sink.bos"] == "no":
            bos = None
        k = n - (bos is not None)
        self.used = k
        body, unit = self.input(i, k) if is_input else self.body(part, split, own, k, reads_all)
        body, used = body[:k], min(self.used, k)
        if bos is not None:
            body = [(bos, None, 0, 1)] + [(t, o, d + (d > 0), w) for t, o, d, w in body]
            used += 1
        tokens, offsets, documents, weights = (list(x) for x in zip(*body))
        if split != SINK or s["sink.edits"] == "yes":
            is_file = s["sink.input"] == "file" if is_input else bool(self.parts[part][1])
            self.edit(split, i, part, unit, used, tokens, offsets, weights, is_file, bos is not None)
        targets = tokens[1:]
        if s["data.label_noise"] and split == TRAIN:
            words = self.edit_stream(3, split, i, part, unit)
            for t in range(T):
                if words.uniform() < s["data.label_noise"]:
                    targets[t] = words.below(self.P)
        weights = weights[1:]
        if split == SINK:
            targets, weights = targets + [None], [0] * n
        else:
            tokens, offsets, documents = tokens[:T], offsets[:T], documents[:T]
        first = min(max(s["attention.prefix"] - 1, s["loss.from"]), len(tokens) - 1)
        for t in range(len(tokens)):
            if t < first or 0 < s["loss.to"] <= t:
                weights[t] = 0
        documents, positions = self.documents(tokens, documents)
        return {
            "split": SPLITS[split],
            "index": i,
            "part": part,
            "unit": unit,
            "used": min(used, len(tokens)),
            "tokens": tokens,
            "targets": targets,
            "weights": weights,
            "offsets": offsets,
            "documents": documents,
            "positions": positions,
        }

    def edit(self, split, i, part, unit, used, tokens, offsets, weights, is_file, has_front):
        s = self.s
        if s["data.shuffle"] == "yes":
            words = self.edit_stream(0, split, i, part, unit)
            stays = [is_file and offset is None for offset in offsets]
            stays[0] = stays[0] or has_front
            for t in range(used - 1, -1, -1):
                if stays[t]:
                    continue
                other = words.below(t + 1)
                while stays[other]:
                    other = words.below(t + 1)
                tokens[t], tokens[other] = tokens[other], tokens[t]
                offsets[t], offsets[other] = offsets[other], offsets[t]
        if s["data.random_positions"]:
            words = self.edit_stream(1, split, i, part, unit)
            for place in s["data.random_positions"].split(","):
                token = words.below(self.P)
                if int(place) <= used:
                    tokens[int(place) - 1], offsets[int(place) - 1] = token, None
        place = s["data.fixed_position"]
        if place and place <= used:
            tokens[place - 1], offsets[place - 1] = self.fixed, None
            if s["data.fixed_target"] == "no":
                weights[place - 1] = 0

    def documents(self, tokens, documents):
        s = self.s
        token = s["attention.document_token"]
        restarts = s["data.restart_positions"] == "yes"
        within = s["attention.documents"] == "within"
        by_token = 0
        seen, positions = [], []
        for t in range(len(tokens)):
            if tokens[t] == token:
                by_token = t
            start = max(documents[t], by_token)
            positions.append(t - start if restarts else t)
            seen.append(start if within or token < 0 else by_token)
        return seen, positions


# --- files ----------------------------------------------------------------------


def scrambled(n, most, salt):
    return [(t * t * 31 + t * salt + (t >> 3)) % most for t in range(n)]


def write_corpora(folder):
    """name: what it holds, by the path that data.path gets."""
    lengths = [70, 0, 9, 131, 30, 44, 3, 57]
    texts = [scrambled(n, 250, 7 + q) for q, n in enumerate(lengths)]
    os.mkdir(os.path.join(folder, "text"))
    for q, text in enumerate(texts):
        with open(os.path.join(folder, "text", "%02d.txt" % q), "wb") as f:
            f.write(bytes(text))
    with open(os.path.join(folder, "held.txt"), "wb") as f:
        f.write(bytes(texts[5]))
    tokens = scrambled(500, 900, 3)
    with open(os.path.join(folder, "plain.bin"), "wb") as f:
        f.write(struct.pack("<500H", *tokens))
    documents = [scrambled(n, 900, 5 + q) for q, n in enumerate(lengths)]
    with open(os.path.join(folder, "mega.bin"), "wb") as f:
        for d in documents:
            f.write(struct.pack("<%dH" % len(d), *d))
    with open(os.path.join(folder, "mega.idx"), "wb") as f:
        f.write(b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, len(lengths), len(lengths) + 1))
        f.write(struct.pack("<%di" % len(lengths), *lengths))
        begins = [2 * sum(lengths[:q]) for q in range(len(lengths))]
        f.write(struct.pack("<%dQ" % len(begins), *begins))
        f.write(struct.pack("<%dQ" % (len(lengths) + 1), *range(len(lengths) + 1)))
    return {
        "text": Files(texts, 1),
        "held.txt": Files([texts[5]], 1),
        "plain.bin": Files([tokens], 2),
        "mega.bin": Files(documents, 2),
    }


# --- cases ------------------------------------------------------------------------

TEXT = {"data.source": "text", "data.path": "text"}
PLAIN = {"data.source": "tokens", "data.path": "plain.bin", "data.token_bytes": 2, "data.vocab": 900}
MEGATRON = {"data.source": "tokens", "data.path": "mega.bin", "data.vocab": 901}
EOS = {"data.eos": "yes"}
NO_BOS = {"data.bos": "no"}


def case(name, *settings):
    all_of = {}
    for some in settings:
        all_of.update(some)
    return name, all_of


def cases():
    for name, source in ("text", TEXT), ("tokens", PLAIN), ("megatron", MEGATRON):
        for how in "windows", "epochs", "documents", "packed":
            if source is PLAIN and how in ("documents", "packed"):
                continue
            for bos in "yes", "no":
                for eos in ("yes", "no") if source is not PLAIN else ("no",):
                    yield case(
                        "%s, %s, bos %s, eos %s" % (name, how, bos, eos),
                        source,
                        {"data.order": how, "data.bos": bos, "data.eos": eos},
                        {"data.val_fraction": 0.4},
                    )
    for how in "epochs", "documents", "packed":
        yield case("a held-out file, " + how, TEXT, EOS, {"data.order": how, "data.val_path": "held.txt"})
        yield case("unique tokens, " + how, MEGATRON, {"data.order": how, "data.unique_tokens": 60, "data.val_fraction": 0.3})
    yield case("all held-out tiles", TEXT, {"train.val_tokens": 100000, "data.val_fraction": 0.3})
    yield case("unique tokens, windows", PLAIN, {"data.unique_tokens": 40})
    yield case("seeds", TEXT, {"run.data_seed": 2**52 + 5, "data.eval_seed": 2**40 + 9, "data.order": "epochs"})
    for source in "random", "bigram-backcopy", "repeat", "copy", "induction":
        generated = {"data.source": source, "data.vocab": 16}
        if source == "copy":
            generated["data.copy_length"] = 5
        yield case(source, generated)
        yield case(source + ", no bos", generated, NO_BOS, {"run.data_seed": 9})
        yield case(source + ", unique tokens", generated, {"data.unique_tokens": 60})
        yield case(source + ", epochs", generated, {"data.unique_tokens": 60, "data.order": "epochs"})
    counted = {"data.source": "bigram-backcopy", "data.bigram_path": "text", "data.triggers": 5}
    yield case("bigrams of a text", counted)
    yield case("bigrams of a text, epochs", counted, NO_BOS, {"data.order": "epochs", "data.unique_tokens": 60})
    mixed = {"data.source": "mixture", "data.vocab": 40, "data.mixture": "2*text:text, 1*random, 1.3*bigram-backcopy"}
    yield case("mixture", mixed)
    yield case("mixture of one law twice", {**mixed, "data.mixture": "1*random, 1*random"})
    yield case("mixture, epochs, edits", mixed, {"data.order": "epochs", "data.unique_tokens": 90, "data.shuffle": "yes"})
    wheres = {
        "text": TEXT,
        "packed": {**MEGATRON, **EOS, "data.order": "packed"},
        "documents": {**TEXT, **EOS, "data.order": "documents", "data.val_fraction": 0.4},
        "random": {"data.source": "random"},
    }
    edits = {
        "shuffle": {"data.shuffle": "yes"},
        "random positions": {"data.random_positions": "2,1,12"},
        "label noise": {"data.label_noise": 0.3},
        "all": {
            "data.shuffle": "yes",
            "data.random_positions": "1,3",
            "data.fixed_position": 2,
            "data.fixed_target": "no",
            "data.label_noise": 0.5,
        },
    }
    for where, source in wheres.items():
        for edit, keys in edits.items():
            if where == "text" or edit == "all":
                yield case("%s of %s" % (edit, where), source, keys, {"data.task_seed": 3})
                yield case("%s of %s, fresh" % (edit, where), source, keys, {"data.random_fresh": "yes"})
    yield case("a token of its own", TEXT, {"data.fixed_position": 1})
    yield case("a token of the corpus, no target", TEXT, NO_BOS, {"data.fixed_position": 3, "data.fixed_token": 65, "data.fixed_target": "no"})
    for where, source in wheres.items():
        yield case("BOS of %s is a token of it" % where, source, {"data.bos_token": 7, "data.shuffle": "yes", "data.fixed_position": 11})
        yield case("BOS of %s is a token of it, not of sinks" % where, source, {"data.bos_token": 7, "data.shuffle": "yes", "sink.bos": "no"})
    yield case("targets from and to", TEXT, {"loss.from": 2, "loss.to": 9})
    yield case("prefix", TEXT, {"attention.prefix": 4})
    yield case("documents apart", TEXT, EOS, {"attention.documents": "within", "data.restart_positions": "yes", "model.position": "learned"})
    yield case("documents by a token", TEXT, EOS, {"attention.document_token": 257})
    edits = {"data.shuffle": "yes", "data.random_positions": "2", "data.fixed_position": 4}
    for name in "random", "repeat":
        yield case("sinks on %s tokens" % name, TEXT, edits, {"sink.input": name})
        yield case("sinks on %s tokens, bare" % name, {"data.source": "mixture", "data.mixture": "0.4*random, 0.6*text:text"}, edits, {"sink.input": name, "sink.bos": "no", "sink.edits": "no"})
    yield case("sinks on frequent tokens", TEXT, EOS, edits, {"sink.input": "unigram"})
    yield case("sinks on frequent tokens, bare", TEXT, edits, {"sink.input": "unigram", "sink.bos": "no", "sink.edits": "no"})
    for order in "windows", "packed", "documents":
        ordered = {"data.order": order, "data.val_fraction": 0.4}
        yield case("sinks without BOS, %s" % order, TEXT, ordered, {"sink.bos": "no"})
        yield case("sinks without BOS, %s, EOS" % order, TEXT, EOS, ordered, {"sink.bos": "no"})
        yield case("sinks without edits, %s" % order, TEXT, ordered, edits, {"sink.edits": "no"})
        yield case("sinks on frequent tokens, %s" % order, TEXT, EOS, ordered, {"sink.input": "unigram"})
        yield case("sinks on a file, %s" % order, TEXT, EOS, ordered, edits, {"sink.input": "file", "sink.path": TEXT["data.path"]})
        yield case("sinks on a file without BOS, %s" % order, TEXT, ordered, {"sink.input": "file", "sink.path": TEXT["data.path"], "sink.bos": "no"})
    yield case("documents by both", TEXT, EOS, {"attention.document_token": 65, "attention.documents": "within", "data.restart_positions": "yes", "model.position": "learned"})


BASE = """[model]
layers = 1
width = 8
heads = 2
context = 12
[train]
steps = 500
batch = 3
accumulate = 2
val_tokens = 30
[sink]
tokens = 8
sequences = 40
probe_every = 0
"""


def cases_of_others(folder, corpora):
    """What token_files.py wrote, and says of it."""
    writer = os.path.join(ROOT, "tools", "parity", "token_files.py")
    said = subprocess.run([sys.executable, writer, folder], stdout=subprocess.PIPE, universal_newlines=True, check=True)
    for line in said.stdout.splitlines():
        of = json.loads(line)
        path, tokens = os.path.join(folder, of["file"]), of["tokens"]
        starts = of["documents"] or [0, len(tokens)]
        corpora[path] = Files([tokens[a:b] for a, b in zip(starts, starts[1:])], of["token_bytes"])
        given = {"data.source": "tokens", "data.path": path, "data.format": of["format"], "data.vocab": of["vocab"]}
        if of["format"] == "nanogpt":
            given["data.token_bytes"] = of["token_bytes"]
        for how in ("windows", "epochs") + (("packed", "documents") if of["documents"] else ()):
            yield case("%s, %s" % (of["file"], how), given, {"data.order": how})


def differs(found, wanted):
    for key, value in wanted.items():
        if found[key] != value:
            return "%s: %s\n#   got  %s\n#   want %s" % (wanted["index"], key, found[key], value)
    return None if set(found) == set(wanted) else "other members: %s" % sorted(found)


def check(program, settings, corpora):
    source = Source(settings, corpora)
    given = ["%s=%s" % (key, value) for key, value in settings.items()]
    for split in TRAIN, VAL, SINK:
        # far enough for another epoch, and for sinks another window of each tile
        for first, n in ((0, 12), (997, 6)) if split == TRAIN else ((0, 40),):
            said = subprocess.run(
                [program, "data", "head", "base.ini", *given, "--split", SPLITS[split], "--json",
                 "--from", str(first), "--count", str(n)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
            if said.returncode:
                return said.stderr.strip()
            lines = [json.loads(line) for line in said.stdout.splitlines()]
            tiles = source.count_tiles(0) if len(source.parts) == 1 else 0
            reads_all = split == VAL and len(lines) == tiles
            if not lines or (split != VAL and len(lines) != n):
                return "%s: %d lines" % (SPLITS[split], len(lines))
            for i, line in enumerate(lines):
                wrong = differs(line, source.sample(split, first + i, reads_all))
                if wrong:
                    return "%s %s" % (SPLITS[split], wrong)
    return None


def main():
    program, folder = sys.argv[1:]
    os.chdir(folder)
    corpora = write_corpora(".")
    with open("base.ini", "w") as f:
        f.write(BASE)
    n_bad = n = 0
    sources = subprocess.run([program, "list", "source", "--names"], stdout=subprocess.PIPE, universal_newlines=True).stdout.split()
    all_of = [*cases(), *cases_of_others("others", corpora)]
    for name in sources:
        if all(settings["data.source"] != name for _, settings in all_of):
            all_of.append(("a case for source %s" % name, {"data.source": name, "none": "written"}))
    for name, settings in all_of:
        if settings["data.source"] not in sources:
            continue
        n += 1
        wrong = check(program, settings, corpora)
        print("%sok %d - %s" % ("not " if wrong else "", n, name))
        if wrong:
            n_bad += 1
            print("# " + wrong)
    print("1..%d" % n)
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())
