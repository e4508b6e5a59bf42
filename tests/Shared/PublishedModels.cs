namespace SparseEngine.Tests.Shared;

/// <summary>A model of each published kind.</summary>
internal static class PublishedModels
{
    private static readonly Dictionary<string, Func<PublishedModel>> All = new()
    {
        ["SmolLM"] = () => new PublishedLlama(PublishedLlama.SmolLm),
        ["Llama 3.1"] = () => new PublishedLlama(PublishedLlama.Llama3),
        ["Llama, positions scaled"] = () => new PublishedLlama(PublishedLlama.Linear2),
        ["Mistral"] = () => new PublishedLlama(PublishedLlama.Mistral),
        ["Pythia"] = () => new PublishedGptNeoX(PublishedGptNeoX.Pythia),
        ["GPT-NeoX, sequential"] = () => new PublishedGptNeoX(PublishedGptNeoX.Sequential),
        ["GPT-J"] = () => new PublishedGptJ(PublishedGptJ.SixB),
        ["StarCoder"] = () => new PublishedGptBigCode(PublishedGptBigCode.StarCoder),
        ["GPTBigCode, multi-head"] = () => new PublishedGptBigCode(PublishedGptBigCode.MultiHead),
        ["BLOOM"] = () => new PublishedBloom(PublishedBloom.Six),
        ["Falcon-7B"] = () => new PublishedFalcon(PublishedFalcon.SevenB),
        ["Falcon-40B"] = () => new PublishedFalcon(PublishedFalcon.FortyB),
        ["Falcon-11B"] = () => new PublishedFalcon(PublishedFalcon.ElevenB),
        ["Falcon-RW"] = () => new PublishedFalcon(PublishedFalcon.RefinedWeb),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static PublishedModel Create(string name) => All[name]();
}
