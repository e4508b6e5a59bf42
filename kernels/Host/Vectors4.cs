using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <summary>
/// Four vectors of consecutive tokens. The compiler keeps a local one in four registers, so that kernels hold a row of eight vectors as two of these.
/// </summary>
internal unsafe struct Vectors4<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    private TVector v0;
    private TVector v1;
    private TVector v2;
    private TVector v3;

    /// <summary>Floats in four vectors.</summary>
    public static int Width => 4 * TSimd.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vectors4<TSimd, TVector> Load(float* source) => new()
    {
        v0 = TSimd.Load(source),
        v1 = TSimd.Load(source + TSimd.Width),
        v2 = TSimd.Load(source + (2 * TSimd.Width)),
        v3 = TSimd.Load(source + (3 * TSimd.Width)),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vectors4<TSimd, TVector> Broadcast(float value)
    {
        TVector vector = TSimd.Broadcast(value);
        return new() { v0 = vector, v1 = vector, v2 = vector, v3 = vector };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination)
    {
        TSimd.Store(destination, v0);
        TSimd.Store(destination + TSimd.Width, v1);
        TSimd.Store(destination + (2 * TSimd.Width), v2);
        TSimd.Store(destination + (3 * TSimd.Width), v3);
    }

    /// <summary>Stores past the caches, to a 64-byte line's start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNonTemporal(float* destination)
    {
        TSimd.StoreNonTemporal(destination, v0);
        TSimd.StoreNonTemporal(destination + TSimd.Width, v1);
        TSimd.StoreNonTemporal(destination + (2 * TSimd.Width), v2);
        TSimd.StoreNonTemporal(destination + (3 * TSimd.Width), v3);
    }

    /// <summary>Adds <paramref name="factor"/> times the vectors at <paramref name="source"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddScaled(TVector factor, float* source)
    {
        v0 = TSimd.MultiplyAdd(factor, TSimd.Load(source), v0);
        v1 = TSimd.MultiplyAdd(factor, TSimd.Load(source + TSimd.Width), v1);
        v2 = TSimd.MultiplyAdd(factor, TSimd.Load(source + (2 * TSimd.Width)), v2);
        v3 = TSimd.MultiplyAdd(factor, TSimd.Load(source + (3 * TSimd.Width)), v3);
    }
}
