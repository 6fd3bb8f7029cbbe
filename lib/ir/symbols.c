/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ir/ir.h"

void oc__symbols_finish(oc__symbols *symbols) {
    for (size_t i = 0; i < symbols->count; i++)
        oc__free(symbols->context, symbols->texts[i]);
    oc__free(symbols->context, symbols->texts);
    *symbols = (oc__symbols){.context = symbols->context};
}

int64_t oc__symbols_intern(oc__symbols *symbols, const char *text) {
    for (size_t i = 0; i < symbols->count; i++)
        if (!strcmp(symbols->texts[i], text))
            return -1 - (int64_t)i;
    char *copy = oc__strdup(symbols->context, text);
    if (!copy || !OC_ARRAY_PUSH(symbols->context, symbols->texts, symbols->count, symbols->capacity, copy)) {
        oc__free(symbols->context, copy);
        return INT64_MIN;
    }
    return -(int64_t)symbols->count;
}

const char *oc__symbols_text(const oc__symbols *symbols, int64_t dim, char buffer[24]) {
    if (dim < 0 && symbols && (uint64_t)(-1 - dim) < symbols->count)
        return symbols->texts[-1 - dim];
    if (dim < 0)
        return "?";
    snprintf(buffer, 24, "%lld", (long long)dim);
    return buffer;
}

static int64_t intern_string(oc__symbols *symbols, oc__string *text) {
    int64_t dim = text->failed ? INT64_MIN : oc__symbols_intern(symbols, text->text);
    oc__string_finish(text);
    return dim;
}

/* The symbol of a text of so many bytes; 0: none. */
static int64_t symbol_of(const oc__symbols *symbols, const char *text, size_t size) {
    for (size_t i = 0; i < symbols->count; i++)
        if (strlen(symbols->texts[i]) == size && !memcmp(symbols->texts[i], text, size))
            return -1 - (int64_t)i;
    return 0;
}

/* "window(N,1,1,1,3)" is N and 3 more. */
static int64_t take_padding(const oc__symbols *symbols, int64_t dim, int64_t *pad) {
    const char *text = dim < 0 && symbols ? symbols->texts[-1 - dim] : "", *middle = NULL, *end;
    int64_t own;
    if (strncmp(text, "window(", 7) != 0)
        return dim;
    for (const char *at = text; (at = strstr(at, ",1,1,1,")) != NULL; at++)
        middle = at;
    if (!middle || !oc__parse_int64(middle + 7, &end, &own) || strcmp(end, ")") != 0)
        return dim;
    int64_t inner = symbol_of(symbols, text + 7, (size_t)(middle - text - 7));
    *pad += inner ? own : 0;
    return inner ? inner : dim;
}

int64_t oc__dim_window(oc__symbols *symbols, int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_begin,
                       int64_t pad_end, bool ceil_mode) {
    if (size >= 0 && kernel >= 0) {
        int64_t room = size + pad_begin + pad_end - dilation * (kernel - 1) - 1;
        if (room < 0)
            return 0;
        int64_t count = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
        if (ceil_mode && (count - 1) * stride >= size + pad_begin)
            count--; /* a window must begin inside of the source or its padding in front */
        return count;
    }
    int64_t pad = pad_begin + pad_end;
    if (kernel == 1 && stride == 1) /* so much longer or shorter than what is that itself */
        size = take_padding(symbols, size, &pad);
    if (kernel >= 0 && stride == 1 && pad == dilation * (kernel - 1))
        return size;
    oc__string text;
    char a[24], b[24];
    oc__string_init(&text, symbols->context);
    oc__string_printf(&text, "%s(%s,%s,%lld,%lld,%lld)", ceil_mode ? "ceilwindow" : "window",
                      oc__symbols_text(symbols, size, a), oc__symbols_text(symbols, kernel, b), (long long)stride,
                      (long long)dilation, (long long)pad);
    return intern_string(symbols, &text);
}

int64_t oc__dim_add(oc__symbols *symbols, int64_t a, int64_t b) {
    if (a >= 0 && b >= 0)
        return a + b;
    if (a == 0 || b == 0)
        return a + b;
    oc__string text;
    char x[24], y[24];
    oc__string_init(&text, symbols->context);
    oc__string_printf(&text, "(%s+%s)", oc__symbols_text(symbols, a, x), oc__symbols_text(symbols, b, y));
    return intern_string(symbols, &text);
}

/* "3*N" is a number times a symbol that is there. */
static int64_t take_factor(const oc__symbols *symbols, int64_t dim, int64_t *number) {
    const char *text = symbols && dim >= -(int64_t)symbols->count ? symbols->texts[-1 - dim] : "", *end;
    int64_t factor;
    if (!oc__parse_int64(text, &end, &factor) || *end != '*' || factor < 1)
        return dim;
    int64_t symbol = symbol_of(symbols, end + 1, strlen(end + 1));
    return symbol && oc__mul_i64(*number, factor, number) ? symbol : dim;
}

/* Cancels equal symbols and multiplies the numbers of each side; false on overflow. */
static bool gather(const oc__symbols *known, const int64_t *dims, int count, int64_t *number, int64_t *symbols, int *symbol_count) {
    *number = 1;
    *symbol_count = 0;
    for (int i = 0; i < count; i++) {
        if (dims[i] < 0)
            symbols[(*symbol_count)++] = take_factor(known, dims[i], number);
        else if (!oc__mul_i64(*number, dims[i], number))
            return false;
    }
    return true;
}

static void cancel(int64_t *above, int *above_count, int64_t *below, int *below_count) {
    for (int i = 0; i < *above_count; i++) {
        for (int j = 0; j < *below_count; j++) {
            if (above[i] == below[j]) {
                above[i--] = above[--*above_count];
                below[j] = below[--*below_count];
                break;
            }
        }
    }
}

static void append_product(oc__string *text, const oc__symbols *symbols, int64_t number, const int64_t *dims, int count) {
    char buffer[24];
    oc__string_printf(text, "%lld", (long long)number);
    for (int i = 0; i < count; i++)
        oc__string_printf(text, "*%s", oc__symbols_text(symbols, dims[i], buffer));
}

bool oc__dim_ratio(oc__symbols *symbols, const int64_t *above, int above_count, const int64_t *below, int below_count,
                   int64_t *out) {
    int64_t a[2 * OC_MAX_RANK], b[2 * OC_MAX_RANK], x, y;
    int as, bs;
    if (above_count > 2 * OC_MAX_RANK || below_count > 2 * OC_MAX_RANK || !gather(symbols, above, above_count, &x, a, &as) ||
        !gather(symbols, below, below_count, &y, b, &bs))
        return false;
    cancel(a, &as, b, &bs);
    if (y == 0 || (bs == 0 && x % y != 0))
        return as == 0 && bs == 0 && x == 0 && y == 0 ? (*out = 0, true) : false;
    if (as == 0 && bs == 0)
        return *out = x / y, true;
    if (as == 1 && bs == 0 && x == y)
        return *out = a[0], true;
    oc__string text;
    oc__string_init(&text, symbols->context);
    if (x % y == 0)
        x /= y, y = 1;
    append_product(&text, symbols, x, a, as);
    if (y != 1 || bs) {
        oc__string_append(&text, "/");
        append_product(&text, symbols, y, b, bs);
    }
    *out = intern_string(symbols, &text);
    return *out != INT64_MIN;
}
