/* SPDX-License-Identifier: Apache-2.0 */
/* U = G g G^T of every R x S kernel, into U[K / 32][P][C][32]: a work-item a kernel, those of padding channels are zero. */
#include "types.clh"

#define WEIGHTS_1(y, step, x, apart) y[0] = x[0];
#define WEIGHTS_2_3(y, step, x, apart) \
    { \
        const float g0 = x[0], g1 = x[apart], g2 = x[2 * apart]; \
        y[0] = g0; \
        y[step] = (g0 + g1 + g2) / 2.0f; \
        y[2 * step] = (g0 - g1 + g2) / 2.0f; \
        y[3 * step] = g2; \
    }
#define WEIGHTS_4_3(y, step, x, apart) \
    { \
        const float g0 = x[0], g1 = x[apart], g2 = x[2 * apart]; \
        y[0] = g0 / 4.0f; \
        y[step] = -(g0 + g1 + g2) / 6.0f; \
        y[2 * step] = -(g0 - g1 + g2) / 6.0f; \
        y[3 * step] = g0 / 24.0f + g1 / 12.0f + g2 / 6.0f; \
        y[4 * step] = g0 / 24.0f - g1 / 12.0f + g2 / 6.0f; \
        y[5 * step] = g2; \
    }
#define WEIGHTS_2_5(y, step, x, apart) \
    { \
        const float g0 = x[0], g1 = x[apart], g2 = x[2 * apart], g3 = x[3 * apart], g4 = x[4 * apart]; \
        const float even = (g0 + g2 + g4) / 6.0f, odd = (g1 + g3) / 6.0f; \
        const float wide = g0 / 24.0f + g2 / 6.0f + g4 / 1.5f, tilt = g1 / 12.0f + g3 / 3.0f; \
        y[0] = g0 / 4.0f; \
        y[step] = -even - odd; \
        y[2 * step] = odd - even; \
        y[3 * step] = wide + tilt; \
        y[4 * step] = wide - tilt; \
        y[5 * step] = g4; \
    }

#if R == 1
#define WEIGHTS_H WEIGHTS_1
#elif R == 5
#define WEIGHTS_H WEIGHTS_2_5
#elif T == 4
#define WEIGHTS_H WEIGHTS_4_3
#else
#define WEIGHTS_H WEIGHTS_2_3
#endif
#if S == 1
#define WEIGHTS_W WEIGHTS_1
#elif S == 5
#define WEIGHTS_W WEIGHTS_2_5
#elif T == 4
#define WEIGHTS_W WEIGHTS_4_3
#else
#define WEIGHTS_W WEIGHTS_2_3
#endif
#define NH (R == 1 ? 1 : T + R - 1)
#define NW (S == 1 ? 1 : T + S - 1)

__kernel void winograd_weights(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, long K, long C,
                               long count) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long c = i / 32 % C, panel = i / 32 / C, k = i % 32 + panel * 32;
    float taps[R * S], half_way[NH * S], u[NW];
    src += src_off + (k * C + c) * (R * S);
    for (int t = 0; t < R * S; t++)
        taps[t] = k < K ? LOAD(A0, src, t) : 0;
    for (int s = 0; s < S; s++) {
        WEIGHTS_H((half_way + s), S, (taps + s), S)
    }
    for (int p = 0; p < NH; p++) {
        WEIGHTS_W(u, 1, (half_way + p * S), 1)
        for (int q = 0; q < NW; q++)
            STORE(Z0, dst, dst_off + ((panel * (NH * NW) + p * NW + q) * C + c) * 32 + i % 32, u[q]);
    }
}
