/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manual.h"

int args_wrong(const command *command, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "ocelli %s: ", command->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "; see ocelli %s --help\n", command->name);
    va_end(args);
    return EXIT_USAGE;
}

static void print_help(const command *command, const option *options) {
    printf("ocelli %s [options]%s%s\n\n%s\n\nOptions:\n", command->name, command->usage[0] ? " " : "", command->usage,
           command->summary);
    for (const option *option = options; option->name != NULL; option++) {
        char left[48];
        if (option->kind == ARG_HEADING) {
            printf("\n%s:\n", option->name);
            continue;
        }
        int used = snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", option->letter ? '-' : ' ', option->letter ? option->letter : ' ',
                            option->letter ? ", " : "  ", option->name, option->value ? " " : "", option->value ? option->value : "");
        printf(used < 30 ? "%-30s%s\n" : "%s\n                              %s\n", left, option->help);
    }
    printf("  -h, --help                  this text\n");
    if (command->details[0] != 0)
        printf("\n%s", command->details);
}

static bool parse_integer(const char *text, int64_t *out) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != 0)
        return false;
    *out = value;
    return true;
}

static bool parse_number(const char *text, double *out) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != 0)
        return false;
    *out = value;
    return true;
}

static bool append(arg_list *list, const char *item) {
    const char **items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        return false;
    list->items = items;
    items[list->count++] = item;
    return true;
}

static int store(const command *command, const option *option, const char *value) {
    bool fine = true;
    if (option->kind == ARG_TEXT)
        *(const char **)option->to = value;
    else if (option->kind == ARG_INTEGER)
        fine = parse_integer(value, option->to);
    else if (option->kind == ARG_NUMBER)
        fine = parse_number(value, option->to);
    else if (option->kind == ARG_LIST)
        fine = append(option->to, value);
    if (fine)
        return ARGS_GO_ON;
    return args_wrong(command, "--%s wants %s, not '%s'", option->name,
                      option->kind == ARG_INTEGER ? "a whole number" : "a number", value);
}

static const option *find(const option *options, const char *text, size_t size, char letter) {
    for (const option *option = options; option->name != NULL; option++) {
        if (option->kind == ARG_HEADING)
            continue;
        if (letter != 0 ? option->letter == letter : strlen(option->name) == size && strncmp(option->name, text, size) == 0)
            return option;
    }
    return NULL;
}

/* One option; *at moves on if its value is the next argument. */
static int parse_option(const command *command, const option *options, int argc, char **argv, int *at) {
    const char *text = argv[*at], *value = NULL;
    const option *option;
    if (text[1] == '-') {
        const char *equals = strchr(text, '=');
        option = find(options, text + 2, equals != NULL ? (size_t)(equals - text - 2) : strlen(text + 2), 0);
        value = equals != NULL ? equals + 1 : NULL;
    } else {
        option = find(options, NULL, 0, text[1]);
        value = text[2] != 0 ? text + 2 : NULL;
    }
    if (option == NULL)
        return args_wrong(command, "there is no option '%s'", text);
    if (option->kind == ARG_FLAG) {
        *(bool *)option->to = true;
        return value == NULL ? ARGS_GO_ON : args_wrong(command, "--%s takes no value", option->name);
    }
    if (value == NULL && *at + 1 < argc)
        value = argv[++*at];
    return value != NULL ? store(command, option, value) : args_wrong(command, "--%s wants a value", option->name);
}

int args_parse(const command *command, const option *options, int argc, char **argv, arg_list *arguments) {
    bool only_arguments = false;
    for (int at = 0; at < argc; at++) {
        const char *text = argv[at];
        int code = ARGS_GO_ON;
        if (!only_arguments && strcmp(text, "--") == 0)
            only_arguments = true;
        else if (!only_arguments && (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0)) {
            print_help(command, options);
            return EXIT_DONE;
        } else if (!only_arguments && strncmp(text, "--help=", 7) == 0) {
            return manual_print(command, options, text + 7) ? EXIT_DONE : args_wrong(command, "there is no form of help '%s'", text + 7);
        } else if (only_arguments || text[0] != '-' || text[1] == 0)
            append(arguments, text);
        else
            code = parse_option(command, options, argc, argv, &at);
        if (code != ARGS_GO_ON)
            return code;
    }
    int count = (int)arguments->count;
    if (count < command->least)
        return args_wrong(command, "%s is missing", command->usage);
    if (command->most >= 0 && count > command->most)
        return args_wrong(command, "'%s' is one argument too many", arguments->items[command->most]);
    return ARGS_GO_ON;
}

void args_free(arg_list *list) {
    free(list->items);
    list->items = NULL;
    list->count = 0;
}
