/* SPDX-License-Identifier: Apache-2.0 */
/* Weights and bias that normalize by themselves: a work-item a row of `inner` weights, rows by channel in turn. */
#include "types.clh"

#ifdef HAS_BIAS
#define BIAS_PARAM __global const TYPE(A5) *bias, long bias_off,
#define BIAS LOAD(A5, bias, bias_off + c)
#else
#define BIAS_PARAM
#define BIAS 0.0f
#endif

__kernel void norm_fold(__global const TYPE(A0) *w, long w_off, __global const TYPE(A1) *scale, long scale_off,
                        __global const TYPE(A2) *shift, long shift_off, __global const TYPE(A3) *mean, long mean_off,
                        __global const TYPE(A4) *variance, long variance_off, BIAS_PARAM __global TYPE(Z0) *z, long z_off,
                        __global TYPE(Z1) *y, long y_off, long count, long channels, long inner, float epsilon) {
    const long r = get_global_id(0), c = r % channels;
    if (r >= count)
        return;
    const float factor = LOAD(A1, scale, scale_off + c) / sqrt(LOAD(A4, variance, variance_off + c) + epsilon);
    w += w_off + r * inner;
    z += z_off + r * inner;
    for (long i = 0; i < inner; i++)
        STORE(Z0, z, i, LOAD(A0, w, i) * factor);
    if (r < channels)
        STORE(Z1, y, y_off + c, MULADD(BIAS - LOAD(A3, mean, mean_off + c), factor, LOAD(A2, shift, shift_off + c)));
}
