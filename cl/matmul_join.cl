/* SPDX-License-Identifier: Apache-2.0 */
/* The second step of products cut along K: adds the parts of each element, in their order, then bias and epilogue. Parts of a product
 * lie one behind another. */
#include "types.clh"

#ifdef HAS_BIAS
#define BIAS_PARAM , __global const TYPE(A2) *bias, long bias_off
#else
#define BIAS_PARAM
#endif
#define POST_BIAS(p, off) p[off + n]
#define POST_RESIDUAL(p, off) p[off + i]

__kernel void matmul_join(__global const float *part, long part_off, __global TYPE(Z0) *c, long c_off, long count, long size, int N,
                          int parts BIAS_PARAM POST_PARAMS) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const int n = i % N;
    float v = 0;
    part += part_off + i / size * size * parts + i % size;
    for (int k = 0; k < parts; k++, part += size)
        v += *part;
#ifdef HAS_BIAS
    v += LOAD(A2, bias, bias_off + n);
#endif
    POSTS(float, v, POST_BIAS, POST_RESIDUAL)
    STORE(Z0, c, c_off + i, v);
}
