using SparseEngine.Cli;

return CommandLine.Invoke(args);
