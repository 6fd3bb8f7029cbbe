/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file plan.h
 * A graph compiled for devices: sizes bound, rewritten, placed, laid out, its solvers chosen, verified and built, its memory
 * planned.
 *
 * Threads: a plan never changes and may be shared by any number of threads; each runs it in an oc_exec of its own.
 */
#ifndef OCELLI_PLAN_H
#define OCELLI_PLAN_H

#include <ocelli/graph.h>

typedef struct oc_plan oc_plan;

/** A number for a symbol. */
typedef struct oc_dim_binding {
    const char *name; /**< The symbol, as given to oc_graph_symbol(). */
    int64_t size;     /**< At least 0. */
} oc_dim_binding;

/** How to make a plan; a field that is zero has its default. */
typedef struct oc_plan_params {
    const oc_dim_binding *dims;    /**< Numbers for symbols. */
    size_t dim_count;              /**< Default: 0. */
    int64_t default_dim;           /**< For symbols not named in dims. Default (0): such a symbol is an error. */
    const char *const *outputs;    /**< Names of the outputs wanted. Default: all outputs, and all updates. */
    size_t output_count;           /**< Default: 0. */
    const char *policy;            /**< How nodes are placed on devices. Default: "single". */
    uint64_t workspace_limit;      /**< Bytes a solver may use for itself. Default: a quarter of the device's memory. */
    /** Measure solvers that were not measured yet: "off", "fast" (each as it is usually set), "full" (all settings). What is
     * found is kept in the cache folder. Default: `$OCELLI_TUNE`, else "off". */
    const char *tune;
    double tune_limit;             /**< Seconds for one setting of one solver. Default: `$OCELLI_TUNE_LIMIT`, else 10. */
    bool no_fusion;                /**< Keep every node a step of its own. */
    bool reference;                /**< Use `ref` solvers only. */
    bool red_zones;                /**< Debug: each value in a buffer of its own, between poisoned zones, checked at each run. */
    bool inference;                /**< Dropout passes on what it gets; batch normalization uses the running statistics. */
    bool no_updates;               /**< Leave state as it is: for evaluation. With `outputs`, updates are left out anyhow. */
} oc_plan_params;

/** What a plan came to. */
typedef struct oc_plan_info {
    uint64_t arena_bytes;    /**< Memory of intermediate values, for each exec. */
    uint64_t liveness_bytes; /**< The least it could be: the largest sum of values alive at one step. */
    uint64_t derived_bytes;  /**< Memory of derived parameters (packed weights). */
    uint64_t state_bytes;    /**< Memory of the states it uses. */
    size_t step_count;       /**< Steps of a run. */
    size_t derived_count;    /**< Steps that are run only when the state has changed. */
    size_t program_count;    /**< Different programs. */
    double estimated_ms;     /**< What the cost model expects of a run. */
} oc_plan_info;

OC_BEGIN

/**
 * Compiles a graph. The graph is not changed and not needed afterwards.
 * @param devices at least one; they must outlive the plan.
 * @param params may be NULL: all defaults.
 * @return OC_ERROR_UNSUPPORTED if a node cannot be computed on these devices, with all reasons; OC_ERROR_TRUST if all ways
 *         to compute one gave wrong results.
 */
OC_EXPORT OC_MUST_USE oc_status oc_plan_create(oc_plan **out, const oc_graph *graph, oc_device *const *devices,
                                               size_t device_count, const oc_plan_params *params, oc_error *err);
/** Destroys a plan and sets *plan to NULL; execs made from it keep what they need. NULL and *NULL are accepted. */
OC_EXPORT void oc_plan_destroy(oc_plan **plan);

/** Sizes and counts. */
OC_EXPORT oc_plan_info oc_plan_get_info(const oc_plan *plan);

/** Inputs and outputs by number: name (NULL past the end), type, shape in numbers. */
OC_EXPORT oc_value_info oc_plan_get_input(const oc_plan *plan, size_t index);
OC_EXPORT oc_value_info oc_plan_get_output(const oc_plan *plan, size_t index);

/** Prints each step: what it computes, with which solver and layouts, where, and why; `why`: refused solvers too. */
OC_EXPORT void oc_plan_print(const oc_plan *plan, bool why, const oc_writer *writer);

OC_END

#endif
