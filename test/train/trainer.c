/* SPDX-License-Identifier: Apache-2.0 */
/* What a trainer can be told: batches a step, schedules, frozen states, losses. */
#include <math.h>
#include <string.h>

#include "kit/lenet.h"

/* LeNet-5's trainer and what it is trained on. */
typedef struct fixture {
    kit k;
    oc_tensor *images, *labels;
} fixture;

static void set_up(fixture *f, int samples) {
    kit_init(&f->k, NULL);
    kit_open(&f->k);
    lenet_data(&f->k, samples, &f->images, &f->labels);
}

static void tear_down(fixture *f) {
    oc_tensor_destroy(&f->images);
    oc_tensor_destroy(&f->labels);
    kit_finish(&f->k);
}

static void read_state(fixture *f, oc_trainer *trainer, const char *name, float *to, int64_t count) {
    kit_read_state(&f->k, oc_trainer_get_state(trainer), name, to, count);
}

static double apart(const float *a, const float *b, int count) {
    double difference = 0, norm = 0;
    for (int i = 0; i < count; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    return sqrt(difference / norm);
}

/* Batches of 8, 8 and 4 a step are one batch of 20. */
static void test_accumulate(void **state) {
    (void)state;
    fixture f;
    oc_error err = {0};
    oc_tensor *gradient[2];
    static float weights[2][10164 - 84];
    set_up(&f, 50);
    oc_trainer_params params = {.optimizer = {.lr = 0.1f, .momentum = 0.9f, .clip_norm = 2, .weight_decay = 1e-3f}, .batch = 20, .seed = 3};
    double losses[2];
    oc_train_report reports[2];
    for (int i = 0; i < 2; i++) {
        params.batch = i ? 8 : 24;
        params.accumulate = i ? 3 : 0;
        oc_trainer *trainer = lenet_trainer(&f.k, &params);
        KIT_OK(oc_trainer_epoch(trainer, f.images, f.labels, 0, NULL, NULL, &reports[i], &err), &err);
        KIT_OK(oc_trainer_step(trainer, f.images, f.labels, &losses[i], &err), &err);
        read_state(&f, trainer, "fc2.weight", weights[i], 10164 - 84);
        KIT_OK(oc_tensor_create(&gradient[i], f.k.context, NULL, OC_F32, &OC_SHAPE(84), &err), &err);
        KIT_OK(oc_trainer_read_gradient(trainer, "fc2.bias", gradient[i], &err), &err);
        KIT_OK(oc_trainer_evaluate(trainer, f.images, f.labels, &reports[i], &err), &err);
        oc_trainer_destroy(&trainer);
    }
    assert_int_equal(reports[0].step, 4);
    assert_int_equal(reports[1].step, 4);
    assert_true(fabs(losses[0] - losses[1]) < 1e-5 * losses[0]);
    assert_true(fabs(reports[0].loss - reports[1].loss) < 1e-5 * reports[0].loss);
    assert_true(apart(weights[1], weights[0], 10164 - 84) < 1e-5);
    assert_true(apart(oc_tensor_get_data(gradient[1]), oc_tensor_get_data(gradient[0]), 84) < 1e-4);
    for (int i = 0; i < 2; i++)
        oc_tensor_destroy(&gradient[i]);
    tear_down(&f);
}

/* A label that is none, in the second of three batches: the next step is as if that one had not been tried. */
static void test_failed_step(void **state) {
    (void)state;
    fixture f;
    oc_error err = {0};
    static float weights[2][850 - 10];
    set_up(&f, 24);
    oc_trainer_params params = {.optimizer = {.lr = 0.1f}, .batch = 8, .accumulate = 3, .seed = 3};
    for (int i = 0; i < 2; i++) {
        uint8_t *classes = oc_tensor_get_data(f.labels), kept = classes[12];
        oc_trainer *trainer = lenet_trainer(&f.k, &params);
        classes[12] = 10;
        if (i == 1)
            KIT_FAILS(OC_ERROR_INVALID, "label 10", oc_trainer_step(trainer, f.images, f.labels, NULL, &err), &err);
        classes[12] = kept;
        KIT_OK(oc_trainer_step(trainer, f.images, f.labels, NULL, &err), &err);
        read_state(&f, trainer, "fc3.weight", weights[i], 850 - 10);
        oc_trainer_destroy(&trainer);
    }
    assert_memory_equal(weights[0], weights[1], sizeof(weights[0]));
    tear_down(&f);
}

/* A training that accumulates goes on to the bit; with another number of batches a step it is refused. */
static void test_resume(void **state) {
    (void)state;
    fixture f;
    oc_error err = {0};
    static float weights[2][850 - 10];
    set_up(&f, 50);
    oc_trainer_params params = {.optimizer = {.kind = OC_RMSPROP, .lr = 1e-3f, .momentum = 0.5f}, .batch = 8, .accumulate = 2, .seed = 3};
    oc_trainer *trainer = lenet_trainer(&f.k, &params);
    KIT_OK(oc_trainer_epoch(trainer, f.images, f.labels, 2, NULL, NULL, NULL, &err), &err);
    KIT_OK(oc_trainer_save(trainer, kit_path(&f.k, "checkpoint"), &err), &err);
    for (int i = 0; i < 2; i++) {
        KIT_OK(oc_trainer_epoch(trainer, f.images, f.labels, 0, NULL, NULL, NULL, &err), &err);
        read_state(&f, trainer, "fc3.weight", weights[i], 850 - 10);
        oc_trainer_destroy(&trainer);
        trainer = lenet_trainer(&f.k, &params);
        KIT_OK(oc_trainer_resume(trainer, kit_path(&f.k, "checkpoint"), &err), &err);
    }
    assert_memory_equal(weights[0], weights[1], sizeof(weights[0]));
    oc_trainer_destroy(&trainer);
    params.accumulate = 3;
    trainer = lenet_trainer(&f.k, &params);
    KIT_FAILS(OC_ERROR_INVALID, "2 batches a step", oc_trainer_resume(trainer, kit_path(&f.k, "checkpoint"), &err), &err);
    oc_trainer_destroy(&trainer);
    tear_down(&f);
}

static void test_schedules(void **state) {
    (void)state;
    const struct {
        oc_schedule schedule;
        int64_t step;
        double rate;
    } cases[] = {
        {{0}, 1, 2},
        {{0}, 1000, 2},
        {{.warmup = 4}, 1, 0.5},
        {{.warmup = 4}, 4, 2},
        {{.warmup = 4}, 5, 2},
        {{OC_SCHEDULE_STEP, .steps = 10, .factor = 0.5}, 10, 2},
        {{OC_SCHEDULE_STEP, .steps = 10, .factor = 0.5}, 11, 1},
        {{OC_SCHEDULE_STEP, 5, 10, 0.5}, 26, 0.5},
        {{OC_SCHEDULE_EXPONENTIAL, .steps = 2, .factor = 0.25}, 2, 1},
        {{OC_SCHEDULE_COSINE, .steps = 10}, 1, 2},
        {{OC_SCHEDULE_COSINE, .steps = 10}, 6, 1},
        {{OC_SCHEDULE_COSINE, .steps = 9, .factor = 0.1}, 4, 2 * (0.1 + 0.9 * 0.75)},
        {{OC_SCHEDULE_COSINE, .steps = 10, .factor = 0.1}, 100, 0.2},
        {{OC_SCHEDULE_POLYNOMIAL, .steps = 10}, 6, 1},
        {{OC_SCHEDULE_POLYNOMIAL, .steps = 10, .power = 2, .factor = 0.2}, 6, 0.8},
        {{OC_SCHEDULE_POLYNOMIAL, .steps = 10}, 11, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(fabs(oc_schedule_rate(&cases[i].schedule, 2, cases[i].step) - cases[i].rate) < 1e-12);
}

/* Plain descent moves by lr times the gradient, whatever lr is by then. */
static void test_schedule_is_used(void **state) {
    (void)state;
    fixture f;
    oc_error err = {0};
    oc_tensor *gradient;
    float before[10], after[10];
    set_up(&f, 20);
    oc_trainer *trainer = lenet_trainer(&f.k, &(oc_trainer_params){.optimizer = {.lr = 0.5f}, .seed = 1,
                                                                 .schedule = {OC_SCHEDULE_STEP, 2, 1, 0.5}});
    KIT_OK(oc_tensor_create(&gradient, f.k.context, NULL, OC_F32, &OC_SHAPE(10), &err), &err);
    const double rates[] = {0.25, 0.5, 0.5, 0.25, 0.125};
    for (int step = 0; step < 5; step++) {
        read_state(&f, trainer, "fc3.bias", before, 10);
        KIT_OK(oc_trainer_step(trainer, f.images, f.labels, NULL, &err), &err);
        read_state(&f, trainer, "fc3.bias", after, 10);
        KIT_OK(oc_trainer_read_gradient(trainer, "fc3.bias", gradient, &err), &err);
        for (int i = 0; i < 10; i++)
            assert_true(fabs(before[i] - after[i] - rates[step] * ((const float *)oc_tensor_get_data(gradient))[i]) < 1e-6);
    }
    oc_trainer_destroy(&trainer);
    oc_tensor_destroy(&gradient);
    tear_down(&f);
}

static void test_frozen(void **state) {
    (void)state;
    fixture f;
    oc_error err = {0};
    oc_trainer *trainer = NULL;
    static float before[2][2400], after[2][2400];
    set_up(&f, 20);
    oc_graph *graph = lenet_graph(&f.k);
    assert_int_equal(oc_graph_freeze(graph, "nothing*"), 0);
    assert_int_equal(oc_graph_freeze(graph, "conv?.w*t"), 2);
    assert_int_equal(oc_graph_freeze(graph, "fc1.bias"), 1);
    KIT_OK(oc_trainer_create(&trainer, f.k.device, graph, &(oc_trainer_params){.optimizer = {.lr = 0.1f}, .seed = 1}, &err), &err);
    read_state(&f, trainer, "conv2.weight", before[0], 2400);
    read_state(&f, trainer, "conv2.bias", before[1], 16);
    KIT_OK(oc_trainer_step(trainer, f.images, f.labels, NULL, &err), &err);
    read_state(&f, trainer, "conv2.weight", after[0], 2400);
    read_state(&f, trainer, "conv2.bias", after[1], 16);
    assert_memory_equal(before[0], after[0], sizeof(before[0]));
    assert_memory_not_equal(before[1], after[1], 16 * sizeof(float));
    assert_int_equal(oc_state_find(oc_trainer_get_state(trainer), "optimizer.momentum.conv2.weight"), -1);
    oc_trainer_destroy(&trainer);
    assert_int_equal(oc_graph_freeze(graph, "*"), 10);
    KIT_FAILS(OC_ERROR_INVALID, "no trainable state",
              oc_trainer_create(&trainer, f.k.device, graph, &(oc_trainer_params){.optimizer = {.lr = 0.1f}}, &err), &err);
    oc_graph_destroy(&graph);
    tear_down(&f);
}

/* One linear layer on known numbers: the loss by its definition. */
static double loss_of(kit *k, oc_loss_kind kind, const oc_shape *shape, oc_tensor *x, oc_tensor *labels, oc_status wanted) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_trainer *trainer = NULL;
    double loss = NAN;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *in = oc_graph_input(graph, "x", OC_F32, shape, &err);
    oc_value *one = oc_graph_state(graph, "one", OC_F32, &OC_SCALAR, &oc_init_params(.value = 1), &err);
    KIT_OK(oc_graph_output(graph, "y", oc_mul(graph, in, one, &err), &err), &err);
    KIT_OK(oc_trainer_create(&trainer, k->device, graph, &(oc_trainer_params){.optimizer = {.lr = 0.1f}, .loss = kind}, &err), &err);
    assert_int_equal(oc_trainer_step(trainer, x, labels, &loss, &err), wanted);
    oc_train_report report;
    if (wanted == OC_OK)
        KIT_OK(oc_trainer_evaluate(trainer, x, labels, &report, &err), &err);
    oc_trainer_destroy(&trainer);
    oc_graph_destroy(&graph);
    return loss;
}

static double wanted_loss(oc_loss_kind kind, double x, double t) {
    double d = x - t;
    switch (kind) {
    case OC_LOSS_MSE:
        return d * d;
    case OC_LOSS_ABSOLUTE:
        return fabs(d);
    case OC_LOSS_HUBER:
        return fabs(d) < 1 ? d * d / 2 : fabs(d) - 0.5;
    default:
        return -t * log(1 / (1 + exp(-x))) - (1 - t) * log(1 - 1 / (1 + exp(-x)));
    }
}

#define SAMPLES 3
#define PLACES 4 /* of 2 channels each */

static void test_losses(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    float x[SAMPLES * 2 * PLACES], t[SAMPLES * 2 * PLACES];
    int64_t classes[SAMPLES * PLACES];
    const oc_shape shape = OC_SHAPE(SAMPLES, 2, 2, 2), map = OC_SHAPE(SAMPLES, 2, 2);
    oc_tensor *images, *targets, *maps;
    kit_init(&k, NULL);
    kit_open(&k);
    for (int i = 0; i < SAMPLES * 2 * PLACES; i++) {
        x[i] = 0.5f * (float)(i * 5 % 11 - 5);
        t[i] = 0.125f * (float)(i * 3 % 9);
    }
    for (int i = 0; i < SAMPLES * PLACES; i++)
        classes[i] = i % 3 == 1;
    KIT_OK(oc_tensor_wrap(&images, k.context, OC_F32, &shape, x, &err), &err);
    KIT_OK(oc_tensor_wrap(&targets, k.context, OC_F32, &shape, t, &err), &err);
    KIT_OK(oc_tensor_wrap(&maps, k.context, OC_I64, &map, classes, &err), &err);
    for (int kind = OC_LOSS_MSE; kind <= OC_LOSS_BINARY_CROSS_ENTROPY; kind++) {
        double want = 0;
        for (int i = 0; i < SAMPLES * 2 * PLACES; i++)
            want += wanted_loss((oc_loss_kind)kind, x[i], t[i]) / (SAMPLES * 2 * PLACES);
        assert_true(fabs(loss_of(&k, (oc_loss_kind)kind, &shape, images, targets, OC_OK) - want) < 1e-5 * want);
    }
    double want = 0;
    for (int i = 0; i < SAMPLES * PLACES; i++) {
        const float *at = x + i / PLACES * 2 * PLACES + i % PLACES;
        want += log(1 + exp(at[classes[i] ? 0 : PLACES] - at[classes[i] ? PLACES : 0])) / (SAMPLES * PLACES);
    }
    assert_true(fabs(loss_of(&k, OC_LOSS_SOFTMAX_CROSS_ENTROPY, &shape, images, maps, OC_OK) - want) < 1e-5 * want);
    (void)loss_of(&k, OC_LOSS_SOFTMAX_CROSS_ENTROPY, &shape, images, targets, OC_ERROR_SHAPE);
    classes[5] = 2;
    (void)loss_of(&k, OC_LOSS_SOFTMAX_CROSS_ENTROPY, &shape, images, maps, OC_ERROR_INVALID);
    oc_tensor_destroy(&images);
    oc_tensor_destroy(&targets);
    oc_tensor_destroy(&maps);
    kit_finish(&k);
}

static void test_refused(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_trainer *trainer = NULL;
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = lenet_graph(&k);
    KIT_FAILS(OC_ERROR_INVALID, "-2 batches", oc_trainer_create(&trainer, k.device, graph, &(oc_trainer_params){.accumulate = -2}, &err),
              &err);
    KIT_FAILS(OC_ERROR_INVALID, "schedule of 0 steps",
              oc_trainer_create(&trainer, k.device, graph, &(oc_trainer_params){.schedule = {.kind = OC_SCHEDULE_COSINE}}, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "loss 17", oc_trainer_create(&trainer, k.device, graph, &(oc_trainer_params){.loss = 17}, &err), &err);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accumulate),       cmocka_unit_test(test_failed_step), cmocka_unit_test(test_resume), cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_schedule_is_used), cmocka_unit_test(test_frozen), cmocka_unit_test(test_losses),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
