using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>The layouts that are known, and which of them a model takes.</summary>
internal static class HuggingFaceLayouts
{
    /// <summary>All of them: of those that can express a model, the first is taken.</summary>
    public static ImmutableArray<IHuggingFaceLayout> All { get; } =
    [
        new Gpt2Layout(), new GptBigCodeLayout(), new LlamaLayout(), new MistralLayout(), new GptNeoXLayout(), new GptJLayout(), new FalconLayout(),
        new BloomLayout(),
    ];

    /// <summary>The layout of GPT-2, which a config.json without a <c>model_type</c> is taken for.</summary>
    public static IHuggingFaceLayout Gpt2 => All[0];

    /// <summary>The known values of <c>model_type</c>, for messages.</summary>
    public static string ModelTypes => string.Join(", ", All.Select(layout => layout.Names.ModelType));

    /// <summary>The layout of a <c>model_type</c>; null where it is not known.</summary>
    public static IHuggingFaceLayout? Find(string modelType) => All.FirstOrDefault(layout => layout.Names.ModelType == modelType);

    /// <summary>What would be valid in place of a <c>model_type</c>, the nearest one first where one is near.</summary>
    public static string ValidInPlaceOf(string modelType) =>
        NearestName.Find(modelType, All.Select(layout => layout.Names.ModelType)) is { } nearest ? $"{ModelTypes}; nearest: {nearest}" : ModelTypes;

    /// <summary>The first layout that expresses a model, else the one that lacks least of it among those that know its positions.</summary>
    public static IHuggingFaceLayout Of(ModelParameters model)
    {
        IEnumerable<IHuggingFaceLayout> candidates = model.PositionEmbedding is PositionEmbedding.None or PositionEmbedding.Fixed
            ? [Gpt2]
            : All.Where(layout => !layout.Lacks(model).Contains(ModelDifferences.Position(model)));
        return candidates.MinBy(layout => layout.Lacks(model).Count()) ?? Gpt2;
    }
}
