/* SPDX-License-Identifier: Apache-2.0 */
/* Own ops in graphs: numbers, gradients, training, sizes by name, in model files. Without a graph: custom_alone.c; what goes wrong:
 * custom_wrong.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/own.h"
#include "op/tune.h"

#define ROWS 3
#define WIDTH 70

static const float taps[3] = {0.25f, 0.5f, -0.125f};
static oc_error err;

static oc_graph *new_graph(kit *k) {
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    return graph;
}

static oc_graph *begin(kit *k, own *o) {
    kit_init(k, NULL);
    kit_open(k);
    own_make(o, k->context);
    return new_graph(k);
}

static void end(kit *k, own *o, oc_graph *graph) {
    oc_graph_destroy(&graph);
    own_destroy(o);
    kit_finish(k);
}

/* y = blur(swish(x)); sum, most = rows(y). */
static oc_graph *network(kit *k, const own *o) {
    oc_graph *graph = new_graph(k);
    oc_value *out[2];
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), oc_graph_symbol(graph, "W")), &err);
    oc_value *y = own_blur(graph, o, taps, own_swish(graph, o, 2, x, &err), &err);
    KIT_OK(oc_graph_output(graph, "y", y, &err), &err);
    assert_non_null(oc_graph_custom(graph, o->rows, NULL, 0, &y, 1, out, &err));
    KIT_OK(oc_graph_output(graph, "sum", out[0], &err), &err);
    KIT_OK(oc_graph_output(graph, "most", out[1], &err), &err);
    KIT_OK(oc_graph_check(graph, &err), &err);
    return graph;
}

static oc_binding bind(kit *k, const char *name, oc_shape shape, float *data) {
    oc_binding binding = {.name = name};
    KIT_OK(oc_tensor_wrap(&binding.tensor, k->context, OC_F32, &shape, data, &err), &err);
    return binding;
}

/* What the network gives, by hand. */
static void check(int64_t rows, int64_t width, const float *x, const float *y, const float *sum, const float *most) {
    int64_t out = width - 2;
    for (int64_t r = 0; r < rows; r++) {
        double total = 0, largest = -INFINITY;
        for (int64_t j = 0; j < out; j++) {
            double v = 0;
            for (int i = 0; i < 3; i++) {
                double a = x[r * width + j + i];
                v += taps[i] * a / (1 + exp(-2 * a));
            }
            own_expect(v, y[r * out + j], "y", r * out + j);
            total += v;
            largest = fmax(largest, v);
        }
        own_expect(total, sum[r], "sum", r);
        own_expect(largest, most[r], "most", r);
    }
}

static oc_plan *make_plan(kit *k, const oc_graph *graph, int64_t rows, int64_t width, oc_plan_params params) {
    oc_plan *plan = NULL;
    const oc_dim_binding dims[] = {{"N", rows}, {"W", width}};
    params.dims = dims;
    params.dim_count = 2;
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, &params, &err), &err);
    return plan;
}

static void run_and_check(kit *k, const oc_plan *plan, int64_t rows, int64_t width) {
    float *x = calloc((size_t)(rows * width + 1), sizeof(float)), *y = calloc((size_t)(rows * width + 1), sizeof(float)), sum[8],
          most[8];
    oc_exec *exec = NULL;
    own_fill(x, rows * width);
    oc_binding in = bind(k, "x", OC_SHAPE(rows, width), x);
    oc_binding out[] = {bind(k, "y", OC_SHAPE(rows, width - 2), y), bind(k, "sum", OC_SHAPE(rows), sum),
                        bind(k, "most", OC_SHAPE(rows), most)};
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    for (int i = 0; i < 2; i++)
        KIT_OK(oc_exec_run(exec, &in, 1, out, 3, &err), &err);
    check(rows, width, x, y, sum, most);
    oc_exec_destroy(&exec);
    oc_tensor_destroy(&in.tensor);
    for (int i = 0; i < 3; i++)
        oc_tensor_destroy(&out[i].tensor);
    free(x);
    free(y);
}

static void test_numbers(void **state) {
    (void)state;
    kit k;
    own o;
    const oc_plan_params ways[] = {{0}, {.reference = true}, {.no_fusion = true}, {.red_zones = true}, {.inference = true}};
    const int64_t sizes[][2] = {{ROWS, WIDTH}, {1, 3}, {8, 35}, {0, 9}};
    kit_init(&k, NULL);
    kit_open(&k);
    own_make(&o, k.context);
    oc_graph *graph = network(&k, &o);
    for (size_t w = 0; w < sizeof(ways) / sizeof(*ways); w++)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
            oc_plan *plan = make_plan(&k, graph, sizes[s][0], sizes[s][1], ways[w]);
            run_and_check(&k, plan, sizes[s][0], sizes[s][1]);
            oc_plan_destroy(&plan);
        }
    assert_int_equal(k.errors, 0);
    oc_graph_destroy(&graph);
    own_destroy(&o);
    assert_int_equal(o.released, 4);
    kit_finish(&k);
}

/* Sizes of results are formulas, the graph says what its nodes are. */
static void test_symbols(void **state) {
    (void)state;
    kit k;
    own o;
    char text[KIT_TEXT] = "";
    kit_init(&k, NULL);
    own_make(&o, k.context);
    oc_graph *graph = network(&k, &o);
    oc_value_info y = oc_graph_get_output(graph, 0);
    assert_string_equal(oc_graph_dim_text(graph, y.shape.dims[0]), "N");
    assert_string_equal(oc_graph_dim_text(graph, y.shape.dims[1]), "window(W,3,1,1,0)");
    oc_graph_print(graph, &(oc_writer){kit_collect, text});
    assert_non_null(strstr(text, "test.images.blur"));
    assert_ptr_equal(oc_custom_find(k.context, "test.rows"), o.rows);
    assert_null(oc_custom_find(k.context, "test.row"));
    assert_string_equal(oc_custom_name(o.rows), "test.rows");
    oc_graph_destroy(&graph);
    own_destroy(&o);
    kit_finish(&k);
}

/* Storage in half: the same source. */
static void test_half(void **state) {
    (void)state;
    kit k;
    own o;
    float x[33], y[33];
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    oc_graph *graph = begin(&k, &o);
    oc_value *v = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(33), &err);
    v = oc_cast(graph, own_swish(graph, &o, 0, oc_cast(graph, v, OC_F16, &err), &err), OC_F32, &err);
    KIT_OK(oc_graph_output(graph, "y", v, &err), &err);
    KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, NULL, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    own_fill(x, 33);
    oc_binding in = bind(&k, "x", OC_SHAPE(33), x), out = bind(&k, "y", OC_SHAPE(33), y);
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    for (int i = 0; i < 33; i++)
        assert_true(fabs(y[i] - x[i] / (1 + exp(-x[i]))) < 2e-3);
    /* The other takes f32 only. */
    oc_value *half = oc_cast(graph, oc_graph_find(graph, "x"), OC_F16, &err);
    KIT_OK(oc_graph_output(graph, "z", own_blur(graph, &o, taps, half, &err), &err), &err);
    oc_plan *none = NULL;
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "it takes f32, not f16", oc_plan_create(&none, graph, &k.device, 1, NULL, &err), &err);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_tensor_destroy(&in.tensor);
    oc_tensor_destroy(&out.tensor);
    end(&k, &o, graph);
}

/* A regression with both ops between two products. */
static oc_graph *trained(kit *k, const own *o, oc_value **loss) {
    oc_graph *graph = new_graph(k);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 6), &err);
    oc_value *t = oc_graph_input(graph, "t", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 2), &err);
    oc_value *w1 = oc_graph_state(graph, "w1", OC_F32, &OC_SHAPE(6, 12), &(oc_init){.kind = OC_INIT_XAVIER}, &err);
    oc_value *w2 = oc_graph_state(graph, "w2", OC_F32, &OC_SHAPE(10, 2), &(oc_init){.kind = OC_INIT_XAVIER}, &err);
    oc_value *h = own_blur(graph, o, taps, own_swish(graph, o, 1.5f, oc_matmul(graph, x, w1, NULL, &err), &err), &err);
    oc_value *d = oc_sub(graph, oc_matmul(graph, h, w2, NULL, &err), t, &err);
    *loss = oc_reduce_mean(graph, oc_mul(graph, d, d, &err), NULL, &err);
    KIT_OK(oc_graph_output(graph, "loss", *loss, &err), &err);
    return graph;
}

static void count_wrong(void *user, const oc_gradcheck_row *row) {
    (void)user;
    if (!row->right)
        print_error("%s: %g, by differences %g\n", row->name, row->derivative, row->quotient);
}

static void test_gradients(void **state) {
    (void)state;
    kit k;
    own o;
    oc_value *loss;
    size_t wrong = 99;
    kit_init(&k, NULL);
    kit_open(&k);
    own_make(&o, k.context);
    oc_graph *graph = trained(&k, &o, &loss);
    for (int method = OC_GRADCHECK_HOST; method <= OC_GRADCHECK_DEVICE; method++) {
        const oc_gradcheck_params params = {.default_dim = 5, .method = (oc_gradcheck_method)method};
        KIT_OK(oc_gradcheck(k.device, graph, &params, count_wrong, NULL, &wrong, &err), &err);
        assert_int_equal(wrong, 0);
    }
    oc_graph_destroy(&graph);
    own_destroy(&o);
    kit_finish(&k);
}

static void test_training(void **state) {
    (void)state;
    kit k;
    own o;
    oc_value *loss;
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    float x[16 * 6], t[16 * 2], hyper[OC_HYPER_COUNT], first = 0, now = 0;
    const oc_optimizer adam = {.kind = OC_ADAM, .lr = 0.03f};
    kit_init(&k, NULL);
    kit_open(&k);
    own_make(&o, k.context);
    oc_graph *graph = trained(&k, &o, &loss);
    KIT_OK(oc_minimize(graph, loss, &adam, NULL, &err), &err);
    own_destroy(&o); /* the graph has what it needs */
    const oc_dim_binding n = {"N", 16};
    KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, &(oc_plan_params){.dims = &n, .dim_count = 1}, &err), &err);
    oc_graph_destroy(&graph);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    oc_plan_destroy(&plan);
    own_fill(x, 16 * 6);
    for (int i = 0; i < 16; i++) {
        t[2 * i] = x[6 * i] * x[6 * i + 1];
        t[2 * i + 1] = x[6 * i + 2] - x[6 * i + 3];
    }
    oc_binding in[] = {bind(&k, "x", OC_SHAPE(16, 6), x), bind(&k, "t", OC_SHAPE(16, 2), t),
                       bind(&k, OC_HYPER_NAME, OC_SHAPE(OC_HYPER_COUNT), hyper)};
    oc_binding out = bind(&k, "loss", OC_SCALAR, &now);
    for (int step = 1; step <= 60; step++) {
        oc_optimizer_hyper(&adam, step, hyper);
        KIT_OK(oc_exec_run(exec, in, 3, &out, 1, &err), &err);
        first = step == 1 ? now : first;
    }
    assert_true(now < 0.3f * first);
    oc_exec_destroy(&exec);
    assert_int_equal(o.released, 4);
    for (int i = 0; i < 3; i++)
        oc_tensor_destroy(&in[i].tensor);
    oc_tensor_destroy(&out.tensor);
    kit_finish(&k);
}

/* What is constant is computed while the plan is made. */
static void test_folding(void **state) {
    (void)state;
    kit k;
    own o;
    float one[4] = {1, 2, 3, 4}, got[4];
    oc_tensor *tensor;
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    oc_graph *graph = begin(&k, &o);
    KIT_OK(oc_tensor_wrap(&tensor, k.context, OC_F32, &OC_SHAPE(4), one, &err), &err);
    oc_value *c = own_swish(graph, &o, 1, oc_graph_constant(graph, NULL, tensor, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(4), &err);
    KIT_OK(oc_graph_output(graph, "y", oc_add(graph, x, c, &err), &err), &err);
    KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, NULL, &err), &err);
    assert_int_equal(oc_plan_get_info(plan).step_count + oc_plan_get_info(plan).derived_count, 1);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    oc_binding in = {"x", tensor}, out = bind(&k, "y", OC_SHAPE(4), got);
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    for (int i = 0; i < 4; i++)
        own_expect(one[i] + one[i] / (1 + exp(-one[i])), got[i], "y", i);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_tensor_destroy(&tensor);
    oc_tensor_destroy(&out.tensor);
    end(&k, &o, graph);
}

/* Out and in: domain, type and attributes are name and fields. */
static void test_onnx(void **state) {
    (void)state;
    kit k;
    own o;
    oc_graph *again = NULL;
    char before[KIT_TEXT] = "", after[KIT_TEXT] = "", path[400];
    kit_init(&k, NULL);
    kit_open(&k);
    own_make(&o, k.context);
    oc_graph *graph = network(&k, &o);
    snprintf(path, sizeof(path), "%s", kit_path(&k, "own.onnx"));
    KIT_OK(oc_onnx_write(graph, NULL, path, &err), &err);
    KIT_OK(oc_onnx_read(&again, k.context, path, &err), &err);
    oc_graph_print(graph, &(oc_writer){kit_collect, before});
    oc_graph_print(again, &(oc_writer){kit_collect, after});
    assert_non_null(strstr(after, "test.swish"));
    oc_plan *plan = make_plan(&k, again, ROWS, WIDTH, (oc_plan_params){0});
    run_and_check(&k, plan, ROWS, WIDTH); /* with beta and taps of the file */
    oc_plan_destroy(&plan);
    oc_graph_destroy(&again);
    own_destroy(&o);
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "test.images.blur", oc_onnx_read(&again, k.context, path, &err), &err);
    KIT_OK(own_plain(&o.swish, k.context, "test.swish", OWN_TWICE, NULL, &err), &err);
    KIT_OK(own_plain(&o.blur, k.context, "test.images.blur", OWN_TWICE, NULL, &err), &err);
    KIT_OK(own_plain(&o.rows, k.context, "test.rows", OWN_TWICE, NULL, &err), &err);
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "attribute 'beta' is not known", oc_onnx_read(&again, k.context, path, &err), &err);
    own_destroy(&o);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_symbols),  cmocka_unit_test(test_half),
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_training), cmocka_unit_test(test_folding),
        cmocka_unit_test(test_onnx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
