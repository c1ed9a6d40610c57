"""What PyTorch needs for the same work, on one thread. Prints one line of JSON; the verb `peers` runs it.

    python3 torch_peer.py "4,32,1 8,64,1" "1 256" "32,64,64,128"
            shapes (inputs, units, layers)    batches    training (inputs, units, steps, batch)
"""
import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)


def best(action, seconds=0.4, per_round=0.002):
    """Nanoseconds per call: the best of many short rounds."""
    calls, began = 0, time.perf_counter()
    while time.perf_counter() - began < 0.15:
        action()
        calls += 1
    count = max(1, int(calls * per_round / 0.15))
    lowest, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(count):
            action()
        lowest = min(lowest, (time.perf_counter() - start) / count)
    return lowest * 1e9


def step(inputs, units, layers, batch):
    lstm = nn.LSTM(inputs, units, num_layers=layers).eval()
    x = torch.randn(1, batch, inputs)
    state = [torch.zeros(layers, batch, units), torch.zeros(layers, batch, units)]

    def once():
        _, (state[0], state[1]) = lstm(x, (state[0], state[1]))

    with torch.inference_mode():
        return best(once) / batch


def train(inputs, units, steps, batch):
    """Forward, loss, back, clip and Adam on chunks with carried state; processor time, so that other work on the machine does not count."""
    lstm, head = nn.LSTM(inputs, units), nn.Linear(units, inputs)
    parameters = [*lstm.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=1e-3)
    x, target = torch.randn(steps, batch, inputs), torch.randn(steps, batch, inputs)
    state = (torch.zeros(1, batch, units), torch.zeros(1, batch, units))

    def chunk(state):
        optimiser.zero_grad()
        y, state = lstm(x, state)
        nn.functional.mse_loss(head(y), target).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        return tuple(part.detach() for part in state)

    for _ in range(5):
        state = chunk(state)
    count, began = 0, time.process_time()
    while time.process_time() - began < 3:
        state = chunk(state)
        count += 1
    return (time.process_time() - began) / count / steps / batch * 1e9


def blas():
    """Which library multiplies matrices: a PyTorch on the reference BLAS is no peer."""
    try:
        with open("/proc/self/maps") as maps:
            found = sorted({line.split("/")[-1].strip() for line in maps if "blas" in line or "mkl" in line})
        if any("openblas" in line for line in open("/proc/self/maps")):
            return "OpenBLAS"
        return ", ".join(found) or "its own"
    except OSError:
        return "unknown"


shapes = [tuple(map(int, shape.split(","))) for shape in sys.argv[1].split()]
batches = [int(batch) for batch in sys.argv[2].split()]
print(json.dumps({
    "version": torch.__version__,
    "blas": blas(),
    "steps": [[step(*shape, batch) for batch in batches] for shape in shapes],
    "train": train(*map(int, sys.argv[3].split(","))),
}))
