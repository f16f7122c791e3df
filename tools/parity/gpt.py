"""The models of sinklab in PyTorch, to be read beside docs/MATH.md.

Written from the formulas there and of `sinklab list`, plainly: whole matrices
of scores, no tiles, no gradients by hand. `c` is the configuration, `w` all
tensors by the names that docs/FORMATS.md gives.

B sequences, T tokens, S rows a sequence (registers stand in front), C width,
H heads, K heads of keys, D head width, E width of a value. A row of weights
has the extra column first, if there is one, then all keys.
"""
import configparser
import math

import torch
import torch.nn.functional as F


class Config:
    def __init__(self, text):
        ini = configparser.ConfigParser(
            inline_comment_prefixes=(";", "#"), interpolation=None)
        ini.read_string(text)
        self.values = {section + "." + key: value for section in ini.sections()
                       for key, value in ini[section].items()}
        self.L, self.C = self.count("model.layers"), self.count("model.width")
        self.H, self.T = self.count("model.heads"), self.count("model.context")
        self.K = self.count("attention.kv_heads") or self.H
        self.D = self.count("model.head_width") or self.C // self.H
        self.in_pairs = self["attention.operation"] == "differential"
        self.E = 2 * self.D if self.in_pairs else self.D
        self.R = self.count("attention.registers")
        self.followed = []  # (H) a block: what a running mean is to follow
        # what terms of the loss are of, a block each: streams (B,S,C) behind
        # it, and rows of weights (B,H,S,columns) with how many are no keys
        self.streams, self.rows = [], []

    def __getitem__(self, key):
        return self.values[key]

    def count(self, key):
        return int(self.values[key])

    def number(self, key):
        return float(self.values[key])

    def is_on(self, key):
        return self.values[key] == "yes"


# --- norms, feed-forward ------------------------------------------------------

def rms(x, axis=-1, eps=1e-5):
    return torch.sqrt(x.pow(2).mean(axis, keepdim=True) + eps)


def norm(c, w, name, x):
    gain, kind = w[name + ".gain"], c["model.norm"]
    eps = c.number("model.norm_eps")
    if kind in ("rmsnorm", "ssnorm"):  # ssnorm: one gain for all
        return gain * x / rms(x, eps=eps)
    if kind == "dyt":  # alpha stands behind the gains
        return gain[:-1] * torch.tanh(gain[-1] * x) + w[name + ".shift"]
    centred = x - x.mean(-1, keepdim=True)
    return gain * centred / rms(centred, eps=eps) + w[name + ".shift"]


def gelu(x):
    return x * (1 + torch.tanh(
        math.sqrt(2 / math.pi) * (x + 0.044715 * x.pow(3)))) / 2


def gelu_erf(x):
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


def silu(x):
    return x * torch.sigmoid(x)


PLAIN = {"gelu": gelu, "gelu_erf": gelu_erf, "relu": torch.relu, "silu": silu}
GATED = {"swiglu": silu, "reglu": torch.relu, "geglu": gelu_erf}


def linear(w, name, x):
    y = x @ w[name + ".weight"].t()
    return y + w[name + ".bias"] if name + ".bias" in w else y


def feed_forward(c, w, name, x):
    u, kind = linear(w, name + "up", x), c["model.ffn"]
    if kind in GATED:
        gate, up = u.chunk(2, -1)
        y = GATED[kind](gate) * up
    else:
        y = PLAIN[kind](u)
    return linear(w, name + "down", y)


# --- weight maps: s (B,H,S,columns) to weights, `seen` is a mask of it ----------

def softmax(s, seen):
    return s.masked_fill(~seen, -math.inf).softmax(-1)


def softmax1(s, seen):
    s = F.pad(s.masked_fill(~seen, -math.inf), (1, 0))  # a score of 0
    return s.softmax(-1)[..., 1:]


def softpick(s, seen):
    x = torch.expm1(s) * seen
    return torch.relu(x) / (x.abs().sum(-1, keepdim=True) + 1e-6)


def sorted_counts(s, seen):
    z = s.masked_fill(~seen, -1e9).sort(-1, descending=True).values
    return z, torch.arange(1, z.shape[-1] + 1).to(z)


def sparsemax(s, seen):
    with torch.no_grad():  # the support is locally constant
        z, k = sorted_counts(s, seen)
        n = (1 + k * z > z.cumsum(-1)).sum(-1, keepdim=True)
        support = (s >= z.gather(-1, n - 1)) & seen
    tau = ((s * support).sum(-1, keepdim=True) - 1) / n
    return (s - tau) * support


def entmax15(s, seen):
    z = s / 2
    with torch.no_grad():
        ordered, k = sorted_counts(z, seen)
        mean = ordered.cumsum(-1) / k
        spread = k * (ordered.pow(2).cumsum(-1) / k - mean.pow(2))
        tau = mean - ((1 - spread) / k).clamp(min=0).sqrt()
        n = (tau <= ordered).sum(-1, keepdim=True)
        support = (z >= ordered.gather(-1, n - 1)) & seen
    mean = (z * support).sum(-1, keepdim=True) / n
    spread = ((z - mean).pow(2) * support).sum(-1, keepdim=True)
    tau = mean - ((1 - spread) / n).sqrt()
    return (z - tau).pow(2) * support


def stick_breaking(s, seen):
    left = F.logsigmoid(-s) * seen
    nearer = left.flip(-1).cumsum(-1).flip(-1) - left
    return torch.exp(F.logsigmoid(s) + nearer) * seen


def weights(c, own, x, s, seen, n):
    """x: the block's normed input, n: (B,H,S,1) visible keys."""
    kind = c["attention.weights"]

    def learned(name):
        return own(name).view(1, c.H, 1, 1)

    simple = {
        "softmax": softmax, "softmax1": softmax1, "softpick": softpick,
        "sparsemax": sparsemax, "entmax15": entmax15,
        "stick_breaking": stick_breaking,
        "relu": lambda s, seen: torch.relu(s) * seen,
        "relu2": lambda s, seen: torch.relu(s).pow(2) * seen,
        "elu1": lambda s, seen: (F.elu(s) + 1) * seen,
        "identity": lambda s, seen: s * seen,
        "softplus": lambda s, seen: F.softplus(s) * seen,
    }
    if kind in simple:
        return simple[kind](s, seen)
    if kind == "sigmoid":
        bias = c.number("attention.sigmoid_b")
        if c["attention.sigmoid_bias"] == "length":
            bias = -torch.log(n)
        if c["attention.sigmoid_bias"] == "learned":
            bias = learned("sigmoid_b")
        return torch.sigmoid(s + bias) * seen
    if kind == "ssmax":
        return softmax(learned("scale") * torch.log(n) * s, seen)
    if kind == "threshold_relu":
        t = c.number("attention.threshold_beta") * torch.sqrt(
            2 * torch.log(n) / c.D)
        return torch.relu(s - t).pow(c.number("attention.threshold_power")) * seen
    p = softmax(s, seen)
    if kind == "elastic":
        return torch.relu(p + learned("tau") / n) * seen
    if kind == "clipped":
        length = n if c.is_on("attention.clip_visible") else c.T
        low = -c.number("attention.clip_alpha") / length
        high = c.number("attention.clip_zeta")
        return ((high - low) * p + low).clamp(0, 1) * seen
    assert kind == "affine", kind
    alpha = (0.1 * x @ own("alpha.weight").t() + 0.5).clamp(0, 1)
    alpha = alpha.transpose(1, 2).unsqueeze(-1)
    entries = seen.sum(-1, keepdim=True)
    c.followed.append(alpha.detach().mean((0, 2, 3)))
    mean = learned("mean_alpha").detach()
    return (alpha * p + (mean - alpha) / entries) * seen


def normalised(c, f, n):
    kind = c["attention.normalizer"]
    total = f.sum(-1, keepdim=True)
    if kind == "own":
        kind = {"relu": "length", "relu2": "length", "softplus": "sum"}.get(
            c["attention.weights"], "own")
    if kind == "p_norm":
        p = c.number("attention.normalizer_p")
        positive = f > 0  # a zero has no slope
        size = torch.where(positive, f, torch.ones_like(f)).pow(p) * positive
        f = f / (size.sum(-1, keepdim=True).pow(1 / p) + 1e-8)
    elif kind == "sum" and c["attention.weights"] in (
            "sigmoid", "relu", "relu2", "elu1", "identity", "softplus"):
        f = f / (total + 1e-8)
    elif kind == "length":
        f = f / n
    elif kind == "abs_sum":
        f = f / total.abs().clamp(min=1)
    return c.number("attention.scale") * f


# --- what stands before the weights ---------------------------------------------

def visible(c, batch, layer):
    """(B,H,S,S): does head h's query t see key j?"""
    tokens = batch.tokens
    R, S, B = c.R, c.R + tokens.shape[1], len(tokens)
    t, j = torch.arange(S).view(1, 1, S, 1), torch.arange(S).view(1, 1, 1, S)
    window, prefix, group = (
        c.count("attention." + key) for key in ("window", "prefix", "group"))
    near = (j <= t).expand(B, c.H, S, S)
    layers = c["attention.window_layers"].split(",")
    if window and (layers == [""] or str(layer) in map(str.strip, layers)):
        near = near & (j > t - window)
    if group:
        h = torch.arange(c.H).view(1, -1, 1, 1)
        is_shifted = (h >= c.H - c.H // 2) & c.is_on("attention.group_shift")
        shift = is_shifted * (group // 2) - R
        near = near & (torch.div(t + shift, group, rounding_mode="floor") ==
                       torch.div(j + shift, group, rounding_mode="floor"))
    if c.count("attention.document_token") >= 0:
        starts = F.pad(tokens == c.count("attention.document_token"), (R, 0))
        number = starts.cumsum(-1)
        near = near & (number.view(B, 1, S, 1) == number.view(B, 1, 1, S))
    if c["attention.documents"] == "within":
        start = F.pad(batch.documents, (R, 0))
        near = near & (start.view(B, 1, S, 1) == start.view(B, 1, 1, S))
    globals_ = R + (c.count("attention.group_globals") if group else 0)
    seen = near | ((j < globals_) & (j <= t)) | (
        (j < R + prefix) if prefix else torch.zeros(1, dtype=torch.bool))
    return torch.where(t < R, j <= t, seen)  # registers see registers


def rotate(c, x, places):
    """x (B,heads,S,D), places (B,S); of D the first N are turned"""
    N = int(c.D * c.number("model.rope_part"))
    x, rest = x.split([N, c.D - N], -1)
    base = c.number("model.rope_base")
    rate = base ** (-2 * torch.arange(N // 2).double() / N)
    kind, factor, slow, fast, made_for = (
        c["model.rope_" + key] if key == "scaling" else
        c.number("model.rope_" + key)
        for key in ("scaling", "factor", "slow", "fast", "from"))
    if kind == "linear":
        rate = rate / factor
    elif kind == "llama3":
        turns = made_for * rate / (2 * math.pi)
        kept = ((turns - slow) / (fast - slow)).clamp(0, 1)
        rate = kept * rate + (1 - kept) * rate / factor
    angle = places[:, None, :, None] * rate
    cos, sin = angle.cos().to(x), angle.sin().to(x)
    low, high = x.chunk(2, -1)
    return torch.cat([low * cos - high * sin, high * cos + low * sin, rest], -1)


def buckets(distance):
    far = 16 + (16 * torch.log(distance.clamp(min=1).double() / 16) /
                math.log(8)).floor().long()
    return torch.where(distance < 16, distance, far.clamp(max=31))


def score_scale(c):
    if c["attention.qk_norm"] == "unit":
        return 1
    return c.number("attention.score_scale") or c.D ** -0.5


def scores(c, own, x, q, k):
    scale = score_scale(c)
    s = scale * q @ k.transpose(-1, -2)
    S = s.shape[-1]
    place = torch.arange(S)
    signed = place.view(-1, 1) - place
    distance, kind = signed.abs(), c["model.position"]
    if kind == "alibi":
        slope = 2 ** (-8 * torch.arange(1, c.H + 1).to(s) / c.H)
        s = s - slope.view(-1, 1, 1) * distance
    elif kind == "t5":
        s = s + own("t5")[:, buckets(signed.clamp(min=0))]
    elif kind == "t5_study":
        s = s + buckets(signed.clamp(min=0))
    elif kind == "distance":
        s = s + own("distance")[:, distance]
    elif kind == "txl":
        # u (D), then for each distance r (D) and b
        u, rest = own("txl").split([c.D, S * (c.D + 1)], -1)
        rest = rest.reshape(c.H, S, c.D + 1)
        by_key = k @ u.unsqueeze(-1)  # (B,H,S,1)
        by_distance = q @ rest[..., :-1].transpose(-1, -2) + (
            rest[..., -1].unsqueeze(-2))
        index = distance.expand(len(x), c.H, S, S)
        s = s + scale * (by_key.transpose(-1, -2) +
                         by_distance.gather(-1, index))
    forget = c["attention.forget"]
    if forget == "input":
        f = x @ own("forget.weight").t() + own("forget.bias")
        open_ = F.logsigmoid(f).cumsum(1).transpose(1, 2)  # (B,H,S)
        s = s + open_.unsqueeze(-1) - open_.unsqueeze(-2)
    elif forget != "none":
        tau = 4 * 256 ** (torch.arange(c.H).double() / max(c.H - 1, 1))
        bias = -torch.log(torch.expm1(1 / tau)).to(s)
        if forget == "learned":
            bias = own("decay").view(-1)
        s = s + signed * F.logsigmoid(bias).view(-1, 1, 1)
    cap = c.number("attention.soft_cap")
    return cap * torch.tanh(s / cap) if cap else s


def convolve(w, b, x):
    """x (B,heads,S,D), w (taps,D): w_i weighs what was i rows before."""
    S = x.shape[2]
    return b + sum(w[i] * F.pad(x, (0, 0, i, 0))[:, :, :S]
                   for i in range(len(w)))


def prepared(c, own, q, k, v, first, places):
    """Queries, keys (B,heads,S,D) and values as heads read them."""
    if c.count("attention.conv"):
        q, k, v = (convolve(own(f"conv.{name}.weight"),
                            own(f"conv.{name}.bias"), y)
                   for name, y in (("query", q), ("key", k), ("value", v)))
    if c["attention.qk_norm"] == "rms":
        eps = c.number("attention.qk_norm_eps")
        q = own("qk_norm.query") * q / rms(q, eps=eps)
        k = own("qk_norm.key") * k / rms(k, eps=eps)
    elif c["attention.qk_norm"] == "rms_wide":
        eps = c.number("attention.qk_norm_eps")
        q, k = (own(name).view(y.shape[1], 1, c.D) * y /
                rms(y, (1, 3), eps)  # over heads and dimensions
                for name, y in (("qk_norm.query", q), ("qk_norm.key", k)))
    elif c["attention.qk_norm"] == "unit":
        q = q / q.norm(dim=-1, keepdim=True)
        k = k / k.norm(dim=-1, keepdim=True)
    if c["model.position"] == "rope":
        q, k = rotate(c, q, places), rotate(c, k, places)
    if c["attention.features"] == "elu1":
        q, k = F.elu(q) + 1, F.elu(k) + 1
    elif c["attention.features"] == "mlp":
        q, k = (torch.relu(y @ own("features.in").t()) @
                own("features.out").t() for y in (q, k))
    if c.is_on("attention.value_gate"):
        v = v * torch.sigmoid(v @ own("value_gate")).unsqueeze(-1)
    if c["attention.v_scale"] != "none":
        v = v * own("v_scale").view(1, -1, 1, 1)
    if c["attention.value_residual"] != "none" and first is not None:
        share = (0.5, 0.5)
        if c["attention.value_residual"] == "learned":
            share = own("value_residual")
        v = share[0] * first + share[1] * v
    return q, k, v


# --- heads -------------------------------------------------------------------

def flow(c, q, k, v):
    """Causal Flow-attention; sums over rows so far are cumulative sums."""
    e, bound = 1e-6, c.number("attention.flow_clamp")
    q, k = torch.sigmoid(q), torch.sigmoid(k)
    S = q.shape[2]
    n = torch.arange(1, S + 1).to(q).view(S, 1)

    def dot(x, y):
        return ((x + e) * (y + e)).sum(-1, keepdim=True)

    into = n / dot(q, k.cumsum(2))
    out = n / dot(k, q.cumsum(2))
    take = torch.sigmoid(dot(q, (k * out).cumsum(2)) / n)
    give = (dot(k, (q * into).cumsum(2)) / n).clamp(-bound, bound).exp()
    share = give / give.cumsum(2)
    pairs = (q @ k.transpose(-1, -2)).tril()
    return take * into / n * (pairs @ (n * share * v))


def column(c, own, q, s):
    """Scores (B,H,S,1) and values (H or 1,E) of the extra column; None."""
    kind, value = c["attention.bias"], None
    if kind in ("none", "value"):
        return None, None
    if kind == "logit":
        score = own("column_score").view(1, -1, 1, 1).expand(*s.shape[:3], 1)
        return score, None
    key = own("column_key")
    key = F.pad(key, (0, c.D - key.shape[1])).expand(c.H, c.D)
    score = score_scale(c) * (q @ key.unsqueeze(-1))
    fixed = c["attention.bias_value"]
    if kind == "key_value":
        value = own("column_value")
    elif fixed != "zero":
        value = torch.zeros(1, c.E).to(s)
        value[0, 0] = 1
        if fixed == "uniform":
            value[:] = c.E ** -0.5
        value = c.number("attention.bias_value_scale") * value
    return score, value


def rows(c, own, x, q, k, v, seen):
    """Heads that make weights from scores, row by row: (B,H,S,E)."""
    s = scores(c, own, x, q, k)
    n = seen.sum(-1, keepdim=True).to(s).expand(*s.shape[:3], 1)
    score, value = column(c, own, q, s)
    extra = score is not None
    if extra:
        s = torch.cat([score, s], -1)
        seen = F.pad(seen, (1, 0), value=True)
    a = normalised(c, weights(c, own, x, s, seen, n), n)
    c.rows.append((a, int(extra)))
    o = a[..., int(extra):] @ v
    if value is not None:
        o = o + a[..., :1] * value.unsqueeze(1)
    if c["attention.bias"] == "value":
        o = o + own("column_value").unsqueeze(1)
    return o


def differential(own, o, layer):
    q1, k1, q2, k2 = (own("lambda_" + name) for name in ("q1", "k1", "q2", "k2"))
    start = 0.8 - 0.6 * math.exp(-0.3 * layer)
    factor = torch.exp(q1 @ k1) - torch.exp(q2 @ k2) + start
    o = o[:, 0::2] - factor * o[:, 1::2]
    return (1 - start) * own("differential.gain") * o / rms(o)


def finished(c, own, x, o, v):
    """From heads' outputs (B,heads,S,E) to what the output matrix reads."""
    def by_head(name):
        z = x @ own(name + ".weight").t()
        if name != "gate":
            z = z + own(name + ".bias")
        return z.transpose(1, 2).unsqueeze(-1)

    if c.is_on("attention.exclusive"):
        unit = v / v.norm(dim=-1, keepdim=True)
        along = (o * unit).sum(-1, keepdim=True)
        o = o - torch.tanh(by_head("exclusive")) * along * unit
    if c.is_on("attention.head_norm"):
        o = own("head_norm.gain") * o / rms(o)
    B, heads, S, E = o.shape
    gate, per_head = c["attention.gate"], c["attention.gate_per"] == "head"
    if gate == "static":
        z = own("gate").view(heads, 1, -1)
        o = torch.sigmoid(z) * o
    elif gate == "input":
        z = x @ own("gate.weight").t()
        z = z.view(B, S, heads, 1 if per_head else E).transpose(1, 2)
        o = torch.sigmoid(z) * o
    if c.is_on("attention.context_scale"):
        o = 2 * torch.sigmoid(by_head("context_scale")) * o
    if c["attention.combine"] == "add":
        return o.sum(1)
    return o.transpose(1, 2).reshape(B, S, heads * E)


def attention(c, w, layer, x, seen, places, kept):
    """kept: the first block's values, put there by it."""
    name = f"block.{layer}.attention."

    def own(key):
        return w[name + key]

    B, S = x.shape[:2]
    qkv = linear(w, name + "qkv", x)
    q, k, v = qkv.split([c.H * c.D, c.K * c.D, c.K * c.D], -1)
    q = q.view(B, S, c.H, c.D).transpose(1, 2)
    k = k.view(B, S, c.K, c.D).transpose(1, 2)
    v = v.view(B, S, -1, c.E).transpose(1, 2)
    q, k, v = prepared(c, own, q, k, v, kept.get("v"), places)
    kept.setdefault("v", v)
    k = k.repeat_interleave(c.H // c.K, 1)
    own_v = v if c.in_pairs else v.repeat_interleave(c.H // c.K, 1)
    v = v.repeat_interleave(c.H // v.shape[1], 1)
    if c["attention.operation"] == "flow":
        o = flow(c, q, k, v)
    else:
        o = rows(c, own, x, q, k, v, seen)
    if c.in_pairs:
        o = differential(own, o, layer)
    return linear(w, name + "out", finished(c, own, x, o, own_v))


# --- the model -----------------------------------------------------------------

def sublayer(c, w, name, x, f):
    """x with f's share, and the norms where norm_place has them."""
    place = c["model.norm_place"]
    if place == "post":
        return norm(c, w, name, x + f(x))
    if place == "none":
        return x + f(x)
    if place == "behind":
        return x + norm(c, w, name + "_behind", f(x))
    y = f(norm(c, w, name, x))
    return x + (norm(c, w, name + "_behind", y) if place == "sandwich" else y)


def sinusoid(T, C):
    half = (C + 1) // 2
    rate = 10000 ** (-2 * torch.arange(half).double() / C)
    angle = torch.outer(torch.arange(T).double(), rate)
    return torch.cat([angle.sin(), angle.cos()[:, :C - half]], -1)


class Batch:
    """Tokens, what follows them and how much it counts, (B,T) each; where the
    document of each begins, and the place that it has for the model."""
    def __init__(self, arrays):
        self.tokens, self.targets = (
            arrays[name].long() for name in ("tokens", "targets"))
        self.weights = arrays["weights"]
        B, T = self.tokens.shape
        self.documents = arrays.get("documents",
                                    torch.zeros(B, T)).long()
        self.positions = arrays.get("positions",
                                    torch.arange(T).expand(B, T)).long()

    def places(self, R):
        """(B,R+T), registers in front"""
        front = torch.arange(R).expand(len(self.tokens), R)
        return torch.cat([front, R + self.positions], 1)


def logits_of(c, w, batch):
    """(B, scored rows, V)"""
    B, T = batch.tokens.shape
    x, kept = w["token.weight"][batch.tokens], {}
    if c["model.position"] == "learned":
        x = x + w["position.weight"][batch.positions]
    elif c["model.position"] == "sinusoid":
        x = x + sinusoid(T, c.C).to(x)[batch.positions]
    if c.R:
        x = torch.cat([w["register.weight"].expand(B, -1, -1), x], 1)
    places = batch.places(c.R)
    for layer in range(c.L):
        seen = visible(c, batch, layer)
        name = f"block.{layer}."
        start = x
        x = sublayer(c, w, name + "norm1", x,
                     lambda y: attention(c, w, layer, y, seen, places,
                                         kept))
        in_line = not c.is_on("model.parallel")
        y = sublayer(c, w, name + "norm2", x if in_line else start,
                     lambda y: feed_forward(c, w, name + "ffn.", y))
        x = y if in_line else x + y - start
        c.streams.append(x)
    if "final.gain" in w:
        x = norm(c, w, "final", x)
    head = w["token.weight" if c.is_on("model.tied_head") else "head.weight"]
    x = x[:, c.R + max(c.count("attention.prefix") - 1,
                       c.count("loss.from"), 0):]
    return x @ head.t()


def loss_of(logits, batch):
    """Mean over the scored rows by their weights, in nats."""
    log_p = logits.log_softmax(-1)
    targets = batch.targets[:, -logits.shape[1]:]
    nats = -log_p.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    return (nats * batch.weights[:, -logits.shape[1]:]).sum() / \
        batch.weights.sum()


def objective_of(c, w, batch, logits, loss):
    """loss and the terms of [loss], after as many updates as none."""
    def factor(name):
        return float(c["loss." + name].split()[0])

    def mean(rows):
        """Of (B, rows) at the sequences' ends, by their targets' weights."""
        counts = batch.weights[:, -rows.shape[1]:]
        return (rows * counts).sum() / batch.weights.sum()

    log_sum = logits.logsumexp(-1)
    targets = batch.targets[:, -logits.shape[1]:]
    chosen = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    terms = {"label_smoothing": mean(chosen - logits.mean(-1)),
             "z": mean(log_sum ** 2)}
    tau = c.number("loss.activation_tau") + 1e-6
    power, depth = c.number("loss.activation_power"), c.count("loss.hidden_depth")
    x = torch.stack([stream[:, c.R:] for stream in c.streams])
    terms["activation"] = mean(((x.abs() / tau) ** power).mean((0, -1)))
    norms = (x ** 2).mean(-1)
    terms["hidden_norm"] = mean(norms[depth - 1] if depth else norms.mean(0))
    terms["hidden_z"] = mean(x[-1].abs().logsumexp(-1) ** 2)
    terms["l2"] = sum((t ** 2).sum() / 2 for t in w.values()
                      if c["loss.l2_on"] == "all" or t.dim() > 1)
    if c.rows:
        of_rows = [c.R + extra for _, extra in c.rows]
        a = [rows[:, :, c.R:] for rows, _ in c.rows]
        first = [rows[..., at] for rows, at in zip(a, of_rows)]
        p = [rows / rows.sum(-1, keepdim=True) for rows in a]
        entropy = [-torch.where(q > 0, q * torch.where(q > 0, q, 1).log(),
                                0).sum(-1) for q in p]
        terms["entropy"] = mean(torch.stack(entropy).mean((0, 2)))
        terms["first_mass"] = mean(torch.stack(first).mean((0, 2)))
        rest = torch.stack([rows[..., extra:].sum(-1) - mass for rows, mass,
                            (_, extra) in zip(a, first, c.rows)])
        share = batch.weights / batch.weights.sum(-1, keepdim=True)
        m = (rest * share[:, None]).sum(-1)  # (L,B,H)
        balance = c.H * (m ** 2).sum(-1) / m.sum(-1) ** 2 - 1
        whole = batch.weights.sum(-1) / batch.weights.sum()
        terms["head_balance"] = (balance * whole).sum(-1).mean()
    return loss + sum(factor(name) * term for name, term in terms.items()
                      if factor(name))
