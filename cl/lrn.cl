/* SPDX-License-Identifier: Apache-2.0 */
/* Local response normalization of (batch, channels, inner): a work-item an element. */
#include "types.clh"

__kernel void lrn(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long count, long channels, long inner,
                  long before, long behind, float alpha, float beta, float bias) {
    const long i = get_global_id(0), c = i / inner % channels;
    if (i >= count)
        return;
    const long first = max(c - before, 0L), last = min(c + behind, channels - 1);
    float sum = 0;
    x += x_off + i;
    for (long k = first; k <= last; k++) {
        const float v = LOAD(A0, x, (k - c) * inner);
        sum = MULADD(v, v, sum);
    }
    STORE(Z0, z, z_off + i, LOAD(A0, x, 0) / pow(MULADD(sum, alpha, bias), beta));
}
