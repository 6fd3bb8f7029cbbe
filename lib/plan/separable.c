/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolutions with a ReLU go into the 1x1 convolutions behind them, where one step takes less than two: before a placement,
 * so that it knows, where that is so on all devices; else when a part is planned. */
#include <math.h>
#include <ocelli/op/conv.h>
#include <ocelli/op/eltwise.h>
#include <string.h>

#include "op/conv/separable.h"
#include "plan/plan.h"

#define MOST_OPERANDS (5 + 2 * OC_MAX_POSTS)

static bool is_depthwise(const oc_node *node) {
    const oc_conv_params *p = node->params;
    if (node->op != &oc__op_conv2d || node->pre.count || node->post.count != 1 || node->in_count != node->op_in)
        return false;
    const oc__post *post = &node->post.items[0];
    const int64_t *weights = node->in[1]->shape.dims;
    bool relu = post->kind == OC_POST_ELTWISE && post->fn == &oc__op_relu;
    bool clip = post->kind == OC_POST_ELTWISE && post->fn == &oc__op_clip && post->alpha == 0 && post->beta > 0;
    return (relu || clip) && p->groups > 1 && weights[1] == 1 && weights[0] == p->groups;
}

static bool is_pointwise(const oc_node *node) {
    const oc_conv_params *p = node->params;
    if (node->op != &oc__op_conv2d || node->pre.count || node->out[0]->dtype != OC_F32)
        return false;
    const int64_t *weights = node->in[1]->shape.dims;
    bool plain = weights[2] == 1 && weights[3] == 1 && p->groups == 1;
    for (int i = 0; i < 2; i++)
        plain = plain && p->stride[i] == 1 && p->pad_begin[i] == 0 && p->pad_end[i] == 0;
    return plain;
}

/* The node that does what both do; `params` and `in` are the caller's. */
static oc_node joined(const oc_node *depthwise, const oc_node *pointwise, oc__separable_params *params, oc_value **in) {
    const oc_conv_params *p = depthwise->params;
    const oc__post *bound = &depthwise->post.items[0];
    *params = (oc__separable_params){.limit = bound->fn == &oc__op_clip ? bound->beta : 0};
    for (int i = 0; i < 2; i++) {
        params->stride[i] = p->stride[i];
        params->dilation[i] = p->dilation[i];
        params->pad_begin[i] = p->pad_begin[i];
        params->pad_end[i] = p->pad_end[i];
    }
    oc_node node = *pointwise;
    node.op = &oc__op_conv2d_separable;
    node.params = params;
    node.in = in;
    in[0] = depthwise->in[0];
    in[1] = depthwise->in[1];
    in[2] = pointwise->in[1];
    in[3] = depthwise->op_in > 2 ? depthwise->in[2] : NULL;
    in[4] = pointwise->op_in > 2 ? pointwise->in[2] : NULL;
    int more = pointwise->in_count - pointwise->op_in;
    memcpy(in + 5, pointwise->in + pointwise->op_in, sizeof(*in) * (size_t)more);
    node.op_in = 5;
    node.in_count = 5 + more;
    for (int i = 0; i < node.post.count; i++) {
        node.post.items[i].operand += 5 - pointwise->op_in;
        node.post.items[i].operand2 += 5 - pointwise->op_in;
    }
    return node;
}

/* Seconds of a node by its best solver. */
static double seconds_of(oc_device *device, const oc_node *node) {
    oc__desc descs[MOST_OPERANDS + 1];
    oc__problem problem;
    oc__candidate all[OC_MAX_CANDIDATES];
    oc__node_problem(node, descs, &problem);
    int count = oc__candidates(device, &problem, false, all);
    double least = INFINITY;
    for (int i = 0; i < count; i++)
        least = all[i].refused ? least : OC_MIN(least, all[i].seconds);
    return least;
}

/* On whichever of the plan's devices it will be computed. */
static bool is_quicker(const oc_plan *plan, const oc_node *both, const oc_node *depthwise, const oc_node *pointwise) {
    bool quicker = plan->device_count > 0;
    for (int d = 0; d < plan->device_count && quicker; d++)
        quicker = seconds_of(plan->devices[d], both) <
                  seconds_of(plan->devices[d], depthwise) + seconds_of(plan->devices[d], pointwise);
    return quicker;
}

static oc_status join(oc_plan *plan, const oc_node *depthwise, oc_node *pointwise, oc_error *err) {
    oc__separable_params params;
    oc_value *in[MOST_OPERANDS];
    oc_node both = joined(depthwise, pointwise, &params, in);
    if (!is_quicker(plan, &both, depthwise, pointwise))
        return OC_OK;
    both.params = oc__arena_alloc(&plan->graph->arena, sizeof(params));
    both.in = oc__arena_alloc(&plan->graph->arena, sizeof(in));
    if (!both.params || !both.in)
        return oc__fail_memory(plan->context, err, sizeof(in));
    memcpy(both.params, &params, sizeof(params));
    memcpy(both.in, in, sizeof(*in) * (size_t)both.in_count);
    *pointwise = both;
    return OC_OK;
}

oc_status oc__plan_separable(oc_plan *plan, oc_error *err) {
    oc_graph *graph = plan->graph;
    int *uses = oc__use_counts(graph);
    oc_status status = uses ? OC_OK : oc__fail_memory(plan->context, err, graph->value_count * sizeof(*uses));
    for (size_t i = 0; status == OC_OK && i < graph->node_count; i++) {
        oc_node *node = graph->nodes[i];
        const oc_value *between = is_pointwise(node) ? node->in[0] : NULL;
        if (between && between->kind == OC_VALUE_NODE && uses[between->id] == 1 && is_depthwise(between->producer))
            status = join(plan, between->producer, node, err);
    }
    oc__free(plan->context, uses);
    return status == OC_OK ? oc__pass_dead(graph, err) : status;
}
