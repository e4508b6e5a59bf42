using System.CommandLine;

namespace SparseEngine.Cli.Commands;

/// <summary>
/// The options of the Model Zoo's run.py that speak of a cluster or of distributed GPUs. They are accepted, so that a run.py line
/// works as it is, and have no effect.
/// </summary>
internal sealed class ClusterOptions
{
    private readonly Option[] options =
    [
        Values("--mount_dirs"),
        Values("--python_paths"),
        Values("--job_labels"),
        Value("--num_wgt_servers"),
        Value("--num_act_servers"),
        Value("--num_workers_per_csx"),
        Value("--credentials_path"),
        Value("--mgmt_address"),
        Value("--mgmt_namespace"),
        Value("--compile_dir", "-c"),
        Value("--debug_args_path"),
        Value("--job_time_sec"),
        Value("--dist_addr"),
        Value("--dist_backend"),
        Value("--init_method"),
        Flag("--disable_version_check"),
        Flag("--multireplica"),
    ];

    /// <summary>Adds them to a command; its help leaves them out.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>The names of those that the command line has.</summary>
    public IReadOnlyList<string> Given(ParseResult line) =>
        [.. options.Where(option => line.GetResult(option) is { Implicit: false }).Select(option => option.Name)];

    private static Option<string[]> Values(string name) =>
        new(name) { Hidden = true, AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore };

    private static Option<string> Value(string name, params string[] aliases) => new(name, aliases) { Hidden = true };

    private static Option<bool> Flag(string name) => new(name) { Hidden = true, Arity = ArgumentArity.Zero };
}
