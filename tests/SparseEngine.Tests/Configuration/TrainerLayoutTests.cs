using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Configuration;

public sealed class TrainerLayoutTests
{
    private const string Everything =
        """
        trainer:
          init:
            device: GPU
            backend:
              backend_type: CSX
              cluster_config: {num_csx: 4, num_workers_per_csx: 2, mount_dirs: [/data]}
              compile_dir: compiled
            model_dir: out
            seed: 9
            model:
              name: gpt2
              vocab_size: 256
              hidden_size: 32
              num_hidden_layers: 2
              num_heads: 4
              filter_size: 128
              max_position_embeddings: 64
              position_embedding_type: learned
              dropout_rate: 0.1
              embedding_dropout_rate: 0.2
              attention_dropout_rate: 0.3
              nonlinearity: gelu_new
              loss_scaling: batch_size
              loss_weight: 0.5
              boundary_casting: false
              fold_rope_consts: false
              scale_output_logits_by_d: true
              max_tokens: 256
            optimizer:
              adamw: {betas: [0.8, 0.95], eps: 1.0e-9, weight_decay: 0.1, correct_bias: true, amsgrad: false, learning_rate: 0.3}
            schedulers:
            - SequentialLR:
                schedulers:
                - LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 1.0e-3, total_iters: 5}
                - CosineDecayLR: {initial_learning_rate: 1.0e-3, end_learning_rate: 1.0e-4, total_iters: 10}
                - ConstantLR: {learning_rate: 1.0e-4}
            precision: {enabled: true, fp16_type: cbfloat16, precision_opt_level: 1, loss_scaling_factor: dynamic, initial_loss_scale: 1.0,
              steps_per_increase: 2000, min_loss_scale: 1, max_loss_scale: 2, max_gradient_norm: 2.5, log_loss_scale: true}
            sparsity: {sparsity: 0.5, init_method: topk, seed: 3, algorithm: static}
            loop: {max_steps: 30, steps_per_epoch: 10, eval_frequency: 5, eval_steps: 2, grad_accum_steps: 2}
            checkpoint: {steps: 6, autoload_last_checkpoint: false, save_initial_checkpoint: true, disable_strict_checkpoint_loading: true,
              checkpoint_name: "checkpoint_{step}.mdl", strict_version: false}
            logging: {log_steps: 3, log_level: warning, wsc_log_level: {}, enable_act_frequency: false}
            callbacks:
            - ComputeNorm: {}
            - KeepNCheckpoints: {n: 2}
            - CheckLoss:
            - ScopedTrainFlags:
                csx.performance.micro_batch_size: auto
            - GlobalFlags: {csx.debug.drop_data: true}
            - LogSparsity: {}
            loggers:
            - TensorBoardLogger: {summary_dir: x}
            - WandbLogger: {project: p}
            autorestart: {max_num_restarts: 3}
          fit:
            train_dataloader: {data_processor: GptHDF5MapDataProcessor, data_dir: [a, b], batch_size: 8, shuffle: true, shuffle_seed: 4,
              num_workers: 8, prefetch_factor: 10, persistent_workers: true, use_worker_cache: false, drop_last: true, use_vsl: false}
            val_dataloader: &val {data_processor: GptHDF5DataProcessor, data_dir: c, batch_size: 2, shuffle: false, num_workers: 1}
            ckpt_path: start.mdl
          validate:
            val_dataloader: *val
            ckpt_path: tested.mdl
          validate_all:
            val_dataloaders: *val
        description: A run.
        """;

    [Fact]
    public void Every_section_becomes_what_its_twin_of_1_8_is()
    {
        RunParameters run = YamlRun.Read(Everything);

        RunParameters twin = YamlRun.Read(
            """
            train_input: {data_processor: GptHDF5DataProcessor, data_dir: [a, b], batch_size: 8, shuffle: true, shuffle_seed: 4}
            eval_input: {data_processor: GptHDF5DataProcessor, data_dir: c, batch_size: 2, shuffle: false}
            model: {vocab_size: 256, hidden_size: 32, num_hidden_layers: 2, num_heads: 4, filter_size: 128, max_position_embeddings: 64,
              dropout_rate: 0.1, embedding_dropout_rate: 0.2, attention_dropout_rate: 0.3, nonlinearity: gelu_new, loss_scaling: batch_size,
              loss_weight: 0.5}
            sparsity: {sparsity: 0.5, init_method: topk, seed: 3}
            optimizer:
              optimizer_type: AdamW
              betas: [0.8, 0.95]
              eps: 1.0e-9
              weight_decay_rate: 0.1
              correct_bias: true
              max_gradient_norm: 2.5
              grad_accum_steps: 2
              learning_rate:
              - {scheduler: Linear, initial_learning_rate: 0.0, end_learning_rate: 1.0e-3, steps: 5}
              - {scheduler: CosineDecay, initial_learning_rate: 1.0e-3, end_learning_rate: 1.0e-4, steps: 10}
              - {scheduler: Constant, learning_rate: 1.0e-4}
            runconfig: {model_dir: out, max_steps: 30, steps_per_epoch: 10, eval_frequency: 5, eval_steps: 2, log_steps: 3, checkpoint_steps: 6,
              save_initial_checkpoint: true, keep_checkpoint_max: 2, checkpoint_path: start.mdl, autoload_last_checkpoint: false,
              check_loss_values: false, seed: 9, num_csx: 4, logging: WARNING}
            """);
        Assert.Equal(twin.Model, run.Model);
        Assert.Equal(twin.RunConfig, run.RunConfig);
        Assert.Equal(twin.Optimizer! with { LearningRate = run.Optimizer!.LearningRate }, run.Optimizer);
        Assert.Equal(twin.Optimizer.LearningRate.Schedulers, run.Optimizer.LearningRate.Schedulers);
        Assert.Equal(
            twin.Sparsity!.Groups.Select(group => (group.Sparsity, group.Method, group.Seed)),
            run.Sparsity!.Groups.Select(group => (group.Sparsity, group.Method, group.Seed)));
        Assert.Equal(
            (8, 64, true, true, 4),
            (run.TrainInput!.BatchSize, run.TrainInput.MaxSequenceLength, run.TrainInput.TakesLengthFromData, run.TrainInput.Shuffle,
                run.TrainInput.ShuffleSeed));
        Assert.Equal(["a", "b"], run.TrainInput.DataDirectories);
        Assert.Equal((2, "c"), (run.EvalInput!.BatchSize, Assert.Single(run.EvalInput.DataDirectories)));
        Assert.Empty(run.FurtherEvalInputs);
    }

    [Fact]
    public void Keys_that_do_not_matter_here_are_accepted_silently() => Assert.Empty(YamlRun.Warnings(Everything));

    [Fact]
    public void The_smallest_file_is_the_smallest_of_1_8()
    {
        RunParameters run = YamlRun.Read(TrainerYaml.Minimal);
        RunParameters twin = YamlRun.Read(YamlRun.Minimal);

        Assert.Empty(YamlRun.Warnings(TrainerYaml.Minimal));
        Assert.Equal(twin.Model, run.Model);
        Assert.Equal(twin.RunConfig, run.RunConfig);
        Assert.Equal(twin.Optimizer! with { LearningRate = run.Optimizer!.LearningRate }, run.Optimizer);
        Assert.Equal(twin.Optimizer.LearningRate.Schedulers, run.Optimizer.LearningRate.Schedulers);
        Assert.Null(run.EvalInput);
        Assert.Null(run.Sparsity);
    }

    [Fact]
    public void Options_of_the_command_line_win_over_the_loop()
    {
        RunConfigOverrides options = new() { MaxSteps = 7, ModelDirectory = "there", CheckpointPath = "mine.mdl" };

        RunConfig config = YamlRun.Read(Everything, options).RunConfig;

        Assert.Equal((7, "there", "mine.mdl"), (config.MaxSteps, config.ModelDirectory, config.CheckpointPath));
    }

    [Fact]
    public void Bias_is_corrected_unless_the_file_says_otherwise()
    {
        Assert.False(YamlRun.Read(TrainerYaml.Minimal).Optimizer!.CorrectBias);
        Assert.True(YamlRun.Read(TrainerYaml.With("        correct_bias: false\n", "")).Optimizer!.CorrectBias);
    }

    [Fact]
    public void Sgd_has_the_names_of_both_layouts()
    {
        const string adam = "AdamW:\n        eps: 1.0e-8\n        correct_bias: false\n";
        OptimizerParameters optimizer = YamlRun.Read(
            TrainerYaml.With(adam, "SGD: {momentum: 0.9, nesterov: true, weight_decay: 0.1, dampening: 0}\n")).Optimizer!;

        Assert.Equal((OptimizerKind.Sgd, 0.9, true, 0.1), (optimizer.Kind, optimizer.Momentum, optimizer.UseNesterov, optimizer.WeightDecayRate));
        OptimizerParameters old = YamlRun.Read(
            TrainerYaml.With(adam, "optimizer_type: SGD\n      momentum: 0.9\n      use_nesterov: true\n      weight_decay_rate: 0.1\n")).Optimizer!;
        Assert.Equal(optimizer with { LearningRate = old.LearningRate }, old);
    }

    [Fact]
    public void A_list_with_one_trainer_is_that_trainer()
    {
        string[] lines = TrainerYaml.Minimal.Split('\n');
        string yaml = "trainer:\n" + string.Join('\n', lines.Select((line, i) => (i == 0 ? "- " : "  ") + line));

        Assert.Equal(YamlRun.Read(TrainerYaml.Minimal).Model, YamlRun.Read(yaml).Model);
        Assert.Equal(
            ["params.yaml:7:9: trainer[0].trainer.init.model.hidden_size is 0; valid: an integer of at least 1"],
            YamlRun.Errors(yaml.Replace("hidden_size: 32", "hidden_size: 0", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_null_in_place_of_the_positions_is_a_model_without_them()
    {
        Assert.True(YamlRun.Read(TrainerYaml.Minimal).Model.HasPositionTable);
        Assert.False(YamlRun.Read(TrainerYaml.With("num_heads: 4", "num_heads: 4\n      position_embedding_type: null")).Model.HasPositionTable);
    }

    [Theory]
    [InlineData("max_steps: 20\n      eval_frequency: 1.0", null)]
    [InlineData("max_steps: 20\n      eval_frequency: 1", 1)]
    [InlineData("max_steps: 20\n      eval_frequency: 0", null)]
    [InlineData("max_steps: 20\n      eval_frequency: null", null)]
    [InlineData("max_steps: 20\n      eval_frequency: 0.3", 6)]
    [InlineData("num_steps: 7\n      eval_frequency: 0.5", 4)]
    [InlineData("max_steps: 20\n      eval_frequency: 1e1", 10)]
    public void An_evaluation_comes_every_so_many_steps_or_after_a_share_of_them(string loop, int? steps) =>
        Assert.Equal(steps, YamlRun.Read(TrainerYaml.With("max_steps: 20", loop)).RunConfig.EvalFrequency);

    [Fact]
    public void The_activation_keeps_its_names() =>
        Assert.Equal(
            Activation.SquaredRelu,
            YamlRun.Read(TrainerYaml.With("num_heads: 4", "num_heads: 4\n      nonlinearity: squared_relu")).Model.Nonlinearity);

    [Fact]
    public void The_sparsity_section_can_be_read_alone()
    {
        using TemporaryDirectory folder = new();
        string path = folder.File("params.yaml");
        File.WriteAllText(path, "trainer: {init: {sparsity: {sparsity: 0.5, init_method: topk}}}\n");

        Assert.Equal(0.5, Assert.Single(SparsityParametersReader.ReadFile(path).Parameters.Groups).Sparsity);

        File.WriteAllText(path, "trainer: {init: {sparsity: {sparsity: 2, init_method: topk}}}\n");
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => SparsityParametersReader.ReadFile(path));
        Assert.StartsWith($"{path}:1:29: trainer.init.sparsity.sparsity is 2; valid: ", error.Message, StringComparison.Ordinal);

        File.WriteAllText(path, "trainer: {fit: {}}\n");
        error = Assert.Throws<ConfigurationException>(() => SparsityParametersReader.ReadFile(path));
        Assert.Equal($"{path}:1:1: trainer.init is missing; valid: a map of settings", error.Message);
    }
}
