/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that are ended early: by another thread, by a deadline; on one device and several; and what is left of them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/work.h"
#include "kit/faults.h"
#include "kit/kit.h"
#include "plan/plan.h"
#include "device/cl.h"

static oc_error err;
static oc__cl honest;
static _Atomic int launches;

/* A device on which every launch takes five milliseconds. */
static cl_int slow_launch(cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset, const size_t *global,
                          const size_t *local, cl_uint waits, const cl_event *wait, cl_event *event) {
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    launches++;
    return honest.clEnqueueNDRangeKernel(queue, kernel, dims, offset, global, local, waits, wait, event);
}

static void slow_down(kit *k, bool slow) {
    oc__cl *table = oc__cl_table(k->context);
    if (slow)
        honest = *table;
    table->clEnqueueNDRangeKernel = slow ? slow_launch : honest.clEnqueueNDRangeKernel;
    launches = 0;
}

typedef struct caller {
    oc_exec *exec;
    int after; /* launches */
} caller;

static void *cancel_soon(void *user) {
    caller *c = user;
    while (launches < c->after)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    oc_exec_cancel(c->exec, true);
    return NULL;
}

/* A step that another thread cancels: the states are as before; then one more, that gives what it should. */
static void test_cancel(void **state) {
    (void)state;
    kit k;
    training t;
    size_t size;
    unsigned char *before = NULL, *after = NULL, *now = NULL;
    kit_init(&k, NULL);
    kit_open(&k);
    place here = {.context = k.context, .device = k.device};
    KIT_OK(training_init(&t, &here, k.device, &err), &err);
    KIT_OK(training_step(&t, 1, &err), &err);
    KIT_OK(training_read(&t, &here, &before, &size, &err), &err);
    KIT_OK(training_step(&t, 2, &err), &err);
    KIT_OK(training_read(&t, &here, &after, &size, &err), &err);
    KIT_OK(training_write(&t, &here, before, &err), &err);
    slow_down(&k, true);
    pthread_t thread;
    caller c = {t.exec, 5};
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &c), 0);
    KIT_FAILS(OC_ERROR_CANCELLED, "the run was cancelled before step", training_step(&t, 2, &err), &err);
    pthread_join(thread, NULL);
    assert_in_range(launches, 5, 15);
    KIT_FAILS(OC_ERROR_CANCELLED, "before step 1 of", training_step(&t, 2, &err), &err); /* as long as it is not taken back */
    KIT_FAILS(OC_ERROR_CANCELLED, "before step 1 of", oc_exec_enqueue(t.exec, NULL, 0, NULL, 0, NULL, 0, NULL, &err), &err);
    slow_down(&k, false);
    oc_exec_cancel(t.exec, false);
    KIT_OK(training_read(&t, &here, &now, &size, &err), &err);
    assert_memory_equal(now, before, size);
    free(now);
    KIT_OK(training_step(&t, 2, &err), &err);
    KIT_OK(training_read(&t, &here, &now, &size, &err), &err);
    assert_memory_equal(now, after, size);
    free(before);
    free(after);
    free(now);
    training_finish(&t);
    kit_finish(&k);
}

static void test_deadline(void **state) {
    (void)state;
    kit k;
    training t;
    kit_init(&k, NULL);
    kit_open(&k);
    place here = {.context = k.context, .device = k.device};
    KIT_OK(training_init(&t, &here, k.device, &err), &err);
    KIT_OK(training_step(&t, 1, &err), &err);
    slow_down(&k, true);
    oc_exec_set_deadline(t.exec, 0.03);
    KIT_FAILS(OC_ERROR_CANCELLED, "the run's deadline has passed before step", training_step(&t, 1, &err), &err);
    assert_in_range(launches, 1, 8);
    oc_exec_set_deadline(t.exec, 100);
    KIT_OK(training_step(&t, 1, &err), &err);
    oc_exec_set_deadline(t.exec, 0);
    KIT_OK(training_step(&t, 1, &err), &err);
    slow_down(&k, false);
    training_finish(&t);
    kit_finish(&k);
}

/* Steps that are expected to take long: the host waits for each but the last few, and the numbers are the same. */
static void test_pieces(void **state) {
    (void)state;
    kit k;
    training t;
    kit_init(&k, NULL);
    (void)faults_install(k.context);
    kit_open(&k);
    place here = {.context = k.context, .device = k.device};
    float losses[2];
    for (int turn = 0; turn < 2; turn++) {
        KIT_OK(training_init(&t, &here, k.device, &err), &err);
        size_t steps = 0;
        for (size_t i = 0; i < t.plan->task_count && turn; i++) {
            t.plan->tasks[i].seconds = 1;
            steps += !t.plan->tasks[i].derived && t.plan->tasks[i].step_count && t.plan->tasks[i].first_step < t.plan->first_update;
        }
        uint64_t waits = faults_calls("clWaitForEvents");
        KIT_OK(training_step(&t, 1, &err), &err);
        losses[turn] = t.loss_number;
        if (turn)
            assert_in_range(faults_calls("clWaitForEvents") - waits, steps - 1, steps);
        training_finish(&t);
    }
    assert_true(losses[0] == losses[1]);
    kit_finish(&k);
}

/* Several devices: none of them is thought to have failed. */
static void test_several(void **state) {
    (void)state;
    kit k;
    oc_graph *graph = NULL;
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    oc_tensor *image = NULL, *logits = NULL;
    oc_device *devices[2];
    size_t count = 0;
    kit_init(&k, NULL);
    if (oc_device_create_list(devices, 2, &count, k.context, "cpu:0,cpu:1", &err) != OC_OK) {
        kit_finish(&k);
        skip();
    }
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 1, 28, 28), &err);
    KIT_OK(oc_graph_output(graph, "logits", oc_net_lenet5(graph, x, &err), &err), &err);
    const oc_dim_binding n = {"N", 4};
    const oc_plan_params params = {.dims = &n, .dim_count = 1, .policy = "split"};
    KIT_OK(oc_plan_create(&plan, graph, devices, 2, &params, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_tensor_create(&image, k.context, NULL, OC_F32, &OC_SHAPE(4, 1, 28, 28), &err), &err);
    KIT_OK(oc_tensor_create(&logits, k.context, NULL, OC_F32, &OC_SHAPE(4, 10), &err), &err);
    const oc_binding in = {"image", image}, out = {"logits", logits};
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    slow_down(&k, true);
    pthread_t thread;
    caller c = {exec, 4};
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &c), 0);
    KIT_FAILS(OC_ERROR_CANCELLED, "the run was cancelled", oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    pthread_join(thread, NULL);
    oc_exec_cancel(exec, false);
    oc_exec_set_deadline(exec, 0.02);
    KIT_FAILS(OC_ERROR_CANCELLED, "deadline", oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    slow_down(&k, false);
    oc_exec_set_deadline(exec, 0);
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    assert_false(kit_logged(&k, "is left out"));
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_tensor_destroy(&image);
    oc_tensor_destroy(&logits);
    oc_graph_destroy(&graph);
    for (int i = 0; i < 2; i++)
        oc_device_destroy(&devices[i]);
    kit_finish(&k);
}

int main(void) {
    setenv("POCL_DEVICES", "basic basic", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cancel), cmocka_unit_test(test_deadline), cmocka_unit_test(test_pieces),
                                       cmocka_unit_test(test_several)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
