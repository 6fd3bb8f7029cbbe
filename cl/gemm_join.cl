/* SPDX-License-Identifier: Apache-2.0 */
/* The second step of what is cut along K (matmul_local.cl, matmul_vector.cl, conv2d_implicit.cl): adds the parts of each element, in their
 * order, then bias and epilogue. Parts are products, parts, M rows, N columns; elements of the result are images, all products' rows
 * (channels), `pixels` of the N columns. */
#include "types.clh"
#ifdef BY_ROW
#define BIAS_AT channel
#else
#define BIAS_AT n
#endif
#include "post.clh"

__kernel void gemm_join(__global const float *part, long part_off, __global TYPE(Z0) *dst, long dst_off, long count, long channels,
                        long pixels, int M, int N, int parts BIAS_PARAM POST_PARAMS) {
    const long at = get_global_id(0);
    if (at >= count)
        return;
    const long channel = at / pixels % channels, n = at / pixels / channels * pixels + at % pixels;
    float sum = 0;
    part += part_off + (channel / M * M * parts + channel % M) * N + n;
    for (int i = 0; i < parts; i++, part += (size_t)M * N)
        sum += *part;
    dst += dst_off;
    STORE_POST(Z0, dst, sum)
}
