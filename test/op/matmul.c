/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <ocelli/op/matmul.h>
#include <stdio.h>

#include "kit/optest.h"

/* m, n, k: one element, single rows and columns, tails of tiles and of blocks. */
static const int sizes[][3] = {{1, 1, 1},    {1, 17, 5},    {17, 1, 5},   {5, 33, 1},    {12, 32, 16},   {13, 31, 17},  {64, 10, 120},
                               {25, 64, 33}, {7, 100, 300}, {2, 65, 128}, {33, 47, 511}, {100, 97, 260}, {3, 500, 64},
                               {130, 16, 17}, {131, 70, 33}};

static void test_sizes(void **state) {
    (void)state;
    static const char *const forms[] = {"", "ta", "tb", "tatb", "b", "tb"};
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(sizes); i++)
        for (size_t f = 0; f < OC_COUNT(forms); f++) {
            char text[128];
            snprintf(text, sizeof(text), "matmul:m%dn%dk%d%s%s", sizes[i][0], sizes[i][1], sizes[i][2], forms[f],
                     f == 5 ? "b;post=relu" : "");
            optest_run(&k, &(optest_case){text, NULL, 0, 0});
        }
    kit_finish(&k);
}

static const optest_case cases[] = {
    /* epilogues: a bias goes along columns */
    {"matmul:m13n47k20;post=bias,relu", NULL, 0, 0},
    {"matmul:m13n47k20tab;post=residual,relu", NULL, 0, 0},
    {"matmul:m13n47k20tbb;post=sigmoid", NULL, 0, 1e-5},
    {"matmul:m1n47k20;post=bias,tanh,residual", NULL, 0, 1e-5},
    {"matmul:m40n32k20;post=bias,leaky_relu(0.1)", NULL, 0, 1e-5},
    /* batches: of both, of one, broadcast in the middle */
    {"matmul:3x5x7,3x7x11", NULL, 0, 0},
    {"matmul:3x5x7,7x11", NULL, 0, 0},
    {"matmul:3x5x7,7x33,33;post=relu", NULL, 0, 0},
    {"matmul:5x7,3x7x11", NULL, 0, 0},
    {"matmul:3x7x5,3x7x11:trans_a=1", NULL, 0, 0},
    {"matmul:3x5x7,3x35x7:trans_b=1", NULL, 0, 0},
    {"matmul:3x7x5,7x11:trans_a=1", NULL, 0, 0},
    {"matmul:7x5,3x11x7:trans_a=1,trans_b=1", NULL, 0, 0},
    {"matmul:2x3x5x7,2x3x7x33,33", NULL, 0, 0},
    {"matmul:2x3x14x40,40x33;post=bias,residual", NULL, 0, 0},
    {"matmul:2x1x5x7,1x3x7x11", NULL, OPTEST_NO_FAST, 0},
    {"matmul:2x3x5x7,3x7x11", NULL, OPTEST_NO_FAST, 0},
    {"matmul:1x5x7,1x7x11", NULL, 0, 0},
    /* little to share but along K */
    {"matmul:m5n9k3000b;post=relu", NULL, 0, 0},
    {"matmul:m20n33k2049tb;post=bias,residual", NULL, 0, 0},
    {"matmul:3x4x1025,3x1025x5,5;post=residual", NULL, 0, 0},
    /* few rows */
    {"matmul:m1n500k900tbb", NULL, 0, 0},
    {"matmul:m2n77k65;post=bias,relu", NULL, 0, 0},
    {"matmul:m8n131k260tb;post=residual", NULL, 0, 0},
    {"matmul:m6n1030k37b;post=relu", NULL, 0, 0},
    {"matmul:m1n600k70ta", NULL, 0, 0},
    {"matmul:m1n3k5000tb", NULL, 0, 0},
    {"matmul:m4n3k5003", NULL, 0, 0},
    {"matmul:m3n40k1000tbb;dt=f16;post=relu", NULL, 0, 0},
    {"matmul:m7n40k1001;dt=f16", NULL, 0, 0},
    /* empty ones */
    /* enough rows and columns to be packed: edges of tiles and panels, transposed, K in parts */
    {"matmul:m29n77k35b;post=relu", NULL, 0, 0},
    {"matmul:m61n96k500ta;post=bias,residual", NULL, 0, 0},
    {"matmul:m113n65k403tbb", NULL, 0, 0},
    {"matmul:m30n70k9001;post=bias", NULL, 0, 0},
    {"matmul:3x30x20,3x20x70", NULL, 0, 0},
    {"matmul:m0n5k3", NULL, OPTEST_NO_FAST, 0},
    {"matmul:m3n0k5", NULL, OPTEST_NO_FAST, 0},
    {"matmul:m3n5k0b", NULL, OPTEST_NO_FAST, 0},
    {"matmul:0x3x5,0x5x7", NULL, OPTEST_NO_FAST, 0},
    /* weights in half precision, few rows and many, as they lie and transposed, in batches */
    {"matmul:m1n500k901tbb;wt=f16", NULL, 0, 0},
    {"matmul:m8n131k263tb;wt=f16;post=residual", NULL, 0, 0},
    {"matmul:m6n1030k37b;wt=f16;post=relu", NULL, 0, 0},
    {"matmul:m61n96k500;wt=f16;post=bias,residual", NULL, 0, 0},
    {"matmul:f32.3x5x7,f16.3x7x11", NULL, 0, 0},
    {"matmul:f32.2x1x5x7,f16.1x3x7x11", NULL, OPTEST_NO_FAST, 0},
    /* half precision is stored only */
    {"matmul:m13n31k17b;dt=f16", NULL, OPTEST_ANY, 0},
    {"matmul:m13n31k17tb;dt=f16;post=relu", NULL, OPTEST_ANY, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

static void test_variants(void **state) {
    (void)state;
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    optest_variants(&k, &(optest_case){"matmul:m29n47k35b;post=relu", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"matmul:2x5x131,2x19x131,19:trans_b=1;post=residual", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"matmul:m8n147k135b;post=relu", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"matmul:m29n47k35ta", NULL, 0, 0});
    optest_variants(&k, &(optest_case){"matmul:m31n70k50b;post=relu", NULL, 0, 0});
    kit_finish(&k);
}

/* A NaN stays in its row or column, whatever tiles are filled up with. */
static void test_nan(void **state) {
    (void)state;
    static double a[13 * 17], b[17 * 35];
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(a); i++)
        a[i] = i == 5 * 17 + 3 ? NAN : 1 + (double)(i % 5);
    for (size_t i = 0; i < OC_COUNT(b); i++)
        b[i] = i == 2 * 35 + 33 ? INFINITY : 1 + (double)(i % 3);
    optest_values(&k, "matmul:m13n35k17", (const double *[]){a, b});
    kit_finish(&k);
}

static oc_value *build(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_matmul(graph, x[0], x[1], NULL, err);
}

static oc_value *build_transposed(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_matmul(graph, x[0], x[1], &(oc_matmul_params){true, true}, err);
}

static oc_value *build_ta(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_matmul(graph, x[0], x[1], &(oc_matmul_params){true, false}, err);
}

static oc_value *build_linear(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_linear(graph, x[0], x[1], x[2], &(oc_matmul_params){false, true}, err);
}

static const optest_gradient gradients[] = {
    {"product", build, 2, {{2, {OPTEST_N, 4}}, {2, {4, 5}}}, 0, 0, 0, true},
    {"transposed", build_transposed, 2, {{2, {4, OPTEST_N}}, {2, {5, 4}}}, 0, 0, 0, true},
    {"first transposed", build_ta, 2, {{3, {2, 4, OPTEST_N}}, {3, {2, 4, 5}}}, 0, 0, 0, true},
    {"batch", build, 2, {{3, {OPTEST_N, 2, 4}}, {3, {OPTEST_N, 4, 5}}}, 0, 0, 0, true},
    {"one for a batch", build, 2, {{3, {OPTEST_N, 2, 4}}, {2, {4, 5}}}, 0, 0, 0, true},
    {"a batch for one", build, 2, {{2, {2, 4}}, {3, {OPTEST_N, 4, 5}}}, 0, 0, 0, true},
    {"batches broadcast", build, 2, {{4, {2, 1, 2, 4}}, {3, {OPTEST_N, 4, 5}}}, 0, 0, 0, true},
    {"nothing to sum", build, 2, {{3, {OPTEST_N, 2, 0}}, {2, {0, 5}}}, 0, 0, 0, true},
    {"row", build, 2, {{1, {4}}, {2, {4, 5}}}, 0, 0, 0, true},
    {"column", build, 2, {{2, {OPTEST_N, 4}}, {1, {4}}}, 0, 0, 0, true},
    {"dot", build, 2, {{1, {4}}, {1, {4}}}, 0, 0, 0, true},
    {"linear", build_linear, 3, {{2, {OPTEST_N, 4}}, {2, {5, 4}}, {1, {5}}}, 0, 0, 0, true},
    {"linear of three axes", build_linear, 3, {{3, {OPTEST_N, 2, 4}}, {2, {5, 4}}, {1, {5}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),    cmocka_unit_test(test_solvers), cmocka_unit_test(test_variants),
        cmocka_unit_test(test_nan), cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
