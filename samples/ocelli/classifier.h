/* SPDX-License-Identifier: Apache-2.0 */
/* A model that takes pictures: how they are prepared, and what its outputs are called. */
#ifndef CLASSIFIER_H
#define CLASSIFIER_H

#include "picture.h"
#include "session.h"

/* Texts as given on the command line; NULL: as the model's metadata say. */
typedef struct prepare_options {
    const char *mean, *deviation, *scale, *labels;
    bool rgb, gray;
} prepare_options;

typedef struct classifier {
    app *app;
    session session;
    int channels, width, height; /* width 0: any, of `pixels` in all */
    int64_t pixels, classes;
    double mean[3], deviation[3], scale;
    char *labels; /* a line a class; NULL: none */
} classifier;

/* False after a sentence on stderr. */
bool classifier_open(classifier *c, app *app, const char *path, const prepare_options *options);
void classifier_close(classifier *c);
/* Probabilities of all classes, to be freed; NULL after a sentence. */
double *classifier_run(classifier *c, const picture *picture, const char *name);
/* The name of a class, in buffer; NULL: it has none. */
const char *classifier_label(const classifier *c, int64_t index, char *buffer, size_t size);

#endif
