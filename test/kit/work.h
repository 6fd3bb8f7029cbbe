/* SPDX-License-Identifier: Apache-2.0 */
/* What the campaign lets fail: whole uses of the library, each of which gives a few numbers. */
#ifndef KIT_WORK_H
#define KIT_WORK_H

#include <ocelli/ocelli.h>

#define NUMBERS 64

/* Where it is done; files are made in the folder. */
typedef struct place {
    oc_context *context;
    oc_device *device; /* NULL: to be opened and closed by the work */
    oc_device *second; /* of the same context; of those that need several */
    char folder[256];
    char model[300];
} place;

/* Leaves nothing behind, also when it fails. */
typedef oc_status work(const place *at, float numbers[NUMBERS], oc_error *err);
/* Two steps of LeNet-5 with momentum, and all that is made for them: losses and some weights. */
work work_lenet;
/* The same by a trainer, with evaluation, saving and resuming; on the place's two devices where there are two. */
work work_trainer;
/* The trainer again, with a shadow of the state that it goes back to when a device fails. */
work work_shadow;
/* Two steps of LeNet-5 over two devices, each with half of the batch. */
work work_split;
/* LeNet-5 in two stages, a device each, two batches on their way at once: logits of both. */
work work_pipeline;
/* Reads SqueezeNet 1.1, smaller pictures, and runs it once: some logits. */
work work_squeezenet;
/* Builds a program, keeps its binary in the cache folder and has it from there. */
work work_program;
/* Makes an own op, checks, plans and runs it in a graph that outlives it. */
work work_custom;
/* Writes that model. */
oc_status work_write_model(const place *at, oc_error *err);

/* Training that goes on: everything is made, a step is what may fail. */
typedef struct training {
    oc_graph *graph;
    oc_plan *plan;
    oc_state *state;
    oc_exec *exec;
    oc_tensor *image, *label, *hyper, *loss;
    float hyper_numbers[OC_HYPER_COUNT], loss_number;
} training;
/* On one device, or on the place's two. */
oc_status training_init(training *t, const place *at, oc_device *device, oc_error *err);
void training_finish(training *t);
oc_status training_step(training *t, int64_t step, oc_error *err);
/* All bytes of all states, one behind another; to be freed with free(). */
oc_status training_read(const training *t, const place *at, unsigned char **bytes, size_t *size, oc_error *err);
oc_status training_write(const training *t, const place *at, const unsigned char *bytes, oc_error *err);

#endif
