/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, the same in every locale. */
#include "base/base.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* The locale of this thread alone, and only while a number is read or written. newlocale of "C" allocates nothing. */
static locale_t enter_c(locale_t *c) {
    *c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return *c ? uselocale(*c) : (locale_t)0;
}

static void leave_c(locale_t c, locale_t before) {
    if (!c)
        return;
    uselocale(before);
    freelocale(c);
}

int oc__vformat(char *buffer, size_t size, const char *format, va_list args) {
    locale_t c, before = enter_c(&c);
    int written = vsnprintf(buffer, size, format, args);
    leave_c(c, before);
    if (written < 0 && size > 0)
        buffer[0] = '\0';
    return written;
}

int oc__format(char *buffer, size_t size, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int written = oc__vformat(buffer, size, format, args);
    va_end(args);
    return written;
}

void oc__format_double(char *buffer, size_t size, double value) {
    oc__format(buffer, size, "%.9g", value);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool oc__parse_int64(const char *text, const char **end, int64_t *value) {
    bool negative = *text == '-';
    const char *at = text + (*text == '-' || *text == '+');
    uint64_t limit = negative ? (uint64_t)1 << 63 : (uint64_t)INT64_MAX, sum = 0;
    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (sum > (limit - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    if (end)
        *end = at;
    return true;
}

bool oc__parse_double(const char *text, const char **end, double *value) {
    const char *digits = text + (*text == '-' || *text == '+');
    bool word = (*digits | 32) == 'i' || (*digits | 32) == 'n'; /* inf, nan */
    if (!is_digit(*digits) && !word && !(*digits == '.' && is_digit(digits[1])))
        return false;
    if (*digits == '0' && (digits[1] | 32) == 'x') { /* strtod would read hexadecimal */
        *value = *text == '-' ? -0.0 : 0.0;
        if (end)
            *end = digits + 1;
        return true;
    }
    char *stop;
    locale_t c, before = enter_c(&c);
    double read = strtod(text, &stop);
    leave_c(c, before);
    if (stop == text)
        return false;
    *value = read;
    if (end)
        *end = stop;
    return true;
}

bool oc__parse_size(const char *text, const char **end, uint64_t *value) {
    int64_t number;
    const char *at;
    if (*text == '-' || !oc__parse_int64(text, &at, &number))
        return false;
    int shift = 0;
    switch (*at) {
    case 'k':
    case 'K':
        shift = 10;
        break;
    case 'M':
        shift = 20;
        break;
    case 'G':
        shift = 30;
        break;
    default:
        break;
    }
    if ((uint64_t)number > UINT64_MAX >> shift)
        return false;
    *value = (uint64_t)number << shift;
    if (end)
        *end = at + (shift != 0);
    return true;
}
