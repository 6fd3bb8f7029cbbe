/* SPDX-License-Identifier: Apache-2.0 */
/* Own ops without a graph, and what holds them: one at a time, tuned, destroyed in any order, without memory, on devices that they do
 * not fit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/own.h"
#include "op/tune.h"

#define ROWS 3
#define WIDTH 70

static oc_error err;

/* One at a time, by its name; an operand that may be left out; problems as text. */
static void test_alone(void **state) {
    (void)state;
    kit k;
    own o;
    float data[2][ROWS * WIDTH], weights[WIDTH], got[ROWS];
    oc_op *op = NULL;
    oc_tensor *x, *w, *sum, *most;
    oc_bench_result result;
    kit_init(&k, NULL);
    kit_open(&k);
    own_make(&o, k.context);
    own_fill(data[0], ROWS * WIDTH);
    own_fill(weights, WIDTH);
    KIT_OK(oc_tensor_create(&x, k.context, k.device, OC_F32, &OC_SHAPE(ROWS, WIDTH), &err), &err);
    KIT_OK(oc_tensor_create(&w, k.context, k.device, OC_F32, &OC_SHAPE(WIDTH), &err), &err);
    KIT_OK(oc_tensor_create(&sum, k.context, k.device, OC_F32, &OC_SHAPE(ROWS), &err), &err);
    KIT_OK(oc_tensor_create(&most, k.context, k.device, OC_F32, &OC_SHAPE(ROWS), &err), &err);
    KIT_OK(oc_tensor_write(x, data[0], sizeof(data[0]), &err), &err);
    KIT_OK(oc_tensor_write(w, weights, sizeof(weights), &err), &err);
    for (int weighted = 0; weighted < 2; weighted++) {
        const oc_operand_desc in[] = {{OC_F32, OC_SHAPE(ROWS, WIDTH)}, {weighted ? OC_F32 : OC_DTYPE_NONE, OC_SHAPE(WIDTH)}};
        KIT_OK(oc_op_create(&op, k.device, "test.rows", NULL, 0, in, 2, &err), &err);
        assert_string_equal(oc_op_get_solver(op), "test.rows.halves");
        assert_int_equal(oc_op_output_count(op), 2);
        assert_true(oc_op_get_workspace(op) >= 16 * ROWS);
        KIT_OK(oc_op_enqueue(op, (oc_tensor *[]){x, weighted ? w : NULL}, (oc_tensor *[]){sum, most}, NULL, NULL, &err), &err);
        KIT_OK(oc_tensor_read(sum, got, sizeof(got), &err), &err);
        for (int r = 0; r < ROWS; r++) {
            double want = 0;
            for (int j = 0; j < WIDTH; j++)
                want += data[0][r * WIDTH + j] * (weighted ? weights[j] : 1);
            own_expect(want, got[r], "sum", r);
        }
        oc_op_destroy(&op);
    }
    KIT_OK(oc_bench_problem(k.device, "test.swish:20x30:beta=2", NULL, NULL, &result, &err), &err);
    assert_string_equal(result.problem, "test.swish:20x30:beta=2");
    assert_string_equal(result.solver, "test.swish.swish");
    KIT_FAILS(OC_ERROR_FORMAT, "no parameter", oc_bench_problem(k.device, "test.swish:20x30:gamma=2", NULL, NULL, &result, &err),
              &err);
    KIT_FAILS(OC_ERROR_FORMAT, "direction", oc_bench_problem(k.device, "test.swish:20x30", "bwd_data", NULL, &result, &err),
              &err);
    oc_tensor_destroy(&x), oc_tensor_destroy(&w), oc_tensor_destroy(&sum), oc_tensor_destroy(&most);
    own_destroy(&o);
    kit_finish(&k);
}

/* Both kernels are measured, and what is found is kept for these sources only. */
static void test_tuning(void **state) {
    (void)state;
    kit k;
    own o;
    oc_bench_result result;
    oc__string key;
    oc__arena arena;
    oc__problem problem;
    kit_init(&k, NULL);
    kit_open(&k);
    own_make(&o, k.context);
    const char *text = "test.images.blur:4x9x40:taps=0.5/1/0.5";
    KIT_OK(oc_bench_tune(k.device, text, NULL, true, 0, &result, &err), &err);
    assert_true(!strncmp(result.solver, "test.images.blur.blur", 21));
    oc__arena_init(&arena, k.context);
    oc__string_init(&key, k.context);
    KIT_OK(oc__problem_parse(&arena, text, NULL, &problem, &err), &err);
    oc__find_key(&problem, &key);
    oc__variant variant;
    double seconds = 0;
    assert_non_null(strstr(key.text, "test.images.blur:4x9x40:taps=0.5/1/0.5,dilation=1;src="));
    assert_true(oc__find_get(k.device, key.text, "test.images.blur.blur", true, &variant, &seconds) && seconds > 0);
    oc__string_finish(&key);
    oc__arena_finish(&arena);
    own_destroy(&o);
    kit_finish(&k);
}

/* Each allocation fails once: everything is given back, and the reason is told. */
static void test_memory(void **state) {
    (void)state;
    oc_status status = OC_ERROR_MEMORY;
    for (size_t fail_at = 1; status != OC_OK && fail_at < 200; fail_at++) {
        kit k;
        kit_allocator counts = {0};
        oc_allocator allocator = kit_allocator_get(&counts);
        oc_custom *custom = NULL;
        oc_graph *graph = NULL;
        kit_init(&k, &(oc_context_params){.allocator = &allocator});
        KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(4), &err);
        counts.fail_at = counts.calls + fail_at;
        status = own_plain(&custom, k.context, "test.twice", OWN_TWICE, own_twice_host, &err);
        if (status == OC_OK && !oc_graph_custom(graph, custom, NULL, 0, &x, 1, NULL, &err))
            status = err.status;
        counts.fail_at = 0;
        assert_true(status == OC_OK || status == OC_ERROR_MEMORY);
        oc_custom_destroy(&custom);
        oc_graph_destroy(&graph);
        kit_finish(&k);
        assert_int_equal(counts.live, 0);
    }
    assert_int_equal(status, OC_OK);
}

/* Who goes first does not matter. */
static void test_order(void **state) {
    (void)state;
    kit k;
    own o;
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    oc_op *op = NULL;
    float x[4] = {1, 2, 3, 4}, y[4];
    oc_binding in = {.name = "x"}, out = {.name = "y"};
    kit_init(&k, NULL);
    kit_open(&k);
    own_make(&o, k.context);
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *x4 = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(4), &err);
    KIT_OK(oc_graph_output(graph, "y", oc_graph_custom(graph, o.swish, NULL, 0, &x4, 1, NULL, &err), &err), &err);
    KIT_OK(oc_op_create(&op, k.device, "test.rows", NULL, 0, &(oc_operand_desc){OC_F32, OC_SHAPE(2, 2)}, 1, &err), &err);
    own_destroy(&o);
    assert_int_equal(o.released, 2); /* blur and swish-bwd */
    KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, NULL, &err), &err);
    oc_graph_destroy(&graph);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    oc_plan_destroy(&plan);
    assert_int_equal(o.released, 2);
    KIT_OK(oc_tensor_wrap(&in.tensor, k.context, OC_F32, &OC_SHAPE(4), x, &err), &err);
    KIT_OK(oc_tensor_wrap(&out.tensor, k.context, OC_F32, &OC_SHAPE(4), y, &err), &err);
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    assert_true(y[1] > 1.76f && y[1] < 1.763f);
    oc_exec_destroy(&exec);
    assert_int_equal(o.released, 3);
    oc_op_destroy(&op);
    assert_int_equal(o.released, 4);
    KIT_FAILS(OC_ERROR_NOT_FOUND, "there is no op named test.rows",
              oc_op_create(&op, k.device, "test.rows", NULL, 0, &(oc_operand_desc){OC_F32, OC_SHAPE(2, 2)}, 1, &err), &err);
    oc_tensor_destroy(&in.tensor);
    oc_tensor_destroy(&out.tensor);
    kit_finish(&k);
}

/* The kernel with local memory is for devices that have it, and for dilations that it can. */
static void test_fit(void **state) {
    (void)state;
    static const char *const masks[] = {"local=0", "wg=16"}, *const reasons[] = {"bytes of local memory; the device has 0",
                                                                                 "groups of 32"};
    for (int i = 0; i < 3; i++) {
        kit k;
        own o;
        oc_plan *plan = NULL;
        oc_graph *graph = NULL;
        char why[KIT_TEXT] = "";
        kit_init(&k, &(oc_context_params){.mask = i < 2 ? masks[i] : ""});
        kit_open(&k);
        own_make(&o, k.context);
        own_blur_params params = {{1, 1, 1}, i < 2 ? 1 : 1001, true, 0};
        KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 2003), &err);
        KIT_OK(oc_graph_output(graph, "y", oc_graph_custom(graph, o.blur, &params, sizeof(params), &x, 1, NULL, &err), &err),
               &err);
        KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, NULL, &err), &err);
        oc_plan_print(plan, true, &(oc_writer){kit_collect, why});
        assert_non_null(strstr(why, "by test.images.blur.blur on "));
        assert_non_null(strstr(why, "not test.images.blur.blur_local: "));
        assert_non_null(strstr(why, i < 2 ? reasons[i] : "a dilation of 1001 is too far for it"));
        oc_plan_destroy(&plan);
        oc_graph_destroy(&graph);
        own_destroy(&o);
        kit_finish(&k);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone), cmocka_unit_test(test_tuning), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_order), cmocka_unit_test(test_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
