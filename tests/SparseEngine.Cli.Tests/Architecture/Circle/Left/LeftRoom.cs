using SparseEngine.Cli.Tests.Architecture.Circle.Right;

namespace SparseEngine.Cli.Tests.Architecture.Circle.Left;

/// <summary>Names its neighbour in nothing but code, as a circle is closed in practice.</summary>
internal static class LeftRoom
{
    public static object Neighbour() => new List<RightRoom[]>();
}
