using System.Globalization;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Metrics;
using SparseEngine.Runs;

namespace SparseEngine.Tests.Training;

/// <summary>In a program of another culture files are written and read as anywhere.</summary>
public sealed class CultureTests : IDisposable
{
    private readonly CultureInfo before = CultureInfo.CurrentCulture;
    private readonly TemporaryDirectory directory = new();

    public CultureTests()
    {
        CultureInfo culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        culture.NumberFormat.NegativeSign = "\u2212";
        culture.NumberFormat.NegativeInfinitySymbol = "\u2212\u221e";
        CultureInfo.CurrentCulture = culture;
    }

    [Fact]
    public void A_run_and_its_log_are_the_same()
    {
        using TestRun here = new();
        here.Execute(RunMode.TrainAndEval);
        CultureInfo.CurrentCulture = before;
        using TestRun there = new();
        there.Execute(RunMode.TrainAndEval);

        Assert.Equal(there.Steps.Select(step => step.Loss), here.Steps.Select(step => step.Loss));
        Assert.Equal(there.Logged, here.Logged);
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_logged_by_its_name()
    {
        using (MetricsLog log = MetricsLog.Open(directory.Path, resumeStep: 0))
        {
            log.Write(new EvaluationMetrics(1, double.NegativeInfinity, null, null, 1));
        }

        Assert.Contains("\"-Infinity\"", File.ReadAllText(directory.File("metrics.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_widened_file_is_read_back()
    {
        string path = directory.File("params.yaml");
        File.WriteAllText(path, "model: {vocab_size: 8, hidden_size: 8, num_hidden_layers: 1, num_heads: 2, filter_size: 8, dropout_rate: 0.25}\n");
        RunParameters given = RunParametersReader.ReadFile(path).Parameters;
        (string yaml, _) = WidenedParametersFile.Rewrite(path, given.Model with { HiddenSize = 16 }, sparsity: 0.75);
        RunParameters widened = RunParametersReader.ReadText(yaml, path).Parameters;

        Assert.Equal((0.25, 16, 0.75), (widened.Model.DropoutRate, widened.Model.HiddenSize, widened.Sparsity!.Groups[0].Sparsity));
    }

    [Fact]
    public void The_model_section_of_a_conversion_is_read_back()
    {
        ModelParameters model = new() { VocabularySize = 8, HiddenSize = 8, Layers = 1, Heads = 2, FilterSize = 8, InitializerRange = 0.015 };
        RunParameters read = RunParametersReader.ReadText(ModelSectionYaml.Write(model), "model.yaml").Parameters;
        Assert.Equal(0.015, read.Model.InitializerRange);
    }

    public void Dispose()
    {
        CultureInfo.CurrentCulture = before;
        directory.Dispose();
    }
}
