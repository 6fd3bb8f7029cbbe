/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalization of (batch, channels, inner): the reference. INFERENCE, TRAIN or BACKWARD. */
#include "types.clh"

#ifdef INFERENCE
#define MEAN A3
#define SPREAD A4
#define INVERSE(v) (1.0f / sqrt((v) + epsilon))
#else
#define MEAN f32
#define SPREAD f32
#define INVERSE(v) (v)
#endif

#define SIZES long batch, long channels, long inner

#ifndef BACKWARD
__kernel void batch_norm(__global const TYPE(A0) *x, long x_off, __global const TYPE(A1) *scale, long scale_off,
                         __global const TYPE(A2) *bias, long bias_off, __global const TYPE(MEAN) *mean, long mean_off,
                         __global const TYPE(SPREAD) *spread, long spread_off, __global TYPE(Z0) *z, long z_off, SIZES,
                         float epsilon) {
    long i = get_global_id(0), c = i / inner % channels;
    if (i >= batch * channels * inner)
        return;
    float factor = LOAD(A1, scale, scale_off + c) * INVERSE(LOAD(SPREAD, spread, spread_off + c));
    float v = LOAD(A0, x, x_off + i) - LOAD(MEAN, mean, mean_off + c);
    v = MULADD(v, factor, LOAD(A2, bias, bias_off + c));
    POSTS(float, v, , )
    STORE(Z0, z, z_off + i, v);
}
#endif

/* The sum over a channel of f(element at `at`), in partial sums of at most 256. */
#define SUM(total, f) \
    for (long n = 0; n < batch; n++) \
        for (long begin = 0; begin < inner; begin += 256) { \
            float part = 0; \
            for (long at = (n * channels + c) * inner + begin, end = at + min(256L, inner - begin); at < end; at++) \
                part += f; \
            float y = part - lost_##total, t = total + y; \
            lost_##total = (t - total) - y; \
            total = t; \
        }

#ifdef TRAIN
__kernel void batch_norm_statistics(__global const TYPE(A0) *x, long x_off, __global const TYPE(A3) *old_mean, long old_mean_off,
                                    __global const TYPE(A4) *old_variance, long old_variance_off, __global TYPE(Z1) *new_mean,
                                    long new_mean_off, __global TYPE(Z2) *new_variance, long new_variance_off,
                                    __global TYPE(Z3) *saved_mean, long saved_mean_off, __global TYPE(Z4) *saved_inverse,
                                    long saved_inverse_off, __global float *mean_of, long mean_of_off,
                                    __global float *inverse_of, long inverse_of_off, SIZES, float epsilon, float momentum,
                                    int unbiased) {
    long c = get_global_id(0);
    if (c >= channels)
        return;
    float count = (float)(batch * inner), mean = 0, variance = 0, lost_mean = 0, lost_variance = 0;
    x += x_off;
    SUM(mean, LOAD(A0, x, at))
    mean /= count;
    SUM(variance, (LOAD(A0, x, at) - mean) * (LOAD(A0, x, at) - mean))
    variance /= count;
    float inverse = 1.0f / sqrt(variance + epsilon), fair = unbiased ? variance * (count / fmax(count - 1.0f, 1.0f)) : variance;
    STORE(Z1, new_mean, new_mean_off + c, LOAD(A3, old_mean, old_mean_off + c) * momentum + mean * (1.0f - momentum));
    STORE(Z2, new_variance, new_variance_off + c,
          LOAD(A4, old_variance, old_variance_off + c) * momentum + fair * (1.0f - momentum));
    STORE(Z3, saved_mean, saved_mean_off + c, mean);
    STORE(Z4, saved_inverse, saved_inverse_off + c, inverse);
    mean_of[mean_of_off + c] = mean;
    inverse_of[inverse_of_off + c] = inverse;
}
#endif

#ifdef BACKWARD
__kernel void batch_norm_sums(__global const TYPE(A0) *x, long x_off, __global const TYPE(A2) *mean_of, long mean_of_off,
                              __global const TYPE(A3) *inverse_of, long inverse_of_off, __global const TYPE(A4) *d, long d_off,
                              __global TYPE(Z1) *dscale_out, long dscale_out_off, __global TYPE(Z2) *dbias_out,
                              long dbias_out_off, __global float *dscale_of, long dscale_of_off, __global float *dbias_of,
                              long dbias_of_off, SIZES) {
    long c = get_global_id(0);
    if (c >= channels)
        return;
    float mean = LOAD(A2, mean_of, mean_of_off + c), dscale = 0, dbias = 0, lost_dscale = 0, lost_dbias = 0;
    x += x_off;
    d += d_off;
    SUM(dbias, LOAD(A4, d, at))
    SUM(dscale, LOAD(A4, d, at) * (LOAD(A0, x, at) - mean))
    dscale *= LOAD(A3, inverse_of, inverse_of_off + c);
    STORE(Z1, dscale_out, dscale_out_off + c, dscale);
    STORE(Z2, dbias_out, dbias_out_off + c, dbias);
    dscale_of[dscale_of_off + c] = dscale;
    dbias_of[dbias_of_off + c] = dbias;
}

__kernel void batch_norm_data(__global const TYPE(A0) *x, long x_off, __global const TYPE(A1) *scale, long scale_off,
                              __global const TYPE(A2) *mean_of, long mean_of_off, __global const TYPE(A3) *inverse_of,
                              long inverse_of_off, __global const TYPE(A4) *d, long d_off, __global const float *dscale_of,
                              long dscale_of_off, __global const float *dbias_of, long dbias_of_off, __global TYPE(Z0) *z,
                              long z_off, SIZES) {
    long i = get_global_id(0), c = i / inner % channels;
    if (i >= batch * channels * inner)
        return;
    float count = (float)(batch * inner), inverse = LOAD(A3, inverse_of, inverse_of_off + c);
    float normal = (LOAD(A0, x, x_off + i) - LOAD(A2, mean_of, mean_of_off + c)) * inverse;
    float v = LOAD(A4, d, d_off + i) - dbias_of[dbias_of_off + c] / count - normal * (dscale_of[dscale_of_off + c] / count);
    STORE(Z0, z, z_off + i, LOAD(A1, scale, scale_off + c) * inverse * v);
}
#endif
