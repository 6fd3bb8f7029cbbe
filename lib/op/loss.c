/* SPDX-License-Identifier: Apache-2.0 */
/* Losses. */
#include "op/loss.h"

#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>
#include <ocelli/op/softmax.h>

#define CHUNK 1024 /* logits a work-item takes, about */

static bool is_class_type(oc_dtype dtype) {
    return dtype == OC_I64 || dtype == OC_I32;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc__desc *logits = &inference->in[0], *labels = &inference->in[1];
    oc_shape samples = {.rank = 1, .dims = {logits->shape.dims[0]}};
    if (!oc__is_float(logits->dtype) || logits->shape.rank != 2)
        return oc__infer_fail(inference, err, "the logits must be (N, classes) of a floating-point type");
    if (is_class_type(labels->dtype) ? !oc_shape_equal(&labels->shape, &samples)
                                     : !oc__is_float(labels->dtype) || !oc_shape_equal(&labels->shape, &logits->shape))
        return oc__infer_fail(inference, err, "the labels must be (N) of i64 or i32, or (N, classes) of f32");
    bool backward = inference->in_count == 3;
    if (backward && (!oc__is_float(inference->in[2].dtype) || !oc_shape_equal(&inference->in[2].shape, &samples)))
        return oc__infer_fail(inference, err, "the last operand must be (N)");
    inference->out[0].dtype = logits->dtype;
    inference->out[0].shape = backward ? logits->shape : samples;
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *logits = g->node->in[0], *labels = g->node->in[1], *d = g->diff_out[0];
    if (g->wanted[0]) {
        g->diff_in[0] = oc__node3(graph, &oc__op_softmax_cross_entropy_bwd, NULL, logits, labels, d, err);
        OC_TRY(oc__gave(graph, g->diff_in[0]));
    }
    if (!g->wanted[1])
        return OC_OK;
    oc_value *loss = oc_neg(graph, oc_log_softmax(graph, logits, 1, err), err);
    g->diff_in[1] = oc_mul(graph, loss, oc_reshape(graph, d, &OC_SHAPE(d->shape.dims[0], 1), err), err);
    return oc__gave(graph, g->diff_in[1]);
}

/* d (weight softmax - label), the weight being the labels' sum: 1 of a class. */
static oc_status gradient_bwd(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *logits = g->node->in[0], *labels = g->node->in[1], *arrived = g->diff_out[0];
    oc_value *d = oc_reshape(graph, g->node->in[2], &OC_SHAPE(g->node->in[2]->shape.dims[0], 1), err);
    const oc_reduce_params classes = {.axes = {1}, .axis_count = 1}, kept = {.axes = {1}, .axis_count = 1, .keep_dims = true};
    if (g->wanted[2]) {
        oc_value *zero = oc_sub(graph, g->node->in[2], g->node->in[2], err);
        oc_value *slope = oc__node3(graph, &oc__op_softmax_cross_entropy_bwd, NULL, logits, labels, oc_exp(graph, zero, err), err);
        g->diff_in[2] = oc_reduce_sum(graph, oc_mul(graph, arrived, slope, err), &classes, err);
    }
    oc_value *share = oc_softmax(graph, logits, 1, err);
    oc_value *mean = oc_reduce_sum(graph, oc_mul(graph, share, arrived, err), &kept, err);
    oc_value *apart = oc_mul(graph, d, oc_sub(graph, arrived, mean, err), err);
    if (g->wanted[0]) {
        oc_value *weighted = is_class_type(labels->dtype) ? apart : oc_mul(graph, apart, oc_reduce_sum(graph, labels, &kept, err), err);
        g->diff_in[0] = oc_mul(graph, share, weighted, err);
    }
    g->diff_in[1] = g->wanted[1] ? oc_neg(graph, apart, err) : NULL;
    return graph->error.status;
}

static oc__cost cost(const oc__problem *problem) {
    oc__cost cost = oc__cost_of_flops(problem, 0);
    cost.flops = 20.0 * (double)oc__count(&problem->in[0].shape);
    return cost;
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.05, 0.1);
}

static oc_status record(const oc__recording *recording, bool fast, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    int64_t samples = problem->in[0].shape.dims[0], classes = problem->in[0].shape.dims[1];
    if (oc__count(&problem->out[0].shape) == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__define_round(recording->caps, &defines);
    oc__string_append(&defines, is_class_type(problem->in[1].dtype) ? "#define CLASSES\n" : "");
    const char *kernel = problem->op_in == 3 ? "cross_entropy_bwd" : "cross_entropy";
    oc__step *step = oc__step_kernel(steps, fast ? "loss_rows.cl" : "loss.cl", defines.text, kernel);
    for (int i = 0; i < problem->op_in; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, samples);
    oc__step_i64(steps, step, classes);
    int64_t together = fast && recording->caps->simt_width <= 1 ? OC_MAX(CHUNK / OC_MAX(classes, 1), 1) : 1;
    if (fast)
        oc__step_i64(steps, step, together);
    if (recording->caps->simt_width <= 1)
        oc__step_range_single(step, (uint64_t)((samples + together - 1) / together), 1, 1);
    else
        oc__step_range_items(step, recording->caps, (uint64_t)samples);
    return oc__record_end(recording, &defines, err);
}

static oc_status record_rows(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

static double rows_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.2, 0.6);
}

static bool rows_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    int64_t classes = problem->in[0].shape.dims[1];
    if (caps->simt_width > 1 && classes < 1024)
        return oc__refuse(why, "the rows are too short for vectors in lockstep");
    return oc__rounds_fit(caps, classes / 4, why) && oc__without_posts(problem, why);
}

static bool ref_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__rounds_fit(caps, 4 * problem->in[0].shape.dims[1] / OC_ROUND, why) && oc__without_posts(problem, why);
}

static const oc__solver rows = {.name = "cross_entropy.rows", .applicable = rows_applicable, .estimate = rows_estimate,
                                .record = record_rows};
static const oc__solver ref = {.name = "cross_entropy.ref", .applicable = ref_applicable, .estimate = estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&rows, &ref, NULL};

const oc__op oc__op_softmax_cross_entropy = {
    .name = "softmax_cross_entropy", .in_min = 2, .in_max = 2, .out_count = 1, .infer = infer, .gradient = gradient,
    .cost = cost, .batch = OC_BATCH_AXIS0, .host = oc__cross_entropy_host, .solvers = solvers,
    .onnx = oc__loss_onnx};
const oc__op oc__op_softmax_cross_entropy_bwd = {
    .name = "softmax_cross_entropy_bwd", .in_min = 3, .in_max = 3, .out_count = 1, .infer = infer, .gradient = gradient_bwd, .cost = cost,
    .batch = OC_BATCH_AXIS0, .host = oc__cross_entropy_bwd_host, .solvers = solvers};

oc_value *oc_softmax_cross_entropy(oc_graph *graph, oc_value *logits, oc_value *labels, oc_error *err) {
    return oc__node2(graph, &oc__op_softmax_cross_entropy, NULL, logits, labels, err);
}

oc_value *oc_mse(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err) {
    oc_value *difference = oc_sub(graph, a, b, err);
    return oc_reduce_mean(graph, oc_mul(graph, difference, difference, err), NULL, err);
}
