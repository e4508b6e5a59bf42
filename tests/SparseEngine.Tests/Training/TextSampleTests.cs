using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Runs;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Training;

/// <summary>Texts that a model continues while it is trained.</summary>
public sealed class TextSampleTests
{
    [Fact]
    public void Each_evaluation_continues_the_prompt_and_training_goes_on_as_without()
    {
        using TestRun plain = new();
        plain.With(config => config with { EvalFrequency = 4 }).Execute(RunMode.TrainAndEval);
        using TestRun sampled = Run();
        sampled.Execute(RunMode.TrainAndEval);

        Assert.Equal([4, 8], sampled.Samples.Select(sample => sample.Step));
        Assert.All(sampled.Samples, sample => Assert.Equal("The ", sample.Prompt));
        Assert.NotEqual(sampled.Samples[0].Text, sampled.Samples[1].Text);
        Assert.Equal(plain.Steps.Select(step => (step.Loss, step.GradNorm)), sampled.Steps.Select(step => (step.Loss, step.GradNorm)));
    }

    [Fact]
    public void The_same_weights_give_the_same_text_of_so_many_tokens()
    {
        using TestRun first = Run();
        using TestRun second = Run();
        first.Execute(RunMode.TrainAndEval);
        second.ExecuteOnRanks(2, RunMode.TrainAndEval);
        first.Execute(RunMode.TrainAndEval);

        Assert.Equal([4, 8], second.Samples.Select(sample => sample.Step));
        Assert.Equal(first.Samples[1], first.Samples[2]);

        // Bytes: one for each token, where they are UTF-8.
        Assert.All(first.Samples, sample => Assert.InRange(sample.Text.Length, 1, 20));
    }

    [Fact]
    public void TensorBoard_shows_them_as_text()
    {
        using TestRun run = Run();
        run.Execute(RunMode.TrainAndEval);

        ReadEvent[] texts =
            [.. EventReader.ReadFolder(Path.Combine(run.Folder, "eval")).Where(record => record.Values.Any(value => value.Tag == "sample"))];
        Assert.Equal([4, 8], texts.Select(record => record.Step));
        Assert.All(texts, record => Assert.StartsWith("    The ", Assert.Single(record.Values).Text, StringComparison.Ordinal));
        Assert.Equal("text", texts[0].Values[0].Plugin);
    }

    [Fact]
    public void Prepared_data_name_their_tokenizer()
    {
        using TestRun run = Run(tokenizer: null);
        string data = Directory.CreateDirectory(Path.Combine(run.Folder, "data")).FullName;
        string train = Directory.CreateDirectory(Path.Combine(data, "train")).FullName;
        foreach (string file in Directory.GetFiles(TestRun.Data("tiny-dense", "train")))
        {
            File.Copy(file, Path.Combine(train, Path.GetFileName(file)));
        }

        File.WriteAllText(Path.Combine(data, "dataset.json"), """{"tokenizer": "byte"}""");
        run.Parameters = run.Parameters with { TrainInput = run.Parameters.TrainInput! with { DataDirectories = [train] } };
        run.Execute(RunMode.TrainAndEval);

        Assert.Equal([4, 8], run.Samples.Select(sample => sample.Step));
    }

    [Fact]
    public void A_description_that_names_none_is_an_error_that_says_so()
    {
        using TestRun run = Run(tokenizer: null);
        string train = Directory.CreateDirectory(Path.Combine(run.Folder, "train")).FullName;
        File.Copy(Directory.GetFiles(TestRun.Data("tiny-dense", "train"))[0], Path.Combine(train, "a.h5"));
        File.WriteAllText(Path.Combine(train, "dataset.json"), "{}");
        run.Parameters = run.Parameters with { TrainInput = run.Parameters.TrainInput! with { DataDirectories = [train] } };

        Assert.StartsWith(
            $"{Path.Combine(train, "dataset.json")}: does not say what tokenizer its samples were made with: ",
            Assert.Throws<DataException>(() => run.Execute(RunMode.TrainAndEval)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_name_none_need_one()
    {
        using TestRun run = Run(tokenizer: null);

        Assert.Equal(
            "params.yaml: runconfig.sample_prompt needs a tokenizer, and no dataset.json beside train_input.data_dir names one; valid: "
            + "runconfig.sample_tokenizer: byte, gpt2, or the file of a tokenizer",
            Assert.Throws<ConfigurationException>(() => run.Execute(RunMode.TrainAndEval)).Message);
    }

    [Fact]
    public void A_prompt_of_other_tokens_than_the_models_is_refused()
    {
        using TestRun run = Run(tokenizer: "gpt2");

        Assert.Matches(
            @"^params\.yaml: runconfig\.sample_prompt has token \d+ of the tokenizer gpt2, outside model\.vocab_size 256$",
            Assert.Throws<ConfigurationException>(() => run.Execute(RunMode.TrainAndEval)).Message);
    }

    private static TestRun Run(string? tokenizer = "byte") => new TestRun().With(config => config with
    {
        EvalFrequency = 4, SamplePrompt = "The ", SampleTokens = 20, SampleTokenizer = tokenizer,
    });
}
