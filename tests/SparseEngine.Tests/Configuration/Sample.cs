namespace SparseEngine.Tests.Configuration;

/// <summary>A small valid file; tests replace single lines of it.</summary>
internal static class Sample
{
    public const string Text = """
        model:
          hidden_size: 64
          num_hidden_layers: 2
          num_heads: 4
          filter_size: 256
          dropout_rate: 0.0
          <<: {vocab_size: 256, max_position_embeddings: 64}
        train_input:
          data_processor: GptHDF5DataProcessor
          data_dir: ./train
          batch_size: 8
          max_sequence_length: 32
        optimizer:
          optimizer_type: AdamW
          learning_rate: 1e-3
        runconfig:
          max_steps: 10
        sparsity:
          sparsity: 0.75
          init_method: random

        """;
}
