"""Makes lstm.json: outputs and gradients of PyTorch's LSTM (float64, printed to 9 digits), which the C# tests are held against.

    python3 make_golden.py > lstm.json        (PyTorch 1.13 of Debian 12 made the file that is checked in)

Two chunks with the state carried and detached between them, as truncated back-propagation does; the loss is sum(h * dh) over all steps.
"""
import json
import torch

INPUTS, UNITS, BATCH, STEPS, CUT = 3, 5, 2, 64, 40


def numbers(tensor):
    return [float("%.9g" % v) for v in tensor.detach().reshape(-1).tolist()]


def rounded(tensor):
    """To float32, so that the C# test starts from exactly the same numbers."""
    return tensor.float().double()


torch.manual_seed(1)
lstm = torch.nn.LSTM(INPUTS, UNITS).double()
with torch.no_grad():
    for parameter in lstm.parameters():
        parameter.copy_(rounded(parameter))
    lstm.bias_hh_l0.zero_()
    lstm.bias_ih_l0[UNITS:2 * UNITS] += 1
    lstm.bias_ih_l0.copy_(rounded(lstm.bias_ih_l0))

x = rounded(torch.randn(STEPS, BATCH, INPUTS, dtype=torch.float64) * 1.5).requires_grad_()
dh = rounded(torch.randn(STEPS, BATCH, UNITS, dtype=torch.float64))
h, c = rounded(torch.randn(1, BATCH, UNITS, dtype=torch.float64) * 0.5), rounded(torch.randn(1, BATCH, UNITS, dtype=torch.float64))
first = (h.clone(), c.clone())
outputs = []
for chunk in (slice(0, CUT), slice(CUT, STEPS)):
    out, (h, c) = lstm(x[chunk], (h, c))
    (out * dh[chunk]).sum().backward()
    outputs.append(out.detach())
    h, c = h.detach(), c.detach()

print(json.dumps({
    "inputs": INPUTS, "units": UNITS, "batch": BATCH, "steps": STEPS, "cut": CUT,
    "w": numbers(lstm.weight_ih_l0), "u": numbers(lstm.weight_hh_l0), "b": numbers(lstm.bias_ih_l0),
    "x": numbers(x), "h0": numbers(first[0]), "c0": numbers(first[1]),
    "hs": numbers(torch.cat(outputs)), "h": numbers(h), "c": numbers(c),
    "dh": numbers(dh), "dw": numbers(lstm.weight_ih_l0.grad), "du": numbers(lstm.weight_hh_l0.grad), "db": numbers(lstm.bias_ih_l0.grad), "dx": numbers(x.grad),
}))
