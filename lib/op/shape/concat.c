/* SPDX-License-Identifier: Apache-2.0 */
/* Joining values along an axis, and "split_like" (whole, parts…), its gradient: the parts of a whole, in the shapes of others. */
#include "op/shape/shape.h"

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I64, oc_axis_params, axis), {NULL}};

static oc_status infer_concat(oc__inference *inference, oc_error *err) {
    oc_axis_params *params = inference->params;
    const oc__desc *in = inference->in;
    oc_shape shape = in[0].shape;
    OC_TRY(oc__infer_axis(inference, &params->axis, shape.rank, err));
    for (int i = 0; i < inference->in_count; i++) {
        if (in[i].dtype != in[0].dtype || in[i].shape.rank != shape.rank)
            return oc__infer_fail(inference, err, "operand %d has another type or number of axes", i);
        for (int k = 0; k < shape.rank; k++)
            if (k != params->axis && in[i].shape.dims[k] != shape.dims[k])
                return oc__infer_fail(inference, err, "axis %d of operand %d has another size", k, i);
        if (i > 0)
            shape.dims[params->axis] =
                oc__dim_add(inference->symbols, shape.dims[params->axis], in[i].shape.dims[params->axis]);
    }
    inference->out[0].dtype = in[0].dtype;
    inference->out[0].shape = shape;
    return OC_OK;
}

static oc_status infer_split(oc__inference *inference, oc_error *err) {
    oc_axis_params *params = inference->params;
    const oc__desc *in = inference->in;
    int64_t sum = 0;
    OC_TRY(oc__infer_axis(inference, &params->axis, in[0].shape.rank, err));
    inference->out_count = inference->in_count - 1;
    for (int i = 1; i < inference->in_count; i++) {
        if (in[i].shape.rank != in[0].shape.rank)
            return oc__infer_fail(inference, err, "part %d has another number of axes", i - 1);
        sum = oc__dim_add(inference->symbols, sum, in[i].shape.dims[params->axis]);
        inference->out[i - 1].dtype = in[0].dtype;
        inference->out[i - 1].shape = in[i].shape;
    }
    if (sum != in[0].shape.dims[params->axis])
        return oc__infer_fail(inference, err, "the parts are not as long as the whole");
    return OC_OK;
}

/* Of a value, in its layout: how many runs lie one behind the other, and how long they are: axes from `axis` on. */
static void runs_of(const oc__desc *desc, int axis, int64_t *outer, int64_t *run) {
    oc_shape shape = desc->shape;
    int block = oc__channel_block(&desc->layout);
    if (block > 1)
        shape.dims[1] = (shape.dims[1] + block - 1) / block;
    *outer = oc__dims_product(&shape, 0, axis);
    *run = oc__dims_product(&shape, axis, shape.rank) * block;
}

/* Part i of a concat is operand i; of a split, output i. */
static const oc__desc *part_of(const oc__problem *problem, bool concat, int i) {
    return concat ? &problem->in[i] : &problem->out[i];
}

/* A part that was made where it belongs. */
static bool is_there(const oc__recording *recording, int i, int64_t outer, int64_t at) {
    const oc__operand *part = &recording->in[i], *whole = &recording->out[0];
    uint64_t bytes = (uint64_t)at * oc_dtype_size(recording->problem->out[0].dtype);
    return part->place.slab == whole->place.slab && part->place.offset == whole->place.offset + bytes &&
           (outer == 1 || part->stride0 == whole->stride0);
}

static oc_status record(const oc__recording *recording, bool fast, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_axis_params *params = problem->params;
    bool concat = problem->op == &oc__op_concat;
    const oc__desc *whole = concat ? &problem->out[0] : &problem->in[0];
    int count = concat ? problem->op_in : problem->out_count, axis = (int)params->axis;
    int64_t outer, all, run, at = 0;
    runs_of(whole, axis, &outer, &all);
    for (int i = 0; i < count; i++) {
        oc__desc part = *part_of(problem, concat, i);
        part.shape = concat ? part.shape : problem->in[i + 1].shape;
        part.layout = whole->layout;
        runs_of(&part, axis, &outer, &run);
        bool there = concat && is_there(recording, i, outer, at), gaps = concat && axis == 1;
        oc__move move = oc__move_runs(outer, run, gaps ? recording->in[i].stride0 : concat ? run : all,
                                      gaps ? recording->out[0].stride0 : concat ? all : run);
        *(concat ? &move.dst_at : &move.src_at) = at;
        at += run;
        if (part_of(problem, concat, i)->dtype && !there)
            OC_TRY(oc__move_record(recording, move, recording->in[concat ? i : 0].place, recording->out[concat ? 0 : i].place,
                                   oc_dtype_size(whole->dtype), fast, err));
    }
    return OC_OK;
}

static oc_status record_fast(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

/* All follow operand 0 if its blocks of channels are not cut by the parts. */
static void layouts(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    const oc_axis_params *params = problem->params;
    const oc__layout *layout = &problem->in[0].layout;
    bool concat = problem->op == &oc__op_concat;
    int block = oc__channel_block(layout), count = concat ? problem->op_in : problem->in_count - 1;
    if (block <= 1)
        return;
    for (int i = 0; params->axis == 1 && i + 1 < count; i++)
        if (problem->in[concat ? i : i + 1].shape.dims[1] % block)
            return;
    in[0] = *layout;
    for (int i = 1; concat && i < count; i++)
        in[i] = *layout;
    for (int i = 0; i < problem->out_count; i++)
        out[i] = *layout;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    (void)context, (void)err;
    const oc_axis_params *params = problem->params;
    bool concat = problem->op == &oc__op_concat;
    int count = concat ? problem->op_in : problem->out_count;
    int64_t outer, all, run, at = 0;
    runs_of(concat ? &(oc__desc){.shape = problem->out[0].shape} : &(oc__desc){.shape = problem->in[0].shape},
            (int)params->axis, &outer, &all);
    for (int i = 0; i < count; i++) {
        runs_of(&(oc__desc){.shape = problem->in[concat ? i : i + 1].shape}, (int)params->axis, &outer, &run);
        oc__move move = oc__move_runs(outer, run, concat ? run : all, concat ? all : run);
        *(concat ? &move.dst_at : &move.src_at) = at;
        at += run;
        if (concat || out[i])
            oc__move_host(&move, in[concat ? i : 0], out[concat ? 0 : i]);
    }
    return OC_OK;
}

static oc_status gradient_concat(oc__gradient *g, oc_error *err) {
    const oc_node *node = g->node;
    int count = node->op_in;
    oc_value **all = oc__arena_alloc(&g->graph->arena, sizeof(*all) * (size_t)(2 * count + 1));
    if (!all)
        return oc__fail_memory(g->graph->context, err, sizeof(*all) * (size_t)count);
    all[0] = g->diff_out[0];
    for (int i = 0; i < count; i++)
        all[i + 1] = node->in[i];
    OC_TRY(oc__graph_node(g->graph, &oc__op_split_like, node->params, all, count + 1, all + count + 1, count, err));
    for (int i = 0; i < count; i++)
        if (g->wanted[i])
            g->diff_in[i] = all[count + 1 + i];
    return OC_OK;
}

/* Parts that no gradient arrives for count as zeros. */
static oc_status gradient_split(oc__gradient *g, oc_error *err) {
    const oc_node *node = g->node;
    oc_value **parts = oc__arena_alloc(&g->graph->arena, sizeof(*parts) * (size_t)OC_MAX(node->out_count, 1));
    if (!parts)
        return oc__fail_memory(g->graph->context, err, sizeof(*parts) * (size_t)node->out_count);
    if (!g->wanted[0])
        return OC_OK;
    for (int i = 0; i < node->out_count; i++) {
        oc_value *zero = g->diff_out[i] ? NULL : oc_graph_scalar(g->graph, node->in[0]->dtype, 0, err);
        parts[i] = g->diff_out[i] ? g->diff_out[i] : oc__node2(g->graph, &oc__op_broadcast_like, NULL, zero, node->out[i], err);
    }
    g->diff_in[0] = oc__graph_node1(g->graph, &oc__op_concat, node->params, parts, node->out_count, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static const oc__solver runs = {.name = "concat.runs", .flags = OC_SOLVER_LONE, .applicable = oc__move_applicable, .layouts = layouts,
                                .estimate = oc__move_estimate, .record = record_fast};
static const oc__solver ref = {.name = "concat.ref", .applicable = oc__move_ref_applicable, .estimate = oc__ref_estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&runs, &ref, NULL};

const oc__op oc__op_concat = {
    .name = "concat", .in_min = 1, .in_max = OC_VARIADIC, .out_count = 1, .flags = OC_OP_EXACT,
    .params_size = sizeof(oc_axis_params), .fields = fields, .infer = infer_concat, .gradient = gradient_concat,
    .batch = OC_BATCH_NONE("it may join along the batch"), .host = host, .solvers = solvers, .onnx = oc__shape_onnx};

const oc__op oc__op_split_like = {
    .name = "split_like", .in_min = 2, .in_max = OC_VARIADIC, .out_count = OC_VARIADIC,
    .flags = OC_OP_EXACT | OC_OP_SHAPE_ONLY | OC_OP_OPTIONAL_OUTPUTS, .like_operand = 1, .params_size = sizeof(oc_axis_params),
    .fields = fields, .infer = infer_split, .gradient = gradient_split, .batch = OC_BATCH_NONE("it may cut the batch"),
    .host = host, .solvers = solvers};

oc_value *oc_concat(oc_graph *graph, oc_value *const *values, size_t count, int64_t axis, oc_error *err) {
    if (count > 1u << 20)
        return oc__graph_fail(graph, err, OC_ERROR_LIMIT, "concat: %zu operands are too many", count);
    return oc__graph_node1(graph, &oc__op_concat, &(oc_axis_params){axis}, values, (int)count, err);
}
