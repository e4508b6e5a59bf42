"""Times dense generation with a GPT in PyTorch on the CPU: one line of milliseconds a token for each line read.

    python3 pytorch_generation.py HIDDEN FILTER HEADS LAYERS VOCABULARY POSITIONS PROMPT TOKENS THREADS

The model is the one that SparseEngine.Benchmarks generates with: pre-norm decoder layers with causal attention, GELU, tied head; float32, one
text. Keys and values are kept in tensors allocated once. After a prompt of PROMPT random tokens each line read asks for TOKENS more.
"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Layer(nn.Module):
    def __init__(self, hidden, width, heads, positions):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm3 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.qkv, self.projection = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.ffn = nn.Sequential(nn.Linear(hidden, width), nn.GELU(), nn.Linear(width, hidden))
        self.keys, self.values = (torch.zeros(heads, positions, hidden // heads) for _ in range(2))

    def forward(self, x, done):
        tokens, hidden = x.shape
        q, k, v = (t.view(tokens, self.heads, -1).transpose(0, 1) for t in self.qkv(self.norm1(x)).split(hidden, dim=1))
        self.keys[:, done:done + tokens], self.values[:, done:done + tokens] = k, v
        keys, values = self.keys[:, :done + tokens], self.values[:, :done + tokens]
        scores = q @ keys.transpose(-2, -1) * q.shape[-1] ** -0.5
        if tokens > 1:
            scores = scores.masked_fill(~torch.ones(tokens, tokens, dtype=torch.bool).tril(), float("-inf"))
        x = x + self.projection((torch.softmax(scores, dim=-1) @ values).transpose(0, 1).reshape(tokens, hidden))
        return x + self.ffn(self.norm3(x))


class Model(nn.Module):
    def __init__(self, hidden, width, heads, layers, vocabulary, positions):
        super().__init__()
        self.words, self.positions = nn.Embedding(vocabulary, hidden), nn.Embedding(positions, hidden)
        self.layers, self.norm = nn.ModuleList(Layer(hidden, width, heads, positions) for _ in range(layers)), nn.LayerNorm(hidden)
        self.done = 0

    def forward(self, ids):
        x = self.words(ids) + self.positions.weight[self.done:self.done + len(ids)]
        for layer in self.layers:
            x = layer(x, self.done)
        self.done += len(ids)
        return functional.linear(self.norm(x[-1:]), self.words.weight).argmax(dim=-1)


def main():
    hidden, width, heads, layers, vocabulary, positions, prompt, tokens, threads = (int(word) for word in sys.argv[1:10])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    with torch.inference_mode():
        model = Model(hidden, width, heads, layers, vocabulary, positions)
        token = model(torch.randint(vocabulary, (prompt,)))
        print(f"PyTorch {torch.__version__}", flush=True)
        for _ in sys.stdin:
            start = time.perf_counter()
            for _ in range(tokens):
                token = model(token)
            print(1000 * (time.perf_counter() - start) / tokens, flush=True)


main()
