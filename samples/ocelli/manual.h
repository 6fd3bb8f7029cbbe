/* SPDX-License-Identifier: Apache-2.0 */
/* Help in other forms, from the tables the help is printed from: `--help=scdoc` (the source of a man page), `--help=options` (a line an
 * option: its names, what it takes), `--help=commands` (a line a sub-command). */
#ifndef MANUAL_H
#define MANUAL_H

#include "args.h"

/* Of a sub-command. False if there is no such form. */
bool manual_print(const command *command, const option *options, const char *form);
/* Of the command itself. */
bool manual_print_all(const command *const *commands, size_t count, const char *introduction, const char *form);

#endif
