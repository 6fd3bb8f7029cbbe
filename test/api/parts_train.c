/* SPDX-License-Identifier: Apache-2.0 */
/* Training with the batch split over several devices. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kit/several.h"

static oc_error err;
static bool sync_norm;
static int to_break = -1; /* the device that fails from the third step on, after so many launches; -1: none */
static int break_after;

#define WIDE 800

/* What the last step gave. */
typedef struct outcome {
    float loss, gradient[WIDE * OUT]; /* of the last layer, where it is an output of the graph */
} outcome;

/* A training: what its steps need. The state is the caller's. */
typedef struct training {
    oc_plan *plan;
    oc_exec *exec;
    oc_tensor *label, *numbers, *mean, *gradient;
    int64_t labels[BATCH];
    float hyper[OC_HYPER_COUNT];
    size_t outputs;
} training;

static void begin_training(several *f, training *t, const oc_graph *graph, size_t devices, const char *policy, outcome *out, oc_state **state) {
    const oc_dim_binding n = {"N", BATCH};
    *t = (training){.labels = {0, 1, 2, 3, 4, 5}, .outputs = oc_graph_output_count(graph)};
    memset(out, 0, sizeof(*out));
    KIT_OK(oc_tensor_wrap(&t->label, f->k.context, OC_I64, &OC_SHAPE(BATCH), t->labels, &err), &err);
    KIT_OK(oc_tensor_wrap(&t->numbers, f->k.context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), t->hyper, &err), &err);
    KIT_OK(oc_tensor_wrap(&t->mean, f->k.context, OC_F32, &OC_SCALAR, &out->loss, &err), &err);
    KIT_OK(oc_tensor_wrap(&t->gradient, f->k.context, OC_F32, &OC_SHAPE(WIDE, OUT), out->gradient, &err), &err);
    KIT_OK(oc_state_create(state, f->devices[0], graph, 3, &err), &err);
    KIT_OK(oc_plan_create(&t->plan, graph, f->devices, devices, &(oc_plan_params){.dims = &n, .dim_count = 1, .policy = policy, .sync_norm = sync_norm}, &err), &err);
    KIT_OK(oc_exec_create(&t->exec, t->plan, *state, &err), &err);
}

/* Loss, gradients and update. */
static oc_status train_step(several *f, training *t, int step) {
    const oc_binding in[] = {{"image", f->image}, {"label", t->label}, {"train.hyper", t->numbers}};
    const oc_binding out[] = {{"loss", t->mean}, {"gradient", t->gradient}};
    oc_optimizer_hyper(&(oc_optimizer){.kind = OC_SGD, .lr = 0.05f, .momentum = 0.9f}, step, t->hyper);
    return oc_exec_run(t->exec, in, 3, out, t->outputs, &err);
}

static void end_training(training *t) {
    oc_exec_destroy(&t->exec);
    oc_plan_destroy(&t->plan);
    oc_tensor_destroy(&t->label);
    oc_tensor_destroy(&t->numbers);
    oc_tensor_destroy(&t->mean);
    oc_tensor_destroy(&t->gradient);
}

static void train(several *f, const oc_graph *graph, size_t devices, const char *policy, int steps, outcome *out, oc_state **state) {
    training t;
    begin_training(f, &t, graph, devices, policy, out, state);
    for (int i = 0; i < steps; i++) {
        if (i == 2 && to_break >= 0)
            several_break(f, to_break, break_after, 0);
        KIT_OK(train_step(f, &t, i + 1), &err);
    }
    end_training(&t);
}

static oc_graph *training_graph(several *f, bool norm, bool sum) {
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, f->k.context, &err), &err);
    int64_t n = oc_graph_symbol(graph, "N");
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(n, 3, 16, 16), &err);
    oc_value *label = oc_graph_input(graph, "label", OC_I64, &OC_SHAPE(n), &err), *mean = NULL, *variance = NULL;
    x = several_conv(graph, x, "a", 3, 8, 3);
    if (norm) {
        const oc_init ones = {.kind = OC_INIT_CONSTANT, .value = 1}, none = {.kind = OC_INIT_CONSTANT, .frozen = true},
                      frozen_ones = {.kind = OC_INIT_CONSTANT, .value = 1, .frozen = true};
        oc_value *scale = oc_graph_state(graph, "scale", OC_F32, &OC_SHAPE(8), &ones, &err);
        oc_value *bias = oc_graph_state(graph, "bias", OC_F32, &OC_SHAPE(8), &(oc_init){.kind = OC_INIT_CONSTANT}, &err);
        oc_value *running = oc_graph_state(graph, "mean", OC_F32, &OC_SHAPE(8), &none, &err);
        oc_value *spread = oc_graph_state(graph, "variance", OC_F32, &OC_SHAPE(8), &frozen_ones, &err);
        x = oc_batch_norm_train(graph, x, scale, bias, running, spread, NULL, &mean, &variance, &err);
        KIT_OK(oc_graph_update(graph, running, mean, &err), &err);
        KIT_OK(oc_graph_update(graph, spread, variance, &err), &err);
    }
    x = oc_max_pool2d(graph, x, &oc_pool_params(.kernel = {2, 2}, .stride = {2, 2}), NULL, &err);
    x = oc_flatten(graph, several_conv(graph, x, "b", 8, 8, 3), 1, &err);
    oc_value *w = oc_graph_state(graph, "fc", OC_F32, &OC_SHAPE(8 * 64, OUT), &(oc_init){.kind = OC_INIT_HE}, &err);
    oc_value *fc_bias = oc_graph_state(graph, "fc.bias", OC_F32, &OC_SHAPE(OUT), &(oc_init){.kind = OC_INIT_CONSTANT}, &err);
    x = oc_add(graph, oc_matmul(graph, x, w, NULL, &err), fc_bias, &err);
    oc_value *losses = oc_softmax_cross_entropy(graph, x, label, &err);
    oc_value *part = oc_mul(graph, losses, oc_graph_scalar(graph, OC_F32, 1.0 / BATCH, &err), &err);
    oc_value *loss = sum ? oc_reduce_sum(graph, part, NULL, &err) : oc_reduce_mean(graph, losses, NULL, &err);
    KIT_OK(oc_graph_output(graph, "loss", loss, &err), &err);
    KIT_OK(oc_minimize(graph, loss, &(oc_optimizer){.kind = OC_SGD, .lr = 0.05f, .momentum = 0.9f}, NULL, &err), &err);
    return graph;
}

static void compare_training(several *f, const oc_graph *graph, size_t devices) {
    oc_state *one = NULL, *several = NULL, *again = NULL;
    static outcome single, split, second;
    train(f, graph, 1, NULL, 4, &single, &one);
    train(f, graph, devices, "split", 4, &split, &several);
    train(f, graph, devices, "split", 4, &second, &again);
    assert_true(fabsf(single.loss - split.loss) <= 1e-4f * fabsf(single.loss));
    assert_memory_equal(&split, &second, sizeof(split));
    for (int i = 0; i < WIDE * OUT; i++)
        assert_true(fabsf(single.gradient[i] - split.gradient[i]) <= 1e-4f * (0.1f + fabsf(single.gradient[i])));
    several_compare_states(f, several, one, 1e-4);
    several_compare_states(f, again, several, 0);
    oc_state_destroy(&one);
    oc_state_destroy(&several);
    oc_state_destroy(&again);
}

/* Data parallelism gives the steps of one device: losses, parameters, momentum; and the same bits each time. */
static void test_training(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    oc_graph *graph = training_graph(&f, false, false);
    for (size_t devices = 2; devices <= 3; devices++)
        compare_training(&f, graph, devices);
    oc_graph_destroy(&graph);
    several_tear_down(&f);
}

/* More parameters than one fused update takes: the devices share the updates. With and without a bound on the gradients' norm, which
 * one of them finds first. */
static oc_graph *wide_graph(several *f, float clip_norm) {
    oc_graph *graph = NULL;
    const int64_t sizes[] = {3 * 256, 900, 700, WIDE, OUT};
    oc_value *gradients[4];
    KIT_OK(oc_graph_create(&graph, f->k.context, &err), &err);
    int64_t n = oc_graph_symbol(graph, "N");
    oc_value *x = oc_flatten(graph, oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(n, 3, 16, 16), &err), 1, &err);
    oc_value *label = oc_graph_input(graph, "label", OC_I64, &OC_SHAPE(n), &err);
    for (int i = 0; i < 4; i++) {
        char name[] = {'w', (char)('0' + i), 0};
        oc_value *w = oc_graph_state(graph, name, OC_F32, &OC_SHAPE(sizes[i], sizes[i + 1]), &(oc_init){.kind = OC_INIT_HE}, &err);
        x = oc_matmul(graph, x, w, NULL, &err);
        x = i < 3 ? oc_relu(graph, x, &err) : x;
    }
    oc_value *loss = oc_reduce_mean(graph, oc_softmax_cross_entropy(graph, x, label, &err), NULL, &err);
    KIT_OK(oc_graph_output(graph, "loss", loss, &err), &err);
    const oc_optimizer sgd = {.kind = OC_SGD, .lr = 0.05f, .momentum = 0.9f, .clip_norm = clip_norm};
    KIT_OK(oc_minimize(graph, loss, &sgd, gradients, &err), &err);
    KIT_OK(oc_graph_output(graph, "gradient", gradients[3], &err), &err);
    return graph;
}

static void test_training_wide(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    for (int clip = 0; clip < 2; clip++) {
        oc_graph *graph = wide_graph(&f, clip ? 0.5f : 0);
        compare_training(&f, graph, clip ? 3 : 2);
        oc_graph_destroy(&graph);
    }
    several_tear_down(&f);
}

/* Parameters and moments that no buffer can hold together: what one update changes lies together all the same. */
static void test_small_buffers(void **state) {
    (void)state;
    static outcome outcomes[2];
    char kept[128] = "";
    const char *mask = getenv("OCELLI_MASK");
    strncat(kept, mask ? mask : "", sizeof(kept) - 1);
    for (int small = 0; small < 2; small++) {
        several f;
        oc_state *trained = NULL;
        if (small)
            setenv("OCELLI_MASK", "alloc=4M", 1);
        several_set_up(&f);
        oc_graph *graph = wide_graph(&f, 0);
        train(&f, graph, 1, NULL, 2, &outcomes[small], &trained);
        oc_state_destroy(&trained);
        oc_graph_destroy(&graph);
        several_tear_down(&f);
    }
    setenv("OCELLI_MASK", kept, 1);
    assert_true(outcomes[0].loss == outcomes[1].loss);
}

/* Batch normalization is by replica; running statistics become the mean of theirs. */
static void test_training_norm(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    oc_graph *graph = training_graph(&f, true, false);
    oc_state *one = NULL, *several = NULL;
    static outcome single, split;
    float means[2][8];
    train(&f, graph, 1, NULL, 1, &single, &one);
    train(&f, graph, 3, "split", 1, &split, &several);
    assert_true(fabsf(single.loss - split.loss) <= 0.3f * fabsf(single.loss));
    kit_read_state(&f.k, one, "mean", means[0], 8);
    kit_read_state(&f.k, several, "mean", means[1], 8);
    for (int i = 0; i < 8; i++) /* the mean of the replicas' means is that of the whole */
        assert_true(fabsf(means[0][i] - means[1][i]) <= 1e-5f);
    oc_state_destroy(&one);
    oc_state_destroy(&several);
    oc_graph_destroy(&graph);
    several_tear_down(&f);
}

/* By the statistics of the whole batch: the steps of one device, running statistics too; and a mean of all losses as well as a sum. */
static void test_training_sync(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    sync_norm = true;
    for (size_t devices = 2; devices <= 3; devices++) {
        oc_graph *graph = training_graph(&f, true, devices == 3);
        compare_training(&f, graph, devices);
        oc_graph_destroy(&graph);
    }
    sync_norm = false;
    several_tear_down(&f);
}

static void fail_replica(several *f, bool norm, int after) {
    oc_graph *graph = training_graph(f, norm, false);
    oc_state *one = NULL, *others = NULL;
    static outcome single, split;
    train(f, graph, 1, NULL, 6, &single, &one);
    to_break = 1;
    break_after = after;
    train(f, graph, 3, "split", 6, &split, &others);
    several_mend(f);
    to_break = -1;
    assert_true(several_was_broken());
    assert_true(kit_logged(&f->k, "has failed and is left out"));
    assert_true(fabsf(single.loss - split.loss) <= 1e-4f * fabsf(single.loss));
    several_compare_states(f, others, one, 1e-4);
    oc_state_destroy(&one);
    oc_state_destroy(&others);
    oc_graph_destroy(&graph);
}

/* A replica's device fails in a step: the step is done on the state's device, and training goes on there. Others may be waiting for it
 * in a meeting. */
static void test_failing_replica(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    fail_replica(&f, false, 5);
    sync_norm = true;
    for (int after = 1; after < 12; after += 5)
        fail_replica(&f, true, after);
    sync_norm = false;
    several_tear_down(&f);
}

/* A step in which one of the devices that share the update fails after some launches; then one more. False: it did not fail. */
static bool fail_in_step(several *f, const oc_graph *graph, int after, int *done, int *failed) {
    static outcome out;
    training t;
    oc_state *trained = NULL;
    begin_training(f, &t, graph, 2, "split", &out, &trained);
    KIT_OK(train_step(f, &t, 1), &err);
    several_break(f, 1, after, 0);
    oc_status status = train_step(f, &t, 2);
    bool broken = several_was_broken();
    several_mend(f);
    *done += status == OC_OK;
    *failed += status != OC_OK && err.text[0];
    status = train_step(f, &t, 3);
    assert_true(status == OC_OK || strstr(err.text, "uncertain"));
    end_training(&t);
    oc_state_destroy(&trained);
    return broken;
}

/* The step is done again elsewhere, or there is an error; the next one is done, or says why not. */
static void test_failing_update(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    oc_graph *graph = wide_graph(&f, 0.5f);
    int done = 0, failed = 0, after = 0;
    while (fail_in_step(&f, graph, after, &done, &failed))
        after += 4;
    assert_true(done > 1 && failed > 0);
    oc_graph_destroy(&graph);
    several_tear_down(&f);
}

int main(void) {
    setenv("POCL_DEVICES", "basic basic basic", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_training), cmocka_unit_test(test_training_wide),
                                       cmocka_unit_test(test_training_norm), cmocka_unit_test(test_training_sync), cmocka_unit_test(test_small_buffers),
                                       cmocka_unit_test(test_failing_replica),
                                       cmocka_unit_test(test_failing_update)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
