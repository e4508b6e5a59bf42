using System.Globalization;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.LearningRates;

/// <summary>What the trials came to, a line of CSV each; a sweep that was stopped finds there what it need not do again.</summary>
internal sealed class TrialResults
{
    private const string Header = "parametrization,hidden,zeros,log2_rate,seed,base_hidden,layers,steps,batch,sequence,eval_steps,data,loss,seconds";

    private readonly SweepSettings settings;
    private readonly Dictionary<string, double> losses = [];

    /// <summary>Reads the file of the settings, or begins it.</summary>
    public TrialResults(SweepSettings settings)
    {
        this.settings = settings;
        string[] lines = File.Exists(settings.Results) ? File.ReadAllLines(settings.Results) : [];
        string[] whole = [.. lines.Skip(1).Where(line => line.Split(',').Length == Header.Split(',').Length)];
        foreach (string line in whole)
        {
            string[] cells = line.Split(',');
            losses[string.Join(',', cells[..^2])] = double.Parse(cells[^2], CultureInfo.InvariantCulture);
        }

        // What a sweep that was killed wrote last may be half a line.
        File.WriteAllLines(settings.Results, [Header, .. whole]);
    }

    /// <summary>Whether a trial is done.</summary>
    public bool Has(Trial trial) => losses.ContainsKey(KeyOf(trial));

    /// <summary>Adds what a trial came to.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="loss">Its validation loss; infinity where it diverged.</param>
    /// <param name="seconds">What it took.</param>
    public void Add(Trial trial, double loss, double seconds)
    {
        losses[KeyOf(trial)] = loss;
        File.AppendAllLines(settings.Results, [Invariant($"{KeyOf(trial)},{loss:F5},{seconds:F1}")]);
    }

    /// <summary>The mean loss of a model over its seeds; not a number where one is missing.</summary>
    public double Mean(Parametrization parametrization, int hidden, int zeros, int exponent) =>
        settings.Seeds.Average(seed => losses.GetValueOrDefault(KeyOf(new Trial(parametrization, hidden, zeros, exponent, seed)), double.NaN));

    // A comma in a path would begin another cell.
    private string KeyOf(Trial trial) =>
        Invariant($"{trial.Parametrization},{trial.Hidden},{trial.Zeros},{trial.Exponent},{trial.Seed},{settings.BaseHidden},{settings.Layers},")
        + Invariant($"{settings.Steps},{settings.Batch},{settings.Sequence},{settings.EvaluationSteps},{settings.Data.Replace(',', '_')}");
}
