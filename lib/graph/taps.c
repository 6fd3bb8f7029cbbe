/* SPDX-License-Identifier: Apache-2.0 */
/* Where images are smaller than the window, some of its taps only ever see padding: the convolution goes without them (a 3x3 window
 * on images of one pixel is a product). */
#include <ocelli/op/conv.h>
#include <ocelli/op/shape.h>

#include "graph/graph.h"
#include "op/room.h"

/* What is left along one spatial axis: taps first … first + count - 1, and the padding that these need. */
typedef struct taps {
    int64_t first, count, pad_begin, pad_end;
} taps;

typedef struct conv {
    oc_node *node;
    const oc_shape *src, *weights, *dst;
    int weights_at; /* the operand */
} conv;

static bool is_conv(oc_node *node, conv *out) {
    const oc__op *op = node->op;
    if (node->post.count || node->pre.count)
        return false;
    *out = (conv){.node = node};
    if (op == &oc__op_conv2d)
        *out = (conv){node, &node->in[0]->shape, &node->in[1]->shape, &node->out[0]->shape, 1};
    else if (op == &oc__op_conv2d_bwd_data)
        *out = (conv){node, &node->in[2]->shape, &node->in[1]->shape, &node->in[0]->shape, 1};
    else if (op == &oc__op_conv2d_bwd_weights)
        *out = (conv){node, &node->in[0]->shape, &node->in[2]->shape, &node->in[1]->shape, 2};
    return out->src != NULL;
}

/* Whether some window has an element of the image under the tap. */
static bool is_seen(int64_t size, int64_t windows, int64_t stride, int64_t offset) {
    for (int64_t i = 0; i < windows; i++)
        if (i * stride + offset >= 0 && i * stride + offset < size)
            return true;
    return false;
}

/* False: all of them are needed, or what is left is no convolution of the same windows. */
static bool find_taps(const conv *c, int axis, taps *out) {
    const oc_conv_params *p = c->node->params;
    int64_t size = c->src->dims[2 + axis], windows = c->dst->dims[2 + axis], kernel = c->weights->dims[2 + axis];
    int64_t stride = p->stride[axis], dilation = p->dilation[axis], last = -1;
    *out = (taps){0, kernel, p->pad_begin[axis], p->pad_end[axis]};
    if (size >= kernel * dilation || size < 1 || windows < 1) /* cheap, and nearly always so */
        return false;
    for (int64_t r = kernel; r-- > 0;)
        if (is_seen(size, windows, stride, r * dilation - p->pad_begin[axis])) {
            out->first = r;
            last = last < 0 ? r : last;
        }
    if (last < 0 || last - out->first + 1 == kernel) {
        out->first = 0;
        return false;
    }
    out->count = last - out->first + 1;
    out->pad_begin = p->pad_begin[axis] - out->first * dilation;
    out->pad_end = OC_MAX((windows - 1) * stride + dilation * (out->count - 1) + 1 - size - out->pad_begin, (int64_t)0);
    int64_t reach = size + out->pad_begin + out->pad_end - dilation * (out->count - 1) - 1;
    if (out->pad_begin >= 0 && reach >= 0 && reach / stride + 1 == windows)
        return true;
    *out = (taps){0, kernel, p->pad_begin[axis], p->pad_end[axis]};
    return false;
}

/* The weights under the taps; a kernel that is turned around has them at its other end. */
static oc_slice_params slice_of(const conv *c, const taps t[2]) {
    const oc_conv_params *p = c->node->params;
    oc_slice_params slice = {.begin = {0}};
    for (int i = 0; i < 4; i++) {
        slice.step[i] = 1;
        slice.end[i] = c->weights->dims[i];
    }
    for (int axis = 0; axis < 2; axis++) {
        slice.begin[2 + axis] = p->flip ? c->weights->dims[2 + axis] - t[axis].first - t[axis].count : t[axis].first;
        slice.end[2 + axis] = slice.begin[2 + axis] + t[axis].count;
    }
    return slice;
}

static oc_status shrink(oc_graph *graph, const conv *c, const taps t[2], oc_error *err) {
    oc_node *node = c->node;
    oc_conv_params params = *(const oc_conv_params *)node->params;
    oc_slice_params slice = slice_of(c, t);
    oc_value *in[3] = {node->in[0], node->in[1], node->op_in > 2 ? node->in[2] : NULL}, *whole = node->in[c->weights_at];
    size_t before = graph->node_count;
    for (int axis = 0; axis < 2; axis++) {
        params.pad_begin[axis] = t[axis].pad_begin;
        params.pad_end[axis] = t[axis].pad_end;
    }
    in[c->weights_at] = oc__graph_node1(graph, &oc__op_slice, &slice, &whole, 1, err);
    oc_value *y = oc__graph_node1(graph, node->op, &params, in, node->op_in, err);
    if (c->weights_at == 2)
        y = oc__graph_node1(graph, &oc__op_slice_bwd, &slice, (oc_value *[]){y, whole}, 2, err);
    OC_TRY(oc__gave(graph, y));
    oc__replace_uses(graph, node->out[0], y);
    oc__take_place_all(graph, node, graph->node_count - before);
    return OC_OK;
}

oc_status oc__pass_taps(oc_graph *graph, oc_error *err) {
    for (size_t i = 0; i < graph->node_count; i++) {
        conv c;
        taps t[2];
        if (!is_conv(graph->nodes[i], &c))
            continue;
        bool rows = find_taps(&c, 0, &t[0]), columns = find_taps(&c, 1, &t[1]);
        if (!rows && !columns)
            continue;
        oc__pass_note(graph, c.node, "goes without the taps that see only padding: %lldx%lld are left of %lldx%lld", (long long)t[0].count,
                      (long long)t[1].count, (long long)c.weights->dims[2], (long long)c.weights->dims[3]);
        OC_TRY(shrink(graph, &c, t, err));
    }
    return OC_OK;
}
