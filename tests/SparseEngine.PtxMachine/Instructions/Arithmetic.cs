using System.Runtime.Intrinsics;

namespace SparseEngine.PtxMachine.Instructions;

internal readonly struct Copy<T> : IUnary<T>
{
    public static Vector512<T> Apply(Vector512<T> a) => a;
}

internal readonly struct Negate<T> : IUnary<T>
{
    public static Vector512<T> Apply(Vector512<T> a) => -a;
}

internal readonly struct Absolute<T> : IUnary<T>
{
    public static Vector512<T> Apply(Vector512<T> a) => Vector512.Abs(a);
}

internal readonly struct Complement<T> : IUnary<T>
{
    public static Vector512<T> Apply(Vector512<T> a) => ~a;
}

/// <summary>Correctly rounded, like the other operations on floats here: sqrt.rn.</summary>
internal readonly struct SquareRoot : IUnary<float>
{
    public static Vector512<float> Apply(Vector512<float> a) => Vector512.Sqrt(a);
}

/// <summary>rcp.rn.</summary>
internal readonly struct Reciprocal : IUnary<float>
{
    public static Vector512<float> Apply(Vector512<float> a) => Vector512.Create(1f) / a;
}

internal readonly struct Add<T> : IBinary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a + b;
}

internal readonly struct Subtract<T> : IBinary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a - b;
}

/// <summary>The product's lower half; of floats the rounded product.</summary>
internal readonly struct Multiply<T> : IBinary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a * b;
}

/// <summary>div.rn of floats.</summary>
internal readonly struct Divide : IBinary<float>
{
    public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b) => a / b;
}

/// <summary>Of floats the number where the other is NaN; -0 is less than 0.</summary>
internal readonly struct Minimum<T> : IBinary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => Vector512.MinNumber(a, b);
}

/// <inheritdoc cref="Minimum{T}"/>
internal readonly struct Maximum<T> : IBinary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => Vector512.MaxNumber(a, b);
}

internal readonly struct And<T> : IBinary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a & b;
}

internal readonly struct Or<T> : IBinary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a | b;
}

internal readonly struct Xor<T> : IBinary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a ^ b;
}

/// <summary>One rounding.</summary>
internal readonly struct FusedMultiplyAdd : ITernary<float>
{
    public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);
}

internal readonly struct MultiplyAdd<T> : ITernary<T>
{
    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b, Vector512<T> c) => (a * b) + c;
}
