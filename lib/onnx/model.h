/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an ONNX model that are needed, as plain data; elements of tensors stay where they are in the file.
 * Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
#ifndef OC_ONNX_MODEL_H
#define OC_ONNX_MODEL_H

#include "onnx/wire.h"
#include "op/onnx_rule.h"

#define OC_ONNX_MAX_SIZE ((uint64_t)1 << 48) /* of an axis: so that sums of sizes and paddings cannot overflow */

typedef struct oc__onnx_tensor {
    const char *name;
    int64_t type; /* TensorProto.DataType */
    oc_shape shape;
    oc__span message; /* where typed elements are looked for */
    oc__span raw;     /* data NULL: typed elements */
    bool external;
    const char *location; /* relative to the model's folder */
    uint64_t external_offset, external_size;
    bool has_external_size;
} oc__onnx_tensor;

typedef struct oc__onnx_dim {
    int64_t size;      /* -1: not a number */
    const char *param; /* "" for none */
} oc__onnx_dim;

typedef struct oc__onnx_value {
    const char *name;
    int64_t type; /* 0: no tensor */
    bool has_shape;
    int rank;
    oc__onnx_dim dims[OC_MAX_RANK];
} oc__onnx_value;

typedef struct oc__onnx_text {
    const char *key, *text;
} oc__onnx_text;

/* The model's graph, or the body of a node. */
typedef struct oc__onnx_graph {
    oc__onnx_node *nodes;
    oc__onnx_tensor *initializers;
    oc__onnx_value *inputs, *outputs;
    size_t node_count, initializer_count, input_count, output_count, sparse_count;
    struct oc__onnx_binding **bindings; /* of the initializers, for the reader; NULL: not yet */
    bool checked;                       /* its operators are supported */
} oc__onnx_graph;

/* An operator that the model defines. */
typedef struct oc__onnx_function {
    const char *name, *domain;
    const char **in, **out;
    int in_count, out_count;
    oc__onnx_graph body; /* nodes only */
    oc__onnx_attr *defaults;
    int default_count;
    int64_t opset; /* -1: as for models */
} oc__onnx_function;

typedef struct oc__onnx_model {
    oc__arena arena;
    int64_t ir_version, opset; /* opset -1: the default domain is not imported */
    oc__onnx_graph graph;
    oc__onnx_text *metadata;
    oc__onnx_function *functions;
    size_t metadata_count, function_count;
} oc__onnx_model;

/* Reads a whole model; data must stay while the model is used. On failure nothing is left to be finished. */
oc_status oc__onnx_model_init(oc__onnx_model *model, oc_context *context, oc__span data, oc_error *err);
void oc__onnx_model_finish(oc__onnx_model *model);

/* A TensorProto: checks it, then reads all but its elements. Texts are made in the arena. */
oc_status oc__onnx_tensor_parse(oc__onnx_tensor *out, oc__arena *arena, oc__span message, bool checked, oc_error *err);

/* files.c: where external data of a model is. */
typedef struct oc__onnx_files {
    oc_context *context;
    const char *folder; /* NULL: none may be read */
    struct oc__onnx_file {
        char *location;
        oc__mapping mapping;
    } *items;
    size_t count, capacity;
} oc__onnx_files;
void oc__onnx_files_finish(oc__onnx_files *files);
/* The bytes that an external tensor names. */
oc_status oc__onnx_files_get(oc__onnx_files *files, const oc__onnx_tensor *tensor, oc__span *out, oc_error *err);

/* tensor.c */
/* Makes a host tensor of the elements; it may lie in the model's own bytes. */
oc_status oc__onnx_tensor_load(oc_tensor **out, oc_context *context, const oc__onnx_tensor *tensor, oc__onnx_files *files,
                               oc_error *err);

#endif
