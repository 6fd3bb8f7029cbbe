/* SPDX-License-Identifier: Apache-2.0 */
/* The definition of pooling, in double precision. */
#include <math.h>

#include "op/pool/pool.h"

/* Calls body for each element (at iy, ix) of each window that lies in the source. */
#define FOR_WINDOW(x, oy, ox, body) \
    for (int64_t r = 0; r < x.kh; r++) \
        for (int64_t s = 0; s < x.kw; s++) { \
            int64_t iy = (oy) * x.stride_h - x.pad_h + r * x.dilation_h, ix = (ox) * x.stride_w - x.pad_w + s * x.dilation_w; \
            if (iy >= 0 && iy < x.h && ix >= 0 && ix < x.w) { \
                body; \
            } \
        }

/* What the mean divides by: elements of the window in the source, or in the source and its padding. */
static double divisor(const oc__pool *x, int64_t oy, int64_t ox) {
    int64_t count = 0;
    for (int64_t r = 0; r < x->kh; r++)
        for (int64_t s = 0; s < x->kw; s++) {
            int64_t iy = oy * x->stride_h - x->pad_h + r * x->dilation_h, ix = ox * x->stride_w - x->pad_w + s * x->dilation_w;
            if (x->include_pad)
                count += iy < x->h + x->pad_h_end && ix < x->w + x->pad_w_end;
            else
                count += iy >= 0 && iy < x->h && ix >= 0 && ix < x->w;
        }
    return (double)count;
}

static void zero(double *out, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        out[i] = 0;
}

static int64_t winner(const oc__pool *x, const double *src, int64_t oy, int64_t ox) {
    int64_t best = -1;
    FOR_WINDOW((*x), oy, ox, {
        int64_t i = iy * x->w + ix;
        if (best < 0 || src[i] > src[best] || (isnan(src[i]) && !isnan(src[best])))
            best = i;
    })
    return best;
}

oc_status oc__max_pool2d_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                              oc_error *err) {
    (void)context, (void)err;
    oc__pool x = oc__pool_of(p);
    for (int64_t plane = 0; plane < x.n * x.c; plane++)
        for (int64_t i = 0; i < x.oh * x.ow; i++) {
            const double *src = in[0] + plane * x.h * x.w;
            int64_t at = winner(&x, src, i / x.ow, i % x.ow), to = plane * x.oh * x.ow + i;
            out[0][to] = at < 0 ? -INFINITY : src[at];
            if (p->out_count > 1 && p->out[1].dtype)
                out[1][to] = (double)(plane * x.h * x.w + OC_MAX(at, 0));
        }
    return OC_OK;
}

oc_status oc__max_pool2d_bwd_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                                  oc_error *err) {
    (void)context, (void)err;
    oc__pool x = oc__pool_of(p);
    zero(out[0], oc_shape_count(&p->out[0].shape));
    for (int64_t plane = 0; plane < x.n * x.c; plane++)
        for (int64_t i = 0; i < x.oh * x.ow; i++) {
            const double *src = in[0] + plane * x.h * x.w;
            double top = in[1][plane * x.oh * x.ow + i];
            int64_t first = -1; /* the first element equal to the result that was given */
            FOR_WINDOW(x, i / x.ow, i % x.ow, {
                int64_t at = iy * x.w + ix;
                if (first < 0 && (src[at] == top || (isnan(src[at]) && isnan(top))))
                    first = at;
            })
            if (first >= 0)
                out[0][plane * x.h * x.w + first] += in[2][plane * x.oh * x.ow + i];
        }
    return OC_OK;
}

oc_status oc__avg_pool2d_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                              oc_error *err) {
    (void)context, (void)err;
    oc__pool x = oc__pool_of(p);
    for (int64_t plane = 0; plane < x.n * x.c; plane++)
        for (int64_t i = 0; i < x.oh * x.ow; i++) {
            const double *src = in[0] + plane * x.h * x.w;
            double sum = 0;
            FOR_WINDOW(x, i / x.ow, i % x.ow, sum += src[iy * x.w + ix])
            out[0][plane * x.oh * x.ow + i] = sum / divisor(&x, i / x.ow, i % x.ow);
        }
    return OC_OK;
}

oc_status oc__avg_pool2d_bwd_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                                  oc_error *err) {
    (void)context, (void)err;
    oc__pool x = oc__pool_of(p);
    zero(out[0], oc_shape_count(&p->out[0].shape));
    for (int64_t plane = 0; plane < x.n * x.c; plane++)
        for (int64_t i = 0; i < x.oh * x.ow; i++) {
            double share = in[0][plane * x.oh * x.ow + i] / divisor(&x, i / x.ow, i % x.ow);
            FOR_WINDOW(x, i / x.ow, i % x.ow, out[0][(plane * x.h + iy) * x.w + ix] += share)
        }
    return OC_OK;
}

oc_status oc__global_avg_pool_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                                   oc_error *err) {
    (void)context, (void)err;
    oc__pool x = oc__pool_of(p);
    for (int64_t plane = 0; plane < x.n * x.c; plane++) {
        double sum = 0;
        for (int64_t i = 0; i < x.w; i++)
            sum += in[0][plane * x.w + i];
        out[0][plane] = sum / (double)x.w;
    }
    return OC_OK;
}

oc_status oc__global_avg_pool_bwd_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                                       oc_error *err) {
    (void)context, (void)err;
    oc__pool x = oc__pool_of(p);
    for (int64_t i = 0; i < x.n * x.c * x.w; i++)
        out[0][i] = in[0][i / x.w] / (double)x.w;
    return OC_OK;
}
