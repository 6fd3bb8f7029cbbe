/* SPDX-License-Identifier: Apache-2.0 */
#include "manual.h"

#include <stdio.h>
#include <string.h>

/* Text that scdoc shall take as it is. */
static void put_plain(const char *text) {
    for (; *text != 0; text++) {
        if (strchr("\\*_<>#[]|", *text) != NULL) {
            putchar('\\');
        }
        putchar(*text);
    }
}

static void put_literal(const char *text) {
    size_t size = strlen(text);
    printf("```\n%s%s```\n", text, size > 0 && text[size - 1] == '\n' ? "" : "\n");
}

static void put_option(const option *option) {
    putchar('*');
    if (option->letter != 0) {
        printf("-%c*, *", option->letter);
    }
    printf("--");
    put_plain(option->name);
    putchar('*');
    if (option->value != NULL) {
        printf(" _");
        put_plain(option->value);
        putchar('_');
    }
    printf("\n\t");
    put_plain(option->help);
    printf("\n\n");
}

static void print_page(const command *command, const option *options) {
    printf("ocelli-%s(1)\n\n# NAME\n\nocelli-%s - ", command->name, command->name);
    put_plain(command->summary);
    printf("\n\n# SYNOPSIS\n\n*ocelli %s* [options] ", command->name);
    put_plain(command->usage);
    printf("\n\n# OPTIONS\n\n");
    for (const option *option = options; option->name != NULL; option++) {
        if (option->kind == ARG_HEADING) {
            printf("## %s\n\n", option->name);
        } else {
            put_option(option);
        }
    }
    printf("*-h*, *--help*\n\tthis text\n\n");
    if (command->details[0] != 0) {
        printf("# DESCRIPTION\n\n");
        put_literal(command->details);
    }
    printf("\n# EXIT STATUS\n\n0 done, 1 failed, 2 wrong use.\n\n# SEE ALSO\n\n*ocelli*(1)\n");
}

static void print_names(const option *options) {
    for (const option *option = options; option->name != NULL; option++) {
        if (option->kind == ARG_HEADING) {
            continue;
        }
        printf("--%s\t%s\t%s\n", option->name, option->value != NULL ? option->value : "", option->help);
        if (option->letter != 0) {
            printf("-%c\t%s\t%s\n", option->letter, option->value != NULL ? option->value : "", option->help);
        }
    }
    printf("--help\t\tall of the options\n");
}

bool manual_print(const command *command, const option *options, const char *form) {
    if (strcmp(form, "scdoc") == 0) {
        print_page(command, options);
    } else if (strcmp(form, "options") == 0) {
        print_names(options);
    } else {
        return false;
    }
    return true;
}

bool manual_print_all(const command *const *commands, size_t count, const char *introduction, const char *form) {
    if (strcmp(form, "commands") == 0) {
        for (size_t i = 0; i < count; i++) {
            printf("%s\t%s\n", commands[i]->name, commands[i]->summary);
        }
        return true;
    }
    if (strcmp(form, "scdoc") != 0) {
        return false;
    }
    printf("ocelli(1)\n\n# NAME\n\nocelli - neural networks on any OpenCL device\n\n# SYNOPSIS\n\n*ocelli* _COMMAND_ [options] ...\n\n"
           "# COMMANDS\n\n");
    for (size_t i = 0; i < count; i++) {
        printf("*ocelli-%s*(1)\n\t", commands[i]->name);
        put_plain(commands[i]->summary);
        printf("\n\n");
    }
    printf("# DESCRIPTION\n\n");
    put_literal(introduction);
    return true;
}
