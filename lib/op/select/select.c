/* SPDX-License-Identifier: Apache-2.0 */
/* "arg_reduce", "top_k", "cumulative_sum". */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/select.h>
#include <ocelli/op/shape.h>

#include "op/select/select.h"

static const oc__field arg_fields[] = {OC_FIELD(OC_FIELD_I64, oc_arg_params, axis), OC_FIELD(OC_FIELD_BOOL, oc_arg_params, keep_dims),
                                       OC_FIELD(OC_FIELD_BOOL, oc_arg_params, last), OC_FIELD(OC_FIELD_BOOL, oc_arg_params, min), {NULL}};
static const oc__field top_fields[] = {OC_FIELD(OC_FIELD_I64, oc_top_k_params, axis), OC_FIELD(OC_FIELD_I64, oc_top_k_params, k),
                                       OC_FIELD(OC_FIELD_BOOL, oc_top_k_params, smallest), {NULL}};
static const oc__field cumulative_fields[] = {OC_FIELD(OC_FIELD_I64, oc_cumulative_params, axis),
                                              OC_FIELD(OC_FIELD_BOOL, oc_cumulative_params, exclusive),
                                              OC_FIELD(OC_FIELD_BOOL, oc_cumulative_params, reverse), {NULL}};

/* The axis is the first of all params. */
oc__lines oc__lines_of(const oc__problem *problem) {
    const oc_shape *x = &problem->in[0].shape;
    int axis = (int)*(const int64_t *)problem->params;
    return (oc__lines){oc__dims_product(x, 0, axis), x->dims[axis], oc__dims_product(x, axis + 1, x->rank)};
}

static oc_status infer_arg(oc__inference *inference, oc_error *err) {
    oc_arg_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    oc_shape *out = &inference->out[0].shape;
    OC_TRY(oc__infer_axis(inference, &params->axis, x->rank, err));
    if (x->dims[params->axis] == 0)
        return oc__infer_fail(inference, err, "there is no largest of no elements");
    for (int i = 0; i < x->rank; i++)
        if (i != params->axis || params->keep_dims)
            out->dims[out->rank++] = i == params->axis ? 1 : x->dims[i];
    inference->out[0].dtype = OC_I64;
    return OC_OK;
}

static oc_status infer_top(oc__inference *inference, oc_error *err) {
    oc_top_k_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    OC_TRY(oc__infer_axis(inference, &params->axis, x->rank, err));
    int64_t size = x->dims[params->axis];
    if (params->k < 0 || (size >= 0 && params->k > size))
        return oc__infer_fail(inference, err, "%lld of %lld elements", (long long)params->k, (long long)size);
    for (int i = 0; i < 2; i++) {
        inference->out[i].dtype = i ? OC_I64 : inference->in[0].dtype;
        inference->out[i].shape = *x;
        inference->out[i].shape.dims[params->axis] = params->k;
    }
    return OC_OK;
}

static oc_status infer_cumulative(oc__inference *inference, oc_error *err) {
    oc_cumulative_params *params = inference->params;
    if (inference->in[0].dtype == OC_BOOL)
        return oc__infer_fail(inference, err, "it is not defined for bool");
    OC_TRY(oc__infer_axis(inference, &params->axis, inference->in[0].shape.rank, err));
    inference->out[0] = inference->in[0];
    return OC_OK;
}

static bool above(double a, double b) {
    return a > b || (a != a && b == b);
}

static oc_status host_arg(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err) {
    const oc_arg_params *params = problem->params;
    oc__lines lines = oc__lines_of(problem);
    for (int64_t l = 0; l < lines.outer * lines.inner; l++) {
        const double *x = in[0] + l / lines.inner * lines.size * lines.inner + l % lines.inner;
        int64_t best = 0;
        for (int64_t k = 1; k < lines.size; k++) {
            double a = x[k * lines.inner], b = x[best * lines.inner];
            bool better = params->min ? a < b || (a != a && b == b) : above(a, b);
            best = better || (params->last && (a == b || (a != a && b != b))) ? k : best;
        }
        out[0][l] = (double)best;
    }
    (void)context, (void)err;
    return OC_OK;
}

/* Whether element j of a line stands before element i. */
static bool before(const double *x, int64_t inner, int64_t j, int64_t i, bool smallest) {
    double a = x[j * inner], b = x[i * inner];
    bool first = smallest ? above(b, a) : above(a, b), second = smallest ? above(a, b) : above(b, a);
    return first || (!second && j < i);
}

static oc_status host_top(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err) {
    const oc_top_k_params *params = problem->params;
    oc__lines lines = oc__lines_of(problem);
    for (int64_t l = 0; l < lines.outer * lines.inner; l++) {
        const double *x = in[0] + l / lines.inner * lines.size * lines.inner + l % lines.inner;
        for (int64_t i = 0; i < lines.size; i++) {
            int64_t rank = 0, to;
            for (int64_t j = 0; j < lines.size; j++)
                rank += before(x, lines.inner, j, i, params->smallest);
            to = (l / lines.inner * params->k + rank) * lines.inner + l % lines.inner;
            if (rank < params->k) {
                out[0][to] = x[i * lines.inner];
                out[1][to] = (double)i;
            }
        }
    }
    (void)context, (void)err;
    return OC_OK;
}

static oc_status host_cumulative(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                                 oc_error *err) {
    const oc_cumulative_params *params = problem->params;
    oc__lines lines = oc__lines_of(problem);
    for (int64_t l = 0; l < lines.outer * lines.inner; l++) {
        int64_t from = l / lines.inner * lines.size * lines.inner + l % lines.inner;
        double sum = 0;
        for (int64_t k = 0; k < lines.size; k++) {
            int64_t at = from + (params->reverse ? lines.size - 1 - k : k) * lines.inner;
            double next = sum + in[0][at];
            out[0][at] = oc__as_type(problem->out[0].dtype, params->exclusive ? sum : next);
            sum = next;
        }
    }
    (void)context, (void)err;
    return OC_OK;
}

static oc_status gradient_none(oc__gradient *g, oc_error *err) {
    (void)g, (void)err;
    return OC_OK;
}

static oc_status gradient_top(oc__gradient *g, oc_error *err) {
    const oc_top_k_params *params = g->node->params;
    if (!g->diff_out[0])
        return OC_OK;
    g->diff_in[0] = oc__node3(g->graph, &oc__op_gather_elements_bwd, &(oc_index_params){.axis = params->axis}, g->diff_out[0],
                              g->node->out[1], g->node->in[0], err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status gradient_cumulative(oc__gradient *g, oc_error *err) {
    oc_cumulative_params params = *(const oc_cumulative_params *)g->node->params;
    params.reverse = !params.reverse;
    g->diff_in[0] = oc_cumulative_sum(g->graph, g->diff_out[0], &params, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status record_lines(const oc__recording *recording, const char *kernel, const char *more, int64_t k, bool elements,
                              oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    oc__lines lines = oc__lines_of(problem);
    int64_t items = lines.outer * lines.inner * (elements ? lines.size : 1);
    if (items == 0 || lines.size == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, more);
    oc__step *step = oc__step_kernel(steps, "select.cl", defines.text, kernel);
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    for (int i = 0; i < problem->out_count; i++)
        oc__step_desc(steps, step, recording->out[i].place, &problem->out[i]);
    oc__step_i64(steps, step, items);
    oc__step_i64(steps, step, lines.size);
    oc__step_i64(steps, step, lines.inner);
    oc__step_i64(steps, step, k);
    oc__step_range_items(step, recording->caps, (uint64_t)items);
    return oc__record_end(recording, &defines, err);
}

static oc_status record_arg(const oc__recording *recording, oc_error *err) {
    const oc_arg_params *params = recording->problem->params;
    return record_lines(recording, "arg_reduce_ref", params->min ? "#define ARG\n#define MIN\n" : "#define ARG\n", params->last, false, err);
}

static oc_status record_top(const oc__recording *recording, oc_error *err) {
    const oc_top_k_params *params = recording->problem->params;
    return record_lines(recording, "top_k_ref", params->smallest ? "#define TOP\n#define MIN\n" : "#define TOP\n", params->k, true, err);
}

static oc_status record_cumulative(const oc__recording *recording, oc_error *err) {
    const oc_cumulative_params *params = recording->problem->params;
    return record_lines(recording, "cumulative_sum_ref", params->reverse ? "#define SUM\n#define REVERSE\n" : "#define SUM\n",
                        params->exclusive, false, err);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__ref_applicable(problem, caps, why) && oc__rounds_fit(caps, oc__lines_of(problem).size, why);
}

#define ONLY_REF
#define OR_BY_LINES &oc__top_k_lines,
#define SELECT(op_name, count, flag, params, fields_, rule, host_, grad, record_, fast) \
    static const oc__solver op_name##_ref = {.name = #op_name ".ref", .applicable = applicable, .estimate = oc__ref_estimate, \
                                             .record = record_}; \
    static const oc__solver *const op_name##_solvers[] = {fast &op_name##_ref, NULL}; \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = 1, .in_max = 1, .out_count = count, .flags = flag, \
                                     .params_size = sizeof(params), .fields = fields_, .infer = rule, .gradient = grad, \
                                     .batch = OC_BATCH_NONE("the axis may be that of the batch"), .host = host_, \
                                     .solvers = op_name##_solvers, .onnx = oc__select_onnx};
SELECT(arg_reduce, 1, OC_OP_EXACT, oc_arg_params, arg_fields, infer_arg, host_arg, gradient_none, record_arg, ONLY_REF)
SELECT(top_k, 2, OC_OP_EXACT, oc_top_k_params, top_fields, infer_top, host_top, gradient_top, record_top, OR_BY_LINES)
SELECT(cumulative_sum, 1, OC_OP_EXACT, oc_cumulative_params, cumulative_fields, infer_cumulative, host_cumulative,
       gradient_cumulative, record_cumulative, ONLY_REF)

oc_value *oc_arg_reduce(oc_graph *graph, oc_value *x, const oc_arg_params *params, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_arg_reduce, params, &x, 1, err);
}

oc_value *oc_top_k(oc_graph *graph, oc_value *x, const oc_top_k_params *params, oc_value **indices, oc_error *err) {
    oc_value *out[2] = {NULL, NULL};
    if (oc__graph_node(graph, &oc__op_top_k, params, &x, 1, out, 2, err) != OC_OK)
        return NULL;
    if (indices)
        *indices = out[1];
    return out[0];
}

oc_value *oc_cumulative_sum(oc_graph *graph, oc_value *x, const oc_cumulative_params *params, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_cumulative_sum, params, &x, 1, err);
}

oc_value *oc_hardmax(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err) {
    oc_value *place = oc_arg_reduce(graph, x, &oc_arg_params(.axis = axis), err);
    if (!place)
        return NULL;
    int64_t own = axis < 0 ? axis + x->shape.rank : axis, size = x->shape.dims[own];
    if (size < 1)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "hardmax: the size of axis %lld is not a number", (long long)own);
    oc_value *off = oc_reshape(graph, oc_graph_scalar(graph, x->dtype, 0, err), &OC_SHAPE(1), err);
    oc_value *on = oc_reshape(graph, oc_graph_scalar(graph, x->dtype, 1, err), &OC_SHAPE(1), err);
    return oc_one_hot(graph, place, oc_concat(graph, (oc_value *[]){off, on}, 2, 0, err), size, own, err);
}
