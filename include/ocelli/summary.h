/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file summary.h
 * What a graph consists of, for given sizes: its nodes with their parameters, multiply-adds and memory, and what a plan would rewrite.
 * No device is needed.
 *
 * Threads: a summary never changes and may be read by several threads.
 */
#ifndef OCELLI_SUMMARY_H
#define OCELLI_SUMMARY_H

#include <ocelli/plan.h>

/** What a graph consists of. Opaque. */
typedef struct oc_summary oc_summary;

/** A node. Texts live as long as the summary. */
typedef struct oc_node_info {
    const char *op;      /**< "conv2d"; NULL past the end. */
    const char *name;    /**< "" if it has none. */
    oc_dtype dtype;      /**< Of its first output. */
    oc_shape shape;      /**< Of its first output, in numbers. */
    int64_t parameters;  /**< Elements of the trainable states that it is the first to use. */
    double macs;         /**< Multiply-adds of convolutions and matrix products; 0 for other nodes. */
    uint64_t bytes;      /**< Memory of its outputs; 0 where they are its operand's elements in another shape. */
    size_t layer;        /**< Number of the layer it belongs to: normalization, elementwise functions and dropout belong to the layer of
                          * the node before, if nothing else uses that one's result; other nodes begin a layer. */
} oc_node_info;

/** Sums over all nodes. */
typedef struct oc_summary_info {
    size_t nodes;         /**< Operators. */
    size_t layers;        /**< As oc_node_info counts them. */
    int64_t parameters;   /**< Elements of the trainable states that are used. */
    uint64_t state_bytes; /**< Memory of all states that are used. */
    uint64_t value_bytes; /**< Memory of all nodes' outputs, as if none were given back. */
    double macs; /**< Multiply-adds. */
} oc_summary_info;

OC_BEGIN

/**
 * Makes a summary.
 * @param params sizes, and what is wanted, as for a plan: dims, default_dim, outputs, no_fusion, inference, no_updates. NULL: defaults.
 * @param out destroy with oc_summary_destroy().
 */
OC_EXPORT OC_MUST_USE oc_status oc_summary_create(oc_summary **out, const oc_graph *graph, const oc_plan_params *params, oc_error *err);
/** Destroys a summary and sets *summary to NULL. NULL and *NULL are accepted. */
OC_EXPORT void oc_summary_destroy(oc_summary **summary);

/** The sums. */
OC_EXPORT oc_summary_info oc_summary_get_info(const oc_summary *summary);
/** The nodes by number, in the order of the graph. */
OC_EXPORT oc_node_info oc_summary_get_node(const oc_summary *summary, size_t index);
/** Inputs and outputs by number, their sizes as numbers; a NULL name past the end. */
OC_EXPORT oc_value_info oc_summary_get_input(const oc_summary *summary, size_t index);
/** An output by number. */
OC_EXPORT oc_value_info oc_summary_get_output(const oc_summary *summary, size_t index);
/** What the passes over a plan's graph do to it, each under its name, a line a change. */
OC_EXPORT const char *oc_summary_get_rewrites(const oc_summary *summary);

OC_END

#endif
