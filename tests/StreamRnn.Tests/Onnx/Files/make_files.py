"""Makes the *.onnx files of this folder with PyTorch's own exporter, and expected.json: what goes in and what PyTorch makes of it.

    python3 make_files.py        (PyTorch 1.13, onnx 1.12 of Debian 12 made the files that are checked in)

keras-plumbing.onnx is put together node by node, as tf2onnx writes Keras' LSTM and Dense (batch first, Dense by way of a reshape to rows).
"""
import json
import sys
import warnings

import numpy
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

warnings.filterwarnings("ignore")
STEPS, BATCH, INPUTS, UNITS = 6, 2, 3, 5
expected = {}


class Net(nn.Module):
    """A recurrent layer (or several) and a head. states: h0 (and c0) come in and go out; last: only the last step goes to the head."""

    def __init__(self, kind, head=None, layers=1, batch_first=False, states=0, last=False):
        super().__init__()
        self.recurrent = kind(INPUTS, UNITS, num_layers=layers, batch_first=batch_first)
        self.head = head
        self.batch_first, self.states, self.last = batch_first, states, last

    def forward(self, x, *state):
        if self.states == 2:
            y, state = self.recurrent(x, state)
        elif self.states == 1:
            y, state = self.recurrent(x, *state)
            state = (state,)
        else:
            y, _ = self.recurrent(x)
        if self.last:
            y = y[:, -1] if self.batch_first else y[-1]
        if self.head is not None:
            y = self.head(y)
        return (y, *state) if self.states else y


class Change(Net):
    """Predicts the change from the row that goes in."""

    def forward(self, x):
        return x + super().forward(x)


def numbers(tensor):
    return [float("%.9g" % v) for v in tensor.detach().reshape(-1).tolist()]


def note(name, x, y, batch_first, last):
    """All in the order time, batch, values."""
    if batch_first:
        x = x.transpose(0, 1)
        y = y if last else y.transpose(0, 1)
    expected[name] = {"inputs": x.shape[2], "outputs": y.shape[-1], "last": last, "x": numbers(x), "y": numbers(y)}


def export(name, net, **options):
    net.eval()
    order = ("batch", "time") if net.batch_first else ("time", "batch")
    x = torch.randn(*((BATCH, STEPS) if net.batch_first else (STEPS, BATCH)), INPUTS)
    layers = net.recurrent.num_layers
    state = tuple(torch.zeros(layers, BATCH, UNITS) for _ in range(net.states))
    y = net(x, *state)
    note(name, x, y[0] if net.states else y, net.batch_first, net.last)
    outputs = ["y", "hn", "cn"][:1 + net.states]
    axes = {"x": dict(enumerate(order)), "y": {0: "batch"} if net.last else dict(enumerate(order))}
    axes.update({s: {1: "batch"} for s in ["h0", "c0", "hn", "cn"]})
    axes = {k: v for k, v in axes.items() if k in ["x", "h0", "c0"][:1 + net.states] + outputs}
    if options.pop("fixed", False):
        axes = None
    torch.onnx.export(net, (x, *state), name + ".onnx", input_names=["x", "h0", "c0"][:1 + net.states], output_names=outputs, dynamic_axes=axes, **options)


def keras_plumbing():
    lstm, dense = nn.LSTM(INPUTS, UNITS), nn.Linear(UNITS, 2)
    x = torch.randn(STEPS, BATCH, INPUTS)
    note("keras-plumbing", x, torch.sigmoid(dense(lstm(x)[0])), False, False)

    def gates(tensor):
        i, f, g, o = tensor.detach().numpy().reshape(4, UNITS, -1)
        return numpy.concatenate([i, o, f, g]).astype(numpy.float32)

    def ints(name, *values):
        return numpy_helper.from_array(numpy.array(values, dtype=numpy.int64), name)

    constants = [
        numpy_helper.from_array(gates(lstm.weight_ih_l0)[None], "W"),
        numpy_helper.from_array(gates(lstm.weight_hh_l0)[None], "R"),
        numpy_helper.from_array(numpy.concatenate([gates(lstm.bias_ih_l0).ravel(), gates(lstm.bias_hh_l0).ravel()])[None], "B"),
        numpy_helper.from_array(dense.weight.detach().numpy().T.copy(), "kernel"),
        numpy_helper.from_array(dense.bias.detach().numpy(), "bias"),
        ints("one", 1), ints("zero", 0), ints("two", 2), ints("rows", -1, UNITS), ints("width", 2), ints("units", UNITS),
        numpy_helper.from_array(numpy.zeros(1, dtype=numpy.float32), "nought"),
    ]
    nodes = [
        helper.make_node("Shape", ["input"], ["shape"]),
        helper.make_node("Slice", ["shape", "zero", "one"], ["batch"]),
        helper.make_node("Concat", ["one", "batch", "units"], ["state_shape"], axis=0),
        helper.make_node("Expand", ["nought", "state_shape"], ["state"]),
        helper.make_node("Transpose", ["input"], ["timed"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["timed", "W", "R", "B", "", "state", "state"], ["Y", "Y_h", ""], hidden_size=UNITS, direction="forward", activations=["Sigmoid", "Tanh", "Tanh"]),
        helper.make_node("Squeeze", ["Y", "one"], ["hidden"]),
        helper.make_node("Transpose", ["hidden"], ["batched"], perm=[1, 0, 2]),
        helper.make_node("Shape", ["batched"], ["batched_shape"]),
        helper.make_node("Slice", ["batched_shape", "zero", "two"], ["leading"]),
        helper.make_node("Concat", ["leading", "width"], ["final_shape"], axis=0),
        helper.make_node("Reshape", ["batched", "rows"], ["flat"]),
        helper.make_node("MatMul", ["flat", "kernel"], ["product"]),
        helper.make_node("Reshape", ["product", "final_shape"], ["shaped"]),
        helper.make_node("Add", ["shaped", "bias"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["dense"]),
    ]
    port = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "time", width])
    graph = helper.make_graph(nodes, "keras", [port("input", INPUTS)], [port("dense", 2)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    onnx.checker.check_model(model)
    onnx.save(model, "keras-plumbing.onnx")


torch.manual_seed(1)
export("lstm", Net(nn.LSTM, nn.Linear(UNITS, 2)))
export("lstm-fixed-shape", Net(nn.LSTM, nn.Linear(UNITS, 2), batch_first=True), fixed=True)
export("lstm-two-layers-states", Net(nn.LSTM, nn.Linear(UNITS, 2), layers=2, states=2))
export("lstm-alone-states", Net(nn.LSTM, states=2))
export("lstm-last-step-classes", Net(nn.LSTM, nn.Sequential(nn.Linear(UNITS, 4), nn.ReLU(), nn.Dropout(0.2), nn.Linear(4, 3), nn.Softmax(dim=-1)), batch_first=True, last=True))
export("lstm-opset-9", Net(nn.LSTM, nn.Sequential(nn.Tanh(), nn.Linear(UNITS, 2))), opset_version=9)
export("gru", Net(nn.GRU, nn.Linear(UNITS, 2)))
export("gru-two-layers-unfolded", Net(nn.GRU, nn.Linear(UNITS, 1), layers=2), opset_version=16, do_constant_folding=False)
export("rnn-states", Net(nn.RNN, nn.Sequential(nn.Linear(UNITS, 2), nn.Sigmoid()), states=1))
keras_plumbing()
export("lstm-change", Change(nn.LSTM, nn.Linear(UNITS, INPUTS), batch_first=True))
json.dump(expected, open("expected.json", "w"))
sys.stdout.write("".join("%s\n" % name for name in expected))
