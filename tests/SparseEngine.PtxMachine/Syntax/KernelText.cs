namespace SparseEngine.PtxMachine.Syntax;

/// <summary>A kernel as its text says it.</summary>
public sealed class KernelText
{
    public string Name { get; set; } = "";

    /// <summary>Bytes of the parameters, by name.</summary>
    public Dictionary<string, int> Parameters { get; } = [];

    /// <summary>Variables of a group, in order.</summary>
    public List<SharedVariable> Shared { get; } = [];

    /// <summary>The variable whose bytes a launch chooses; null where there is none.</summary>
    public string? DynamicShared { get; set; }

    /// <summary>The types of registers by the name before their number: "%r" is "b32".</summary>
    public Dictionary<string, string> RegisterTypes { get; } = [];

    /// <summary>The labels of each table of branch targets, by the label before it.</summary>
    public Dictionary<string, IReadOnlyList<string>> BranchTargets { get; } = [];

    public List<Statement> Body { get; } = [];

    /// <summary>The type of a register: "pred", "b16", "b32", "b64", "f32", "f64".</summary>
    public string TypeOf(string register, int line) =>
        RegisterTypes.TryGetValue(register.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'), out string? type)
            ? type
            : throw new PtxSyntaxException(line, $"no register {register} is declared");
}

/// <summary>A variable in a group's shared memory.</summary>
public sealed record SharedVariable(string Name, int Alignment, int Bytes);
