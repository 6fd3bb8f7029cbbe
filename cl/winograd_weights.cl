/* SPDX-License-Identifier: Apache-2.0 */
/* U = G g G^T of every 3 x 3 kernel, into U[(T + 2)^2][K / 32][C][32]: a work-item a kernel, those of padding channels are zero. */
#include "types.clh"

#if T == 4
#define TRANSFORM(y, step, a, b, c) \
    { \
        const float g0 = a, g1 = b, g2 = c; \
        y[0] = g0 / 4.0f; \
        y[step] = -(g0 + g1 + g2) / 6.0f; \
        y[2 * step] = -(g0 - g1 + g2) / 6.0f; \
        y[3 * step] = g0 / 24.0f + g1 / 12.0f + g2 / 6.0f; \
        y[4 * step] = g0 / 24.0f - g1 / 12.0f + g2 / 6.0f; \
        y[5 * step] = g2; \
    }
#else
#define TRANSFORM(y, step, a, b, c) \
    { \
        const float g0 = a, g1 = b, g2 = c; \
        y[0] = g0; \
        y[step] = (g0 + g1 + g2) / 2.0f; \
        y[2 * step] = (g0 - g1 + g2) / 2.0f; \
        y[3 * step] = g2; \
    }
#endif
#define S (T + 2)

__kernel void winograd_weights(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, long K, long C,
                               long count) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long k = i % 32 + i / 32 / C * 32, c = i / 32 % C, points = count;
    float half_way[S * 3], u[S];
    src += src_off + (k * C + c) * 9;
    for (int s = 0; s < 3; s++) {
        if (k < K)
            TRANSFORM((half_way + s), 3, LOAD(A0, src, s), LOAD(A0, src, 3 + s), LOAD(A0, src, 6 + s))
        else
            for (int p = 0; p < S; p++)
                half_way[3 * p + s] = 0;
    }
    for (int p = 0; p < S; p++) {
        TRANSFORM(u, 1, half_way[3 * p], half_way[3 * p + 1], half_way[3 * p + 2])
        for (int q = 0; q < S; q++)
            STORE(Z0, dst, dst_off + (p * S + q) * points + (i / 32) * 32 + i % 32, u[q]);
    }
}
