using System.Runtime.Intrinsics;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>A comparison of two registers' lanes.</summary>
internal interface IComparison
{
    static abstract Vector512<T> Apply<T>(Vector512<T> a, Vector512<T> b);
}

internal readonly struct IsEqual : IComparison
{
    public static Vector512<T> Apply<T>(Vector512<T> a, Vector512<T> b) => Vector512.Equals(a, b);
}

internal readonly struct IsLess : IComparison
{
    public static Vector512<T> Apply<T>(Vector512<T> a, Vector512<T> b) => Vector512.LessThan(a, b);
}

internal readonly struct IsLessOrEqual : IComparison
{
    public static Vector512<T> Apply<T>(Vector512<T> a, Vector512<T> b) => Vector512.LessThanOrEqual(a, b);
}

/// <summary>Not equal, and both are numbers.</summary>
internal readonly struct IsLessOrGreater : IComparison
{
    public static Vector512<T> Apply<T>(Vector512<T> a, Vector512<T> b) => Vector512.LessThan(a, b) | Vector512.GreaterThan(a, b);
}

/// <summary>Both are numbers.</summary>
internal readonly struct AreNumbers : IComparison
{
    public static Vector512<T> Apply<T>(Vector512<T> a, Vector512<T> b) => Vector512.Equals(a, a) & Vector512.Equals(b, b);
}

/// <summary>Sets a predicate to a comparison or to its opposite, which is also true where one side is NaN.</summary>
internal sealed unsafe class Compare<T, TComparison>(int to, int a, int b, bool opposite) : Instruction
    where T : unmanaged
    where TComparison : struct, IComparison
{
    public override void Run(Warp warp)
    {
        T* left = warp.Read<T>(a);
        T* right = warp.Read<T>(b);
        uint lanes = 0;
        for (int i = 0; i < Warp.Lanes; i += Vector512<T>.Count)
        {
            lanes |= (uint)TComparison.Apply(Vector512.Load(left + i), Vector512.Load(right + i)).ExtractMostSignificantBits() << i;
        }

        warp.SetPredicate(to, opposite ? ~lanes : lanes);
    }
}

/// <summary>One register's lanes where a predicate holds, another's where not.</summary>
internal sealed unsafe class Select<T>(int to, int a, int b, int predicate) : Instruction
    where T : unmanaged
{
    public override void Run(Warp warp)
    {
        T* left = warp.Read<T>(a);
        T* right = warp.Read<T>(b);
        T* target = warp.Target<T>(to);
        uint chosen = warp.Predicate(predicate);
        for (int i = 0; i < Warp.Lanes; i += Vector512<T>.Count)
        {
            Vector512.ConditionalSelect(LaneMask.Of<T>(chosen, i), Vector512.Load(left + i), Vector512.Load(right + i)).Store(target + i);
        }

        warp.Commit<T>(to);
    }
}
