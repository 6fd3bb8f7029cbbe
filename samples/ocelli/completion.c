/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli completion: scripts that ask the command itself what there is, so that they never lag behind. */
#include <stdio.h>
#include <string.h>

#include "args.h"

static const char bash[] =
    "# Completion of ocelli for bash: source this, or put it into share/bash-completion/completions/ocelli.bash\n"
    "_ocelli() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
    "    COMPREPLY=()\n"
    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
    "        words=\"$(\"$1\" --help=commands 2>/dev/null | cut -f 1) --help --version\"\n"
    "    elif [ \"$before\" = -d ] || [ \"$before\" = --device ]; then\n"
    "        words=\"auto cpu gpu accel $(\"$1\" devices 2>/dev/null | grep -o '^[0-9]*:[0-9]*')\"\n"
    "        type __ltrim_colon_completions >/dev/null 2>&1 && [[ $word == *:* ]] && __ltrim_colon_completions \"$word\"\n"
    "    elif [ \"${word#-}\" != \"$word\" ]; then\n"
    "        words=$(\"$1\" \"${COMP_WORDS[1]}\" --help=options 2>/dev/null | cut -f 1)\n"
    "    else\n"
    "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        return\n"
    "    fi\n"
    "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
    "}\n"
    "complete -F _ocelli ocelli\n";

static const char zsh[] =
    "#compdef ocelli\n"
    "# Completion of ocelli for zsh: put this into a folder of $fpath as _ocelli\n"
    "_ocelli() {\n"
    "    local -a found\n"
    "    if (( CURRENT == 2 )); then\n"
    "        found=(${(f)\"$($words[1] --help=commands 2>/dev/null | tr '\\t' ':')\"})\n"
    "        _describe command found\n"
    "    elif [[ $words[CURRENT-1] == (-d|--device) ]]; then\n"
    "        found=(auto cpu gpu accel ${(f)\"$($words[1] devices 2>/dev/null | grep -o '^[0-9]*:[0-9]*')\"})\n"
    "        compadd -a found\n"
    "    elif [[ $words[CURRENT] == -* ]]; then\n"
    "        found=(${(f)\"$($words[1] $words[2] --help=options 2>/dev/null | awk -F '\\t' '{ gsub(\":\", \"\\\\:\", $3); print $1 \":\" $3 }')\"})\n"
    "        _describe option found\n"
    "    else\n"
    "        _files\n"
    "    fi\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _ocelli ]; then _ocelli \"$@\"; else compdef _ocelli ocelli; fi\n";

static const char fish[] =
    "# Completion of ocelli for fish: put this into share/fish/vendor_completions.d/ocelli.fish\n"
    "function __ocelli_words\n"
    "    set -l line (commandline -opc) (commandline -ct)\n"
    "    if test (count $line) -le 2\n"
    "        $line[1] --help=commands 2>/dev/null\n"
    "    else if contains -- $line[-2] -d --device\n"
    "        printf '%s\\n' auto cpu gpu accel\n"
    "        $line[1] devices 2>/dev/null | string match -r '^\\d+:\\d+'\n"
    "    else if string match -q -- '-*' $line[-1]\n"
    "        $line[1] $line[2] --help=options 2>/dev/null | string replace -r '\\t.*\\t' \\t\n"
    "    else\n"
    "        __fish_complete_path $line[-1]\n"
    "    end\n"
    "end\n"
    "complete -c ocelli -f -a '(__ocelli_words)'\n";

static int run(const command *command, int argc, char **argv) {
    static const struct {
        const char *name, *script;
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    arg_list arguments = {0};
    const option options[] = {{0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    for (size_t i = 0; code == ARGS_GO_ON && i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(arguments.items[0], shells[i].name) == 0) {
            fputs(shells[i].script, stdout);
            code = EXIT_DONE;
        }
    }
    if (code == ARGS_GO_ON) {
        code = args_wrong(command, "there is no completion for '%s'", arguments.items[0]);
    }
    args_free(&arguments);
    return code;
}

const command completion_command = {
    "completion", "bash|zsh|fish", "print a script that completes this command's words in a shell",
    "For this session: source <(ocelli completion bash). Installed copies are found by the shells themselves.\n", run, 1, 1};
