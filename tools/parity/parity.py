#!/usr/bin/env python3
"""Holds sinklab's logits, loss and gradients against PyTorch's.

    tools/parity/parity.py NAME=DUMP...

DUMP is what tools/parity/dump.c writes. From the weights in it, gpt.py computes
the same in the same precision, and automatic differentiation the gradients.
Prints a line a dump with the errors and the tensor that is farthest off, then
"N agree, N differ". Exit status: 0, 1 if one differs, 3 without PyTorch.

Errors are relative: of the loss and the objective, the larger, to themselves (bound 1e-5), of logits and of each
tensor's gradient to the largest entry (bound 1e-4).
"""
import sys

try:
    import torch

    from arrays import error, read
except ImportError:
    print("parity: PyTorch or NumPy is not installed here; skipped")
    sys.exit(3)

import gpt

LOSS_BOUND, BOUND = 1e-5, 1e-4


def compare(path):
    """Errors of loss, logits, gradients, and the name of the worst tensor."""
    dump = read(path)
    config = gpt.Config(bytes(dump["config"].tolist()).decode())
    w = {name[7:]: x.requires_grad_() for name, x in dump.items()
         if name.startswith("weight/")}
    # a state is no weight: what stands for its gradient is what it follows
    states = [name for name in w if name.endswith("mean_alpha")]
    names = [name for name in w if name not in states]
    torch.set_default_dtype(dump["logits"].dtype)
    batch = gpt.Batch(dump)
    logits = gpt.logits_of(config, w, batch)
    loss = gpt.loss_of(logits, batch)
    objective = gpt.objective_of(config, w, batch, logits, loss)
    gradients = torch.autograd.grad(objective, [w[name] for name in names],
                                    allow_unused=True)
    errors = {}
    for name, g in zip(names, gradients):
        g = torch.zeros_like(w[name]) if g is None else g
        errors[name] = error(dump["gradient/" + name], g)
    for name, mean in zip(states, config.followed):
        errors[name] = error(dump["gradient/" + name].flatten(), mean)
    worst = max(names + states, key=lambda name: (errors[name] != errors[name],
                                         errors[name]))  # a NaN is worst
    far = max(error(dump["loss"], loss), error(dump["objective"], objective))
    return (far, error(dump["logits"], logits),
            errors[worst], worst)


def main():
    torch.set_num_threads(1)
    agree = differ = 0
    print(f"{'variant':24} {'loss':>8} {'logits':>8} {'gradient':>8}  worst of")
    for argument in sys.argv[1:]:
        name, _, path = argument.partition("=")
        loss, logits, gradient, worst = compare(path)
        is_good = loss <= LOSS_BOUND and logits <= BOUND and gradient <= BOUND
        agree, differ = agree + is_good, differ + (not is_good)
        print(f"{name:24} {loss:8.1e} {logits:8.1e} {gradient:8.1e}  {worst}"
              + ("" if is_good else "  DIFFERS"), flush=True)
    print(f"{agree} agree, {differ} differ")
    return 1 if differ or not agree else 0


sys.exit(main())
