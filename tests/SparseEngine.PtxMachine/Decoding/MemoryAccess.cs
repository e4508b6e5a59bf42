using System.Numerics;
using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>ld and st of each space, type and number of elements.</summary>
internal static class MemoryAccess
{
    public static Instruction? Make(string[] parts, Operands operands)
    {
        int elements = parts is [_, _, "v2", _] ? 2 : parts is [_, _, "v4", _] ? 4 : 1;
        return parts.Length == (elements == 1 ? 3 : 4)
            ? parts[^1] switch
            {
                "b8" or "u8" => Of<byte, uint>(parts[0], parts[1], elements, operands),
                "s8" => Of<sbyte, uint>(parts[0], parts[1], elements, operands),
                "b16" or "u16" => Of<ushort, uint>(parts[0], parts[1], elements, operands),
                "s16" => Of<short, uint>(parts[0], parts[1], elements, operands),
                "b32" or "u32" or "s32" or "f32" => Of<uint, uint>(parts[0], parts[1], elements, operands),
                "b64" or "u64" or "s64" => Of<ulong, ulong>(parts[0], parts[1], elements, operands),
                _ => null,
            }
            : null;
    }

    private static unsafe Instruction? Of<TElement, TLane>(string operation, string space, int elements, Operands operands)
        where TElement : unmanaged, IBinaryInteger<TElement>
        where TLane : unmanaged, IBinaryInteger<TLane>
    {
        bool loads = operation == "ld";
        if (loads && space == "param" && elements == 1)
        {
            return new LoadArgument<TElement, TLane>(operands.Target(0, sizeof(TLane)), operands.Argument(1, sizeof(TElement)));
        }

        if (space is not ("global" or "shared"))
        {
            return null;
        }

        (int address, int offset) = operands.Address(loads ? 1 : 0);
        int[] registers = operands.Vector(loads ? 0 : 1, sizeof(TLane));
        return (registers.Length == elements, loads, space) switch
        {
            (true, true, "global") => new GlobalLoad<TElement, TLane>(registers, address, offset),
            (true, false, "global") => new GlobalStore<TElement, TLane>(registers, address, offset),
            (true, true, "shared") => new SharedLoad<TElement, TLane>(registers, address, offset),
            (true, false, "shared") => new SharedStore<TElement, TLane>(registers, address, offset),
            _ => null,
        };
    }
}
