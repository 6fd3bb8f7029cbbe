/* SPDX-License-Identifier: Apache-2.0 */
/* "one_hot" (indices, values): a new axis on which one place holds values[1], the others values[0]. */
#include <ocelli/op/index.h>

#include "op/index/index.h"

typedef struct one_hot_params {
    int64_t axis, depth;
} one_hot_params;

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I64, one_hot_params, axis), OC_FIELD(OC_FIELD_I64, one_hot_params, depth), {NULL}};

static oc_status infer(oc__inference *inference, oc_error *err) {
    one_hot_params *params = inference->params;
    const oc_shape *idx = &inference->in[0].shape, *values = &inference->in[1].shape;
    oc_shape *out = &inference->out[0].shape;
    if (inference->in[0].dtype == OC_BOOL || values->rank != 1 || values->dims[0] != 2 || params->depth < 1)
        return oc__infer_fail(inference, err, "it takes numbers, and the values off and on; the depth is %lld", (long long)params->depth);
    if (idx->rank == OC_MAX_RANK)
        return oc__infer_fail(inference, err, "the result would have 9 axes");
    OC_TRY(oc__infer_axis(inference, &params->axis, idx->rank + 1, err));
    for (int i = 0; i <= idx->rank; i++)
        out->dims[i] = i == params->axis ? params->depth : idx->dims[i - (i > params->axis)];
    out->rank = idx->rank + 1;
    inference->out[0].dtype = inference->in[1].dtype;
    return OC_OK;
}

static void sizes(const oc__problem *problem, int64_t *depth, int64_t *inner) {
    const one_hot_params *params = problem->params;
    *depth = params->depth;
    *inner = oc__dims_product(&problem->out[0].shape, (int)params->axis + 1, problem->out[0].shape.rank);
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    int64_t count = oc__count(&problem->out[0].shape), depth, inner;
    sizes(problem, &depth, &inner);
    for (int64_t i = 0; i < count; i++) {
        double index = in[0][i / inner / depth * inner + i % inner], at = (double)(i / inner % depth);
        out[0][i] = in[1][index == at || index + (double)depth == at];
    }
    (void)context, (void)err;
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    if (g->wanted[1])
        return oc__fail(g->graph->context, err, OC_ERROR_UNSUPPORTED, "one_hot has no gradient for its values");
    return OC_OK;
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    int64_t count = oc__count(&problem->out[0].shape), depth, inner;
    if (count == 0)
        return OC_OK;
    sizes(problem, &depth, &inner);
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__step *step = oc__step_kernel(steps, "one_hot.cl", defines.text, "one_hot_ref");
    for (int i = 0; i < 2; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, count);
    oc__step_i64(steps, step, depth);
    oc__step_i64(steps, step, inner);
    oc__step_range_items(step, recording->caps, (uint64_t)count);
    return oc__record_end(recording, &defines, err);
}

static const oc__solver ref = {.name = "one_hot.ref", .applicable = oc__ref_applicable, .estimate = oc__ref_estimate, .record = record};
static const oc__solver *const solvers[] = {&ref, NULL};

const oc__op oc__op_one_hot = {.name = "one_hot", .in_min = 2, .in_max = 2, .out_count = 1, .flags = OC_OP_EXACT,
                               .params_size = sizeof(one_hot_params), .fields = fields, .infer = infer, .gradient = gradient,
                               .batch = OC_BATCH_NONE("the new axis may be in front"), .host = host, .solvers = solvers,
                               .onnx = oc__index_onnx};

oc_value *oc_one_hot(oc_graph *graph, oc_value *indices, oc_value *values, int64_t depth, int64_t axis, oc_error *err) {
    return oc__node2(graph, &oc__op_one_hot, &(one_hot_params){axis, depth}, indices, values, err);
}
