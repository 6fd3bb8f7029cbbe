/* SPDX-License-Identifier: Apache-2.0 */
/* The mean of whole planes, channels in blocks of 16: a work-item computes one block of one image. */
#include "types.clh"

#ifdef OP_global_avg_pool
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void global_avg_pool_blocked(__global const float *src, long src_off, __global float *dst, long dst_off, long W) {
    const long plane = get_global_id(0);
    src += src_off + plane * W * 16;
    float16 sum = 0;
    for (long first = 0; first < W; first += 64) { /* sums of runs are added up, for the sake of accuracy */
        float16 run = 0;
        for (long k = first; k < min(first + 64, W); k++)
            run += LOAD16(k, src);
        sum += run;
    }
    STORE16(sum / (float)W, plane, dst + dst_off);
}
#else
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void global_avg_pool_bwd_blocked(__global const float *diff, long diff_off, __global float *dst, long dst_off, long W) {
    const long plane = get_global_id(0);
    const float16 v = LOAD16(plane, diff + diff_off) / (float)W;
    dst += dst_off + plane * W * 16;
    for (long k = 0; k < W; k++)
        STORE16(v, k, dst);
}
#endif
