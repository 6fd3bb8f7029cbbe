/* SPDX-License-Identifier: Apache-2.0 */
/* Own ops that are wrong, do not build, say no, are no ops at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/own.h"

#define THRICE \
    "__kernel void k(__global const float *x, long x_at, __global float *y, long y_at, long items) {\n" \
    "    long i = get_global_id(0);\n" \
    "    if (i < items)\n" \
    "        y[y_at + i] = 3 * x[x_at + i];\n" \
    "}\n"

static oc_error err;

/* y = op(x) of (4). */
static oc_graph *graph_of(kit *k, const oc_custom *custom) {
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(4), &err);
    KIT_OK(oc_graph_output(graph, "y", oc_graph_custom(graph, custom, NULL, 0, &x, 1, NULL, &err), &err), &err);
    return graph;
}

static oc_status plan_of(kit *k, const oc_custom *custom, oc_plan **plan) {
    oc_graph *graph = graph_of(k, custom);
    oc_status status = oc_plan_create(plan, graph, &k->device, 1, NULL, &err);
    oc_graph_destroy(&graph);
    return status;
}

static void expect_run(kit *k, const oc_plan *plan, float factor) {
    float x[4] = {1, -2, 3, 0.5f}, y[4];
    oc_exec *exec = NULL;
    oc_binding in = {.name = "x"}, out = {.name = "y"};
    KIT_OK(oc_tensor_wrap(&in.tensor, k->context, OC_F32, &OC_SHAPE(4), x, &err), &err);
    KIT_OK(oc_tensor_wrap(&out.tensor, k->context, OC_F32, &OC_SHAPE(4), y, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    for (int i = 0; i < 4; i++)
        assert_true(y[i] == factor * x[i]);
    oc_exec_destroy(&exec);
    oc_tensor_destroy(&in.tensor);
    oc_tensor_destroy(&out.tensor);
}

static void start(kit *k) {
    kit_init(k, NULL);
    kit_open(k);
}

/* A kernel that is not what the definition says, is not used; with another kernel that is right, nothing else happens. */
static void test_wrong_kernel(void **state) {
    (void)state;
    kit k;
    oc_custom *custom = NULL;
    oc_plan *plan = NULL;
    start(&k);
    KIT_OK(own_plain(&custom, k.context, "test.twice", THRICE, own_twice_host, &err), &err);
    for (int i = 0; i < 2; i++)
        KIT_FAILS(OC_ERROR_TRUST, "test.twice.k", plan_of(&k, custom, &plan), &err);
    assert_true(kit_logged(&k, "test.twice.k is not used: test.twice.k gave a wrong result"));
    oc_custom_destroy(&custom);
    const oc_custom_kernel kernels[] = {{.name = "k", .source = THRICE, .share = 0.9},
                                        {.name = "j", .source = "#define k j\n" OWN_TWICE, .share = 0.1}};
    const oc_custom_params params = {.name = "test.twice", .host = own_twice_host, .kernels = kernels, .kernel_count = 2};
    KIT_OK(oc_custom_create(&custom, k.context, &params, &err), &err);
    KIT_OK(plan_of(&k, custom, &plan), &err);
    expect_run(&k, plan, 2);
    oc_plan_destroy(&plan);
    oc_custom_destroy(&custom);
    kit_finish(&k);
}

/* Neither what was said of an op of the same name before, nor that a definition was another one, holds for the next. */
static void test_changed_kernel(void **state) {
    (void)state;
    kit k;
    oc_custom *custom = NULL;
    oc_plan *plan = NULL, *other = NULL;
    start(&k);
    KIT_OK(own_plain(&custom, k.context, "test.twice", OWN_TWICE, own_twice_host, &err), &err);
    KIT_OK(plan_of(&k, custom, &plan), &err);
    oc_custom_destroy(&custom);
    KIT_OK(own_plain(&custom, k.context, "test.twice", THRICE, own_twice_host, &err), &err);
    KIT_FAILS(OC_ERROR_TRUST, "should be", plan_of(&k, custom, &other), &err);
    oc_custom_destroy(&custom);
    KIT_OK(own_plain(&custom, k.context, "test.twice", THRICE, NULL, &err), &err);
    KIT_OK(plan_of(&k, custom, &other), &err);
    expect_run(&k, other, 3);
    expect_run(&k, plan, 2); /* the first one still is what it was */
    oc_plan_destroy(&plan);
    oc_plan_destroy(&other);
    oc_custom_destroy(&custom);
    kit_finish(&k);
}

static void test_unchecked(void **state) {
    (void)state;
    kit k;
    oc_custom *custom = NULL;
    oc_plan *plan = NULL;
    char why[KIT_TEXT] = "";
    start(&k);
    KIT_OK(own_plain(&custom, k.context, "test.thrice", THRICE, NULL, &err), &err);
    KIT_OK(plan_of(&k, custom, &plan), &err);
    oc_plan_print(plan, true, &(oc_writer){kit_collect, why});
    assert_non_null(strstr(why, "by test.thrice.k on "));
    assert_non_null(strstr(why, "not checked: it has no definition on the host"));
    oc_plan_destroy(&plan);
    oc_custom_destroy(&custom);
    kit_finish(&k);
}

/* The compiler's words, in the lines of the source, are in the error. */
static void test_no_build(void **state) {
    (void)state;
    static const char broken[] = "// a line\n__kernel void k(__global const float *x) {\n    nonsense y = x;\n}\n";
    static const char other[] = "__kernel void k(__global const float *x, long x_at) {}\n";
    static const char missing[] = "__kernel void q(__global const float *x) {}\n";
    kit k;
    oc_custom *custom = NULL;
    oc_plan *plan = NULL;
    start(&k);
    for (int host = 0; host < 2; host++) {
        KIT_OK(own_plain(&custom, k.context, "test.broken", broken, host ? own_twice_host : NULL, &err), &err);
        KIT_FAILS(OC_ERROR_BUILD, "nonsense", plan_of(&k, custom, &plan), &err);
        assert_non_null(strstr(err.text, "test.broken.k"));
        assert_non_null(strstr(err.text, "3:5")); /* line and column */
        oc_custom_destroy(&custom);
        KIT_OK(own_plain(&custom, k.context, "test.other", other, host ? own_twice_host : NULL, &err), &err);
        KIT_FAILS(OC_ERROR_INVALID, "test.other.k: kernel k takes 2 arguments and is given 5", plan_of(&k, custom, &plan), &err);
        oc_custom_destroy(&custom);
        KIT_OK(own_plain(&custom, k.context, "test.missing", missing, host ? own_twice_host : NULL, &err), &err);
        KIT_FAILS(OC_ERROR_DEVICE, "clCreateKernel", plan_of(&k, custom, &plan), &err);
        oc_custom_destroy(&custom);
    }
    kit_finish(&k);
}

static oc_status no_shapes(oc_custom_shapes *shapes, oc_error *error) {
    snprintf(error->text, sizeof(error->text), "this is no good: %zu", shapes->in_count);
    return OC_ERROR_UNSUPPORTED;
}

static oc_status silent_shapes(oc_custom_shapes *shapes, oc_error *error) {
    (void)shapes, (void)error;
    return OC_ERROR_LIMIT;
}

static oc_status mad_shapes(oc_custom_shapes *shapes, oc_error *error) {
    (void)error;
    shapes->out[0] = (oc_operand_desc){OC_F32, OC_SHAPE(-77)};
    return OC_OK;
}

static oc_status untyped_shapes(oc_custom_shapes *shapes, oc_error *error) {
    (void)shapes, (void)error;
    return OC_OK;
}

static oc_status no_host(const oc_custom_problem *p, const double *const *in, double *const *out, oc_error *error) {
    (void)p, (void)in, (void)out;
    snprintf(error->text, sizeof(error->text), "the definition gave up");
    return OC_ERROR_LIMIT;
}

static oc_status no_gradient(oc_custom_gradient *g, oc_error *error) {
    (void)g;
    snprintf(error->text, sizeof(error->text), "the gradient gave up");
    return OC_ERROR_UNSUPPORTED;
}

static oc_status other_gradient(oc_custom_gradient *g, oc_error *error) {
    g->diff_in[0] = oc_reduce_sum(g->graph, g->diff_out[0], NULL, error);
    return OC_OK;
}

static oc_status broken_gradient(oc_custom_gradient *g, oc_error *error) {
    g->diff_in[0] = oc_matmul(g->graph, g->diff_out[0], g->in[0], NULL, error); /* a vector by a vector of another length */
    g->diff_in[0] = oc_add(g->graph, g->diff_in[0], oc_reshape(g->graph, g->in[0], &OC_SHAPE(3), NULL), error);
    return OC_OK;
}

static oc_status no_launch(oc_custom_launch *launch, const oc_custom_problem *p, const oc_custom_device *device,
                           oc_error *error) {
    (void)launch, (void)p, (void)device;
    snprintf(error->text, sizeof(error->text), "it launches on Sundays");
    return OC_ERROR_UNSUPPORTED;
}

static const oc_custom_kernel twice_kernel = {.name = "k", .source = OWN_TWICE};

static void expect_shape_error(kit *k, oc_status (*shapes)(oc_custom_shapes *, oc_error *), oc_status status, const char *part) {
    oc_custom *custom = NULL;
    oc_graph *graph = NULL;
    const oc_custom_params params = {.name = "test.shapes", .shapes = shapes, .kernels = &twice_kernel};
    KIT_OK(oc_custom_create(&custom, k->context, &params, &err), &err);
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(4), &err);
    assert_null(oc_graph_custom(graph, custom, NULL, 0, &x, 1, NULL, &err));
    KIT_FAILS(status, part, oc_graph_check(graph, &err), &err);
    assert_non_null(strstr(err.text, "test.shapes"));
    oc_graph_destroy(&graph);
    oc_custom_destroy(&custom);
}

static void expect_gradient_error(kit *k, oc_status (*gradient)(oc_custom_gradient *, oc_error *), oc_status status,
                                  const char *part) {
    oc_custom *custom = NULL;
    const oc_custom_params params = {.name = "test.gradient", .gradient = gradient, .kernels = &twice_kernel};
    KIT_OK(oc_custom_create(&custom, k->context, &params, &err), &err);
    oc_graph *graph = graph_of(k, custom);
    oc_value *x = oc_graph_find(graph, "x"), *d;
    KIT_FAILS(status, part, oc_graph_gradients(graph, oc_graph_find(graph, "y"), &x, 1, &d, &err), &err);
    assert_non_null(strstr(err.text, "test.gradient"));
    oc_graph_destroy(&graph);
    oc_custom_destroy(&custom);
}

static void test_callbacks(void **state) {
    (void)state;
    kit k;
    oc_custom *custom = NULL;
    oc_plan *plan = NULL;
    const oc_custom_kernel kernel = {.name = "k", .source = OWN_TWICE, .launch = no_launch};
    start(&k);
    expect_shape_error(&k, no_shapes, OC_ERROR_UNSUPPORTED, "this is no good: 1; operands: (4) of f32");
    expect_shape_error(&k, silent_shapes, OC_ERROR_LIMIT, "its shape rule does not say why (OC_ERROR_LIMIT)");
    expect_shape_error(&k, mad_shapes, OC_ERROR_SHAPE, "no type and shape");
    expect_shape_error(&k, untyped_shapes, OC_ERROR_SHAPE, "no type and shape");
    expect_gradient_error(&k, NULL, OC_ERROR_UNSUPPORTED, "has no gradient");
    expect_gradient_error(&k, no_gradient, OC_ERROR_UNSUPPORTED, "the gradient gave up");
    expect_gradient_error(&k, other_gradient, OC_ERROR_SHAPE, "not the operand's type and shape");
    expect_gradient_error(&k, broken_gradient, OC_ERROR_SHAPE, "its gradient: ");
    KIT_OK(own_plain(&custom, k.context, "test.host", OWN_TWICE, no_host, &err), &err);
    KIT_FAILS(OC_ERROR_LIMIT, "test.host: the definition gave up", plan_of(&k, custom, &plan), &err);
    oc_custom_destroy(&custom);
    KIT_OK(oc_custom_create(&custom, k.context, &(oc_custom_params){.name = "test.launch", .kernels = &kernel}, &err), &err);
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "it launches on Sundays", plan_of(&k, custom, &plan), &err);
    oc_custom_destroy(&custom);
    kit_finish(&k);
}

/* What graphs refuse. */
static void test_nodes(void **state) {
    (void)state;
    kit k, other;
    own o;
    oc_graph *graph = NULL;
    own_blur_params blur = {{1, 1, 1}, -1, false, 0};
    kit_init(&k, NULL);
    kit_init(&other, NULL);
    own_make(&o, k.context);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(4), &err), *many[40] = {x, x, x};
    assert_null(oc_graph_custom(graph, o.blur, &blur, sizeof(blur), &x, 1, NULL, &err));
    assert_non_null(strstr(err.text, "test.images.blur: dilation -1 over 1 axes"));
    assert_null(oc_graph_custom(graph, o.swish, &blur, sizeof(blur), &x, 1, NULL, &err));
    assert_non_null(strstr(err.text, "its params struct has 4"));
    assert_null(oc_graph_custom(graph, o.swish, NULL, 0, many, 2, NULL, &err));
    assert_non_null(strstr(err.text, "it takes 1 to 1"));
    assert_null(oc_graph_custom(graph, o.swish, NULL, 0, many, 40, NULL, &err));
    assert_null(oc_graph_custom(graph, o.swish, NULL, 0, many + 4, 1, NULL, &err));
    oc_graph_destroy(&graph);
    KIT_OK(oc_graph_create(&graph, other.context, &err), &err);
    x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(4), &err);
    assert_null(oc_graph_custom(graph, o.swish, NULL, 0, &x, 1, NULL, &err));
    assert_non_null(strstr(err.text, "another context"));
    oc_graph_destroy(&graph);
    own_destroy(&o);
    kit_finish(&other);
    kit_finish(&k);
}

typedef struct fields {
    int64_t n, list[4];
    float f;
    double d;
} fields;

static void refuse(kit *k, oc_custom_params params, const char *part) {
    oc_custom *custom = NULL;
    params.name = params.name ? params.name : "test.params";
    params.kernels = params.kernels ? params.kernels : &twice_kernel;
    KIT_FAILS(OC_ERROR_INVALID, part, oc_custom_create(&custom, k->context, &params, &err), &err);
    assert_null(custom);
}

static void refuse_kernel(kit *k, oc_custom_kernel kernel, const char *part) {
    kernel.name = kernel.name ? kernel.name : "k";
    kernel.source = kernel.source ? kernel.source : OWN_TWICE;
    refuse(k, (oc_custom_params){.kernels = &kernel}, part);
}

static void refuse_field(kit *k, oc_custom_field field, const char *part) {
    refuse(k, (oc_custom_params){.params_size = sizeof(fields), .fields = &field, .field_count = 1}, part);
}

static void test_params(void **state) {
    (void)state;
    kit k;
    oc_custom *custom = NULL;
    const oc_custom_field twins[] = {OC_CUSTOM_FIELD(OC_F32, fields, f), OC_CUSTOM_FIELD(OC_F32, fields, f)};
    const oc_custom_kernel pair[] = {twice_kernel, twice_kernel};
    static const char *const names[] = {
        "swish", ".swish", "swish.", "a..b", "a b.c", "a.b:c", "", "a.this-is-a-name-of-more-letters-than-anybody-wants-to-read"};
    kit_init(&k, NULL);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        refuse(&k, (oc_custom_params){.name = names[i]}, "is no name of an own op");
    refuse(&k, (oc_custom_params){.name = "ai.onnx.ml.Scaler"}, "not for own ops");
    refuse(&k, (oc_custom_params){.in_min = 33}, "operands");
    refuse(&k, (oc_custom_params){.in_min = 3, .in_max = 2}, "3 to 2 operands");
    refuse(&k, (oc_custom_params){.out_count = 17}, "outputs");
    refuse(&k, (oc_custom_params){.params_size = 513}, "513 bytes");
    refuse(&k, (oc_custom_params){.params_size = 8}, "fields of its params");
    refuse(&k, (oc_custom_params){.params_size = sizeof(fields), .fields = twins, .field_count = 2}, "two fields");
    refuse(&k, (oc_custom_params){.kernels = pair, .kernel_count = 2}, "two kernels");
    refuse(&k, (oc_custom_params){.kernels = pair, .kernel_count = 9}, "9 kernels");
    refuse(&k, (oc_custom_params){.flops = -1}, "flops");
    refuse_field(&k, (oc_custom_field)OC_CUSTOM_FIELD(OC_F64, fields, d), "neither i64");
    refuse_field(&k, (oc_custom_field)OC_CUSTOM_FIELD(OC_I32, fields, list), "arrays are of i64 or f32");
    refuse_field(&k, (oc_custom_field){"f", OC_F32, sizeof(fields), 4}, "does not fit");
    refuse_field(&k, (oc_custom_field){"f", OC_F32, 2, 4}, "does not fit");
    static const char *const words[] = {"in", "in3", "out0", "items", "n7", "local", "workspace", "params", "2f", "a-b", ""};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        refuse_field(&k, (oc_custom_field){words[i], OC_F32, 0, 4}, "is no name for a field");
    static const char *const args[] = {"in1",     "out1", "in.0", "in0.8", "in0.x",    "item",
                                       "items.3", "n8",   "n",    "beta",  "params.1", "in0."};
    for (size_t i = 0; i < sizeof(args) / sizeof(*args); i++)
        refuse_kernel(&k, (oc_custom_kernel){.args = args[i]}, "is no argument it can have");
    refuse_kernel(&k, (oc_custom_kernel){.types = "f32 f31"}, "\"f31\" is no type");
    refuse_kernel(&k, (oc_custom_kernel){.name = "no kernel"}, "is no name of a kernel");
    refuse_kernel(&k, (oc_custom_kernel){.source = ""}, "has no source");
    refuse_kernel(&k, (oc_custom_kernel){.passes = -1}, "passes");
    KIT_FAILS(OC_ERROR_INVALID, "params is NULL", oc_custom_create(&custom, k.context, NULL, &err), &err);
    KIT_OK(own_plain(&custom, k.context, "test.twice", OWN_TWICE, NULL, &err), &err);
    refuse(&k, (oc_custom_params){.name = "test.twice"}, "there is an op named test.twice");
    oc_custom_destroy(&custom);
    oc_custom_destroy(&custom);
    oc_custom_destroy(NULL);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_kernel), cmocka_unit_test(test_changed_kernel), cmocka_unit_test(test_unchecked),
        cmocka_unit_test(test_no_build),     cmocka_unit_test(test_callbacks),      cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_params),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
