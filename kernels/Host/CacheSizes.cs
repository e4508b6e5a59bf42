using System.Runtime.Intrinsics.X86;

namespace SparseEngine.Kernels.Host;

/// <summary>The sizes of a core's own caches, in bytes, from which the sparse kernels choose their blocks.</summary>
internal static class CacheSizes
{
    // What the cores of the last ten years have at least: where the processor does not say.
    private const int UsualLevel1 = 32 << 10;
    private const int UsualLevel2 = 512 << 10;

    /// <summary>The first level, for data.</summary>
    public static int Level1 { get; } = Of(1, UsualLevel1);

    /// <summary>The second level.</summary>
    public static int Level2 { get; } = Of(2, UsualLevel2);

    private static int Of(int level, int usual)
    {
        if (!X86Base.IsSupported)
        {
            return usual;
        }

        // AMD's and Intel's leaf of deterministic cache parameters have one format.
        int extended = unchecked((int)0x8000001D);
        bool hasExtended = (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= (uint)extended && TypeOf(X86Base.CpuId(extended, 0).Eax) != 0;
        int leaf = hasExtended ? extended : 4;
        if (leaf == 4 && X86Base.CpuId(0, 0).Eax < 4)
        {
            return usual;
        }

        for (int index = 0; ; index++)
        {
            (int eax, int ebx, int ecx, _) = X86Base.CpuId(leaf, index);
            if (TypeOf(eax) == 0)
            {
                return usual;
            }

            // 1 is a cache of data, 2 one of instructions, 3 one of both.
            if (TypeOf(eax) != 2 && ((eax >> 5) & 7) == level)
            {
                int ways = ((ebx >> 22) & 0x3FF) + 1;
                int partitions = ((ebx >> 12) & 0x3FF) + 1;
                int line = (ebx & 0xFFF) + 1;
                return ways * partitions * line * (ecx + 1);
            }
        }

        static int TypeOf(int eax) => eax & 31;
    }
}
