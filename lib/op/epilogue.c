/* SPDX-License-Identifier: Apache-2.0 */
#include "op/epilogue.h"

#include <math.h>
#include <string.h>

void oc__epilogue_number(oc__string *text, double value) {
    if (isnan(value))
        oc__string_append(text, "NAN");
    else if (isinf(value))
        oc__string_append(text, value > 0 ? "INFINITY" : "-INFINITY");
    else
        oc__string_append_double(text, value);
}

static void define_eltwise(const oc__post *post, oc__string *text) {
    oc__string_append(text, " { const VT x = v; const float a = ");
    oc__epilogue_number(text, post->alpha);
    oc__string_append(text, ", b = ");
    oc__epilogue_number(text, post->beta);
    oc__string_printf(text, "; v = %s; }", post->fn->expression);
}

/* Convolutions and products end with a range for all results, an argument: with and without ReLU, and backward by data, they are
 * one program. */
typedef struct range {
    bool given;
    float low, high;
    int count; /* of the posts before it */
} range;

static range range_of(const oc__problem *p) {
    const char *op = p->op->name;
    range r = {.given = !strcmp(op, "conv2d") || !strcmp(op, "conv2d_bwd_data") || !strcmp(op, "matmul"), .low = -INFINITY, .high = INFINITY,
               .count = p->post.count};
    const oc__post *last = r.count ? &p->post.items[r.count - 1] : NULL;
    if (!r.given || !last || last->kind != OC_POST_ELTWISE)
        return r;
    if (last->fn == &oc__op_relu)
        r.low = 0;
    else if (last->fn == &oc__op_clip && last->alpha <= last->beta) {
        r.low = last->alpha;
        r.high = last->beta;
    } else
        return r;
    r.count--;
    return r;
}

/* The parameters that hold what the epilogue needs, or their names alone. */
static void define_params(const oc__problem *p, const range *r, bool types, oc__string *defines) {
    oc__string_append(defines, types ? "#define POST_PARAMS" : "\n#define POST_ARGS");
    for (int i = 0; i < r->count; i++)
        if (p->post.items[i].kind != OC_POST_ELTWISE)
            oc__string_printf(defines, types ? ", __global const float *post%d, long post%d_off" : ", post%d, post%d_off", i, i);
    if (r->given)
        oc__string_append(defines, types ? ", float post_low, float post_high" : ", post_low, post_high");
}

void oc__epilogue_define(const oc__problem *p, oc__string *defines) {
    range range = range_of(p);
    define_params(p, &range, true, defines);
    define_params(p, &range, false, defines);
    oc__string_append(defines, "\n#define POSTS(VT, v, BIAS, RESIDUAL)");
    for (int i = 0; i < range.count; i++) {
        const oc__post *post = &p->post.items[i];
        if (post->kind == OC_POST_ELTWISE)
            define_eltwise(post, defines);
        else
            oc__string_printf(defines, " v = v + %s(post%d, post%d_off);", post->kind == OC_POST_BIAS ? "BIAS" : "RESIDUAL", i, i);
    }
    if (range.given) /* NaN stays */
        oc__string_append(defines, " v = v < (VT)post_low ? (VT)post_low : v; v = v > (VT)post_high ? (VT)post_high : v;");
    oc__string_append(defines, "\n");
}

void oc__epilogue_args(const oc__recording *r, oc__step *step) {
    range range = range_of(r->problem);
    for (int i = 0; i < range.count; i++) {
        const oc__post *post = &r->problem->post.items[i];
        if (post->kind != OC_POST_ELTWISE)
            oc__step_place(r->steps, step, r->in[post->operand].place, oc_dtype_size(r->problem->in[post->operand].dtype));
    }
    if (!range.given)
        return;
    oc__step_f32(r->steps, step, range.low);
    oc__step_f32(r->steps, step, range.high);
}

/* One elementwise function through its own op's definition. */
static void host_eltwise(const oc__post *post, double *out, int64_t count) {
    float params[2] = {post->alpha, post->beta};
    oc_shape shape = {1, {count}};
    oc__desc desc = oc__desc_plain(OC_F32, &shape);
    oc__problem problem = {.op = post->fn, .params = params, .in_count = 1, .op_in = 1, .out_count = 1, .in = &desc, .out = &desc};
    const double *in[1] = {out};
    (void)post->fn->host(NULL, &problem, in, &out, NULL);
}

void oc__epilogue_host(const oc__problem *p, const double *const *in, double *out) {
    const oc_shape *shape = &p->out[0].shape;
    int64_t count = oc_shape_count(shape), after = 1, axis = p->op->bias_last ? shape->rank - 1 : 1;
    for (int k = (int)axis + 1; k < shape->rank; k++)
        after *= shape->dims[k];
    for (int i = 0; i < p->post.count; i++) {
        const oc__post *post = &p->post.items[i];
        if (post->kind == OC_POST_ELTWISE)
            host_eltwise(post, out, count);
        for (int64_t k = 0; post->kind != OC_POST_ELTWISE && k < count; k++)
            out[k] += in[post->operand][post->kind == OC_POST_RESIDUAL ? k : k / after % shape->dims[axis]];
    }
}
