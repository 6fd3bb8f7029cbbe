/* SPDX-License-Identifier: Apache-2.0 */
/* The same training twice gives equal bits; so does one that was stopped and resumed. */
#include <stdio.h>
#include <string.h>

#include "kit/lenet.h"

#define SAMPLES 100

/* All states, one behind another. */
static size_t read_state(kit *k, oc_trainer *trainer, uint8_t *to) {
    oc_error err = {0};
    oc_state *state = oc_trainer_get_state(trainer);
    size_t at = 0;
    for (size_t i = 0; i < oc_state_count(state); i++) {
        oc_value_info info = oc_state_get_info(state, i);
        oc_tensor *tensor = NULL;
        KIT_OK(oc_tensor_create(&tensor, k->context, NULL, info.dtype, &info.shape, &err), &err);
        KIT_OK(oc_state_read(state, info.name, tensor, &err), &err);
        memcpy(to + at, oc_tensor_get_data(tensor), (size_t)oc_tensor_get_bytes(tensor));
        at += (size_t)oc_tensor_get_bytes(tensor);
        oc_tensor_destroy(&tensor);
    }
    return at;
}

static const oc_trainer_params params = {.optimizer = {.kind = OC_ADAM, .lr = 1e-3f}, .batch = 16, .seed = 5};
static uint8_t whole[1 << 20], other[1 << 20];

static void epochs(kit *k, oc_trainer *trainer, int count) {
    oc_error err = {0};
    oc_tensor *images, *labels;
    oc_train_report report;
    lenet_data(k, SAMPLES, &images, &labels);
    for (int i = 0; i < count; i++)
        KIT_OK(oc_trainer_epoch(trainer, images, labels, 0, NULL, NULL, &report, &err), &err);
    assert_int_equal(report.samples, SAMPLES);
    oc_tensor_destroy(&images);
    oc_tensor_destroy(&labels);
}

static void test_resumed_to_the_bit(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_trainer *trainer = lenet_trainer(&k, &params);
    epochs(&k, trainer, 3);
    size_t size = read_state(&k, trainer, whole);
    oc_trainer_destroy(&trainer);

    trainer = lenet_trainer(&k, &params);
    epochs(&k, trainer, 3);
    assert_int_equal(read_state(&k, trainer, other), size);
    assert_memory_equal(whole, other, size);
    oc_trainer_destroy(&trainer);

    oc_tensor *images, *labels;
    oc_train_report report;
    lenet_data(&k, SAMPLES, &images, &labels);
    trainer = lenet_trainer(&k, &params);
    epochs(&k, trainer, 1);
    KIT_OK(oc_trainer_epoch(trainer, images, labels, 3, NULL, NULL, &report, &err), &err);
    KIT_OK(oc_trainer_save(trainer, kit_path(&k, "checkpoint"), &err), &err);
    oc_trainer_destroy(&trainer);
    trainer = lenet_trainer(&k, &params);
    KIT_OK(oc_trainer_resume(trainer, kit_path(&k, "checkpoint"), &err), &err);
    epochs(&k, trainer, 2);
    assert_int_equal(read_state(&k, trainer, other), size);
    assert_memory_equal(whole, other, size);
    KIT_OK(oc_trainer_evaluate(trainer, images, labels, &report, &err), &err);
    assert_true(report.accuracy > 0.3 && report.loss < 2.3);
    oc_trainer_destroy(&trainer);
    oc_tensor_destroy(&images);
    oc_tensor_destroy(&labels);
    kit_finish(&k);
}

/* A checkpoint that is cut, changed, of another seed or no checkpoint is refused and changes nothing. */
static void test_bad_checkpoints(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_trainer *trainer = lenet_trainer(&k, &params);
    KIT_OK(oc_trainer_save(trainer, kit_path(&k, "checkpoint"), &err), &err);
    epochs(&k, trainer, 1);
    size_t size = read_state(&k, trainer, whole);
    FILE *file = fopen(kit_path(&k, "checkpoint"), "rb");
    size_t length = fread(other, 1, sizeof(other), file);
    fclose(file);
    for (int way = 0; way < 4; way++) {
        uint8_t kept = other[length / 2];
        file = fopen(kit_path(&k, "bad"), "wb");
        if (way == 1)
            other[length / 2] ^= 4;
        fwrite(other, 1, way == 0 ? length / 2 : way == 3 ? 5 : length, file);
        fclose(file);
        other[length / 2] = kept;
        oc_trainer_params changed = params;
        changed.seed = way == 2 ? 6 : params.seed;
        oc_trainer *victim = way == 2 ? lenet_trainer(&k, &changed) : trainer;
        oc_status status = oc_trainer_resume(victim, kit_path(&k, "bad"), &err);
        assert_true(status == OC_ERROR_FORMAT || status == OC_ERROR_INVALID);
        assert_true(strlen(err.text) > 20);
        if (way == 2)
            oc_trainer_destroy(&victim);
    }
    assert_int_equal(read_state(&k, trainer, other), size);
    assert_memory_equal(whole, other, size);
    oc_trainer_destroy(&trainer);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_resumed_to_the_bit), cmocka_unit_test(test_bad_checkpoints)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
