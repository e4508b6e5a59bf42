using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class LinearCrossEntropyTests
{
    private const double Scale = 0.25;

    [Theory]
    [EveryDevice]
    public void Losses_hits_and_gradients_are_those_of_the_layer_and_its_loss(DeviceFamily family)
    {
        // One part of the vocabulary and many, whole panels and not, features of one block of depth and more, tokens of one group and more.
        Check(family, [(1, 1, 1), (3, 17, 63), (17, 3, 65), (65, 63, 17), (63, 65, 1), (1000, 3, 17), (17, 300, 3), (3, 1, 1000), (17, 3, 0)]);
    }

    [Theory]
    [InlineData(DeviceFamily.HostVector128)]
    [InlineData(DeviceFamily.HostVector256)]
    [InlineData(DeviceFamily.HostVector512)]
    [Trait("size", "large")]
    public void Large_heads_follow_the_definition_too(DeviceFamily family) =>
        Check(family, [(1000, 63, 65), (65, 1000, 63), (63, 65, 1000), (3000, 17, 300)]);

    [Theory]
    [EveryDevice]
    public void Without_gradients_losses_and_hits_are_the_same(DeviceFamily family)
    {
        Case head = new(200, 33, 70, hasBias: true);
        ConformanceCheck.Run(family, "evaluation", head.Expected()[..2], workspace => head.Call(workspace, gradients: false));
    }

    [Theory]
    [EveryDevice]
    public void Where_no_token_counts_nothing_changes_whatever_the_labels(DeviceFamily family)
    {
        Case head = new(65, 17, 33, hasBias: true);
        Array.Clear(head.Weights);
        Array.Fill(head.Labels, -100);
        Bounded[][] expected = head.Expected();
        Assert.All(expected[4], gradient => Assert.Equal(0, gradient.Value));
        ConformanceCheck.Run(family, "masked", expected, workspace => head.Call(workspace));
    }

    [Theory]
    [EveryDevice]
    public void Logits_far_from_each_other_neither_overflow_nor_lose_the_loss(DeviceFamily family)
    {
        // Parts of the vocabulary have no share that float32 could hold.
        Case head = Far(lowest: -1e4);
        ConformanceCheck.Run(family, "far", head.Expected(), workspace => head.Call(workspace));
    }

    [Theory]
    [EveryDevice]
    public void A_bias_of_minus_infinity_takes_words_away(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        using Workspace workspace = new(devices.All[0], poisoned: false);
        Assert.Equal(Far(lowest: -1e4).Call(workspace), Far(lowest: double.NegativeInfinity).Call(workspace));
    }

    [Theory]
    [InlineData(DeviceFamily.HostVector128)]
    [InlineData(DeviceFamily.HostVector256)]
    [InlineData(DeviceFamily.HostVector512)]
    [Trait("size", "large")]
    public void Tokens_go_block_by_block_through_a_large_vocabulary(DeviceFamily family)
    {
        // Logits of 70,000 words are there for 256 tokens at most: of 300 the last 44 get what they get alone.
        Case head = new(70_000, 2, 300, hasBias: false);
        using BorrowedDevices devices = DevicePool.Borrow(family);
        using Workspace workspace = new(devices.All[0], poisoned: false);
        Assert.Equal(256, devices.All[0].LogitTokens(70_000, 300, gradients: true));
        double[][] all = head.Call(workspace);
        double[][] last = head.Last(44).Call(workspace);
        Assert.Equal(last[0], all[0][256..]);
        Assert.Equal(last[1], all[1][256..]);
        Assert.Equal(last[4], all[4].Where((_, i) => i % 300 >= 256));
    }

    [Theory]
    [EveryDevice]
    public void What_does_not_fit_is_refused(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            using Workspace w = new(device, poisoned: false);
            DeviceMatrix weight = w.Dense(new Matrix(6, 4));
            DeviceMatrix x = w.Activations(4, 20);
            DeviceMatrix other = w.Activations(5, 20);
            DeviceMatrix logits = w.Activations(6, device.LogitTokens(6, 20, gradients: true));
            DeviceMatrix fewer = w.Activations(5, device.LogitTokens(5, 20, gradients: true));
            DeviceBuffer<float> twenty = w.Buffer(20);
            DeviceBuffer<float> five = w.Buffer(5);
            TokenLosses tokens = new(w.Buffer(new int[20]), twenty, twenty, twenty);
            LinearGradients gradients = new(1, weight, null, x);
            foreach (Action call in new Action[]
            {
                () => device.LinearCrossEntropy(weight, null, other, logits, tokens, gradients),
                () => device.LinearCrossEntropy(weight, five, x, logits, tokens, null),
                () => device.LinearCrossEntropy(weight, twenty, x, logits, tokens, gradients),
                () => device.LinearCrossEntropy(weight, null, x, fewer, tokens, gradients),
                () => device.LinearCrossEntropy(weight, null, x, logits with { Columns = 3 }, tokens, gradients),
                () => device.LinearCrossEntropy(weight, null, x, logits, tokens with { Losses = five }, gradients),
                () => device.LinearCrossEntropy(weight, null, x, logits, tokens with { Hits = five }, gradients),
                () => device.LinearCrossEntropy(weight, null, x, logits, tokens with { Weights = five }, gradients),
                () => device.LinearCrossEntropy(weight, null, x, logits, tokens with { Labels = w.Buffer(new int[19]) }, gradients),
                () => device.LinearCrossEntropy(weight, null, x, logits, tokens with { Labels = w.Buffer([.. new int[19], 6]) }, gradients),
                () => device.LinearCrossEntropy(weight, null, x, logits, tokens, gradients with { X = other }),
                () => device.LinearCrossEntropy(weight, null, x, logits, tokens, gradients with { Weight = w.Dense(new Matrix(4, 6)) }),
            })
            {
                Assert.ThrowsAny<ArgumentException>(call);
            }
        }
    }

    private static void Check(DeviceFamily family, (int Vocabulary, int Features, int Tokens)[] shapes)
    {
        foreach ((int vocabulary, int features, int tokens) in shapes)
        {
            Case head = new(vocabulary, features, tokens, hasBias: vocabulary % 2 == 1);
            ConformanceCheck.Run(
                family, $"{vocabulary} words, {features} features, {tokens} tokens", head.Expected(), workspace => head.Call(workspace));
        }
    }

    private static Case Far(double lowest)
    {
        Case head = new(300, 3, 17, hasBias: true);
        for (int v = 0; v < 300; v++)
        {
            head.Bias![v] = v < 100 ? lowest : v < 200 ? -3e3 : 1e4 + v;
        }

        for (int t = 0; t < 17; t++)
        {
            head.Labels[t] = 100 + (t * 11);
        }

        return head;
    }

    /// <summary>A head of random weights, and what it is to give.</summary>
    private sealed class Case
    {
        private readonly Matrix weight;
        private readonly Matrix x;
        private readonly Matrix oldWeight;
        private readonly double[] oldBias;

        public Case(int vocabulary, int features, int tokens, bool hasBias)
        {
            Inputs inputs = new(1);
            weight = inputs.Matrix(vocabulary, features, 3 / Math.Sqrt(features));
            x = inputs.Matrix(features, tokens);
            oldWeight = inputs.Matrix(vocabulary, features);
            oldBias = inputs.Vector(vocabulary);
            Bias = hasBias ? inputs.Vector(vocabulary) : null;
            Labels = inputs.Integers(tokens, vocabulary);
            Weights = [.. inputs.Integers(tokens, 4).Select(i => i * 0.5)];
        }

        private Case(Case head, int tokens)
        {
            (weight, oldWeight, oldBias, Bias) = (head.weight, head.oldWeight, head.oldBias, head.Bias);
            int first = head.x.Columns - tokens;
            x = new Matrix(weight.Columns, tokens);
            for (int i = 0; i < x.Values.Length; i++)
            {
                x.Values[i] = head.x[i / tokens, first + (i % tokens)];
            }

            Labels = head.Labels[first..];
            Weights = head.Weights[first..];
        }

        public double[]? Bias { get; }

        public int[] Labels { get; }

        public double[] Weights { get; }

        /// <summary>The same head with the last tokens alone.</summary>
        public Case Last(int tokens) => new(this, tokens);

        /// <summary>Losses, hits, and the gradients of weight, bias and x.</summary>
        public Bounded[][] Expected()
        {
            (Bounded[] losses, Bounded[] hits, BoundedMatrix dy) = SoftmaxCrossEntropyReference.Run(Logits(), Labels, Weights, Scale);
            BoundedMatrix weightGradient = Product(
                weight.Rows, weight.Columns, x.Columns, (v, f, t) => dy[v, t] * x[f, t], (v, f) => oldWeight[v, f]);
            BoundedMatrix biasGradient = Product(weight.Rows, 1, x.Columns, (v, _, t) => dy[v, t], (v, _) => oldBias[v]);
            BoundedMatrix inputGradient = Product(weight.Columns, x.Columns, weight.Rows, (f, t, v) => dy[v, t] * weight[v, f], (_, _) => 0);
            return [losses, hits, weightGradient.Values, Bias is null ? [] : biasGradient.Values, inputGradient.Values];
        }

        public double[][] Call(Workspace workspace, bool gradients = true)
        {
            ComputeDevice device = workspace.Device;
            DeviceMatrix logits = workspace.Activations(weight.Rows, device.LogitTokens(weight.Rows, x.Columns, gradients));
            TokenLosses tokens = new(
                workspace.Buffer(Labels), workspace.Buffer(Weights), workspace.Buffer(x.Columns), workspace.Buffer(x.Columns));
            DeviceMatrix ofWeight = workspace.Dense(oldWeight);
            DeviceBuffer<float>? ofBias = Bias is null ? null : workspace.Buffer(oldBias);
            DeviceMatrix ofX = workspace.Activations(x.Rows, x.Columns);
            LinearGradients into = new((float)Scale, ofWeight, ofBias, ofX);
            device.LinearCrossEntropy(
                workspace.Dense(weight), Bias is null ? null : workspace.Buffer(Bias), workspace.Activations(x), logits, tokens,
                gradients ? into : null);
            double[][] losses = [Workspace.Read(tokens.Losses), Workspace.Read(tokens.Hits)];
            return gradients
                ? [.. losses, Workspace.Read(ofWeight.Buffer), ofBias is null ? [] : Workspace.Read(ofBias), Workspace.Read(ofX)]
                : losses;
        }

        private BoundedMatrix Logits() =>
            Product(weight.Rows, x.Columns, weight.Columns, (v, t, f) => (Bounded)weight[v, f] * x[f, t], (v, _) => Bias?[v] ?? 0);

        private static BoundedMatrix Product(
            int rows, int columns, int depth, Func<int, int, int, Bounded> term, Func<int, int, Bounded> start)
        {
            BoundedMatrix product = new(rows, columns);
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    BoundedSum sum = default;
                    sum.Add(start(i, j));
                    for (int p = 0; p < depth; p++)
                    {
                        sum.Add(term(i, j, p));
                    }

                    product[i, j] = sum.Total;
                }
            }

            return product;
        }
    }
}
