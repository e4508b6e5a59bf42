using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads the runconfig section.</summary>
internal static class RunConfigSection
{
    private const string PathDescription = "a path";

    /// <summary>Python's log levels, by their names.</summary>
    public static Choices<PythonLogLevel> LogLevels { get; } = new(
        ("DEBUG", PythonLogLevel.Debug), ("INFO", PythonLogLevel.Info), ("WARNING", PythonLogLevel.Warning),
        ("ERROR", PythonLogLevel.Error), ("CRITICAL", PythonLogLevel.Critical));

    /// <summary>The levels of Python's logging module.</summary>
    internal enum PythonLogLevel
    {
        Debug,
        Info,
        Warning,
        Error,
        Critical,
    }

    /// <summary>Reads the section.</summary>
    public static RunConfig Read(SectionReader section)
    {
        RunConfig defaults = new();
        RunConfig config = defaults with
        {
            ModelDirectory = section.Text("model_dir", PathDescription) ?? defaults.ModelDirectory,
            MaxSteps = section.Integer("max_steps", minimum: 1),
            NumSteps = section.Integer("num_steps", minimum: 1),
            NumEpochs = section.Integer("num_epochs", minimum: 1),
            StepsPerEpoch = section.Integer("steps_per_epoch", minimum: 1),
            BudgetSteps = section.Integer("budget_steps", minimum: 1),
            EvalSteps = section.Integer("eval_steps", minimum: 1),
            EvalFrequency = section.Integer("eval_frequency", minimum: 1),
            LogSteps = section.Integer("log_steps", minimum: 1) ?? defaults.LogSteps,
            CheckpointSteps = section.Integer("checkpoint_steps", minimum: 0) ?? defaults.CheckpointSteps,
            SaveInitialCheckpoint = section.Boolean("save_initial_checkpoint") ?? defaults.SaveInitialCheckpoint,
            KeepCheckpointMax = section.Integer("keep_checkpoint_max", minimum: 0) is > 0 and int kept ? kept : null,
            KeepBest = section.Boolean("keep_best") ?? defaults.KeepBest,
            EarlyStop = section.Integer("early_stop", minimum: 1),
            CheckpointPath = section.Text("checkpoint_path", PathDescription),
            IsPretrainedCheckpoint = section.Boolean("is_pretrained_checkpoint") ?? defaults.IsPretrainedCheckpoint,
            AutoloadLastCheckpoint = section.Boolean("autoload_last_checkpoint") ?? defaults.AutoloadLastCheckpoint,
            CheckLossValues = section.Boolean("check_loss_values") ?? defaults.CheckLossValues,
            Seed = section.Integer("seed", minimum: 0) ?? defaults.Seed,
            NumCsx = section.Integer("num_csx", minimum: 1) ?? defaults.NumCsx,
            Logging = section.Choice("logging", LogLevels)?.ToString().ToUpperInvariant(),
        };

        config = ReadTimeBudget(section, ReadSample(section, config));
        WarnOfCommandLineSwitches(section);
        section.Ignore(
            "autogen_policy", "compile_dir", "credentials_path", "debug_args_path", "disable_version_check", "dist_addr", "dist_backend",
            "enable_distributed", "enable_summaries", "execution_strategy", "experimental_api", "init_method", "job_labels", "job_time_sec",
            "main_process_id", "mgmt_address", "mgmt_namespace", "mode", "mount_dirs", "multireplica", "num_act_servers", "num_replicas",
            "num_wgt_servers", "num_workers_per_csx", "python_paths", "save_losses", "save_stream_size", "save_summary_steps", "service_dir",
            "show_debug_metrics", "skip_train_recv_activations", "sync_batchnorm", "target_device", "transfer_processes", "use_appliance_data",
            "use_cs_grad_accum", "use_cstorch_optimizer_step", "variant");
        section.Finish();
        return config;
    }

    /// <summary>Reads the time that the run may take.</summary>
    public static RunConfig ReadTimeBudget(SectionReader section, RunConfig config)
    {
        const string key = "time_budget";
        if (section.Text(key, Duration.Valid) is not { } text)
        {
            return config;
        }

        if (config.BudgetSteps is not null)
        {
            section.Error(key, $"and {KeyPath.Join(section.Path, "budget_steps")} are both given; give one of them");
        }

        TimeSpan? budget = Duration.Parse(text);
        if (budget is null)
        {
            section.Reject(key, Duration.Valid);
        }

        return config with { TimeBudget = budget };
    }

    /// <summary>Reads what the samples of text are like.</summary>
    public static RunConfig ReadSample(SectionReader section, RunConfig config) => config with
    {
        SamplePrompt = section.Text("sample_prompt", "a text"),
        SampleTokens = section.Integer("sample_tokens", minimum: 1) ?? config.SampleTokens,
        SampleTokenizer = section.Text("sample_tokenizer", "byte, gpt2, or the file of a tokenizer"),
    };

    /// <summary>Warns of validate_only and compile_only, which are options of the command line here.</summary>
    public static void WarnOfCommandLineSwitches(SectionReader section)
    {
        foreach (string key in (string[])["validate_only", "compile_only"])
        {
            if (section.Boolean(key) is true)
            {
                section.Warn(key, $"has no effect here; give --{key} on the command line");
            }
        }
    }
}
