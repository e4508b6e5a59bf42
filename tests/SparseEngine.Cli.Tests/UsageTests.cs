namespace SparseEngine.Cli.Tests;

public class UsageTests
{
    private static readonly string Anywhere = Path.GetTempPath();

    public static TheoryData<string, string> WrongLines => new()
    {
        { "", "No command given; valid: init, prepare, run, sweep, generate, inspect, finalize, sparsify, convert, flops, report, devices, "
            + "completion. See: sparse-engine --help" },
        { "trian", "Unrecognized command 'trian'; valid: init, prepare, run, sweep, generate, inspect, finalize, sparsify, convert, flops, report, "
            + "devices, completion. See: sparse-engine --help" },
        { "run CPU --mode train", "Option '--params' is required. See: sparse-engine run --help" },
        { "run CPU -p x.yaml", "Option '--mode' is required. See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m trian", "--mode is \"trian\"; valid: train, eval, train_and_eval, eval_all. See: sparse-engine run --help" },
        { "run TPU -p x.yaml -m train", "device is \"TPU\"; valid: CPU, GPU, CSX. See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train --max_stesp 5", "Unrecognized option '--max_stesp'. See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train --max_steps 1.5", "--max_steps is \"1.5\"; valid: a whole number of at least 1. "
            + "See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train --threads 0", "--threads is \"0\"; valid: a whole number of at least 1. See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train --threads 99999999999", "--threads is \"99999999999\"; valid: a whole number from 1 to 2147483647. "
            + "See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train --threads=-1", "--threads is \"-1\"; valid: a whole number of at least 1. See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train --threads ٣", "--threads is \"٣\"; valid: a whole number of at least 1. See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train -m eval", "Option '-m' expects a single argument but 2 were provided. See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train --model_dir=", "Required argument missing for option: '--model_dir'. See: sparse-engine run --help" },
        { "run CPU CPU -p x.yaml -m train", "strategy is \"CPU\"; valid: weight_streaming, pipelined, pipeline. See: sparse-engine run --help" },
        { "flops -p x.yaml --sparsity nan", "--sparsity is \"nan\"; valid: a number from 0, below 1. See: sparse-engine flops --help" },
        { "completion tcsh", "shell is \"tcsh\"; valid: bash, zsh, fish, pwsh. See: sparse-engine completion --help" },
        { "@x", "Unrecognized command '@x'; valid: init, prepare, run, sweep, generate, inspect, finalize, sparsify, convert, flops, report, "
            + "devices, completion. See: sparse-engine --help" },
        { "run CPU -p x.yaml -m train --logging LOUD", "--logging is \"LOUD\"; valid: DEBUG, INFO, WARNING, ERROR, CRITICAL. "
            + "See: sparse-engine run --help" },
        { "run CPU -p x.yaml -m train --validate_only --compile_only", "--validate_only and --compile_only exclude each other. "
            + "See: sparse-engine run --help" },
        { "run CPU weight_streaming -p x.yaml -m train", "weight_streaming goes with CSX only; valid: run CPU --params FILE --mode MODE" },
        { "init large", "template is \"large\"; valid: tiny, mini, midi, small, gpt2-small. See: sparse-engine init --help" },
        { "init --sparsity 1", "--sparsity is \"1\"; valid: a number from 0, below 1. See: sparse-engine init --help" },
        { "prepare -i x.txt -o y --tokenizer byte", "Option '--max_sequence_length' is required. See: sparse-engine prepare --help" },
        { "prepare -i x.txt -o y --tokenizer byte --max_sequence_length 0", "--max_sequence_length is \"0\"; valid: a whole number of at least 1. "
            + "See: sparse-engine prepare --help" },
        { "prepare -i x.txt -o y --tokenizer byte --max_sequence_length 8 --validation_fraction 1", "--validation_fraction is \"1\"; "
            + "valid: a number from 0, below 1. See: sparse-engine prepare --help" },
        { "finalize -i x.mdl", "Option '--output' is required. See: sparse-engine finalize --help" },
        { "finalize -i x.mdl -o x.bin", "x.bin: the name says no format; valid: a name that ends in .mdl, .h5 or .hdf5 (HDF5), or .safetensors" },
        { "sparsify -i x.mdl -o y.mdl", "Option '--params' is required. See: sparse-engine sparsify --help" },
        { "inspect --json", "Required argument 'FILE' missing for command: 'inspect'. See: sparse-engine inspect --help" },
        { "inspect --jsn x.mdl", "Unrecognized option '--jsn'. See: sparse-engine inspect --help" },
        { "generate --prompt Hello", "Option '--checkpoint_path' is required. See: sparse-engine generate --help" },
        { "convert --input x.mdl", "Option '--output' is required. See: sparse-engine convert --help" },
        { "flops --json", "Option '--params' is required. See: sparse-engine flops --help" },
        { "flops -p x.yaml --attention half", "--attention is \"half\"; valid: full, causal. See: sparse-engine flops --help" },
        { "flops -p x.yaml --sparsity 1", "--sparsity is \"1\"; valid: a number from 0, below 1. See: sparse-engine flops --help" },
        { "flops -p x.yaml --iso-flop sparse-wide", "--iso-flop needs --sparsity. See: sparse-engine flops --help" },
        { "flops -p x.yaml --iso-flop doped --sparsity 0.5", "--iso-flop is \"doped\"; valid: sparse-wide. See: sparse-engine flops --help" },
        { "flops -p x.yaml -o y.yaml", "--output goes with --iso-flop. See: sparse-engine flops --help" },
        { "generate --checkpoint_path x.mdl --prompt Hello --temperature warm", "--temperature is \"warm\"; valid: a number of at least 0. "
            + "See: sparse-engine generate --help" },
        { "generate --checkpoint_path x.mdl --prompt Hello --top_p 0", "--top_p is \"0\"; valid: a number above 0, at most 1. "
            + "See: sparse-engine generate --help" },
        { "generate --checkpoint_path x.mdl --prompt Hello --top_p 1.01", "--top_p is \"1.01\"; valid: a number above 0, at most 1. "
            + "See: sparse-engine generate --help" },
        { "generate --checkpoint_path x.mdl --prompt Hello --top_p most", "--top_p is \"most\"; valid: a number above 0, at most 1. "
            + "See: sparse-engine generate --help" },
    };

    [Theory]
    [MemberData(nameof(WrongLines))]
    public async Task A_wrong_command_line_is_one_line_on_standard_error_and_exit_code_2(string line, string expected)
    {
        ProgramResult result = await ProgramProcess.RunAsync(Anywhere, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        result.EndsWith(2);
        Assert.Equal("", result.Output);
        Assert.Equal(expected + Environment.NewLine, result.Errors);
    }

    [Fact]
    public async Task Help_lists_the_commands_and_the_options_of_run()
    {
        ProgramResult program = (await ProgramProcess.RunAsync(Anywhere, "--help")).EndsWith(0);
        ProgramResult run = (await ProgramProcess.RunAsync(Anywhere, "run", "--help")).EndsWith(0);

        Assert.Contains("generate", program.Output, StringComparison.Ordinal);
        Assert.All(
            ["--params", "--mode", "--model_dir", "--checkpoint_path", "--max_steps", "--validate_only", "--threads", "--logging"],
            option => Assert.Contains(option, run.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("\n  --mount_dirs", run.Output, StringComparison.Ordinal);
    }
}
