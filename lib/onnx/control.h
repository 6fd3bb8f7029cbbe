/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes with bodies, on their way to being unrolled. */
#ifndef OC_ONNX_CONTROL_H
#define OC_ONNX_CONTROL_H

#include "onnx/reader.h"

/* The bindings of a node's inputs, from input `first` on, into the arena; NULL where left out. */
oc_status oc__onnx_control_inputs(oc__onnx_reader *reader, const oc__onnx_node *node, oc__onnx_binding ***out, oc_error *err);
oc_status oc__onnx_control_body(oc__onnx_reader *reader, const oc__onnx_node *node, const char *name, oc__onnx_graph **out,
                                oc_error *err);
/* A list in the arena. */
oc_status oc__onnx_control_list(oc__onnx_reader *reader, size_t count, oc__onnx_binding ***out, oc_error *err);
/* Ends the node: its outputs are these. */
oc_status oc__onnx_control_give(oc__onnx_reader *reader, const oc__onnx_node *node, oc__onnx_binding *const *out, oc_error *err);
oc_status oc__onnx_control_round(oc__onnx_reader *reader, int64_t rounds, oc_error *err); /* refuses one too many */

/* stack.c: nodes that are not in the file. items[0 … count - 1] joined along a new axis of the result; of none: what the body
 * says of its output. */
oc_status oc__onnx_stack(oc__onnx_reader *reader, oc__onnx_binding *const *items, int64_t count, int64_t axis, bool backwards,
                         const oc__onnx_value *item, oc__onnx_binding **out, oc_error *err);
/* Element `at` along an axis. */
oc_status oc__onnx_take(oc__onnx_reader *reader, oc__onnx_binding *from, int64_t axis, int64_t at, oc__onnx_binding **out,
                        oc_error *err);
/* Its shape, or NULL where there is none. */
const oc_shape *oc__onnx_shape_of(const oc__onnx_binding *binding);

/* scan.c */
oc_status oc__onnx_read_scan(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err);

#endif
