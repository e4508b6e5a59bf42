using System.Numerics;
using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>red and atom on whole numbers.</summary>
internal static class AtomicAccess
{
    public static Instruction? Make(string[] parts, Operands operands) => parts switch
    {
        [string kind, string operation, "global" or "shared", string type] => Of(kind == "atom", operation, parts[2] == "global", type, operands),

        // ILGPU writes the space behind the operation, NVIDIA's documents before it.
        [string kind, "global" or "shared", string operation, string type] => Of(kind == "atom", operation, parts[1] == "global", type, operands),
        _ => null,
    };

    private static Instruction? Of(bool hasResult, string operation, bool global, string type, Operands operands) => type switch
    {
        "u32" or "b32" => Of(Atomics.Operation<uint>(operation), hasResult, global, operands),
        "s32" => Of(Atomics.Operation<int>(operation), hasResult, global, operands),
        "u64" or "b64" => Of(Atomics.Operation<ulong>(operation), hasResult, global, operands),
        "s64" => Of(Atomics.Operation<long>(operation), hasResult, global, operands),
        _ => null,
    };

    private static unsafe Instruction? Of<T>(Func<T, T, T>? operation, bool hasResult, bool global, Operands operands)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (operation is null)
        {
            return null;
        }

        int to = hasResult ? operands.Target(0, sizeof(T)) : -1;
        int first = hasResult ? 1 : 0;
        (int address, int offset) = operands.Address(first);
        int value = operands.Source(first + 1, sizeof(T));
        return global ? new GlobalAtomic<T>(to, address, offset, value, operation) : new SharedAtomic<T>(to, address, offset, value, operation);
    }
}
