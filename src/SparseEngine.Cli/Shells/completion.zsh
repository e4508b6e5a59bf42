#compdef sparse-engine
# Completes sparse-engine in zsh. The program itself is asked, so that this need not change with it. For one shell:
#
#   source <(sparse-engine completion zsh)
#
# and for every one: this script as _sparse-engine in a folder of $fpath.

_sparse-engine() {
    local program=${words[1]/#\~/$HOME} suggestion description
    local -a suggestions places
    while IFS=$'\t' read -r suggestion description; do
        case $suggestion in
            '<FILE>') places=(_files) ;;
            '<DIR>') places=(_files -/) ;;
            *) suggestions+=("${suggestion//:/\\:}${description:+:$description}") ;;
        esac
    done < <("$program" '[suggest]' "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)

    (( $#suggestions )) && _describe 'sparse-engine' suggestions
    if (( $#places )); then
        [[ $PREFIX == --*=* ]] && compset -P '*='
        $places
    fi
}

# zsh calls this file as the function when it has found it in $fpath; else it was sourced.
if [[ $funcstack[1] == _sparse-engine ]]; then
    _sparse-engine "$@"
else
    compdef _sparse-engine sparse-engine
fi
