namespace SparseEngine.Tests.Configuration;

/// <summary>Files in the trainer layout, written out.</summary>
internal static class TrainerYaml
{
    /// <summary>The smallest file that can train, which says the same as <see cref="YamlRun.Minimal"/>. It has 29 lines.</summary>
    public const string Minimal =
        """
        trainer:
          init:
            model:
              name: gpt3
              vocab_size: 256
              hidden_size: 32
              num_hidden_layers: 2
              num_heads: 4
              filter_size: 128
              dropout_rate: 0.0
              attention_dropout_rate: 0.0
            optimizer:
              AdamW:
                eps: 1.0e-8
                correct_bias: false
            schedulers:
            - ConstantLR:
                learning_rate: 0.001
            precision:
              enabled: true
            loop:
              max_steps: 20
            seed: 1
          fit:
            train_dataloader:
              data_processor: GptHDF5DataProcessor
              data_dir: ./train/
              max_sequence_length: 32
              batch_size: 4

        """;

    /// <summary>The smallest file with one text in place of another, which it must have once.</summary>
    public static string With(string text, string replacement)
    {
        Assert.Equal(2, Minimal.Split(text).Length);
        return Minimal.Replace(text, replacement, StringComparison.Ordinal);
    }

    /// <summary>The smallest file with other schedulers.</summary>
    public static string WithSchedulers(string schedulers) => With(
        """
            schedulers:
            - ConstantLR:
                learning_rate: 0.001

        """,
        schedulers);
}
