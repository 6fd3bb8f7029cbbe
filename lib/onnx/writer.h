/* SPDX-License-Identifier: Apache-2.0 */
/* A graph on its way to becoming a model file. */
#ifndef OC_ONNX_WRITER_H
#define OC_ONNX_WRITER_H

#include <ocelli/state.h>

#include "onnx/reader.h"

typedef struct oc__onnx_writer {
    oc_context *context;
    const oc_graph *graph;
    oc_state *state; /* may be NULL */
    oc__arena arena;
    bool *needed;       /* by value id */
    const char **names; /* by value id, NULL: not needed */
    oc__onnx_names taken, node_names;
    oc__onnx_binding mark; /* of node names */
    int serial;
    int opset; /* the lowest that all nodes can be written in, from the usual one on */
    oc__string nodes; /* serialized, with the fields' tags */
    oc__onnx_literal *literals;
} oc__onnx_writer;

/* naming.c: which values are needed for the outputs, and what they are called. */
bool oc__onnx_node_needed(const oc__onnx_writer *writer, const oc_node *node); /* once they are marked */
oc_status oc__onnx_writer_mark(oc__onnx_writer *writer, oc_error *err);
oc_status oc__onnx_writer_name(oc__onnx_writer *writer, oc_error *err);

/* emit.c: fills `nodes` and `literals`. */
oc_status oc__onnx_writer_emit(oc__onnx_writer *writer, oc_error *err);

/* save.c: puts the file together. */
oc_status oc__onnx_writer_save(oc__onnx_writer *writer, const char *path, oc_error *err);

#endif
