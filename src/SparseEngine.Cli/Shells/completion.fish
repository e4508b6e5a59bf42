# Completes sparse-engine in fish. The program itself is asked, so that this need not change with it. For one shell:
#
#   sparse-engine completion fish | source

function __sparse_engine_complete
    set -l program (commandline --current-process --tokenize)[1]
    set program (string replace --regex -- '^~' $HOME $program)
    set -l line (commandline --current-process --cut-at-cursor)
    # Of --params=FILE what stands behind '=' is the path.
    set -l head (commandline --current-token --cut-at-cursor | string match --regex -- '^--[^=]*=')
    set -l typed (commandline --current-token --cut-at-cursor | string replace --regex -- '^--[^=]*=' '')
    for suggestion in ($program '[suggest]' "$line" 2>/dev/null)
        switch $suggestion
            case '<FILE>'
                printf '%s\n' "$head"(__fish_complete_path $typed)
            case '<DIR>'
                printf '%s\n' "$head"(__fish_complete_directories $typed)
            case '*'
                printf '%s\n' $suggestion
        end
    end
end

complete --command sparse-engine --no-files --arguments '(__sparse_engine_complete)'
