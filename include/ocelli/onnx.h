/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file onnx.h
 * ONNX model files, in and out (IR versions 3 to 9; opsets 1 to 22 as far as this library's operators go).
 *
 * Initializers become states of the same names (float ones trainable, others frozen), so parameters keep their names on
 * the way in, through training, and out again. Those that are only looked at (a shape, axes, bounds) become part of the node, and
 * running statistics of batch normalization are frozen; Constant nodes become constants.
 * Batch normalization and dropout are read in inference form unless the node asks for training; running statistics that are
 * states are then replaced by each run. Sizes without a number become symbols: of their own names, else "input_axis".
 * Nodes that compute shapes, or compute with constants only, are computed while reading. Metadata properties become the graph's
 * metadata. Bodies are unrolled: `If` whose condition is known while reading becomes its branch, `Loop` and `Scan` whose
 * rounds are known (at most 1024, 32768 nodes in all) that many copies of their body, and functions of the model take the
 * place of their calls. A body's initializers are states once, of their names or, where those are taken, "name.2".
 * Nodes whose domain and type are the name of an own op of the context (custom.h: domain, dot, type) are read as it, attributes by the
 * names of its fields, and written so.
 * External data is read only from beneath the model's folder, and never through links.
 */
#ifndef OCELLI_ONNX_H
#define OCELLI_ONNX_H

#include <ocelli/graph.h>
#include <ocelli/state.h>

OC_BEGIN

/**
 * Reads a model file, mapped into memory, not copied.
 * @return OC_ERROR_FORMAT for a malformed file, OC_ERROR_UNSUPPORTED with *all* operators that are not supported.
 */
OC_EXPORT OC_MUST_USE oc_status oc_onnx_read(oc_graph **out, oc_context *context, const char *path, oc_error *err);
/** The contents of a model's input, known when the model is read. */
typedef struct oc_onnx_given {
    const char *name;        /**< The input's. */
    const oc_tensor *tensor; /**< In host memory, dense; of the input's type. */
} oc_onnx_given;

/**
 * Reads a model file like oc_onnx_read(), some of whose inputs are known: where an operator has to see contents to know the
 * shape of its result (the shape of Reshape, the trip count of Loop, what NonZero counts), they are taken from here, or computed
 * from here on the host. The inputs stay inputs of the graph, with the shapes of the tensors, and runs must be given the same
 * contents as far as shapes depend on them. The tensors are not needed afterwards.
 */
OC_EXPORT OC_MUST_USE oc_status oc_onnx_read_given(oc_graph **out, oc_context *context, const char *path, const oc_onnx_given *given,
                                                   size_t given_count, oc_error *err);
/** Reads a model from memory, which is not needed afterwards. @param folder where external data lies; NULL: refuse it. */
OC_EXPORT OC_MUST_USE oc_status oc_onnx_read_memory(oc_graph **out, oc_context *context, const void *data, size_t size,
                                                    const char *folder, oc_error *err);
/**
 * Writes a graph as a model file (opset 17, or the lowest one above in which all of its nodes have a form; atomically).
 * @param state where the parameters are taken from; NULL: the graph's first values, where they are tensors.
 */
OC_EXPORT OC_MUST_USE oc_status oc_onnx_write(const oc_graph *graph, oc_state *state, const char *path, oc_error *err);

/** Reads a serialized TensorProto (`.pb`). @param name receives its name, cut to size; may be NULL. */
OC_EXPORT OC_MUST_USE oc_status oc_onnx_read_tensor(oc_tensor **out, oc_context *context, const char *path, char *name,
                                                    size_t name_size, oc_error *err);

OC_END

#endif
