/* SPDX-License-Identifier: Apache-2.0 */
/* The reductions: shape rules, gradients, graph functions. */
#include "op/reduce/reduce.h"

#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/shape.h>

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_reduce_params, axes, OC_MAX_RANK),
                                   OC_FIELD(OC_FIELD_I32, oc_reduce_params, axis_count),
                                   OC_FIELD(OC_FIELD_BOOL, oc_reduce_params, keep_dims), {NULL}};
static const oc__field broadcast_fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc__broadcast_params, axes, OC_MAX_RANK),
                                             OC_FIELD(OC_FIELD_I32, oc__broadcast_params, axis_count),
                                             OC_FIELD(OC_FIELD_BOOL, oc__broadcast_params, keep_dims),
                                             OC_FIELD(OC_FIELD_BOOL, oc__broadcast_params, mean), {NULL}};

/* Axes in order, none negative, none twice; all of them if none is named. */
static oc_status normalize(const oc__inference *inference, oc_reduce_params *params, int rank, oc_error *err) {
    bool gone[OC_MAX_RANK] = {false};
    if (params->axis_count < 0 || params->axis_count > OC_MAX_RANK)
        return oc__infer_fail(inference, err, "%d is no number of axes", params->axis_count);
    for (int i = 0; i < params->axis_count; i++) {
        OC_TRY(oc__infer_axis(inference, &params->axes[i], rank, err));
        if (gone[params->axes[i]])
            return oc__infer_fail(inference, err, "axis %d is named twice", (int)params->axes[i]);
        gone[params->axes[i]] = true;
    }
    bool all = params->axis_count == 0;
    memset(params->axes, 0, sizeof(params->axes));
    params->axis_count = 0;
    for (int i = 0; i < rank; i++)
        if (all || gone[i])
            params->axes[params->axis_count++] = i;
    return OC_OK;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc_reduce_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    oc_dtype dtype = inference->in[0].dtype;
    bool any_or_all = inference->op == &oc__op_reduce_max || inference->op == &oc__op_reduce_min;
    if ((!oc__is_real(dtype) && inference->op == &oc__op_reduce_mean) || (dtype == OC_BOOL && !any_or_all))
        return oc__infer_fail(inference, err, "it is not defined for %s", oc_dtype_name(dtype));
    OC_TRY(normalize(inference, params, x->rank, err));
    oc_shape shape = {0};
    for (int i = 0, k = 0; i < x->rank; i++) {
        bool gone = k < params->axis_count && params->axes[k] == i;
        k += gone;
        if (!gone || params->keep_dims)
            shape.dims[shape.rank++] = gone ? 1 : x->dims[i];
    }
    inference->out[0].dtype = dtype;
    inference->out[0].shape = shape;
    return OC_OK;
}

bool oc__sum_axes(const oc_shape *x, const oc_shape *like, bool gone[OC_MAX_RANK]) {
    int lead = x->rank - like->rank;
    for (int i = 0; i < x->rank; i++) {
        int64_t size = i < lead ? 1 : like->dims[i - lead];
        gone[i] = i < lead || (size == 1 && x->dims[i] != 1);
        if (size != x->dims[i] && size != 1)
            return false;
    }
    return lead >= 0;
}

static oc_status infer_sum_to_like(oc__inference *inference, oc_error *err) {
    bool gone[OC_MAX_RANK];
    if (inference->in[0].dtype == OC_BOOL)
        return oc__infer_fail(inference, err, "it is not defined for bool");
    if (!oc__sum_axes(&inference->in[0].shape, &inference->in[1].shape, gone))
        return oc__infer_fail(inference, err, "the second operand cannot have been broadcast to the first");
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = inference->in[1].shape;
    return OC_OK;
}

/* The axis of `like` that belongs to an axis of x. */
static int axis_in_like(const oc__broadcast_params *params, int x_rank, int like_rank, int axis) {
    if (params->axis_count == 0 || params->keep_dims)
        return like_rank - x_rank + axis;
    for (int i = 0; i < params->axis_count; i++)
        if (params->axes[i] <= axis)
            axis++;
    return axis;
}

static oc_status infer_broadcast_like(oc__inference *inference, oc_error *err) {
    const oc__broadcast_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape, *like = &inference->in[1].shape;
    bool lacks = params->axis_count > 0 && !params->keep_dims;
    if (params->axis_count < 0 || x->rank + (lacks ? params->axis_count : 0) > like->rank ||
        (lacks && x->rank + params->axis_count != like->rank))
        return oc__infer_fail(inference, err, "the axes do not match");
    for (int i = 0; i < x->rank; i++) {
        int64_t size = like->dims[axis_in_like(params, x->rank, like->rank, i)];
        if (x->dims[i] != size && (lacks || x->dims[i] != 1))
            return oc__infer_fail(inference, err, "axis %d cannot be broadcast", i);
    }
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = *like;
    return OC_OK;
}

void oc__broadcast_like_strides(const oc__broadcast_params *params, const oc_shape *x, const oc_shape *like,
                                int64_t strides[OC_MAX_RANK]) {
    int64_t own[OC_MAX_RANK];
    oc__row_strides(x, own);
    for (int i = 0; i < OC_MAX_RANK; i++)
        strides[i] = 0;
    for (int i = 0; i < x->rank; i++)
        if (x->dims[i] != 1)
            strides[axis_in_like(params, x->rank, like->rank, i)] = own[i];
}

void oc__reduction_of(const oc__problem *problem, oc__reduction *out) {
    const oc_shape *x = &problem->in[0].shape;
    *out = (oc__reduction){.count = 1};
    if (problem->op == &oc__op_sum_to_like) {
        oc__sum_axes(x, &problem->in[1].shape, out->gone);
    } else {
        const oc_reduce_params *params = problem->params;
        out->kind = problem->op == &oc__op_reduce_max    ? OC_REDUCE_MAX
                    : problem->op == &oc__op_reduce_mean ? OC_REDUCE_MEAN
                    : problem->op == &oc__op_reduce_min  ? OC_REDUCE_MIN
                    : problem->op == &oc__op_reduce_prod ? OC_REDUCE_PROD
                                                         : OC_REDUCE_SUM;
        for (int i = 0; i < params->axis_count; i++)
            out->gone[params->axes[i]] = true;
    }
    for (int i = 0; i < x->rank; i++)
        out->count *= out->gone[i] ? x->dims[i] : 1;
}

oc_value *oc__broadcast_back(oc_graph *graph, oc_value *x, oc_value *like, const oc_reduce_params *params, bool mean,
                             oc_error *err) {
    oc__broadcast_params own = {.axis_count = params->axis_count, .keep_dims = params->keep_dims, .mean = mean};
    memcpy(own.axes, params->axes, sizeof(own.axes));
    return oc__node2(graph, &oc__op_broadcast_like, &own, x, like, err);
}

static oc_status gradient_sum(oc__gradient *g, oc_error *err) {
    bool mean = g->node->op == &oc__op_reduce_mean;
    g->diff_in[0] = oc__broadcast_back(g->graph, g->diff_out[0], g->node->in[0], g->node->params, mean, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

/* Equal shares to all that are the largest (or smallest), as PyTorch's amax has it. */
static oc_status gradient_max(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    bool min = g->node->op == &oc__op_reduce_min;
    oc_value *x = g->node->in[0], *y = g->node->out[0];
    const oc_reduce_params *params = g->node->params;
    oc_value *winner = oc__broadcast_back(graph, y, x, params, false, err);
    oc_value *shares = oc__node2(graph, &oc__op_max_share, NULL, min ? winner : x, min ? x : winner, err);
    oc_value *each = oc_div(graph, g->diff_out[0], oc_reduce_sum(graph, shares, params, err), err);
    g->diff_in[0] = oc_mul(graph, shares, oc__broadcast_back(graph, each, x, params, false, err), err);
    return oc__gave(graph, g->diff_in[0]);
}

/* The product of the others: of all by this one; where there is one zero, of those that are not zero. */
static oc_status gradient_prod(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *x = g->node->in[0];
    const oc_reduce_params *params = g->node->params;
    oc_value *one = oc_graph_scalar(graph, x->dtype, 1, err), *zero = oc_graph_scalar(graph, x->dtype, 0, err);
    oc_value *is_zero = oc_equal(graph, x, zero, err), *safe = oc_where(graph, is_zero, one, x, err);
    oc_value *zeros = oc_reduce_sum(graph, oc_cast(graph, is_zero, x->dtype, err), params, err);
    oc_value *rest = oc_mul(graph, oc_reduce_prod(graph, safe, params, err), g->diff_out[0], err);
    oc_value *all = oc__broadcast_back(graph, rest, x, params, false, err);
    oc_value *count = oc__broadcast_back(graph, zeros, x, params, false, err);
    oc_value *without = oc_where(graph, oc_equal(graph, count, zero, err), oc_div(graph, all, safe, err), zero, err);
    oc_value *alone = oc_logical_and(graph, is_zero, oc_equal(graph, count, one, err), err);
    g->diff_in[0] = oc_where(graph, alone, all, without, err);
    return oc__gave(graph, g->diff_in[0]);
}

static oc_status gradient_sum_to_like(oc__gradient *g, oc_error *err) {
    if (g->wanted[0])
        g->diff_in[0] = oc__node2(g->graph, &oc__op_broadcast_like, NULL, g->diff_out[0], g->node->in[0], err);
    return g->wanted[0] ? oc__gave(g->graph, g->diff_in[0]) : OC_OK;
}

static oc_status gradient_broadcast_like(oc__gradient *g, oc_error *err) {
    const oc__broadcast_params *own = g->node->params;
    if (!g->wanted[0])
        return OC_OK;
    if (own->axis_count == 0) {
        g->diff_in[0] = oc_sum_to_like(g->graph, g->diff_out[0], g->node->in[0], err);
    } else {
        oc_reduce_params params = {.axis_count = own->axis_count, .keep_dims = own->keep_dims};
        memcpy(params.axes, own->axes, sizeof(params.axes));
        g->diff_in[0] = own->mean ? oc_reduce_mean(g->graph, g->diff_out[0], &params, err)
                                  : oc_reduce_sum(g->graph, g->diff_out[0], &params, err);
    }
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc__cost cost(const oc__problem *problem) {
    oc__cost cost = oc__cost_of_flops(problem, 0);
    cost.flops = (double)oc__count(&problem->in[0].shape);
    return cost;
}

static const oc__solver *const solvers[] = {&oc__reduce_staged, &oc__reduce_ref, NULL};
static const oc__solver *const broadcast_solvers[] = {&oc__broadcast_like_ref, NULL};

#define REDUCE(op_name, op_flags, grad) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = 1, .in_max = 1, .out_count = 1, .flags = op_flags, \
                                     .params_size = sizeof(oc_reduce_params), .fields = fields, .infer = infer, \
                                     .gradient = grad, .cost = cost, .batch = OC_BATCH_NONE("it may sum over the batch"), \
                                     .host = oc__reduce_host, .solvers = solvers, \
                                     .onnx = oc__reduce_onnx}; \
    oc_value *oc_##op_name(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err) { \
        return oc__graph_node1(graph, &oc__op_##op_name, params, &x, 1, err); \
    }
REDUCE(reduce_sum, OC_OP_EXACT, gradient_sum)
REDUCE(reduce_mean, 0, gradient_sum)
REDUCE(reduce_max, OC_OP_EXACT, gradient_max)
REDUCE(reduce_min, OC_OP_EXACT, gradient_max)
REDUCE(reduce_prod, 0, gradient_prod)

const oc__op oc__op_sum_to_like = {
    .name = "sum_to_like", .in_min = 2, .in_max = 2, .out_count = 1, .flags = OC_OP_EXACT | OC_OP_SHAPE_ONLY, .like_operand = 1,
    .infer = infer_sum_to_like, .gradient = gradient_sum_to_like, .cost = cost,
    .batch = OC_BATCH_NONE("it may sum over the batch"), .host = oc__reduce_host, .solvers = solvers};

const oc__op oc__op_broadcast_like = {
    .name = "broadcast_like", .in_min = 2, .in_max = 2, .out_count = 1, .flags = OC_OP_SHAPE_ONLY, .like_operand = 1,
    .params_size = sizeof(oc__broadcast_params), .fields = broadcast_fields, .infer = infer_broadcast_like,
    .gradient = gradient_broadcast_like, .batch = OC_BATCH_NONE("the operand may have no batch axis"),
    .host = oc__broadcast_like_host, .solvers = broadcast_solvers, .onnx = oc__reduce_onnx};

oc_value *oc_sum_to_like(oc_graph *graph, oc_value *x, oc_value *like, oc_error *err) {
    return oc__node2(graph, &oc__op_sum_to_like, NULL, x, like, err);
}
