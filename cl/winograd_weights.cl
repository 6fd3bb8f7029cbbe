/* SPDX-License-Identifier: Apache-2.0 */
/* U = G g G^T of every R x S kernel, into U[K / 32][P][C][32]; those of padding channels are zero. K and C are output and input
 * channels, or with TURNED the other way round, and kernels are turned by half a circle: backward by data. A work-item takes a kernel,
 * or with VECTORS 32 kernels of each of `per_item` channels. */
#include "types.clh"
#include "tile.clh"

#ifdef VECTORS
#define VALUE float16
#else
#define VALUE float
#endif
#ifdef TURNED
#define TAP(t) (R * S - 1 - (t))
#else
#define TAP(t) (t)
#endif

#define WEIGHTS_1(y, step, x, apart) y[0] = x[0];
#define WEIGHTS_2_3(y, step, x, apart) \
    { \
        const VALUE g0 = x[0], g1 = x[apart], g2 = x[2 * apart]; \
        y[0] = g0; \
        y[step] = (g0 + g1 + g2) * 0.5f; \
        y[2 * step] = (g0 - g1 + g2) * 0.5f; \
        y[3 * step] = g2; \
    }
#define WEIGHTS_4_3(y, step, x, apart) \
    { \
        const VALUE g0 = x[0], g1 = x[apart], g2 = x[2 * apart]; \
        y[0] = g0 * 0.25f; \
        y[step] = -(g0 + g1 + g2) * (1 / 6.0f); \
        y[2 * step] = -(g0 - g1 + g2) * (1 / 6.0f); \
        y[3 * step] = g0 * (1 / 24.0f) + g1 * (1 / 12.0f) + g2 * (1 / 6.0f); \
        y[4 * step] = g0 * (1 / 24.0f) - g1 * (1 / 12.0f) + g2 * (1 / 6.0f); \
        y[5 * step] = g2; \
    }
#define WEIGHTS_2_5(y, step, x, apart) \
    { \
        const VALUE g0 = x[0], g1 = x[apart], g2 = x[2 * apart], g3 = x[3 * apart], g4 = x[4 * apart]; \
        const VALUE even = (g0 + g2 + g4) * (1 / 6.0f), odd = (g1 + g3) * (1 / 6.0f); \
        const VALUE wide = g0 * (1 / 24.0f) + g2 * (1 / 6.0f) + g4 * (2 / 3.0f), tilt = g1 * (1 / 12.0f) + g3 * (1 / 3.0f); \
        y[0] = g0 * 0.25f; \
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

/* STORE_POINT(p, u) of each point of the transform of taps. */
#define TRANSFORM(taps) \
    { \
        VALUE half_way[NH * S], u[NW]; \
        UNROLL(S) for (int s = 0; s < S; s++) { \
            WEIGHTS_H((half_way + s), S, (taps + s), S) \
        } \
        UNROLL(NH) for (int p = 0; p < NH; p++) { \
            WEIGHTS_W(u, 1, (half_way + p * S), 1) \
            UNROLL(NW) for (int q = 0; q < NW; q++) \
                STORE_POINT(p * NW + q, u[q]) \
        } \
    }

#ifdef VECTORS
#define STORE_POINT(p, u) STORE16(u, 0, dst + ((panel * (NH * NW) + p) * C + c) * 32 + half_panel);

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_weights(__global const float *src, long src_off, __global float *dst, long dst_off, long K, long C, long k_step,
                               long c_step, int per_item) {
    const long panel = get_global_id(1), first = get_global_id(0) * (long)per_item, last = min(first + per_item, C);
    src += src_off;
    dst += dst_off;
    for (long c = first; c < last; c++)
        for (int half_panel = 0; half_panel < 32; half_panel += 16) {
            float line[R * S * 16];
            VALUE taps[R * S];
            for (int lane = 0; lane < 16; lane++) {
                const long k = panel * 32 + half_panel + lane;
                __global const float *from = src + (k < K ? k * k_step + c * c_step : 0);
                UNROLL(R * S) for (int t = 0; t < R * S; t++) line[t * 16 + lane] = k < K ? from[TAP(t)] : 0;
            }
            UNROLL(R * S) for (int t = 0; t < R * S; t++) taps[t] = LOAD16_PRIVATE(t, line);
            TRANSFORM(taps)
        }
}
#else
#define STORE_POINT(p, u) STORE(Z0, dst, dst_off + ((panel * (NH * NW) + p) * C + c) * 32 + i % 32, u);

__kernel void winograd_weights(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, long K, long C,
                               long k_step, long c_step, long count) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long c = i / 32 % C, panel = i / 32 / C, k = i % 32 + panel * 32;
    float taps[R * S];
    src += src_off;
    for (int t = 0; t < R * S; t++)
        taps[t] = k < K ? LOAD(A0, src, k * k_step + c * c_step + TAP(t)) : 0;
    TRANSFORM(taps)
}
#endif
