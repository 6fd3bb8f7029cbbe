/* SPDX-License-Identifier: Apache-2.0 */
/* What a device can do at best: chains of multiply-adds in registers, and a copy. VEC floats a work-item. */
#include "types.clh"
#include "vec.clh"

#define CHAINS 12

__kernel void bench_peak_flops(__global float *out, long out_off, int rounds, float a, float b) {
    FLOATV c[CHAINS];
    __attribute__((opencl_unroll_hint(CHAINS))) for (int i = 0; i < CHAINS; i++) c[i] = (FLOATV)(a + (float)i);
    const FLOATV x = (FLOATV)a, y = (FLOATV)b;
    for (int k = 0; k < rounds; k++) {
        __attribute__((opencl_unroll_hint(CHAINS))) for (int i = 0; i < CHAINS; i++) c[i] = MULADD(c[i], x, y);
    }
    FLOATV sum = c[0];
    __attribute__((opencl_unroll_hint(CHAINS))) for (int i = 1; i < CHAINS; i++) sum += c[i];
    VSTORE_f32(out, out_off + (long)get_global_id(0) * VEC, sum);
}

/* Each work-item copies `run` vectors: neighbouring work-items neighbouring vectors, `step` vectors apart. */
__kernel void bench_peak_copy(__global const float *src, long src_off, __global float *dst, long dst_off, int run, long step,
                              long first_step) {
    long at = (long)get_global_id(0) * first_step * VEC;
    for (int k = 0; k < run; k++, at += step * VEC)
        VSTORE_f32(dst, dst_off + at, VLOAD_f32(src, src_off + at));
}
