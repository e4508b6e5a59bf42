namespace SparseEngine.PtxMachine.Syntax;

/// <summary>A line of a kernel's body: an instruction or a label.</summary>
/// <param name="Line">Its number in the text, from 1.</param>
/// <param name="Text">What stands there.</param>
public abstract record Statement(int Line, string Text);

/// <summary>A place to jump to.</summary>
public sealed record LabelStatement(int Line, string Text, string Name) : Statement(Line, Text);

/// <summary>An instruction.</summary>
/// <param name="Line">Its number in the text, from 1.</param>
/// <param name="Text">What stands there.</param>
/// <param name="Guard">The predicate without which it does nothing, or null.</param>
/// <param name="GuardNegated">Whether it runs where the guard is false.</param>
/// <param name="Name">Its name with all modifiers: "ld.global.v4.f32".</param>
/// <param name="Operands">What it is given, the result first.</param>
public sealed record InstructionStatement(
    int Line, string Text, string? Guard, bool GuardNegated, string Name, IReadOnlyList<Operand> Operands) : Statement(Line, Text);
