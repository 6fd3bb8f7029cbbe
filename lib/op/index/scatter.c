/* SPDX-License-Identifier: Apache-2.0 */
/* Scattering. A work-item takes the updates that may meet each other, one after another: the result is the same each time. */
#include <ocelli/op/index.h>

#include "op/index/index.h"

static oc_status check(const oc__inference *inference, const oc_shape *wanted, oc_error *err) {
    const oc_index_params *params = inference->params;
    const oc__desc *in = inference->in;
    if (!oc__is_index(in[1].dtype))
        return oc__infer_fail(inference, err, "the indices are not i32 or i64");
    if (in[0].dtype != in[2].dtype)
        return oc__infer_fail(inference, err, "the updates are of another type");
    if (params->kind < OC_SCATTER_SET || params->kind > OC_SCATTER_MIN || (params->kind != OC_SCATTER_SET && in[0].dtype == OC_BOOL))
        return oc__infer_fail(inference, err, "kind %d is none for %s", (int)params->kind, oc_dtype_name(in[0].dtype));
    if (!oc_shape_equal(wanted, &in[2].shape))
        return oc__infer_fail(inference, err, "the updates have not the shape that the indices ask for");
    inference->out[0].dtype = in[0].dtype;
    inference->out[0].shape = in[0].shape;
    return OC_OK;
}

static oc_status infer_elements(oc__inference *inference, oc_error *err) {
    OC_TRY(oc__index_check_elements(inference, err));
    return check(inference, &inference->in[1].shape, err);
}

static oc_status infer_nd(oc__inference *inference, oc_error *err) {
    const oc_shape *x = &inference->in[0].shape, *idx = &inference->in[1].shape;
    int64_t tuple = idx->rank ? idx->dims[idx->rank - 1] : -1;
    oc_shape wanted = {0};
    if (tuple < 0 || tuple > x->rank || idx->rank - 1 + x->rank - tuple > OC_MAX_RANK)
        return oc__infer_fail(inference, err, "tuples of %lld indices do not fit", (long long)tuple);
    for (int i = 0; i < idx->rank - 1; i++)
        wanted.dims[wanted.rank++] = idx->dims[i];
    for (int i = (int)tuple; i < x->rank; i++)
        wanted.dims[wanted.rank++] = x->dims[i];
    return check(inference, &wanted, err);
}

static double join(oc_scatter_kind kind, double old, double update) {
    switch (kind) {
    case OC_SCATTER_ADD: return old + update;
    case OC_SCATTER_MUL: return old * update;
    case OC_SCATTER_MAX: return old >= update || old != old ? old : update;
    case OC_SCATTER_MIN: return old <= update || old != old ? old : update;
    default: return update;
    }
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    const oc_index_params *params = problem->params;
    oc__index_form form;
    int64_t at[OC_MAX_RANK] = {0}, count = oc__count(&problem->in[2].shape), results = oc__count(&problem->out[0].shape);
    oc__index_form_of(problem, &form);
    for (int64_t i = 0; i < results; i++)
        out[0][i] = in[0][i];
    for (int64_t i = 0; results > 0 && i < count; i++) {
        double *to = &out[0][oc__index_place(&form, at, in[1])];
        *to = oc__as_type(problem->out[0].dtype, join(params->kind, *to, in[2][i]));
        for (int k = form.taken.rank - 1; k >= 0 && ++at[k] >= form.taken.dims[k]; k--)
            at[k] = 0;
    }
    (void)context, (void)err;
    return OC_OK;
}

/* What an update replaces has no influence. */
static oc_status gradient(oc__gradient *g, oc_error *err) {
    const oc_index_params *params = g->node->params;
    bool nd = g->node->op == &oc__op_scatter_nd;
    oc_value *diff = g->diff_out[0], *idx = g->node->in[1];
    if (params->kind > OC_SCATTER_ADD)
        return oc__fail(g->graph->context, err, OC_ERROR_UNSUPPORTED, "%s has no gradient for products, maxima and minima",
                        g->node->op->name);
    if (g->wanted[2])
        g->diff_in[2] = oc__node2(g->graph, nd ? &oc__op_gather_nd : &oc__op_gather_elements, params, diff, idx, err);
    if (g->wanted[2])
        OC_TRY(oc__gave(g->graph, g->diff_in[2]));
    if (!g->wanted[0])
        return OC_OK;
    g->diff_in[0] = diff;
    if (params->kind == OC_SCATTER_SET) {
        oc_value *updates = g->node->in[2], *none = oc__node2(g->graph, &oc__op_mul, NULL, updates, oc_graph_scalar(g->graph, updates->dtype, 0, err), err);
        g->diff_in[0] = oc__node3(g->graph, g->node->op, params, diff, idx, none, err);
    }
    return oc__gave(g->graph, g->diff_in[0]);
}

/* Axes of the updates as two boxes: those of one work-item each, and those that it walks. */
static void add_axes(const oc__recording *recording, oc__step *step, const oc__index_form *form, bool walked) {
    oc_shape sizes = {.rank = form->taken.rank};
    int64_t own[OC_MAX_RANK];
    oc__row_strides(&form->taken, own);
    for (int i = 0; i < sizes.rank; i++)
        sizes.dims[i] = form->sequence[i] == walked ? form->taken.dims[i] : 1;
    oc__step_sizes(recording->steps, step, &sizes);
    oc__step_strides(recording->steps, step, own, sizes.rank);
    oc__step_strides(recording->steps, step, form->indices, sizes.rank);
    oc__step_strides(recording->steps, step, form->indexed, sizes.rank);
}

static void counts_of(const oc__index_form *form, int64_t *lanes, int64_t *walk) {
    *lanes = *walk = 1;
    for (int i = 0; i < form->taken.rank; i++)
        *(form->sequence[i] ? walk : lanes) *= form->taken.dims[i];
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    static const char *const kinds[] = {"SET", "ADD", "MUL", "MAX", "MIN"};
    const oc__problem *problem = recording->problem;
    const oc_index_params *params = problem->params;
    oc__steps *steps = recording->steps;
    bool forward = problem->op == &oc__op_scatter_elements || problem->op == &oc__op_scatter_nd;
    uint64_t bytes = oc__desc_bytes(&problem->out[0]);
    int64_t lanes, walk;
    oc__index_form form;
    if (bytes == 0)
        return OC_OK;
    oc__index_form_of(problem, &form);
    if (forward)
        oc__step_copy(steps, recording->in[0].place, recording->out[0].place, bytes);
    else
        oc__step_fill(steps, recording->out[0].place, bytes, "", 1);
    counts_of(&form, &lanes, &walk);
    if (lanes * walk == 0)
        return oc__steps_check(steps, err);
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__string_printf(&defines, "#define A0 %s\n#define A1 %s\n#define %s\n", oc_dtype_name(problem->out[0].dtype),
                      oc_dtype_name(problem->in[1].dtype), forward ? kinds[params->kind] : "ADD");
    oc__step *step = oc__step_kernel(steps, "scatter.cl", defines.text, "scatter_ref");
    oc__step_desc(steps, step, recording->in[1].place, &problem->in[1]);
    oc__step_desc(steps, step, recording->in[forward ? 2 : 0].place, &problem->in[forward ? 2 : 0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, lanes);
    oc__step_i64(steps, step, walk);
    add_axes(recording, step, &form, false);
    add_axes(recording, step, &form, true);
    OC_TRY(oc__index_add_form(recording, step, &form, err));
    oc__step_range_items(step, recording->caps, (uint64_t)lanes);
    return oc__record_end(recording, &defines, err);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    oc__index_form form;
    int64_t lanes, walk;
    oc__index_form_of(problem, &form);
    counts_of(&form, &lanes, &walk);
    return oc__ref_applicable(problem, caps, why) && oc__rounds_fit(caps, walk, why);
}

extern const oc__solver oc__scatter_ref;
const oc__solver oc__scatter_ref = {.name = "scatter.ref", .applicable = applicable, .estimate = oc__ref_estimate, .record = record};
static const oc__solver *const solvers[] = {&oc__scatter_ref, NULL};

#define SCATTER(op_name, rule) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = 3, .in_max = 3, .out_count = 1, .flags = OC_OP_EXACT, \
                                     .params_size = sizeof(oc_index_params), .fields = oc__index_fields, .infer = rule, \
                                     .gradient = gradient, .batch = OC_BATCH_NONE("indices may stand for any place"), .host = host, \
                                     .solvers = solvers, .onnx = oc__index_onnx};
SCATTER(scatter_elements, infer_elements)
SCATTER(scatter_nd, infer_nd)

oc_value *oc_scatter_elements(oc_graph *graph, oc_value *x, oc_value *indices, oc_value *updates, const oc_index_params *params,
                              oc_error *err) {
    return oc__node3(graph, &oc__op_scatter_elements, params, x, indices, updates, err);
}

oc_value *oc_scatter_nd(oc_graph *graph, oc_value *x, oc_value *indices, oc_value *updates, oc_scatter_kind kind, oc_error *err) {
    return oc__node3(graph, &oc__op_scatter_nd, &(oc_index_params){.kind = kind}, x, indices, updates, err);
}
