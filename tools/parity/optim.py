#!/usr/bin/env python3
"""Holds sinklab's optimizers against PyTorch's, or against the papers.

    tools/parity/optim.py NAME=DUMP...

DUMP is what tools/parity/optim.c writes: the weights of a small model before
and after some updates, and the gradients of each. Here the same gradients go
through torch.optim where it has the optimizer (AdamW, Adam, SGD, Adafactor,
Muon), else through a class written from the paper, all in float64. Prints a
line a dump: the worst tensor's largest difference over its largest entry, and
over its largest change. The former may be 1e-5, in double 1e-9. Where it is
more - eigenvectors of small eigenvalues are mostly rounding, and are stepped
along as far as the others - the same reference in float32 is held against
itself in float64, which is printed, too, and twice its error is allowed.
Exit status: 0, 1 if one differs, 3 without PyTorch.
"""
import math
import sys

try:
    import torch

    from arrays import read
except ImportError:
    print("parity: PyTorch or NumPy is not installed here; skipped")
    sys.exit(3)

import gpt

BOUNDS = {torch.float32: 1e-5, torch.float64: 1e-9}
GROUPS = ["matrices", "embedding", "head", "norms", "biases", "attention"]
MATRIX_OPTIMIZERS = ("muon", "soap", "shampoo")


# --- written from the papers ------------------------------------------------


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas, weight_decay):
        super().__init__(params, dict(lr=lr, betas=betas,
                                      weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * torch.sign(b1 * m + (1 - b1) * p.grad))
                m.copy_(b2 * m + (1 - b2) * p.grad)


class Signum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum, weight_decay):
        super().__init__(params, dict(lr=lr, momentum=momentum,
                                      weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                m.copy_(group["momentum"] * m
                        + (1 - group["momentum"]) * p.grad)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * torch.sign(m))


class Turned(torch.optim.Optimizer):
    """Adam in bases that a subclass gives: P g Q'."""

    def __init__(self, params, lr, betas, eps, weight_decay, **more):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps,
                                      weight_decay=weight_decay))
        self.t, self.more = 0, more

    def adam(self, group, p, P, Q, t):
        b1, b2 = group["betas"]
        s = self.state[p]
        h = P @ as_matrix(p.grad) @ Q.T
        if "m" not in s:
            s["m"], s["v"] = torch.zeros_like(h), torch.zeros_like(h)
        s["m"].mul_(b1).add_(h, alpha=1 - b1)
        s["v"].mul_(b2).add_(h * h, alpha=1 - b2)
        x = s["m"] / (1 - b1 ** t) / ((s["v"] / (1 - b2 ** t)).sqrt()
                                     + group["eps"])
        p.mul_(1 - group["lr"] * group["weight_decay"])
        p.sub_(group["lr"] * (P.T @ x @ Q).reshape(p.shape))


def as_matrix(x):
    return x.reshape(-1, x.shape[-1])


class OrthoAdam(Turned):
    @torch.no_grad()
    def step(self):
        self.t += 1
        for group in self.param_groups:
            for p in group["params"]:
                R, K = as_matrix(p).shape
                self.adam(group, p, self.more["rotation"](R),
                          self.more["rotation"](K), self.t)


class Sided(Turned):
    """A side longer than the longest that is turned keeps its axes."""

    def is_long(self, a):
        return len(a) > self.more["longest"]


class Soap(Sided):
    def first(self, a):
        n = len(a)
        if self.is_long(a):
            return torch.eye(n)
        q, shift = torch.eye(n), 0.1 * a.trace() / n
        for _ in range(10):
            q = torch.linalg.qr((q @ (a + shift * torch.eye(n))).T).Q.T
        return q

    def refined(self, q, a):
        if self.is_long(a):
            return q, torch.arange(len(a))
        order = torch.argsort((q @ a * q).sum(1), descending=True, stable=True)
        q = torch.linalg.qr((q[order] @ a).T).Q.T
        return q, order

    @torch.no_grad()
    def step(self):
        self.t += 1
        for group in self.param_groups:
            b2 = group["betas"][1]
            for p in group["params"]:
                s, g = self.state[p], p.grad
                if self.t > 1:
                    self.adam(group, p, s["P"], s["Q"], self.t - 1)
                else:
                    s["L"], s["R"] = g @ g.T * 0, g.T @ g * 0
                s["L"].mul_(b2).add_(g @ g.T, alpha=1 - b2)
                s["R"].mul_(b2).add_(g.T @ g, alpha=1 - b2)
                if self.t == 1:
                    s["P"], s["Q"] = self.first(s["L"]), self.first(s["R"])
                elif self.t % self.more["every"] == 0:
                    m = s["P"].T @ s["m"] @ s["Q"]
                    s["P"], i = self.refined(s["P"], s["L"])
                    s["Q"], j = self.refined(s["Q"], s["R"])
                    s["v"] = s["v"][i][:, j]
                    s["m"] = s["P"] @ m @ s["Q"].T


class Shampoo(Sided):
    def root(self, a):
        if self.is_long(a):
            return torch.eye(len(a))
        largest = a.abs().sum(1).max()
        values, q = torch.linalg.eigh(a + 1e-6 * largest * torch.eye(len(a)))
        return q @ torch.diag(values ** -0.25) @ q.T

    @torch.no_grad()
    def step(self):
        self.t += 1
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                s, g = self.state[p], p.grad
                if self.t == 1:
                    s["L"], s["R"], s["m"] = g @ g.T * 0, g.T @ g * 0, g * 0
                s["L"].mul_(b2).add_(g @ g.T, alpha=1 - b2)
                s["R"].mul_(b2).add_(g.T @ g, alpha=1 - b2)
                s["m"].mul_(b1).add_(g, alpha=1 - b1)
                if self.t == 1 or self.t % self.more["every"] == 0:
                    s["P"] = self.root(s["L"] / (1 - b2 ** self.t))
                    s["Q"] = self.root(s["R"] / (1 - b2 ** self.t))
                x = s["P"] @ (s["m"] / (1 - b1 ** self.t)) @ s["Q"]
                scale = math.sqrt(max(1, g.shape[0] / g.shape[1]))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * scale * x)


class ScheduleFree(torch.optim.Optimizer):
    """Parameters are x, as sinklab keeps them."""

    def __init__(self, params, lr, betas, eps, weight_decay):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps,
                                      weight_decay=weight_decay))
        self.t = 0

    @torch.no_grad()
    def step(self):
        self.t += 1
        for group in self.param_groups:
            b1, b2 = group["betas"]
            group["largest"] = max(group.get("largest", 0), group["lr"])
            weight = group["largest"] ** 2
            group["sum"] = group.get("sum", 0) + weight
            c = weight / group["sum"]
            for x in group["params"]:
                s = self.state[x]
                if self.t == 1:
                    s["z"], s["v"] = x.clone(), torch.zeros_like(x)
                y = (1 - b1) * s["z"] + b1 * x
                s["v"].mul_(b2).add_(x.grad ** 2, alpha=1 - b2)
                g = x.grad / ((s["v"] / (1 - b2 ** self.t)).sqrt()
                              + group["eps"])
                s["z"].sub_(group["lr"] * (g + group["weight_decay"] * y))
                x.copy_((1 - c) * x + c * s["z"])


def orthogonalised(grad, coefficients, steps, eps):
    """torch.optim._muon's, without its way through bfloat16."""
    a, b, c = coefficients
    x = grad.T if grad.size(0) > grad.size(1) else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        p = x @ x.T
        x = a * x + (b * p + c * p @ p) @ x
    return x.T if grad.size(0) > grad.size(1) else x


# --- sinklab's settings -----------------------------------------------------


def optimizer_of(name, config, params, lr, decay, rotation):
    def number(key):
        return config.number("optim." + key)
    adam = dict(lr=lr, weight_decay=decay, eps=number("eps"),
                betas=(number("beta1"), number("beta2")))
    nesterov = config["optim.nesterov"] == "yes"
    sides = dict(every=int(number("precondition_every")),
                 longest=int(number("precondition_max")))
    if name == "adamw":
        return torch.optim.AdamW(params, **adam)
    if name == "adam":
        return torch.optim.Adam(params, **adam)
    if name == "sgd":
        return Sgd(params, lr, number("momentum"), nesterov, decay)
    if name == "adafactor":
        return torch.optim.Adafactor(
            params, lr=lr, weight_decay=decay,
            eps=(torch.finfo(torch.float32).eps
                 if rotation.kind == torch.float32 else None, 1e-3))
    if name == "muon":
        return torch.optim.Muon(params, lr=lr, weight_decay=decay,
                                momentum=number("muon_momentum"),
                                nesterov=config["optim.muon_nesterov"] == "yes",
                                ns_steps=int(number("muon_steps")))
    if name == "lion":
        return Lion(params, lr, adam["betas"], decay)
    if name == "signum":
        return Signum(params, lr, number("momentum"), decay)
    if name == "orthoadam":
        return OrthoAdam(params, rotation=rotation, **adam)
    if name == "soap":
        return Soap(params, **sides, **adam)
    if name == "shampoo":
        return Shampoo(params, **sides, **adam)
    if name == "schedule-free":
        return ScheduleFree(params, **adam)
    raise SystemExit(f"no reference for {name}")


class Sgd(torch.optim.SGD):
    """PyTorch's, with decay decoupled: the weights shrink before it."""

    def __init__(self, params, lr, momentum, nesterov, decay):
        super().__init__(params, lr=lr, momentum=momentum, nesterov=nesterov)
        self.decay = decay

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * self.decay)
        super().step()


class Rotation:
    """The matrices of the dump, by size."""

    def __init__(self, dump, kind):
        self.kind = kind
        self.of = {int(name.split("/")[1]): x.to(torch.get_default_dtype())
                   for name, x in dump.items() if name.startswith("rotation/")}

    def __call__(self, n):
        return self.of.get(n, torch.eye(n))


def reference(dump, config, dtype):
    """Names and weights after all steps, computed in dtype."""
    torch.set_default_dtype(dtype)
    name = config["optim.name"]
    weights = {n[7:]: x.to(dtype, copy=True) for n, x in dump.items()
               if n.startswith("weight/")}
    kind = next(x.dtype for n, x in dump.items() if n.startswith("weight/"))
    rotation = Rotation(dump, kind)
    decay, clip = config.number("optim.weight_decay"), config.number("optim.clip")
    parts = []  # tensor, first row, rows, parameter
    for line in bytes(dump["parts"].tolist()).decode().splitlines():
        tensor, first, rows, cols, group = line.split()
        first, rows = int(first), int(rows)
        whole = as_matrix(weights[tensor])
        part = whole[first:first + rows].clone()
        if weights[tensor].dim() == 1:
            part = part[0]
        parts.append((tensor, first, rows, torch.nn.Parameter(part),
                      GROUPS[int(group)]))
    by_matrix = [p for *_, p, group in parts
                 if group == "matrices" and name in MATRIX_OPTIMIZERS]
    others = [p for *_, p, group in parts
              if not (group == "matrices" and name in MATRIX_OPTIMIZERS)]
    optimizers = []
    if by_matrix:
        optimizers.append(optimizer_of(name, config, by_matrix, 1, decay,
                                       rotation))
        name = config["optim.rest"]
    optimizers.append(optimizer_of(name, config, others, 1, decay, rotation))
    step = 1
    while f"{step}/lr" in dump:
        norm = dump[f"{step}/norm"].item()
        scale = clip / norm if 0 < clip < norm else 1
        for tensor, first, rows, p, _ in parts:
            g = as_matrix(dump[f"{step}/gradient/{tensor}"].to(dtype))
            p.grad = (scale * g[first:first + rows]).reshape(p.shape)
        for o in optimizers:
            for group in o.param_groups:
                group["lr"] = dump[f"{step}/lr"].item()
            o.step()
        step += 1
    for tensor, first, rows, p, _ in parts:
        as_matrix(weights[tensor])[first:first + rows] = as_matrix(p.detach())
    return weights


def errors(got, want, start):
    """Of the worst tensor: relative to its size, to its change; its name."""
    worst = (-1, 0, "")
    for name in want:
        far = (got[name].double() - want[name]).abs().max().item()
        size = max(want[name].abs().max().item(),
                   start[name].abs().max().item(), 1e-30)
        change = (want[name] - start[name]).abs().max().item()
        error = far / size if far == far else math.inf
        worst = max(worst, (error, far / max(change, 1e-30), name))
    return worst


def compare(path):
    """Errors as above, whether they will do, and the reference's own."""
    dump = read(path)
    config = gpt.Config(bytes(dump["config"].tolist()).decode())
    start, final = ({n[len(kind):]: x.double() for n, x in dump.items()
                     if n.startswith(kind)} for kind in ("weight/", "final/"))
    bound = BOUNDS[dump["weight/token.weight"].dtype]
    want = reference(dump, config, torch.float64)
    found, own = errors(final, want, start), 0
    if found[0] > bound and bound == BOUNDS[torch.float32]:
        rounded = reference(dump, config, torch.float32)
        own = errors(rounded, want, start)[0]
    return *found, own, found[0] <= max(bound, 2 * own)


def main():
    torch.set_num_threads(1)
    if hasattr(torch.optim, "_muon"):
        torch.optim._muon._zeropower_via_newtonschulz = orthogonalised
    agree = differ = 0
    print(f"{'optimizer':16} {'weights':>8} {'change':>8} {'own':>8}  worst of")
    for argument in sys.argv[1:]:
        name, _, path = argument.partition("=")
        error, change, tensor, own, is_good = compare(path)
        agree, differ = agree + is_good, differ + (not is_good)
        print(f"{name:16} {error:8.1e} {change:8.1e} "
              + (f"{own:8.1e}" if own else " " * 8) + f"  {tensor}"
              + ("" if is_good else "  DIFFERS"), flush=True)
    print(f"{agree} agree, {differ} differ")
    return 1 if differ or not agree else 0


sys.exit(main())
