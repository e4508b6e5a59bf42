using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Devices;

/// <summary>Which operands of a dense product are transposed. C is always [m, n].</summary>
public enum GemmLayout
{
    /// <summary>C = A B with A [m, k] and B [k, n]: a layer's forward pass.</summary>
    Normal,

    /// <summary>C = A^T B with A [k, m] and B [k, n]: the gradient of a layer's input.</summary>
    TransposedA,

    /// <summary>C = A B^T with A [m, k] and B [n, k]: the gradient of a layer's weight.</summary>
    TransposedB,
}

/// <summary>An elementwise non-linearity, by the Model Zoo's names.</summary>
public enum Activation
{
    /// <summary>f(x) = x.</summary>
    Linear,

    /// <summary>Exact GELU: x/2 (1 + erf(x / sqrt 2)) (Hendrycks and Gimpel, 2016).</summary>
    Gelu,

    /// <summary>The tanh approximation: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    GeluNew,

    /// <summary>The sigmoid approximation x sigmoid(1.702 x).</summary>
    QuickGelu,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>max(x, 0) squared.</summary>
    SquaredRelu,

    /// <summary>x for x >= 0, else 0.01 x.</summary>
    LeakyRelu,

    /// <summary>min(max(x, 0), 6).</summary>
    Relu6,

    /// <summary>SiLU, also called swish: x sigmoid(x).</summary>
    Silu,

    /// <summary>1 / (1 + e^-x).</summary>
    Sigmoid,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,
}

/// <summary>The shape and settings of one causal self-attention over a batch.</summary>
/// <param name="Batch">Sequences in the batch; tokens = Batch x Sequence, and sequence b holds the columns [b Sequence, (b + 1) Sequence).</param>
/// <param name="Sequence">Tokens in a sequence.</param>
/// <param name="Heads">Heads; head h holds the rows [h HeadSize, (h + 1) HeadSize) of q, k, v and the output.</param>
/// <param name="HeadSize">Features of a head.</param>
/// <param name="Scale">What q . k is multiplied by before the softmax: 1/sqrt(HeadSize) or 1.</param>
/// <param name="DropoutRate">The share of attention probabilities set to zero, the others scaled by 1/(1 - rate); 0 for none.</param>
/// <param name="Dropout">The counter the dropped places are drawn from. A part of a whole batch starts with a sequence of it.</param>
public readonly record struct AttentionArguments(int Batch, int Sequence, int Heads, int HeadSize, float Scale, float DropoutRate, DropoutKey Dropout)
{
    private readonly int keyValueHeads;
    private readonly int window;

    /// <summary>
    /// Heads of k and v, a divisor of <see cref="Heads"/>: query head h reads key head h / (Heads / KeyValueHeads). Heads, unless it is set.
    /// </summary>
    public int KeyValueHeads
    {
        get => keyValueHeads == 0 ? Heads : keyValueHeads;
        init => keyValueHeads = value;
    }

    /// <summary>The number of keys that a query sees, its own the last of them; <see cref="int.MaxValue"/> for all, unless it is set.</summary>
    public int Window
    {
        get => window == 0 ? int.MaxValue : window;
        init => window = value;
    }

    /// <summary>The place in the whole batch of the first sequence.</summary>
    internal int FirstSequence => Sequence == 0 ? 0 : (int)(Dropout.FirstToken / Sequence);

    /// <summary>Query heads that read the same key head.</summary>
    internal int GroupSize => Heads == 0 ? 1 : Heads / KeyValueHeads;

    /// <summary>What queries have, and keys where their heads are as many: features and tokens.</summary>
    /// <exception cref="ArgumentException">These are the sizes of no attention.</exception>
    internal (int Features, int Tokens) OperandShape()
    {
        if (Batch < 0 || Sequence < 0 || Heads < 0 || HeadSize < 1 || Scale <= 0 || DropoutRate is < 0 or >= 1)
        {
            throw new ArgumentException(
                $"attention needs sizes of 0 or more, a head size of 1 or more, a positive scale and a dropout rate in [0, 1): {this}");
        }

        if (!SharesKeys(Heads, KeyValueHeads, Window))
        {
            throw new ArgumentException($"attention needs key heads that divide the heads, and a window of 1 or more: {this}");
        }

        int tokens = checked(Batch * Sequence);
        if (!Dropout.Holds(tokens) || (Sequence > 0 && (Dropout.FirstToken % Sequence != 0 || Dropout.FirstToken / Sequence > int.MaxValue - Batch)))
        {
            throw new ArgumentException($"attention needs whole sequences of the batch that its dropout is of: {this}");
        }

        return (checked(Heads * HeadSize), tokens);
    }

    /// <summary>Whether heads can share so many key heads, and see so many keys.</summary>
    internal static bool SharesKeys(int heads, int keyValueHeads, int window) =>
        window >= 1 && keyValueHeads >= 0 && keyValueHeads <= heads && (heads == 0 || heads % keyValueHeads == 0);
}

/// <summary>The shape and settings of the causal self-attention of one token over the keys and values that are kept of its sequence.</summary>
/// <param name="Position">The token's place in its sequence: the number of tokens before it.</param>
/// <param name="Heads">Heads; head h holds the rows [h HeadSize, (h + 1) HeadSize) of all operands.</param>
/// <param name="HeadSize">Features of a head.</param>
/// <param name="Scale">What q . k is multiplied by before the softmax: 1/sqrt(HeadSize) or 1.</param>
public readonly record struct AttentionDecodeArguments(int Position, int Heads, int HeadSize, float Scale)
{
    private readonly int keyValueHeads;
    private readonly int window;

    /// <summary>Heads of k and v, as in <see cref="AttentionArguments.KeyValueHeads"/>.</summary>
    public int KeyValueHeads
    {
        get => keyValueHeads == 0 ? Heads : keyValueHeads;
        init => keyValueHeads = value;
    }

    /// <summary>The number of keys that the token sees, as in <see cref="AttentionArguments.Window"/>.</summary>
    public int Window
    {
        get => window == 0 ? int.MaxValue : window;
        init => window = value;
    }

    /// <summary>Query heads that read the same key head.</summary>
    internal int GroupSize => Heads == 0 ? 1 : Heads / KeyValueHeads;

    /// <summary>The first key that the token sees.</summary>
    internal int FirstKey => Math.Max(0, Position + 1 - Window);

    /// <summary>The queries' rows, where <paramref name="capacity"/> columns of kept keys have a place for the token.</summary>
    /// <exception cref="ArgumentException">They have none, or these are the sizes of no attention.</exception>
    internal int FeaturesWithin(int capacity)
    {
        if (Position < 0 || Position >= capacity || Heads < 0 || HeadSize < 1 || Scale <= 0)
        {
            throw new ArgumentException(
                $"attention needs heads of 0 or more, a head size of 1 or more, a positive scale and a position in [0, {capacity}): {this}");
        }

        if (!AttentionArguments.SharesKeys(Heads, KeyValueHeads, Window))
        {
            throw new ArgumentException($"attention needs key heads that divide the heads, and a window of 1 or more: {this}");
        }

        return checked(Heads * HeadSize);
    }
}

/// <summary>How heads are turned by their tokens' positions (Su et al., 2021).</summary>
/// <param name="HeadSize">Features of a head: head h holds the rows [h HeadSize, (h + 1) HeadSize).</param>
/// <param name="Sequence">Tokens in a sequence: token t stands at FirstPosition + t mod Sequence.</param>
/// <param name="FirstPosition">The position of each sequence's first token.</param>
/// <param name="Inverse">Whether they are turned back: the gradient of turning them.</param>
public readonly record struct RotaryArguments(int HeadSize, int Sequence, int FirstPosition, bool Inverse);

/// <summary>The settings of one Adam or AdamW update (Kingma and Ba, 2015; Loshchilov and Hutter, 2019).</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="WeightDecay">AdamW: added to the update as WeightDecay x weight. Adam: added to the gradient the same way.</param>
/// <param name="DecoupledDecay">True for AdamW, false for Adam with L2 regularization.</param>
/// <param name="Correction">sqrt(1 - Beta2^t) / (1 - Beta1^t) with bias correction, else 1.</param>
public readonly record struct AdamArguments(
    float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay, bool DecoupledDecay, float Correction);

/// <summary>The settings of one update of stochastic gradient descent with momentum (Sutskever et al., 2013, as PyTorch writes it).</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="Momentum">Decay of the velocity: velocity = Momentum x velocity + gradient.</param>
/// <param name="Nesterov">Whether the update is gradient + Momentum x velocity rather than the velocity.</param>
/// <param name="WeightDecay">L2 regularization: added to the gradient as WeightDecay x weight.</param>
public readonly record struct SgdArguments(float LearningRate, float Momentum, bool Nesterov, float WeightDecay);

/// <summary>How the updates of one step are limited.</summary>
/// <param name="MaximumNorm">The global norm that gradients are scaled down to; infinity for none.</param>
/// <param name="RefuseNonFinite">Whether a loss or norm that is NaN or infinite keeps this update and all later ones from the weights.</param>
/// <param name="Step">The step, 1 for the first update, to say which one was refused. Exact up to 2^24.</param>
public readonly record struct ClipArguments(float MaximumNorm, bool RefuseNonFinite, int Step);
