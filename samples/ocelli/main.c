/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli: runs, checks, trains and measures neural networks on OpenCL devices. A file a sub-command. */
#include <stdio.h>
#include <string.h>

#include <ocelli/version.h>

#include "args.h"

extern const command devices_command, run_command, check_command, train_command, classify_command, bench_command, cache_command,
    tune_command;

static const command *const commands[] = {&devices_command,  &run_command,   &check_command, &train_command,
                                          &classify_command, &bench_command, &cache_command,
                                          &tune_command};

static void print_help(FILE *to)
{
    fputs("ocelli COMMAND [options] ...\n\nNeural networks on any OpenCL device.\n\nCommands:\n", to);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'ocelli COMMAND --help' tells more, 'ocelli --version' the version.\n"
          "Results go to stdout, all else to stderr. Exit codes: 0 done, 1 failed, 2 wrong use.\n",
          to);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(name, "--version") == 0) {
        printf("ocelli %s\n", oc_version_text());
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i]->run(commands[i], argc - 2, argv + 2);
    if (name[0] != 0)
        fprintf(stderr, "ocelli: there is no command '%s'\n\n", name);
    print_help(stderr);
    return EXIT_USAGE;
}
