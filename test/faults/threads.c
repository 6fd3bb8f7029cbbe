/* SPDX-License-Identifier: Apache-2.0 */
/* Eight threads at once, for the thread sanitizer above all: threads [ROUNDS]. They share a context, a device, a plan and its frozen state,
 * each with an exec of its own; make and destroy plans, devices and contexts; remember times and look into the cache folder; and ask for
 * one new program all together. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/work.h"

#include "device/device.h"

#define THREADS 8
#define BATCH 2

static place here;
static oc_graph *graph;
static oc_plan *shared;
static oc_state *state;
static float wanted[BATCH * 10];
static int rounds = 2;
static pthread_barrier_t together;
static _Atomic int wrong;

static void complain(const char *what, const oc_error *err) {
    if (wrong++ < 10)
        printf("%s: %s\n", what, err ? err->text : "");
}

static bool right(oc_status status, const char *what, const oc_error *err) {
    if (status != OC_OK)
        complain(what, err);
    return status == OC_OK;
}

/* One run of LeNet-5: its logits. */
static void run(oc_exec *exec, const char *what, float out[BATCH * 10]) {
    oc_error err = {0};
    float pixels[BATCH * 784];
    oc_tensor *image = NULL, *logits = NULL;
    for (int i = 0; i < BATCH * 784; i++)
        pixels[i] = (float)(i * 7919 % 255) / 255;
    if (right(oc_tensor_wrap(&image, here.context, OC_F32, &OC_SHAPE(BATCH, 1, 28, 28), pixels, &err), what, &err) &&
        right(oc_tensor_wrap(&logits, here.context, OC_F32, &OC_SHAPE(BATCH, 10), out, &err), what, &err))
        (void)right(oc_exec_run(exec, &(oc_binding){"image", image}, 1, &(oc_binding){"logits", logits}, 1, &err), what, &err);
    oc_tensor_destroy(&image);
    oc_tensor_destroy(&logits);
}

static void check(oc_exec *exec, const char *what) {
    float got[BATCH * 10] = {0};
    run(exec, what, got);
    for (int i = 0; i < BATCH * 10; i++)
        if (!(fabsf(got[i] - wanted[i]) <= 1e-5f * (1 + fabsf(wanted[i])))) {
            complain(what, &(oc_error){.text = "other numbers"});
            return;
        }
}

static void share_a_plan(bool with_state) {
    oc_error err = {0};
    oc_exec *exec = NULL;
    if (!right(oc_exec_create(&exec, shared, with_state ? state : NULL, &err), "an exec of the shared plan", &err))
        return;
    for (int i = 0; i < 3; i++)
        check(exec, "the shared plan");
    if (right(oc_exec_set_profiling(exec, true, &err), "profiling", &err)) {
        check(exec, "the shared plan, timed");
        (void)right(oc_exec_remember(exec, &err), "remembering", &err);
    }
    oc_exec_destroy(&exec);
}

static void make_a_plan(void) {
    oc_error err = {0};
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    if (right(oc_plan_create(&plan, graph, &here.device, 1, NULL, &err), "a plan", &err) &&
        right(oc_exec_create(&exec, plan, state, &err), "its exec", &err)) {
        oc_plan_destroy(&plan); /* the exec keeps it */
        check(exec, "a plan of the thread's own");
    }
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
}

static void open_a_device(int round) {
    oc_error err = {0};
    oc_device *device = NULL;
    oc_context *context = NULL;
    uint64_t files, bytes;
    oc__program *program;
    char defines[40];
    snprintf(defines, sizeof(defines), "#define ROUND %d", round);
    pthread_barrier_wait(&together); /* all want a program that is not there */
    (void)right(oc__program_get(&program, here.device, "fill.cl", defines, &err), "a program", &err);
    if (right(oc_device_create(&device, here.context, oc_device_get_info(here.device)->id, &err), "the device once more", &err))
        (void)right(oc__program_get(&program, device, "fill.cl", defines, &err), "a program of it", &err);
    oc_device_destroy(&device);
    (void)right(oc_context_cache_size(here.context, &files, &bytes, &err), "the cache", &err);
    if (right(oc_context_create(&context, &(oc_context_params){.cache_folder = oc_context_cache_folder(here.context)}, &err), "a context", &err) &&
        right(oc_device_create(&device, context, oc_device_get_info(here.device)->id, &err), "its device", &err))
        (void)right(oc__program_get(&program, device, "fill.cl", defines, &err), "its program", &err);
    oc_device_destroy(&device);
    oc_context_destroy(&context);
}

static void *work_alone(void *user) {
    long number = (long)(intptr_t)user;
    for (int round = 0; round < rounds; round++) {
        share_a_plan((number + round) % 2);
        make_a_plan();
        open_a_device(round);
    }
    return NULL;
}

static bool make_all(oc_error *err) {
    oc_exec *exec = NULL;
    if (oc_device_create(&here.device, here.context, NULL, err) != OC_OK || oc_graph_create(&graph, here.context, err) != OC_OK)
        return false;
    oc_value *image = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(BATCH, 1, 28, 28), err);
    bool made = oc_graph_output(graph, "logits", oc_net_lenet5(graph, image, err), err) == OC_OK &&
                oc_plan_create(&shared, graph, &here.device, 1, NULL, err) == OC_OK &&
                oc_state_create(&state, here.device, graph, 0, err) == OC_OK && oc_exec_create(&exec, shared, NULL, err) == OC_OK;
    if (made)
        run(exec, "the first run", wanted);
    oc_exec_destroy(&exec);
    return made;
}

int main(int argc, char **argv) {
    oc_error err = {0};
    pthread_t threads[THREADS];
    rounds = argc > 1 ? atoi(argv[1]) : rounds;
    snprintf(here.folder, sizeof(here.folder), "/tmp/ocelli-threads-XXXXXX");
    if (!mkdtemp(here.folder) || oc_context_create(&here.context, &(oc_context_params){.cache_folder = here.folder}, &err) != OC_OK)
        return 1;
    if (!make_all(&err)) {
        printf("%s\n0 passed, %d failed, %d skipped\n", err.text, err.status != OC_ERROR_NO_DEVICE, err.status == OC_ERROR_NO_DEVICE);
        return err.status != OC_ERROR_NO_DEVICE;
    }
    pthread_barrier_init(&together, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work_alone, (void *)(intptr_t)i))
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
    if (oc_context_cache_clear(here.context, &err) != OC_OK)
        complain("the cache cannot be cleared", &err);
    oc_state_destroy(&state);
    oc_plan_destroy(&shared);
    oc_graph_destroy(&graph);
    oc_device_destroy(&here.device);
    oc_context_destroy(&here.context);
    if (rmdir(here.folder))
        complain("something is left in the cache folder", NULL);
    printf("%d threads, %d rounds: %d wrong\n%d passed, %d failed, 0 skipped\n", THREADS, rounds, (int)wrong, wrong == 0, wrong != 0);
    return wrong != 0;
}
