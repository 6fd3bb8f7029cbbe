/* SPDX-License-Identifier: Apache-2.0 */
/* Models that are well-formed files and wrong all the same: a sentence that names the node. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "kit/reading.h"

typedef struct bad {
    const char *type, *in;
    const char *ints;      /* an attribute that is a list of numbers, or with "=" in front one number; NULL: none */
    int64_t numbers[4];
    int count;
    const char *part;      /* of the sentence, behind the node's name */
} bad;

/* x (3, 4) and w (5) of f32, n (2) of i64 and s (2) of i64 with sizes beyond all measure. */
static void put_inputs(int opset) {
    const float w[5] = {1, 2, 3, 4, 5};
    begin(opset, "3,4");
    model_floats(&m, "w", "5", w, 5);
    model_longs(&m, "n", "2", 2, (int64_t)1, (int64_t)9);
    model_longs(&m, "s", "2", 2, INT64_MAX / 2, INT64_MAX / 2);
    model_longs(&m, "minus", "2", 2, (int64_t)-5, (int64_t)3);
    model_longs(&m, "far", "1", 1, (int64_t)7);
}

static void put_attribute(const bad *b) {
    if (b->ints == NULL)
        return;
    if (b->ints[0] == '=')
        model_int(&m, b->ints + 1, b->numbers[0]);
    else if (b->count == 1)
        model_ints(&m, b->ints, 1, b->numbers[0]);
    else if (b->count == 2)
        model_ints(&m, b->ints, 2, b->numbers[0], b->numbers[1]);
    else
        model_ints(&m, b->ints, 4, b->numbers[0], b->numbers[1], b->numbers[2], b->numbers[3]);
}

static void refuse(const bad *b, int opset) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    char name[80];
    put_inputs(opset);
    model_node(&m, "Relu", "x", "before");
    put_attribute(b);
    model_node(&m, b->type, b->in, "y");
    snprintf(name, sizeof(name), "node 'y' (%s): ", b->type);
    oc_status status = model_read(&m, &graph, &err);
    model_finish(&m);
    if (status == OC_OK || graph != NULL)
        fail_msg("%s of %s was read", b->type, b->in);
    if (strncmp(err.text, name, strlen(name)) != 0 || strstr(err.text, b->part) == NULL)
        fail_msg("%s of %s: '%s'; wanted is '%s… %s'", b->type, b->in, err.text, name, b->part);
}

static const bad shapes[] = {
    {"Add", "before w", NULL, {0}, 0, "broadcast"},
    {"MatMul", "before w", NULL, {0}, 0, "matmul"},
    {"Gemm", "before w", NULL, {0}, 0, "matrices"},
    {"Conv", "before w", NULL, {0}, 0, "axes"},
    {"MaxPool", "before", "kernel_shape", {2, 2}, 2, "one to three spatial axes"},
    {"AveragePool", "before", NULL, {0}, 0, "spatial axes"},
    {"Reshape", "before n", NULL, {0}, 0, "another number of elements"},
    {"Reshape", "before minus", NULL, {0}, 0, "-5"},
    {"Expand", "before n", NULL, {0}, 0, "expand"},
    {"Tile", "before far", NULL, {0}, 0, "1"},
    {"Pad", "before far", NULL, {0}, 0, "does not fit 2 axes"},
    {"BatchNormalization", "before w w w w", NULL, {0}, 0, "batch_norm"},
    {"Det", "before", NULL, {0}, 0, "square"},
    {"RoiAlign", "before w n", NULL, {0}, 0, "regions (R, 4)"},
    {"GridSample", "before w", NULL, {0}, 0, "grid"},
    {"Where", "before w w", NULL, {0}, 0, "bool"},
    {"Concat", "before w", "=axis", {0}, 1, "concat"},
    {"Transpose", "before", "perm", {0, 0}, 2, "perm"},
};

static const bad axes[] = {
    {"Softmax", "before", "=axis", {5}, 1, "axis"},
    {"Concat", "before before", "=axis", {-3}, 1, "axis"},
    {"Flatten", "before", "=axis", {9}, 1, "axis"},
    {"Gather", "before n", "=axis", {2}, 1, "axis"},
    {"GatherElements", "before n", "=axis", {-7}, 1, "axis"},
    {"ArgMax", "before", "=axis", {2}, 1, "axis"},
    {"ReduceMax", "before", "axes", {0, 4}, 2, "axis"},
    {"ReduceSum", "before far", NULL, {0}, 0, "axis 7"},
    {"Squeeze", "before far", NULL, {0}, 0, "7"},
    {"Unsqueeze", "before far", NULL, {0}, 0, "7"},
    {"Split", "before", "=axis", {-9}, 1, "axis"},
    {"CumSum", "before far", NULL, {0}, 0, "axis"},
    {"LayerNormalization", "before w", "=axis", {3}, 1, "axis"},
    {"LpNormalization", "before", "=axis", {3}, 1, "axis"},
    {"Hardmax", "before", "=axis", {8}, 1, "axis"},
    {"TopK", "before far", "=axis", {2}, 1, "axis"},
    {"OneHot", "n far w", "=axis", {6}, 1, ""},
    {"Transpose", "before", "perm", {0, 5}, 2, "perm"},
};

static const bad sizes[] = {
    {"Reshape", "before s", NULL, {0}, 0, "another number of elements"},
    {"Expand", "before s", NULL, {0}, 0, ""},
    {"ConstantOfShape", "s", NULL, {0}, 0, ""},
    {"Tile", "before s", NULL, {0}, 0, ""},
    {"OneHot", "n s w", NULL, {0}, 0, ""},
    {"Conv", "before before", "strides", {INT64_MAX, INT64_MAX}, 2, ""},
};

static const bad types[] = {
    {"Add", "before n", NULL, {0}, 0, "one type"},
    {"MatMul", "before n", NULL, {0}, 0, "i64"},
    {"Conv", "before n", NULL, {0}, 0, "i64"},
    {"And", "before before", NULL, {0}, 0, "not defined for f32"},
    {"Sqrt", "n", NULL, {0}, 0, "i64"},
    {"Gather", "before w", NULL, {0}, 0, "indices"},
    {"BitwiseAnd", "before before", NULL, {0}, 0, "not defined for f32"},
};

static const bad counts[] = {
    {"Add", "before", NULL, {0}, 0, "it has 1 inputs"},
    {"Relu", "before before", NULL, {0}, 0, "it has 2 inputs"},
    {"Add", "before -", NULL, {0}, 0, "inputs"},
    {"Relu", "missing", NULL, {0}, 0, "it uses 'missing', which nothing before it makes"},
    {"Conv", "before weights", NULL, {0}, 0, "it uses 'weights', which nothing before it makes"},
    {"Relu", "y", NULL, {0}, 0, "it uses 'y', which is made only by itself or by a node behind it"},
};

#define REFUSE(list, opset) \
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) \
        refuse(&list[i], opset)

static void test_shapes(void **state) {
    (void)state;
    REFUSE(shapes, 17);
}

static void test_axes(void **state) {
    (void)state;
    REFUSE(axes, 17);
}

static void test_sizes(void **state) {
    (void)state;
    REFUSE(sizes, 17);
}

static void test_types(void **state) {
    (void)state;
    REFUSE(types, 18);
}

static void test_counts(void **state) {
    (void)state;
    REFUSE(counts, 17);
}

static void test_circles_and_names(void **state) {
    (void)state;
    begin(13, "3,4"); /* a circle of two */
    model_node(&m, "Add", "x b", "a");
    model_node(&m, "Relu", "a", "b");
    model_node(&m, "Relu", "b", "y");
    read_fails(OC_ERROR_FORMAT, "node 'a' (Add): it uses 'b', which is made only by itself or by a node behind it");
    begin(13, "3,4");
    model_node(&m, "Relu", "x", "y");
    model_node(&m, "Neg", "x", "y");
    read_fails(OC_ERROR_FORMAT, "node 'y' (Neg): the name 'y' is made twice");
    begin(13, "3,4");
    model_longs(&m, "w", "1", 1, (int64_t)1);
    model_longs(&m, "w", "1", 1, (int64_t)1);
    model_node(&m, "Relu", "x", "y");
    read_fails(OC_ERROR_FORMAT, "the name 'w' is made twice");
    begin(13, "3,4");
    model_input(&m, "x", ONNX_FLOAT32, "3,4");
    model_node(&m, "Relu", "x", "y");
    read_fails(OC_ERROR_FORMAT, "the name 'x' is made twice");
    begin(13, "3,4");
    model_node(&m, "Relu", "x", "a");
    model_node(&m, "Mystery", "a", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "operators that are not supported: Mystery (node 'y')");
    begin(13, "9223372036854775807,9223372036854775807");
    model_node(&m, "Relu", "x", "y");
    read_fails(OC_ERROR_LIMIT, "2^48");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes), cmocka_unit_test(test_axes), cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_types), cmocka_unit_test(test_counts),
                                       cmocka_unit_test(test_circles_and_names)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
