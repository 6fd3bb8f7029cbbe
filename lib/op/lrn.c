/* SPDX-License-Identifier: Apache-2.0 */
/* Local response normalization. */
#include "op/lrn.h"

#include <math.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/shape.h>

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I64, oc_lrn_params, size), OC_FIELD(OC_FIELD_F32, oc_lrn_params, alpha),
                                   OC_FIELD(OC_FIELD_F32, oc_lrn_params, beta), OC_FIELD(OC_FIELD_F32, oc_lrn_params, bias), {NULL}};

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc_lrn_params *params = inference->params;
    const oc__desc *in = inference->in;
    if (in[0].shape.rank < 2 || !oc__is_float(in[0].dtype))
        return oc__infer_fail(inference, err, "it takes (N, C, …) of a floating-point type");
    if (params->size < 1 || params->size > INT32_MAX)
        return oc__infer_fail(inference, err, "size is %lld; it must be at least 1", (long long)params->size);
    inference->out[0] = in[0];
    return OC_OK;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    (void)context, (void)err;
    const oc_lrn_params *params = problem->params;
    const oc_shape *shape = &problem->in[0].shape;
    int64_t channels = shape->dims[1], inner = oc__dims_product(shape, 2, shape->rank), count = oc__count(shape);
    int64_t before = (params->size - 1) / 2, behind = params->size / 2;
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i / inner % channels;
        double sum = 0;
        for (int64_t k = OC_MAX(c - before, 0); k <= OC_MIN(c + behind, channels - 1); k++)
            sum += in[0][i + (k - c) * inner] * in[0][i + (k - c) * inner];
        out[0][i] = in[0][i] / pow(params->bias + (double)params->alpha / (double)params->size * sum, params->beta);
    }
    return OC_OK;
}

/* The mean over neighbouring channels, size of them: as pooling of (N, 1, C, rest). */
static oc_value *window(oc__gradient *g, oc_value *x, int64_t before, int64_t behind, oc_error *err) {
    const oc_lrn_params *params = g->node->params;
    const oc_reshape_params flat = {.dims = {OC_RESHAPE_AXIS(0), 1, OC_RESHAPE_AXIS(1), -1}, .rank = 4};
    const oc_pool_params pool = {.kernel = {params->size, 1}, .pad_begin = {before, 0}, .pad_end = {behind, 0},
                                 .count_include_pad = true};
    oc_value *rows = oc__graph_node1(g->graph, &oc__op_reshape, &flat, &x, 1, err);
    return oc_reshape_like(g->graph, oc_avg_pool2d(g->graph, rows, &pool, err), x, err);
}

/* s = bias + alpha * mean(x^2): d * s^-beta - 2 * alpha * beta * x * mean'(d * x * s^(-beta - 1)), mean' looking the other way. */
static oc_status gradient(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    const oc_lrn_params *params = g->node->params;
    oc_value *x = g->node->in[0], *d = g->diff_out[0];
    int64_t before = (params->size - 1) / 2, behind = params->size / 2;
    oc_value *mean = window(g, oc_mul(graph, x, x, err), before, behind, err);
    oc_value *s = oc_add(graph, oc_mul(graph, mean, oc_graph_scalar(graph, x->dtype, params->alpha, err), err),
                         oc_graph_scalar(graph, x->dtype, params->bias, err), err);
    oc_value *power = oc_pow(graph, s, oc_graph_scalar(graph, x->dtype, -params->beta, err), err);
    oc_value *direct = oc_mul(graph, d, power, err);
    oc_value *others = window(g, oc_div(graph, oc_mul(graph, direct, x, err), s, err), behind, before, err);
    oc_value *factor = oc_graph_scalar(graph, x->dtype, 2.0 * params->alpha * params->beta, err);
    g->diff_in[0] = oc_sub(graph, direct, oc_mul(graph, oc_mul(graph, others, x, err), factor, err), err);
    return oc__gave(graph, g->diff_in[0]);
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, 2.0 * (double)((const oc_lrn_params *)problem->params)->size + 10);
}

#define LANES 16     /* pixels of a plane that a work-item of `rows` takes at once */
#define TOGETHER 512 /* pixels that it takes in all, at least */

static oc_status record(const oc__recording *recording, bool rows, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_lrn_params *params = problem->params;
    const oc_shape *shape = &problem->in[0].shape;
    oc__steps *steps = recording->steps;
    if (oc__count(shape) == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, rows && params->beta == 0.75f ? "#define THREE_QUARTERS\n" : "");
    oc__step *step = oc__step_kernel(steps, rows ? "lrn_rows.cl" : "lrn.cl", defines.text, rows ? "lrn_rows" : "lrn");
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    const int64_t numbers[] = {oc__count(shape), shape->dims[1], oc__dims_product(shape, 2, shape->rank), (params->size - 1) / 2,
                               params->size / 2};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(steps, step, numbers[i]);
    oc__step_f32(steps, step, (float)((double)params->alpha / (double)params->size));
    oc__step_f32(steps, step, params->beta);
    oc__step_f32(steps, step, params->bias);
    if (rows)
        oc__step_range_single(step, (uint64_t)OC_MAX(numbers[2] / TOGETHER, 1), (uint64_t)shape->dims[0], 1);
    else
        oc__step_range_items(step, recording->caps, (uint64_t)oc__count(shape));
    return oc__record_end(recording, &defines, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

static oc_status record_rows(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

static bool rows_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    const oc_shape *shape = &problem->in[0].shape;
    if (oc__dims_product(shape, 2, shape->rank) < LANES)
        return oc__refuse(why, "it takes %d pixels of a plane at once", LANES);
    return oc__for_cpu(problem, caps, why);
}

static double rows_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.1, 0.3);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    const oc_lrn_params *params = problem->params;
    return oc__rounds_fit(caps, OC_MIN(params->size, problem->in[0].shape.dims[1]), why) && oc__without_posts(problem, why);
}

static const oc__solver by_rows = {.name = "lrn.rows", .flags = OC_SOLVER_LONE, .applicable = rows_applicable, .estimate = rows_estimate, .record = record_rows};
static const oc__solver ref = {.name = "lrn.ref", .applicable = applicable, .estimate = oc__ref_estimate, .record = record_ref};
static const oc__solver *const solvers[] = {&by_rows, &ref, NULL};

const oc__op oc__op_lrn = {.name = "lrn", .in_min = 1, .in_max = 1, .out_count = 1, .params_size = sizeof(oc_lrn_params),
                           .fields = fields, .infer = infer, .gradient = gradient, .cost = cost, .batch = OC_BATCH_AXIS0,
                           .host = host, .solvers = solvers, .onnx = oc__lrn_onnx};

oc_value *oc_lrn(oc_graph *graph, oc_value *x, const oc_lrn_params *params, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_lrn, params, &x, 1, err);
}

oc_value *oc_lrn_within(oc_graph *graph, oc_value *x, const oc_lrn_params *params, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    if (!params || params->size < 1 || params->size > INT32_MAX)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "lrn within channels: size is %lld; it must be at least 1",
                              params ? (long long)params->size : 0);
    int64_t before = (params->size - 1) / 2, behind = params->size / 2;
    const oc_pool_params window = {.kernel = {params->size, params->size}, .pad_begin = {before, before}, .pad_end = {behind, behind},
                                   .count_include_pad = true};
    oc_value *mean = oc_avg_pool2d(graph, oc_mul(graph, x, x, err), &window, err);
    oc_value *sum = oc_mul(graph, mean, oc_graph_scalar(graph, x->dtype, params->alpha, err), err);
    sum = oc_add(graph, sum, oc_graph_scalar(graph, x->dtype, params->bias, err), err);
    return oc_mul(graph, x, oc_pow(graph, sum, oc_graph_scalar(graph, x->dtype, -params->beta, err), err), err);
}
