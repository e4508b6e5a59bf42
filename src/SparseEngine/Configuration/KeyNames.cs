using System.Collections.Frozen;

namespace SparseEngine.Configuration;

/// <summary>
/// What a file's layout calls a setting that the program knows by its key in Model Zoo 1.8: messages use the words of the user's file.
/// </summary>
internal sealed class KeyNames
{
    private readonly FrozenDictionary<string, string> names;

    private KeyNames(Dictionary<string, string> names) => this.names = names.ToFrozenDictionary();

    /// <summary>The layout of Model Zoo 1.8, and runs built in code.</summary>
    public static KeyNames Sections { get; } = new([]);

    /// <summary>The trainer layout of Model Zoo 2.x.</summary>
    public static KeyNames Trainer { get; } = new(new Dictionary<string, string>
    {
        ["train_input"] = "trainer.fit.train_dataloader",
        ["eval_input"] = "trainer.fit.val_dataloader",
        ["model"] = "trainer.init.model",
        ["sparsity"] = "trainer.init.sparsity",
        ["optimizer"] = "trainer.init.optimizer",
        ["runconfig.check_loss_values"] = "trainer.init.callbacks.CheckLoss",
        ["runconfig.max_steps"] = "trainer.init.loop.max_steps",
        ["runconfig.time_budget"] = "trainer.init.loop.time_budget",
        ["runconfig.budget_steps"] = "trainer.init.loop.budget_steps",
        ["runconfig.eval_frequency"] = "trainer.init.loop.eval_frequency",
        ["runconfig.early_stop"] = "trainer.init.loop.early_stop",
        ["runconfig.keep_best"] = "trainer.init.checkpoint.keep_best",
        ["runconfig.sample_prompt"] = "trainer.init.logging.sample_prompt",
        ["runconfig.sample_tokens"] = "trainer.init.logging.sample_tokens",
        ["runconfig.sample_tokenizer"] = "trainer.init.logging.sample_tokenizer",
    });

    /// <summary>The name of a section or a setting, by its key in Model Zoo 1.8: <c>model.num_heads</c>.</summary>
    public string this[string key]
    {
        get
        {
            if (names.TryGetValue(key, out string? name))
            {
                return name;
            }

            int dot = key.LastIndexOf('.');
            return dot < 0 ? key : $"{this[key[..dot]]}{key[dot..]}";
        }
    }
}
