/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file plan.h
 * A graph compiled for devices: sizes bound, rewritten, placed, laid out, its solvers chosen, verified and built, its memory
 * planned.
 *
 * Values of f16 are stored as such at the ends (inputs, states, outputs). On CPU devices what lies between is computed in f32, unless
 * `no_fusion` or `reference` is set; casts round as they say.
 *
 * Threads: a plan never changes and may be shared by any number of threads; each runs it in an oc_exec of its own.
 */
#ifndef OCELLI_PLAN_H
#define OCELLI_PLAN_H

#include <ocelli/graph.h>
#include <ocelli/policy.h>

/** A graph compiled for one or several devices. Opaque. */
typedef struct oc_plan oc_plan;

/** A number for a symbol. */
typedef struct oc_dim_binding {
    const char *name; /**< The symbol, as given to oc_graph_symbol(). */
    int64_t size;     /**< At least 0. */
} oc_dim_binding;

/** A caller's word on where nodes are computed. */
typedef struct oc_pin {
    const char *pattern; /**< Of node names, with * ? [ ] as in file names; "op:conv2d" goes by the kind of node. */
    size_t device;       /**< Index into the plan's devices. */
} oc_pin;

/** How to make a plan; a field that is zero has its default. */
typedef struct oc_plan_params {
    const oc_dim_binding *dims;    /**< Numbers for symbols. */
    size_t dim_count;              /**< Default: 0. */
    int64_t default_dim;           /**< For symbols not named in dims. Default (0): such a symbol is an error. */
    const char *const *outputs;    /**< Names of the outputs wanted. Default: all outputs, and all updates. */
    size_t output_count;           /**< Default: 0. */
    /** How nodes are placed on several devices: "single", "pinned", "heft", "split", "pipeline", "auto" (policy.h). Default:
     * "single". */
    const char *policy;
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
    /** The state is another at each run (a graph of gradients whose update is done elsewhere): what is derived from it is counted as a
     * part of each run. Graphs with updates of their own are treated so anyhow. */
    bool state_changes;
    const oc_policy *placer;       /**< A policy of the caller's; goes before `policy`. */
    const oc_pin *pins;            /**< For policy "pinned"; of several that fit a node, the last one holds. */
    size_t pin_count; /**< Default: 0. */
    const double *shares;          /**< For policy "split": how the rows are shared, by device, in any unit. Default: by speed. */
    /** For policy "split": batch normalization in training takes the mean and variance of the whole batch, which the devices exchange in
     * the midst of a run. Default: those of each device's own rows. */
    bool sync_norm;
    /** Seconds after which a device that does not come back is given up: the run fails or, if another device is left, is repeated
     * there. Default (0): never. Needs several devices. */
    double wait_limit;
    bool forecast;                 /**< Only place: nothing is built, and the plan cannot be run. Much quicker. */
    /** With `forecast`: a file that describes the devices of a machine (docs/placement.md); no device is then needed. */
    const char *machine;
    /** Weights of matrix products and convolutions are stored in half precision, and still computed with in single: those that no run
     * changes (of a plan that trains: none), where the layer is not expected to take longer for it. Each is rounded once, by 2^-11 of
     * itself at most (below 2^-14: by 2^-25); results differ by as much of the sum of their products' magnitudes. A weight beyond
     * 65504 cannot be held: the exec, or the first run with it, fails with OC_ERROR_LIMIT and the weights' name. Layers that read much
     * for little arithmetic, fully connected ones of a small batch above all, take up to half the time.
     * A placement's costs do not know of it. Ignored with `reference`. */
    bool half_weights;
} oc_plan_params;

/** What was decided and is expected of a plan for several devices, or of a forecast. Texts live as long as the plan. */
typedef struct oc_plan_forecast {
    const char *policy;      /**< The one that was used: with "auto", the one it took. */
    size_t device_count; /**< Devices it uses. */
    size_t part_count;       /**< Pieces that are submitted as one; 0 for a forecast. */
    double predicted_seconds; /**< A run. */
    double bound_seconds;    /**< No placement of these groups is faster. */
    double interval_seconds; /**< Between the inputs of a stream, many in flight. */
    uint64_t transfer_bytes; /**< That go from device to device in a run. */
} oc_plan_forecast;

/** A piece of a plan that one device does at a time. */
typedef struct oc_plan_part {
    size_t device; /**< Its number in the plan. */
    const char *name;        /**< Of its first named node; "" for none. */
    size_t step_count; /**< Launches and copies. */
    int64_t rows;            /**< Of the batch; -1: all. */
    double start;            /**< As predicted. */
    double seconds;          /**< As predicted. */
} oc_plan_part;

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
 * @param devices at least one; they must outlive the plan. Of several platforms and drivers, if wanted.
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
/** An output by number. */
OC_EXPORT oc_value_info oc_plan_get_output(const oc_plan *plan, size_t index);

/** What was decided about several devices; all zero for a plan of one. */
OC_EXPORT oc_plan_forecast oc_plan_get_forecast(const oc_plan *plan);
/** The pieces of a plan for several devices, by number; an all zero one with a NULL name past the end. */
OC_EXPORT oc_plan_part oc_plan_get_part(const oc_plan *plan, size_t index);
/** Groups, their costs and where they are; lives as long as the plan. NULL for a plan of one device. */
OC_EXPORT const oc_placement *oc_plan_get_placement(const oc_plan *plan);
/** The number of the group that a node of this name is in; -1: there is none. */
OC_EXPORT int64_t oc_plan_find_group(const oc_plan *plan, const char *node);
/** The name of a device by number; NULL past the end. */
OC_EXPORT const char *oc_plan_get_device_name(const oc_plan *plan, size_t device);
/** Rows of the batch that a device has under policy "split"; -1: the batch is not split. */
OC_EXPORT int64_t oc_plan_get_share(const oc_plan *plan, size_t device);

/** Prints each step: what it computes, with which solver and layouts, where, and why; `why`: refused solvers too. */
OC_EXPORT void oc_plan_print(const oc_plan *plan, bool why, const oc_writer *writer);

OC_END

#endif
