using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Inference;
using SparseEngine.Kernels.Host;
using SparseEngine.Runs;
using SparseEngine.Training;

// dotnet-docs is the prose of the .NET SDK's reference documentation; name text files or folders for your own.
InputParameters text = new() { DataProcessor = DataProcessor.Text, DataDirectories = ["dotnet-docs"], BatchSize = 8, MaxSequenceLength = 64 };
RunParameters parameters = new()
{
    TrainInput = text with { Shuffle = true }, EvalInput = text,
    Model = new() { VocabularySize = 256, HiddenSize = 128, Layers = 2, Heads = 4, FilterSize = 512,
        MaxPositionEmbeddings = 64, InitializerRange = 0.05 },
    Sparsity = SparsityParameters.OfLinearLayers(0.75, seed: 1),
    Optimizer = new() { Kind = OptimizerKind.AdamW, LearningRate = new([new CosineDecayScheduler(5e-3, 5e-4, 200)]),
        CorrectBias = true, MaxGradientNorm = 1 },
    RunConfig = new() { ModelDirectory = "out", MaxSteps = 200, EvalFrequency = 50, EvalSteps = 20 },
};
using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
RunSummary summary = TrainingRun.Create(parameters, RunMode.TrainAndEval, device, observer: new LossPrinter()).Execute();
Console.WriteLine($"{summary.TokensTrained} tokens with {summary.FlopsExecuted / summary.FlopsDense:0%} of the dense FLOPs");
using TextGenerator generator = TextGenerator.Open(summary.CheckpointPath!, device);
Console.WriteLine("Returns the " + Encoding.UTF8.GetString([.. generator.Generate("Returns the ", maxTokens: 60)]));

internal sealed class LossPrinter : IRunObserver
{
    public void OnEvaluated(EvaluationMetrics metrics) =>
        Console.WriteLine($"step {metrics.Step}: validation loss {metrics.Loss:0.00}, accuracy {metrics.Accuracy:0.0%}");
}
