"""What dump.c and optim.c write, and how far apart two arrays are."""
import math

import numpy
import torch


def read(path):
    """Arrays by name: a line of name, type and shape, then the numbers."""
    arrays = {}
    with open(path, "rb") as dump:
        for line in dump:
            name, kind, *shape = line.decode().split()
            shape, kind = [int(n) for n in shape], numpy.dtype(kind)
            raw = dump.read(math.prod(shape) * kind.itemsize)
            arrays[name] = torch.from_numpy(
                numpy.frombuffer(raw, kind).reshape(shape).copy())
    return arrays


def error(ours, theirs):
    """The largest difference over their largest entry."""
    theirs = theirs.detach().double()
    far = (ours.double() - theirs).abs().max().item()
    largest = theirs.abs().max().item()
    if far == 0:
        return 0.0
    return far / largest if largest > 0 else math.inf
