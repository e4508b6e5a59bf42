using SparseEngine.Cli.Commands;

namespace SparseEngine.Cli.Tests;

/// <summary>The scripts of <c>sparse-engine completion</c>, each in its shell.</summary>
public class CompletionTests
{
    public static TheoryData<string> Shells => [.. CompletionCommand.Shells];

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task There_is_a_script_for_each_shell(string shell)
    {
        ProgramResult result = (await ProgramProcess.RunAsync(Path.GetTempPath(), "completion", shell)).EndsWith(0);

        Assert.Contains("[suggest]", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\r", result.Output, StringComparison.Ordinal);
        Assert.Equal("", result.Errors);
    }

    [Fact]
    public async Task Bash_completes()
    {
        using CompletingShell bash = new("bash");

        // The words as Readline splits them, where '=' is one of its own.
        string[] lines = await bash.RunAsync(
            """
            source <(sparse-engine completion bash)
            complete_words() {
                COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
                _sparse_engine
                printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -s -d '|'
            }
            complete_words 'sparse-engine f' sparse-engine f
            complete_words 'sparse-engine run CPU --mode ' sparse-engine run CPU --mode ''
            complete_words 'sparse-engine run CPU --mode=e' sparse-engine run CPU --mode = e
            complete_words 'sparse-engine run CPU --params=' sparse-engine run CPU --params =
            complete_words 'sparse-engine run CPU -p tiny.' sparse-engine run CPU -p tiny.
            complete_words 'sparse-engine run CPU -o ' sparse-engine run CPU -o ''
            complete_words 'sparse-engine run CPU --m' sparse-engine run CPU --m
            complete_words 'sparse-engine generate --tokenizer g' sparse-engine generate --tokenizer g
            complete_words 'sparse-engine run CPU --max_steps ' sparse-engine run CPU --max_steps ''
            echo end
            complete -p sparse-engine
            """,
            "--norc");

        Assert.Equal(
            [
                "finalize|flops", "eval|eval_all|train|train_and_eval", "eval|eval_all", "output|tiny run.yaml|tiny.yaml", "tiny.yaml", "output",
                "--max_steps|--mode|--model_dir", "gpt2", "end", "complete -F _sparse_engine sparse-engine",
            ],
            lines);
    }

    [Fact]
    public async Task Zsh_completes()
    {
        using CompletingShell zsh = new("zsh");

        // An interactive zsh behind a pseudo-terminal: the line is typed, then the tab key, then one that writes the line to a file.
        string[] lines = await zsh.RunAsync(
            """
            zmodload zsh/zpty
            for line in 'sparse-engine fin' 'sparse-engine run CPU --mode eval_' 'sparse-engine run CPU --mode=eval_' \
                'sparse-engine run CPU -p tiny\ ' 'sparse-engine run CPU --params=tiny.' 'sparse-engine run CPU -o o' \
                'sparse-engine generate --tokenizer g'; do
                zpty inner zsh -f -i
                zpty -w inner "PS1=; autoload -U compinit; compinit -u -D; source <(sparse-engine completion zsh)"
                zpty -w inner "record() { print -r -- \$BUFFER > ../typed; print REA''DY }; zle -N record; bindkey '^X' record; print REA''DY"
                zpty -r inner answer '*READY*'
                zpty -w -n inner "$line"$'\t\x18'
                zpty -r inner answer '*READY*'
                zpty -d inner
                cat ../typed
            done
            """,
            "-f");

        Assert.Equal(
            [
                "sparse-engine finalize ", "sparse-engine run CPU --mode eval_all ", "sparse-engine run CPU --mode=eval_all ",
                "sparse-engine run CPU -p tiny\\ run.yaml ", "sparse-engine run CPU --params=tiny.yaml ", "sparse-engine run CPU -o output/",
                "sparse-engine generate --tokenizer gpt2 ",
            ],
            lines);
    }

    [Fact]
    public async Task Fish_completes()
    {
        using CompletingShell fish = new("fish");

        string[] lines = await fish.RunAsync(
            """
            source (sparse-engine completion fish | psub)
            for line in 'sparse-engine f' 'sparse-engine run CPU --mode ' 'sparse-engine run CPU --mode=e' 'sparse-engine run CPU -p ' \
                'sparse-engine run CPU --params=tiny.' 'sparse-engine run CPU -o ' 'sparse-engine generate --tokenizer g' \
                'sparse-engine run CPU --max_steps '
                echo (complete -C $line | string replace --regex '\t.*' '' | string join '|')
            end
            echo end
            """,
            "--no-config");

        Assert.Equal(
            [
                "finalize|flops", "eval|eval_all|train|train_and_eval", "--mode=eval|--mode=eval_all", "output/|tiny run.yaml|tiny.yaml",
                "--params=tiny.yaml", "output/", "gpt2", "end",
            ],
            lines.Select(line => string.Join('|', line.Split('|').Order(StringComparer.Ordinal))));
    }

    [Fact]
    public async Task PowerShell_completes()
    {
        using CompletingShell pwsh = new("pwsh");

        string[] lines = await pwsh.RunAsync(
            """
            sparse-engine completion pwsh | Out-String | Invoke-Expression
            foreach ($line in 'sparse-engine f', 'sparse-engine run CPU --mode ', 'sparse-engine run CPU -p tiny.', 'sparse-engine run CPU -o o') {
                (TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches.CompletionText -join '|'
            }
            """,
            "-NoProfile", "-File");

        Assert.Equal(["finalize|flops", "train|eval|train_and_eval|eval_all", "./tiny.yaml", "./output"], lines.Select(line => line.TrimEnd('\r')));
    }
}
