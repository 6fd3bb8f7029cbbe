/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file state.h
 * What a network remembers: parameters, running statistics, an optimizer's moments, the random counter, on a device.
 *
 * One oc_state serves all plans of graphs that name the same states: a training plan changes it, an evaluation
 * plan reads it. It is made for a graph and may be extended by others (a state that is already there is kept and must have
 * the same type and shape). It is saved and restored as one.
 *
 * A run, a write or a restore that fails while it changes a state leaves it uncertain: reading, saving and running with it are then
 * OC_ERROR_INVALID until it is written or restored.
 *
 * Threads: several execs may read a state at once (it is then not changed by any of them); one that changes it runs alone.
 */
#ifndef OCELLI_STATE_H
#define OCELLI_STATE_H

#include <ocelli/graph.h>

/** Parameters and all other state, on a device. Opaque. */
typedef struct oc_state oc_state;

OC_BEGIN

/**
 * Makes the states of a graph on a device, with their first values.
 * @param seed of the random first values.
 */
OC_EXPORT OC_MUST_USE oc_status oc_state_create(oc_state **out, oc_device *device, const oc_graph *graph, uint64_t seed,
                                                oc_error *err);
/** Adds the states of another graph that are not there yet. */
OC_EXPORT OC_MUST_USE oc_status oc_state_extend(oc_state *state, const oc_graph *graph, uint64_t seed, oc_error *err);
/** Destroys a state and sets *state to NULL. NULL and *NULL are accepted. */
OC_EXPORT void oc_state_destroy(oc_state **state);

/** Number of states, and each by number: name (NULL past the end), type, shape. */
OC_EXPORT size_t oc_state_count(const oc_state *state);
/** A state by number. */
OC_EXPORT oc_value_info oc_state_get_info(const oc_state *state, size_t index);
/** The number of the state of that name, or -1. */
OC_EXPORT int64_t oc_state_find(const oc_state *state, const char *name);

/** Copies a state out into a tensor of its type and shape. */
OC_EXPORT OC_MUST_USE oc_status oc_state_read(oc_state *state, const char *name, oc_tensor *tensor, oc_error *err);
/** Copies a tensor of the same type and shape into a state. */
OC_EXPORT OC_MUST_USE oc_status oc_state_write(oc_state *state, const char *name, const oc_tensor *tensor, oc_error *err);

/** A number that grows with every change; what is derived from the state (packed weights) is made anew when it differs. */
OC_EXPORT uint64_t oc_state_get_version(const oc_state *state);

/** Promises that the state is never changed again; plans may then keep packed weights in place of the originals. */
OC_EXPORT void oc_state_freeze(oc_state *state);

/**
 * Writes all states, and a text of the caller's, into one file, atomically (a temp file beside it, then renamed).
 * @param note kept with the states, such as a trainer's position; may be NULL.
 */
OC_EXPORT OC_MUST_USE oc_status oc_state_save(oc_state *state, const char *path, const char *note, oc_error *err);
/**
 * Restores all states from a file that oc_state_save() wrote; a file that does not fit changes nothing.
 * @param note receives the caller's text (at most note_size - 1 bytes and a terminator); may be NULL.
 */
OC_EXPORT OC_MUST_USE oc_status oc_state_restore(oc_state *state, const char *path, char *note, size_t note_size, oc_error *err);

OC_END

#endif
