/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolutions with a ReLU go into the 1x1 convolutions behind them, and then 1x1 convolutions with a ReLU into what is
 * behind them, where one step takes less than two: before a placement, so that it knows, where that is so on all devices; else when a
 * part is planned. */
#include <math.h>
#include <ocelli/op/conv.h>
#include <ocelli/op/eltwise.h>
#include <string.h>

#include "op/conv/inverted.h"
#include "plan/plan.h"

#define MOST_OPERANDS (7 + 2 * OC_MAX_POSTS)

/* A convolution with a ReLU behind it, maybe with an upper bound, and nothing else. */
static bool has_relu(const oc_node *node) {
    if (node->op != &oc__op_conv2d || node->pre.count || node->post.count != 1 || node->in_count != node->op_in)
        return false;
    const oc__post *post = &node->post.items[0];
    bool relu = post->kind == OC_POST_ELTWISE && post->fn == &oc__op_relu;
    return relu || (post->kind == OC_POST_ELTWISE && post->fn == &oc__op_clip && post->alpha == 0 && post->beta > 0);
}

static float limit_of(const oc_node *node) {
    const oc__post *post = &node->post.items[0];
    return post->fn == &oc__op_clip ? post->beta : 0;
}

static bool is_depthwise(const oc_node *node) {
    const oc_conv_params *p = node->params;
    return has_relu(node) && p->groups > 1 && node->in[1]->shape.dims[1] == 1 && node->in[1]->shape.dims[0] == p->groups;
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

/* What a node becomes that does what another before it does, too. */
typedef struct join {
    oc_node node;
    union {
        oc__separable_params separable;
        oc__inverted_params inverted;
    } params;
    oc_value *in[MOST_OPERANDS];
} join;

/* It has `op_in` operands, which the caller fills in, and then those of the last one's epilogue. */
static void begin(join *x, const oc_node *last, const oc__op *op, int op_in) {
    int more = last->in_count - last->op_in;
    *x = (join){.node = *last};
    x->node.op = op;
    memcpy(x->in + op_in, last->in + last->op_in, sizeof(*x->in) * (size_t)more);
    x->node.op_in = op_in;
    x->node.in_count = op_in + more;
    for (int i = 0; i < x->node.post.count; i++) {
        x->node.post.items[i].operand += op_in - last->op_in;
        x->node.post.items[i].operand2 += op_in - last->op_in;
    }
}

static oc_value *bias_of(const oc_node *conv) {
    return conv->op_in > 2 ? conv->in[2] : NULL;
}

static void join_separable(join *x, const oc_node *depthwise, const oc_node *pointwise) {
    const oc_conv_params *p = depthwise->params;
    begin(x, pointwise, &oc__op_conv2d_separable, 5);
    oc_value *in[] = {depthwise->in[0], depthwise->in[1], pointwise->in[1], bias_of(depthwise), bias_of(pointwise)};
    memcpy(x->in, in, sizeof(in));
    x->params.separable = (oc__separable_params){.stride = {p->stride[0], p->stride[1]}, .dilation = {p->dilation[0], p->dilation[1]},
                                                 .pad_begin = {p->pad_begin[0], p->pad_begin[1]},
                                                 .pad_end = {p->pad_end[0], p->pad_end[1]}, .limit = limit_of(depthwise)};
}

static void join_inverted(join *x, const oc_node *first, const oc_node *separable) {
    const oc__separable_params *p = separable->params;
    begin(x, separable, &oc__op_conv2d_inverted, 7);
    oc_value *in[] = {first->in[0], first->in[1], separable->in[1], separable->in[2], bias_of(first), separable->in[3], separable->in[4]};
    memcpy(x->in, in, sizeof(in));
    x->params.inverted = (oc__inverted_params){.stride = {p->stride[0], p->stride[1]}, .dilation = {p->dilation[0], p->dilation[1]},
                                               .pad_begin = {p->pad_begin[0], p->pad_begin[1]}, .pad_end = {p->pad_end[0], p->pad_end[1]},
                                               .limit = p->limit, .first_limit = limit_of(first)};
}

double oc__plan_node_seconds(oc_device *device, const oc_node *node) {
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
static bool is_quicker(const oc_plan *plan, const oc_node *both, const oc_node *first, const oc_node *last) {
    bool quicker = plan->device_count > 0;
    for (int d = 0; d < plan->device_count && quicker; d++)
        quicker = oc__plan_node_seconds(plan->devices[d], both) <
                  oc__plan_node_seconds(plan->devices[d], first) + oc__plan_node_seconds(plan->devices[d], last);
    return quicker;
}

/* Puts the joined node in the last one's place, if that is expected to take less time. */
static oc_status replace(oc_plan *plan, join *x, const oc_node *first, oc_node *last, oc_error *err) {
    oc_node *both = &x->node;
    both->params = &x->params;
    both->in = x->in;
    if (!is_quicker(plan, both, first, last))
        return OC_OK;
    both->params = oc__arena_alloc(&plan->graph->arena, sizeof(x->params));
    both->in = oc__arena_alloc(&plan->graph->arena, sizeof(x->in));
    if (!both->params || !both->in)
        return oc__fail_memory(plan->context, err, sizeof(x->in));
    memcpy(both->params, &x->params, sizeof(x->params));
    memcpy(both->in, x->in, sizeof(x->in));
    *last = *both;
    return OC_OK;
}

/* The node that makes a node's first operand, if nothing else reads that. */
static const oc_node *only_before(const oc_node *node, const int *uses) {
    const oc_value *value = node->in[0];
    return value->kind == OC_VALUE_NODE && uses[value->id] == 1 ? value->producer : NULL;
}

static oc_status join_node(oc_plan *plan, oc_node *node, const int *uses, oc_error *err) {
    join x;
    const oc_node *before = is_pointwise(node) ? only_before(node, uses) : NULL;
    if (before && is_depthwise(before)) {
        join_separable(&x, before, node);
        OC_TRY(replace(plan, &x, before, node, err));
    }
    before = node->op == &oc__op_conv2d_separable ? only_before(node, uses) : NULL;
    if (before && is_pointwise(before) && has_relu(before)) {
        join_inverted(&x, before, node);
        OC_TRY(replace(plan, &x, before, node, err));
    }
    return OC_OK;
}

oc_status oc__plan_separable(oc_plan *plan, oc_error *err) {
    oc_graph *graph = plan->graph;
    int *uses = oc__use_counts(graph);
    oc_status status = uses ? OC_OK : oc__fail_memory(plan->context, err, graph->value_count * sizeof(*uses));
    for (size_t i = 0; status == OC_OK && i < graph->node_count; i++)
        status = join_node(plan, graph->nodes[i], uses, err);
    oc__free(plan->context, uses);
    return status == OC_OK ? oc__pass_dead(graph, err) : status;
}
