/* SPDX-License-Identifier: Apache-2.0 */
/* Data sets in the form of MNIST: idx files, packed by gzip or not. */
#ifndef DATASET_H
#define DATASET_H

#include "app.h"

typedef struct dataset {
    oc_tensor *images; /* (samples, rows, columns) of u8 */
    oc_tensor *labels; /* (samples) of u8 */
} dataset;

/* Reads an idx or idx.gz file; NULL after a sentence on stderr. */
oc_tensor *idx_read(app *app, const char *path);
/* "train" or "t10k" of a folder, with or without .gz. False after a sentence. */
bool dataset_read(dataset *out, app *app, const char *folder, const char *part);
void dataset_free(dataset *set);
/* folder/labels.txt: a class a line; NULL if it is not there. To be freed. */
char *dataset_labels(const char *folder);

#endif
