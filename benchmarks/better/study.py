#!/usr/bin/env python3
"""Which model is best after the same seconds: dense ones, and sparse ones of several kinds, widths and learning rates.

  study.py run [-j N] TRIAL...     trains, N at a time, one thread each -> runs.csv; a trial that is there is passed over
  study.py table [SECONDS]         the best of each contestant

--machine names the folder of runs.csv and times.csv, by default zen3: two cores of an AMD EPYC (Zen 3, AVX2); xeon: two of an Intel Xeon (AVX-512).
What a step takes there is what `dotnet run -c Release --project benchmarks/SparseEngine.Benchmarks -- study_steps 64 96 128 192 > zen3/times.csv` says.

A trial is CONTESTANT,WIDTH,EXPONENT,SECONDS,SEED: rigl75,128,-8,90,1 has a learning rate of 2^-8 and as many steps as two threads take
90 seconds for, by times.csv. Its loss is the same however long it takes, whatever else the machine does, and with any number of threads.
--program names sparse-engine's assembly; by default the one that `dotnet build -c Release` makes here.
"""

import argparse
import csv
import json
import math
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS = ["contestant", "width", "exponent", "seconds", "seed", "steps", "loss", "evaluations"]

LEVELS = {"dense": 0, "wide50": 0.5, "static75": 0.75, "static90": 0.9, "rigl75": 0.75, "rigl90": 0.9, "gmp75": 0.75,
          "set50": 0.5, "set75": 0.75, "set90": 0.9, "calm75": 0.75, "rare75": 0.75,
          "blocks50": 0.5, "blocks75": 0.75, "blocks90": 0.9}

# Static random masks in blocks of four rows x 1 column, which the host multiplies about as fast as dense weights.
BLOCK_ROWS = 4

# Masks that move: how, which share of a weight's places at first, and after which share of the run again.
MOVING = {"rigl75": ("rigl", 0.3, 100), "rigl90": ("rigl", 0.3, 100), "calm75": ("rigl", 0.1, 100), "rare75": ("rigl", 0.3, 20),
          "set50": ("set", 0.3, 100), "set75": ("set", 0.3, 100), "set90": ("set", 0.3, 100)}
TIMED = ["dense", "wide50", "static75", "static90", "blocks50", "blocks75", "blocks90"]

# A schedule of this many steps, which --budget_steps stretches over those that fit.
STEPS = 10_000
GMP_STEPS = STEPS // 2
GMP_GAMMA = math.log(1 - LEVELS["gmp75"]) / GMP_STEPS
MOVING_COST = 1.02  # Of updates every hundredth of the run: docs/performance.md, masks that move.
GMP_COST = 1.005


def sparsity(contestant):
    level = LEVELS[contestant]
    if level == 0:
        return ""
    if contestant in MOVING:
        algorithm, fraction, updates = MOVING[contestant]
        method = (f'  algorithm: "{algorithm}"\n  sparsity: {level}\n  init_method: "random"\n'
                  f'  drop_fraction: {{type: "cosine", init: {fraction}, half_period: {STEPS * 3 // 4}}}\n'
                  f'  update: {{freq: {STEPS // updates}, stop: {STEPS * 3 // 4 + 1}}}\n')
    elif contestant.startswith("gmp"):
        method = (f'  algorithm: "gmp"\n  sparsity: {{type: "exp", init: 0, gamma: {GMP_GAMMA:.8f}}}\n'
                  f'  update: {{freq: {STEPS // 100}, stop: {GMP_STEPS + 1}}}\n')
    else:
        method = f'  sparsity: {level}\n  init_method: "random"\n'
        if contestant.startswith("blocks"):
            method += f"  block_rows: {BLOCK_ROWS}\n"
    return f"sparsity:\n{method}  seed: 1\n  mup_base_density: 1\n"


def parameters(contestant, width, rate, seed=1, log_steps=STEPS // 10):
    data = '  data_processor: "TextDataProcessor"\n  data_dir: "dotnet-docs"\n  max_sequence_length: 128\n  batch_size: 8\n'
    return f"""train_input:
{data}  shuffle: True
  shuffle_seed: {seed}
eval_input:
{data}  shuffle: False
model:
  vocab_size: 256
  hidden_size: {width}
  num_hidden_layers: 4
  num_heads: {width // 32}
  filter_size: {4 * width}
  max_position_embeddings: 128
  attention_type: "scaled_dot_product"
  nonlinearity: "gelu"
  dropout_rate: 0.0
  layer_norm_epsilon: 1.0e-5
  share_embedding_weights: True
  initializer: {{name: "normal", mean: 0.0, std: 0.08}}
  output_layer_initializer: {{name: "normal", mean: 0.0, std: 0.03}}
  loss_scaling: "num_tokens"
  mixed_precision: False
  mup_base_hidden_size: 64
  mup_base_filter_size: 256
  scale_qk_dot_by_d: False
{sparsity(contestant)}optimizer:
  optimizer_type: "AdamW"
  beta1: 0.9
  beta2: 0.98
  eps: 1.0e-8
  correct_bias: True
  weight_decay_rate: 0.01
  max_gradient_norm: 1.0
  learning_rate:
    - {{scheduler: "Linear", initial_learning_rate: 0.0, end_learning_rate: {rate}, steps: {STEPS // 20}}}
    - {{scheduler: "CosineDecay", initial_learning_rate: {rate}, end_learning_rate: {rate / 20}, decay_steps: {STEPS - STEPS // 20}}}
runconfig:
  max_steps: {STEPS}
  log_steps: {log_steps}
  checkpoint_steps: 0
  eval_steps: 40
  eval_frequency: {STEPS // 10}
  seed: {seed}
"""


def train(program, text, *arguments):
    """Trains in a folder of its own; what metrics.jsonl has."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "params.yaml").write_text(text)
        command = ["dotnet", program, "run", "CPU", "--params", "params.yaml", "--model_dir", "out", *arguments]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        lines = [json.loads(line) for line in (folder / "out" / "metrics.jsonl").open()] if done.returncode == 0 else []
        return lines, done.stderr.strip()


def step_time(times, contestant, width):
    """Milliseconds of a step, on average over the run."""
    if contestant in TIMED:
        return times[contestant, width]
    if contestant in MOVING:
        return MOVING_COST * times[next(fixed for fixed in TIMED if LEVELS[fixed] == LEVELS[contestant]), width]
    total = 0
    known = [(0, times["dense", width]), (0.5, times["wide50", width]), (0.75, times["static75", width])]
    for update in range(100):
        level = 1 - math.exp(GMP_GAMMA * min(update * STEPS / 100, GMP_STEPS))
        (low, before), (high, after) = next(pair for pair in zip(known, known[1:]) if level <= pair[1][0] + 1e-9)
        total += before + (after - before) * (level - low) / (high - low)
    return GMP_COST * total / 100


def read(path, kinds):
    with path.open(newline="") as file:
        return [[kind(cell) for kind, cell in zip(kinds, row)] for row in list(csv.reader(file))[1:]]


def read_runs(path):
    return read(path, [str, int, float, float, int, int, float, str]) if path.exists() else []


def run(program, machine, trials, workers):
    times = {(contestant, width): ms for contestant, width, ms in read(machine / "times.csv", [str, int, float])}
    path = machine / "runs.csv"
    done = {tuple(row[:5]) for row in read_runs(path)}
    waiting = queue.Queue()
    for contestant, width, exponent, seconds, seed in csv.reader(trials):
        trial = (contestant, int(width), float(exponent), float(seconds), int(seed))
        if trial not in done:
            waiting.put(trial)
            done.add(trial)
    lock = threading.Lock()

    def work():
        while True:
            try:
                contestant, width, exponent, seconds, seed = waiting.get_nowait()
            except queue.Empty:
                return
            steps = int(seconds * 1000 / step_time(times, contestant, width))
            begin = time.time()
            lines, errors = train(program, parameters(contestant, width, 2 ** exponent, seed),
                                  "--mode", "train_and_eval", "--budget_steps", str(steps), "--threads", "1")
            found = [(line["step"], line["eval_loss"]) for line in lines if "eval_loss" in line]
            loss = found[-1][1] if found else math.inf
            with lock:
                is_new = not path.exists()
                with path.open("a", newline="") as file:
                    writer = csv.writer(file, lineterminator="\n")
                    if is_new:
                        writer.writerow(COLUMNS)
                    writer.writerow([contestant, width, f"{exponent:g}", f"{seconds:g}", seed, steps, f"{loss:.5f}",
                                     " ".join(f"{step}:{value:.4f}" for step, value in found)])
                print(f"{contestant} {width} 2^{exponent:g} {seconds:g} s seed {seed}: {steps} steps, {loss:.4f}, took {time.time() - begin:.0f} s",
                      errors if not found else "", flush=True)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def table(machine, seconds):
    runs = [row for row in read_runs(machine / "runs.csv") if row[3] == seconds]
    print("| | width | rate | loss | steps | trials |\n|---|---|---|---|---|---|")
    for contestant in LEVELS:
        mine = [row for row in runs if row[0] == contestant and row[4] == 1]
        if mine:
            best = min(mine, key=lambda row: row[6])
            print(f"| {contestant} | {best[1]} | 2^{best[2]:g} | {best[6]:.4f} | {best[5]:,} | {len(mine)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(HERE.parents[1] / "src/SparseEngine.Cli/bin/Release/net10.0/sparse-engine.dll"))
    parser.add_argument("--machine", default="zen3")
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run")
    runner.add_argument("-j", type=int, default=2)
    runner.add_argument("trials", nargs="+")
    tables = commands.add_parser("table")
    tables.add_argument("seconds", type=float, nargs="?", default=90)
    given = parser.parse_args()
    program = str(pathlib.Path(given.program).resolve())
    if given.command == "run":
        run(program, HERE / given.machine, given.trials, given.j)
    else:
        table(HERE / given.machine, given.seconds)


if __name__ == "__main__":
    sys.exit(main())
