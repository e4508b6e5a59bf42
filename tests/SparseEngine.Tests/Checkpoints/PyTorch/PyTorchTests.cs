using System.Diagnostics;
using System.Text.Json;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints.PyTorch;

/// <summary>The format's own implementation: PyTorch, through Debian's python3-torch.</summary>
public sealed class PyTorchTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    // Every type, and views of all kinds; prints what each tensor holds.
    private const string Save = """
        import collections, json, sys, torch
        base = torch.arange(24.).reshape(4, 6)
        state = collections.OrderedDict(
            base=base, transposed=base.t(), narrowed=base[:, 1:3], stepped=base[::2, ::3], scalar=torch.tensor(3.5), empty=torch.zeros(0, 3),
            permuted=torch.arange(24.).reshape(2, 3, 4).permute(2, 0, 1), parameter=torch.nn.Parameter(base[::2]),
            half=base.half(), bfloat=base.bfloat16(), double=base.double(), flags=torch.tensor([True, False]),
            long=torch.arange(-3, 3), int=torch.arange(4, dtype=torch.int32), short=torch.arange(4, dtype=torch.int16),
            char=torch.arange(-4, 4, dtype=torch.int8), byte=torch.arange(5, dtype=torch.uint8))
        for name, tensor in torch.nn.Linear(3, 2).state_dict().items():
            state["_orig_mod." + name] = tensor
        marked = torch.ones(2)
        marked.note = "an attribute"
        state["marked"] = marked
        checkpoint = {
            "model": state,
            "optimizer": {"state": {0: {"step": torch.tensor(3.), "exp_avg": base}}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.95)}]},
            "model_args": {"n_layer": 2, "bias": False, "vocab_size": None}, "iter_num": 5, "rate": 1e-5, "seed": 2 ** 63,
            "device": torch.device("cpu"), "dtype": torch.float16, "size": base.shape}
        for protocol, form in [(2, "zip"), (3, "zip"), (4, "zip"), (5, "zip"), (2, "legacy"), (4, "legacy")]:
            path = f"{sys.argv[1]}/{protocol}.{form}"
            torch.save(checkpoint, path, pickle_protocol=protocol, _use_new_zipfile_serialization=form == "zip")
        state["optimizer.state.0.step"] = torch.tensor(3.)
        state["optimizer.state.0.exp_avg"] = base
        print(json.dumps({
            name.replace("_orig_mod.", ""): [str(t.dtype)[6:], list(t.shape), t.detach().float().reshape(-1).tolist()]
            for name, t in state.items()}))
        """;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void What_pytorch_saves_is_read()
    {
        using JsonDocument expected = JsonDocument.Parse(Run(Save, directory.Path));
        foreach (string file in (ReadOnlySpan<string>)["2.zip", "3.zip", "4.zip", "5.zip", "2.legacy", "4.legacy"])
        {
            using CheckpointReader reader = CheckpointReader.Open(directory.File(file));
            Assert.Equal(expected.RootElement.EnumerateObject().Select(tensor => tensor.Name), reader.Names);
            foreach (JsonProperty tensor in expected.RootElement.EnumerateObject())
            {
                float[] values = new float[reader.Elements(tensor.Name)];
                reader.Read(tensor.Name, values);
                Assert.Equal(tensor.Value[0].GetString(), reader.DataType(tensor.Name));
                Assert.Equal(tensor.Value[1].EnumerateArray().Select(size => size.GetInt32()), reader.Shape(tensor.Name));
                Assert.Equal(tensor.Value[2].EnumerateArray().Select(value => value.GetSingle()), values);
            }

            Assert.Equal(
                [
                    "device=cpu", "dtype=torch.float16", "iter_num=5", "model_args.bias=false", "model_args.n_layer=2", "rate=1E-05",
                    "seed=9223372036854775808",
                ],
                reader.Metadata.Select(text => $"{text.Key}={text.Value}").Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void What_is_not_read_is_one_line()
    {
        (string Save, string Expected)[] cases =
        [
            ("torch.save(torch.nn.Linear(2, 2), path)", "names torch.nn.modules.linear.Linear, which is none of the objects that are read"),
            ("torch.save(torch.nn.Linear(2, 2), path, _use_new_zipfile_serialization=False)", "names torch.nn.modules.linear.Linear, which is "),
            ("torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)", "is a program of TorchScript, which is not run"),
            ("torch.save({'c': torch.zeros(2, dtype=torch.complex64)}, path)", "names torch.ComplexFloatStorage, which is none of the objects"),
            ("torch.save({'s': torch.eye(2).to_sparse()}, path)", "names torch._utils._rebuild_sparse_tensor, which is none of the objects"),
            ("torch.save({'e': torch.zeros(1).expand(5)}, path)", "has a tensor [5] that repeats elements of storage 0, which has 1"),
            ("torch.save({'x': Call()}, path)", "names posix.system, which is none of the objects that are read"),
        ];
        IEnumerable<string> lines = cases.Select((one, i) => $"path = sys.argv[1] + '/{i}.pt'; {one.Save}");
        Run(
            $"""
            import os, sys, torch
            class Call:
                def __reduce__(self):
                    return os.system, ("touch " + sys.argv[1] + "/ran",)
            {string.Join('\n', lines)}
            """,
            directory.Path);

        for (int i = 0; i < cases.Length; i++)
        {
            string path = directory.File($"{i}.pt");
            string message = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(path)).Message;
            Assert.StartsWith($"{path}: {cases[i].Expected}", message, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(directory.File("ran")));
    }

    [Fact]
    public void What_is_written_pytorch_loads_as_weights_only()
    {
        string path = directory.File("pytorch_model.bin");
        float[] values = [1, -2.5f, float.NaN, 1f / 3, -0f, float.PositiveInfinity];
        TorchWriter.Write(path, [new("größe.weight", [2, 3], values.CopyTo), new("empty", [0, 4], _ => { }), new("scalar", [], one => one[0] = 4)]);

        string output = Run(
            """
            import json, sys, torch
            state = torch.load(sys.argv[1], weights_only=True)
            print(json.dumps([f"{name} {list(t.shape)} {t.dtype} {t.numpy().tobytes().hex()}" for name, t in state.items()]))
            """,
            path);

        using JsonDocument loaded = JsonDocument.Parse(output);
        Assert.Equal(
            ["größe.weight [2, 3] torch.float32 " + Hex(values), "empty [0, 4] torch.float32 ", "scalar [] torch.float32 " + Hex([4])],
            loaded.RootElement.EnumerateArray().Select(line => line.GetString()));

        static string Hex(float[] values) => Convert.ToHexStringLower([.. values.SelectMany(BitConverter.GetBytes)]);
    }

    private static string Run(string program, params string[] arguments)
    {
        Assert.SkipUnless(
            File.Exists(Python) && Start("import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)").Code == 0,
            $"{Python} has no torch; Debian's package is python3-torch.");
        (int code, string output, string errors) = Start(program, arguments);
        Assert.True(code == 0, errors);
        return output;
    }

    private static (int Code, string Output, string Errors) Start(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(Python, ["-c", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
