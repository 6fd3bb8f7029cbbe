/* SPDX-License-Identifier: Apache-2.0 */
/* Permuted axes. */
#include "op/shape/shape.h"

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I32, oc_transpose_params, perm, OC_MAX_RANK), {NULL}};

/* All zeros stand for the axes in reverse. */
static void fill_in(oc_transpose_params *params, int rank) {
    for (int i = 0; i < rank; i++)
        if (params->perm[i])
            return;
    for (int i = 0; i < rank; i++)
        params->perm[i] = rank - 1 - i;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc_transpose_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    unsigned seen = 0;
    fill_in(params, x->rank);
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape.rank = x->rank;
    for (int i = 0; i < x->rank; i++) {
        int axis = params->perm[i];
        if (axis < 0 || axis >= x->rank || seen >> axis & 1)
            return oc__infer_fail(inference, err, "perm must name each axis once");
        seen |= 1u << axis;
        inference->out[0].shape.dims[i] = x->dims[axis];
    }
    return OC_OK;
}

static oc__move move_of(const oc__problem *problem) {
    const oc_transpose_params *params = problem->params;
    const oc_shape *shape = &problem->out[0].shape;
    oc__move move = {.rank = shape->rank};
    int64_t src[OC_MAX_RANK];
    oc__row_strides(&problem->in[0].shape, src);
    oc__row_strides(shape, move.dst);
    for (int i = 0; i < shape->rank; i++) {
        move.size[i] = shape->dims[i];
        move.src[i] = src[params->perm[i]];
    }
    return move;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    (void)context, (void)err;
    oc__move move = move_of(problem);
    oc__move_host(&move, in[0], out[0]);
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    const oc_transpose_params *params = g->node->params;
    int32_t inverse[OC_MAX_RANK];
    for (int i = 0; i < g->node->in[0]->shape.rank; i++)
        inverse[params->perm[i]] = i;
    g->diff_in[0] = oc_transpose(g->graph, g->diff_out[0], inverse, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status record(const oc__recording *recording, bool fast, oc_error *err) {
    return oc__move_record(recording, move_of(recording->problem), recording->in[0].place, recording->out[0].place,
                           oc_dtype_size(recording->problem->in[0].dtype), fast, err);
}

static oc_status record_fast(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

static const oc__solver tiles = {.name = "transpose.tiles", .flags = OC_SOLVER_LONE, .applicable = oc__move_applicable, .estimate = oc__move_estimate,
                                 .record = record_fast};
static const oc__solver ref = {.name = "transpose.ref", .applicable = oc__move_ref_applicable, .estimate = oc__ref_estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&tiles, &ref, NULL};

const oc__op oc__op_transpose = {
    .name = "transpose", .in_min = 1, .in_max = 1, .out_count = 1, .flags = OC_OP_EXACT,
    .params_size = sizeof(oc_transpose_params), .fields = fields, .infer = infer, .gradient = gradient,
    .batch = OC_BATCH_NONE("the batch axis may be moved"), .host = host, .solvers = solvers,
    .onnx = oc__shape_onnx};

oc_value *oc_transpose(oc_graph *graph, oc_value *x, const int32_t *perm, oc_error *err) {
    oc_transpose_params params = {{0}};
    bool zeros = x && perm && x->shape.rank > 1;
    for (int i = 0; x && perm && i < x->shape.rank; i++) {
        params.perm[i] = perm[i];
        zeros = zeros && perm[i] == 0;
    }
    if (zeros) /* which would stand for reversed axes */
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "transpose: perm must name each axis once");
    return oc__graph_node1(graph, &oc__op_transpose, &params, &x, 1, err);
}
