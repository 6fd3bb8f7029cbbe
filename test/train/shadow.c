/* SPDX-License-Identifier: Apache-2.0 */
/* The device that holds the state of a training fails: the steps since the last copy of the state are repeated, on what is left. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/several.h"

#define SAMPLES 40
#define STEPS 10 /* an epoch */

static oc_error err;

typedef struct data {
    oc_tensor *images, *labels;
} data;

static data make_data(several *f) {
    data d;
    KIT_OK(oc_tensor_create(&d.images, f->k.context, NULL, OC_F32, &OC_SHAPE(SAMPLES, 3, 16, 16), &err), &err);
    KIT_OK(oc_tensor_create(&d.labels, f->k.context, NULL, OC_I64, &OC_SHAPE(SAMPLES), &err), &err);
    float *x = oc_tensor_get_data(d.images);
    int64_t *label = oc_tensor_get_data(d.labels);
    for (int i = 0; i < SAMPLES * 3 * 256; i++)
        x[i] = sinf((float)i * 0.37f);
    for (int i = 0; i < SAMPLES; i++)
        label[i] = i % OUT;
    return d;
}

static void free_data(data *d) {
    oc_tensor_destroy(&d->images);
    oc_tensor_destroy(&d->labels);
}

/* On devices from `first` on, of which the first holds the state. */
static oc_trainer *make_trainer(several *f, size_t first, size_t count, int64_t shadow_steps, double wait_limit) {
    oc_trainer *trainer = NULL;
    const oc_trainer_params params = {.optimizer = {.lr = 0.01f, .momentum = 0.9f}, .batch = SAMPLES / STEPS, .seed = 5, .devices = f->devices + first + 1,
                                      .device_count = count - 1, .shadow_steps = shadow_steps, .wait_limit = wait_limit};
    KIT_OK(oc_trainer_create(&trainer, f->devices[first], f->graph, &params, &err), &err);
    return trainer;
}

/* What breaks when the step with this number is reported. */
typedef struct fault {
    several *f;
    int64_t step;
    int device, after;
    bool once;
    unsigned ms;
    int64_t seen; /* steps reported, repeated ones too */
} fault;

static bool on_step(void *user, int64_t step, int64_t steps, double loss) {
    fault *x = user;
    assert_int_equal(steps, STEPS);
    assert_true(isfinite(loss));
    if (step == x->step && !several_was_broken()) {
        if (x->once)
            several_break_once(x->f, x->device, x->after);
        else
            several_break(x->f, x->device, x->after, x->ms);
    }
    x->seen++;
    return true;
}

/* Two epochs without a fault on one device. */
static oc_trainer *train_whole(several *f, const data *d, oc_train_report *report) {
    oc_trainer *trainer = make_trainer(f, 0, 1, 0, 0);
    for (int i = 0; i < 2; i++)
        KIT_OK(oc_trainer_epoch(trainer, d->images, d->labels, 0, NULL, NULL, report, &err), &err);
    return trainer;
}

/* Two epochs, with a fault in the second; the steps that had to be repeated, and the same end as without. */
static void check_fault(several *f, const data *d, size_t devices, int64_t shadow_steps, fault x, int64_t repeated, double tolerance) {
    oc_train_report wanted, got, test[2];
    oc_trainer *whole = train_whole(f, d, &wanted), *trainer = make_trainer(f, 0, devices, shadow_steps, 0);
    KIT_OK(oc_trainer_epoch(trainer, d->images, d->labels, 0, NULL, NULL, &got, &err), &err);
    assert_int_equal(got.repeated, 0);
    several_break_once(f, 0, 0); /* several_was_broken() is false from here on */
    several_mend(f);
    KIT_OK(oc_trainer_epoch(trainer, d->images, d->labels, 0, on_step, &x, &got, &err), &err);
    assert_true(several_was_broken());
    several_mend(f);
    assert_int_equal(got.repeated, repeated);
    assert_int_equal(oc_trainer_get_repeated(trainer), repeated);
    assert_int_equal(x.seen, STEPS + repeated);
    assert_int_equal(got.step, wanted.step);
    assert_int_equal(got.samples, wanted.samples);
    assert_true(fabs(got.loss - wanted.loss) <= tolerance * wanted.loss);
    assert_true(kit_logged(&f->k, "training goes back to step"));
    several_compare_states(f, oc_trainer_get_state(trainer), oc_trainer_get_state(whole), tolerance);
    KIT_OK(oc_trainer_evaluate(trainer, d->images, d->labels, &test[0], &err), &err);
    KIT_OK(oc_trainer_evaluate(whole, d->images, d->labels, &test[1], &err), &err);
    assert_true(fabs(test[0].loss - test[1].loss) <= tolerance * test[1].loss);
    oc_trainer_destroy(&trainer);
    oc_trainer_destroy(&whole);
}

/* One device, which fails for a moment: the same bits. In whatever part of a step; with other distances between copies. */
static void test_one_device(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    data d = make_data(&f);
    for (int after = 0; after < 40; after += 13)
        check_fault(&f, &d, 1, 4, (fault){.f = &f, .step = 6, .device = 0, .after = after, .once = true}, 2, 0);
    check_fault(&f, &d, 1, 1, (fault){.f = &f, .step = 6, .device = 0, .after = 3, .once = true}, 0, 0);
    check_fault(&f, &d, 1, 100, (fault){.f = &f, .step = 6, .device = 0, .after = 3, .once = true}, 6, 0);
    free_data(&d);
    several_tear_down(&f);
}

/* The state's device is lost for good: the others go on. */
static void test_several_devices(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    data d = make_data(&f);
    for (size_t devices = 2; devices <= 3; devices++)
        check_fault(&f, &d, devices, 4, (fault){.f = &f, .step = 7, .device = 0, .after = 5}, 3, 1e-4);
    free_data(&d);
    several_tear_down(&f);
}

/* Samples given one by one: the trainer has kept them. */
static void test_steps(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    data d = make_data(&f);
    oc_trainer *trainers[2] = {make_trainer(&f, 0, 1, 0, 0), make_trainer(&f, 0, 2, 3, 0)};
    double losses[2][STEPS];
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < STEPS; i++) {
            oc_tensor *images = NULL, *labels = NULL;
            KIT_OK(oc_tensor_view(&images, d.images, (uint64_t)i * 4 * 768, &OC_SHAPE(4, 3, 16, 16), NULL, &err), &err);
            KIT_OK(oc_tensor_view(&labels, d.labels, (uint64_t)i * 4, &OC_SHAPE(4), NULL, &err), &err);
            if (t == 1 && i == 5)
                several_break(&f, 0, 5, 0);
            KIT_OK(oc_trainer_step(trainers[t], images, labels, &losses[t][i], &err), &err);
            oc_tensor_destroy(&images);
            oc_tensor_destroy(&labels);
        }
    assert_true(several_was_broken());
    several_mend(&f);
    assert_int_equal(oc_trainer_get_repeated(trainers[1]), 2);
    for (int i = 0; i < STEPS; i++)
        assert_true(fabs(losses[0][i] - losses[1][i]) <= 1e-4 * losses[0][i]);
    several_compare_states(&f, oc_trainer_get_state(trainers[1]), oc_trainer_get_state(trainers[0]), 1e-4);
    for (int t = 0; t < 2; t++)
        oc_trainer_destroy(&trainers[t]);
    free_data(&d);
    several_tear_down(&f);
}

/* What the caller writes into the state between steps is not lost; a failure in an evaluation repeats nothing. */
static void test_changed_state(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    data d = make_data(&f);
    oc_train_report report;
    oc_trainer *trainer = make_trainer(&f, 0, 2, 100, 0);
    oc_tensor *zeros = NULL;
    static float fc[16 * 64 * OUT];
    KIT_OK(oc_tensor_create(&zeros, f.k.context, NULL, OC_F32, &OC_SHAPE(16 * 64, OUT), &err), &err);
    KIT_OK(oc_trainer_epoch(trainer, d.images, d.labels, 5, NULL, NULL, NULL, &err), &err);
    KIT_OK(oc_state_write(oc_trainer_get_state(trainer), "fc", zeros, &err), &err);
    KIT_OK(oc_trainer_set_optimizer(trainer, &(oc_optimizer){.lr = 1e-30f}, &err), &err);
    several_break(&f, 0, 2, 0);
    KIT_OK(oc_trainer_epoch(trainer, d.images, d.labels, 3, NULL, NULL, &report, &err), &err);
    assert_true(several_was_broken());
    several_mend(&f);
    assert_int_equal(report.repeated, 0);
    assert_int_equal(report.step, 8);
    kit_read_state(&f.k, oc_trainer_get_state(trainer), "fc", fc, 16 * 64 * OUT);
    for (int i = 0; i < 16 * 64 * OUT; i++)
        assert_true(fabsf(fc[i]) < 1e-20f);
    KIT_OK(oc_trainer_epoch(trainer, d.images, d.labels, 0, NULL, NULL, &report, &err), &err);
    several_break_once(&f, 1, 2);
    KIT_OK(oc_trainer_evaluate(trainer, d.images, d.labels, &report, &err), &err);
    several_mend(&f);
    assert_true(several_was_broken());
    assert_int_equal(oc_trainer_get_repeated(trainer), 0);
    oc_tensor_destroy(&zeros);
    oc_trainer_destroy(&trainer);
    free_data(&d);
    several_tear_down(&f);
}

/* Without a copy, or with no device that works, the error is what it was; and a wrong number gets a sentence. */
static void test_refused(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    data d = make_data(&f);
    for (int shadow = 0; shadow < 2; shadow++) {
        oc_trainer *trainer = make_trainer(&f, 0, 1, shadow, 0);
        KIT_OK(oc_trainer_epoch(trainer, d.images, d.labels, 2, NULL, NULL, NULL, &err), &err);
        several_break(&f, 0, 5, 0);
        KIT_FAILS(OC_ERROR_DEVICE_MEMORY, "CL_OUT_OF_RESOURCES", oc_trainer_epoch(trainer, d.images, d.labels, 2, NULL, NULL, NULL, &err), &err);
        several_mend(&f);
        oc_trainer_destroy(&trainer);
    }
    oc_trainer *none = NULL;
    KIT_FAILS(OC_ERROR_INVALID, "every -1 steps", oc_trainer_create(&none, f.devices[0], f.graph, &(oc_trainer_params){.shadow_steps = -1}, &err), &err);
    free_data(&d);
    several_tear_down(&f);
}

static several hung; /* what the lost device holds is never freed */

/* The state's device does not come back: it is left out, and what it has is not touched again. */
static void test_slow_device(void **state) {
    (void)state;
    several_set_up(&hung);
    data d = make_data(&hung);
    oc_trainer *trainer = make_trainer(&hung, 0, 2, 2, 0.8);
    KIT_OK(oc_trainer_epoch(trainer, d.images, d.labels, 3, NULL, NULL, NULL, &err), &err);
    several_break(&hung, 0, 2, 2500);
    oc_train_report report;
    KIT_OK(oc_trainer_epoch(trainer, d.images, d.labels, 0, NULL, NULL, &report, &err), &err);
    several_mend(&hung);
    assert_int_equal(report.repeated, 0);
    assert_int_equal(report.step, STEPS);
    assert_true(kit_logged(&hung.k, "within 0.8 s"));
    usleep(3000 * 1000);
    oc_trainer_destroy(&trainer);
    free_data(&d);
}

int main(void) {
    setenv("POCL_DEVICES", "basic basic basic", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_device),    cmocka_unit_test(test_several_devices), cmocka_unit_test(test_steps),
                                       cmocka_unit_test(test_changed_state), cmocka_unit_test(test_refused),         cmocka_unit_test(test_slow_device)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
