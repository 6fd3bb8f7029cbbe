/* SPDX-License-Identifier: Apache-2.0 */
/* Determinants: "det" (x), and "cofactor" (x), of which each element is one of a smaller matrix. */
#include "op/det.h"

#include <math.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/onnx_rule.h"

oc_status oc__matrix_check(const oc__inference *inference, oc_error *err) {
    const oc_shape *x = &inference->in[0].shape;
    if (x->rank < 2 || x->dims[x->rank - 1] != x->dims[x->rank - 2] || !oc__is_real(inference->in[0].dtype))
        return oc__infer_fail(inference, err, "it takes square matrices (..., n, n) of a floating-point type");
    return OC_OK;
}

static oc_status infer_det(oc__inference *inference, oc_error *err) {
    OC_TRY(oc__matrix_check(inference, err));
    inference->out[0] = inference->in[0];
    inference->out[0].shape.rank -= 2;
    return OC_OK;
}

static oc_status infer_cofactor(oc__inference *inference, oc_error *err) {
    OC_TRY(oc__matrix_check(inference, err));
    inference->out[0] = inference->in[0];
    return OC_OK;
}

int64_t oc__matrix_size(const oc__problem *problem) {
    const oc_shape *x = &problem->in[0].shape;
    return x->dims[x->rank - 1];
}

/* A matrix of n by n without row and column of `place`, if that is not negative. */
static void copy_minor(const double *x, int64_t n, int64_t place, double *a) {
    for (int64_t i = 0; i < n * n; i++)
        if (place < 0 || (i / n != place / n && i % n != place % n))
            *a++ = x[i];
}

bool oc__matrix_eliminate(double *a, int64_t n, int64_t w, int64_t k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; i++)
        if (fabs(a[i * w + k]) > fabs(a[pivot * w + k]))
            pivot = i;
    for (int64_t j = k; j < w && pivot != k; j++) {
        double other = a[k * w + j];
        a[k * w + j] = a[pivot * w + j];
        a[pivot * w + j] = other;
    }
    for (int64_t i = k + 1; i < n; i++) {
        double factor = a[i * w + k] / a[k * w + k];
        for (int64_t j = k + 1; j < w; j++)
            a[i * w + j] -= factor * a[k * w + j];
    }
    return pivot != k;
}

/* a is overwritten. */
static double determinant(double *a, int64_t n) {
    double result = 1;
    for (int64_t k = 0; k < n; k++) {
        bool changed = oc__matrix_eliminate(a, n, n, k);
        result *= changed ? -a[k * n + k] : a[k * n + k];
        if (a[k * n + k] == 0)
            return 0;
    }
    return result;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    int64_t n = oc__matrix_size(problem), items = oc__count(&problem->out[0].shape);
    bool minors = problem->op == &oc__op_cofactor;
    double *a = oc__alloc_array(context, (size_t)(n * n) + 1, sizeof(*a));
    if (!a)
        return oc__fail_memory(context, err, sizeof(*a));
    for (int64_t i = 0; i < items; i++) {
        int64_t place = minors ? i % (n * n) : -1;
        copy_minor(in[0] + (minors ? i / (n * n) : i) * n * n, n, place, a);
        double value = determinant(a, minors ? n - 1 : n);
        out[0][i] = minors && (place / n + place % n) % 2 ? -value : value;
    }
    oc__free(context, a);
    return OC_OK;
}

/* Matrices times a number each. */
static oc_value *times_determinant(oc_graph *graph, oc_value *matrices, oc_value *numbers, oc_error *err) {
    oc_reshape_params apart = {.rank = matrices ? matrices->shape.rank : 2};
    for (int i = 0; i < apart.rank; i++)
        apart.dims[i] = i < apart.rank - 2 ? OC_RESHAPE_AXIS(i) : 1;
    return oc_mul(graph, matrices, oc__graph_node1(graph, &oc__op_reshape, &apart, &numbers, 1, err), err);
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    oc_value *x = g->node->in[0], *cofactors = oc__graph_node1(g->graph, &oc__op_cofactor, NULL, &x, 1, err);
    g->diff_in[0] = times_determinant(g->graph, cofactors, g->diff_out[0], err);
    return oc__gave(g->graph, g->diff_in[0]);
}

/* Of C = det(A) A^-T, for matrices that have an inverse: <G, A^-T> C - det(A) A^-T G^T A^-T. */
static oc_status gradient_cofactor(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *x = g->node->in[0], *arrived = g->diff_out[0], *inverse = oc_inverse(graph, x, err);
    int rank = x->shape.rank;
    const oc_reduce_params both = {.axes = {rank - 2, rank - 1}, .axis_count = 2, .keep_dims = true};
    const oc_matmul_params turned = {.trans_a = true, .trans_b = true};
    oc_value *there = oc_matmul(graph, inverse, arrived, &turned, err); /* A^-T G^T */
    int32_t perm[OC_MAX_RANK];
    for (int i = 0; i < rank; i++)
        perm[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
    oc_value *transposed = oc_transpose(graph, inverse, perm, err);
    oc_value *product = oc_reduce_sum(graph, oc_mul(graph, arrived, transposed, err), &both, err);
    oc_value *all = oc_mul(graph, product, transposed, err);
    all = oc_sub(graph, all, oc_matmul(graph, there, transposed, NULL, err), err);
    g->diff_in[0] = times_determinant(graph, all, oc_det(graph, x, err), err);
    return oc__gave(graph, g->diff_in[0]);
}

static double flops(const oc__problem *problem) {
    double n = (double)oc__matrix_size(problem);
    return 2.0 / 3 * n * n * n + 1;
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, flops(problem));
}

size_t oc__matrix_element(const oc__problem *problem) {
    return problem->in[0].dtype == OC_F64 ? sizeof(double) : sizeof(float);
}

static uint64_t workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)caps, (void)variant;
    int64_t n = oc__matrix_size(problem);
    return (uint64_t)(oc__count(&problem->out[0].shape) * n * n + 1) * oc__matrix_element(problem);
}

oc_status oc__matrix_record(const oc__recording *recording, const char *file, const char *kernel, const char *more, int64_t items,
                            oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    if (items == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, more);
    oc__step *step = oc__step_kernel(steps, file, defines.text, kernel);
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_place(steps, step, recording->workspace, oc__matrix_element(problem));
    oc__step_i64(steps, step, items);
    oc__step_i64(steps, step, oc__matrix_size(problem));
    oc__step_range_items(step, recording->caps, (uint64_t)items);
    return oc__record_end(recording, &defines, err);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const char *more = recording->problem->op == &oc__op_cofactor ? "#define MINORS 1\n" : "#define MINORS 0\n";
    return oc__matrix_record(recording, "det.cl", "det", more, oc__count(&recording->problem->out[0].shape), err);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    double rounds = flops(problem);
    return oc__ref_applicable(problem, caps, why) && oc__rounds_fit(caps, rounds < 0x1p60 ? (int64_t)rounds : INT64_MAX, why);
}

static const oc__onnx_rule rules[] = {{.type = "Det", .op = "det", .since = 11, .in_min = 1, .in_max = 1, .out_max = 1}, {NULL}};

#define DET(op_name, rule, grad) \
    static const oc__solver op_name##_ref = {.name = #op_name ".ref", .applicable = applicable, .workspace = workspace, \
                                             .estimate = oc__ref_estimate, .record = record}; \
    static const oc__solver *const op_name##_solvers[] = {&op_name##_ref, NULL}; \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = 1, .in_max = 1, .out_count = 1, .infer = rule, \
                                     .gradient = grad, .cost = cost, .host = host, \
                                     .batch = OC_BATCH_NONE("axis 0 may be that of the matrices"), \
                                     .solvers = op_name##_solvers, .onnx = rules};
DET(det, infer_det, gradient)
DET(cofactor, infer_cofactor, gradient_cofactor)

oc_value *oc_det(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_det, NULL, &x, 1, err);
}
