using System.Collections.Immutable;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>A data loader, and where the file has it.</summary>
internal sealed record TrainerInput(InputParameters Parameters, SectionReader Section);

/// <summary>Reads <c>trainer.fit</c>, <c>trainer.validate</c> and <c>trainer.validate_all</c>: the data and the checkpoints of each mode.</summary>
internal sealed class TrainerInputs
{
    private const string ValidLoader = "a map of settings";
    private const string ValidLoaders = "a map of settings, or a list of such maps";
    private const string ValidPaths = "a path, or a list of paths";

    // One map is named in several places by its anchor; it is read and complained of once.
    private readonly Dictionary<YamlNode, TrainerInput> read = new(ReferenceEqualityComparer.Instance);
    private readonly int maxPositionEmbeddings;

    private TrainerInputs(int maxPositionEmbeddings) => this.maxPositionEmbeddings = maxPositionEmbeddings;

    /// <summary>What is trained on; null where the file has no such data.</summary>
    public TrainerInput? Train { get; private set; }

    /// <summary>What is evaluated on while it trains.</summary>
    public ImmutableArray<TrainerInput> Fit { get; private set; } = [];

    /// <summary>What the mode eval evaluates on.</summary>
    public ImmutableArray<TrainerInput> Validate { get; private set; } = [];

    /// <summary>What the mode eval_all evaluates on.</summary>
    public ImmutableArray<TrainerInput> ValidateAll { get; private set; } = [];

    /// <summary>The checkpoint that training starts from.</summary>
    public string? FitCheckpoint { get; private set; }

    /// <summary>The checkpoint that the mode eval evaluates.</summary>
    public string? ValidateCheckpoint { get; private set; }

    /// <summary>The checkpoints that the mode eval_all evaluates; empty for all there are.</summary>
    public ImmutableArray<string> ValidateAllCheckpoints { get; private set; } = [];

    /// <summary>
    /// All data that are evaluated on. Those with a validation_share come first, the largest last, which then is that of the training data.
    /// </summary>
    public IEnumerable<TrainerInput> Evaluated => Fit.Concat(Validate).Concat(ValidateAll).Distinct()
        .OrderBy(input => input.Section.Has("validation_share") ? input.Parameters.ValidationShare : 1);

    /// <summary>Reads the three sections.</summary>
    /// <param name="trainer">Where they are.</param>
    /// <param name="maxPositionEmbeddings">The sequence length that is reckoned with where none is given and the data, not yet open, tell.</param>
    public static TrainerInputs Read(SectionReader trainer, int maxPositionEmbeddings)
    {
        TrainerInputs inputs = new(maxPositionEmbeddings);
        if (trainer.Section("fit", "a map with train_dataloader") is { } fit)
        {
            inputs.Train = fit.RequiredValue("train_dataloader", ValidLoader) is { } loader ? inputs.ReadLoader(loader, ValidLoader) : null;
            inputs.Fit = inputs.ReadLoaders(fit, "val_dataloader");
            inputs.FitCheckpoint = fit.Text("ckpt_path", "a path");
            fit.Finish();
        }

        if (trainer.Section("validate", "a map with val_dataloader") is { } validate)
        {
            inputs.Validate = inputs.ReadLoaders(validate, "val_dataloader");
            inputs.ValidateCheckpoint = validate.Text("ckpt_path", "a path");
            validate.Finish();
        }

        if (trainer.Section("validate_all", "a map with val_dataloaders") is { } validateAll)
        {
            inputs.ValidateAll = inputs.ReadLoaders(validateAll, validateAll.NameOf("val_dataloaders", "val_dataloader"));
            inputs.ValidateAllCheckpoints = ReadPaths(validateAll, "ckpt_paths");
            validateAll.Finish();
        }

        return inputs;
    }

    private static ImmutableArray<string> ReadPaths(SectionReader section, string key)
    {
        if (section.Value(key) is not { } value)
        {
            return [];
        }

        return value.Node is YamlSequence
            ? [.. value.Items().Select(item => item.AsText("a path")).OfType<string>()]
            : value.AsText(ValidPaths) is { } path ? [path] : [];
    }

    private ImmutableArray<TrainerInput> ReadLoaders(SectionReader section, string key)
    {
        if (section.Value(key) is not { } value)
        {
            return [];
        }

        return value.Node is YamlSequence
            ? [.. value.Items().Select(item => ReadLoader(item, ValidLoader)).OfType<TrainerInput>()]
            : ReadLoader(value, ValidLoaders) is { } loader ? [loader] : [];
    }

    private TrainerInput? ReadLoader(SectionValue value, string valid)
    {
        if (read.TryGetValue(value.Node, out TrainerInput? known))
        {
            return known;
        }

        if (value.AsSection(valid) is not { } section)
        {
            return null;
        }

        TrainerInput loader = new(InputSection.Read(section, maxPositionEmbeddings), section);
        read.Add(value.Node, loader);
        return loader;
    }
}
