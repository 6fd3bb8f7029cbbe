/* SPDX-License-Identifier: Apache-2.0 */
#include "op/posts.h"

#include <math.h>
#include <string.h>

#include "op/eltwise/eltwise.h"

static const char *const kind_names[] = {[OC_POST_SCALE] = "SCALE", [OC_POST_BIAS] = "BIAS", [OC_POST_RESIDUAL] = "RESIDUAL",
                                         [OC_POST_ELTWISE] = "ELTWISE"};

static void append_lower(oc__string *text, const char *prefix) {
    for (; *prefix; prefix++)
        oc__string_printf(text, "%c", *prefix >= 'A' && *prefix <= 'Z' ? *prefix - 'A' + 'a' : *prefix);
}

static void append_param(oc__string *text, const char *prefix, int i, char which, int operand) {
    oc__string_printf(text, ", __global const TYPE(A%d) *", operand);
    append_lower(text, prefix);
    oc__string_printf(text, "%d_%c, long ", i, which);
    append_lower(text, prefix);
    oc__string_printf(text, "%d_%c_off", i, which);
}

/* A float as OpenCL C writes it, in any locale. */
static void append_constant(oc__string *text, float value) {
    char number[40];
    if (!isfinite(value)) {
        oc__string_append(text, isnan(value) ? "NAN" : value < 0 ? "-INFINITY" : "INFINITY");
        return;
    }
    oc__format_double(number, sizeof(number), (double)value);
    oc__string_printf(text, "%s%sf", number, strpbrk(number, ".e") ? "" : ".0");
}

static void define_item(const oc__post *post, const char *prefix, int i, oc__string *defines) {
    oc__string_printf(defines, "#define %s_%d_%s\n", prefix, i, kind_names[post->kind]);
    switch (post->kind) {
    case OC_POST_SCALE:
        oc__string_printf(defines, "#define %s_%d(x, s, t) MULADD(x, s, t)\n", prefix, i);
        break;
    case OC_POST_BIAS:
    case OC_POST_RESIDUAL:
        oc__string_printf(defines, "#define %s_%d(x, s, t) ((x) + (t))\n", prefix, i);
        break;
    case OC_POST_ELTWISE:
        oc__string_printf(defines, "#define %s_%d_FN(x, a, b) %s\n#define %s_%d(x) %s_%d_FN((x), ", prefix, i,
                          post->fn->expression, prefix, i, prefix, i);
        append_constant(defines, post->alpha);
        oc__string_append(defines, ", ");
        append_constant(defines, post->beta);
        oc__string_append(defines, ")\n");
        break;
    }
}

static void define_apply(const oc__posts *posts, const char *prefix, oc__string *defines) {
    oc__string_printf(defines, "#define %s_APPLY(x)", prefix);
    for (int i = 0; i < posts->count; i++) {
        const oc__post *post = &posts->items[i];
        oc__string_printf(defines, " %s_%s(x, %d", prefix, kind_names[post->kind], i);
        if (post->kind == OC_POST_SCALE)
            oc__string_printf(defines, ", A%d, A%d)", post->operand, post->operand2);
        else if (post->kind == OC_POST_ELTWISE)
            oc__string_append(defines, ")");
        else
            oc__string_printf(defines, ", A%d)", post->operand);
    }
    oc__string_printf(defines, "\n#define %s_ELTWISE(x, i) (x) = %s_##i(x);\n", prefix, prefix);
}

void oc__posts_define_as(const oc__posts *posts, const char *prefix, oc__string *defines) {
    oc__string_printf(defines, "#define %s_COUNT %d\n#define %s_PARAMS", prefix, posts->count, prefix);
    for (int i = 0; i < posts->count; i++) {
        const oc__post *post = &posts->items[i];
        if (post->kind == OC_POST_SCALE) {
            append_param(defines, prefix, i, 's', post->operand);
            append_param(defines, prefix, i, 't', post->operand2);
        } else if (post->kind != OC_POST_ELTWISE) {
            append_param(defines, prefix, i, 't', post->operand);
        }
    }
    oc__string_append(defines, "\n");
    for (int i = 0; i < posts->count; i++)
        define_item(&posts->items[i], prefix, i, defines);
    define_apply(posts, prefix, defines);
}

void oc__posts_define(const oc__posts *posts, oc__string *defines) {
    oc__posts_define_as(posts, "POST", defines);
}

static void operand_arg(const oc__recording *recording, oc__step *step, int operand) {
    oc__step_desc(recording->steps, step, recording->in[operand].place, &recording->problem->in[operand]);
}

void oc__posts_args(const oc__recording *recording, const oc__posts *posts, oc__step *step) {
    for (int i = 0; i < posts->count; i++) {
        const oc__post *post = &posts->items[i];
        if (post->kind != OC_POST_ELTWISE)
            operand_arg(recording, step, post->operand);
        if (post->kind == OC_POST_SCALE)
            operand_arg(recording, step, post->operand2);
    }
}

int oc__posts_channel_axis(const oc__problem *problem, const oc_shape *shape) {
    return problem->op == oc__op_find("matmul") ? shape->rank - 1 : 1;
}

static double apply(const oc__post *post, const double *const *in, int64_t element, int64_t channel, double x) {
    switch (post->kind) {
    case OC_POST_SCALE:
        return x * in[post->operand][channel] + in[post->operand2][channel];
    case OC_POST_BIAS:
        return x + in[post->operand][channel];
    case OC_POST_RESIDUAL:
        return x + in[post->operand][element];
    case OC_POST_ELTWISE:
        return oc__eltwise_find(post->fn)->host(x, 0, post->alpha, post->beta);
    }
    return x;
}

void oc__posts_host(const oc__problem *problem, const oc__posts *posts, const oc_shape *shape, const double *const *in,
                    double *values) {
    int axis = oc__posts_channel_axis(problem, shape);
    int64_t count = oc__count(shape), channels = axis < shape->rank ? shape->dims[axis] : 1,
            inner = oc__dims_product(shape, OC_MIN(axis + 1, shape->rank), shape->rank);
    for (int64_t i = 0; posts->count && i < count; i++) {
        int64_t channel = i / inner % channels;
        for (int k = 0; k < posts->count; k++)
            values[i] = apply(&posts->items[k], in, i, channel, values[i]);
    }
}
