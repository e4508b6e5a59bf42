# Completes sparse-engine in bash. The program itself is asked, so that this need not change with it. For one shell:
#
#   source <(sparse-engine completion bash)

_sparse_engine() {
    local program=${COMP_WORDS[0]/#\~/$HOME} current=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} word broken suggestion file
    # '=' and ':' are words of their own here, and only what stands behind them is replaced.
    word=${line##*[[:space:]]}
    broken=${word%"${word##*[=:]}"}
    [[ $current == [=:] ]] && current=''

    COMPREPLY=()
    while IFS=$'\t' read -r suggestion _; do
        case $suggestion in
            '<FILE>')
                compopt -o filenames 2>/dev/null
                while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$current")
                ;;
            '<DIR>')
                compopt -o filenames 2>/dev/null
                while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -d -- "$current")
                ;;
            *) COMPREPLY+=("${suggestion#"$broken"}") ;;
        esac
    done < <("$program" '[suggest]' "$line" 2>/dev/null)
}

complete -F _sparse_engine sparse-engine
