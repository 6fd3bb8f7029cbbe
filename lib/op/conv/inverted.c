/* SPDX-License-Identifier: Apache-2.0 */
/* The inverted residual: op, definition, `ref`. */
#include "op/conv/inverted.h"

#include <math.h>

#include "op/epilogue.h"
#include "op/room.h"
#include "op/tile.h"

static const oc__field fields[] = {
    OC_FIELD_ARRAY(OC_FIELD_I64, oc__inverted_params, stride, 2), OC_FIELD_ARRAY(OC_FIELD_I64, oc__inverted_params, dilation, 2),
    OC_FIELD_ARRAY(OC_FIELD_I64, oc__inverted_params, pad_begin, 2), OC_FIELD_ARRAY(OC_FIELD_I64, oc__inverted_params, pad_end, 2),
    OC_FIELD(OC_FIELD_F32, oc__inverted_params, limit), OC_FIELD(OC_FIELD_F32, oc__inverted_params, first_limit), {NULL}};

oc__inverted oc__inverted_of(const oc__problem *p) {
    const oc__inverted_params *q = p->params;
    const int64_t *src = p->in[0].shape.dims, *taps = p->in[2].shape.dims, *dst = p->out[0].shape.dims;
    return (oc__inverted){
        .b = src[1], .first_limit = q->first_limit > 0 ? q->first_limit : INFINITY,
        .tail = {.n = src[0], .c = taps[0], .h = src[2], .w = src[3], .k = dst[1], .oh = dst[2], .ow = dst[3], .r = taps[2], .s = taps[3],
                 .stride_h = q->stride[0], .stride_w = q->stride[1], .dilation_h = q->dilation[0], .dilation_w = q->dilation[1],
                 .pad_h = q->pad_begin[0], .pad_w = q->pad_begin[1], .limit = q->limit > 0 ? q->limit : INFINITY}};
}

static bool is_point(const oc_shape *weights, int64_t channels) {
    return weights->rank == 4 && weights->dims[1] == channels && weights->dims[2] == 1 && weights->dims[3] == 1;
}

static oc_status infer(oc__inference *x, oc_error *err) {
    oc__inverted_params *p = x->params;
    const oc_shape *src = &x->in[0].shape, *first = &x->in[1].shape, *taps = &x->in[2].shape, *wei = &x->in[3].shape;
    if (src->rank != 4 || taps->rank != 4 || taps->dims[1] != 1 || !is_point(first, src->dims[1]) || first->dims[0] != taps->dims[0] ||
        !is_point(wei, taps->dims[0]))
        return oc__infer_fail(x, err, "it takes (N, B, H, W), (C, B, 1, 1), (C, 1, R, S) and (K, C, 1, 1)");
    for (int i = 0; i < 4; i++)
        if (!oc__is_float(x->in[i].dtype) || x->in[i].dtype != x->in[0].dtype)
            return oc__infer_fail(x, err, "source and weights must be of one floating-point type");
    if (!oc__conv_bias_fits(x, 4, taps->dims[0]) || !oc__conv_bias_fits(x, 5, taps->dims[0]) || !oc__conv_bias_fits(x, 6, wei->dims[0]))
        return oc__infer_fail(x, err, "a bias must have one element for each channel");
    oc__separable_window(x, taps, wei->dims[0], p->stride, p->dilation, p->pad_begin, p->pad_end);
    return OC_OK;
}

static const double *operand(const oc__problem *p, const double *const *in, int i) {
    return p->op_in > i ? in[i] : NULL;
}

/* Channel c of what the first part gives for an image. */
static void widen(const oc__inverted *x, const double *image, const double *weights, double bias, double *plane) {
    int64_t pixels = x->tail.h * x->tail.w;
    for (int64_t i = 0; i < pixels; i++) {
        double sum = bias;
        for (int64_t b = 0; b < x->b; b++)
            sum += image[b * pixels + i] * weights[b];
        plane[i] = sum < 0 ? 0 : sum > (double)x->first_limit ? (double)x->first_limit : sum;
    }
}

static oc_status host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out, oc_error *err) {
    oc__inverted x = oc__inverted_of(p);
    const oc__separable *t = &x.tail;
    const double *first = operand(p, in, 4), *second = operand(p, in, 5), *third = operand(p, in, 6);
    int64_t pixels = t->oh * t->ow, from = t->h * t->w;
    double *plane = oc__alloc_array(context, (size_t)OC_MAX(from, 1), sizeof(*plane));
    if (!plane)
        return oc__fail_memory(context, err, (size_t)from * sizeof(*plane));
    for (int64_t n = 0; n < t->n; n++) {
        double *to = out[0] + n * t->k * pixels;
        for (int64_t i = 0; i < t->k * pixels; i++)
            to[i] = third ? third[i / pixels] : 0;
        for (int64_t c = 0; c < t->c; c++) {
            widen(&x, in[0] + n * x.b * from, in[1] + c * x.b, first ? first[c] : 0, plane);
            for (int64_t i = 0; i < pixels; i++) {
                double v = oc__separable_between(t, plane, in[2] + c * t->r * t->s, second ? second[c] : 0, i / t->ow, i % t->ow);
                for (int64_t k = 0; k < t->k; k++)
                    to[k * pixels + i] += v * in[3][k * t->c + c];
            }
        }
    }
    oc__free(context, plane);
    oc__epilogue_host(p, in, out[0]);
    return OC_OK;
}

static oc__cost cost(const oc__problem *p) {
    oc__inverted x = oc__inverted_of(p);
    const oc__separable *t = &x.tail;
    double first = (double)(t->n * t->h * t->w) * (double)t->c * (double)x.b;
    return (oc__cost){.flops = 2.0 * (first + (double)(t->n * t->oh * t->ow) * (double)t->c * (double)(t->r * t->s + t->k))};
}

/* Same tiles and remainders of channels, less of everything else. */
static void shrink(const oc__problem *from, oc__desc *in) {
    oc__inverted x = oc__inverted_of(from);
    const oc__separable *t = &x.tail;
    int64_t b = x.b > 48 ? 32 + x.b % 16 : x.b, c = oc__tile_shrink(t->c, 3, true), k = oc__tile_shrink(t->k, 3, true);
    int64_t h = OC_MAX(t->h > 12 ? 8 + t->h % 4 : t->h, OC_MIN(t->h, (t->r - 1) * t->dilation_h + 1 + t->stride_h));
    int64_t w = OC_MAX(t->w > 42 ? 28 + t->w % 14 : t->w, OC_MIN(t->w, (t->s - 1) * t->dilation_w + 1 + t->stride_w));
    in[0].shape = (oc_shape){4, {OC_MIN(t->n, 2), b, h, w}};
    in[1].shape.dims[0] = in[2].shape.dims[0] = in[3].shape.dims[1] = c;
    in[1].shape.dims[1] = b;
    in[3].shape.dims[0] = k;
    for (int i = 4; i < from->op_in; i++)
        if (in[i].dtype)
            in[i].shape.dims[0] = i < 6 ? c : k;
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__inverted x = oc__inverted_of(p);
    const oc__separable *t = &x.tail;
    int64_t count = oc__count(&p->out[0].shape);
    if (count == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__epilogue_define(p, &text);
    static const char *const names[] = {"#define HAS_FIRST\n", "#define HAS_BETWEEN\n", "#define HAS_BIAS\n"};
    for (int i = 4; i < p->op_in; i++)
        oc__string_append(&text, p->in[i].dtype ? names[i - 4] : "");
    oc__step *step = oc__step_kernel(r->steps, "conv2d_inverted_ref.cl", text.text, "conv2d_inverted_ref");
    for (int i = 0; i < 4; i++)
        oc__step_desc(r->steps, step, r->in[i].place, &p->in[i]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    int64_t numbers[] = {count, x.b, t->c, t->h, t->w, t->k, t->oh, t->ow, t->r, t->s, t->stride_h, t->stride_w, t->dilation_h, t->dilation_w,
                         t->pad_h, t->pad_w};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(r->steps, step, numbers[i]);
    oc__step_f32(r->steps, step, x.first_limit);
    oc__step_f32(r->steps, step, t->limit);
    for (int i = 4; i < p->op_in; i++)
        if (p->in[i].dtype)
            oc__step_desc(r->steps, step, r->in[i].place, &p->in[i]);
    oc__epilogue_args(r, step);
    oc__step_range_items(step, r->caps, (uint64_t)count);
    return oc__record_end(r, &text, err);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    oc__inverted x = oc__inverted_of(p); /* it has no memory for what is between */
    return oc__ref_window_estimate(p, caps, variant) * (double)x.tail.k * (double)(x.tail.r * x.tail.s);
}

static const oc__solver ref = {.name = "conv2d_inverted.ref", .applicable = oc__always_applicable, .estimate = estimate, .record = record};
static const oc__solver *const solvers[] = {&oc__conv2d_inverted_fused, &ref, NULL};

const oc__op oc__op_conv2d_inverted = {
    .name = "conv2d_inverted", .in_min = 4, .in_max = 7, .out_count = 1, .flags = OC_OP_EXACT, .params_size = sizeof(oc__inverted_params),
    .fields = fields, .infer = infer, .cost = cost, .batch = OC_BATCH_AXIS0, .host = host, .shrink = shrink, .solvers = solvers};
