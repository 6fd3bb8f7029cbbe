/* SPDX-License-Identifier: Apache-2.0 */
/* "where" (condition, x, y): elements of x where the condition is true, of y elsewhere; all three are broadcast. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>

#include "op/eltwise/eltwise.h"

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc__desc *in = inference->in;
    if (in[0].dtype != OC_BOOL)
        return oc__infer_fail(inference, err, "the condition is not bool");
    if (in[1].dtype != in[2].dtype)
        return oc__infer_fail(inference, err, "both choices must have one type");
    inference->out[0].dtype = in[1].dtype;
    OC_TRY(oc__infer_broadcast(inference, &in[0].shape, &in[1].shape, &inference->out[0].shape, err));
    return oc__infer_broadcast(inference, &inference->out[0].shape, &in[2].shape, &inference->out[0].shape, err);
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    const oc_shape *shape = &problem->out[0].shape;
    int64_t strides[3][OC_MAX_RANK], count = oc__count(shape);
    for (int i = 0; i < 3; i++)
        oc__broadcast_strides(&problem->in[i].shape, shape, strides[i]);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, at[3] = {0};
        for (int k = shape->rank - 1; k >= 0; k--) {
            for (int n = 0; n < 3; n++)
                at[n] += rest % shape->dims[k] * strides[n][k];
            rest /= shape->dims[k];
        }
        out[0][i] = in[0][at[0]] != 0 ? in[1][at[1]] : in[2][at[2]];
    }
    (void)context, (void)err;
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    for (int i = 1; i < 3; i++) {
        if (!g->wanted[i])
            continue;
        oc_value *zero = oc_graph_scalar(graph, g->diff_out[0]->dtype, 0, err), *kept[2] = {zero, zero};
        kept[i - 1] = g->diff_out[0];
        OC_TRY(oc__eltwise_give(g, i, oc_where(graph, g->node->in[0], kept[0], kept[1], err), err));
    }
    return OC_OK;
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_shape *shape = &problem->out[0].shape;
    oc__steps *steps = recording->steps;
    int64_t count = oc__count(shape), strides[OC_MAX_RANK];
    if (count == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__string_printf(&defines, "#define ELEMENT %s\n", oc__element_type(problem->out[0].dtype));
    oc__step *step = oc__step_kernel(steps, "where.cl", defines.text, "where_ref");
    for (int i = 0; i < 3; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, count);
    oc__step_sizes(steps, step, shape);
    for (int i = 0; i < 3; i++) {
        oc__broadcast_strides(&problem->in[i].shape, shape, strides);
        oc__step_strides(steps, step, strides, shape->rank);
    }
    oc__step_range_items(step, recording->caps, (uint64_t)count);
    return oc__record_end(recording, &defines, err);
}

/* Along the last axis all go on by an element or stay where they are. */
static oc_status record_rows(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc_shape shape = problem->out[0].shape;
    oc__steps *steps = recording->steps;
    int64_t strides[3][OC_MAX_RANK], steps_of[3];
    if (oc__count(&shape) == 0)
        return OC_OK;
    for (int i = 0; i < 3; i++)
        oc__broadcast_strides(&problem->in[i].shape, &shape, strides[i]);
    oc__join_axes(&shape, strides, 3);
    int64_t run = shape.dims[--shape.rank];
    for (int i = 0; i < 3; i++)
        steps_of[i] = strides[i][shape.rank];
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__string_printf(&defines, "#define ELEMENT %s\n#define RANK %d\n#define C_STEP %d\n#define X_STEP %d\n#define Y_STEP %d\n",
                      oc__element_type(problem->out[0].dtype), shape.rank <= 2 ? 2 : shape.rank <= 4 ? 4 : 8, (int)steps_of[0],
                      (int)steps_of[1], (int)steps_of[2]);
    oc__step *step = oc__step_kernel(steps, "where.cl", defines.text, "where_rows");
    for (int i = 0; i < 3; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_rows(steps, step, oc__count(&shape), run);
    oc__step_sizes(steps, step, &shape);
    for (int i = 0; i < 3; i++)
        oc__step_strides(steps, step, strides[i], shape.rank);
    return oc__record_end(recording, &defines, err);
}

static double rows_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 1, 0.5);
}

static const oc__solver rows = {.name = "where.rows", .flags = OC_SOLVER_LONE, .applicable = oc__for_cpu, .estimate = rows_estimate, .record = record_rows};
static const oc__solver ref = {.name = "where.ref", .applicable = oc__move_ref_applicable, .estimate = oc__ref_estimate,
                               .record = record};
static const oc__solver *const solvers[] = {&rows, &ref, NULL};

const oc__op oc__op_where = {.name = "where", .in_min = 3, .in_max = 3, .out_count = 1, .flags = OC_OP_EXACT, .infer = infer,
                             .gradient = gradient, .batch = OC_BATCH_NONE("its operands may be repeated along the batch"),
                             .host = host, .solvers = solvers, .onnx = oc__eltwise_onnx};

oc_value *oc_where(oc_graph *graph, oc_value *condition, oc_value *x, oc_value *y, oc_error *err) {
    return oc__node3(graph, &oc__op_where, NULL, condition, x, y, err);
}
