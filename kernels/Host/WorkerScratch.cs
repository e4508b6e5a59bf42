using System.Runtime.InteropServices;

namespace SparseEngine.Kernels.Host;

/// <summary>Memory that one worker uses for tiles; it grows to the largest size asked for and stays.</summary>
internal sealed unsafe class WorkerScratch : IDisposable
{
    private const int Alignment = 4096;
    private float* memory;
    private int capacity;

    ~WorkerScratch() => NativeMemory.AlignedFree(memory);

    /// <summary>At least <paramref name="floats"/> floats with undefined contents, valid until the next call.</summary>
    public float* Take(int floats)
    {
        if (floats > capacity)
        {
            NativeMemory.AlignedFree(memory);
            memory = (float*)NativeMemory.AlignedAlloc(((nuint)floats * sizeof(float) + Alignment - 1) / Alignment * Alignment, Alignment);
            capacity = floats;
        }

        return memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
        capacity = 0;
        GC.SuppressFinalize(this);
    }
}
