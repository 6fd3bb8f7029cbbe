/* SPDX-License-Identifier: Apache-2.0 */
/* The second step of convolutions cut along K (conv2d_implicit.cl): adds the parts of an element, in their order, then bias and
 * epilogue. Parts are groups, parts, M channels of a group, N pixels of all images. */
#include "types.clh"

#ifdef HAS_BIAS
#define BIAS_PARAM , __global const TYPE(A2) *bias, long bias_off
#else
#define BIAS_PARAM
#endif
#define POST_BIAS(p, off) p[off + channel]
#define POST_RESIDUAL(p, off) p[off + at]

__kernel void conv2d_join(__global const float *part, long part_off, __global TYPE(Z0) *dst, long dst_off, long count, int M, int N,
                          int channels, int pixels, int parts BIAS_PARAM POST_PARAMS) {
    const long at = get_global_id(0);
    if (at >= count)
        return;
    const int channel = at / pixels % channels, n = at / pixels / channels * pixels + at % pixels;
    float s = 0;
    part += part_off + ((size_t)(channel / M) * parts * M + channel % M) * N + n;
    for (int i = 0; i < parts; i++, part += (size_t)M * N)
        s += *part;
#ifdef HAS_BIAS
    s += LOAD(A2, bias, bias_off + channel);
#endif
    POSTS(float, s, POST_BIAS, POST_RESIDUAL)
    STORE(Z0, dst, dst_off + at, s);
}
