/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include "op/update.h"

static const optest_case cases[] = {
    {"sgd_update:9,37,37,37", NULL, OPTEST_POSITIVE, 0},
    {"sgd_update:9,37,37,37:nesterov=1", NULL, OPTEST_POSITIVE, 0},
    {"sgd_update:9,3x5,100000,1,3x5,100000,1,3x5,100000,1", NULL, OPTEST_POSITIVE, 0},
    {"sgd_update:9,0x5,0x5,0x5", NULL, OPTEST_POSITIVE, 0},
};

static void test_sgd(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* The others have no reference but the host's definition here; test/train/optimizers.c compares them with PyTorch's formulas. */
static void test_others(void **state) {
    (void)state;
    static const char *const problems[] = {"sgd_update:9,37,37,37:l1=1", "sgd_update:9,37,37,37:nesterov=1,l1=1",
                                           "adam_update:9,37,37,37,37:l1=1", "adamw_update:9,37,37,37,37",
                                           "adamw_update:9,37,37,37,37:l1=1", "adagrad_update:9,37,37,37",
                                           "adagrad_update:9,37,37,37:l1=1", "rmsprop_update:9,37,37,37,37",
                                           "rmsprop_update:9,37,37,37,37:l1=1"};
    const double hyper[9] = {0.25f, 0.5f, 0.125f, 0.75f, 0.875f, 1e-3f, 3, 2, 0.0625f};
    double p[37], g[37], m[37], v[37];
    for (int i = 0; i < 37; i++) {
        p[i] = 0.25 * (i - 18);
        g[i] = 0.125 * (i % 7 - 3);
        m[i] = 0.0625 * (i % 5);
        v[i] = 0.03125 * (i % 3) + 0.0078125;
    }
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(problems); i++)
        optest_values(&k, problems[i], (const double *const[]){hyper, p, g, m, v});
    kit_finish(&k);
}

/* Adam at the first step, where 1 - beta2 is all there is, and later; plain, with weight decay, and with a loss scale. */
static void test_adam(void **state) {
    (void)state;
    const double hypers[4][9] = {{1e-3f, 0, 0, 0.9f, 0.999f, 1e-8f, 1, 1},
                                 {1e-3f, 0, 0, 0.9f, 0.999f, 1e-8f, 1000, 1},
                                 {0.5f, 0, 0.25f, 0.5f, 0.75f, 1e-3f, 3, 1},
                                 {0.5f, 0, 0, 0.9f, 0.99f, 1e-3f, 2, 128}};
    double p[37], g[37], m[37], v[37];
    for (int i = 0; i < 37; i++) {
        p[i] = 0.25 * (i - 18);
        g[i] = 0.125 * (i % 7 - 3);
        m[i] = 0.0625 * (i % 5 - 2);
        v[i] = 0.03125 * (i % 3) + 0.0078125;
    }
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    double zero[37] = {0}; /* with it the result is the step alone */
    for (int i = 0; i < 4; i++)
        optest_values(&k, "adam_update:9,37,37,37,37", (const double *const[]){hypers[i], zero, g, m, v});
    for (int i = 0; i < 4; i++)
        optest_values(&k, "adam_update:9,37,37,37,37", (const double *const[]){hypers[i], p, g, m, v});
    kit_finish(&k);
}

static void test_segments(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    oc__arena arena;
    oc__problem problem;
    oc_error err;
    int64_t offsets[3];
    oc__arena_init(&arena, k.context);
    KIT_OK(oc__problem_parse(&arena, "sgd_update:9,3x5,100,1,3x5,100,1,3x5,100,1", NULL, &problem, &err), &err);
    assert_int_equal(oc__update_segments(&problem, offsets), 16 + 112 + 1);
    assert_int_equal(offsets[0], 0);
    assert_int_equal(offsets[1], 16);
    assert_int_equal(offsets[2], 128);
    assert_int_equal(oc__update_operand(&problem, 2, 1), 8);
    oc__arena_finish(&arena);
    kit_finish(&k);
}

/* Three parameters in one slab, gradients and moments in others: one kernel, in place, and zeros between segments stay. */
static void test_gathered(void **state) {
    (void)state;
    enum { LENGTH = 16 + 112 + 16 };
    static const int64_t at[3] = {0, 16, 128}, size[3] = {15, 100, 1};
    static float slab[3][LENGTH], got[LENGTH];
    const float hyper[9] = {0.5f, 0.5f, 0.25f, 0, 0, 0, 1, 1, 0};
    kit k;
    oc__arena arena;
    oc__problem problem;
    oc__steps steps;
    oc__launches launches;
    oc__buffer *buffers[4];
    oc__slab slabs[4];
    oc_error err;
    kit_init(&k, NULL);
    oc__queue *queue = oc__device_queue(kit_open(&k));
    oc__arena_init(&arena, k.context);
    oc__steps_init(&steps, k.context);
    KIT_OK(oc__problem_parse(&arena, "sgd_update:9,3x5,100,1,3x5,100,1,3x5,100,1", NULL, &problem, &err), &err);
    oc__operand in[10] = {{.place = {0, 0}}}, out[6];
    for (int i = 0; i < 9; i++)
        in[1 + i].place = (oc__place){1 + i / 3, (uint64_t)at[i % 3] * 4};
    for (int i = 0; i < 6; i++)
        out[i] = in[problem.op->alias(&problem, i)];
    KIT_OK(oc__buffer_create(&buffers[0], k.device, sizeof(hyper), &err), &err);
    KIT_OK(oc__queue_write(queue, buffers[0], 0, hyper, sizeof(hyper), true, &err), &err);
    for (int i = 0; i < 3; i++) {
        for (int s = 0; s < 3; s++)
            for (int64_t e = 0; e < size[s]; e++)
                slab[i][at[s] + e] = (float)(i + 1) + (float)e / 16;
        KIT_OK(oc__buffer_create(&buffers[1 + i], k.device, sizeof(slab[i]), &err), &err);
        KIT_OK(oc__queue_write(queue, buffers[1 + i], 0, slab[i], sizeof(slab[i]), true, &err), &err);
    }
    for (int i = 0; i < 4; i++)
        slabs[i] = (oc__slab){buffers[i], 0};
    oc__recording recording = {.context = k.context, .caps = oc__device_caps(k.device), .problem = &problem, .in = in,
                               .out = out, .workspace = OC_NOWHERE, .steps = &steps};
    KIT_OK(problem.op->solvers[0]->record(&recording, &err), &err);
    assert_int_equal(steps.count, 1);
    KIT_OK(oc__launches_init(&launches, k.device, &steps, slabs, 4, &err), &err);
    KIT_OK(oc__launches_run(&launches, queue, 0, 1, NULL, &err), &err);
    KIT_OK(oc__queue_read(queue, buffers[1], 0, got, sizeof(got), true, &err), &err);
    for (int e = 0; e < LENGTH; e++) {
        float m = 0.5f * slab[2][e] + slab[1][e] + 0.25f * slab[0][e];
        assert_true(got[e] == slab[0][e] - 0.5f * m);
    }
    oc__launches_finish(&launches);
    oc__steps_finish(&steps);
    for (int i = 0; i < 4; i++)
        oc__buffer_release(&buffers[i]);
    oc__arena_finish(&arena);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sgd),
        cmocka_unit_test(test_adam),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_gathered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
