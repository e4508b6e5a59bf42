"""Times in PyTorch what gpu-benchmarks timed, and prints both as tables.

    python3 peers.py OURS.jsonl PEERS.jsonl

Sparse products: torch.sparse.mm and torch.sparse.sampled_addmm on a CSR tensor, which call cuSPARSE; dense products:
torch.mm, which calls cuBLAS, in float32 and in TF32. Training steps: the same GPT in PyTorch's own modules, dense,
float32, with AdamW and clipping. CUDA events, medians of 15 runs after 3 to warm up. Without PyTorch or a GPU the
table has our figures alone.
"""
import json
import sys

RUNS, WARM_UPS = 15, 3


def load(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.startswith("{")]


def median_ms(torch, operation):
    for _ in range(WARM_UPS):
        operation()
    times = []
    for _ in range(RUNS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        operation()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return sorted(times)[RUNS // 2]


def dense_ms(torch, a, b, tf32):
    torch.backends.cuda.matmul.allow_tf32 = tf32
    result = median_ms(torch, lambda: torch.mm(a, b))
    torch.backends.cuda.matmul.allow_tf32 = False
    return result


def product_peers(torch, row, cache):
    """cuSPARSE, cuBLAS float32 and cuBLAS TF32 for one product; None where PyTorch has no such operation or no memory."""
    rows, columns = (int(side) for side in row["size"].split("x"))
    block = row["block_rows"]
    key = (rows, columns, row["zeros"], block)
    if cache.get("key") != key:
        torch.manual_seed(1)
        mask = (torch.rand(rows // block, columns, device="cuda") * 100 >= row["zeros"]).repeat_interleave(block, 0)
        weight = torch.randn(rows, columns, device="cuda") * mask
        cache.clear()
        cache.update(key=key, dense=weight, csr=weight.to_sparse_csr(), transposed=weight.t().contiguous().to_sparse_csr())
        cache["x"] = torch.randn(columns, row["tokens"], device="cuda")
        cache["y"] = torch.randn(rows, row["tokens"], device="cuda")
    weight, x, y = cache["dense"], cache["x"], cache["y"]
    sparse, left, right = {
        "spmm": (lambda: torch.sparse.mm(cache["csr"], x), weight, x),
        "spmm_transposed": (lambda: torch.sparse.mm(cache["transposed"], y), weight.t(), y),
        "sddmm": (lambda: torch.sparse.sampled_addmm(cache["csr"], y, x.t(), beta=0.0), y, x.t()),
    }[row["operation"]]
    try:
        cusparse = median_ms(torch, sparse)
    except RuntimeError as error:
        print(f"cuSPARSE, {row['operation']} {row['size']}: {str(error).splitlines()[0]}", file=sys.stderr)
        cusparse = None
    return {"cusparse": cusparse, "cublas": dense_ms(torch, left, right, False), "cublas_tf32": dense_ms(torch, left, right, True)}


def step_ms(torch, hidden, filter_size, heads, tokens):
    """A dense training step of the model that gpu-benchmarks trains."""
    sequence = 128 if hidden == 256 else 256
    batch, layers, vocabulary = tokens // sequence, 4, 256
    nn, functional = torch.nn, torch.nn.functional

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm3 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
            self.qkv, self.projection = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
            self.ffn = nn.Sequential(nn.Linear(hidden, filter_size), nn.GELU(), nn.Linear(filter_size, hidden))

        def forward(self, x):
            q, k, v = (t.view(batch, sequence, heads, -1).transpose(1, 2) for t in self.qkv(self.norm1(x)).split(hidden, dim=2))
            attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.projection(attended.transpose(1, 2).reshape(batch, sequence, hidden))
            return x + self.ffn(self.norm3(x))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.positions = nn.Embedding(vocabulary, hidden), nn.Embedding(sequence, hidden)
            self.layers, self.norm = nn.ModuleList(Layer() for _ in range(layers)), nn.LayerNorm(hidden)

        def forward(self, ids):
            x = self.words(ids) + self.positions.weight
            for layer in self.layers:
                x = layer(x)
            return functional.linear(self.norm(x), self.words.weight)

    model = Model().cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    ids, labels = (torch.randint(vocabulary, (batch, sequence), device="cuda") for _ in range(2))

    def step():
        optimizer.zero_grad(set_to_none=False)
        functional.cross_entropy(model(ids).view(-1, vocabulary), labels.view(-1)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return median_ms(torch, step)


def cell(value, pattern="{:.3f}"):
    return "-" if value is None else pattern.format(value)


def ratio(peer, ours):
    return None if peer is None else peer / ours


def print_products(rows, peers):
    print("| operation | weight | tokens | zeros | ms | TFLOP/s | cuSPARSE ms | x | cuBLAS float32 ms | x | cuBLAS TF32 ms | x |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        peer = peers.get(key_of(row), {})
        cells = [row["operation"], row["size"], row["tokens"], zeros_of(row), cell(row["milliseconds"]), cell(row["flops"] / row["milliseconds"] / 1e9, "{:.2f}")]
        for name in ("cusparse", "cublas", "cublas_tf32"):
            cells += [cell(peer.get(name)), cell(ratio(peer.get(name), row["milliseconds"]), "{:.2f}")]
        print("| " + " | ".join(str(c) for c in cells) + " |")


def print_steps(rows, peers):
    print("\n| hidden x filter x heads | tokens | zeros | ms | tokens/s | PyTorch dense ms | x |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        dense = peers.get(key_of(row), {}).get("dense")
        cells = [row["size"], row["tokens"], zeros_of(row), cell(row["milliseconds"], "{:.2f}"), cell(1000 * row["tokens"] / row["milliseconds"], "{:.0f}"),
                 cell(dense, "{:.2f}"), cell(ratio(dense, row["milliseconds"]), "{:.2f}")]
        print("| " + " | ".join(str(c) for c in cells) + " |")


def zeros_of(row):
    return f"{row['zeros']}%" if row["block_rows"] == 1 else f"{row['zeros']}%, blocks of {row['block_rows']}"


def key_of(row):
    return row["operation"], row["size"], row["tokens"], row["zeros"], row["block_rows"]


def main(ours_path, peers_path):
    ours = load(ours_path)
    device = next((row["note"] for row in ours if row["operation"] == "device"), "?")
    products = [row for row in ours if row["operation"] in ("spmm", "spmm_transposed", "sddmm")]
    steps = [row for row in ours if row["operation"] == "step"]
    try:
        import torch
        available = torch.cuda.is_available()
    except ImportError:
        available = False
    peers = {}
    if available:
        print(f"{device}; {torch.cuda.get_device_name()}, PyTorch {torch.__version__}; x: how many times as fast as the peer we are\n")
        cache = {}
        for row in products:
            peers[key_of(row)] = product_peers(torch, row, cache)
        cache.clear()
        dense = {}
        for row in steps:
            if row["size"] not in dense:
                dense[row["size"]] = step_ms(torch, *(int(n) for n in row["size"].split("x")), row["tokens"])
            peers[key_of(row)] = {"dense": dense[row["size"]]}
    else:
        print(f"{device}; no PyTorch with CUDA on this machine: no peers\n")
    with open(peers_path, "w") as file:
        for key, values in peers.items():
            file.write(json.dumps({"key": key, **values}) + "\n")
    print_products(products, peers)
    if steps:
        print_steps(steps, peers)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
