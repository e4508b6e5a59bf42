using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class SoftmaxCrossEntropyTests
{
    [Theory]
    [EveryDevice]
    public void Losses_hits_and_gradient_follow_the_definition(DeviceFamily family)
    {
        foreach ((int vocabulary, int tokens) in new[] { (1, 1), (3, 17), (17, 63), (1000, 65), (65, 1000), (17, 0) })
        {
            (Matrix logits, int[] labels, double[] weights) = Case(vocabulary, tokens);
            (Bounded[] losses, Bounded[] hits, BoundedMatrix gradient) = SoftmaxCrossEntropyReference.Run(logits, labels, weights, 0.25);
            ConformanceCheck.Run(
                family, $"{vocabulary} words, {tokens} tokens", [losses, hits, gradient.Values],
                workspace => Call(workspace, logits, labels, weights, 0.25f));
        }
    }

    [Theory]
    [EveryDevice]
    public void Without_a_gradient_scale_the_logits_stay_as_they_are(DeviceFamily family)
    {
        (Matrix logits, int[] labels, double[] weights) = Case(65, 63);
        (Bounded[] losses, Bounded[] hits, _) = SoftmaxCrossEntropyReference.Run(logits, labels, weights, 0);
        Bounded[] unchanged = [.. logits.Values.Select(v => (Bounded)v)];
        ConformanceCheck.Run(family, "evaluation", [losses, hits, unchanged], workspace => Call(workspace, logits, labels, weights, null));
    }

    [Theory]
    [EveryDevice]
    public void Logits_far_from_zero_neither_overflow_nor_lose_the_loss(DeviceFamily family)
    {
        foreach (double shift in new[] { 1000, -1000, 1e6 })
        {
            (Matrix logits, int[] labels, double[] weights) = Case(17, 33, deviation: 30, mean: shift);
            (Bounded[] losses, Bounded[] hits, BoundedMatrix gradient) = SoftmaxCrossEntropyReference.Run(logits, labels, weights, 1);
            ConformanceCheck.Run(family, $"shift {shift}", [losses, hits, gradient.Values], workspace => Call(workspace, logits, labels, weights, 1));
        }
    }

    [Theory]
    [EveryDevice]
    public void A_large_vocabulary_costs_no_digits(DeviceFamily family)
    {
        // All logits alike: the loss is the vocabulary's logarithm, and each term rounds the same way.
        const int Vocabulary = 50_257;
        Matrix logits = new(Vocabulary, 1);
        logits[7, 0] = 0.3f;
        double loss = Math.Log(1 + ((Vocabulary - 1) * Math.Exp(-0.3f)));
        ConformanceCheck.Run(
            family, "large", [[new Bounded(loss, 8 * Bounded.Unit * loss)]], workspace => [Call(workspace, logits, [7], [1], null)[0]]);
    }

    [Theory]
    [EveryDevice]
    public void A_token_of_weight_zero_gives_zero_whatever_its_label_and_logits(DeviceFamily family)
    {
        (Matrix logits, int[] labels, double[] weights) = Case(17, 33);
        for (int t = 0; t < 33; t += 2)
        {
            weights[t] = 0;
            labels[t] = t % 4 == 0 ? -100 : int.MaxValue;
            for (int v = 0; v < 17; v++)
            {
                logits[v, t] = t % 3 == 0 ? double.NaN : double.NegativeInfinity;
            }
        }

        (Bounded[] losses, Bounded[] hits, BoundedMatrix gradient) = SoftmaxCrossEntropyReference.Run(logits, labels, weights, 1);
        Assert.Equal(0, gradient[3, 4].Value);
        ConformanceCheck.Run(family, "masked", [losses, hits, gradient.Values], workspace => Call(workspace, logits, labels, weights, 1));
    }

    [Theory]
    [EveryDevice]
    public void The_lowest_index_wins_a_tie(DeviceFamily family)
    {
        Matrix logits = new(3, 3, [1, 2, 0, 1, 2, 0, 1, -1, 0]);
        ConformanceCheck.Run(family, "ties", [[1, 0, 0]], workspace => [Call(workspace, logits, [0, 1, 2], [1, 1, 1], null)[1]]);
    }

    [Theory]
    [EveryDevice]
    public void A_label_outside_the_vocabulary_that_counts_is_refused(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            using Workspace workspace = new(device, poisoned: false);
            foreach (int label in new[] { -1, 3, int.MinValue })
            {
                ArgumentException error = Assert.Throws<ArgumentException>(() => Call(workspace, new Matrix(3, 2), [0, label], [1, 1], null));
                Assert.Contains($"token 1 has the label {label}", error.Message, StringComparison.Ordinal);
            }
        }
    }

    private static (Matrix Logits, int[] Labels, double[] Weights) Case(int vocabulary, int tokens, double deviation = 3, double mean = 0)
    {
        Inputs inputs = new(1);
        Matrix logits = inputs.Matrix(vocabulary, tokens, deviation, mean);
        double[] weights = [.. inputs.Integers(tokens, 4).Select(i => i * 0.5)];
        return (logits, inputs.Integers(tokens, vocabulary), weights);
    }

    private static double[][] Call(Workspace workspace, Matrix logits, int[] labels, double[] weights, float? gradientScale)
    {
        DeviceMatrix matrix = workspace.Activations(logits);
        DeviceBuffer<float> losses = workspace.Buffer(logits.Columns);
        DeviceBuffer<float> hits = workspace.Buffer(logits.Columns);
        workspace.Device.SoftmaxCrossEntropy(matrix, workspace.Buffer(labels), workspace.Buffer(weights), losses, hits, gradientScale);
        return [Workspace.Read(losses), Workspace.Read(hits), Workspace.Read(matrix)];
    }
}
