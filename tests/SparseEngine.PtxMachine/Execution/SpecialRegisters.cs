namespace SparseEngine.PtxMachine.Execution;

/// <summary>Registers that say which thread of which group reads them, and how large groups, launch and shared memory are.</summary>
internal static unsafe class SpecialRegisters
{
    private static readonly Dictionary<string, Func<Warp, int, int>> Values = new()
    {
        ["%tid.x"] = (warp, thread) => warp.Group.Size.At(thread).X,
        ["%tid.y"] = (warp, thread) => warp.Group.Size.At(thread).Y,
        ["%tid.z"] = (warp, thread) => warp.Group.Size.At(thread).Z,
        ["%ntid.x"] = (warp, _) => warp.Group.Size.X,
        ["%ntid.y"] = (warp, _) => warp.Group.Size.Y,
        ["%ntid.z"] = (warp, _) => warp.Group.Size.Z,
        ["%nctaid.x"] = (warp, _) => warp.Group.Grid.X,
        ["%nctaid.y"] = (warp, _) => warp.Group.Grid.Y,
        ["%nctaid.z"] = (warp, _) => warp.Group.Grid.Z,
        ["%laneid"] = (_, thread) => thread % Warp.Lanes,
        ["%warpid"] = (warp, _) => warp.Index,
        ["%dynamic_smem_size"] = (warp, _) => warp.Group.DynamicBytes,
    };

    public static bool IsKnown(string name) => Values.ContainsKey(name) || name is "%ctaid.x" or "%ctaid.y" or "%ctaid.z";

    /// <summary>Sets what stays for all groups of a launch, and the program's constants.</summary>
    public static void Initialize(Warp warp)
    {
        RegisterFile file = warp.Group.Program.Registers;
        foreach ((string name, int offset) in file.Special)
        {
            if (Values.TryGetValue(name, out Func<Warp, int, int>? value))
            {
                for (int lane = 0; lane < Warp.Lanes; lane++)
                {
                    warp.Read<int>(offset)[lane] = value(warp, (warp.Index * Warp.Lanes) + lane);
                }
            }
        }

        foreach ((int offset, int width, ulong bits) in file.Constants)
        {
            if (width == 0)
            {
                *warp.Read<uint>(offset) = bits == 0 ? 0 : Warp.Full;
            }
            else if (width == sizeof(uint))
            {
                new Span<uint>(warp.Read<uint>(offset), Warp.Lanes).Fill((uint)bits);
            }
            else
            {
                new Span<ulong>(warp.Read<ulong>(offset), Warp.Lanes).Fill(bits);
            }
        }
    }

    /// <summary>Sets which group it is.</summary>
    public static void SetGroup(Warp warp)
    {
        Dictionary<string, int> special = warp.Group.Program.Registers.Special;
        Dimensions index = warp.Group.Index;
        Set(warp, special, "%ctaid.x", index.X);
        Set(warp, special, "%ctaid.y", index.Y);
        Set(warp, special, "%ctaid.z", index.Z);
    }

    private static void Set(Warp warp, Dictionary<string, int> special, string name, int value)
    {
        if (special.TryGetValue(name, out int offset))
        {
            new Span<int>(warp.Read<int>(offset), Warp.Lanes).Fill(value);
        }
    }
}
