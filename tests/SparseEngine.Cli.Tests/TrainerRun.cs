namespace SparseEngine.Cli.Tests;

/// <summary>Makes a <see cref="TinyRun"/> one in the trainer layout, which trains the same.</summary>
internal static class TrainerRun
{
    /// <summary>A tiny run in the trainer layout.</summary>
    /// <param name="loop">More of the section loop.</param>
    /// <param name="modes">What follows train_dataloader.</param>
    /// <param name="init">More of the section init.</param>
    public static TinyRun Create(string loop = "", string? modes = null, string init = "")
    {
        TinyRun run = new();
                modes ??= $"    val_dataloader: {{{TinyRun.ValidationInput}}}\n";
        run.WriteFile(
            "params.yaml",
            $$$"""
            trainer:
              init:
                backend: {backend_type: CPU}
                seed: 5
                model:
                  name: gpt2
                  vocab_size: 256
                  hidden_size: 32
                  num_hidden_layers: 2
                  num_heads: 2
                  filter_size: 64
                  max_position_embeddings: 32
                  attention_type: scaled_dot_product
                  dropout_rate: 0.1
                sparsity: {sparsity: 0.75, init_method: random, seed: 11}
                optimizer: {AdamW: {correct_bias: True}}
                schedulers: [ConstantLR: {learning_rate: 1e-2}]
                precision: {enabled: False, max_gradient_norm: 1.0}
                loop: {max_steps: 8, eval_steps: 3, {{{loop}}}}
                logging: {log_steps: 2}
                {{{init}}}
              fit:
                train_dataloader: { {{{TinyRun.TrainingInput}}} }
            {{{modes}}}
            """);
        return run;
    }
}
