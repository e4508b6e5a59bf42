using BenchmarkDotNet.Running;
using SparseEngine.Benchmarks;

// Without arguments everything runs; BenchmarkDotNet's own options (--filter, --list, --memory) choose and extend.
BenchmarkSwitcher.FromAssembly(typeof(SparseProducts).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args, new BenchmarkSettings());
