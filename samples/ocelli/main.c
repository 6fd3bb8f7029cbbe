/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli: runs, checks, trains and measures neural networks on OpenCL devices. A file a sub-command. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ocelli/version.h>

#include "args.h"
#include "manual.h"

extern const command devices_command, run_command, check_command, train_command, classify_command, bench_command, cache_command,
    tune_command, info_command, net_command, plan_command, gradcheck_command, doctor_command, completion_command;

static const command *const commands[] = {&devices_command,  &run_command,   &check_command, &train_command,
                                          &classify_command, &bench_command, &cache_command,
                                          &tune_command,     &info_command,  &net_command,   &plan_command,
                                          &gradcheck_command, &doctor_command, &completion_command};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char introduction[] =
    "'ocelli COMMAND --help' tells more, 'ocelli --version' the version.\n"
    "Results go to stdout, all else to stderr. Exit codes: 0 done, 1 failed, 2 wrong use.\n"
    "POCL_AFFINITY=1 is set, so that PoCL binds its threads to a processor each, unless it is set already or the\n"
    "process may not use all processors.\n";

static void print_help(FILE *to) {
    fputs("ocelli COMMAND [options] ...\n\nNeural networks on any OpenCL device.\n\nCommands:\n", to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(to, "\n%s", introduction);
}

/* Two of PoCL's threads that land on one processor double the time of a run. Bound, they never do; but where other processes are
 * kept to processors, binding to the first ones could be binding to theirs. */
static void bind_threads(void) {
#ifdef __linux__
    cpu_set_t allowed;
    long all = sysconf(_SC_NPROCESSORS_ONLN);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0 && all > 0 && CPU_COUNT(&allowed) == all)
        setenv("POCL_AFFINITY", "1", 0);
#endif
}

/* A file that a driver or a command opens must not become what results are printed to, where a stream was closed. What is written to
 * stdout then is an error as before. */
static void hold_streams(void) {
    for (int fd = open("/dev/null", O_RDONLY); fd >= 0; fd = open("/dev/null", O_RDONLY)) {
        if (fd > STDERR_FILENO) {
            close(fd);
            return;
        }
    }
}

/* The exit code, if all results could be written. */
static int written(int code) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "ocelli: stdout cannot be written: %s\n", strerror(errno));
    return code == EXIT_DONE ? EXIT_FAILED : code;
}

static int run(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(name, "--version") == 0) {
        printf("ocelli %s\n", oc_version_text());
        return EXIT_DONE;
    }
    if (strncmp(name, "--help=", 7) == 0 && manual_print_all(commands, COMMANDS, introduction, name + 7))
        return EXIT_DONE;
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i]->run(commands[i], argc - 2, argv + 2);
    if (name[0] != 0)
        fprintf(stderr, "ocelli: there is no command '%s'\n\n", name);
    print_help(stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv) {
    hold_streams();
    bind_threads();
    return written(run(argc, argv));
}
