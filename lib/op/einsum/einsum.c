/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of products: operands are joined one after another, each time by a batched matrix product. */
#include <string.h>

#include <ocelli/op/einsum.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/onnx_rule.h"
#include "op/room.h"

/* A value, and a letter for each of its axes; those of "..." are 1 … 8. */
typedef struct term {
    oc_value *value;
    char letters[2 * OC_MAX_RANK + 2];
    int count;
} term;

typedef struct sum {
    oc_graph *graph;
    oc_error *err;
    const char *equation;
} sum;

static bool refuse(const sum *s, const char *why) {
    oc__graph_fail(s->graph, s->err, OC_ERROR_SHAPE, "einsum \"%.80s\": %s", s->equation, why);
    return false;
}

static bool has(const char *letters, int count, char letter) {
    return memchr(letters, letter, (size_t)count) != NULL;
}

/* Reads letters up to a comma, an arrow or the end; "..." becomes the last `dots` of 1 … 8. */
static bool read_letters(const sum *s, const char **at, int rank, char *letters, int *count) {
    int named = 0, dots = 0;
    *count = 0;
    for (const char *p = *at; *p && *p != ',' && *p != '-'; p++)
        named += (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
    for (; **at && **at != ',' && **at != '-'; ++*at) {
        bool letter = (**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z');
        if (**at == ' ')
            continue;
        if (!letter && (strncmp(*at, "...", 3) != 0 || dots))
            return refuse(s, "it is not made of letters");
        int more = letter ? 1 : rank - named;
        if (more < 0 || *count + more > OC_MAX_RANK)
            return refuse(s, "the letters do not fit the operands");
        for (int i = 0; i < more; i++)
            letters[(*count)++] = letter ? **at : (char)(1 + OC_MAX_RANK - more + i);
        *at += letter ? 0 : 2;
        dots |= !letter;
    }
    return true;
}

static oc_value *reshaped(const sum *s, oc_value *x, const oc_shape *shape) {
    return oc_reshape(s->graph, x, shape, s->err);
}

/* The axes at these letters, in their order. */
static bool arrange(const sum *s, term *t, const char *letters, int count) {
    int32_t perm[OC_MAX_RANK];
    for (int i = 0; i < count; i++)
        perm[i] = (int32_t)((const char *)memchr(t->letters, letters[i], (size_t)t->count) - t->letters);
    t->value = oc_transpose(s->graph, t->value, perm, s->err);
    memcpy(t->letters, letters, (size_t)count);
    return t->value != NULL;
}

/* Axes i and k become one, their diagonal: they go to the end, and every (n + 1)th element is taken. */
static bool take_diagonal(const sum *s, term *t, int i, int k) {
    int64_t size = t->value->shape.dims[i];
    int32_t perm[OC_MAX_RANK], n = 0;
    char letter = t->letters[i];
    oc_shape flat = {.rank = t->count - 1};
    if (size != t->value->shape.dims[k])
        return refuse(s, "a letter stands for two sizes");
    for (int a = 0; a < t->count; a++) {
        if (a == i || a == k)
            continue;
        flat.dims[n] = t->value->shape.dims[a];
        t->letters[n] = t->letters[a];
        perm[n++] = a;
    }
    perm[n] = i;
    perm[n + 1] = k;
    t->letters[n] = letter;
    flat.dims[n] = size * size;
    oc_slice_params part = {.begin = {0}};
    part.end[n] = size * size;
    part.step[n] = size + 1;
    t->value = reshaped(s, oc_transpose(s->graph, t->value, perm, s->err), &flat);
    t->value = oc_slice(s->graph, t->value, &part, s->err);
    t->count--;
    return t->value != NULL;
}

static bool take_diagonals(const sum *s, term *t) {
    for (int i = 0; i < t->count; i++)
        for (int k = i + 1; k < t->count; k++)
            if (t->letters[i] == t->letters[k])
                return take_diagonal(s, t, i, k) && take_diagonals(s, t);
    return true;
}

/* Sums over the axes that nobody needs. */
static bool drop_unneeded(const sum *s, term *t, const char *needed, int needed_count) {
    oc_reduce_params axes = {.keep_dims = false};
    int kept = 0;
    for (int i = 0; i < t->count; i++) {
        if (has(needed, needed_count, t->letters[i]))
            t->letters[kept++] = t->letters[i];
        else
            axes.axes[axes.axis_count++] = i;
    }
    t->count = kept;
    if (axes.axis_count)
        t->value = oc_reduce_sum(s->graph, t->value, &axes, s->err);
    return t->value != NULL;
}

static int64_t size_of(const term *t, char letter) {
    const char *at = memchr(t->letters, letter, (size_t)t->count);
    return at ? t->value->shape.dims[at - t->letters] : 1;
}

/* (B, M, K) times (B, K, N); of types that matrix products do not take, by elements. sizes: B, M, N, K. */
static oc_value *product(const sum *s, oc_value *a, oc_value *b, const int64_t sizes[4]) {
    if (!a || !b || oc__is_float(a->dtype))
        return oc_matmul(s->graph, a, b, NULL, s->err);
    a = reshaped(s, a, &OC_SHAPE(sizes[0], sizes[1], sizes[3], 1));
    b = reshaped(s, b, &OC_SHAPE(sizes[0], 1, sizes[3], sizes[2]));
    return oc_reduce_sum(s->graph, oc_mul(s->graph, a, b, s->err), &oc_reduce_params(.axes = {2}, .axis_count = 1), s->err);
}

/* Batch axes, rows of a, columns of b, and what is summed: (B, M, K) times (B, K, N). */
static bool join(const sum *s, term *a, term *b, const char *needed, int needed_count) {
    char groups[4][OC_MAX_RANK], order[2 * OC_MAX_RANK + 2];
    int counts[4] = {0};
    int64_t sizes[4] = {1, 1, 1, 1};
    oc_shape result = {0};
    for (int side = 0; side < 2; side++) {
        const term *t = side ? b : a, *other = side ? a : b;
        for (int i = 0; i < t->count; i++) {
            char letter = t->letters[i];
            bool both = has(other->letters, other->count, letter);
            int group = !both ? 1 + side : has(needed, needed_count, letter) ? 0 : 3;
            if (both && (side || t->value->shape.dims[i] != size_of(other, letter))) {
                if (!side)
                    return refuse(s, "a letter stands for two sizes");
                continue;
            }
            groups[group][counts[group]++] = letter;
            sizes[group] *= t->value->shape.dims[i];
        }
    }
    int total = 0;
    for (int g = 0; g < 3; g++) {
        for (int i = 0; i < counts[g]; i++) {
            if (total == OC_MAX_RANK)
                return refuse(s, "a product has more than 8 axes");
            result.dims[result.rank++] = size_of(g == 2 ? b : a, groups[g][i]);
            order[total++] = groups[g][i];
        }
    }
    for (int side = 0; side < 2; side++) {
        term *t = side ? b : a;
        const int parts[3] = {0, side ? 3 : 1, side ? 2 : 3};
        char letters[2 * OC_MAX_RANK];
        int count = 0;
        for (int g = 0; g < 3; g++)
            for (int i = 0; i < counts[parts[g]]; i++)
                letters[count++] = groups[parts[g]][i];
        if (!arrange(s, t, letters, count))
            return false;
        t->value = reshaped(s, t->value, &OC_SHAPE(sizes[0], sizes[parts[1]], sizes[parts[2]]));
    }
    a->value = reshaped(s, product(s, a->value, b->value, sizes), &result);
    memcpy(a->letters, order, (size_t)total);
    a->count = total;
    return a->value != NULL;
}

/* Without an arrow: letters that appear once, in order, behind the axes of "...". */
static void implied(const term *terms, int count, term *result) {
    result->count = 0;
    for (char letter = 1; letter <= 'z' && result->count < OC_MAX_RANK; letter++) {
        int times = 0;
        for (int i = 0; i < count; i++)
            for (int k = 0; k < terms[i].count; k++)
                times += terms[i].letters[k] == letter;
        if (times == 1 || (times > 1 && letter <= OC_MAX_RANK))
            result->letters[result->count++] = letter;
    }
}

static bool read_equation(const sum *s, oc_value *const *values, size_t count, term *terms, term *result) {
    const char *at = s->equation;
    int rank = 0;
    for (size_t i = 0; i < count; i++) {
        terms[i].value = values[i];
        if (!read_letters(s, &at, values[i]->shape.rank, terms[i].letters, &terms[i].count))
            return false;
        if (terms[i].count != values[i]->shape.rank || *at != (i + 1 < count ? ',' : *at == '-' ? '-' : 0))
            return refuse(s, "the letters do not fit the operands");
        at += i + 1 < count;
        for (int k = 0; k < terms[i].count; k++) {
            rank += terms[i].letters[k] <= OC_MAX_RANK && !i;
            if (values[i]->shape.dims[k] < 0)
                return refuse(s, "a size is not a number");
        }
    }
    if (!*at) {
        implied(terms, (int)count, result);
        return true;
    }
    for (size_t i = 1; i < count; i++) {
        int own = 0;
        for (int k = 0; k < terms[i].count; k++)
            own += terms[i].letters[k] <= OC_MAX_RANK;
        rank = OC_MAX(rank, own);
    }
    if (strncmp(at, "->", 2) != 0)
        return refuse(s, "it has no arrow where one should be");
    at += 2;
    for (const char *p = at; *p; p++)
        rank += (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
    if (!read_letters(s, &at, rank, result->letters, &result->count) || *at)
        return refuse(s, "the result is not made of letters");
    return true;
}

oc_value *oc_einsum(oc_graph *graph, const char *equation, oc_value *const *values, size_t count, oc_error *err) {
    const sum s = {graph, err, equation};
    term terms[8], result;
    if (count < 1 || count > OC_COUNT(terms))
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "einsum: %zu operands; 1 to 8 are possible", count);
    for (size_t i = 0; i < count; i++)
        if (!values[i])
            return oc__graph_pass_error(graph, err);
    if (!read_equation(&s, values, count, terms, &result))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!take_diagonals(&s, &terms[i]))
            return NULL;
    for (size_t i = 0; i < count; i++) {
        char needed[8 * 2 * OC_MAX_RANK];
        int needed_count = result.count;
        memcpy(needed, result.letters, (size_t)result.count);
        for (size_t k = i + 1; k < count; k++) {
            memcpy(needed + needed_count, terms[k].letters, (size_t)terms[k].count);
            needed_count += terms[k].count;
        }
        if (i > 0 && !join(&s, &terms[0], &terms[i], needed, needed_count))
            return NULL;
        if (!drop_unneeded(&s, &terms[0], needed, needed_count))
            return NULL;
    }
    for (int i = 0; i < result.count; i++)
        if (!has(terms[0].letters, terms[0].count, result.letters[i])) {
            refuse(&s, "the result has a letter that no operand has");
            return NULL;
        }
    if (result.count != terms[0].count) {
        refuse(&s, "the result has a letter twice");
        return NULL;
    }
    return arrange(&s, &terms[0], result.letters, result.count) ? terms[0].value : NULL;
}

static oc_status read_einsum(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    (void)memory;
    return oc__onnx_give(reading, oc_einsum(reading->graph, oc__onnx_attr_text(reading->node, "equation", ""), reading->in,
                                            (size_t)reading->node->in_count, err), err);
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("equation"), {NULL}};

extern const oc__onnx_rule oc__einsum_onnx[];
const oc__onnx_rule oc__einsum_onnx[] = {{.type = "Einsum", .since = 12, .in_min = 1, .in_max = 8, .out_max = 1,
                                          .use = OC_ONNX_READ_ONLY, .attrs = attrs, .read = read_einsum},
                                         {NULL}};
