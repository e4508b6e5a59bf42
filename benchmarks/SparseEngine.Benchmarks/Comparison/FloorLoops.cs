using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Loops of multiply-adds and of nothing else, at one vector width: what dense and sparse products can reach at most.</summary>
internal abstract class FloorLoops
{
    /// <summary>Vectors of a row, as in the largest tile of the sparse products.</summary>
    protected const int RowVectors = 8;

    /// <summary>Rows that are read one after the other: their weights and places come from L2.</summary>
    protected const int Rows = 1 << 15;

    /// <summary>How often a part reads them, about a millisecond.</summary>
    protected const int Passes = 16;

    /// <summary>Floats in a vector.</summary>
    protected abstract int Width { get; }

    /// <summary>Floating-point operations of one part, whichever loop it does.</summary>
    public double FlopsOfPart => 2.0 * Width * RowVectors * Rows * Passes;

    /// <summary>The loops of a width that this machine has.</summary>
    public static FloorLoops Of(SimdWidth width) => width switch
    {
        SimdWidth.Vector512 => new Loops<Simd512, Vector512<float>>(),
        SimdWidth.Vector256 => new Loops<Simd256, Vector256<float>>(),
        _ => new Loops<Simd128, Vector128<float>>(),
    };

    /// <summary>Multiply-adds of registers only, a part on each worker.</summary>
    public abstract void Registers(WorkerPool pool);

    /// <summary>
    /// Each multiply-add with a vector that is loaded: eight a row, rows at random places, and a weight and a place streaming by for each row.
    /// </summary>
    /// <param name="pool">Who does it, a part on each worker.</param>
    /// <param name="bytes">The size of the tile that the rows are in, at most 256 KiB, so that 16 bits tell a place.</param>
    public abstract void Loads(WorkerPool pool, int bytes);

    private sealed class Loops<TSimd, TVector> : FloorLoops
        where TSimd : ISimd<TVector>
        where TVector : unmanaged
    {
        private readonly float[] weights = new float[Rows];
        private readonly Dictionary<int, ushort[]> places = [];

        public Loops()
        {
            Random random = new(1);
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] = random.NextSingle() - 0.5f;
            }
        }

        protected override int Width => TSimd.Width;

        public override void Registers(WorkerPool pool) => pool.Run(pool.Workers, new RegistersBody<TSimd, TVector>(Rows * Passes));

        public override void Loads(WorkerPool pool, int bytes)
        {
            int floats = bytes / sizeof(float);
            if (!places.TryGetValue(bytes, out ushort[]? ofSize))
            {
                int row = RowVectors * TSimd.Width;
                Random random = new(2);
                ofSize = [.. Enumerable.Range(0, Rows).Select(_ => (ushort)(random.Next(floats / row) * row))];
                places.Add(bytes, ofSize);
            }

            pool.Run(pool.Workers, new LoadsBody<TSimd, TVector>(weights, ofSize, floats, Passes));
        }
    }

    // Ten sums, more than the two multiply-adds a cycle that take four cycles each keep busy.
    private readonly unsafe struct RegistersBody<TSimd, TVector>(int rows) : IParallelBody
        where TSimd : ISimd<TVector>
        where TVector : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            float* result = scratch.Take(TSimd.Width);
            TVector a = TSimd.Broadcast(index + 0.5f), b = TSimd.Broadcast(0.25f);
            TVector s0, s1, s2, s3, s4, s5, s6, s7, s8, s9;
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = s9 = TSimd.Broadcast(0);
            int multiplyAdds = rows * RowVectors;
            for (int i = 0; i < multiplyAdds; i += 10)
            {
                s0 = TSimd.MultiplyAdd(a, b, s0);
                s1 = TSimd.MultiplyAdd(a, b, s1);
                s2 = TSimd.MultiplyAdd(a, b, s2);
                s3 = TSimd.MultiplyAdd(a, b, s3);
                s4 = TSimd.MultiplyAdd(a, b, s4);
                s5 = TSimd.MultiplyAdd(a, b, s5);
                s6 = TSimd.MultiplyAdd(a, b, s6);
                s7 = TSimd.MultiplyAdd(a, b, s7);
                s8 = TSimd.MultiplyAdd(a, b, s8);
                s9 = TSimd.MultiplyAdd(a, b, s9);
            }

            s0 = TSimd.Add(TSimd.Add(TSimd.Add(s0, s1), TSimd.Add(s2, s3)), TSimd.Add(TSimd.Add(s4, s5), TSimd.Add(s6, s7)));
            TSimd.Store(result, TSimd.Add(s0, TSimd.Add(s8, s9)));
        }
    }

    private readonly unsafe struct LoadsBody<TSimd, TVector>(float[] weights, ushort[] places, int floats, int passes) : IParallelBody
        where TSimd : ISimd<TVector>
        where TVector : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            float* tile = scratch.Take(floats);
            new Span<float>(tile, floats).Fill(1);
            int count = places.Length;
            Vectors4<TSimd, TVector> a, b;
            a = b = Vectors4<TSimd, TVector>.Broadcast(0);
            fixed (float* firstWeight = weights)
            fixed (ushort* firstPlace = places)
            {
                float* weight = firstWeight;
                ushort* place = firstPlace;
                for (int pass = passes; pass > 0; pass--)
                {
                    for (int p = 0; p < count; p++)
                    {
                        TVector value = TSimd.Broadcast(weight[p]);
                        float* row = tile + place[p];
                        a.AddScaled(value, row);
                        b.AddScaled(value, row + Vectors4<TSimd, TVector>.Width);
                    }
                }
            }

            a.Store(tile);
            b.Store(tile + Vectors4<TSimd, TVector>.Width);
        }
    }
}
