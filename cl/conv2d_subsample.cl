/* SPDX-License-Identifier: Apache-2.0 */
/* Every SH-th row's every SW-th pixel, side by side, for 1x1 convolutions with a stride: a work-item a row of one block of channels. */
#include "types.clh"

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_subsample(__global const float *src, long src_off, __global float *dst, long dst_off, long src_n, int blocks, int H,
                               int W, int OH, int OW, int stride_h, int stride_w) {
    const int block = get_global_id(0) / OH, row = get_global_id(0) % OH;
    const long n = get_global_id(1);
    src += src_off + n * src_n + ((size_t)block * H + (size_t)row * stride_h) * W * 16;
    dst += dst_off + (((size_t)n * blocks + block) * OH + row) * OW * 16;
    for (int x = 0; x < OW; x++)
        STORE16(LOAD16(0, src + (size_t)x * stride_w * 16), 0, dst + x * 16);
}
