namespace SparseEngine.Kernels.Host;

/// <summary>
/// The float32 operations of one vector width. Kernels are written once over this interface; the compiler makes a
/// specialised copy for each width, in which every call here is one or two instructions.
/// </summary>
/// <typeparam name="TVector">The register type.</typeparam>
internal unsafe interface ISimd<TVector>
    where TVector : unmanaged
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Width { get; }

    /// <summary>The width's name for people.</summary>
    static abstract string Name { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(float* destination, TVector value);

    /// <summary>
    /// Stores past the caches, to an address that is a multiple of the vector's size. Other threads see it once an interlocked operation follows, as
    /// at the end of each parallel loop.
    /// </summary>
    static abstract void StoreNonTemporal(float* destination, TVector value);

    static abstract TVector Broadcast(float value);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>1 / a within a unit in the last place, for a in [1, 2^100], without a division where that is faster.</summary>
    static abstract TVector Reciprocal(TVector a);

    /// <summary>a b + c, rounded once where the hardware can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    static abstract TVector Max(TVector a, TVector b);

    static abstract TVector Min(TVector a, TVector b);

    static abstract TVector Sqrt(TVector a);

    static abstract TVector Abs(TVector a);

    /// <summary>The natural logarithm.</summary>
    static abstract TVector Log(TVector a);

    /// <summary>The nearest integer, ties to even.</summary>
    static abstract TVector Round(TVector a);

    /// <summary>2 to an integral power in [-126, 127].</summary>
    static abstract TVector PowerOfTwo(TVector exponent);

    /// <summary>2 to the power of b - 127, where b in [0, 254] is what the last bits of a's pattern tell; 0 for b = 0.</summary>
    static abstract TVector PowerOfLastBits(TVector a);

    /// <summary>a times 2 to an integral power in [-252, 254], for a in [0.5, 2].</summary>
    static abstract TVector Scale(TVector a, TVector exponent);

    /// <summary>Per lane: all bits set where a &gt; b.</summary>
    static abstract TVector GreaterThan(TVector a, TVector b);

    /// <summary>Per lane: <paramref name="ifTrue"/> where the mask's bits are set, else <paramref name="ifFalse"/>.</summary>
    static abstract TVector Select(TVector mask, TVector ifTrue, TVector ifFalse);

    /// <summary>The lanes' sum, always in the same order.</summary>
    static abstract float Sum(TVector a);

    /// <summary>
    /// Writes the lanes' sums of four vectors to four consecutive floats, adding to what they hold when <paramref name="accumulate"/>.
    /// </summary>
    static abstract void StoreSums(float* destination, TVector a, TVector b, TVector c, TVector d, bool accumulate);
}
