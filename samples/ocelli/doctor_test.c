/* SPDX-License-Identifier: Apache-2.0 */
/* A self-test of a device: three operators against the host's numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

enum { M = 33, K = 50, N = 47, C = 5, F = 7, SIDE = 19, HALF = 9 };

/* An operator, its operands, and what it should give. */
typedef struct trial {
    const char *name;
    const void *params;
    size_t params_size;
    oc_operand_desc in[2], out;
    size_t in_count;
    float *data[2], *want;
} trial;

static float *numbers(size_t count, unsigned seed) {
    float *data = calloc(count, sizeof(*data));
    for (size_t i = 0; data != NULL && i < count; i++) {
        data[i] = (float)((i * 7919 + seed * 104729) % 201) / 100 - 1;
    }
    return data;
}

static void product(const float *a, const float *b, float *c) {
    for (int m = 0; m < M; m++) {
        for (int n = 0; n < N; n++) {
            double sum = 0;
            for (int k = 0; k < K; k++) {
                sum += (double)a[m * K + k] * (double)b[k * N + n];
            }
            c[m * N + n] = (float)sum;
        }
    }
}

/* 3x3, padding 1. */
static double window(const float *x, const float *w, int row, int column) {
    double sum = 0;
    for (int c = 0; c < C; c++) {
        for (int i = 0; i < 9; i++) {
            int r = row + i / 3 - 1, s = column + i % 3 - 1;
            bool inside = r >= 0 && r < SIDE && s >= 0 && s < SIDE;
            sum += inside ? (double)x[(c * SIDE + r) * SIDE + s] * (double)w[c * 9 + i] : 0;
        }
    }
    return sum;
}

static void convolution(const float *x, const float *w, float *y) {
    for (int i = 0; i < F * SIDE * SIDE; i++) {
        y[i] = (float)window(x, w + i / (SIDE * SIDE) * C * 9, i / SIDE % SIDE, i % SIDE);
    }
}

static void pool(const float *x, const float *unused, float *y) {
    (void)unused;
    for (int i = 0; i < C * HALF * HALF; i++) {
        const float *at = x + (i / (HALF * HALF) * SIDE + i / HALF % HALF * 2) * SIDE + i % HALF * 2;
        y[i] = fmaxf(fmaxf(at[0], at[1]), fmaxf(at[SIDE], at[SIDE + 1]));
    }
}

static size_t count_of(const oc_shape *shape) {
    return (size_t)oc_shape_count(shape);
}

static bool upload(doctor *d, oc_device *device, const trial *t, size_t i, oc_tensor **out, oc_error *err) {
    return oc_tensor_create(out, d->app.context, device, OC_F32, &t->in[i].shape, err) == OC_OK &&
           oc_tensor_write(*out, t->data[i], oc_tensor_get_bytes(*out), err) == OC_OK;
}

/* Runs it twice: programs may be compiled in the first run. */
static bool compute(doctor *d, oc_device *device, const trial *t, float *got, doctor_test *test, oc_error *err) {
    oc_op *op = NULL;
    oc_tensor *in[2] = {NULL, NULL}, *out[2] = {NULL, NULL};
    bool fine = oc_op_create(&op, device, t->name, t->params, t->params_size, t->in, t->in_count, err) == OC_OK;
    for (size_t i = 0; fine && i < t->in_count; i++) {
        fine = upload(d, device, t, i, &in[i], err);
    }
    for (size_t i = 0; fine && i < oc_op_output_count(op) && i < 2; i++) {
        oc_operand_desc desc = oc_op_get_output(op, i);
        fine = oc_tensor_create(&out[i], d->app.context, device, desc.dtype, &desc.shape, err) == OC_OK;
    }
    for (int i = 0; fine && i < 2; i++) {
        double start = seconds_now();
        fine = oc_op_enqueue(op, in, out, NULL, NULL, err) == OC_OK;
        test->seconds = seconds_now() - start;
    }
    fine = fine && oc_tensor_read(out[0], got, oc_tensor_get_bytes(out[0]), err) == OC_OK;
    if (op != NULL) {
        snprintf(test->solver, sizeof(test->solver), "%s", oc_op_get_solver(op));
    }
    for (size_t i = 0; i < 2; i++) {
        oc_tensor_destroy(&in[i]);
        oc_tensor_destroy(&out[i]);
    }
    oc_op_destroy(&op);
    return fine;
}

static double difference(const float *got, const float *want, size_t count) {
    double most = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        double apart = fabs((double)got[i] - (double)want[i]);
        most = apart > most || isnan(apart) ? apart : most;
        largest = fmax(largest, fabs((double)want[i]));
    }
    return most / largest;
}

static void run_trial(doctor *d, oc_device *device, const trial *t, doctor_test *test) {
    oc_error err = {0};
    size_t count = count_of(&t->out.shape);
    float *got = calloc(count, sizeof(*got));
    if (got != NULL && t->data[0] != NULL && (t->in_count < 2 || t->data[1] != NULL) && t->want != NULL) {
        bool fine = compute(d, device, t, got, test, &err);
        test->error = fine ? difference(got, t->want, count) : NAN;
        test->right = fine && test->error < 1e-4;
        snprintf(test->why, sizeof(test->why), "%s", fine ? "" : err.text);
    }
    free(got);
}

static void make_trials(trial trials[DOCTOR_TESTS], const oc_conv_params *conv, const oc_pool_params *pooling) {
    static void (*const host[DOCTOR_TESTS])(const float *, const float *, float *) = {product, convolution, pool};
    trials[0] = (trial){.name = "matmul", .in = {{OC_F32, OC_SHAPE(M, K)}, {OC_F32, OC_SHAPE(K, N)}}, .in_count = 2,
                        .out = {OC_F32, OC_SHAPE(M, N)}};
    trials[1] = (trial){.name = "conv2d", .params = conv, .params_size = sizeof(*conv), .in_count = 2,
                        .in = {{OC_F32, OC_SHAPE(1, C, SIDE, SIDE)}, {OC_F32, OC_SHAPE(F, C, 3, 3)}},
                        .out = {OC_F32, OC_SHAPE(1, F, SIDE, SIDE)}};
    trials[2] = (trial){.name = "max_pool2d", .params = pooling, .params_size = sizeof(*pooling), .in_count = 1,
                        .in = {{OC_F32, OC_SHAPE(1, C, SIDE, SIDE)}}, .out = {OC_F32, OC_SHAPE(1, C, HALF, HALF)}};
    for (unsigned i = 0; i < DOCTOR_TESTS; i++) {
        trial *t = &trials[i];
        for (size_t k = 0; k < t->in_count; k++) {
            t->data[k] = numbers(count_of(&t->in[k].shape), 2 * i + (unsigned)k);
        }
        t->want = calloc(count_of(&t->out.shape), sizeof(*t->want));
        if (t->data[0] != NULL && (t->in_count < 2 || t->data[1] != NULL) && t->want != NULL) {
            host[i](t->data[0], t->data[1], t->want);
        }
    }
}

void doctor_test_device(doctor *d, checked_device *checked) {
    oc_error err = {0};
    oc_device *device = NULL;
    double start = seconds_now();
    if (oc_device_create(&device, d->app.context, checked->info.id, &err) != OC_OK) {
        snprintf(checked->why, sizeof(checked->why), "%s", err.text);
        texts_add(&d->problems, "%s %s cannot be opened: %s", checked->info.id, checked->info.name, err.text);
        return;
    }
    trial trials[DOCTOR_TESTS];
    make_trials(trials, &oc_conv_params(.pad_begin = {1, 1}, .pad_end = {1, 1}), &oc_pool_params(.kernel = {2, 2}, .stride = {2, 2}));
    for (size_t i = 0; i < DOCTOR_TESTS; i++) {
        doctor_test *test = &checked->tests[i];
        test->name = trials[i].name;
        run_trial(d, device, &trials[i], test);
        if (!test->right) {
            texts_add(&d->problems, "%s %s does not compute %s: %s", checked->info.id, checked->info.name, test->name,
                      test->why[0] != 0 ? test->why : "its numbers are wrong");
        }
        for (size_t k = 0; k < 2; k++) {
            free(trials[i].data[k]);
        }
        free(trials[i].want);
    }
    oc_device_destroy(&device);
    checked->seconds = seconds_now() - start;
}
