/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/shape.h>

#include "kit/model.h"

static const optest_case cases[] = {
    {"gather:3x37,i64.5", NULL, 0, 0},
    {"gather:3x37,i64.scalar:axis=1", NULL, OPTEST_CLASSES, 0},
    {"gather:4x5x6,i32.2x3:axis=1", NULL, 0, 0},
    {"gather:u8.4x5x6,i64.2x3:axis=-1", NULL, 0, 0},
    {"gather:f64.4x5,i64.0:axis=-1", NULL, 0, 0},
    {"gather:0x5,i64.3:axis=1", NULL, 0, 0},
    {"gather:1,i64.1", NULL, 0, 0},
    {"gather_elements:5x7,i64.3x7", NULL, 0, 0},
    {"gather_elements:5x7,i32.5x30:axis=1", NULL, OPTEST_CLASSES, 0},
    {"gather_elements:bool.2x5x7,i64.2x3x7:axis=1", NULL, 0, 0},
    {"gather_elements:i16.5,i64.1", NULL, 0, 0},
    {"gather_nd:5x7,i64.4x2", NULL, 0, 0},
    {"gather_nd:5x7x3,i64.4x1", NULL, OPTEST_CLASSES, 0},
    {"gather_nd:3x7x5,i64.3x2x1:batch_dims=1", NULL, 0, 0},
    {"gather_nd:f16.3x7x5,i32.3x2x2:batch_dims=1", NULL, 0, 0},
    {"gather_nd:3x4,i64.2x0", NULL, 0, 0},
    {"gather_bwd:5,i64.5,37", NULL, 0, 0},
    {"gather_bwd:4x2x3x6,i32.2x3,4x5x6:axis=1", NULL, 0, 0},
    {"gather_bwd:4x0,i64.0,4x5:axis=1", NULL, 0, 0},
    {"gather_elements_bwd:3x7,i64.3x7,5x7", NULL, 0, 0},
    {"gather_nd_bwd:4x3,i64.4x2,5x7x3", NULL, 0, 0},
    {"gather_nd_bwd:3x2x5,i64.3x2x1,3x7x5:batch_dims=1", NULL, 0, 0},
    {"scatter_elements:5x7,i64.3x7,3x7", NULL, 0, 0},
    {"scatter_elements:5x7,i64.3x4,3x4:axis=1,kind=1", NULL, 0, 0},
    {"scatter_elements:5x7,i32.5x7,5x7:axis=1,kind=2", NULL, OPTEST_CLASSES, 0},
    {"scatter_elements:f16.5x7,i64.5x7,f16.5x7:axis=1,kind=3", NULL, 0, 0},
    {"scatter_elements:u8.5x7,i64.5x7,u8.5x7:kind=4", NULL, 0, 0},
    {"scatter_elements:bool.5x7,i64.2x7,bool.2x7", NULL, 0, 0},
    {"scatter_elements:f64.5x7,i64.0x7,f64.0x7", NULL, 0, 0},
    {"scatter_nd:5x7,i64.4x2,4", NULL, 0, 0},
    {"scatter_nd:5x7x3,i64.4x1,4x7x3:kind=1", NULL, 0, 0},
    {"scatter_nd:i64.5x7,i64.2x3x2,i64.2x3:kind=2", NULL, 0, 0},
    {"scatter_nd:5x7,i64.4x2,4:kind=3", NULL, OPTEST_CLASSES, 0},
    {"one_hot:i64.7,2:depth=3", NULL, 0, 0},
    {"one_hot:i32.2x3,f16.2:axis=-1,depth=5", NULL, OPTEST_CLASSES, 0},
    {"one_hot:2x3x4,i64.2:axis=1,depth=2", NULL, 0, 0},
    {"one_hot:u8.scalar,2:depth=4", NULL, 0, 0},
    {"non_zero:3x37:count=50", NULL, 0, 0},
    {"non_zero:i64.2x3x4:count=30", NULL, 0, 0},
    {"non_zero:bool.7:count=2", NULL, 0, 0},
    {"non_zero:0x3:count=2", NULL, 0, 0},
    {"non_max_suppression:2x7x4,2x3x7:count=40,most=5,overlap=0.5,score=-1", NULL, 0, 0},
    {"non_max_suppression:1x30x4,1x1x30:count=9,most=30,overlap=0.25,center=1", NULL, 0, 0},
    {"non_max_suppression:1x5x4,1x2x5:count=3,most=1", NULL, 0, 0},
    {"one_hot:i64.0x3,2:axis=1,depth=4", NULL, 0, 0},
};

static const optest_case uniques[] = {
    {"unique:37:count=3", NULL, 0, 0},
    {"unique:5x7:count=2", NULL, 0, 0},
    {"unique:5x7:count=2,unsorted=1", NULL, OPTEST_CLASSES, 0},
    {"unique:37:count=12", NULL, OPTEST_SPECIAL, 0},
    {"unique:i64.40:count=12", NULL, OPTEST_CLASSES, 0},
    {"unique:u8.3x40x2:axis=1,slices=1,count=40", NULL, 0, 0},
    {"unique:f16.6x2:axis=0,slices=1,count=9,unsorted=1", NULL, 0, 0},
    {"unique:f64.2x6:axis=-1,slices=1,count=6", NULL, 0, 0},
    {"unique:bool.9:count=2", NULL, 0, 0},
    {"unique:37:count=40", NULL, OPTEST_NO_OPTIONAL, 0},
    {"unique:0:count=2", NULL, 0, 0},
    {"unique:1:count=1", NULL, 0, 0},
    {"unique:1:count=0", NULL, 0, 0},
};

static void test_unique(void **state) {
    (void)state;
    optest_run_all(uniques, OC_COUNT(uniques));
}

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* Negative ones, and what is out of range. */
static void test_indices(void **state) {
    (void)state;
    const double x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, indices[4] = {-1, 3, -9, 99}, updates[4] = {-1, -2, -3, -4};
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    optest_values(&k, "gather:3x4,i64.4:axis=1", (const double *[]){x, indices});
    optest_values(&k, "gather_elements:12,i32.4", (const double *[]){x, indices});
    optest_values(&k, "gather_nd:12,i64.4x1", (const double *[]){x, indices});
    optest_values(&k, "scatter_elements:12,i64.4,4", (const double *[]){x, indices, updates});
    optest_values(&k, "scatter_nd:6x2,i64.2x2,2:kind=1", (const double *[]){x, indices, updates});
    optest_values(&k, "one_hot:i64.4,2:depth=5", (const double *[]){indices, x});
    kit_finish(&k);
}

static oc_value *build_gather(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_gather(graph, x[0], x[1], 1, err);
}
static oc_value *build_elements(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_gather_elements(graph, x[0], x[1], 0, err);
}
static oc_value *build_nd(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_gather_nd(graph, x[0], x[1], 0, err);
}
static oc_value *build_set(oc_graph *graph, oc_value **x, oc_error *err) { /* no place is met twice */
    oc_value *places = oc_one_hot(graph, oc_graph_scalar(graph, OC_I64, 0, err), x[3], 3, 0, err);
    return oc_scatter_elements(graph, x[0], oc_reshape(graph, places, &OC_SHAPE(3, 1), err), x[2], &oc_index_params(.axis = 1), err);
}
static oc_value *build_add(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_scatter_elements(graph, x[0], x[1], x[2], &oc_index_params(.axis = 1, .kind = OC_SCATTER_ADD), err);
}
static oc_value *build_nd_add(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_scatter_nd(graph, x[0], x[1], x[2], OC_SCATTER_ADD, err);
}

static oc_value *build_unique(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_unique(graph, x[0], &oc_unique_params(.slices = true, .count = 3), NULL, NULL, NULL, err);
}

static oc_value *build_places(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_non_zero(graph, oc_sub(graph, x[0], oc_graph_scalar(graph, OC_F32, 2, err), err), 4, err);
}
/* Boxes (0, 0, 1, 1), (0, 0, 1, 1.25) and (4, 4, 5, 5), of which the second one is the best. */
static oc_value *build_boxes(oc_graph *graph, oc_value **x, oc_error *err) {
    const float corners[12] = {0, 0, 1, 1, 0, 0, 1, 1.25f, 4, 4, 5, 5}, wanted[3] = {0.5f, 0.9f, 0.7f};
    oc_value *given[2];
    for (int i = 0; i < 2; i++) {
        oc_tensor *tensor;
        oc_shape shape = i ? OC_SHAPE(1, 1, 3) : OC_SHAPE(1, 3, 4);
        KIT_OK(oc_tensor_wrap(&tensor, graph->context, OC_F32, &shape, (void *)(i ? wanted : corners), err), err);
        given[i] = oc_graph_constant(graph, NULL, tensor, err);
        oc_tensor_destroy(&tensor);
    }
    given[1] = oc_mul(graph, given[1], x[0], err);
    return oc_non_max_suppression(graph, given[0], given[1], &oc_suppression_params(.count = 3, .overlap = 0.5f), err);
}

static void test_found(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    model_gives(k.context, build_places, &OC_SHAPE(2, 2), NULL, 1, MODEL_LIST(0, 1, 1, -1, 0, 0, 1, -1));
    model_gives(k.context, build_boxes, &OC_SHAPE(1, 1, 1), NULL, 1, MODEL_LIST(0, 0, 1, 0, 0, 2, -1, -1, -1));
    kit_finish(&k);
}

static const optest_gradient gradients[] = {
    {"gather", build_gather, 2, {{3, {OPTEST_N, 3, 2}}, {2, {2, 3}}}, 0, 2, 2, true},
    {"unique", build_unique, 1, {{2, {3, 4}}}, 0, 0, 0, true},
    {"gather twice", build_gather, 2, {{3, {2, 3, 2}}, {1, {4}}}, 0, 2, 2, true},
    {"gather_elements", build_elements, 2, {{2, {3, 4}}, {2, {OPTEST_N, 4}}}, 0, 2, 2, true},
    {"gather_nd", build_nd, 2, {{3, {3, 3, 2}}, {2, {4, 2}}}, 0, 2, 2, true},
    {"scatter set", build_set, 4, {{2, {3, 3}}, {1, {1}}, {2, {3, 1}}, {1, {2}}}, 0, 2 | 8, 2 | 8, true},
    {"scatter add", build_add, 3, {{2, {3, 3}}, {2, {3, 2}}, {2, {3, 2}}}, 0, 2, 2, true},
    {"scatter_nd add", build_nd_add, 3, {{3, {3, 3, 2}}, {2, {4, 2}}, {2, {4, 2}}}, 0, 2, 2, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_indices),
                                       cmocka_unit_test(test_unique), cmocka_unit_test(test_found),
                                       cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
