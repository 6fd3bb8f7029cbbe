/* SPDX-License-Identifier: Apache-2.0 */
/* "random_uniform" and "random_normal" (counter, like): numbers in a shape. */
#include "op/random.h"

static const oc__field fields[] = {OC_FIELD(OC_FIELD_F32, oc_random_params, from), OC_FIELD(OC_FIELD_F32, oc_random_params, to),
                                   OC_FIELD(OC_FIELD_I64, oc_random_params, stream), {NULL}};

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc__desc *in = inference->in;
    if (!oc__is_counter(&in[0]) || !oc__is_real(in[1].dtype))
        return oc__infer_fail(inference, err, "it takes a counter, (2) of i64, and a floating-point value");
    inference->out[0] = in[1];
    return OC_OK;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    const oc_random_params *params = problem->params;
    bool normal = problem->op == &oc__op_random_normal;
    int64_t count = oc__count(&problem->out[0].shape);
    uint64_t seed = (uint64_t)(int64_t)in[0][0], stream = oc__random_stream(params->stream, (int64_t)in[0][1]);
    for (int64_t i = 0; i < count; i++) {
        double x = normal ? oc__random_normal(seed, stream, (uint64_t)i) : oc__random_uniform(seed, stream, (uint64_t)i);
        out[0][i] = normal ? params->from + (double)params->to * x : params->from + ((double)params->to - params->from) * x;
    }
    (void)context, (void)err;
    return OC_OK;
}

/* They depend on nothing. */
static oc_status gradient(oc__gradient *g, oc_error *err) {
    (void)g, (void)err;
    return OC_OK;
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, 100);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_random_params *params = problem->params;
    bool normal = problem->op == &oc__op_random_normal;
    int64_t count = oc__count(&problem->out[0].shape);
    oc__steps *steps = recording->steps;
    if (count == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__step *step = oc__step_kernel(steps, "random.cl", defines.text, normal ? "random_normal" : "random_uniform");
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, count);
    oc__step_i64(steps, step, params->stream);
    oc__step_f32(steps, step, params->from);
    oc__step_f32(steps, step, normal ? params->to : params->to - params->from);
    oc__step_range_items(step, recording->caps, (uint64_t)count);
    return oc__record_end(recording, &defines, err);
}

#define DRAW(op_name) \
    static const oc__solver op_name##_ref = {.name = #op_name ".ref", .applicable = oc__ref_applicable, \
                                             .estimate = oc__ref_estimate, .record = record}; \
    static const oc__solver *const op_name##_solvers[] = {&op_name##_ref, NULL}; \
    const oc__op oc__op_##op_name = { \
        .name = #op_name, .in_min = 2, .in_max = 2, .out_count = 1, .flags = OC_OP_RANDOM | OC_OP_SHAPE_ONLY, .like_operand = 1, \
        .params_size = sizeof(oc_random_params), .fields = fields, .infer = infer, .gradient = gradient, .cost = cost, \
        .batch = OC_BATCH_NONE("numbers are drawn by the element's place in the whole batch"), .host = host, \
        .solvers = op_name##_solvers, .onnx = oc__random_draw_onnx};
DRAW(random_uniform)
DRAW(random_normal)

oc_value *oc_random_uniform(oc_graph *graph, oc_value *like, oc_value *counter, const oc_random_params *params, oc_error *err) {
    const oc_random_params own = params ? *params : (oc_random_params){.to = 1};
    return oc__node2(graph, &oc__op_random_uniform, &own, counter, like, err);
}

oc_value *oc_random_normal(oc_graph *graph, oc_value *like, oc_value *counter, const oc_random_params *params, oc_error *err) {
    const oc_random_params own = params ? *params : (oc_random_params){.to = 1};
    return oc__node2(graph, &oc__op_random_normal, &own, counter, like, err);
}
