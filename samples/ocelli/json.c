/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <math.h>
#include <stdio.h>

static char brackets[16];
static bool empty[16];
static int depth;
static bool after_key;

static void separate(void) {
    if (!after_key && depth > 0 && !empty[depth])
        fputs(",", stdout);
    after_key = false;
    empty[depth] = false;
}

void json_open(char bracket) {
    separate();
    putchar(bracket);
    brackets[++depth] = bracket == '{' ? '}' : ']';
    empty[depth] = true;
}

void json_close(void) {
    putchar(brackets[depth--]);
    if (depth == 0) {
        putchar('\n');
        fflush(stdout);
    }
}

static void quote(const char *text) {
    putchar('"');
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else if (*at < 0x20)
            printf("\\u%04x", *at);
        else
            putchar(*at);
    }
    putchar('"');
}

void json_key(const char *key) {
    separate();
    quote(key);
    putchar(':');
    after_key = true;
}

void json_text(const char *text) {
    separate();
    quote(text);
}

void json_integer(int64_t value) {
    separate();
    printf("%lld", (long long)value);
}

void json_number(double value) {
    separate();
    if (isfinite(value))
        printf("%.9g", value);
    else
        fputs("null", stdout);
}

void json_bool(bool value) {
    separate();
    fputs(value ? "true" : "false", stdout);
}

void json_null(void) {
    separate();
    fputs("null", stdout);
}
