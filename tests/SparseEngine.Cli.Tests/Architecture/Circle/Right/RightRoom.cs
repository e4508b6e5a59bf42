using SparseEngine.Cli.Tests.Architecture.Circle.Left;

namespace SparseEngine.Cli.Tests.Architecture.Circle.Right;

/// <summary>The other side of the circle that <see cref="LeftRoom"/> closes.</summary>
internal sealed class RightRoom
{
    public override string ToString() => $"beside {LeftRoom.Neighbour()}";
}
