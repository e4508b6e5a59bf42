using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class OptimizerTests
{
    private static readonly int[] Lengths = [0, 1, 3, 17, 1000, 40_000];

    // What Half decides, rounded once more than a constant.
    private static readonly Bounded Scale = Bounded.Constant(1 / (2 + 1e-6)) + 0;

    [Theory]
    [EveryDevice]
    public void Adam_updates_the_moments_and_the_weight(DeviceFamily family)
    {
        AdamArguments adamW = new(0.01f, 0.9f, 0.999f, 1e-6f, 0.1f, DecoupledDecay: true, Correction: 0.3f);
        foreach (AdamArguments arguments in new[] { adamW, adamW with { DecoupledDecay = false }, adamW with { WeightDecay = 0, Correction = 1 } })
        {
            foreach (int length in Lengths)
            {
                Inputs inputs = new(1);
                double[] weight = inputs.Vector(length);
                double[] gradient = inputs.Vector(length);
                double[] first = inputs.Vector(length);
                double[] second = [.. inputs.Vector(length).Select(v => (double)(float)(v * v))];
                (Bounded W, Bounded M, Bounded V)[] expected =
                    [.. Enumerable.Range(0, length).Select(i => Adam(arguments, weight[i], gradient[i], first[i], second[i]))];
                Bounded[][] results = [[.. expected.Select(e => e.W)], [.. expected.Select(e => e.M)], [.. expected.Select(e => e.V)]];
                ConformanceCheck.Run(family, $"{length}, {arguments}", results, workspace =>
                {
                    DeviceBuffer<float> w = workspace.Buffer(weight);
                    DeviceBuffer<float> m = workspace.Buffer(first);
                    DeviceBuffer<float> v = workspace.Buffer(second);
                    workspace.Device.AdamStep(arguments, Half(workspace), w, workspace.Buffer(gradient), m, v);
                    return [Workspace.Read(w), Workspace.Read(m), Workspace.Read(v)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Sgd_updates_the_velocity_and_the_weight(DeviceFamily family)
    {
        SgdArguments heavyBall = new(0.01f, Momentum: 0.9f, Nesterov: false, WeightDecay: 0.1f);
        foreach (SgdArguments arguments in new[] { heavyBall, heavyBall with { Nesterov = true } })
        {
            foreach (int length in Lengths)
            {
                Inputs inputs = new(2);
                double[] weight = inputs.Vector(length);
                double[] gradient = inputs.Vector(length);
                double[] velocity = inputs.Vector(length);
                (Bounded W, Bounded V)[] expected = [.. Enumerable.Range(0, length).Select(i => Sgd(arguments, weight[i], gradient[i], velocity[i]))];
                ConformanceCheck.Run(family, $"{length}, {arguments}", [[.. expected.Select(e => e.W)], [.. expected.Select(e => e.V)]], workspace =>
                {
                    DeviceBuffer<float> w = workspace.Buffer(weight);
                    DeviceBuffer<float> v = workspace.Buffer(velocity);
                    workspace.Device.SgdStep(arguments, Half(workspace), w, workspace.Buffer(gradient), v);
                    return [Workspace.Read(w), Workspace.Read(v)];
                });
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void Sgd_without_momentum_follows_the_gradient(DeviceFamily family)
    {
        SgdArguments arguments = new(0.01f, Momentum: 0, Nesterov: false, WeightDecay: 0.1f);
        Inputs inputs = new(3);
        double[] weight = inputs.Vector(1000);
        double[] gradient = inputs.Vector(1000);
        Bounded[] expected = [.. weight.Zip(gradient, (w, g) => Sgd(arguments, w, g, 0).W)];
        ConformanceCheck.Run(family, "plain", [expected], workspace =>
        {
            DeviceBuffer<float> w = workspace.Buffer(weight);
            workspace.Device.SgdStep(arguments, Half(workspace), w, workspace.Buffer(gradient), null);
            return [Workspace.Read(w)];
        });
    }

    [Theory]
    [EveryDevice]
    public void Updates_that_are_refused_change_nothing_from_then_on(DeviceFamily family)
    {
        double[] values = new Inputs(5).Vector(65);
        Bounded[] unchanged = [.. values.Select(v => new Bounded(v))];
        ConformanceCheck.Run(family, "refused", [unchanged, unchanged, unchanged, unchanged], workspace =>
        {
            using UpdateScale scale = new(workspace.Device);
            Decide(workspace, scale, loss: double.NaN, norm: 1, refuse: true, step: 7);
            Decide(workspace, scale, loss: 1, norm: 1, refuse: true, step: 8);
            DeviceBuffer<float> w = workspace.Buffer(values);
            DeviceBuffer<float> m = workspace.Buffer(values);
            DeviceBuffer<float> v = workspace.Buffer(values);
            DeviceBuffer<float> velocity = workspace.Buffer(values);
            workspace.Device.AdamStep(
                new(0.1f, 0.9f, 0.99f, 1e-6f, 0.1f, DecoupledDecay: true, Correction: 1), scale, w, workspace.Buffer(values), m, v);
            workspace.Device.SgdStep(new(0.1f, Momentum: 0.9f, Nesterov: false, WeightDecay: 0.1f), scale, w, workspace.Buffer(values), velocity);
            workspace.Device.SgdStep(new(0.1f, Momentum: 0, Nesterov: false, WeightDecay: 0.1f), scale, w, workspace.Buffer(values), null);
            return [Workspace.Read(w), Workspace.Read(m), Workspace.Read(v), Workspace.Read(velocity)];
        });
    }

    /// <summary>A scale of <see cref="Scale"/>: a norm of 2 clipped to 1.</summary>
    private static UpdateScale Half(Workspace workspace)
    {
        UpdateScale scale = workspace.Own(new UpdateScale(workspace.Device));
        Decide(workspace, scale, loss: 1, norm: 2, refuse: true, step: 1);
        return scale;
    }

    private static void Decide(Workspace workspace, UpdateScale scale, double loss, double norm, bool refuse, int step) =>
        workspace.Device.ClipByGlobalNorm(new ClipArguments(1, refuse, step), workspace.Sum(loss), workspace.Sum(norm * norm), scale);

    private static (Bounded W, Bounded M, Bounded V) Adam(in AdamArguments a, Bounded w, Bounded gradient, Bounded m, Bounded v)
    {
        Bounded g = (Scale * gradient) + (a.DecoupledDecay ? 0 : a.WeightDecay * w);
        m = (a.Beta1 * m) + ((1 - (Bounded)a.Beta1) * g);
        v = (a.Beta2 * v) + ((1 - (Bounded)a.Beta2) * g * g);
        Bounded update = (a.Correction * m / (Bounded.Sqrt(v) + a.Epsilon)) + (a.DecoupledDecay ? a.WeightDecay * w : 0);
        return (w - (a.LearningRate * update), m, v);
    }

    private static (Bounded W, Bounded V) Sgd(in SgdArguments a, Bounded w, Bounded gradient, Bounded velocity)
    {
        Bounded g = (Scale * gradient) + (a.WeightDecay * w);
        velocity = (a.Momentum * velocity) + g;
        return (w - (a.LearningRate * (a.Nesterov ? g + (a.Momentum * velocity) : velocity)), velocity);
    }
}
