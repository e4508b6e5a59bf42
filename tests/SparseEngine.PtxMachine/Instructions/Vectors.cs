using System.Runtime.Intrinsics;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>An operation on the lanes of one register.</summary>
internal interface IUnary<T>
{
    static abstract Vector512<T> Apply(Vector512<T> a);
}

/// <summary>An operation on the lanes of two registers.</summary>
internal interface IBinary<T>
{
    static abstract Vector512<T> Apply(Vector512<T> a, Vector512<T> b);
}

/// <summary>An operation on the lanes of three registers.</summary>
internal interface ITernary<T>
{
    static abstract Vector512<T> Apply(Vector512<T> a, Vector512<T> b, Vector512<T> c);
}

/// <summary>All lanes at once, as many as a vector holds.</summary>
internal sealed unsafe class Unary<T, TOperation>(int to, int a) : Instruction
    where T : unmanaged
    where TOperation : struct, IUnary<T>
{
    public override void Run(Warp warp)
    {
        T* from = warp.Read<T>(a);
        T* target = warp.Target<T>(to);
        for (int i = 0; i < Warp.Lanes; i += Vector512<T>.Count)
        {
            TOperation.Apply(Vector512.Load(from + i)).Store(target + i);
        }

        warp.Commit<T>(to);
    }
}

/// <inheritdoc cref="Unary{T, TOperation}"/>
internal sealed unsafe class Binary<T, TOperation>(int to, int a, int b) : Instruction
    where T : unmanaged
    where TOperation : struct, IBinary<T>
{
    public override void Run(Warp warp)
    {
        T* left = warp.Read<T>(a);
        T* right = warp.Read<T>(b);
        T* target = warp.Target<T>(to);
        for (int i = 0; i < Warp.Lanes; i += Vector512<T>.Count)
        {
            TOperation.Apply(Vector512.Load(left + i), Vector512.Load(right + i)).Store(target + i);
        }

        warp.Commit<T>(to);
    }
}

/// <inheritdoc cref="Unary{T, TOperation}"/>
internal sealed unsafe class Ternary<T, TOperation>(int to, int a, int b, int c) : Instruction
    where T : unmanaged
    where TOperation : struct, ITernary<T>
{
    public override void Run(Warp warp)
    {
        T* first = warp.Read<T>(a);
        T* second = warp.Read<T>(b);
        T* third = warp.Read<T>(c);
        T* target = warp.Target<T>(to);
        for (int i = 0; i < Warp.Lanes; i += Vector512<T>.Count)
        {
            TOperation.Apply(Vector512.Load(first + i), Vector512.Load(second + i), Vector512.Load(third + i)).Store(target + i);
        }

        warp.Commit<T>(to);
    }
}
