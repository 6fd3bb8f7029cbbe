/* SPDX-License-Identifier: Apache-2.0 */
/* "expand": repeated along axes of size 1, and along new ones in front. Tiles are made of it. */
#include "op/shape/shape.h"

#include <ocelli/op/reduce.h>

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_expand_params, dims, OC_MAX_RANK),
                                   OC_FIELD(OC_FIELD_I32, oc_expand_params, rank), {NULL}};

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc_expand_params *params = inference->params;
    oc_shape to = {.rank = params->rank};
    if (params->rank < 0 || params->rank > OC_MAX_RANK)
        return oc__infer_fail(inference, err, "%d axes; 0 to %d are possible", params->rank, OC_MAX_RANK);
    for (int i = 0; i < to.rank; i++) {
        to.dims[i] = params->dims[i];
        if (to.dims[i] < 0)
            return oc__infer_fail(inference, err, "size %lld of axis %d", (long long)to.dims[i], i);
    }
    inference->out[0].dtype = inference->in[0].dtype;
    return oc__infer_broadcast(inference, &inference->in[0].shape, &to, &inference->out[0].shape, err);
}

static oc__move move_of(const oc__problem *problem) {
    const oc_shape *to = &problem->out[0].shape;
    oc__move move = {.rank = to->rank};
    oc__broadcast_strides(&problem->in[0].shape, to, move.src);
    oc__row_strides(to, move.dst);
    for (int i = 0; i < to->rank; i++)
        move.size[i] = to->dims[i];
    return move;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    oc__move move = move_of(problem);
    oc__move_host(&move, in[0], out[0]);
    (void)context, (void)err;
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    g->diff_in[0] = oc_sum_to_like(g->graph, g->diff_out[0], g->node->in[0], err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status record_fast(const oc__recording *recording, oc_error *err) {
    return oc__move_record(recording, move_of(recording->problem), recording->in[0].place, recording->out[0].place,
                           oc_dtype_size(recording->problem->in[0].dtype), true, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return oc__move_record(recording, move_of(recording->problem), recording->in[0].place, recording->out[0].place,
                           oc_dtype_size(recording->problem->in[0].dtype), false, err);
}

static const oc__solver rows = {.name = "expand.rows", .flags = OC_SOLVER_LONE, .applicable = oc__move_applicable, .estimate = oc__move_estimate,
                                .record = record_fast};
static const oc__solver ref = {.name = "expand.ref", .applicable = oc__move_ref_applicable, .estimate = oc__ref_estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&rows, &ref, NULL};

const oc__op oc__op_expand = {
    .name = "expand", .in_min = 1, .in_max = 1, .out_count = 1, .flags = OC_OP_EXACT, .params_size = sizeof(oc_expand_params),
    .fields = fields, .infer = infer, .gradient = gradient, .batch = OC_BATCH_NONE("the batch may be repeated"), .host = host,
    .solvers = solvers, .onnx = oc__expand_onnx};

oc_value *oc_expand(oc_graph *graph, oc_value *x, const oc_shape *shape, oc_error *err) {
    oc_expand_params params = {.rank = shape->rank};
    for (int i = 0; i < shape->rank && i < OC_MAX_RANK; i++)
        params.dims[i] = shape->dims[i];
    return oc__graph_node1(graph, &oc__op_expand, &params, &x, 1, err);
}

/* Each repeated axis gets one in front of it to be repeated along. */
oc_value *oc_tile(oc_graph *graph, oc_value *x, const int64_t *repeats, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    oc_shape split = {0}, wide = {0}, joined = x->shape;
    for (int i = 0; i < x->shape.rank; i++) {
        int64_t size = x->shape.dims[i];
        if (repeats[i] < 0 || size < 0 || split.rank + 1 + (repeats[i] != 1) > OC_MAX_RANK)
            return oc__graph_fail(graph, err, OC_ERROR_UNSUPPORTED, "tile: %lld times axis %d of %lld elements", (long long)repeats[i],
                                  i, (long long)size);
        if (repeats[i] != 1) {
            split.dims[split.rank++] = 1;
            wide.dims[wide.rank++] = repeats[i];
        }
        split.dims[split.rank++] = wide.dims[wide.rank] = size;
        wide.rank++;
        joined.dims[i] = size * repeats[i];
    }
    oc_value *apart = oc_reshape(graph, x, &split, err);
    return oc_reshape(graph, oc_expand(graph, apart, &wide, err), &joined, err);
}
