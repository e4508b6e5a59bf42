using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>What a row's sums start from.</summary>
internal enum SpmmStart
{
    Zero,
    Bias,
    Output,
}

/// <summary>What a product of a sparse matrix reads and writes beside the matrix.</summary>
/// <param name="input">The activations that it is multiplied with.</param>
/// <param name="output">The activations that it makes.</param>
/// <param name="tokens">Tokens of both.</param>
/// <param name="start">What sums start from.</param>
/// <param name="bias">A value for each row of the output; any memory where there is none.</param>
internal readonly struct SpmmTerms(VectorMatrix input, VectorMatrix output, int tokens, SpmmStart start, ArrayView<float> bias)
{
    public readonly VectorMatrix Input = input;

    public readonly int Tokens = tokens;

    // Structs that kernels are given hold no enums.
    private readonly int start = (int)start;

    /// <summary>The same with what is in the output already.</summary>
    public SpmmTerms Further => new(Input, output, Tokens, SpmmStart.Output, bias);

    /// <summary>Vectors of tokens.</summary>
    public int Vectors => (Tokens + Float4.Width - 1) / Float4.Width;

    /// <summary>What the sums of an output row's vector start from; a row below 0 is none.</summary>
    public Float4 Start(int row, int vector)
    {
        return row < 0 || start == (int)SpmmStart.Zero
            ? default
            : start == (int)SpmmStart.Bias ? Float4.Broadcast(bias[row]) : output.Tokens(row, vector, Tokens);
    }

    /// <summary>What the sums of two of its vectors, a group's width apart, start from.</summary>
    public Float8 Start8(int row, int vector) => new(Start(row, vector), Start(row, vector + Group.DimX));

    /// <summary>Writes two of an output row's vectors, a group's width apart.</summary>
    public void Write8(int row, int vector, Float8 sum)
    {
        Write(row, vector, sum.Low);
        Write(row, vector + Group.DimX, sum.High);
    }

    /// <summary>Writes an output row's vector, where there are both.</summary>
    public void Write(int row, int vector, Float4 sum)
    {
        if (row >= 0 && vector * Float4.Width < Tokens)
        {
            output[row, vector] = sum;
        }
    }
}
