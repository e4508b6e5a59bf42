using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Files;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints;

/// <summary>Applies a sparsity section to a checkpoint without training: any set of named tensors, of whatever model.</summary>
/// <remarks>
/// What is not an optimizer's is a parameter; its index among them, in the file's order, is part of its seed. A state goes by its
/// parameter's mask where it has its shape. In the result each parameter is followed by its states, so that one mask at a time is needed.
/// </remarks>
public sealed class CheckpointSparsifier
{
    private readonly CheckpointReader input;
    private readonly bool dumpMasks;
    private readonly ILookup<string?, string> states;

    private CheckpointSparsifier(CheckpointReader input, SparsityPlan plan, int step, bool dumpMasks)
    {
        this.input = input;
        this.dumpMasks = dumpMasks;
        Step = step;
        Plan = plan with { Weights = [.. plan.After(step).Weights.Select(CountKept)] };
        states = input.Names.Where(IsState).ToLookup(OptimizerStateName.ParameterOf, StringComparer.Ordinal);
    }

    /// <summary>The weights that are made sparse.</summary>
    public SparsityPlan Plan { get; }

    /// <summary>Optimizer steps done, after which schedules have the levels that are applied.</summary>
    public int Step { get; }

    /// <summary>The weights that stay dense, since their masks change for the first time after more steps.</summary>
    public IEnumerable<WeightSparsity> NotYetSparse => Plan.Weights.Where(weight => weight.Dynamic?.IsDenseAfter(Step) is true);

    /// <summary>Plans the sparsity of a checkpoint's parameters.</summary>
    /// <param name="input">The checkpoint.</param>
    /// <param name="parameters">The sparsity section.</param>
    /// <param name="drawSeed">
    /// Draws the seed of groups that have none; null takes the one that the checkpoint names, else 32 random bits.
    /// </param>
    /// <param name="step">Optimizer steps done, for levels that change; null for the checkpoint's own, 0 where it names none.</param>
    /// <exception cref="CheckpointException">The input is damaged.</exception>
    /// <exception cref="ConfigurationException">A glob matches no name, or a weight cannot be parted as its group says.</exception>
    public static CheckpointSparsifier Create(
        CheckpointReader input, SparsityParameters parameters, Func<long>? drawSeed = null, int? step = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(parameters);
        IEnumerable<NamedShape> shapes =
            input.Names.Where(name => !OptimizerStateName.IsOptimizers(name)).Select(name => new NamedShape(name, input.Shape(name)));
        drawSeed ??= SparsitySeed.Read(input) is { } drawn ? () => drawn : null;
        SparsityPlan plan = SparsityPlan.Create(parameters, [.. shapes], drawSeed);
        return new CheckpointSparsifier(input, plan, step ?? input.State?.Step ?? 0, parameters.DumpMasks);
    }

    /// <summary>Writes the checkpoint with the plan applied, and where the section says dump_masks, each mask beside it as a .npy file.</summary>
    /// <param name="output">The file to write.</param>
    /// <param name="stop">Ends it between two tensors; nothing is left then.</param>
    /// <exception cref="ConfigurationException">
    /// The output is one of the files that the input is read from, or a mask's file exists and may not be overwritten.
    /// </exception>
    /// <exception cref="CheckpointException">The input is damaged.</exception>
    /// <exception cref="OutputException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public SparsifiedCheckpoint Write(CheckpointOutput output, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        using MaskFiles? masks = dumpMasks ? new MaskFiles(Path.GetDirectoryName(Path.GetFullPath(output.Path))!) : null;
        OutputFiles.Check(
            [output.Path, .. masks is null ? [] : Plan.Weights.Select(weight => masks.PathFor(weight.Name))], input.Files, output.MayOverwrite);

        Pass pass = new(input, Step, masks, largest: Plan.Weights.Select(weight => (int)weight.Total).DefaultIfEmpty().Max(), stop);
        List<TensorWriter> tensors = Tensors(pass);
        long bytes = output.Write(
            tensors, input.State,
            SparsitySeed.With(Divergence.WithEmptyWeights(input.Metadata, EmptyWeights()), Plan.IsDynamic ? Plan.DrawnSeed : null));
        masks?.Commit();
        return new SparsifiedCheckpoint(
            tensors.Count, Plan.Weights.Length, Plan.Weights.Sum(weight => weight.Total), Plan.Weights.Sum(weight => weight.Kept),
            pass.Regrown, pass.NaNsElsewhere, pass.ParametersElsewhere, bytes);
    }

    /// <summary>A weight with the number of elements that are kept of it, which only the weight itself may tell.</summary>
    private WeightSparsity CountKept(WeightSparsity weight)
    {
        if (MaskSelector.IsScored(weight.Method))
        {
            return weight;
        }

        float[] elements = new float[weight.Total];
        input.Read(weight.Name, elements);
        return StartingMask.Marked(weight, Step, elements) is { } keep ? weight with { Kept = keep.Count(true) } : weight;
    }

    /// <summary>The weights without any values: those of the plan, and of the input those that it does not change.</summary>
    private string[] EmptyWeights() =>
    [
        .. Plan.Weights.Where(weight => weight.Kept == 0).Select(weight => weight.Name),
        .. Divergence.EmptyWeights(input.Metadata).Except(Plan.Weights.Select(weight => weight.Name), StringComparer.Ordinal),
    ];

    private List<TensorWriter> Tensors(Pass pass)
    {
        Dictionary<string, WeightSparsity> planned = Plan.Weights.ToDictionary(weight => weight.Name, StringComparer.Ordinal);
        List<TensorWriter> tensors = [];
        foreach (string name in input.Names.Where(name => !IsState(name)))
        {
            ImmutableArray<int> shape = input.Shape(name);
            bool isSparse = planned.TryGetValue(name, out WeightSparsity? weight);
            tensors.Add(new TensorWriter(name, shape, isSparse ? dense => pass.Sparsify(weight!, dense) : dense => pass.Copy(name, dense)));
            foreach (string state in states[name])
            {
                bool isMasked = isSparse && input.Shape(state).SequenceEqual(shape);
                tensors.Add(new TensorWriter(state, input.Shape(state), dense => pass.CopyState(state, isMasked, dense)));
            }
        }

        return tensors;
    }

    /// <summary>Whether a tensor is the optimizer's state of a parameter that the file has.</summary>
    private bool IsState(string name) =>
        OptimizerStateName.ParameterOf(name) is { } parameter && input.Contains(parameter) && !OptimizerStateName.IsOptimizers(parameter);

    /// <summary>One pass over the tensors; of masks it remembers the last.</summary>
    private sealed class Pass(CheckpointReader input, int step, MaskFiles? masks, int largest, CancellationToken stop)
    {
        private readonly float[] scores = new float[largest];
        private SparsityMask? mask;

        public long Regrown { get; private set; }

        public long NaNsElsewhere { get; private set; }

        public int ParametersElsewhere { get; private set; }

        public void Sparsify(WeightSparsity weight, Span<float> dense)
        {
            Read(weight.Name, dense);
            mask = null;
            mask = StartingMask.Marked(weight, step, dense) is { } keep
                ? SparsityMask.Of(keep, keep.Count(true), dense)
                : MaskSelector.Select(StartingMask.Ranked(weight), dense, scores.AsSpan(0, dense.Length));
            LivedPlaces? lived = LivedPlacesOf(weight, dense, mask);
            mask.Apply(dense);
            lived?.Mark(dense);
            masks?.Write(weight.Name, weight.Shape, mask.Keep);
            Regrown += mask.RegrownCount;
        }

        public void CopyState(string name, bool isMasked, Span<float> dense)
        {
            Read(name, dense);
            if (isMasked)
            {
                mask!.Apply(dense);
            }
        }

        public void Copy(string name, Span<float> dense)
        {
            Read(name, dense);
            long nans = 0;
            foreach (float value in dense)
            {
                nans += float.IsNaN(value) ? 1 : 0;
            }

            if (nans > 0 && !OptimizerStateName.IsOptimizers(name))
            {
                NaNsElsewhere += nans;
                ParametersElsewhere++;
            }
        }

        /// <summary>What was alive at any time, where the weight's run keeps that; null where it does not.</summary>
        private LivedPlaces? LivedPlacesOf(WeightSparsity weight, ReadOnlySpan<float> dense, SparsityMask mask)
        {
            if (step == 0 || (weight.Dynamic is null && LivedPlaces.CountMarks(dense) == 0))
            {
                return null;
            }

            LivedPlaces lived = new(dense.Length);
            lived.AddStored(dense);
            lived.Add(mask.Keep);
            return lived;
        }

        private void Read(string name, Span<float> dense)
        {
            stop.ThrowIfCancellationRequested();
            input.Read(name, dense);
        }
    }
}

/// <summary>What sparsifying a checkpoint did.</summary>
/// <param name="Tensors">Tensors written.</param>
/// <param name="Weights">Weights that were made sparse.</param>
/// <param name="Elements">Their elements.</param>
/// <param name="Kept">Elements of them that are kept.</param>
/// <param name="Regrown">Kept elements that were sparse before and are 0.</param>
/// <param name="NaNsElsewhere">NaN in parameters that the section does not cover, which stay.</param>
/// <param name="ParametersElsewhere">Those parameters.</param>
/// <param name="Bytes">The length of the file written.</param>
public sealed record SparsifiedCheckpoint(
    int Tensors, int Weights, long Elements, long Kept, long Regrown, long NaNsElsewhere, int ParametersElsewhere, long Bytes);
