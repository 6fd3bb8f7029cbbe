/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the sub-commands: a table of options gives the parser and the help. */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define ARGS_GO_ON (-1) /* of args_parse: not over yet */

typedef enum arg_kind { ARG_FLAG, ARG_TEXT, ARG_INTEGER, ARG_NUMBER, ARG_LIST, ARG_HEADING } arg_kind;

/* Texts of an option that may be given several times. */
typedef struct arg_list {
    const char **items;
    size_t count;
} arg_list;

typedef struct option {
    char letter;       /* 0: none */
    const char *name;  /* without dashes */
    const char *value; /* what the help calls the value; NULL for flags */
    arg_kind kind;
    void *to; /* bool, const char *, int64_t, double, arg_list */
    const char *help;
} option;

typedef struct command {
    const char *name;
    const char *usage;   /* behind the options: "MODEL" */
    const char *summary; /* one line */
    const char *details; /* the rest of the help */
    int (*run)(const struct command *command, int argc, char **argv);
    int least, most; /* arguments that are no options; most -1: any number */
} command;

/* Parses what follows the sub-command's name. arguments receives what is no option. ARGS_GO_ON, or the code to exit with. */
int args_parse(const command *command, const option *options, int argc, char **argv, arg_list *arguments);
void args_free(arg_list *list);
/* Says what is wrong with the arguments. Returns EXIT_USAGE. */
int args_wrong(const command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
