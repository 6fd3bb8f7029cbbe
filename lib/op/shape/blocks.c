/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of pixels to channels, and back. */
#include "op/shape/shape.h"

/* To six axes, permuted, and back to four. */
static oc_value *rearrange(oc_graph *graph, oc_value *x, const int64_t apart[6], const int32_t perm[6], const int64_t joined[4], oc_error *err) {
    oc_reshape_params six = {.rank = 6}, four = {.rank = 4};
    for (int i = 0; i < 6; i++)
        six.dims[i] = i ? apart[i] : OC_RESHAPE_AXIS(0);
    for (int i = 0; i < 4; i++)
        four.dims[i] = i ? joined[i] : OC_RESHAPE_AXIS(0);
    oc_value *parts = oc_transpose(graph, oc__graph_node1(graph, &oc__op_reshape, &six, &x, 1, err), perm, err);
    return oc__graph_node1(graph, &oc__op_reshape, &four, &parts, 1, err);
}

/* An image whose sizes but N are numbers, and blocks that divide what becomes smaller. */
static bool fits(const oc_value *x, int64_t block, bool channels) {
    bool numbers = x->shape.rank == 4 && block > 0 && block < 1 << 20;
    for (int i = 1; i < 4 && numbers; i++)
        numbers = x->shape.dims[i] >= 0;
    const int64_t *d = x->shape.dims;
    return numbers && (channels ? d[1] % (block * block) == 0 : d[2] % block == 0 && d[3] % block == 0);
}

static oc_value *refuse(oc_graph *graph, const char *name, int64_t block, oc_error *err) {
    return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "%s: it takes (N, C, H, W), but for N numbers that blocks of %lld divide", name,
                          (long long)block);
}

oc_value *oc_depth_to_space(oc_graph *graph, oc_value *x, int64_t block, bool channels_first, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    if (!fits(x, block, true))
        return refuse(graph, "depth_to_space", block, err);
    const int64_t *d = x->shape.dims, b = block, c = d[1] / (b * b);
    const int64_t outer[6] = {0, c, b, b, d[2], d[3]}, inner[6] = {0, b, b, c, d[2], d[3]}, joined[4] = {0, c, d[2] * b, d[3] * b};
    const int32_t outer_perm[6] = {0, 1, 4, 2, 5, 3}, inner_perm[6] = {0, 3, 4, 1, 5, 2};
    return rearrange(graph, x, channels_first ? outer : inner, channels_first ? outer_perm : inner_perm, joined, err);
}

oc_value *oc_space_to_depth(oc_graph *graph, oc_value *x, int64_t block, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    if (!fits(x, block, false))
        return refuse(graph, "space_to_depth", block, err);
    const int64_t *d = x->shape.dims, b = block;
    const int64_t apart[6] = {0, d[1], d[2] / b, b, d[3] / b, b}, joined[4] = {0, d[1] * b * b, d[2] / b, d[3] / b};
    return rearrange(graph, x, apart, (const int32_t[]){0, 3, 5, 1, 2, 4}, joined, err);
}
