/* SPDX-License-Identifier: Apache-2.0 */
/* "inverse" (x): each column by elimination with partial pivoting. */
#include "op/det.h"

#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/matmul.h>

static oc_status infer(oc__inference *inference, oc_error *err) {
    OC_TRY(oc__matrix_check(inference, err));
    inference->out[0] = inference->in[0];
    return OC_OK;
}

/* a is n rows of n + 1, the last column becoming the solution. */
static void solve(double *a, int64_t n) {
    int64_t w = n + 1;
    for (int64_t k = 0; k < n; k++)
        (void)oc__matrix_eliminate(a, n, w, k);
    for (int64_t k = n - 1; k >= 0; k--) {
        for (int64_t j = k + 1; j < n; j++)
            a[k * w + n] -= a[k * w + j] * a[j * w + n];
        a[k * w + n] /= a[k * w + k];
    }
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    int64_t n = oc__matrix_size(problem), items = n == 0 ? 0 : oc__count(&problem->out[0].shape) / n;
    double *a = oc__alloc_array(context, (size_t)(n * (n + 1)) + 1, sizeof(*a));
    if (!a)
        return oc__fail_memory(context, err, sizeof(*a));
    for (int64_t item = 0; item < items; item++) {
        const double *x = in[0] + item / n * n * n;
        for (int64_t i = 0; i < n; i++) {
            memcpy(a + i * (n + 1), x + i * n, (size_t)n * sizeof(*a));
            a[i * (n + 1) + n] = i == item % n;
        }
        solve(a, n);
        for (int64_t i = 0; i < n; i++)
            out[0][item / n * n * n + i * n + item % n] = a[i * (n + 1) + n];
    }
    oc__free(context, a);
    return OC_OK;
}

/* d inverse = -inverse dx inverse */
static oc_status gradient(oc__gradient *g, oc_error *err) {
    oc_value *y = g->node->out[0];
    oc_value *left = oc_matmul(g->graph, y, g->diff_out[0], &oc_matmul_params(.trans_a = true), err);
    g->diff_in[0] = oc_neg(g->graph, oc_matmul(g->graph, left, y, &oc_matmul_params(.trans_b = true), err), err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc__cost cost(const oc__problem *problem) {
    double n = (double)oc__matrix_size(problem);
    return oc__cost_of_flops(problem, 2.0 / 3 * n * n + 2 * n);
}

static uint64_t workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)caps, (void)variant;
    return (uint64_t)(oc__count(&problem->out[0].shape) * (oc__matrix_size(problem) + 1) + 1) * oc__matrix_element(problem);
}

static int64_t columns_of(const oc__problem *problem) {
    int64_t n = oc__matrix_size(problem);
    return n == 0 ? 0 : oc__count(&problem->out[0].shape) / n;
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    return oc__matrix_record(recording, "inverse.cl", "inverse", "", columns_of(recording->problem), err);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    int64_t n = OC_MIN(oc__matrix_size(problem), 1 << 20);
    return oc__ref_applicable(problem, caps, why) && oc__rounds_fit(caps, n * n * n / 3, why);
}

static const oc__solver ref = {.name = "inverse.ref", .applicable = applicable, .workspace = workspace,
                               .estimate = oc__ref_estimate,
                               .record = record};
static const oc__solver *const solvers[] = {&ref, NULL};

const oc__op oc__op_inverse = {.name = "inverse", .in_min = 1, .in_max = 1, .out_count = 1, .infer = infer, .gradient = gradient,
                               .cost = cost, .batch = OC_BATCH_NONE("axis 0 may be that of the matrices"), .host = host,
                               .solvers = solvers};

oc_value *oc_inverse(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_inverse, NULL, &x, 1, err);
}
