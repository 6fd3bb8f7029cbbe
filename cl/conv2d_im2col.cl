/* SPDX-License-Identifier: Apache-2.0 */
/* What a convolution multiplies with its weights, written down: c, r, s by pixels, for `images` images and rows y0 ... y0 + rows - 1
 * of the result. */
#include "types.clh"

__kernel void conv2d_im2col(__global const TYPE(A0) *src, long src_off, __global float *to, long to_off, int C, int H, int W, int OW,
                            int rows, int y0, int R, int S, int step_y, int step_x, int pad_y, int pad_x, int dy, int dx) {
    const int pixel = get_global_id(0), line = get_global_id(1), image = get_global_id(2);
    if (pixel >= rows * OW)
        return;
    const int c = line / (R * S), y = (y0 + pixel / OW) * step_y - pad_y + line / S % R * dy;
    const int x = pixel % OW * step_x - pad_x + line % S * dx;
    const bool inside = (uint)y < (uint)H && (uint)x < (uint)W;
    to[to_off + ((size_t)image * C * R * S + line) * (rows * OW) + pixel] =
        inside ? LOAD(A0, src, src_off + (((long)image * C + c) * H + y) * W + x) : 0;
}
