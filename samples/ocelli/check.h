/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `ocelli check` share. */
#ifndef OCELLI_CHECK_H
#define OCELLI_CHECK_H

#include "app.h"
#include "session.h"

typedef enum verdict { PASSED, FAILED, SKIPPED } verdict;

typedef struct checker {
    app app;
    double rtol, atol;
    const char *rewritten; /* a folder for models as they are written; NULL: run them as they are */
    int64_t counts[3];
    /* of the folder at hand */
    oc_graph *graph;
    session session;
    bool open, given; /* given: the graph is made for the contents of its inputs */
    char path[4096];   /* of the model */
    char refusal[700]; /* why it is not read without them */
    oc_dim_binding *dims;
    size_t dim_count;
    double worst; /* largest difference so far */
    char reason[700];
} checker;

#define MAX_FILES 256

/* The tensors of a test's files, in order. */
typedef struct tensors {
    oc_tensor *items[MAX_FILES];
    char names[MAX_FILES][256];
    size_t count;
} tensors;

/* Keeps the reason; FAILED. */
verdict check_fail(checker *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What is valid but unsupported is SKIPPED, all else FAILED. */
verdict check_by_error(checker *c, const oc_error *err);

/* FOLDER/KIND_0.pb, KIND_1.pb ... */
verdict tensors_load(checker *c, const char *folder, const char *kind, tensors *out);
void tensors_free(tensors *list);
/* Gives them the names of the model's inputs, by name or by order. */
void tensors_name(checker *c, tensors *inputs);
/* NULL if there is none of that name. */
const tensors *tensors_find(const tensors *list, const char *name, size_t *at);
/* Makes bf16 of u16, as which ONNX's tests store it. */
verdict tensor_as_type(checker *c, oc_tensor **tensor, oc_dtype dtype);
/* Makes the graph what is read back of it once it is written to c->rewritten. */
verdict check_rewrite(checker *c, const tensors *inputs);
/* Whether the files have the shapes that the model declares; brings them to its types. */
bool tensors_as_declared(checker *c, tensors *inputs);

#endif
