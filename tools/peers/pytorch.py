#!/usr/bin/env python3
"""Tokens a second of PyTorch on the model of a sinklab config.

    tools/peers/pytorch.py CONFIG.ini [--threads N] [--seconds S] [--compile]
                           [--bfloat16]

Reads the config and what it includes, builds the same model (GPT-2 or
LLaMA style, softmax attention), and times training steps: forward, backward,
clipping, AdamW (fused where there is one). Attention is
scaled_dot_product_attention where there is one, else written out. --bfloat16
runs the forward pass under autocast: products in bfloat16, the rest and all
weights in float32. Prints one JSON line. Where PyTorch is missing it says so and exits with status 3.
"""
import argparse
import configparser
import json
import os
import statistics
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("config")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--seconds", type=float, default=10)
parser.add_argument("--compile", action="store_true")
parser.add_argument("--bfloat16", action="store_true")
args = parser.parse_args()

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError:
    print("peers: PyTorch is not installed here; skipped", file=sys.stderr)
    sys.exit(3)

torch.set_num_threads(args.threads)
torch.manual_seed(1)


def read_config(path):
    """Values of a config and of what it includes, later ones winning."""
    values = {}

    def load(name):
        lines = []
        for line in open(name, encoding="utf-8"):
            key, _, value = line.partition("=")
            if key.strip() == "include":
                load(os.path.join(os.path.dirname(name), value.strip()))
            else:
                lines.append(line)
        ini = configparser.ConfigParser(
            inline_comment_prefixes=(";", "#"), interpolation=None)
        ini.read_string("".join(lines))
        for section in ini.sections():
            for key, value in ini[section].items():
                if (section, key) == ("model", "preset"):
                    values["llama"] = value == "llama"
                values[section + "." + key] = value

    load(path)
    return values


c = read_config(args.config)
is_llama = c["llama"]
L, C = int(c["model.layers"]), int(c["model.width"])
H, T = int(c["model.heads"]), int(c["model.context"])
D, B = C // H, int(c["train.batch"])
V = int(c["data.vocab"]) + (c["data.bos"] == "yes")
FW = int(c["model.ffn_width"])
if FW == 0:
    FW = -(-8 * C // 96) * 32 if is_llama else 4 * C


class RMSNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(C))

    def forward(self, x):
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)
        return x * scale * self.gain


def make_norm():
    return RMSNorm() if is_llama else nn.LayerNorm(C)


angle = torch.outer(torch.arange(T).float(),
                    10000 ** (-torch.arange(0, D, 2).float() / D))
cos, sin = angle.cos(), angle.sin()


def rotate(x):
    low, high = x.chunk(2, -1)
    return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)


mask = torch.full((T, T), float("-inf")).triu(1)


def attend(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = q @ k.transpose(-1, -2) * D ** -0.5 + mask
    return scores.softmax(-1) @ v


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        bias = not is_llama
        self.norm1, self.norm2 = make_norm(), make_norm()
        self.qkv = nn.Linear(C, 3 * C, bias)
        self.out = nn.Linear(C, C, bias)
        self.up = nn.Linear(C, 2 * FW if is_llama else FW, bias)
        self.down = nn.Linear(FW, C, bias)

    def forward(self, x):
        q, k, v = (self.qkv(self.norm1(x)).view(B, T, 3, H, D)
                   .permute(2, 0, 3, 1, 4))
        if is_llama:
            q, k = rotate(q), rotate(k)
        o = attend(q, k, v).transpose(1, 2).reshape(B, T, C)
        x = x + self.out(o)
        u = self.up(self.norm2(x))
        if is_llama:
            gate, up = u.chunk(2, -1)
            return x + self.down(F.silu(gate) * up)
        return x + self.down(F.gelu(u, approximate="tanh"))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(V, C)
        self.position = None if is_llama else nn.Embedding(T, C)
        self.blocks = nn.ModuleList(Block() for _ in range(L))
        self.norm = make_norm()
        self.head = nn.Linear(C, V, bias=False)
        if not is_llama:
            self.head.weight = self.token.weight
        nn.init.normal_(self.token.weight, std=0.02)

    def forward(self, tokens, targets):
        x = self.token(tokens)
        if self.position is not None:
            x = x + self.position.weight
        for block in self.blocks:
            x = block(x)
        logits = self.head(self.norm(x))
        return F.cross_entropy(logits.view(-1, V), targets.view(-1))


model = Model()
step_fn = torch.compile(model) if args.compile else model
try:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
except (RuntimeError, TypeError):  # older versions have none on the CPU
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)


def step():
    tokens = torch.randint(V, (B, T + 1))
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=args.bfloat16):
        loss = step_fn(tokens[:, :-1], tokens[:, 1:].contiguous())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


for _ in range(2):
    step()
times, begin = [], time.perf_counter()
while len(times) < 3 or time.perf_counter() - begin < args.seconds:
    start = time.perf_counter()
    step()
    times.append(time.perf_counter() - start)
print(json.dumps({
    "peer": "PyTorch " + torch.__version__ +
            (" compiled" if args.compile else " eager") +
            (" bfloat16" if args.bfloat16 else ""),
    "blas": "MKL" if torch.backends.mkl.is_available() else "other",
    "tokens_per_s": round(B * T / statistics.median(times), 1),
    "threads": args.threads,
    "parameters": sum(p.numel() for p in model.parameters()),
}))
