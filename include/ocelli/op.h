/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op.h
 * One operator at a time, without a graph: for programs that bring a graph of their own.
 *
 * Create from a name, parameters and tensor descriptions; ask for the workspace; enqueue as often as wanted.
 * Operators are the ones of the headers in op/, by the names given there ("conv2d", "matmul", "relu", …), with the params
 * structs given there; and the caller's own (custom.h) by theirs.
 *
 * Threads: an oc_op is used by one thread at a time.
 */
#ifndef OCELLI_OP_H
#define OCELLI_OP_H

#include <ocelli/device.h>
#include <ocelli/event.h>
#include <ocelli/tensor.h>

/** An operator for operands of fixed types and shapes. Opaque. */
typedef struct oc_op oc_op;

/** Type and shape of an operand. */
typedef struct oc_operand_desc {
    oc_dtype dtype; /**< OC_DTYPE_NONE: this optional operand is left out. */
    oc_shape shape; /**< Numbers only. */
} oc_operand_desc;

OC_BEGIN

/**
 * Makes an operator for operands of fixed types and shapes: chooses, verifies and builds a solver.
 * @param name such as "conv2d".
 * @param params the op's params struct, NULL for its defaults. Copied.
 * @param params_size sizeof the struct, checked.
 */
OC_EXPORT OC_MUST_USE oc_status oc_op_create(oc_op **out, oc_device *device, const char *name, const void *params,
                                             size_t params_size, const oc_operand_desc *inputs, size_t input_count,
                                             oc_error *err);
/** Destroys an operator and sets *op to NULL. NULL and *NULL are accepted. */
OC_EXPORT void oc_op_destroy(oc_op **op);

/** Number of outputs, and type and shape of one (OC_DTYPE_NONE past the end). */
OC_EXPORT size_t oc_op_output_count(const oc_op *op);
/** An output by number. */
OC_EXPORT oc_operand_desc oc_op_get_output(const oc_op *op, size_t index);

/** Bytes of workspace that oc_op_enqueue() needs. */
OC_EXPORT uint64_t oc_op_get_workspace(const oc_op *op);

/**
 * Computes. All tensors lie on the op's device, dense or views with a larger outermost stride where the operator can, else
 * OC_ERROR_UNSUPPORTED.
 * @param inputs, outputs one for each operand; NULL for one that was left out.
 * @param workspace a u8 device tensor of at least oc_op_get_workspace() bytes; NULL: the op keeps one of its own.
 * @param done receives an event to wait on, to be destroyed; may be NULL: then the call waits.
 */
OC_EXPORT OC_MUST_USE oc_status oc_op_enqueue(oc_op *op, oc_tensor *const *inputs, oc_tensor *const *outputs,
                                              oc_tensor *workspace, oc_event **done, oc_error *err);

/** The solver chosen, such as "conv2d.direct". */
OC_EXPORT const char *oc_op_get_solver(const oc_op *op);

OC_END

#endif
