/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and log-softmax. */
#include "op/softmax.h"

#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>

#define CHUNK 1024 /* elements a work-item takes of short rows, about */

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I64, oc_softmax_params, axis), {NULL}};

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc_softmax_params *params = inference->params;
    const oc__desc *in = inference->in;
    if (!oc__is_float(in[0].dtype))
        return oc__infer_fail(inference, err, "it is not defined for %s", oc_dtype_name(in[0].dtype));
    if (inference->in_count == 2 && (in[1].dtype != in[0].dtype || !oc_shape_equal(&in[0].shape, &in[1].shape)))
        return oc__infer_fail(inference, err, "both operands must have one type and shape");
    if (in[0].shape.rank > 0)
        OC_TRY(oc__infer_axis(inference, &params->axis, in[0].shape.rank, err));
    inference->out[0] = in[0];
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    const oc__op *op = g->node->op == &oc__op_softmax ? &oc__op_softmax_bwd : &oc__op_log_softmax_bwd;
    g->diff_in[0] = oc__node2(g->graph, op, g->node->params, g->node->out[0], g->diff_out[0], err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_value *sum(oc__gradient *g, oc_value *x, oc_error *err) {
    const oc_softmax_params *params = g->node->params;
    return oc_reduce_sum(g->graph, x, &(oc_reduce_params){.axes = {params->axis}, .axis_count = 1, .keep_dims = true}, err);
}

/* Of y * (dy - sum(y * dy)), with d arriving. */
static oc_status gradient_bwd(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *y = g->node->in[0], *dy = g->node->in[1], *d = g->diff_out[0];
    if (g->wanted[0]) {
        oc_value *centered = oc_sub(graph, dy, sum(g, oc_mul(graph, y, dy, err), err), err);
        oc_value *other = oc_mul(graph, dy, sum(g, oc_mul(graph, d, y, err), err), err);
        g->diff_in[0] = oc_sub(graph, oc_mul(graph, d, centered, err), other, err);
        OC_TRY(oc__gave(graph, g->diff_in[0]));
    }
    if (!g->wanted[1])
        return OC_OK;
    g->diff_in[1] = oc__node2(graph, &oc__op_softmax_bwd, g->node->params, y, d, err);
    return oc__gave(graph, g->diff_in[1]);
}

/* Of dy - exp(y) * sum(dy), with d arriving. */
static oc_status gradient_log_bwd(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *dy = g->node->in[1], *d = g->diff_out[0];
    oc_value *weighted = oc_mul(graph, oc_exp(graph, g->node->in[0], err), d, err);
    if (g->wanted[0]) {
        g->diff_in[0] = oc_neg(graph, oc_mul(graph, weighted, sum(g, dy, err), err), err);
        OC_TRY(oc__gave(graph, g->diff_in[0]));
    }
    if (!g->wanted[1])
        return OC_OK;
    g->diff_in[1] = oc_sub(graph, d, sum(g, weighted, err), err);
    return oc__gave(graph, g->diff_in[1]);
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, 20);
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.05, 0.1);
}

static int64_t size_of(const oc__problem *problem) {
    const oc_shape *shape = &problem->out[0].shape;
    return shape->rank == 0 ? 1 : shape->dims[((const oc_softmax_params *)problem->params)->axis];
}

static int64_t inner_of(const oc__problem *problem) {
    const oc_softmax_params *params = problem->params;
    const oc_shape *shape = &problem->out[0].shape;
    return shape->rank == 0 ? 1 : oc__dims_product(shape, (int)params->axis + 1, shape->rank);
}

/* Rows lie as (outer, size, inner): a work-item for each. fast: for several, of neighbours, by vectors. */
static oc_status record(const oc__recording *recording, bool fast, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_shape *shape = &problem->out[0].shape;
    oc__steps *steps = recording->steps;
    int64_t size = size_of(problem), inner = inner_of(problem);
    bool cpu = recording->caps->simt_width <= 1;
    if (oc__count(shape) == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__define_round(recording->caps, &defines);
    oc__step *step = oc__step_kernel(steps, fast ? "softmax_rows.cl" : "softmax.cl", defines.text, problem->op->name);
    for (int i = 0; i < problem->op_in; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    int64_t rows = oc__count(shape) / size, together = fast && cpu ? OC_MAX(CHUNK / size, 1) : 1;
    oc__step_i64(steps, step, rows);
    oc__step_i64(steps, step, size);
    oc__step_i64(steps, step, fast ? together : inner);
    if (cpu)
        oc__step_range_single(step, (uint64_t)((rows + together - 1) / together), 1, 1);
    else
        oc__step_range_items(step, recording->caps, (uint64_t)rows);
    return oc__record_end(recording, &defines, err);
}

static oc_status record_rows(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

static bool rows_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    if (inner_of(problem) != 1)
        return oc__refuse(why, "the axis is not the last one");
    if (caps->simt_width > 1 && size_of(problem) < 1024)
        return oc__refuse(why, "the rows are too short for vectors in lockstep");
    return oc__rounds_fit(caps, size_of(problem) / 5, why) && oc__without_posts(problem, why);
}

static double rows_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.2, 0.6);
}

static bool ref_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__rounds_fit(caps, 3 * size_of(problem) / OC_ROUND, why) && oc__without_posts(problem, why);
}

static const oc__solver rows = {.name = "softmax.rows", .applicable = rows_applicable, .estimate = rows_estimate,
                                .record = record_rows};
static const oc__solver ref = {.name = "softmax.ref", .applicable = ref_applicable, .estimate = estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&rows, &ref, NULL};

#define SOFTMAX(op_name, operands, grad) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = operands, .in_max = operands, .out_count = 1, \
                                     .params_size = sizeof(oc_softmax_params), .fields = fields, .infer = infer, \
                                     .gradient = grad, .cost = cost, .batch = OC_BATCH_NONE("its axis may be the batch"), \
                                     .host = oc__softmax_host, .solvers = solvers, .onnx = oc__softmax_onnx};
SOFTMAX(softmax, 1, gradient)
SOFTMAX(log_softmax, 1, gradient)
SOFTMAX(softmax_bwd, 2, gradient_bwd)
SOFTMAX(log_softmax_bwd, 2, gradient_log_bwd)

oc_value *oc_softmax(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_softmax, &(oc_softmax_params){axis}, &x, 1, err);
}

oc_value *oc_log_softmax(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_log_softmax, &(oc_softmax_params){axis}, &x, 1, err);
}
