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
    const char *save, *checkpoint, *resume, *gradients;
    int64_t epochs, steps, batch, seed;
    double lr, momentum, weight_decay;
    bool nesterov, no_shuffle;
    /* made */
    oc_graph *graph;
    oc_trainer *trainer;
    oc_tensor *images, *labels, *test_images, *test_labels; /* test: NULL for none */
} trainee;

/* Each gives an exit code, after a sentence if it is not EXIT_DONE. */
int trainee_load(trainee *t); /* graph and data */
int trainee_save(trainee *t); /* writes the model, reads it back and compares the answers */
int trainee_dump_gradients(trainee *t);
void trainee_free(trainee *t);

#endif
