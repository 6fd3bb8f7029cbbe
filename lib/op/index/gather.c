/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering: shape rules, gradients, and the kernel's recording. */
#include <string.h>

#include <ocelli/op/index.h>

#include "op/index/index.h"

static oc_status check(const oc__inference *inference, oc_error *err) {
    if (!oc__is_index(inference->in[1].dtype))
        return oc__infer_fail(inference, err, "the indices are not i32 or i64");
    return OC_OK;
}

static oc_status infer_gather(oc__inference *inference, oc_error *err) {
    oc_index_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape, *idx = &inference->in[1].shape;
    oc_shape *out = &inference->out[0].shape;
    OC_TRY(check(inference, err));
    OC_TRY(oc__infer_axis(inference, &params->axis, x->rank, err));
    if (x->rank + idx->rank - 1 > OC_MAX_RANK)
        return oc__infer_fail(inference, err, "the result would have %d axes", x->rank + idx->rank - 1);
    int axis = (int)params->axis;
    for (int i = 0; i < axis; i++)
        out->dims[out->rank++] = x->dims[i];
    for (int i = 0; i < idx->rank; i++)
        out->dims[out->rank++] = idx->dims[i];
    for (int i = axis + 1; i < x->rank; i++)
        out->dims[out->rank++] = x->dims[i];
    inference->out[0].dtype = inference->in[0].dtype;
    return OC_OK;
}

static oc_status infer_elements(oc__inference *inference, oc_error *err) {
    OC_TRY(check(inference, err));
    OC_TRY(oc__index_check_elements(inference, err));
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = inference->in[1].shape;
    return OC_OK;
}

static oc_status infer_nd(oc__inference *inference, oc_error *err) {
    const oc_index_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape, *idx = &inference->in[1].shape;
    oc_shape *out = &inference->out[0].shape;
    int64_t batch = params->batch_dims, tuple = idx->rank ? idx->dims[idx->rank - 1] : -1;
    OC_TRY(check(inference, err));
    if (idx->rank < 1 || tuple < 0 || batch < 0 || batch >= idx->rank || batch + tuple > x->rank ||
        idx->rank - 1 + x->rank - batch - tuple > OC_MAX_RANK)
        return oc__infer_fail(inference, err, "tuples of %lld indices behind %lld axes do not fit", (long long)tuple, (long long)batch);
    for (int i = 0; i < batch; i++)
        if (x->dims[i] != idx->dims[i])
            return oc__infer_fail(inference, err, "axis %d differs", i);
    for (int i = 0; i < idx->rank - 1; i++)
        out->dims[out->rank++] = idx->dims[i];
    for (int i = (int)(batch + tuple); i < x->rank; i++)
        out->dims[out->rank++] = x->dims[i];
    inference->out[0].dtype = inference->in[0].dtype;
    return OC_OK;
}

static oc_status infer_bwd(oc__inference *inference, oc_error *err) {
    if (inference->in[0].dtype == OC_BOOL)
        return oc__infer_fail(inference, err, "it is not defined for bool");
    OC_TRY(check(inference, err));
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = inference->in[2].shape;
    return OC_OK;
}

static void step_index(const oc_shape *shape, int64_t *at) {
    for (int k = shape->rank - 1; k >= 0; k--) {
        if (++at[k] < shape->dims[k])
            return;
        at[k] = 0;
    }
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    oc__index_form form;
    int64_t at[OC_MAX_RANK] = {0}, count = oc__count(&problem->out[0].shape);
    oc__index_form_of(problem, &form);
    bool empty = oc__count(&problem->in[0].shape) == 0;
    for (int64_t i = 0; i < count; i++, step_index(&form.taken, at))
        out[0][i] = empty ? 0 : in[0][oc__index_place(&form, at, in[1])];
    (void)context, (void)err;
    return OC_OK;
}

static oc_status host_bwd(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err) {
    oc__index_form form;
    int64_t at[OC_MAX_RANK] = {0}, count = oc__count(&problem->in[0].shape), results = oc__count(&problem->out[0].shape);
    oc__index_form_of(problem, &form);
    for (int64_t i = 0; i < results; i++)
        out[0][i] = 0;
    for (int64_t i = 0; results > 0 && i < count; i++, step_index(&form.taken, at))
        out[0][oc__index_place(&form, at, in[1])] += in[0][i];
    for (int64_t i = 0; i < results; i++)
        out[0][i] = oc__as_type(problem->out[0].dtype, out[0][i]);
    (void)context, (void)err;
    return OC_OK;
}

static const oc__op *backward_of(const oc__op *op) {
    return op == &oc__op_gather ? &oc__op_gather_bwd : op == &oc__op_gather_nd ? &oc__op_gather_nd_bwd : &oc__op_gather_elements_bwd;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    if (!g->wanted[0])
        return OC_OK;
    g->diff_in[0] = oc__node3(g->graph, backward_of(g->node->op), g->node->params, g->diff_out[0], g->node->in[1], g->node->in[0], err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status gradient_bwd(oc__gradient *g, oc_error *err) {
    const oc__op *op = g->node->op == &oc__op_gather_bwd      ? &oc__op_gather
                       : g->node->op == &oc__op_gather_nd_bwd ? &oc__op_gather_nd
                                                              : &oc__op_gather_elements;
    if (!g->wanted[0])
        return OC_OK;
    g->diff_in[0] = oc__node2(g->graph, op, g->node->params, g->diff_out[0], g->node->in[1], err);
    return oc__gave(g->graph, g->diff_in[0]);
}

/* By elements, or for CPUs by rows: along the last axis it is another index each, or one for all. */
static oc_status record(const oc__recording *recording, bool rows, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    int64_t count = oc__count(&problem->out[0].shape), strides[2][OC_MAX_RANK], run = 1;
    oc__index_form form;
    if (count == 0)
        return OC_OK;
    if (oc__count(&problem->in[0].shape) == 0) {
        oc__step_fill(steps, recording->out[0].place, oc__desc_bytes(&problem->out[0]), "", 1);
        return oc__steps_check(steps, err);
    }
    oc__index_form_of(problem, &form);
    memcpy(strides[0], form.indexed, sizeof(strides[0]));
    memcpy(strides[1], form.indices, sizeof(strides[1]));
    oc_shape shape = form.taken;
    if (rows) {
        oc__join_axes(&shape, strides, 2);
        run = shape.dims[--shape.rank];
    }
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__string_printf(&defines, "#define ELEMENT %s\n#define A1 %s\n", oc__element_type(problem->out[0].dtype),
                      oc_dtype_name(problem->in[1].dtype));
    if (rows)
        oc__string_printf(&defines, "#define ROWS\n#define RANK %d\n#define %s\n", shape.rank <= 2 ? 2 : shape.rank <= 4 ? 4 : 8,
                          form.components == 1 ? "SINGLE" : "TUPLES");
    oc__step *step = oc__step_kernel(steps, "gather.cl", defines.text, rows ? "gather_rows" : "gather_ref");
    for (int i = 0; i < 2; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    if (rows)
        oc__step_rows(steps, step, count / run, run);
    else
        oc__step_i64(steps, step, count);
    oc__step_sizes(steps, step, &shape);
    for (int i = 0; i < 2; i++)
        oc__step_strides(steps, step, strides[i], shape.rank);
    for (int i = 0; rows && i < 2; i++)
        oc__step_i64(steps, step, strides[i][shape.rank]);
    OC_TRY(oc__index_add_form(recording, step, &form, err));
    if (!rows)
        oc__step_range_items(step, recording->caps, (uint64_t)count);
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
    return oc__estimate_roofline(problem, caps, 1, 0.3);
}

static const oc__solver by_rows = {.name = "gather.rows", .flags = OC_SOLVER_LONE, .applicable = oc__for_cpu, .estimate = rows_estimate, .record = record_rows};
static const oc__solver ref = {.name = "gather.ref", .applicable = oc__move_ref_applicable, .estimate = oc__ref_estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&by_rows, &ref, NULL};
extern const oc__solver oc__scatter_ref;
static const oc__solver *const bwd_solvers[] = {&oc__scatter_ref, NULL};

#define GATHER(op_name, rule) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = 2, .in_max = 2, .out_count = 1, .flags = OC_OP_EXACT, \
                                     .params_size = sizeof(oc_index_params), .fields = oc__index_fields, .infer = rule, \
                                     .gradient = gradient, .batch = OC_BATCH_NONE("indices may stand for any place"), .host = host, \
                                     .solvers = solvers, .onnx = oc__index_onnx}; \
    const oc__op oc__op_##op_name##_bwd = {.name = #op_name "_bwd", .in_min = 3, .in_max = 3, .out_count = 1, \
                                           .flags = OC_OP_EXACT | OC_OP_SHAPE_ONLY, .like_operand = 2, \
                                           .params_size = sizeof(oc_index_params), .fields = oc__index_fields, .infer = infer_bwd, \
                                           .gradient = gradient_bwd, .batch = OC_BATCH_NONE("indices may stand for any place"), \
                                           .host = host_bwd, .solvers = bwd_solvers};
GATHER(gather, infer_gather)
GATHER(gather_elements, infer_elements)
GATHER(gather_nd, infer_nd)

oc_value *oc_gather(oc_graph *graph, oc_value *x, oc_value *indices, int64_t axis, oc_error *err) {
    return oc__node2(graph, &oc__op_gather, &(oc_index_params){.axis = axis}, x, indices, err);
}

oc_value *oc_gather_elements(oc_graph *graph, oc_value *x, oc_value *indices, int64_t axis, oc_error *err) {
    return oc__node2(graph, &oc__op_gather_elements, &(oc_index_params){.axis = axis}, x, indices, err);
}

oc_value *oc_gather_nd(oc_graph *graph, oc_value *x, oc_value *indices, int64_t batch_dims, oc_error *err) {
    return oc__node2(graph, &oc__op_gather_nd, &(oc_index_params){.batch_dims = batch_dims}, x, indices, err);
}
