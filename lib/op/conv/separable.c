/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise separable convolution: op, definition, `ref`. */
#include "op/conv/separable.h"

#include <math.h>

#include "op/epilogue.h"
#include "op/room.h"
#include "op/tile.h"

static const oc__field fields[] = {
    OC_FIELD_ARRAY(OC_FIELD_I64, oc__separable_params, stride, 2), OC_FIELD_ARRAY(OC_FIELD_I64, oc__separable_params, dilation, 2),
    OC_FIELD_ARRAY(OC_FIELD_I64, oc__separable_params, pad_begin, 2), OC_FIELD_ARRAY(OC_FIELD_I64, oc__separable_params, pad_end, 2),
    OC_FIELD(OC_FIELD_F32, oc__separable_params, limit), {NULL}};

oc__separable oc__separable_of(const oc__problem *p) {
    const oc__separable_params *q = p->params;
    const int64_t *src = p->in[0].shape.dims, *taps = p->in[1].shape.dims, *dst = p->out[0].shape.dims;
    return (oc__separable){.n = src[0], .c = src[1], .h = src[2], .w = src[3], .k = dst[1], .oh = dst[2], .ow = dst[3], .r = taps[2],
                           .s = taps[3], .stride_h = q->stride[0], .stride_w = q->stride[1], .dilation_h = q->dilation[0],
                           .dilation_w = q->dilation[1], .pad_h = q->pad_begin[0], .pad_w = q->pad_begin[1],
                           .limit = q->limit > 0 ? q->limit : INFINITY};
}

bool oc__conv_bias_fits(const oc__inference *x, int operand, int64_t size) {
    return x->in_count <= operand || !x->in[operand].dtype ||
           (x->in[operand].shape.rank == 1 && x->in[operand].shape.dims[0] == size && x->in[operand].dtype == x->in[0].dtype);
}

void oc__separable_window(oc__inference *x, const oc_shape *taps, int64_t k, int64_t *stride, int64_t *dilation, const int64_t *begin,
                          const int64_t *end) {
    const int64_t *src = x->in[0].shape.dims;
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = {4, {src[0], k}}};
    for (int i = 0; i < 2; i++) {
        stride[i] = stride[i] ? stride[i] : 1;
        dilation[i] = dilation[i] ? dilation[i] : 1;
        x->out[0].shape.dims[2 + i] = oc__dim_window(x->symbols, src[2 + i], taps->dims[2 + i], stride[i], dilation[i], begin[i], end[i], false);
    }
}

static oc_status infer(oc__inference *x, oc_error *err) {
    oc__separable_params *p = x->params;
    const oc_shape *src = &x->in[0].shape, *taps = &x->in[1].shape, *wei = &x->in[2].shape;
    if (src->rank != 4 || taps->rank != 4 || wei->rank != 4 || taps->dims[1] != 1 || wei->dims[1] != taps->dims[0] ||
        wei->dims[2] != 1 || wei->dims[3] != 1 || src->dims[1] != taps->dims[0])
        return oc__infer_fail(x, err, "it takes (N, C, H, W), (C, 1, R, S) and (K, C, 1, 1)");
    for (int i = 0; i < 3; i++)
        if (!oc__is_float(x->in[i].dtype) || x->in[i].dtype != x->in[0].dtype)
            return oc__infer_fail(x, err, "source and weights must be of one floating-point type");
    if (!oc__conv_bias_fits(x, 3, taps->dims[0]) || !oc__conv_bias_fits(x, 4, wei->dims[0]))
        return oc__infer_fail(x, err, "a bias must have one element for each channel");
    oc__separable_window(x, taps, wei->dims[0], p->stride, p->dilation, p->pad_begin, p->pad_end);
    return OC_OK;
}

double oc__separable_between(const oc__separable *x, const double *plane, const double *taps, double bias, int64_t oy, int64_t ox) {
    double sum = bias;
    for (int64_t r = 0; r < x->r; r++)
        for (int64_t s = 0; s < x->s; s++) {
            int64_t iy = oy * x->stride_h - x->pad_h + r * x->dilation_h, ix = ox * x->stride_w - x->pad_w + s * x->dilation_w;
            if (iy >= 0 && iy < x->h && ix >= 0 && ix < x->w)
                sum += plane[iy * x->w + ix] * taps[r * x->s + s];
        }
    return sum < 0 ? 0 : sum > (double)x->limit ? (double)x->limit : sum;
}

static oc_status host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out, oc_error *err) {
    (void)context, (void)err;
    oc__separable x = oc__separable_of(p);
    const double *first = p->op_in > 3 ? in[3] : NULL, *second = p->op_in > 4 ? in[4] : NULL;
    int64_t pixels = x.oh * x.ow;
    for (int64_t n = 0; n < x.n; n++) {
        double *to = out[0] + n * x.k * pixels;
        for (int64_t i = 0; i < x.k * pixels; i++)
            to[i] = second ? second[i / pixels] : 0;
        for (int64_t c = 0; c < x.c; c++)
            for (int64_t i = 0; i < pixels; i++) {
                double v = oc__separable_between(&x, in[0] + (n * x.c + c) * x.h * x.w, in[1] + c * x.r * x.s, first ? first[c] : 0,
                                                 i / x.ow, i % x.ow);
                for (int64_t k = 0; k < x.k; k++)
                    to[k * pixels + i] += v * in[2][k * x.c + c];
            }
    }
    oc__epilogue_host(p, in, out[0]);
    return OC_OK;
}

static oc__cost cost(const oc__problem *p) {
    oc__separable x = oc__separable_of(p);
    return (oc__cost){.flops = 2.0 * (double)(x.n * x.oh * x.ow) * (double)x.c * (double)(x.r * x.s + x.k)};
}

/* Same tiles and remainders of channels, less of everything else. */
static void shrink(const oc__problem *from, oc__desc *in) {
    oc__separable x = oc__separable_of(from);
    int64_t c = x.c > 48 ? 32 + x.c % 16 : x.c, k = oc__tile_shrink(x.k, 3, true);
    int64_t h = OC_MAX(x.h > 12 ? 8 + x.h % 4 : x.h, OC_MIN(x.h, (x.r - 1) * x.dilation_h + 1 + x.stride_h));
    int64_t w = OC_MAX(x.w > 42 ? 28 + x.w % 14 : x.w, OC_MIN(x.w, (x.s - 1) * x.dilation_w + 1 + x.stride_w));
    in[0].shape = (oc_shape){4, {OC_MIN(x.n, 2), c, h, w}};
    in[1].shape.dims[0] = in[2].shape.dims[1] = c;
    in[2].shape.dims[0] = k;
    if (from->op_in > 3 && in[3].dtype)
        in[3].shape.dims[0] = c;
    if (from->op_in > 4 && in[4].dtype)
        in[4].shape.dims[0] = k;
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__problem *p = r->problem;
    oc__separable x = oc__separable_of(p);
    int64_t count = oc__count(&p->out[0].shape);
    bool first = p->op_in > 3 && p->in[3].dtype, second = p->op_in > 4 && p->in[4].dtype;
    if (count == 0)
        return OC_OK;
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(p, &text);
    oc__epilogue_define(p, &text);
    oc__string_printf(&text, "%s%s", first ? "#define HAS_BETWEEN\n" : "", second ? "#define HAS_BIAS\n" : "");
    oc__step *step = oc__step_kernel(r->steps, "conv2d_separable_ref.cl", text.text, "conv2d_separable_ref");
    for (int i = 0; i < 3; i++)
        oc__step_desc(r->steps, step, r->in[i].place, &p->in[i]);
    oc__step_desc(r->steps, step, r->out[0].place, &p->out[0]);
    int64_t numbers[] = {count, x.c, x.h, x.w, x.k, x.oh, x.ow, x.r, x.s, x.stride_h, x.stride_w, x.dilation_h, x.dilation_w, x.pad_h, x.pad_w};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(r->steps, step, numbers[i]);
    oc__step_f32(r->steps, step, x.limit);
    if (first)
        oc__step_desc(r->steps, step, r->in[3].place, &p->in[3]);
    if (second)
        oc__step_desc(r->steps, step, r->in[4].place, &p->in[4]);
    oc__epilogue_args(r, step);
    oc__step_range_items(step, r->caps, (uint64_t)count);
    return oc__record_end(r, &text, err);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    return oc__ref_window_estimate(p, caps, variant) * (double)oc__separable_of(p).k; /* it has no memory for what is between */
}

static const oc__solver ref = {.name = "conv2d_separable.ref", .applicable = oc__always_applicable, .estimate = estimate,
                               .record = record};
static const oc__solver *const solvers[] = {&oc__conv2d_separable_fused, &ref, NULL};

const oc__op oc__op_conv2d_separable = {
    .name = "conv2d_separable", .in_min = 3, .in_max = 5, .out_count = 1, .flags = OC_OP_EXACT,
    .params_size = sizeof(oc__separable_params), .fields = fields, .infer = infer, .cost = cost, .batch = OC_BATCH_AXIS0, .host = host,
    .shrink = shrink, .solvers = solvers};
