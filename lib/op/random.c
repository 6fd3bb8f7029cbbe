/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout, and "counter_next": (seed, run) to (seed, run + 1). */
#include "op/random.h"

#define COUNTER "random.counter"

static const oc__field fields[] = {OC_FIELD(OC_FIELD_F32, oc_dropout_params, ratio),
                                   OC_FIELD(OC_FIELD_I64, oc_dropout_params, stream), {NULL}};

uint64_t oc__random_stream(int64_t stream, int64_t run) {
    return (uint64_t)stream * 0x9e3779b97f4a7c15u + (uint64_t)run;
}

bool oc__is_counter(const oc__desc *desc) {
    return desc->dtype == OC_I64 && desc->shape.rank == 1 && desc->shape.dims[0] == 2;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc_dropout_params *params = inference->params;
    if (!oc__is_float(inference->in[0].dtype) || !oc__is_counter(&inference->in[1]))
        return oc__infer_fail(inference, err, "it takes a floating-point value and a counter, (2) of i64");
    if (!(params->ratio >= 0 && params->ratio < 1))
        return oc__infer_fail(inference, err, "the ratio must be at least 0 and less than 1");
    inference->out[0] = inference->in[0];
    return OC_OK;
}

static oc_status infer_next(oc__inference *inference, oc_error *err) {
    if (!oc__is_counter(&inference->in[0]))
        return oc__infer_fail(inference, err, "it takes a counter, (2) of i64");
    inference->out[0] = inference->in[0];
    return OC_OK;
}

/* The same elements are dropped from what comes back. */
static oc_status gradient(oc__gradient *g, oc_error *err) {
    if (!g->wanted[0])
        return OC_OK;
    g->diff_in[0] = oc_dropout(g->graph, g->diff_out[0], g->node->in[1], g->node->params, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    (void)context, (void)err;
    const oc_dropout_params *params = problem->params;
    int64_t count = oc__count(&problem->out[0].shape);
    uint64_t seed = (uint64_t)(int64_t)in[1][0], stream = oc__random_stream(params->stream, (int64_t)in[1][1]);
    for (int64_t i = 0; i < count; i++) {
        bool kept = oc__random_uniform(seed, stream, (uint64_t)i) >= params->ratio;
        out[0][i] = kept ? in[0][i] * (double)(1.0f / (1.0f - params->ratio)) : 0;
    }
    return OC_OK;
}

static oc_status host_next(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                           oc_error *err) {
    (void)context, (void)err, (void)problem;
    out[0][0] = in[0][0];
    out[0][1] = in[0][1] + 1;
    return OC_OK;
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, 60);
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.02, 0.02);
}

static double vectors_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.2, 0.3);
}

static oc_status record(const oc__recording *recording, bool fast, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_dropout_params *params = problem->params;
    oc__steps *steps = recording->steps;
    int64_t count = oc__count(&problem->out[0].shape);
    bool cpu = recording->caps->simt_width <= 1;
    int64_t chunk = cpu ? 2048 : 1, items = (count + chunk - 1) / chunk;
    if (count == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__step *step = oc__step_kernel(steps, fast ? "dropout_vectors.cl" : "dropout.cl", defines.text,
                                     fast ? "dropout_vectors" : "dropout_ref");
    for (int i = 0; i < 2; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, count);
    oc__step_i64(steps, step, chunk);
    oc__step_i64(steps, step, params->stream);
    oc__step_f32(steps, step, params->ratio);
    oc__step_f32(steps, step, 1.0f / (1.0f - params->ratio));
    if (cpu)
        oc__step_range_single(step, (uint64_t)items, 1, 1);
    else
        oc__step_range_items(step, recording->caps, (uint64_t)items);
    return oc__record_end(recording, &defines, err);
}

static oc_status record_vectors(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

static oc_status record_next(const oc__recording *recording, oc_error *err) {
    oc__steps *steps = recording->steps;
    oc__step *step = oc__step_kernel(steps, "counter.cl", "", "counter_next");
    oc__step_place(steps, step, recording->in[0].place, sizeof(int64_t));
    oc__step_place(steps, step, recording->out[0].place, sizeof(int64_t));
    oc__step_range_single(step, 1, 1, 1);
    return oc__steps_check(steps, err);
}

static const oc__solver vectors = {.name = "dropout.vectors", .flags = OC_SOLVER_LONE, .applicable = oc__for_cpu, .estimate = vectors_estimate,
                                   .record = record_vectors};
static const oc__solver ref = {.name = "dropout.ref", .applicable = oc__ref_applicable, .estimate = estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&vectors, &ref, NULL};
static const oc__solver next_ref = {.name = "counter_next.ref", .applicable = oc__ref_applicable, .estimate = oc__ref_estimate,
                                    .record = record_next};
static const oc__solver *const next_solvers[] = {&next_ref, NULL};

const oc__op oc__op_dropout = {
    .name = "dropout", .in_min = 2, .in_max = 2, .out_count = 1, .flags = OC_OP_RANDOM,
    .params_size = sizeof(oc_dropout_params), .fields = fields, .infer = infer, .gradient = gradient, .cost = cost,
    .batch = OC_BATCH_NONE("numbers are drawn by the element's place in the whole batch"), .host = host, .solvers = solvers,
    .onnx = oc__random_onnx};
const oc__op oc__op_counter_next = {
    .name = "counter_next", .in_min = 1, .in_max = 1, .out_count = 1, .flags = OC_OP_EXACT, .infer = infer_next,
    .batch = OC_BATCH_NONE("there is no batch"), .host = host_next, .solvers = next_solvers};

oc_value *oc_dropout(oc_graph *graph, oc_value *x, oc_value *counter, const oc_dropout_params *params, oc_error *err) {
    return oc__node2(graph, &oc__op_dropout, params, x, counter, err);
}

oc_value *oc_graph_random_counter(oc_graph *graph, oc_error *err) {
    oc_value *counter = oc_graph_find(graph, COUNTER);
    if (counter)
        return counter;
    counter = oc_graph_state(graph, COUNTER, OC_I64, &OC_SHAPE(2), &oc_init_params(.frozen = true), err);
    oc_value *next = oc__graph_node1(graph, &oc__op_counter_next, NULL, &counter, 1, err);
    return oc_graph_update(graph, counter, next, err) == OC_OK ? counter : NULL;
}
