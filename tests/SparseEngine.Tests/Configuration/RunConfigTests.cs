using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class RunConfigTests
{
    [Fact]
    public void Every_key_is_read()
    {
        RunConfig config = YamlRun.Read(
            YamlRun.Minimal.Replace("seed: 1", "seed: 7", StringComparison.Ordinal)
            + """
                model_dir: out
                steps_per_epoch: 5
                eval_steps: 3
                eval_frequency: 4
                log_steps: 2
                checkpoint_steps: 10
                save_initial_checkpoint: True
                keep_checkpoint_max: 3
                checkpoint_path: start.mdl
                is_pretrained_checkpoint: True
                autoload_last_checkpoint: False
                check_loss_values: False
                num_csx: 2
                logging: debug
                num_epochs: 6
                keep_best: True
                early_stop: 5
                sample_prompt: "Once "
                sample_tokens: 9
                sample_tokenizer: gpt2
                time_budget: 1h30m
              """).RunConfig;

        Assert.Equal(
            new RunConfig
            {
                ModelDirectory = "out",
                MaxSteps = 20,
                NumEpochs = 6,
                StepsPerEpoch = 5,
                EvalSteps = 3,
                EvalFrequency = 4,
                LogSteps = 2,
                CheckpointSteps = 10,
                SaveInitialCheckpoint = true,
                KeepCheckpointMax = 3,
                CheckpointPath = "start.mdl",
                IsPretrainedCheckpoint = true,
                AutoloadLastCheckpoint = false,
                CheckLossValues = false,
                Seed = 7,
                NumCsx = 2,
                Logging = "DEBUG",
                KeepBest = true,
                EarlyStop = 5,
                SamplePrompt = "Once ",
                SampleTokens = 9,
                SampleTokenizer = "gpt2",
                TimeBudget = TimeSpan.FromMinutes(90),
            },
            config);
    }

    [Fact]
    public void Options_win_over_the_file()
    {
        RunConfigOverrides options = new()
        {
            ModelDirectory = "elsewhere",
            CheckpointPath = "weights.safetensors",
            IsPretrainedCheckpoint = true,
            MaxSteps = 3,
            EvalSteps = 2,
            NumCsx = 4,
            Logging = "warning",
        };

        RunConfig config = YamlRun.Read(YamlRun.Minimal, options).RunConfig;

        Assert.Equal(
            new RunConfig
            {
                ModelDirectory = "elsewhere",
                CheckpointPath = "weights.safetensors",
                IsPretrainedCheckpoint = true,
                MaxSteps = 3,
                EvalSteps = 2,
                NumCsx = 4,
                Logging = "WARNING",
                Seed = 1,
            },
            config);
    }

    [Fact]
    public void Options_that_are_not_given_change_nothing() =>
        Assert.Equal(YamlRun.Read(YamlRun.Minimal).RunConfig, YamlRun.Read(YamlRun.Minimal, new RunConfigOverrides()).RunConfig);

    [Fact]
    public void Epochs_on_the_command_line_replace_steps_in_the_file()
    {
        string yaml = YamlRun.Minimal.Replace("max_steps: 20", "num_steps: 20", StringComparison.Ordinal);

        RunConfig config = YamlRun.Read(yaml, new RunConfigOverrides { NumEpochs = 2 }).RunConfig;

        Assert.Equal((null, 2), (config.NumSteps, config.NumEpochs));
    }

    [Fact]
    public void Zero_kept_checkpoints_means_all() =>
        Assert.Null(YamlRun.Read(YamlRun.Minimal + "  keep_checkpoint_max: 0\n").RunConfig.KeepCheckpointMax);

    [Fact]
    public void Wrong_options_are_named_as_such_before_the_files_problems() =>
        Assert.Equal(
            [
                "command line: --max_steps is 0; valid: an integer of at least 1",
                "command line: --num_steps and --num_epochs are both given; give one of them",
                "command line: --logging is \"LOUD\"; valid: DEBUG, INFO, WARNING, ERROR, CRITICAL",
                "command line: --is_pretrained_checkpoint needs --checkpoint_path",
                "params.yaml:19:3: runconfig.log_steps is 0; valid: an integer of at least 1",
            ],
            YamlRun.Errors(
                YamlRun.Minimal + "  log_steps: 0\n",
                new RunConfigOverrides { MaxSteps = 0, NumSteps = 1, NumEpochs = 1, Logging = "LOUD", IsPretrainedCheckpoint = true }));

    [Fact]
    public void A_budget_is_a_time_or_steps_and_no_other_length_beside_it() =>
        Assert.Equal(
            [
                "command line: --time_budget and --max_steps are both given, and each says how long to train; give one of them",
                "params.yaml:20:3: runconfig.time_budget and runconfig.budget_steps are both given; give one of them",
                "params.yaml:20:3: runconfig.time_budget is \"soon\"; valid: a time above 0, such as 90s, 10m or 1h30m, or seconds",
            ],
            YamlRun.Errors(
                YamlRun.Minimal + "  budget_steps: 5\n  time_budget: soon\n",
                new RunConfigOverrides { MaxSteps = 4, TimeBudget = TimeSpan.FromMinutes(1) }));

    [Fact]
    public void A_budget_of_the_file_gives_way_to_a_length_or_another_budget_on_the_command_line()
    {
        const string Yaml = YamlRun.Minimal + "  time_budget: 600\n";

        RunConfig longer = YamlRun.Read(Yaml, new RunConfigOverrides { MaxSteps = 30 }).RunConfig;
        RunConfig other = YamlRun.Read(Yaml, new RunConfigOverrides { BudgetSteps = 30 }).RunConfig;

        Assert.Equal((30, null, null), (longer.MaxSteps, longer.TimeBudget, longer.BudgetSteps));
        Assert.Equal((20, null, 30), (other.MaxSteps, other.TimeBudget, other.BudgetSteps));
    }
}
