/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to stdout, written as it goes: commas, quotes and nesting are kept here. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

void json_open(char bracket); /* '{' or '[' */
void json_close(void);        /* ends a line at the outermost level */
void json_key(const char *key);
void json_text(const char *text);
void json_integer(int64_t value);
void json_number(double value); /* NaN and infinities: null */
void json_bool(bool value);
void json_null(void);

#endif
