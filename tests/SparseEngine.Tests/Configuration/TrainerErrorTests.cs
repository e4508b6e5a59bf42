namespace SparseEngine.Tests.Configuration;

public sealed class TrainerErrorTests
{
    [Theory]
    [InlineData("hidden_size: 32", "hidden_size: abc", "6:7: trainer.init.model.hidden_size is \"abc\"; valid: an integer of at least 1")]
    [InlineData("num_heads: 4", "num_heads: 5", "8:7: trainer.init.model.num_heads is 5; valid: a divisor of hidden_size, 32")]
    [InlineData(
        "      name: gpt3\n", "", "3:5: trainer.init.model.name is missing; valid: gpt2, gpt3, gptj, gpt-neox, llama, mistral, mixtral, falcon, "
        + "bloom, btlm, jais, santacoder, starcoder, gemma2")]
    [InlineData(
        "name: gpt3", "name: gpt3\n      model_name: gpt2",
        "5:7: trainer.init.model.model_name is \"gpt2\" and means the same as name, which is \"gpt3\"; give one of them, or both the same value")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n      position_embedding_type: rotary\n      rotary_dim: 12",
        "10:7: trainer.init.model.rotary_dim is 12; valid: an even number from 2 to the size of a head, 8")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n      mup_base_hidden_size: 256",
        "9:7: trainer.init.model.mup_base_hidden_size is given without mup_base_filter_size; valid: both of them, or neither")]
    [InlineData(
        "num_heads: 4", "num_heads: 4\n      memory_tokens: {memory_tokens_enabled: true}",
        "9:7: trainer.init.model.memory_tokens is a map: the key is not implemented; valid: no such key")]
    [InlineData("AdamW:", "Lion:", "13:7: trainer.init.optimizer.Lion is not implemented; valid: AdamW, Adam, SGD")]
    [InlineData("AdamW:", "AdmW:", "13:7: trainer.init.optimizer.AdmW is not implemented; did you mean AdamW? Valid: AdamW, Adam, SGD")]
    [InlineData("eps: 1.0e-8", "eps: 0", "14:9: trainer.init.optimizer.AdamW.eps is 0; valid: a number above 0")]
    [InlineData(
        "eps: 1.0e-8", "maximize: true",
        "14:9: trainer.init.optimizer.AdamW.maximize is true: the key is not implemented; valid: false, which changes nothing, or no such key")]
    [InlineData("eps: 1.0e-8", "amsgrad: true", "14:9: trainer.init.optimizer.AdamW.amsgrad is true, which is not supported; valid: false")]
    [InlineData(
        "    optimizer:\n      AdamW:\n        eps: 1.0e-8\n        correct_bias: false\n", "    optimizer: AdamW\n",
        "12:5: trainer.init.optimizer is \"AdamW\"; valid: a map of one key with settings of its own: AdamW, Adam, SGD")]
    [InlineData("enabled: true", "max_gradient_norm: 0", "20:7: trainer.init.precision.max_gradient_norm is 0; valid: a number above 0")]
    [InlineData("enabled: true", "max_gradient_value: 1", "20:7: trainer.init.precision.max_gradient_value is not supported; use max_gradient_norm")]
    [InlineData("max_steps: 20", "max_steps: -1", "22:7: trainer.init.loop.max_steps is -1; valid: an integer of at least 1")]
    [InlineData(
        "max_steps: 20", "eval_steps: 2",
        "21:5: trainer.init.loop.max_steps is missing; give max_steps, num_steps or num_epochs, there or on the command line")]
    [InlineData(
        "    loop:\n      max_steps: 20\n", "",
        ": trainer.init.loop.max_steps is missing; give max_steps, num_steps or num_epochs, there or on the command line")]
    [InlineData(
        "max_steps: 20", "num_steps: 20\n      num_epochs: 1",
        "23:7: trainer.init.loop.num_epochs and trainer.init.loop.num_steps are both given; give one of them")]
    [InlineData(
        "max_steps: 20", "max_steps: 20\n      grad_accum_steps: 3",
        "23:7: trainer.init.loop.grad_accum_steps is 3; valid: a divisor of trainer.fit.train_dataloader.batch_size, 4")]
    [InlineData(
        "max_steps: 20", "max_steps: 20\n      eval_frequency: often",
        "23:7: trainer.init.loop.eval_frequency is \"often\"; valid: an integer of at least 0, or a share of the steps in (0, 1] with a "
        + "decimal point")]
    [InlineData(
        "max_steps: 20", "num_epochs: 1\n      eval_frequency: 0.5",
        "23:7: trainer.init.loop.eval_frequency is 0.5, a share of the steps, which only the data tell; "
        + "valid: an integer of at least 0, or give max_steps")]
    [InlineData("seed: 1", "seed: one", "23:5: trainer.init.seed is \"one\"; valid: an integer of at least 0")]
    [InlineData("seed: 1", "checkpoint: {steps: -1}", "23:18: trainer.init.checkpoint.steps is -1; valid: an integer of at least 0")]
    [InlineData(
        "seed: 1", "logging: {log_level: LOUD}", "23:15: trainer.init.logging.log_level is \"LOUD\"; valid: DEBUG, INFO, WARNING, ERROR, CRITICAL")]
    [InlineData(
        "seed: 1", "sparsity: {sparsity: 1.5, init_method: random}", "23:16: trainer.init.sparsity.sparsity is 1.5; valid: a number in [0, 1)")]
    [InlineData(
        "max_sequence_length: 32", "max_sequence_length: 2048",
        "28:7: trainer.fit.train_dataloader.max_sequence_length is 2048; valid: at most trainer.init.model.max_position_embeddings, 1024")]
    [InlineData(
        "max_sequence_length: 32", "data_transforms: [{name: add_sink_tokens}]",
        "28:7: trainer.fit.train_dataloader.data_transforms is a list: the key is not implemented; valid: no such key")]
    [InlineData(
        "    train_dataloader:\n      data_processor: GptHDF5DataProcessor\n      data_dir: ./train/\n      max_sequence_length: 32\n      "
        + "batch_size: 4\n",
        "    ckpt_path: x\n", "24:3: trainer.fit.train_dataloader is missing; valid: a map of settings")]
    public void A_wrong_value_is_named_by_its_place_and_path_in_the_users_file(string line, string replacement, string error) =>
        Assert.Equal(["params.yaml" + (error[0] == ':' ? "" : ":") + error], YamlRun.Errors(TrainerYaml.With(line, replacement)));

    [Theory]
    [InlineData("trainer:\n", "params.yaml:1:1: trainer is empty; valid: a map with init, and fit, validate or validate_all")]
    [InlineData("trainer: 5\n", "params.yaml:1:1: trainer is 5; valid: a map with init, and fit, validate or validate_all")]
    [InlineData("trainer: [{}]\n", "params.yaml:1:11: trainer[0].trainer is missing; valid: a map with init, and fit, validate or validate_all")]
    [InlineData("trainer: []\n", "params.yaml:1:1: trainer is an empty list; valid: a map with init, and fit, validate or validate_all")]
    [InlineData(
        "trainer:\n- trainer: {}\n- trainer: {}\n- trainer: {}\n",
        "params.yaml:1:1: trainer is a list of 3 trainers, which run one after another; valid: one, so give each a file of its own")]
    [InlineData(
        "trainer: {fit: {train_dataloader: {data_processor: GptHDF5DataProcessor, data_dir: d, batch_size: 1}}}\n",
        "params.yaml:1:1: trainer.init is missing; valid: a map with model, optimizer, schedulers, loop and so on")]
    [InlineData("trainer: {init: {}}\n", "params.yaml:1:11: trainer.init.model is missing; valid: a map of settings")]
    public void A_file_without_a_whole_trainer_is_one_error(string yaml, string error) => Assert.Equal([error], YamlRun.Errors(yaml));

    [Fact]
    public void All_problems_of_a_file_come_at_once_in_the_files_order()
    {
        const string yaml =
            """
            trainer:
              fit:
                train_dataloader: {data_processor: GptHDF5DataProcessor, data_dir: d, batch_size: none}
              init:
                modl: {}
                model: {name: gpt3, vocab_size: 8, hiden_size: 8, num_hidden_layers: 1, num_heads: 1, filter_size: 8, dropout_rate: 2}
                optimizer: {Lion: {}}
                schedulers: [LinearLR: {initial_learning_rate: 1, total_iters: 5}]
                callbacks: [ComputNorm: {}, KeepNCheckpoints: {n: 0}]
            """;

        Assert.Equal(
            [
                "params.yaml:3:75: trainer.fit.train_dataloader.batch_size is \"none\"; valid: an integer of at least 1",
                "params.yaml:6:40: trainer.init.model.hiden_size is not a known key; did you mean hidden_size, which is missing?",
                "params.yaml:6:107: trainer.init.model.dropout_rate is 2; valid: a number in [0, 1)",
                "params.yaml:7:17: trainer.init.optimizer.Lion is not implemented; valid: AdamW, Adam, SGD",
                "params.yaml:8:18: trainer.init.schedulers[0].LinearLR.end_learning_rate is missing; valid: a number of at least 0",
                "params.yaml:9:52: trainer.init.callbacks[1].KeepNCheckpoints.n is 0; valid: an integer of at least 1",
            ],
            YamlRun.Errors(yaml));
    }

    [Theory]
    [InlineData("seed: 1", "sede: 1", "23:5: trainer.init.sede is not a known key; did you mean seed?")]
    [InlineData("seed: 1", "colour: red", "23:5: trainer.init.colour is not a known key; it is ignored")]
    [InlineData(
        "max_steps: 20", "max_steps: 20\n      eval_frequence: 5",
        "23:7: trainer.init.loop.eval_frequence is not a known key; did you mean eval_frequency?")]
    [InlineData(
        "batch_size: 4", "batch_size: 4\n      shufle: true",
        "30:7: trainer.fit.train_dataloader.shufle is not a known key; did you mean shuffle?")]
    [InlineData("  fit:", "  fitt: {}\n  fit:", "24:3: trainer.fitt is not a known key; it is ignored")]
    [InlineData("trainer:\n", "train_input: {}\ntrainer:\n", "1:1: train_input is not a known key; it is ignored")]
    [InlineData(
        "seed: 1", "backend: {validate_only: true}",
        "23:15: trainer.init.backend.validate_only has no effect here; give --validate_only on the command line")]
    [InlineData(
        "seed: 1", "checkpoint: {checkpoint_root: s3}", "23:18: trainer.init.checkpoint.checkpoint_root has no effect; checkpoints are "
        + "written into model_dir")]
    [InlineData(
        "      attention_dropout_rate: 0.0\n", "",
        "3:5: trainer.init.model.attention_dropout_rate is not given: it is dropout_rate, 0, here and 0.1 in Model Zoo 2.x; give it to have "
        + "the same")]
    [InlineData(
        "      dropout_rate: 0.0\n", "",
        "3:5: trainer.init.model.dropout_rate is not given: it is 0 here and 0.1 in Model Zoo 2.x; give it to have the same")]
    public void A_doubtful_key_is_a_warning(string line, string replacement, string warning) =>
        Assert.Equal(["params.yaml:" + warning], YamlRun.Warnings(TrainerYaml.With(line, replacement)));
}
