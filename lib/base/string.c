/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows. */
#include "base/base.h"

#include <string.h>

static char empty[1] = ""; /* never written: capacity 0 */

void oc__string_init(oc__string *string, oc_context *context) {
    *string = (oc__string){.context = context, .text = empty};
}

void oc__string_finish(oc__string *string) {
    if (string->capacity)
        oc__free(string->context, string->text);
    oc__string_init(string, string->context);
}

/* Makes room for size more bytes and a terminator. */
static bool reserve(oc__string *string, size_t size) {
    if (string->failed)
        return false;
    if (size < string->capacity - string->size)
        return true;
    size_t wanted = OC_MAX(string->capacity * 2, (size_t)64);
    if (size > SIZE_MAX / 4 || string->size > SIZE_MAX / 4) {
        string->failed = true;
        return false;
    }
    wanted = OC_MAX(wanted, string->size + size + 1);
    char *moved = oc__realloc(string->context, string->capacity ? string->text : NULL, wanted);
    if (!moved) {
        string->failed = true;
        return false;
    }
    string->text = moved;
    string->capacity = wanted;
    return true;
}

void oc__string_append(oc__string *string, const char *text) {
    oc__string_append_n(string, text, strlen(text));
}

void oc__string_append_n(oc__string *string, const char *text, size_t size) {
    if (size == 0 || !reserve(string, size))
        return;
    memcpy(string->text + string->size, text, size);
    string->size += size;
    string->text[string->size] = '\0';
}

void oc__string_printf(oc__string *string, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int size = oc__vformat(NULL, 0, format, args);
    va_end(args);
    if (size <= 0) {
        string->failed |= size < 0;
        return;
    }
    if (!reserve(string, (size_t)size))
        return;
    va_start(args, format);
    oc__vformat(string->text + string->size, (size_t)size + 1, format, args);
    va_end(args);
    string->size += (size_t)size;
}

void oc__string_append_double(oc__string *string, double value) {
    char text[40];
    oc__format_double(text, sizeof text, value);
    oc__string_append(string, text);
}

bool oc__matches(const char *pattern, const char *text) {
    const char *star = NULL, *from = NULL; /* the last star, and where what it stands for ends */
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}
