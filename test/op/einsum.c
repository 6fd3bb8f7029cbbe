/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/einsum.h>

#include "graph/graph.h"

static oc_error err;

#define BUILD(name, equation, count) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return oc_einsum(graph, equation, x, count, err); }
BUILD(product, "bij,bjk->bik", 2)
BUILD(implied, "ij,jk", 2)
BUILD(outer, "i,j->ji", 2)
BUILD(three, "ij,jk,kl->li", 3)
BUILD(diagonal, "...ii->...i", 1)
BUILD(trace, "ii", 1)
BUILD(sums, "ijk->j", 1)
BUILD(dots, "...ij,...jk->...ik", 2)
BUILD(heads, "bqhd,bkhd->bhqk", 2)

static const optest_gradient gradients[] = {
    {"product", build_product, 2, {{3, {2, 3, 4}}, {3, {2, 4, 2}}}, 0, 0, 0, true},
    {"implied", build_implied, 2, {{2, {3, 4}}, {2, {4, 2}}}, 0, 0, 0, true},
    {"outer", build_outer, 2, {{1, {3}}, {1, {4}}}, 0, 0, 0, true},
    {"three", build_three, 3, {{2, {3, 2}}, {2, {2, 4}}, {2, {4, 2}}}, 0, 0, 0, true},
    {"diagonal", build_diagonal, 1, {{3, {2, 3, 3}}}, 0, 0, 0, true},
    {"trace", build_trace, 1, {{2, {3, 3}}}, 0, 0, 0, true},
    {"sums", build_sums, 1, {{3, {2, 3, 2}}}, 0, 0, 0, true},
    {"dots", build_dots, 2, {{4, {2, 2, 3, 2}}, {4, {2, 2, 2, 3}}}, 0, 0, 0, true},
    {"heads", build_heads, 2, {{4, {2, 3, 2, 2}}, {4, {2, 2, 2, 2}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

/* A result of operands 1, 2, 3, …. */
static void check(kit *k, optest_build build, const oc_shape *shapes, int count, const oc_shape *shape, const double *want) {
    oc_graph *graph;
    oc_value *x[3];
    double numbers[64];
    for (int i = 0; i < 64; i++)
        numbers[i] = i + 1;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    for (int i = 0; i < count; i++)
        x[i] = oc_graph_input(graph, i == 0 ? "a" : i == 1 ? "b" : "c", OC_F64, &shapes[i], &err);
    const oc_value *y = build(graph, x, &err);
    KIT_OK(oc_graph_check(graph, &err), &err);
    assert_true(oc_shape_equal(&y->shape, shape));
    double **values = oc__alloc_array(k->context, graph->value_count, sizeof(*values));
    for (int i = 0; i < count; i++)
        values[x[i]->id] = numbers;
    KIT_OK(oc__graph_interpret(graph, values, &err), &err);
    for (int64_t i = 0; i < oc_shape_count(shape); i++)
        assert_true(values[y->id][i] == want[i]);
    oc__graph_interpret_finish(graph, values);
    oc__free(k->context, values);
    oc_graph_destroy(&graph);
}

static void test_values(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    check(&k, build_implied, (oc_shape[]){OC_SHAPE(2, 2), OC_SHAPE(2, 2)}, 2, &OC_SHAPE(2, 2), (const double[]){7, 10, 15, 22});
    check(&k, build_outer, (oc_shape[]){OC_SHAPE(2), OC_SHAPE(3)}, 2, &OC_SHAPE(3, 2), (const double[]){1, 2, 2, 4, 3, 6});
    check(&k, build_diagonal, (oc_shape[]){OC_SHAPE(2, 2, 2)}, 1, &OC_SHAPE(2, 2), (const double[]){1, 4, 5, 8});
    check(&k, build_trace, (oc_shape[]){OC_SHAPE(3, 3)}, 1, &OC_SCALAR, (const double[]){15});
    check(&k, build_sums, (oc_shape[]){OC_SHAPE(2, 2, 2)}, 1, &OC_SHAPE(2), (const double[]){14, 22});
    check(&k, build_three, (oc_shape[]){OC_SHAPE(1, 2), OC_SHAPE(2, 1), OC_SHAPE(1, 2)}, 3, &OC_SHAPE(2, 1), (const double[]){5, 10});
    kit_finish(&k);
}

static void test_refusals(void **state) {
    (void)state;
    static const char *const equations[] = {"ij,kl", "i,j->ij", "ij->ik", "ij->ii", "ij-", "i1->i", "ij->i->j", "......->i", "", "ijk->i"};
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < OC_COUNT(equations); i++) {
        oc_graph *graph;
        KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 3), &err);
        if (oc_einsum(graph, equations[i], &x, 1, &err))
            fail_msg("\"%s\" should be refused", equations[i]);
        oc_graph_destroy(&graph);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients), cmocka_unit_test(test_values), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
