/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file exec.h
 * One set of memory, kernels and queues in which a plan runs.
 *
 * Threads: an exec is used by one thread at a time. Make several to run one plan at once.
 */
#ifndef OCELLI_EXEC_H
#define OCELLI_EXEC_H

#include <stdbool.h>

#include <ocelli/event.h>
#include <ocelli/plan.h>
#include <ocelli/state.h>

/** Memory, kernels and queues in which a plan runs. Opaque. */
typedef struct oc_exec oc_exec;

/** An input or output of a run: its name and a tensor of its type and shape, in host memory or on the plan's device. */
typedef struct oc_binding {
    const char *name; /**< Of the input or output. */
    oc_tensor *tensor; /**< Not owned. */
} oc_binding;

/** The time of one step of the last run. */
typedef struct oc_step_time {
    const char *problem;     /**< The problem's text. */
    const char *solver; /**< Its name. */
    const char *node;        /**< The node's name, "" if it has none. */
    double seconds;          /**< On the device; 0 if profiling was off. */
    double flops;            /**< Arithmetic the problem needs (not what the solver spends). */
    double bytes;            /**< Memory the problem must touch at least. */
} oc_step_time;

/** When a piece of a plan for several devices was computed in the last run. */
typedef struct oc_part_time {
    double start;   /**< Seconds from the run's beginning. */
    double seconds; /**< Transfers to and from the host included. */
} oc_part_time;

OC_BEGIN

/**
 * Makes an exec: allocates its memory and records its steps.
 * @param state on the plan's device, with the states of the plan's graph; kept alive by the caller. NULL: the graph's first
 *        values. A plan that updates them then gives each exec a state of its own; else all its execs share one that is frozen
 *        and of which only packed weights are kept where nothing else is read (oc_state_read() refuses the others).
 * @param out destroy with oc_exec_destroy().
 */
OC_EXPORT OC_MUST_USE oc_status oc_exec_create(oc_exec **out, const oc_plan *plan, oc_state *state, oc_error *err);
/** Waits for what is enqueued, destroys an exec and sets *exec to NULL. NULL and *NULL are accepted. */
OC_EXPORT void oc_exec_destroy(oc_exec **exec);

/**
 * Runs the plan once and waits until the outputs are there.
 * @param inputs every input of the plan that was not given in an earlier run; one that is left out keeps its value.
 * @param outputs those of the plan's outputs that are wanted here.
 * On failure the states are as before the run; if a device fails while it is changing them, those that the plan changes are uncertain:
 * they can be neither read nor used until they are restored or written (state.h). A plan for several devices is, when one of them fails, made again for the others and
 * the run repeated there (with a warning in the log). A graph that changes its state goes on on the state's device, from the state
 * before the run; if that device is the one that failed, the error is returned.
 */
OC_EXPORT OC_MUST_USE oc_status oc_exec_run(oc_exec *exec, const oc_binding *inputs, size_t input_count,
                                            const oc_binding *outputs, size_t output_count, oc_error *err);

/**
 * Gives the exec's own memory of an input or output as a device tensor: what is written there (oc_tensor_map(), a kernel of yours, an
 * operator) is the input of the next run, and results are read there, without copies. Such an input counts as given; bindings that
 * name the tensor copy nothing. Neither may be touched while a run is on its way; an output holds until the next one, and is not to be
 * written.
 * @param name of an input, else of an output.
 * @param out destroy with oc_tensor_destroy(), before or after the exec.
 * @return OC_ERROR_NOT_FOUND; OC_ERROR_UNSUPPORTED for a plan of several devices, and for an output that is a state or a constant.
 */
OC_EXPORT OC_MUST_USE oc_status oc_exec_get_tensor(oc_tensor **out, oc_exec *exec, const char *name, oc_error *err);

/**
 * Enqueues a run. Host tensors of inputs may be changed after the call; those of outputs are written until the event is done.
 * @param wait events to wait for before the first step; the caller keeps them.
 * @param done receives an event to wait on, to be destroyed; may be NULL (then use oc_exec_wait()).
 */
OC_EXPORT OC_MUST_USE oc_status oc_exec_enqueue(oc_exec *exec, const oc_binding *inputs, size_t input_count,
                                                const oc_binding *outputs, size_t output_count, oc_event *const *wait,
                                                size_t wait_count, oc_event **done, oc_error *err);
/** Waits for everything enqueued in this exec. */
OC_EXPORT OC_MUST_USE oc_status oc_exec_wait(oc_exec *exec, oc_error *err);

/**
 * Cancels runs: while `cancelled` is true, oc_exec_run() and oc_exec_enqueue() are OC_ERROR_CANCELLED, and so is a run that is on its way
 * in another thread, as soon as the device has done what it was given already (some 40 ms of work, as the cost model expects it, and
 * never within one step). States are then as before the run; one whose states are already being changed goes on to its end. With false
 * the exec can be used again. What was enqueued is not called back. Threads: may be called by any thread while the exec exists.
 */
OC_EXPORT void oc_exec_cancel(oc_exec *exec, bool cancelled);
/**
 * Sets how long each later oc_exec_run() may take: one that takes longer is cancelled in the same way. A run that is past its deadline
 * only when all is done succeeds.
 * @param seconds from the call of oc_exec_run(); 0 (at first): any time.
 */
OC_EXPORT void oc_exec_set_deadline(oc_exec *exec, double seconds);

/** Turns the timing of single steps on or off (off at first; on costs time). */
OC_EXPORT OC_MUST_USE oc_status oc_exec_set_profiling(oc_exec *exec, bool on, oc_error *err);
/** The steps of the last run by number; a NULL problem past the end. Texts live as long as the exec. */
OC_EXPORT oc_step_time oc_exec_get_step_time(const oc_exec *exec, size_t index);

/**
 * Keeps what the steps of the last run took, with profiling on, for the cost model: placements made from now on, by this process or
 * others, predict from it.
 */
OC_EXPORT OC_MUST_USE oc_status oc_exec_remember(oc_exec *exec, oc_error *err);

/** The pieces of the last run by number, as oc_plan_get_part() counts them; zeros past the end, and for a plan of one device. */
OC_EXPORT oc_part_time oc_exec_get_part_time(const oc_exec *exec, size_t index);

/** The state the exec uses: its own, its plan's or the caller's. */
OC_EXPORT oc_state *oc_exec_get_state(const oc_exec *exec);

OC_END

#endif
