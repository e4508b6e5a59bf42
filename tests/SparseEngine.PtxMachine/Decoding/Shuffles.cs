using SparseEngine.PtxMachine.Execution;
using SparseEngine.PtxMachine.Instructions;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>shfl.sync of each kind.</summary>
internal static class Shuffles
{
    public static Instruction? Make(string[] parts, Operands operands)
    {
        ShuffleKind? kind = parts is [_, "sync", string name, "b32"]
            ? name switch
            {
                "idx" => ShuffleKind.Index,
                "up" => ShuffleKind.Up,
                "down" => ShuffleKind.Down,
                "bfly" => ShuffleKind.Butterfly,
                _ => null,
            }
            : null;
        return kind is { } known
            ? new Shuffle(
                known, operands.Target(0, sizeof(uint)), operands.Source(1, sizeof(uint)), operands.Source(2, sizeof(uint)),
                operands.Source(3, sizeof(uint)), operands.Source(4, sizeof(uint)))
            : null;
    }
}
