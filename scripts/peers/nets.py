# SPDX-License-Identifier: Apache-2.0
"""Three real-time segmentation networks with random weights, written as ONNX: only their speed means something.

  a  MobileNetV2 1.0, 64-channel pyramid, one flow-aligned GridSample, channel and spatial attention; scores at 1/4
  b  two branches of dense 3x3 residual blocks with pooled context, as DDRNet-23-slim has them; scores at 1/8
  c  MobileNetV3-small with squeeze-and-excitation and an LR-ASPP head; scores at 1/8

Normalisation is folded and 19 classes are scored. The output is the class of every pixel, or with `scores` the scores.
"""
import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

CLASSES = 19


class Net:
    """A graph while it is written. Values are names; `shape` has channels, rows and columns of each."""

    def __init__(self, rows, columns, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.tensors = [], []
        self.shape = {"image": (3, rows, columns)}
        self.macs = 0

    def tensor(self, name, values):
        self.tensors.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, op, inputs, shape, **attributes):
        name = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self.shape[name] = shape
        return name

    def conv(self, x, out, size=3, stride=1, dilation=1, groups=1, relu=True, gain=1.7, bias=True):
        channels, rows, columns = self.shape[x]
        fan = channels // groups * size * size
        pad = dilation * (size // 2)
        rows, columns = [(n + 2 * pad - dilation * (size - 1) - 1) // stride + 1 for n in (rows, columns)]
        stem = f"conv{len(self.nodes)}"
        weight = self.random.normal(0, (gain / fan) ** 0.5, (out, channels // groups, size, size))
        inputs = [x, self.tensor(stem + ".weight", weight.astype(np.float32))]
        if bias:
            inputs.append(self.tensor(stem + ".bias", self.random.normal(0, 0.05, out).astype(np.float32)))
        self.macs += out * rows * columns * fan
        y = self.node("Conv", inputs, (out, rows, columns), kernel_shape=[size] * 2, strides=[stride] * 2,
                      dilations=[dilation] * 2, pads=[pad] * 4, group=groups)
        return self.relu(y) if relu else y

    def relu(self, x):
        return self.node("Relu", [x], self.shape[x])

    def curve(self, op, x, **attributes):
        return self.node(op, [x], self.shape[x], **attributes)

    def add(self, a, b):
        return self.node("Add", [a, b], self.shape[a])

    def mul(self, a, b):
        return self.node("Mul", [a, b], self.shape[a])

    def concat(self, parts):
        return self.node("Concat", parts, (sum(self.shape[p][0] for p in parts),) + self.shape[parts[0]][1:], axis=1)

    def mean(self, x):
        return self.node("GlobalAveragePool", [x], (self.shape[x][0], 1, 1))

    def pool(self, x, size, stride):
        channels, rows, columns = self.shape[x]
        rows, columns = [(n + 2 * (size // 2) - size) // stride + 1 for n in (rows, columns)]
        return self.node("AveragePool", [x], (channels, rows, columns), kernel_shape=[size] * 2,
                         strides=[stride] * 2, pads=[size // 2] * 4, count_include_pad=1)

    def resize(self, x, like):
        """To rows and columns of the value `like`."""
        size = self.shape[like][1:]
        if self.shape[x][1:] == size:
            return x
        sizes = self.tensor(f"sizes{len(self.nodes)}", np.array((1, self.shape[x][0]) + size, np.int64))
        return self.node("Resize", [x, "", "", sizes], (self.shape[x][0],) + size, mode="linear",
                         coordinate_transformation_mode="half_pixel", nearest_mode="floor")

    def model(self, name, scores, output):
        """`scores` resized to the picture and the best class taken, or as they are."""
        rows, columns = self.shape["image"][1:]
        if output == "classes":
            best = self.node("ArgMax", [self.resize(scores, "image")], (1, rows, columns), axis=1, keepdims=0)
            result = helper.make_tensor_value_info(best, TensorProto.INT64, [1, rows, columns])
        else:
            result = helper.make_tensor_value_info(scores, TensorProto.FLOAT, (1,) + self.shape[scores])
        picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, rows, columns])
        graph = helper.make_graph(self.nodes, name, [picture], [result], self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        for key, value in {"mean": "114.75", "scale": "0.01743"}.items():
            model.metadata_props.add(key=key, value=value)
        checker.check_model(model)
        return model


def inverted(net, x, out, stride, ratio):
    """MobileNetV2's block."""
    wide = net.shape[x][0] * ratio
    y = x if ratio == 1 else net.conv(x, wide, 1)
    y = net.conv(net.conv(y, wide, 3, stride, groups=wide), out, 1, relu=False)
    return net.add(x, y) if stride == 1 and net.shape[x][0] == out else y


def aligned(net, coarse, fine):
    """`coarse` brought up to `fine` along a flow that both predict."""
    channels, rows, columns = net.shape[fine]
    low, high = net.conv(fine, channels // 2, 1, relu=False), net.conv(coarse, channels // 2, 1, relu=False)
    flow = net.conv(net.concat([net.resize(high, fine), low]), 2, 3, relu=False, gain=0.15)
    turned = net.node("Transpose", [flow], None, perm=[0, 2, 3, 1])
    unit = net.tensor("flow.unit", np.array([1 / columns, 1 / rows], np.float32).reshape(1, 1, 1, 2))
    base = np.stack(np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows)), -1)[None].astype(np.float32)
    moved = net.node("Mul", [turned, unit], None)
    grid = net.node("Add", [net.tensor("flow.base", base), moved], None)
    return net.node("GridSample", [coarse, grid], (net.shape[coarse][0], rows, columns), mode="bilinear",
                    padding_mode="border", align_corners=1)


def net_a(net):
    x = net.conv("image", 32, 3, 2)
    taps = []
    for ratio, out, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                      (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(count):
            x = inverted(net, x, out, stride if i == 0 else 1, ratio)
        taps.append(x)
    f4, f8, f16, f32 = (net.conv(taps[i], 64, 1) for i in (1, 2, 4, 6))
    p16 = net.conv(net.add(f16, net.resize(f32, f16)), 64)
    p8 = net.conv(net.add(f8, net.resize(p16, f8)), 64)
    p4 = net.add(f4, aligned(net, p8, f4))
    every = net.concat([p4] + [net.resize(p, p4) for p in (p8, p16, f32)])
    gate = net.conv(net.conv(net.mean(every), 32, 1), 256, 1, relu=False)
    spot = net.conv(every, 1, 1, relu=False)
    mixed = net.add(net.mul(every, net.curve("Sigmoid", gate)), net.mul(every, net.curve("Sigmoid", spot)))
    return net.conv(net.conv(mixed, 64, 1), CLASSES, 1, relu=False)


def basic(net, x, out, stride=1, relu=True):
    y = net.conv(net.conv(x, out, 3, stride), out, relu=False)
    same = stride == 1 and net.shape[x][0] == out
    y = net.add(y, x if same else net.conv(x, out, 1, stride, relu=False))
    return net.relu(y) if relu else y


def stage(net, x, out, stride):
    """Two blocks, the last without its Relu."""
    return basic(net, basic(net, x, out, stride), out, relu=False)


def bottleneck(net, x, middle, stride):
    y = net.conv(net.conv(net.conv(x, middle, 1), middle, 3, stride), 2 * middle, 1, relu=False)
    return net.add(y, net.conv(x, 2 * middle, 1, stride, relu=False))


def pooled_context(net, x, middle, out):
    parts = [net.conv(x, middle, 1)]
    for size, stride in ((5, 2), (9, 4), (17, 8), (0, 0)):
        small = net.pool(x, size, stride) if size else net.mean(x)
        parts.append(net.conv(net.add(net.resize(net.conv(small, middle, 1), x), parts[-1]), middle))
    return net.add(net.conv(net.concat(parts), out, 1, relu=False), net.conv(x, out, 1, relu=False))


def net_b(net):
    x = net.relu(stage(net, net.conv(net.conv("image", 32, 3, 2), 32, 3, 2), 32, 1))
    x8 = net.relu(stage(net, x, 64, 2))
    low, high = stage(net, x8, 128, 2), stage(net, x8, 64, 1)
    mixed = net.add(low, net.conv(net.relu(high), 128, 3, 2, relu=False))
    high = net.add(high, net.resize(net.conv(net.relu(low), 64, 1, relu=False), x8))
    low, fine = stage(net, net.relu(mixed), 256, 2), stage(net, net.relu(high), 64, 1)
    mixed = net.add(low, net.conv(net.conv(net.relu(fine), 128, 3, 2), 256, 3, 2, relu=False))
    fine = net.add(fine, net.resize(net.conv(net.relu(low), 64, 1, relu=False), x8))
    fine = bottleneck(net, net.relu(fine), 64, 1)
    context = pooled_context(net, bottleneck(net, net.relu(mixed), 256, 2), 128, 128)
    joined = net.relu(net.add(net.resize(context, x8), fine))
    return net.conv(net.conv(joined, 64), CLASSES, 1, relu=False)


def squeezed(net, x):
    channels = net.shape[x][0]
    few = max(8, (channels // 4 + 4) // 8 * 8)
    gate = net.conv(net.conv(net.mean(x), few, 1), channels, 1, relu=False)
    return net.mul(x, net.curve("HardSigmoid", gate, alpha=1 / 6, beta=0.5))


def net_c(net):
    def block(x, wide, out, size, stride, gated, dilation=1):
        y = x if wide == net.shape[x][0] else net.conv(x, wide, 1)
        y = net.conv(y, wide, size, 1 if dilation > 1 else stride, dilation, groups=wide)
        y = net.conv(squeezed(net, y) if gated else y, out, 1, relu=False)
        return net.add(x, y) if stride == 1 and net.shape[x][0] == out else y

    x = block(net.conv("image", 16, 3, 2), 16, 16, 3, 2, True)
    low = x = block(block(x, 72, 24, 3, 2, False), 88, 24, 3, 1, False)
    for wide, out, stride, dilation in ((96, 40, 2, 1), (240, 40, 1, 1), (240, 40, 1, 1), (120, 48, 1, 1),
                                        (144, 48, 1, 1), (288, 96, 2, 2), (576, 96, 1, 2), (576, 96, 1, 2)):
        x = block(x, wide, out, 5, stride, True, dilation)
    x = net.conv(x, 576, 1)
    gate = net.curve("Sigmoid", net.conv(net.mean(x), 128, 1, relu=False, bias=False))
    y = net.resize(net.mul(net.conv(x, 128, 1), gate), low)
    return net.add(net.conv(low, CLASSES, 1, relu=False), net.conv(y, CLASSES, 1, relu=False))


NETS = {"a": net_a, "b": net_b, "c": net_c}


def build(name, rows, columns, output="classes"):
    """A model, and its multiply-adds."""
    net = Net(rows, columns, seed=1)
    scores = NETS[name](net)
    return net.model(name, scores, output), net.macs
