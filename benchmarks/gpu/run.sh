#!/usr/bin/env bash
# Checks and times the GPU kernels on this machine: the conformance tests on CUDA, then the sparse products and training
# steps beside cuSPARSE, cuBLAS and PyTorch. Prints one table and leaves it, with the figures it is made of, in OUT.
#
#   benchmarks/gpu/run.sh [-a ARCHIVE] [-o OUT] [-d DEVICE] [-- OPTIONS]
#
#   -a ARCHIVE  what build.sh made; without it, the program beside this script, else a build made now with the .NET SDK
#   -o OUT      a folder; default: gpu-results
#   -d DEVICE   cuda (default), cuda:N, opencl, or ilgpu-cpu to try the script itself
#   OPTIONS     go to gpu-benchmarks; --help after -- lists them
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
archive='' out=gpu-results device=cuda
while getopts 'a:o:d:h' option; do
  case $option in
    a) archive=$OPTARG ;;
    o) out=$OPTARG ;;
    d) device=$OPTARG ;;
    *) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
shift $((OPTIND - 1))

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$archive" ] && [ -d "$here/program" ]; then
  program=$here/program
else
  if [ -z "$archive" ]; then
    archive=$work/gpu-benchmarks.tar.gz
    "$here/build.sh" "$archive"
  fi
  tar -xzf "$archive" -C "$work"
  program=$work/program
fi
mkdir -p "$out"

echo "== Conformance and the reference runs on ${device%:*}"
kind=${device%:*} status=0
for tests in SparseEngine.Kernels.Tests SparseEngine.Tests; do
  "$program/$tests" -noColor -preEnumerateTheories -trait "device=$kind" 2>&1 | tee "$out/$tests.log" || status=1
done

echo "== Timings on $device"
"$program/gpu-benchmarks" --device "$device" "$@" | tee "$out/ours.jsonl"
"$program/gpu-benchmarks" --device "$device" --block_rows 4 "$@" | tee -a "$out/ours.jsonl"

echo '== The same in PyTorch'
python3 "$here/peers.py" "$out/ours.jsonl" "$out/peers.jsonl" | tee "$out/table.md"
exit $status
