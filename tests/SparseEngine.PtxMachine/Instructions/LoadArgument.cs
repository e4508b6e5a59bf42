using System.Numerics;
using System.Runtime.InteropServices;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>ld.param: all lanes get a number from the kernel's arguments.</summary>
internal sealed unsafe class LoadArgument<TElement, TLane>(int to, int offset) : Instruction
    where TElement : unmanaged, IBinaryInteger<TElement>
    where TLane : unmanaged, IBinaryInteger<TLane>
{
    public override void Run(Warp warp)
    {
        TLane value = TLane.CreateTruncating(MemoryMarshal.Read<TElement>(warp.Group.Arguments.AsSpan(offset)));
        new Span<TLane>(warp.Target<TLane>(to), Warp.Lanes).Fill(value);
        warp.Commit<TLane>(to);
    }
}
