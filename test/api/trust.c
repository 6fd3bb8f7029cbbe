/* SPDX-License-Identifier: Apache-2.0 */
/* A driver that leaves out a part of one solver's work, in a whole network: it is found out before the first run, said, and another
 * solver is used. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "device/cl.h"
#include "kit/kit.h"
#include "plan/plan.h"

#define OUTPUTS 10

static oc__cl honest;
static char lies[16][64]; /* names of the kernels that are done in part */
static size_t lie_count, told;
static struct {
    cl_kernel handle;
    char name[64];
} known[4096];
static size_t known_count;

static cl_kernel remember(cl_program program, const char *name, cl_int *code) {
    cl_kernel handle = honest.clCreateKernel(program, name, code);
    size_t i = 0;
    while (i < known_count && known[i].handle != handle)
        i++;
    if (handle && i < sizeof(known) / sizeof(*known)) {
        known[i].handle = handle;
        snprintf(known[i].name, sizeof(known[i].name), "%s", name);
        known_count += i == known_count;
    }
    return handle;
}

static bool is_lie(cl_kernel handle) {
    for (size_t i = 0; i < known_count; i++)
        for (size_t k = 0; known[i].handle == handle && k < lie_count; k++)
            if (!strcmp(known[i].name, lies[k]))
                return true;
    return false;
}

/* One work-group less, of the first dimension that has several. */
static cl_int lie(cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset, const size_t *global, const size_t *local,
                  cl_uint waits, const cl_event *wait, cl_event *event) {
    size_t less[3] = {1, 1, 1};
    for (cl_uint i = 0; i < dims; i++)
        less[i] = global[i];
    if (is_lie(kernel)) {
        cl_uint i = 0;
        while (i < dims && global[i] <= local[i])
            i++;
        told++;
        if (i < dims)
            less[i] -= local[i];
    }
    return honest.clEnqueueNDRangeKernel(queue, kernel, dims, offset, less, local, waits, wait, event);
}

static oc_value *weights(oc_graph *graph, const char *name, oc_shape shape) {
    oc_error err = {0};
    oc_value *value = oc_graph_state(graph, name, OC_F32, &shape, &(oc_init){.kind = OC_INIT_HE}, &err);
    if (!value)
        fail_msg("%s", err.text);
    return value;
}

/* Three convolutions, pooling, a product. */
static oc_graph *network(kit *k) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    const oc_conv_params same = {.pad_begin = {1, 1}, .pad_end = {1, 1}};
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(2, 3, 20, 20), &err);
    x = oc_relu(graph, oc_conv2d(graph, x, weights(graph, "w1", OC_SHAPE(32, 3, 3, 3)), NULL, &same, &err), &err);
    x = oc_relu(graph, oc_conv2d(graph, x, weights(graph, "w2", OC_SHAPE(64, 32, 3, 3)), NULL, &same, &err), &err);
    x = oc_relu(graph, oc_conv2d(graph, x, weights(graph, "w3", OC_SHAPE(32, 64, 1, 1)), NULL, NULL, &err), &err);
    x = oc_flatten(graph, oc_global_avg_pool(graph, x, &err), 1, &err);
    x = oc_linear(graph, x, weights(graph, "w4", OC_SHAPE(32, OUTPUTS)), NULL, NULL, &err);
    KIT_OK(oc_graph_output(graph, "out", x, &err), &err);
    return graph;
}

static void run(kit *k, oc_plan *plan, float out[2 * OUTPUTS]) {
    static float pixels[2 * 3 * 20 * 20];
    oc_error err = {0};
    oc_exec *exec = NULL;
    oc_tensor *image, *got;
    for (size_t i = 0; i < sizeof(pixels) / sizeof(*pixels); i++)
        pixels[i] = (float)(i * 7919 % 257) / 257;
    KIT_OK(oc_tensor_wrap(&image, k->context, OC_F32, &OC_SHAPE(2, 3, 20, 20), pixels, &err), &err);
    KIT_OK(oc_tensor_wrap(&got, k->context, OC_F32, &OC_SHAPE(2, OUTPUTS), out, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_exec_run(exec, &(oc_binding){"image", image}, 1, &(oc_binding){"out", got}, 1, &err), &err);
    oc_exec_destroy(&exec);
    oc_tensor_destroy(&image);
    oc_tensor_destroy(&got);
}

/* The fast solver of the second convolution, and the kernels it launches; false: there is none but ref. */
static bool choose_liar(const oc_plan *plan, char solver[64]) {
    lie_count = 0;
    for (size_t t = 0; t < plan->task_count; t++) {
        const oc__task *task = &plan->tasks[t];
        if (task->derived || strcmp(task->problem.op->name, "conv2d") || task->problem.in[0].shape.dims[1] != 32 ||
            strstr(task->chosen.solver->name, ".ref"))
            continue;
        snprintf(solver, 64, "%s", task->chosen.solver->name);
        for (size_t i = task->first_step; i < task->first_step + task->step_count && lie_count < 16; i++)
            if (plan->steps.items[i].kind == OC_STEP_KERNEL)
                snprintf(lies[lie_count++], sizeof(lies[0]), "%s", plan->steps.items[i].kernel);
        return lie_count > 0;
    }
    return false;
}

static void expect_same(const float *want, const float *got) {
    for (int i = 0; i < 2 * OUTPUTS; i++)
        if (!(fabsf(want[i] - got[i]) <= 1e-4f * (1 + fabsf(want[i]))))
            fail_msg("output %d is %g, not %g", i, got[i], want[i]);
}

static void keep_text(void *user, const char *text, size_t size) {
    strncat(user, text, OC_MIN(size, 65535 - strlen(user)));
}

static void test_liar(void **state) {
    (void)state;
    static char why[65536];
    kit k;
    oc_error err = {0};
    oc_plan *plan = NULL;
    char solver[64], expected[200];
    float want[2 * OUTPUTS], got[2 * OUTPUTS];
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = network(&k);
    KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, NULL, &err), &err);
    run(&k, plan, want);
    bool found = choose_liar(plan, solver);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    kit_finish(&k);
    if (!found)
        skip();

    kit_init(&k, NULL); /* a cache without verdicts */
    kit_open(&k);
    oc__cl *cl = oc__cl_table(k.context);
    honest = *cl;
    cl->clCreateKernel = remember;
    cl->clEnqueueNDRangeKernel = lie;
    known_count = told = 0;
    graph = network(&k);
    for (int turn = 0; turn < 2; turn++) { /* then with the verdict that was kept */
        why[0] = 0;
        kit_log_clear(&k);
        KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, NULL, &err), &err);
        assert_true(told > 0);
        snprintf(expected, sizeof(expected), "%s is not used: %s %s", solver, solver,
                 turn ? "was found to give wrong results" : "gave a wrong result");
        if (!kit_logged(&k, expected))
            fail_msg("%s is not in the log: %s", expected, k.log);
        oc_plan_print(plan, true, &(oc_writer){keep_text, why});
        snprintf(expected, sizeof(expected), "not %s: %s", solver, solver);
        assert_non_null(strstr(why, expected));
        for (size_t t = 0; t < plan->task_count; t++)
            for (size_t i = plan->tasks[t].first_step; i < plan->tasks[t].first_step + plan->tasks[t].step_count; i++)
                for (size_t n = 0; !plan->tasks[t].derived && n < lie_count; n++)
                    assert_string_not_equal(plan->steps.items[i].kernel, lies[n]);
        run(&k, plan, got);
        expect_same(want, got);
        oc_plan_destroy(&plan);
    }
    oc_graph_destroy(&graph);
    *cl = honest;
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_liar)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
