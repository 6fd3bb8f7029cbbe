/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions in ONNX: the axes of ReduceSum are an input since opset 13, those of the others not before 18. */
#include <string.h>

#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/reduce/reduce.h"

typedef oc_value *(*reducer)(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);

static const struct {
    const char *type;
    reducer reduce;
} reducers[] = {{"ReduceSum", oc_reduce_sum},      {"ReduceMean", oc_reduce_mean},          {"ReduceMax", oc_reduce_max},
                {"ReduceMin", oc_reduce_min},      {"ReduceProd", oc_reduce_prod},          {"ReduceL1", oc_reduce_l1},
                {"ReduceL2", oc_reduce_l2},        {"ReduceSumSquare", oc_reduce_sum_square}, {"ReduceLogSum", oc_reduce_log_sum},
                {"ReduceLogSumExp", oc_reduce_log_sum_exp}};

static reducer reducer_of(const char *type) {
    for (size_t i = 0; i < OC_COUNT(reducers); i++)
        if (strcmp(reducers[i].type, type) == 0)
            return reducers[i].reduce;
    return NULL;
}

static oc_status read_reduce(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_reduce_params *params = memory;
    int count;
    OC_TRY(oc__onnx_axes(reading, 1, "axes", params->axes, &count, err));
    /* ONNX takes an empty list for all axes, or none of them */
    if (count <= 0 && oc__onnx_attr_int(reading->node, "noop_with_empty_axes", 0) != 0)
        return oc__onnx_give(reading, oc_identity(reading->graph, reading->in[0], err), err);
    params->axis_count = OC_MAX(count, 0);
    return oc__onnx_give(reading, reducer_of(reading->node->type)(reading->graph, reading->in[0], params, err), err);
}

/* Any, and all: of bool since 20. */
static int written_opset(const oc_node *node) {
    return node->in[0]->dtype == OC_BOOL ? 20 : 0;
}

static oc_status write_reduce(oc__onnx_writing *writing, oc_error *err) {
    const oc_reduce_params *params = writing->source->params;
    bool all = params->axis_count == 0 || params->axis_count == writing->source->in[0]->shape.rank;
    bool as_input = writing->opset >= 18 || strcmp(writing->rule->type, "ReduceSum") == 0;
    oc__onnx_node *node = oc__onnx_emit(writing, writing->rule->type);
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    if (!all && as_input)
        oc__onnx_emit_in(writing, node, oc__onnx_ints_literal(writing, params->axes, params->axis_count));
    else if (!all)
        oc__onnx_emit_ints(writing, node, "axes", params->axes, params->axis_count);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (!params->keep_dims)
        oc__onnx_emit_int(writing, node, "keepdims", 0);
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_BOOL("keepdims", oc_reduce_params, keep_dims, 1), OC_ONNX_ATTR_HOOK("axes"),
                                           OC_ONNX_ATTR_HOOK("noop_with_empty_axes"), {NULL}};

/* Axes that x lacks, then a shape to expand to. */
static oc_status write_broadcast(oc__onnx_writing *writing, oc_error *err) {
    const oc__broadcast_params *params = writing->source->params;
    const char *from = writing->in[0], *shape = oc__onnx_fresh(writing);
    oc__onnx_node *node;
    if (params->mean)
        return oc__fail(writing->context, err, OC_ERROR_UNSUPPORTED, "the gradient of a mean has no form in ONNX");
    if (params->axis_count > 0 && !params->keep_dims) {
        node = oc__onnx_emit(writing, "Unsqueeze");
        oc__onnx_emit_in(writing, node, from);
        oc__onnx_emit_in(writing, node, oc__onnx_ints_literal(writing, params->axes, params->axis_count));
        oc__onnx_emit_out(writing, node, from = oc__onnx_fresh(writing));
    }
    node = oc__onnx_emit(writing, "Shape");
    oc__onnx_emit_in(writing, node, writing->in[1]);
    oc__onnx_emit_out(writing, node, shape);
    node = oc__onnx_emit(writing, "Expand");
    oc__onnx_emit_in(writing, node, from);
    oc__onnx_emit_in(writing, node, shape);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    return OC_OK;
}

#define REDUCE(type_, op_, use_) \
    {.type = type_, .op = op_, .since = 1, .in_min = 1, .in_max = 2, .out_max = 1, .param_inputs = 2, .attrs = attrs, .use = use_, \
     .read = read_reduce, .write = write_reduce, .opset = written_opset}

const oc__onnx_rule oc__reduce_onnx[] = {
    REDUCE("ReduceSum", "reduce_sum", OC_ONNX_BOTH),
    REDUCE("ReduceMean", "reduce_mean", OC_ONNX_BOTH),
    REDUCE("ReduceMax", "reduce_max", OC_ONNX_BOTH),
    REDUCE("ReduceMin", "reduce_min", OC_ONNX_BOTH),
    REDUCE("ReduceProd", "reduce_prod", OC_ONNX_BOTH),
    REDUCE("ReduceL1", "reduce_sum", OC_ONNX_READ_ONLY),
    REDUCE("ReduceL2", "reduce_sum", OC_ONNX_READ_ONLY),
    REDUCE("ReduceSumSquare", "reduce_sum", OC_ONNX_READ_ONLY),
    REDUCE("ReduceLogSum", "reduce_sum", OC_ONNX_READ_ONLY),
    REDUCE("ReduceLogSumExp", "reduce_sum", OC_ONNX_READ_ONLY),
    {.type = "Expand", .op = "broadcast_like", .since = 8, .use = OC_ONNX_WRITE_ONLY, .write = write_broadcast},
    {NULL}};
