/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ocelli train. */
#ifndef TRAINEE_H
#define TRAINEE_H

#include "app.h"
#include "dataset.h"

typedef struct trainee {
    app app;
    /* as given */
    const char *network, *data, *model, *images_path, *labels_path, *loss, *optimizer;
    const char *eval_images, *eval_labels, *schedule;
    const char *save, *checkpoint, *resume, *gradients;
    arg_list freeze;
    int64_t epochs, steps, batch, accumulate, shadow_steps, seed, outputs, schedule_steps, warmup;
    double lr, momentum, weight_decay, l1, clip_value, clip_norm, schedule_factor;
    bool nesterov, no_shuffle, sync_norm;
    /* made */
    oc_graph *graph; /* the network as it is saved */
    oc_graph *form;  /* the network as it is trained, if that is another form of it; NULL else */
    oc_trainer *trainer;
    oc_tensor *images, *labels, *test_images, *test_labels; /* test: NULL for none */
} trainee;

/* Each gives an exit code, after a sentence if it is not EXIT_DONE. */
int trainee_load(trainee *t); /* graph and data */
int trainee_save(trainee *t); /* writes the model, reads it back and compares the answers */
int trainee_dump_gradients(trainee *t);
void trainee_free(trainee *t);

#endif
