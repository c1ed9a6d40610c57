"""Makes lstm.json and gru.json: outputs and gradients of PyTorch's cells (float64, printed to 9 digits), which the C# tests are held against.

    python3 make_golden.py lstm > lstm.json; python3 make_golden.py gru > gru.json        (PyTorch 1.13 of Debian 12 made the files that are checked in)

Two chunks with the state carried and detached between them, as truncated back-propagation does; the loss is sum(h * dh) over all steps.
"""
import json
import sys
import torch

INPUTS, UNITS, BATCH, STEPS, CUT = 3, 5, 2, 64, 40
CELL = sys.argv[1]


def numbers(tensor):
    return [float("%.9g" % v) for v in tensor.detach().reshape(-1).tolist()]


def rounded(tensor):
    """To float32, so that the C# test starts from exactly the same numbers."""
    return tensor.float().double()


torch.manual_seed(1)
net = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[CELL](INPUTS, UNITS).double()
with torch.no_grad():
    for parameter in net.parameters():
        parameter.copy_(rounded(parameter))
    if CELL == "lstm":
        net.bias_hh_l0.zero_()
        net.bias_ih_l0[UNITS:2 * UNITS] += 1
    else:
        net.bias_hh_l0[:2 * UNITS] = 0  # those of r and z are one bias in two arrays; that of the candidate stays
    net.bias_ih_l0.copy_(rounded(net.bias_ih_l0))


def biases(of_inputs, of_hidden):
    return numbers(of_inputs) + ([] if CELL == "lstm" else numbers(of_hidden[2 * UNITS:]))


x = rounded(torch.randn(STEPS, BATCH, INPUTS, dtype=torch.float64) * 1.5).requires_grad_()
dh = rounded(torch.randn(STEPS, BATCH, UNITS, dtype=torch.float64))
h, c = rounded(torch.randn(1, BATCH, UNITS, dtype=torch.float64) * 0.5), rounded(torch.randn(1, BATCH, UNITS, dtype=torch.float64))
state = (h, c) if CELL == "lstm" else (h,)
first = [part.clone() for part in state]
outputs = []
for chunk in (slice(0, CUT), slice(CUT, STEPS)):
    out, last = net(x[chunk], state if CELL == "lstm" else state[0])
    (out * dh[chunk]).sum().backward()
    outputs.append(out.detach())
    state = tuple(part.detach() for part in (last if CELL == "lstm" else (last,)))

golden = {
    "inputs": INPUTS, "units": UNITS, "batch": BATCH, "steps": STEPS, "cut": CUT,
    "w": numbers(net.weight_ih_l0), "u": numbers(net.weight_hh_l0), "b": biases(net.bias_ih_l0, net.bias_hh_l0),
    "x": numbers(x), "h0": numbers(first[0]), "hs": numbers(torch.cat(outputs)), "h": numbers(state[0]),
    "dh": numbers(dh), "dw": numbers(net.weight_ih_l0.grad), "du": numbers(net.weight_hh_l0.grad), "db": biases(net.bias_ih_l0.grad, net.bias_hh_l0.grad), "dx": numbers(x.grad),
}
if CELL == "lstm":
    golden.update(c0=numbers(first[1]), c=numbers(state[1]))
print(json.dumps(golden))
