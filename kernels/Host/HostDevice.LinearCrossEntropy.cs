using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The output head and its loss.</content>
/// <remarks>
/// Block of tokens by block of tokens, so that few logits are there at once: more tokens would use each weight that comes from memory for longer,
/// fewer would leave less of them in the caches. Logits are written as the panels of B that the input's gradient reads, each part of the vocabulary
/// with the largest and the sum of exponentials of its own; what the parts have to be multiplied by is known when all are done. No logit is
/// computed twice.
/// </remarks>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Logits of a block: 64 MiB, of 256 tokens at least and of whole such pieces.
    private const int LogitsAtOnce = 1 << 24;
    private const int HeadTokens = GemmDepth;

    // Parts of a small vocabulary, and tiles of rows in a part of a large one.
    private const int LeastHeadParts = 64;
    private const int MostHeadTiles = 16;

    private HostBuffer<float>? headMemory;

    /// <inheritdoc/>
    public override int LogitTokens(int vocabulary, int tokens, bool gradients)
    {
        HeadSizes sizes = new(vocabulary, 0, Math.Min(tokens, HeadBlockTokens(vocabulary)), gradients);
        return gradients ? sizes.Padded : 0;
    }

    /// <inheritdoc/>
    private protected override void LinearCrossEntropyCore(
        in DeviceMatrix weight, DeviceBuffer<float>? bias, in DeviceMatrix x, in DeviceMatrix logits, in TokenLosses tokens,
        LinearGradients? gradients)
    {
        int each = HeadBlockTokens(weight.Rows);
        for (int first = 0; first < x.Columns; first += each)
        {
            int count = Math.Min(each, x.Columns - first);
            HeadSizes sizes = new(weight.Rows, weight.Columns, count, gradients is not null);
            HeadBlock block = new(sizes, Pointer(Reserve(ref headMemory, sizes.Floats)))
            {
                Weight = Pointer(weight), WeightStride = weight.Stride, Bias = PointerOrNull(bias),
                X = Pointer(x) + first, XStride = x.Stride, Logits = gradients is null ? null : Pointer(logits),
                Labels = Pointer(tokens.Labels) + first, Weights = Pointer(tokens.Weights) + first,
                Losses = Pointer(tokens.Losses) + first, Hits = Pointer(tokens.Hits) + first, Scale = gradients?.Scale ?? 0,
            };
            AddLosses(block);
            if (gradients is { } wanted)
            {
                AddGradients(block, wanted, first);
            }
        }
    }

    private static int HeadBlockTokens(int vocabulary) =>
        Math.Max(1, LogitsAtOnce / Math.Max(1, vocabulary) / HeadTokens) * HeadTokens;

    private void AddLosses(in HeadBlock block)
    {
        HeadSizes sizes = block.Sizes;
        long elements = (long)sizes.Features * sizes.Padded;
        pool.Run(sizes.TokenPanels + sizes.FeaturePanels, new HeadPackBody(block), Streams(elements, 2, 2));
        long time = MultiplyAdds((double)sizes.Vocabulary * sizes.Features * sizes.Padded);
        pool.Run(sizes.Parts * sizes.TokenGroups, new HeadLogitsBody(block), time);
        pool.Run(sizes.Padded / LineFloats, new HeadTotalsBody(block), Functions(sizes.Parts, sizes.Padded));
    }

    private void AddGradients(in HeadBlock block, in LinearGradients gradients, int firstToken)
    {
        HeadSizes sizes = block.Sizes;
        long time = MultiplyAdds((double)sizes.Vocabulary * sizes.Features * sizes.Padded);
        pool.Run(
            sizes.Parts,
            new HeadWeightGradientBody(block, Pointer(gradients.Weight), gradients.Weight.Stride, PointerOrNull(gradients.Bias)),
            time);
        GemmBlocks blocks = GemmBlocks.Of(
            sizes.Features, sizes.Tokens, GemmMicrokernel<TSimd, TVector>.Rows, GemmMicrokernel<TSimd, TVector>.Columns, GemmColumns,
            pool.PartsFor(time, pool.Workers));
        pool.Run(
            blocks.Count(sizes.Features, sizes.Tokens),
            new HeadInputGradientBody(block, Pointer(gradients.X) + firstToken, gradients.X.Stride, blocks),
            time);
    }

    /// <summary>How a block of tokens is cut. None of it depends on the number of threads.</summary>
    private readonly struct HeadSizes(int vocabulary, int features, int tokens, bool gradients)
    {
        public readonly int Vocabulary = vocabulary, Features = features, Tokens = tokens;

        /// <summary>Panels of tokens, and of features.</summary>
        public int TokenPanels => (Tokens + GemmMicrokernel<TSimd, TVector>.Columns - 1) / GemmMicrokernel<TSimd, TVector>.Columns;

        public int FeaturePanels =>
            gradients ? (Features + GemmMicrokernel<TSimd, TVector>.Columns - 1) / GemmMicrokernel<TSimd, TVector>.Columns : 0;

        /// <summary>Tokens of whole panels, and of whole lines.</summary>
        public int Padded => DeviceMatrix.Padded(TokenPanels * GemmMicrokernel<TSimd, TVector>.Columns);

        /// <summary>Vocabulary entries of a part: whole tiles.</summary>
        public int Rows => GemmMicrokernel<TSimd, TVector>.Rows
            * Math.Clamp(Vocabulary / (LeastHeadParts * GemmMicrokernel<TSimd, TVector>.Rows), 2, MostHeadTiles);

        public int Parts => (Vocabulary + Rows - 1) / Rows;

        /// <summary>Pieces of tokens that have parts of their own.</summary>
        public int TokenGroups => (Tokens + HeadTokens - 1) / HeadTokens;

        private int PackedTokens => TokenPanels * GemmMicrokernel<TSimd, TVector>.Columns * Features;

        private int PackedFeatures => FeaturePanels * GemmMicrokernel<TSimd, TVector>.Columns * Padded;

        /// <summary>Where each array of <see cref="HeadBlock"/> starts, and how long all are together.</summary>
        public int FeaturesAt => PackedTokens;

        public int MaximaAt => FeaturesAt + PackedFeatures;

        public int SumsAt => MaximaAt + (Parts * Padded);

        public int WinnersAt => SumsAt + (Parts * Padded);

        public int LabelLogitsAt => WinnersAt + (Parts * Padded);

        public int Floats => checked(LabelLogitsAt + Padded);
    }

    /// <summary>The operands of a block of tokens, and what is kept of its logits.</summary>
    private readonly struct HeadBlock(HeadSizes sizes, float* memory)
    {
        public readonly HeadSizes Sizes = sizes;

        /// <summary>X as panels of tokens: features x panel.</summary>
        public readonly float* TokenPanels = memory;

        /// <summary>X as panels of features: padded tokens x panel.</summary>
        public readonly float* FeaturePanels = memory + sizes.FeaturesAt;

        /// <summary>Of each part's logits [parts, padded tokens]: the largest, in the end what its exponentials have to be multiplied by.</summary>
        public readonly float* Maxima = memory + sizes.MaximaAt;

        /// <summary>The sum of its exponentials.</summary>
        public readonly float* Sums = memory + sizes.SumsAt;

        /// <summary>The entry that has the largest.</summary>
        public readonly float* Winners = memory + sizes.WinnersAt;

        /// <summary>The logit of each token's label.</summary>
        public readonly float* LabelLogits = memory + sizes.LabelLogitsAt;

        public float* Weight { get; init; }

        public nint WeightStride { get; init; }

        public float* Bias { get; init; }

        public float* X { get; init; }

        public nint XStride { get; init; }

        /// <summary>Panels of tokens: vocabulary x panel. Null where nobody wants them.</summary>
        public float* Logits { get; init; }

        public int* Labels { get; init; }

        public float* Weights { get; init; }

        public float* Losses { get; init; }

        public float* Hits { get; init; }

        public float Scale { get; init; }

        /// <summary>A panel of logits from a vocabulary entry on.</summary>
        public float* LogitsOf(int panel, int entry) =>
            Logits + ((((nint)panel * Sizes.Vocabulary) + entry) * GemmMicrokernel<TSimd, TVector>.Columns);

        /// <summary>Whether a token counts, and its label is among the entries from one on.</summary>
        public bool IsLabelIn(int token, int first, int rows) => Weights[token] != 0 && (uint)(Labels[token] - first) < (uint)rows;
    }
}
