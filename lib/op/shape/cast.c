/* SPDX-License-Identifier: Apache-2.0 */
/* Other element types. */
#include "op/shape/shape.h"

#define CHUNK 4096

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I32, oc_cast_params, to), {NULL}};

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc_cast_params *params = inference->params;
    if (!oc_dtype_size(params->to))
        return oc__infer_fail(inference, err, "%d is no element type", (int)params->to);
    inference->out[0] = inference->in[0];
    inference->out[0].dtype = params->to;
    return OC_OK;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    (void)context, (void)err;
    oc_dtype to = problem->out[0].dtype;
    int64_t count = oc__count(&problem->out[0].shape);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = oc__as_type(to, in[0][i]);
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    g->diff_in[0] = oc_cast(g->graph, g->diff_out[0], g->node->in[0]->dtype, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

/* Memory from end to end, in any layout: zeros stay zeros. */
static void layouts(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    in[0] = out[0] = problem->in[0].layout;
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 1, 0.5);
}

static oc_status record(const oc__recording *recording, bool fast, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    int64_t count = oc__layout_count(&problem->out[0].layout, &problem->out[0].shape);
    if (count == 0)
        return OC_OK;
    bool cpu = recording->caps->simt_width <= 1;
    int64_t chunk = cpu ? CHUNK : 1, items = (count + chunk - 1) / chunk;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, fast ? "#define VECTORS\n" : "");
    oc__step *step = oc__step_kernel(steps, "cast.cl", defines.text, fast ? "cast_vectors" : "cast_ref");
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, count);
    oc__step_i64(steps, step, chunk);
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

static bool vectors_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    if (!oc__is_float(problem->in[0].dtype) || !oc__is_float(problem->out[0].dtype))
        return oc__refuse(why, "it is for floating-point values");
    return oc__for_cpu(problem, caps, why);
}

static double vectors_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 1, 0.8);
}

static const oc__solver vectors = {.name = "cast.vectors", .flags = OC_SOLVER_LONE, .applicable = vectors_applicable, .layouts = layouts,
                                   .estimate = vectors_estimate, .record = record_vectors};
static const oc__solver ref = {.name = "cast.ref", .applicable = oc__ref_applicable, .layouts = layouts, .estimate = estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&vectors, &ref, NULL};

const oc__op oc__op_cast = {
    .name = "cast", .in_min = 1, .in_max = 1, .out_count = 1, .flags = OC_OP_ELTWISE | OC_OP_EXACT,
    .params_size = sizeof(oc_cast_params), .fields = fields, .infer = infer, .gradient = gradient, .batch = OC_BATCH_AXIS0,
    .host = host, .solvers = solvers, .keeps_zero = true, .onnx = oc__shape_onnx};

oc_value *oc_cast(oc_graph *graph, oc_value *x, oc_dtype to, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_cast, &(oc_cast_params){to}, &x, 1, err);
}
