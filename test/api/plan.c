/* SPDX-License-Identifier: Apache-2.0 */
/* Plans and execs: the same numbers whatever the plan does with memory, fusion and solvers; sharing; refusals. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "kit/lenet.h"

#define BATCH 5
static float pixels[BATCH * 784];

static void fill(void) {
    for (int i = 0; i < BATCH * 784; i++)
        pixels[i] = (float)(i * 7919 % 256) / 255;
}

static oc_plan *make_plan(kit *k, const oc_graph *graph, oc_plan_params params) {
    oc_error err = {0};
    oc_plan *plan = NULL;
    oc_dim_binding n = {"N", BATCH};
    params.dims = &n;
    params.dim_count = 1;
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, &params, &err), &err);
    return plan;
}

static void run(kit *k, oc_exec *exec, float *logits) {
    oc_error err = {0};
    oc_tensor *image, *out;
    KIT_OK(oc_tensor_wrap(&image, k->context, OC_F32, &OC_SHAPE(BATCH, 1, 28, 28), pixels, &err), &err);
    KIT_OK(oc_tensor_wrap(&out, k->context, OC_F32, &OC_SHAPE(BATCH, 10), logits, &err), &err);
    KIT_OK(oc_exec_run(exec, &(oc_binding){"image", image}, 1, &(oc_binding){"logits", out}, 1, &err), &err);
    oc_tensor_destroy(&image);
    oc_tensor_destroy(&out);
}

static void close_to(const float *a, const float *b) {
    for (int i = 0; i < BATCH * 10; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-5f))
            fail_msg("logit %d: %g and %g", i, a[i], b[i]);
}

static void test_same_numbers(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = lenet_graph(&k);
    const oc_plan_params ways[] = {{.reference = true}, {0}, {.no_fusion = true}, {.red_zones = true}, {.workspace_limit = 1}};
    float want[BATCH * 10], got[BATCH * 10];
    fill();
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        oc_plan *plan = make_plan(&k, graph, ways[i]);
        oc_exec *exec = NULL;
        oc_plan_info info = oc_plan_get_info(plan);
        KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
        run(&k, exec, i ? got : want);
        run(&k, exec, i ? got : want);
        if (i)
            close_to(want, got);
        if (!ways[i].red_zones && info.arena_bytes > info.liveness_bytes * 11 / 10)
            fail_msg("way %zu: an arena of %llu bytes, of which %llu live at once", i, (unsigned long long)info.arena_bytes,
                     (unsigned long long)info.liveness_bytes);
        assert_true(info.step_count > 5 && info.program_count >= 3);
        oc_plan_destroy(&plan); /* the exec keeps what it needs */
        run(&k, exec, got);
        oc_exec_destroy(&exec);
    }
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

/* Device tensors in and out, events between: what an application with its own pipeline does. */
static void test_enqueue(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = lenet_graph(&k);
    oc_plan *plan = make_plan(&k, graph, (oc_plan_params){0});
    oc_exec *exec[2] = {NULL, NULL};
    oc_tensor *image, *out, *host;
    float want[BATCH * 10], got[BATCH * 10];
    fill();
    for (int i = 0; i < 2; i++)
        KIT_OK(oc_exec_create(&exec[i], plan, NULL, &err), &err);
    run(&k, exec[0], want);
    KIT_OK(oc_tensor_create(&image, k.context, k.device, OC_F32, &OC_SHAPE(BATCH, 1, 28, 28), &err), &err);
    KIT_OK(oc_tensor_write(image, pixels, sizeof(pixels), &err), &err);
    KIT_OK(oc_tensor_create(&out, k.context, k.device, OC_F32, &OC_SHAPE(BATCH, 10), &err), &err);
    KIT_OK(oc_tensor_wrap(&host, k.context, OC_F32, &OC_SHAPE(BATCH, 10), got, &err), &err);
    oc_event *done[2] = {NULL, NULL};
    oc_binding in = {"image", image};
    KIT_OK(oc_exec_enqueue(exec[0], &in, 1, &(oc_binding){"logits", out}, 1, NULL, 0, &done[0], &err), &err);
    KIT_OK(oc_exec_enqueue(exec[1], &in, 1, &(oc_binding){"logits", host}, 1, done, 1, &done[1], &err), &err);
    KIT_OK(oc_event_wait(done[1], &err), &err);
    close_to(want, got);
    memset(got, 0, sizeof(got));
    KIT_OK(oc_tensor_read(out, got, sizeof(got), &err), &err);
    close_to(want, got);
    for (int i = 0; i < 2; i++) {
        oc_event_destroy(&done[i]);
        oc_exec_destroy(&exec[i]);
    }
    oc_tensor_destroy(&image);
    oc_tensor_destroy(&out);
    oc_tensor_destroy(&host);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

typedef struct worker {
    kit *k;
    oc_plan *plan;
    oc_state *state;
    float logits[BATCH * 10];
} worker;

static void *work(void *user) {
    worker *w = user;
    oc_error err = {0};
    oc_exec *exec = NULL;
    if (oc_exec_create(&exec, w->plan, w->state, &err) == OC_OK)
        for (int i = 0; i < (getenv("OCELLI_TEST_SMALL") ? 3 : 20); i++)
            run(w->k, exec, w->logits);
    oc_exec_destroy(&exec);
    return NULL;
}

static void test_threads_share_a_plan(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = lenet_graph(&k);
    oc_plan *plan = make_plan(&k, graph, (oc_plan_params){0});
    oc_state *weights = NULL;
    KIT_OK(oc_state_create(&weights, k.device, graph, 3, &err), &err);
    static worker workers[4];
    pthread_t threads[4];
    fill();
    for (int i = 0; i < 4; i++) {
        workers[i] = (worker){.k = &k, .plan = plan, .state = weights};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < 4; i++)
        assert_memory_equal(workers[0].logits, workers[i].logits, sizeof(workers[0].logits));
    assert_true(workers[0].logits[0] != 0);
    oc_state_destroy(&weights);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

/* Packed weights follow a change of the state. */
static void test_derived_follow_the_state(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = lenet_graph(&k);
    oc_plan *plan = make_plan(&k, graph, (oc_plan_params){0});
    oc_state *weights = NULL;
    oc_exec *exec = NULL;
    float before[BATCH * 10], after[BATCH * 10];
    fill();
    KIT_OK(oc_state_create(&weights, k.device, graph, 3, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, weights, &err), &err);
    run(&k, exec, before);
    oc_tensor *zeros;
    KIT_OK(oc_tensor_create(&zeros, k.context, NULL, OC_F32, &OC_SHAPE(10, 84), &err), &err);
    KIT_OK(oc_state_write(weights, "fc3.weight", zeros, &err), &err);
    run(&k, exec, after);
    for (int i = 10; i < BATCH * 10; i++)
        if (after[i] != after[i - 10]) /* only the bias is left */
            fail_msg("logit %d is %g, logit %d is %g", i, after[i], i - 10, after[i - 10]);
    assert_memory_not_equal(before, after, sizeof(before));
    oc_tensor_destroy(&zeros);
    oc_exec_destroy(&exec);
    oc_state_destroy(&weights);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

/* Plans for other sizes pack the same weights in the same way: they share them, whoever made them, whenever they change. */
static void test_derived_are_shared(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = lenet_graph(&k);
    oc_plan *plans[3] = {make_plan(&k, graph, (oc_plan_params){0}), make_plan(&k, graph, (oc_plan_params){0}),
                         make_plan(&k, graph, (oc_plan_params){.no_fusion = true})};
    oc_state *weights = NULL;
    oc_exec *execs[3] = {NULL};
    float want[BATCH * 10], got[BATCH * 10];
    uint64_t first, second, peak;
    fill();
    KIT_OK(oc_state_create(&weights, k.device, graph, 3, &err), &err);
    KIT_OK(oc_exec_create(&execs[0], plans[0], weights, &err), &err);
    run(&k, execs[0], want);
    oc__device_usage(k.device, &first, &peak);
    KIT_OK(oc_exec_create(&execs[1], plans[1], weights, &err), &err);
    oc__device_usage(k.device, &second, &peak);
    uint64_t packed = oc_plan_get_info(plans[1]).derived_bytes;
    assert_true(second - first <= oc_plan_get_info(plans[1]).arena_bytes + packed / 2);
    KIT_OK(oc_exec_create(&execs[2], plans[2], weights, &err), &err);
    oc_tensor *ones;
    KIT_OK(oc_tensor_create(&ones, k.context, NULL, OC_F32, &OC_SHAPE(10, 84), &err), &err);
    for (int turn = 0; turn < 4; turn++) {
        for (int i = 0; i < 3; i++) {
            run(&k, execs[(turn + i) % 3], i ? got : want);
            if (i)
                close_to(want, got);
        }
        for (int i = 0; i < 840; i++)
            ((float *)oc_tensor_get_data(ones))[i] = (float)(turn + i % 3) / 16;
        KIT_OK(oc_state_write(weights, "fc3.weight", ones, &err), &err);
        memcpy(got, want, sizeof(got));
        run(&k, execs[turn % 2], want);
        assert_memory_not_equal(got, want, sizeof(got));
        if (turn == 1) { /* what one of them made stays while another needs it */
            oc_exec_destroy(&execs[0]);
            KIT_OK(oc_exec_create(&execs[0], plans[0], weights, &err), &err);
        }
    }
    oc_tensor_destroy(&ones);
    for (int i = 0; i < 3; i++) {
        oc_exec_destroy(&execs[i]);
        oc_plan_destroy(&plans[i]);
    }
    oc_state_destroy(&weights);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static oc_graph *linear_graph(kit *k) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_tensor *weights;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    KIT_OK(oc_tensor_create(&weights, k->context, NULL, OC_F32, &OC_SHAPE(784, 10), &err), &err);
    for (int i = 0; i < 7840; i++)
        ((float *)oc_tensor_get_data(weights))[i] = (float)(i * 31 % 17 - 8) / 64;
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 1, 28, 28), &err);
    oc_value *w = oc_graph_state_tensor(graph, "w", weights, false, &err);
    oc_value *flat = oc_flatten(graph, x, 1, &err);
    KIT_OK(oc_graph_output(graph, "logits", oc_linear(graph, flat, w, NULL, NULL, &err), &err), &err);
    oc_tensor_destroy(&weights);
    return graph;
}

/* Execs without a state of their own share one set of weights: where the graph has them, or packed, but not both. */
static void test_weights_once(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = linear_graph(&k);
    oc_state *own = NULL;
    oc_plan *plan = make_plan(&k, graph, (oc_plan_params){0}), *plain = make_plan(&k, graph, (oc_plan_params){.reference = true});
    oc_exec *execs[3] = {NULL};
    float want[BATCH * 10], got[BATCH * 10];
    uint64_t with_one, with_two, peak;
    fill();
    KIT_OK(oc_state_create(&own, k.device, graph, 0, &err), &err);
    oc_graph_destroy(&graph);
    KIT_OK(oc_exec_create(&execs[2], plain, own, &err), &err);
    run(&k, execs[2], want);
    KIT_OK(oc_exec_create(&execs[0], plan, NULL, &err), &err);
    oc__device_usage(k.device, &with_one, &peak);
    KIT_OK(oc_exec_create(&execs[1], plan, NULL, &err), &err);
    oc__device_usage(k.device, &with_two, &peak);
    assert_int_equal(with_two - with_one, oc_plan_get_info(plan).arena_bytes);
    oc_state *shared = oc_exec_get_state(execs[0]);
    assert_ptr_equal(shared, oc_exec_get_state(execs[1]));
    oc_tensor *weights;
    KIT_OK(oc_tensor_create(&weights, k.context, NULL, OC_F32, &OC_SHAPE(784, 10), &err), &err);
    if (oc_plan_get_info(plan).derived_count > 0 && oc_device_get_info(k.device)->type == OC_DEVICE_CPU) {
        KIT_FAILS(OC_ERROR_UNSUPPORTED, "given back", oc_state_read(shared, "w", weights, &err), &err);
        KIT_FAILS(OC_ERROR_UNSUPPORTED, "given back", oc_state_save(shared, kit_path(&k, "state"), NULL, &err), &err);
    } else {
        KIT_OK(oc_state_read(shared, "w", weights, &err), &err);
    }
    KIT_FAILS(OC_ERROR_INVALID, "frozen", oc_state_write(shared, "w", weights, &err), &err);
    for (int i = 0; i < 2; i++) {
        run(&k, execs[i], got);
        close_to(want, got);
    }
    oc_exec_destroy(&execs[0]);
    oc_exec_destroy(&execs[1]);
    KIT_OK(oc_exec_create(&execs[0], plan, NULL, &err), &err); /* nobody had the packed weights meanwhile */
    run(&k, execs[0], got);
    close_to(want, got);
    oc_tensor_destroy(&weights);
    for (int i = 0; i < 3; i++)
        oc_exec_destroy(&execs[i]);
    oc_plan_destroy(&plan);
    oc_plan_destroy(&plain);
    oc_state_destroy(&own);
    kit_finish(&k);
}

static void test_refusals(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = lenet_graph(&k);
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    const char *missing = "nothing";
    KIT_FAILS(OC_ERROR_INVALID, "N", oc_plan_create(&plan, graph, &k.device, 1, NULL, &err), &err);
    oc_plan_params unknown = {.outputs = &missing, .output_count = 1, .default_dim = 1};
    KIT_FAILS(OC_ERROR_NOT_FOUND, "nothing", oc_plan_create(&plan, graph, &k.device, 1, &unknown, &err), &err);
    oc_plan_params policy = {.policy = "luck", .default_dim = 1};
    KIT_FAILS(OC_ERROR_NOT_FOUND, "luck", oc_plan_create(&plan, graph, &k.device, 1, &policy, &err), &err);
    plan = make_plan(&k, graph, (oc_plan_params){0});
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    oc_tensor *wrong;
    KIT_OK(oc_tensor_create(&wrong, k.context, NULL, OC_F32, &OC_SHAPE(BATCH, 28, 28), &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "never given", oc_exec_run(exec, NULL, 0, NULL, 0, &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "image", oc_exec_run(exec, &(oc_binding){"image", wrong}, 1, NULL, 0, &err), &err);
    KIT_FAILS(OC_ERROR_NOT_FOUND, "picture", oc_exec_run(exec, &(oc_binding){"picture", wrong}, 1, NULL, 0, &err), &err);
    oc_tensor_destroy(&wrong);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_value *x = oc_graph_find(graph, "image");
    assert_null(oc_linear(graph, x, x, x, NULL, &err)); /* a bias of four axes */
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_numbers), cmocka_unit_test(test_enqueue),
                                       cmocka_unit_test(test_threads_share_a_plan),
                                       cmocka_unit_test(test_derived_follow_the_state), cmocka_unit_test(test_weights_once),
                                       cmocka_unit_test(test_derived_are_shared),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
