#!/usr/bin/env bash
# Packs the GPU benchmarks and the kernels' conformance tests with the .NET runtime into one file, for a Linux x64
# machine that has an NVIDIA GPU and no .NET. Needs the .NET SDK.
#
#   benchmarks/gpu/build.sh [ARCHIVE]      default: gpu-benchmarks.tar.gz
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
archive=$(realpath -m "${1:-gpu-benchmarks.tar.gz}")

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for project in benchmarks/SparseEngine.GpuBenchmarks tests/SparseEngine.Kernels.Tests tests/SparseEngine.Tests; do
  dotnet publish "$repository/$project" -c Release -r linux-x64 --self-contained --nologo -v quiet -o "$folder/program"
done
cp "$repository/benchmarks/gpu/"{run.sh,peers.py} "$folder"
tar -czf "$archive" -C "$folder" .
echo "$archive: $(du -h "$archive" | cut -f1)"
