using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Configuration;

/// <summary>Reads the runconfig section and lays the command line's options over it.</summary>
internal static class RunConfigSection
{
    private static readonly string[] LogLevels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

    /// <summary>Reads the section.</summary>
    public static RunConfig Read(SectionReader section, RunConfigOverrides overrides)
    {
        section.Ignore(
            "autogen_policy", "compile_dir", "compile_only", "credentials_path", "debug_args_path", "disable_version_check", "dist_addr", "dist_backend", "enable_distributed",
            "enable_summaries", "execution_strategy", "experimental_api", "init_method", "job_labels", "job_time_sec", "main_process_id", "mgmt_address", "mgmt_namespace", "mode",
            "mount_dirs", "multireplica", "num_act_servers", "num_replicas", "num_wgt_servers", "num_workers_per_csx", "python_paths", "save_losses", "save_stream_size",
            "save_summary_steps", "service_dir", "show_debug_metrics", "skip_train_recv_activations", "sync_batchnorm", "target_device", "transfer_processes", "use_appliance_data",
            "use_cs_grad_accum", "use_cstorch_optimizer_step", "validate_only", "variant");
        RunConfig defaults = new();
        RunConfig config = new()
        {
            ModelDirectory = Either(overrides.ModelDirectory, section.Text("model_dir")) ?? defaults.ModelDirectory,
            MaxSteps = Either(overrides.MaxSteps, section.Int("max_steps", 0)),
            NumSteps = Either(overrides.NumSteps, section.Int("num_steps", 0)),
            NumEpochs = Either(overrides.NumEpochs, section.Int("num_epochs", 0)),
            StepsPerEpoch = section.Int("steps_per_epoch", 1),
            EvalSteps = Either(overrides.EvalSteps, section.Int("eval_steps", 1)),
            EvalFrequency = section.Int("eval_frequency", 1),
            LogSteps = section.Int("log_steps", 1) ?? defaults.LogSteps,
            CheckpointSteps = section.Int("checkpoint_steps", 0) ?? defaults.CheckpointSteps,
            SaveInitialCheckpoint = section.Boolean("save_initial_checkpoint") ?? false,
            KeepCheckpointMax = section.Int("keep_checkpoint_max", 1),
            CheckpointPath = Either(overrides.CheckpointPath, section.Text("checkpoint_path")),
            IsPretrainedCheckpoint = Either(overrides.IsPretrainedCheckpoint, section.Boolean("is_pretrained_checkpoint")) ?? false,
            AutoloadLastCheckpoint = section.Boolean("autoload_last_checkpoint") ?? true,
            CheckLossValues = section.Boolean("check_loss_values") ?? true,
            Seed = (int?)section.Integer("seed", 0, int.MaxValue) ?? defaults.Seed,
            NumCsx = Either(overrides.NumCsx, section.Int("num_csx", 1)) ?? defaults.NumCsx,
            Logging = Either(overrides.Logging, section.Name("logging", LogLevels)),
        };

        section.Finish();
        return config;
    }

    /// <summary>Reports a training run without a length, or with two.</summary>
    public static void CheckLength(SectionReader section, RunConfig config)
    {
        if (config.NumSteps is not null && config.NumEpochs is not null)
        {
            section.Diagnostics.Error(section.Map, "runconfig.num_steps and runconfig.num_epochs are both given; valid: one of them");
        }

        if (config.MaxSteps is null && config.NumSteps is null && config.NumEpochs is null)
        {
            section.Missing("max_steps", "an integer of 0 or more; or num_steps, or num_epochs");
        }
    }

    // Both are evaluated: a bad value in the file is reported even where an option overrides it.
    private static T? Either<T>(T? option, T? written)
        where T : struct => option ?? written;

    private static string? Either(string? option, string? written) => option ?? written;
}
