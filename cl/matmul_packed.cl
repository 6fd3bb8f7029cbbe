/* SPDX-License-Identifier: Apache-2.0 */
/* c = a x b for CPUs, large (Goto and van de Geijn 2008): a work-item computes some tiles of T rows by some panels of 32 columns. The
 * tiles' rows of a are packed into local memory, [tile][k][T], and stay in a second-level cache while all panels go over them; KC rows
 * of a panel of b, which lies in panels [k][32], stay in a first-level cache while all tiles do. Where K rows are too many for local
 * memory, KP are taken at a time and c holds the sums between. */
#include "types.clh"
#define KV 2
#include "matmul_post.clh"
#include "transpose.clh"

#define AT(t) (t)

#ifdef TRANS_A
#define ROW_STEP 1
#define K_STEP M
#else
#define ROW_STEP K
#define K_STEP 1
#endif
#define STORE16_LOCAL(v, i, p) (((__local loose16 *)(p))[i] = (v))

/* count x T floats from a, of so many rows; what is behind the last row is zero. */
static void pack_edge(__global const float *a, long M, long K, int rows, int count, __local float *to) {
    for (int k = 0; k < count; k++)
        for (int t = 0; t < T; t++)
            to[k * T + t] = t < rows ? a[t * ROW_STEP + k * K_STEP] : 0;
}

static void pack(__global const float *a, long M, long K, int count, __local float *to) {
    int k = 0;
#ifdef TRANS_A
    for (; k < count; k++)
        UNROLL(T) for (int t = 0; t < T; t++) to[k * T + t] = a[t + k * M];
#else
    for (; k + 16 < count; k += 16) { /* what is stored behind a group of T is overwritten by the next */
        float16 x[16], y[16];
        UNROLL16 for (int t = 0; t < 16; t++) x[t] = LOAD16(0, a + min(t, T - 1) * K + k);
        TRANSPOSE16(x, y)
        UNROLL16 for (int i = 0; i < 16; i++) STORE16_LOCAL(x[i], 0, to + (k + i) * T);
    }
    pack_edge(a + k, M, K, T, count - k, to + k * T);
#endif
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void matmul_packed(__global const float *a, long a_off, __global const float *b, long b_off, __global float *c, long c_off,
                            __local float *packed, int M, int N, int K, long a_batch, long b_batch, int tiles, int panels, int k_part
                            BIAS_PARAM POST_PARAMS) {
    const long z = get_global_id(2), id = get_global_id(0), group = get_global_id(1);
    const int first = (int)(tiles * id / (long)get_global_size(0)), last = (int)(tiles * (id + 1) / (long)get_global_size(0));
    const int panel0 = (int)(panels * group / (long)get_global_size(1)), panel1 = (int)(panels * (group + 1) / (long)get_global_size(1));
    a += a_off + z * a_batch;
    b += b_off + z * b_batch;
    c += c_off;
    float part[TILES * KV * T * 16];
    for (int from = 0; from < K; from += k_part) {
        const int until = min(from + k_part, K), apart = (until - from) * T;
        for (int tile = first; tile < last; tile++) {
            __global const float *rows = a + (size_t)tile * T * ROW_STEP + (size_t)from * K_STEP;
            if (tile * T + T <= M)
                pack(rows, M, K, until - from, packed + (tile - first) * apart);
            else
                pack_edge(rows, M, K, M - tile * T, until - from, packed + (tile - first) * apart);
        }
        for (int panel = panel0; panel < panel1; panel++) {
            const int n0 = panel * 32;
            for (int k0 = from; k0 < until; k0 += KC) {
                const int count = min(KC, until - k0);
                for (int tile = first; tile < last; tile++) {
                    __global const float *y = b + ((size_t)panel * K + k0) * 32;
                    __global const float *next = y + (size_t)(KC + (tile - first) * count / (last - first)) * 32;
                    __local const float *x = packed + (tile - first) * apart + (k0 - from) * T;
                    float *sums = part + (tile - first) * (KV * T * 16);
                    float16 sum[KV][T];
                    if (k0 == from) {
                        FOR_TILE(sum[v][t] = 0)
                    } else {
                        FOR_TILE(sum[v][t] = LOAD16_PRIVATE(v * T + t, sums))
                    }
                    for (int k = 0; k < count; k++, x += T, y += 32, next += 16) {
                        PREFETCH(next)
                        ADD_TO_TILE(x, AT, y)
                    }
                    FOR_TILE(STORE16_PRIVATE(sum[v][t], v * T + t, sums))
                }
            }
            for (int tile = first; tile < last; tile++) {
                const float *sums = part + (tile - first) * (KV * T * 16);
                for (int t = 0; t < min(T, M - tile * T); t++)
                    for (int v = 0; v < KV; v++) {
                        const int n = n0 + v * 16, left = N - n;
                        const size_t at = ((size_t)z * M + tile * T + t) * N + n;
                        if (left <= 0)
                            break;
                        float16 s = LOAD16_PRIVATE(v * T + t, sums);
                        if (from)
                            s += load_lanes(c + at, left);
                        if (until == K) {
                            ADD_BIAS(s)
                            POSTS(float16, s, POST_BIAS, POST_RESIDUAL)
                        }
                        store_lanes(s, left, c + at);
                    }
            }
        }
    }
}
