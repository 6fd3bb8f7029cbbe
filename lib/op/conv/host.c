/* SPDX-License-Identifier: Apache-2.0 */
/* The definition of convolution, in double precision. */
#include "op/conv/conv.h"
#include "op/epilogue.h"

/* Calls body for every product of the sum: indices x (src), w (weights), y (dst). */
#define FOR_EACH_PRODUCT(c, body) \
    for (int64_t n = 0; n < c.n; n++) \
        for (int64_t k = 0; k < c.k; k++) \
            for (int64_t cc = 0; cc < c.cg; cc++) \
                for (int64_t oy = 0; oy < c.oh; oy++) \
                    for (int64_t r = 0; r < c.r; r++) { \
                        int64_t iy = oy * c.stride_h - c.pad_h + r * c.dilation_h; \
                        if (iy < 0 || iy >= c.h) \
                            continue; \
                        for (int64_t ox = 0; ox < c.ow; ox++) \
                            for (int64_t s = 0; s < c.s; s++) { \
                                int64_t ix = ox * c.stride_w - c.pad_w + s * c.dilation_w; \
                                if (ix < 0 || ix >= c.w) \
                                    continue; \
                                int64_t x = ((n * c.c + k / c.kg * c.cg + cc) * c.h + iy) * c.w + ix; \
                                int64_t w = ((k * c.cg + cc) * c.r + r) * c.s + s; \
                                int64_t y = ((n * c.k + k) * c.oh + oy) * c.ow + ox; \
                                body; \
                            } \
                    }

static void zero(double *out, const oc__desc *desc) {
    int64_t count = oc_shape_count(&desc->shape);
    for (int64_t i = 0; i < count; i++)
        out[i] = 0;
}

oc_status oc__conv2d_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out, oc_error *err) {
    (void)context, (void)err;
    oc__conv c = oc__conv_of(p);
    const double *bias = p->op_in > 2 && p->in[2].dtype ? in[2] : NULL;
    int64_t pixels = c.oh * c.ow, count = oc_shape_count(&p->out[0].shape);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = bias ? bias[i / pixels % c.k] : 0;
    FOR_EACH_PRODUCT(c, out[0][y] += in[0][x] * in[1][w])
    oc__epilogue_host(p, in, out[0]);
    return OC_OK;
}

oc_status oc__conv2d_bwd_data_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                                   oc_error *err) {
    (void)context, (void)err;
    oc__conv c = oc__conv_of(p);
    zero(out[0], &p->out[0]);
    FOR_EACH_PRODUCT(c, out[0][x] += in[0][y] * in[1][w])
    return OC_OK;
}

oc_status oc__conv2d_bwd_weights_host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out,
                                      oc_error *err) {
    (void)context, (void)err;
    oc__conv c = oc__conv_of(p);
    zero(out[0], &p->out[0]);
    FOR_EACH_PRODUCT(c, out[0][w] += in[0][x] * in[1][y])
    return OC_OK;
}
