using System.CommandLine;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using SparseEngine.Cli.Templates;
using SparseEngine.Configuration;

namespace SparseEngine.Cli.Commands;

/// <summary><c>sparse-engine init</c>: writes a YAML to start from.</summary>
internal sealed class InitCommand : Command, IHasExamples
{
    /// <summary>The name that stands for standard output.</summary>
    private const string StandardOutput = "-";

    private readonly Argument<RunTemplate> template = new("template")
    {
        Description = "tiny, if not given: half a million parameters, two minutes; mini: 842,000, six minutes; midi: 1.9 million, 24 minutes; "
            + "small: 25 million, an hour, all on bytes; gpt2-small: 124 million, on data that prepare makes.",
        HelpName = string.Join('|', RunTemplate.All.Select(template => template.Name)),
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => RunTemplate.All[0],
        CustomParser = OptionValues.OneOf(RunTemplate.All.Select(template => (template.Name, template)).ToArray()),
    };

    private readonly Option<string?> output = new("--output", "-o")
    {
        Description = "The file to write; - is standard output. If not given, the template's name with .yaml.",
        HelpName = "FILE",
        CustomParser = OptionValues.PlainPath,
    };

    private readonly Option<string?> dataDirectory = new("--data_dir")
    {
        Description = "What to train on: a text file or a folder of them; for gpt2-small the folder that prepare writes.",
        HelpName = "PATH",
        CustomParser = OptionValues.PlainPath,
    };

    private readonly Option<double?> sparsity = new("--sparsity")
    {
        Description = "The share of zeros in each sparse weight; the template's own if not given.",
        HelpName = "S",
        CustomParser = OptionValues.Fraction,
    };

    private readonly Option<TemplateLayout> layout = new("--layout")
    {
        Description = "sections, if not given: as in Model Zoo 1.8; trainer: as in 2.x. Both train the same.",
        HelpName = "sections|trainer",
        CustomParser = OptionValues.OneOf(("sections", TemplateLayout.Sections), ("trainer", TemplateLayout.Trainer)),
    };

    private readonly Option<bool> force = new("--force")
    {
        Description = "Overwrite what exists.",
        Arity = ArgumentArity.Zero,
    };

    public InitCommand()
        : base("init", "Write a commented YAML to start from.")
    {
        Add(template);
        Add(output);
        Add(dataDirectory);
        Add(sparsity);
        Add(layout);
        Add(force);
        SetAction(Write);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; } =
    [
        new("tiny.yaml, which trains within minutes on text that comes with the .NET SDK", "init"),
        new("A larger model on text of your own, nine tenths of it zeros", "init small --data_dir texts --sparsity 0.9 -o mine.yaml"),
        new("GPT-2 small in the layout of Model Zoo 2.x; what it prints tells how to prepare its data", "init gpt2-small --layout trainer"),
    ];

    private int Write(ParseResult line)
    {
        RunTemplate chosen = line.GetRequiredValue(template);
        string file = line.GetValue(output) is { } given and not StandardOutput ? given : $"{chosen.Name}.yaml";
        string text = chosen.Text(file, line.GetValue(sparsity), line.GetValue(dataDirectory), line.GetValue(layout));
        Terminal terminal = new();
        if (line.GetValue(output) == StandardOutput)
        {
            Terminal.Write(text);
            return ExitCode.Done;
        }

        Save(file, text, line.GetValue(force));
        terminal.WriteLine($"{file}: every section of it is explained. Next:");
        foreach (string command in RunTemplate.CommandsOf(text))
        {
            // As it is: on a terminal, a line broken to fit would be no command.
            Terminal.Write($"  {command}\n");
        }

        return ExitCode.Done;
    }

    /// <summary>The file is there as a whole or not at all, and what was there stays until then.</summary>
    private static void Save(string file, string text, bool overwrite)
    {
        if (Directory.Exists(file))
        {
            throw new ConfigurationException($"{file}: is a folder; valid: a file");
        }

        if (File.Exists(file) && !overwrite)
        {
            throw new ConfigurationException($"{file}: exists already; --force overwrites it");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        Directory.CreateDirectory(folder);
        string temporary = Path.Combine(folder, $".{Path.GetRandomFileName()}.tmp");
        try
        {
            File.WriteAllText(temporary, text);
            File.Move(temporary, file, overwrite);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
