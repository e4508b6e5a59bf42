"""Times dense training steps of a GPT in PyTorch on the CPU: one line of milliseconds for each line read.

    python3 pytorch_step.py HIDDEN FILTER HEADS LAYERS VOCABULARY BATCH SEQUENCE THREADS

The model is the one that SparseEngine.Benchmarks trains: pre-norm decoder layers with causal attention, GELU, tied head;
float32, AdamW, clipping to a global norm of 1.
"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional

WARM_UPS = 2


def attend(q, k, v):
    if hasattr(functional, "scaled_dot_product_attention"):
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    return torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1) @ v


class Layer(nn.Module):
    def __init__(self, hidden, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm3 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.qkv, self.projection = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.ffn = nn.Sequential(nn.Linear(hidden, width), nn.GELU(), nn.Linear(width, hidden))

    def forward(self, x):
        batch, sequence, hidden = x.shape
        q, k, v = (t.view(batch, sequence, self.heads, -1).transpose(1, 2) for t in self.qkv(self.norm1(x)).split(hidden, dim=2))
        x = x + self.projection(attend(q, k, v).transpose(1, 2).reshape(batch, sequence, hidden))
        return x + self.ffn(self.norm3(x))


class Model(nn.Module):
    def __init__(self, hidden, width, heads, layers, vocabulary, sequence):
        super().__init__()
        self.words, self.positions = nn.Embedding(vocabulary, hidden), nn.Embedding(sequence, hidden)
        self.layers, self.norm = nn.ModuleList(Layer(hidden, width, heads) for _ in range(layers)), nn.LayerNorm(hidden)

    def forward(self, ids):
        x = self.words(ids) + self.positions.weight
        for layer in self.layers:
            x = layer(x)
        return functional.linear(self.norm(x), self.words.weight)


def main():
    hidden, width, heads, layers, vocabulary, batch, sequence, threads = (int(word) for word in sys.argv[1:9])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = Model(hidden, width, heads, layers, vocabulary, sequence)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    ids, labels = (torch.randint(vocabulary, (batch, sequence)) for _ in range(2))

    def step():
        optimizer.zero_grad()
        functional.cross_entropy(model(ids).view(-1, vocabulary), labels.view(-1)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    for _ in range(WARM_UPS):
        step()
    print(f"PyTorch {torch.__version__}", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        print(1000 * (time.perf_counter() - start), flush=True)


main()
