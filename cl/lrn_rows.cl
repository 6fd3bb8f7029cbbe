/* SPDX-License-Identifier: Apache-2.0 */
/* Local response normalization of (batch, channels, inner) for CPUs: 16 pixels of a plane at once, some again where the
 * plane ends. THREE_QUARTERS: beta is 0.75, which two square roots give. */
#include "types.clh"
#define VEC 16
#include "vec.clh"

__kernel void lrn_rows(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long count, long channels, long inner,
                       long before, long behind, float alpha, float beta, float bias) {
    long begin = (long)get_global_id(0) * 512, end = get_global_id(0) + 1 == get_global_size(0) ? inner : begin + 512;
    long plane = (long)get_global_id(1) * channels * inner;
    x += x_off + plane;
    z += z_off + plane;
    for (long c = 0; c < channels; c++) {
        long first = max(c - before, 0L), last = min(c + behind, channels - 1);
        for (long at = begin; at < end; at += 16) {
            long i = min(at, inner - 16);
            FLOATV sum = 0;
            for (long k = first; k <= last; k++) {
                FLOATV v = VLOAD(A0, x, k * inner + i);
                sum = MULADD(v, v, sum);
            }
            FLOATV s = MULADD(sum, (FLOATV)alpha, (FLOATV)bias);
#ifdef THREE_QUARTERS
            FLOATV root = sqrt(s), power = root * sqrt(root);
#else
            FLOATV power = pow(s, (FLOATV)beta);
#endif
            VSTORE(Z0, z, c * inner + i, VLOAD(A0, x, c * inner + i) / power);
        }
    }
}
