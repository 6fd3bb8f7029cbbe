/* SPDX-License-Identifier: Apache-2.0 */
/* Own ops in a network over several devices: every policy gives the numbers of one device, a batch that cannot be cut is not;
 * training in shares; two threads that make plans of one op. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "kit/own.h"
#include "kit/several.h"

static const float taps[3] = {0.25f, 0.5f, 0.25f};
static oc_error err;

/* conv, swish, blur, conv, the sums of rows. */
static oc_graph *network(several *f, const own *o, const oc_custom *last) {
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, f->k.context, &err), &err);
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 3, 16, 16), &err);
    x = own_swish(graph, o, 1.5f, several_conv(graph, x, "stem", 3, 16, 3), &err);
    oc_value_set_name(x, "own");
    x = several_conv(graph, own_blur(graph, o, taps, x, &err), "second", 16, 10, 3);
    x = oc_flatten(graph, oc_avg_pool2d(graph, x, &oc_pool_params(.kernel = {16, 14}), &err), 1, &err);
    if (last)
        x = oc_graph_custom(graph, last, NULL, 0, &x, 1, NULL, &err);
    KIT_OK(oc_graph_output(graph, "y", oc_softmax(graph, x, 1, &err), &err), &err);
    return graph;
}

static oc_plan *make_plan(several *f, const oc_graph *graph, const char *policy, size_t devices, const oc_pin *pins) {
    oc_plan *plan = NULL;
    const oc_dim_binding n = {"N", BATCH};
    const oc_plan_params params = {.dims = &n, .dim_count = 1, .policy = policy, .pins = pins, .pin_count = pins ? 2 : 0};
    KIT_OK(oc_plan_create(&plan, graph, f->devices, devices, &params, &err), &err);
    return plan;
}

static void run(several *f, const oc_plan *plan, oc_tensor *out) {
    oc_exec *exec = NULL;
    const oc_binding in = {"image", f->image}, to = {"y", out};
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_exec_run(exec, &in, 1, &to, 1, &err), &err);
    oc_exec_destroy(&exec);
}

static void test_policies(void **state) {
    (void)state;
    several f;
    own o;
    static const char *const policies[] = {"single", "heft", "split", "pipeline", "auto", "pinned"};
    const oc_pin pins[] = {{"*", 0}, {"op:test.*", 1}};
    several_set_up(&f);
    own_make(&o, f.k.context);
    oc_graph *graph = network(&f, &o, NULL);
    oc_plan *single = make_plan(&f, graph, NULL, 1, NULL);
    run(&f, single, f.wanted);
    oc_plan_destroy(&single);
    for (size_t p = 0; p < 6; p++) {
        oc_plan *plan = make_plan(&f, graph, policies[p], 2, p == 5 ? pins : NULL);
        if (!strcmp(policies[p], "split"))
            assert_int_equal(oc_plan_get_share(plan, 0) + oc_plan_get_share(plan, 1), BATCH);
        if (p == 5)
            assert_int_equal(oc_plan_get_placement(plan)->device_of[oc_plan_find_group(plan, "own")], 1);
        run(&f, plan, f.got);
        several_check(&f);
        oc_plan_destroy(&plan);
    }
    oc_graph_destroy(&graph);
    own_destroy(&o);
    several_tear_down(&f);
}

static void test_whole_batch(void **state) {
    (void)state;
    several f;
    own o;
    oc_custom *whole = NULL;
    oc_plan *plan = NULL;
    const oc_custom_kernel kernel = {.name = "k", .source = OWN_TWICE};
    const oc_custom_params params = {
        .name = "test.whole", .host = own_twice_host, .kernels = &kernel, .unbatched = "it looks at all pictures at once"};
    const oc_dim_binding n = {"N", BATCH};
    several_set_up(&f);
    own_make(&o, f.k.context);
    KIT_OK(oc_custom_create(&whole, f.k.context, &params, &err), &err);
    oc_graph *graph = network(&f, &o, whole);
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "it looks at all pictures at once",
              oc_plan_create(&plan, graph, f.devices, 2, &(oc_plan_params){.dims = &n, .dim_count = 1, .policy = "split"}, &err),
              &err);
    oc_graph_destroy(&graph);
    oc_custom_destroy(&whole);
    own_destroy(&o);
    several_tear_down(&f);
}

/* A step of training on shares of a batch changes parameters as one device does. */
static void test_training(void **state) {
    (void)state;
    several f;
    own o;
    float hyper[OC_HYPER_COUNT], loss[2];
    oc_tensor *fed, *scalar;
    const oc_optimizer sgd = {.lr = 0.1f};
    oc_exec *execs[2];
    several_set_up(&f);
    own_make(&o, f.k.context);
    oc_graph *graph = network(&f, &o, NULL);
    oc_value *y = oc_graph_find(graph, "y"), *mean = oc_reduce_mean(graph, oc_mul(graph, y, y, &err), NULL, &err);
    KIT_OK(oc_graph_output(graph, "loss", mean, &err), &err);
    KIT_OK(oc_minimize(graph, mean, &sgd, NULL, &err), &err);
    KIT_OK(oc_tensor_wrap(&fed, f.k.context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), hyper, &err), &err);
    for (int i = 0; i < 2; i++) {
        oc_plan *plan = make_plan(&f, graph, i ? "split" : NULL, i ? 2 : 1, NULL);
        KIT_OK(oc_tensor_wrap(&scalar, f.k.context, OC_F32, &OC_SCALAR, &loss[i], &err), &err);
        KIT_OK(oc_exec_create(&execs[i], plan, NULL, &err), &err);
        for (int step = 1; step <= 3; step++) {
            oc_optimizer_hyper(&sgd, step, hyper);
            KIT_OK(oc_exec_run(execs[i], (oc_binding[]){{"image", f.image}, {OC_HYPER_NAME, fed}}, 2,
                               &(oc_binding){"loss", scalar}, 1, &err),
                   &err);
        }
        oc_tensor_destroy(&scalar);
        oc_plan_destroy(&plan);
    }
    assert_true(fabsf(loss[0] - loss[1]) < 1e-5f * loss[0]);
    several_compare_states(&f, oc_exec_get_state(execs[1]), oc_exec_get_state(execs[0]), 1e-4);
    oc_exec_destroy(&execs[0]);
    oc_exec_destroy(&execs[1]);
    oc_tensor_destroy(&fed);
    oc_graph_destroy(&graph);
    own_destroy(&o);
    several_tear_down(&f);
}

typedef struct worker {
    several *f;
    const own *o;
    int device;
    oc_status status;
    oc_error err;
} worker;

static void *work(void *user) {
    worker *w = user;
    const oc_dim_binding n = {"N", BATCH};
    for (int i = 0; i < 3 && w->status == OC_OK; i++) {
        oc_graph *graph = NULL;
        oc_plan *plan = NULL;
        w->status = oc_graph_create(&graph, w->f->k.context, &w->err);
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 20 + i), &w->err);
        x = own_blur(graph, w->o, taps, own_swish(graph, w->o, (float)(w->device + 1), x, &w->err), &w->err);
        if (w->status == OC_OK)
            w->status = oc_graph_output(graph, "y", x, &w->err);
        if (w->status == OC_OK)
            w->status = oc_plan_create(&plan, graph, &w->f->devices[w->device], 1, &(oc_plan_params){.dims = &n, .dim_count = 1},
                                       &w->err);
        oc_graph_destroy(&graph);
        oc_plan_destroy(&plan);
    }
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    several f;
    own o;
    pthread_t threads[2];
    worker workers[2];
    several_set_up(&f);
    own_make(&o, f.k.context);
    for (int i = 0; i < 2; i++) {
        workers[i] = (worker){.f = &f, .o = &o, .device = i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        KIT_OK(workers[i].status, &workers[i].err);
    }
    own_destroy(&o);
    assert_int_equal(o.released, 4);
    several_tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_whole_batch),
        cmocka_unit_test(test_training),
        cmocka_unit_test(test_threads),
    };
    setenv("POCL_DEVICES", "basic basic basic", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
