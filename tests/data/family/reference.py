"""Computes expected.json of each folder beside this file: 15 steps of a tiny model in PyTorch, float64, from its initial.safetensors.

    python3 reference.py        needs torch, numpy and h5py

Written from the definitions in docs/configuration.md and their papers, layer by layer: no part of the program is used.
"""
import json
import math
import os
import struct

import h5py
import numpy
import torch

torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))
HEADS, HEAD, LAYERS, STEPS, BATCH, RATE = 4, 8, 2, 15, 4, 0.004
MUP = {"alibi": True, "gate": torch.nn.functional.silu, "mup": True, "embeddings": 2.5, "logits": 1.7 * 16 / 32, "scale": 3 / HEAD}
RUNS = {
    "alibi-swiglu-mup": MUP,
    "mup-random75": {**MUP, "initial": "alibi-swiglu-mup", "random": 0.75, "seed": 1234, "base_density": 1},
    "mup-gmp": {**MUP, "initial": "alibi-swiglu-mup", "gmp": {2: 0.3, 5: 0.6, 8: 0.8, 11: 0.9}, "base_density": 0.5},
    "rotary-geglu-mqa": {"rotary": 4, "gate": torch.nn.functional.gelu, "groups": 1},
    "gptj": {"rotary": 8, "parallel": "norm1"},
    "gpt-neox": {"rotary": 8, "parallel": "norm3"},
}


def load(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    return {
        name: torch.frombuffer(bytearray(data[slice(*entry["data_offsets"])]), dtype=torch.float32)
        .reshape(entry["shape"]).to(torch.float64).requires_grad_()
        for name, entry in tensors.items()
    }


class Model:
    def __init__(self, parameters, settings):
        self.p, self.settings = parameters, settings

    def linear(self, name, x):
        y = x @ self.p[name + ".weight"].T
        return y + self.p[name + ".bias"] if name + ".bias" in self.p else y

    def norm(self, name, x):
        centred = x - x.mean(-1, keepdim=True)
        y = centred / torch.sqrt((centred ** 2).mean(-1, keepdim=True) + 1e-5) * self.p[name + ".weight"]
        return y + self.p[name + ".bias"] if name + ".bias" in self.p else y

    def turn(self, x):
        dimensions = self.settings["rotary"]
        frequencies = 10000.0 ** (-2 * torch.arange(dimensions // 2) / dimensions)
        angles = (torch.arange(x.shape[1])[:, None] * frequencies)[None, :, None]
        pairs = x[..., :dimensions].unflatten(-1, (-1, 2))
        a, b = pairs[..., 0], pairs[..., 1]
        turned = torch.stack((a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()), -1).flatten(-2)
        return torch.cat((turned, x[..., dimensions:]), -1)

    def attention(self, name, x):
        groups = self.settings.get("groups", HEADS)
        q = self.linear(name + ".proj_q_dense_layer", x).unflatten(-1, (HEADS, HEAD))
        k = self.linear(name + ".proj_k_dense_layer", x).unflatten(-1, (groups, HEAD))
        v = self.linear(name + ".proj_v_dense_layer", x).unflatten(-1, (groups, HEAD))
        if "rotary" in self.settings:
            q, k = self.turn(q), self.turn(k)
        k, v = (y.repeat_interleave(HEADS // groups, 2) for y in (k, v))
        scores = self.settings.get("scale", HEAD ** -0.5) * torch.einsum("bihd,bjhd->bhij", q, k)
        place = torch.arange(x.shape[1])
        if "alibi" in self.settings:
            slopes = torch.tensor([2 ** (-8 * (head + 1) / HEADS) for head in range(HEADS)])
            scores = scores - slopes[:, None, None] * (place[:, None] - place)
        scores = scores.masked_fill(place > place[:, None], -math.inf)
        return self.linear(name + ".proj_output_dense_layer", torch.einsum("bhij,bjhd->bihd", scores.softmax(-1), v).flatten(-2))

    def feed_forward(self, name, x):
        middle = self.linear(name + ".0.linear_layer", x)
        if "gate" in self.settings:
            middle = middle * self.settings["gate"](self.linear(name + ".0.linear_layer_for_glu", x))
        else:
            middle = torch.nn.functional.gelu(middle)
        return self.linear(name + ".1.linear_layer", middle)

    def loss(self, ids, mask, labels):
        words = self.p["model.embedding_layer.word_embeddings.weight"]
        x = words[ids] * self.settings.get("embeddings", 1)
        for layer in range(LAYERS):
            name = f"model.transformer_decoder.layers.{layer}"
            attended = x + self.attention(name + ".self_attn", self.norm(name + ".norm1", x))
            normalized = self.norm(name + ".norm3", attended) if "parallel" not in self.settings else self.norm(f"{name}.{self.settings['parallel']}", x)
            x = attended + self.feed_forward(name + ".ffn.ffn", normalized)
        logits = self.norm("model.ln_f", x) @ self.p.get("model.lm_head.weight", words).T
        logits = self.settings.get("logits", 1) * (logits + self.p.get("model.lm_head.bias", torch.zeros(1)))
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        return (losses * mask.flatten()).sum() / mask.sum()


def is_linear(name):
    return name.endswith("_layer.weight") or name.endswith("_for_glu.weight")


def rate_of(name, settings, mask):
    """muP: base hidden size 16 for 32, base filter size 24 for 48. Sparse muP: the base density over the weight's own."""
    if "mup" not in settings or not is_linear(name):
        return RATE
    rate = RATE * (24 / 48 if "ffn.ffn.1." in name else 16 / 32)
    return rate * settings["base_density"] / mask.mean().item() if "base_density" in settings else rate


def largest(scores, sparsity):
    """1 for the share of the scores that is kept: the highest ones."""
    kept = scores.numel() - round(sparsity * scores.numel())
    order = scores.flatten().sort(descending=True, stable=True)
    mask = torch.zeros(scores.numel())
    mask[order.indices[:kept]] = 1
    return mask.reshape(scores.shape)


def first_masks(parameters, settings):
    masks = {key: torch.ones_like(value) for key, value in parameters.items()}
    for index, key in enumerate(parameters):
        if "random" in settings and is_linear(key):
            scores = numpy.random.default_rng(settings["seed"] + index).random(tuple(parameters[key].shape), numpy.float32)
            masks[key] = largest(torch.tensor(scores, dtype=torch.float32), settings["random"])
    return masks


def run(name, settings):
    parameters = load(os.path.join(HERE, settings.get("initial", name), "initial.safetensors"))
    masks = first_masks(parameters, settings)
    with torch.no_grad():
        for key, weight in parameters.items():
            weight *= masks[key]
    model = Model(parameters, settings)
    first = {key: torch.zeros_like(value) for key, value in parameters.items()}
    second = {key: torch.zeros_like(value) for key, value in parameters.items()}
    with h5py.File(os.path.join(HERE, "..", "tiny-llama", "train", "data-00000.h5")) as file:
        samples = torch.tensor(file["data"][()].astype("int64"))
    steps = []
    for step in range(1, STEPS + 1):
        batch = samples[(step - 1) * BATCH % len(samples):][:BATCH]
        loss = model.loss(batch[:, 0], batch[:, 1], batch[:, 2])
        gradients = {key: masks[key] * gradient for key, gradient in zip(parameters, torch.autograd.grad(loss, list(parameters.values())))}
        norm = math.sqrt(sum((gradient ** 2).sum() for gradient in gradients.values()))
        steps.append({"step": step, "loss": loss.item(), "grad_norm": norm, "lr": RATE})
        with torch.no_grad():
            for key, weight in parameters.items():
                gradient = gradients[key] * min(1, 1 / (norm + 1e-6))
                first[key].mul_(0.9).add_(0.1 * gradient)
                second[key].mul_(0.95).add_(0.05 * gradient ** 2)
                update = first[key] / (second[key].sqrt() + 1e-8) * math.sqrt(1 - 0.95 ** step) / (1 - 0.9 ** step)
                decay = 0 if key.endswith(".bias") or weight.dim() == 1 else 0.1
                weight -= rate_of(key, settings, masks[key]) * (update + decay * weight)
                if step in settings.get("gmp", {}) and is_linear(key):
                    masks[key] = largest(weight.abs(), settings["gmp"][step])
                    for tensor in (weight, first[key], second[key]):
                        tensor *= masks[key]
    with open(os.path.join(HERE, name, "expected.json"), "w", encoding="utf-8") as file:
        json.dump({"steps": steps}, file, indent=1)
        file.write("\n")
    print(name, steps[-1])


for run_name, run_settings in RUNS.items():
    run(run_name, run_settings)
