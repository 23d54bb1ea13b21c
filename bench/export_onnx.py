"""Writes the ONNX files that the other runtimes run, from the same checkpoint that bertlet reads.

    python export_onnx.py MODEL_FOLDER OUTPUT_FOLDER

MODEL_FOLDER holds a BERT encoder as Hugging Face files (config.json, model.safetensors). OUTPUT_FOLDER gets

    model.onnx                  f32. The graph of `optimum-cli export onnx` (torch.onnx.export of transformers' BertModel
                                with eager attention, opset 14), node for node where it costs time: layer norm and GELU are
                                decomposed as torch does, so that onnxruntime's own fusions find the patterns they know.
                                Only the bookkeeping of shapes is left out: `Reshape` to [0, 0, heads, size] instead of
                                Shape/Gather/Unsqueeze/Concat, which is what onnxruntime's ReshapeFusion makes of those.
    model_quantized.onnx        dynamic int8, as transformers.js's scripts/quantize.py makes the file of that name since
                                version 3: quantize_dynamic with signed weights and its defaults otherwise (weights with one
                                scale a tensor, unsigned activations likewise, MatMul with a constant factor and Gather, that
                                is the embedding tables, quantized). It is what `dtype: 'q8'` loads, and the fastest variant:
                                per_channel with reduce_range, or unsigned weights, gain no speed.

Files first fused by onnxruntime.transformers.optimizer (Attention, SkipLayerNormalization) were not faster either.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

OPSET = 14
# The lowest f32: what transformers adds to the score of a masked token.
MASKED = np.float32(np.finfo(np.float32).min)


class Graph:
    """A growing list of nodes; every method returns the name of its output."""

    def __init__(self):
        self.nodes, self.constants, self.names = [], {}, 0

    def constant(self, value, name=None):
        array = np.asarray(value)
        key = name or f"{array.dtype}_{array.tolist()}"
        self.constants.setdefault(key, numpy_helper.from_array(np.array(array, order="C"), key))
        return key

    def __call__(self, operator, *inputs, output=None, **attributes):
        self.names += 1
        output = output or f"{operator}_{self.names}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=f"node_{self.names}", **attributes))
        return output

    def number(self, value):
        return self.constant(np.float32(value))


def encoder(config, tensors):
    """BertModel: ids, mask and types [batch][sequence] to last_hidden_state [batch][sequence][hidden]."""
    if config["hidden_act"] != "gelu":
        raise SystemExit(f"this script writes GELU only, the model uses {config['hidden_act']}")
    hidden = config["hidden_size"]
    heads = config["num_attention_heads"]
    size = hidden // heads
    graph = Graph()

    def weight(name):
        return graph.constant(tensors[name], name)

    def linear(x, name):
        # torch.nn.Linear of a [batch, sequence, in] tensor is exported as MatMul with the transposed weight, then Add.
        transposed = graph.constant(tensors[f"{name}.weight"].T, f"{name}.weight_transposed")
        return graph("Add", weight(f"{name}.bias"), graph("MatMul", x, transposed))

    def layer_norm(x, name, output=None):
        centred = graph("Sub", x, graph("ReduceMean", x, axes=[-1]))
        variance = graph("ReduceMean", graph("Pow", centred, graph.number(2)), axes=[-1])
        deviation = graph("Sqrt", graph("Add", variance, graph.number(config["layer_norm_eps"])))
        scaled = graph("Mul", graph("Div", centred, deviation), weight(f"{name}.weight"))
        return graph("Add", scaled, weight(f"{name}.bias"), output=output)

    def gelu(x):
        erf = graph("Erf", graph("Div", x, graph.number(math.sqrt(2))))
        return graph("Mul", graph("Mul", x, graph("Add", erf, graph.number(1))), graph.number(0.5))

    def split_heads(x, order):
        shape = graph.constant(np.array([0, 0, heads, size]))
        return graph("Transpose", graph("Reshape", x, shape), perm=order)

    def attention(x, bias, name):
        query = split_heads(linear(x, f"{name}.self.query"), [0, 2, 1, 3])
        key = split_heads(linear(x, f"{name}.self.key"), [0, 2, 3, 1])
        value = split_heads(linear(x, f"{name}.self.value"), [0, 2, 1, 3])
        scores = graph("Div", graph("MatMul", query, key), graph.number(math.sqrt(size)))
        weights = graph("Softmax", graph("Add", scores, bias), axis=-1)
        context = graph("Transpose", graph("MatMul", weights, value), perm=[0, 2, 1, 3])
        return graph("Reshape", context, graph.constant(np.array([0, 0, hidden])))

    # 0 where a token may be looked at, the lowest f32 where not: [batch][1][1][sequence].
    mask = graph("Unsqueeze", graph("Unsqueeze", "attention_mask", graph.constant(np.array([1]))), graph.constant(np.array([2])))
    unmasked = graph("Sub", graph.number(1), graph("Cast", mask, to=TensorProto.FLOAT))
    bias = graph("Mul", unmasked, graph.number(MASKED))

    words = graph("Gather", weight("embeddings.word_embeddings.weight"), "input_ids")
    types = graph("Gather", weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
    length = graph("Gather", graph("Shape", "input_ids"), graph.constant(np.array(1)), axis=0)
    positions = graph(
        "Slice",
        graph.constant(np.arange(config["max_position_embeddings"])[None], "embeddings.position_ids"),
        graph.constant(np.array([0])),
        graph("Unsqueeze", length, graph.constant(np.array([0]))),
        graph.constant(np.array([1])),
    )
    places = graph("Gather", weight("embeddings.position_embeddings.weight"), positions)
    x = layer_norm(graph("Add", graph("Add", words, types), places), "embeddings.LayerNorm")

    last = config["num_hidden_layers"] - 1
    for index in range(last + 1):
        name = f"encoder.layer.{index}"
        attended = linear(attention(x, bias, f"{name}.attention"), f"{name}.attention.output.dense")
        x = layer_norm(graph("Add", attended, x), f"{name}.attention.output.LayerNorm")
        expanded = gelu(linear(x, f"{name}.intermediate.dense"))
        contracted = linear(expanded, f"{name}.output.dense")
        output = "last_hidden_state" if index == last else None
        x = layer_norm(graph("Add", contracted, x), f"{name}.output.LayerNorm", output)

    axes = ["batch_size", "sequence_length"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, axes)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    outputs = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*axes, hidden])]
    body = helper.make_graph(graph.nodes, "bert", inputs, outputs, list(graph.constants.values()))
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="bertlet-bench")


def main(source, target):
    source, target = Path(source), Path(target)
    target.mkdir(parents=True, exist_ok=True)
    config = json.loads((source / "config.json").read_text())
    tensors = {name.removeprefix("bert."): value for name, value in load_file(source / "model.safetensors").items()}

    model = encoder(config, tensors)
    onnx.checker.check_model(model, full_check=True)
    plain = target / "model.onnx"
    onnx.save(model, plain)
    quantize_dynamic(plain, target / "model_quantized.onnx", weight_type=QuantType.QInt8)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
