/* SPDX-License-Identifier: Apache-2.0 */
/* Training steps of an imported network, for training.py: bench-training MODEL IMAGES.npy LABELS.npy. Answers each line on stdin with a
 * line of JSON: "run N" with the seconds of N steps (from host memory to the loss in host memory), "layers" with the steps of a plan. */
#include <ocelli/ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "train/trainer.h"

typedef struct bench {
    oc_context *context;
    oc_device *device;
    oc_graph *graph;
    oc_trainer *trainer;
    oc_tensor *images, *labels;
} bench;

static oc_status load(bench *b, char **argv, oc_error *err) {
    OC_TRY(oc_context_create(&b->context, NULL, err));
    OC_TRY(oc_device_create(&b->device, b->context, NULL, err));
    OC_TRY(oc_onnx_read(&b->graph, b->context, argv[1], err));
    OC_TRY(oc_npy_read(&b->images, b->context, argv[2], err));
    OC_TRY(oc_npy_read(&b->labels, b->context, argv[3], err));
    const oc_trainer_params params = {.optimizer = {.kind = OC_SGD, .lr = 0.001f, .momentum = 0.9f},
                                      .batch = oc_tensor_get_shape(b->images)->dims[0]};
    return oc_trainer_create(&b->trainer, b->device, b->graph, &params, err);
}

static void unload(bench *b) {
    oc_trainer_destroy(&b->trainer);
    oc_tensor_destroy(&b->images);
    oc_tensor_destroy(&b->labels);
    oc_graph_destroy(&b->graph);
    oc_device_destroy(&b->device);
    oc_context_destroy(&b->context);
}

static oc_status run(bench *b, int count, oc_error *err) {
    double loss = 0;
    printf("{\"seconds\": [");
    for (int i = 0; i < count; i++) {
        double start = oc__clock_seconds();
        OC_TRY(oc_trainer_step(b->trainer, b->images, b->labels, &loss, err));
        printf("%s%.9f", i ? ", " : "", oc__clock_seconds() - start);
    }
    printf("], \"loss\": %.6f}\n", loss);
    return OC_OK;
}

static oc_status layers(bench *b, oc_error *err) {
    double loss;
    if (!b->trainer->last)
        OC_TRY(oc_trainer_step(b->trainer, b->images, b->labels, &loss, err));
    oc_exec *exec = b->trainer->last->exec;
    OC_TRY(oc_exec_set_profiling(exec, true, err));
    OC_TRY(oc_trainer_step(b->trainer, b->images, b->labels, &loss, err));
    OC_TRY(oc_exec_set_profiling(exec, false, err));
    printf("{\"layers\": [");
    for (size_t i = 0; oc_exec_get_step_time(exec, i).problem; i++) {
        oc_step_time t = oc_exec_get_step_time(exec, i);
        printf("%s{\"problem\": \"%s\", \"solver\": \"%s\", \"seconds\": %.9f, \"flops\": %.0f, \"bytes\": %.0f}", i ? ", " : "", t.problem,
               t.solver, t.seconds, t.flops, t.bytes);
    }
    printf("]}\n");
    return OC_OK;
}

static oc_status answer(bench *b, oc_error *err) {
    char line[100];
    while (fgets(line, sizeof(line), stdin)) {
        OC_TRY(strncmp(line, "run ", 4) ? layers(b, err) : run(b, atoi(line + 4), err));
        fflush(stdout);
    }
    return OC_OK;
}

int main(int argc, char **argv) {
    bench b = {0};
    oc_error err = {0};
    if (argc != 4) {
        fprintf(stderr, "usage: bench-training MODEL.onnx IMAGES.npy LABELS.npy\n");
        return 2;
    }
    oc_status status = load(&b, argv, &err);
    status = status == OC_OK ? answer(&b, &err) : status;
    unload(&b);
    if (status != OC_OK)
        fprintf(stderr, "%s\n", err.text);
    return status == OC_OK ? 0 : 1;
}
