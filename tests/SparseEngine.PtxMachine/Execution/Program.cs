namespace SparseEngine.PtxMachine.Execution;

/// <summary>A decoded kernel.</summary>
public sealed class Program
{
    public required string Name { get; init; }

    /// <summary>Bytes of its arguments.</summary>
    public required int ParameterBytes { get; init; }

    public required Block[] Blocks { get; init; }

    public required RegisterFile Registers { get; init; }

    /// <summary>The group's variables as ranges of its shared memory.</summary>
    public required (int Start, int End)[] Shared { get; init; }

    /// <summary>Where the variable lies whose bytes a launch chooses, behind the others; null where there is none.</summary>
    public int? DynamicShared { get; init; }

    /// <summary>Lines of additions that take a product which nothing else takes: NVIDIA's assembler fuses the two.</summary>
    public required IReadOnlySet<int> FusedLines { get; init; }

    /// <summary>All instructions in the text's order, those that end blocks left out.</summary>
    public IEnumerable<Instruction> Instructions => Blocks.SelectMany(block => block.Body);
}
